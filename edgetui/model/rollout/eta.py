"""How fast a rollout goes, from when its new pods became available, and what that means for the rest of it."""

from __future__ import annotations

from collections.abc import Iterable
from math import ceil

import msgspec

from edgetui.model.kinds.pod import PodRow

LEAST = 2
"""New pods that must be available before their pace is believed."""
STALLED = 3.0
"""A wait this many times longer than the longest before it is no pace any more."""
PATIENCE = 30.0
"""Seconds that are never called a stall."""
LEEWAY = 0.25
"""How far even a steady pace may be off."""


class Pace(msgspec.Struct, frozen=True, gc=False):
    """`each` is the mean number of seconds to one more available pod; between `low` and `high` seconds are left."""

    each: float
    low: float
    high: float

    @property
    def words(self) -> str:
        """As a sentence: "about 3-6 min left at the present pace"."""
        return f"{_range(self.low, self.high)} left at the present pace"


def pace(new: Iterable[PodRow], left: int, min_ready: int, now: float) -> Pace | None:
    """The pace of a rollout with `left` pods to go; None when it cannot be told.

    `new` are the pods of the newest template. Pods that restarted count for nothing: when they first became
    available is not known any more.
    """
    pods = [pod for pod in new if not pod.ended and not pod.restarts]
    times = sorted(
        at for pod in pods if pod.is_ready and not pod.deleting and (at := pod.ready_since + min_ready) <= now
    )
    if left <= 0 or len(times) < LEAST:
        return None
    began = min(pod.created for pod in pods)
    waits = [max(0.0, after - before) for before, after in zip([began, *times], times, strict=False)]
    idle = now - times[-1]
    if idle > max(PATIENCE, STALLED * max(waits)):
        return None
    recent = waits[-max(LEAST, len(waits) // 2) :]
    rates = (sum(waits) / len(waits), sum(recent) / len(recent))
    low, high = min(rates) * left * (1 - LEEWAY), max(rates) * left * (1 + LEEWAY)
    return Pace(rates[0], max(0.0, low - idle), max(high - idle, high / left / 2))


def _range(low: float, high: float) -> str:
    """A span of time without false exactness."""
    size, unit, step = (1, "s", 10) if high < 120 else (60, "min", 1) if high < 7200 else (3600, "h", 1)
    least, most = int(low / size / step) * step, ceil(high / size / step) * step
    return f"about {least}-{most} {unit}" if least else f"at most {most} {unit}"
