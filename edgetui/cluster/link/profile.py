"""Which wire profile a link calls for: a pure function of what was measured, with a memory against flapping.

A link that nothing is known of is taken for a thin one: until the first lists have shown what it bears, only what a
thin link bears is asked for. A handshake that is quick says enough by itself.
After that a step down is taken at once, but within ten minutes of the last change only where the link has collapsed.
A step up waits until the link has been good for as long, and longer each time it turned out to be too early. A budget
is one more reason to step down, by one step for every minute over it.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from edgetui.model.cache.wireprofile import LEVELS, Wire, WireState
from edgetui.model.text import rate as in_words

SLOW_TRIP, QUICK_TRIP = 0.25, 0.15
LEAN_BELOW, THIN_BELOW = 96 * 1024, 12 * 1024
QUICK_HANDSHAKE = 0.04
"""Seconds within which a handshake of TLS, about 3.4 KB, is done on a link that bears everything."""
UNKNOWN = "until the link is measured"
CALM = 600.0
"""Seconds between two changes, at least: loss and jitter move what is measured to and fro."""
LONGEST_CALM = 3600.0
COLLAPSED = 4.0
"""How many times below what a profile needs a link must fall for a step down sooner than that."""
SOON = 900.0  # a step down within this time of a step up means that it came too early


class Seen(NamedTuple):
    """What is measured now; None where nothing is known. `rate` is the traffic itself, in bytes per second."""

    round_trip: float | None = None
    speed: float | None = None
    rate: float | None = None


class Choice(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What is remembered between two looks. `wire` is what the link calls for, `steps` what the budget adds."""

    wire: Wire = Wire.FULL
    steps: int = 0
    why: str = ""
    raised: float = 0.0
    """When a step up was last taken, 0.0 never."""
    changed: float = 0.0
    """When the link last called for another profile, 0.0 never."""
    good_since: float = 0.0
    """Since when the link would allow a step up, 0.0 while it does not."""
    calm_since: float = 0.0
    """Since when the traffic is at most half the budget, 0.0 while it is not."""
    early: int = 0
    """How many steps up in a row were taken back."""
    open: bool = False
    """Nothing is decided yet."""


NEW = Choice(wire=Wire.THIN, why=UNKNOWN, open=True)
"""Before anything is known of a link."""


def choose(
    c: Choice, seen: Seen, now: float, *, forced: Wire | None = None, budget: float | None = None
) -> Choice:
    """The next choice. `forced` replaces what the link calls for; a `budget` still steps down from it.

    What is still open is decided now.
    """
    opened = c.open
    if opened:
        c = Choice()
    c = replace(c, wire=forced, why="") if forced is not None else _by_link(c, seen, now)
    if opened:
        c = replace(c, changed=now)
    return c if budget is None else _by_budget(c, seen, now, budget)


def level(c: Choice) -> int:
    """The step of the ladder that is in force."""
    return min(_place(c.wire) + c.steps, len(LEVELS) - 1)


def state(c: Choice, *, forced: Wire | None = None, budget: float | None = None) -> WireState:
    """What is in force, with its reason."""
    why = c.why or (f"--api-traffic {forced.words}" if forced is not None else "")
    if c.steps and budget is not None:
        why = f"over the budget of {in_words(budget)}"
    return replace(LEVELS[level(c)], why=why)


def _place(wire: Wire) -> int:
    return next(at for at, one in enumerate(LEVELS) if one.wire is wire)


def _by_link(c: Choice, seen: Seen, now: float) -> Choice:
    wire, why = _called_for(c.wire, seen)
    young = bool(c.changed) and now - c.changed < CALM
    if _place(wire) > _place(c.wire):
        if young and not _collapsed(c.wire, seen.speed):
            return replace(c, good_since=0.0)
        return replace(_lowered(c, now), wire=wire, why=why, good_since=0.0, changed=now)
    if wire is c.wire:
        return replace(c, good_since=0.0)
    if not c.good_since:
        return replace(c, good_since=now)
    if now - c.good_since < _patience(c):
        return c
    return replace(c, wire=wire, why=why, good_since=0.0, raised=now, changed=now)


def _collapsed(wire: Wire, speed: float | None) -> bool:
    """Whether this is far less than the profile was chosen for."""
    needed = {Wire.FULL: LEAN_BELOW, Wire.LEAN: THIN_BELOW}.get(wire, 0.0)
    return speed is not None and speed * COLLAPSED < needed


def _called_for(before: Wire, seen: Seen) -> tuple[Wire, str]:
    """By the thresholds; what is thrifty already stays so until the link is clearly better."""
    slow, speed = seen.round_trip, seen.speed
    if speed is not None and speed < THIN_BELOW * (2 if before is Wire.THIN else 1):
        return Wire.THIN, f"{in_words(speed)} is all the link carries"
    if speed is not None and speed < LEAN_BELOW * (1 if before is Wire.FULL else 2):
        return Wire.LEAN, f"{in_words(speed)} is all the link carries"
    if slow is not None and slow >= (SLOW_TRIP if before is Wire.FULL else QUICK_TRIP):
        return Wire.LEAN, f"{slow * 1000:.0f} ms round trip"
    return Wire.FULL, ""


def _by_budget(c: Choice, seen: Seen, now: float, budget: float) -> Choice:
    if seen.rate is None:
        return c
    if seen.rate > budget and level(c) < len(LEVELS) - 1:
        return replace(_lowered(c, now), steps=c.steps + 1, calm_since=0.0)
    if not c.steps or seen.rate > budget / 2:
        return replace(c, calm_since=0.0)
    if not c.calm_since:
        return replace(c, calm_since=now)
    if now - c.calm_since < _patience(c):
        return c
    return replace(c, steps=c.steps - 1, calm_since=0.0, raised=now)


def _lowered(c: Choice, now: float) -> Choice:
    early = bool(c.raised) and now - c.raised < SOON
    return replace(c, early=c.early + 1 if early else 0)


def _patience(c: Choice) -> float:
    return min(CALM * 2.0 ** min(c.early, 16), LONGEST_CALM)
