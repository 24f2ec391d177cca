"""Waiting for what a cluster will do, never for a length of time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

BUSY = 4
"""A limit is what something takes with much to spare where nothing else runs; a busy machine has so many times that."""
_PAUSE = 0.05


def eventually(
    check: Callable[[], T],
    *,
    within: float,
    what: str,
    errors: tuple[type[Exception], ...] = (),
    pause: float = _PAUSE,
) -> T:
    """The first true value ``check`` returns, asked again every ``pause`` until `BUSY` times ``within`` (seconds).

    ``errors`` are failures that count as "not yet". Raises TimeoutError naming ``what`` and the last answer.
    """
    within *= BUSY
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            last = value = check()
            if value:
                return value
        except errors as error:
            last = error
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {within:g} s (last seen: {last!r})")
        time.sleep(pause)
