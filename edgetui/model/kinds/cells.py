"""Values out of the cells that a server prints for `kubectl get`: texts made for people, read back with care."""

from __future__ import annotations

import re

_AGE = re.compile(r"(?:\d+[ydhms])+")
_PART = re.compile(r"(\d+)([ydhms])")
_RESTARTS = re.compile(r"(\d+)(?: \((\S+) ago\))?")
_SECONDS = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}


def when(age: str, now: float) -> int:
    """The Unix time of an age such as "3d4h", as exact as it was printed; 0 for "<unknown>" and nonsense."""
    if not _AGE.fullmatch(age):
        return 0
    return int(now) - sum(int(count) * _SECONDS[unit] for count, unit in _PART.findall(age))


def restarts(text: str, now: float) -> tuple[int, int]:
    """How many there were and when the last was (Unix s, 0 unknown): "3 (5m ago)". Raises ValueError."""
    match = _RESTARTS.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:32]!r} is no number of restarts")
    return int(match[1]), when(match[2], now) if match[2] else 0


def pair(text: str) -> tuple[int, int]:
    """ "1/3". Raises ValueError."""
    left, _, right = text.partition("/")
    return int(left), int(right)


def name(text: str) -> str:
    """A name, empty for "<none>"."""
    return "" if text.startswith("<") else text
