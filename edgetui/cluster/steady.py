"""The clock for intervals: it never jumps, whatever becomes of the wall clock."""

from __future__ import annotations

import time


def steady_clock() -> float:
    """Seconds that never jump; on Linux they go on while the machine sleeps."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)
