"""Which profile follows from what was measured, over every threshold and every time that counts.

`pytest tests/unit/cluster/test_profile.py --snapshot-update` takes what is chosen now; look at what differs first.
Times are told in seconds before now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import asdict, replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.link.profile import NEW, Choice, Seen, choose, level, state
from edgetui.model.cache.wireprofile import Wire

NOW = 100_000.0
KIB = 1024
BUDGET = 20.0 * KIB
TIMES = ("raised", "changed", "good_since", "calm_since")
SPEEDS = (0.0, 3 * KIB - 1, 3 * KIB, 12 * KIB - 1, 12 * KIB, 24 * KIB - 1, 24 * KIB)
FAST = (96 * KIB - 1, 96 * KIB, 192 * KIB - 1, 192 * KIB)
SEEN: dict[str, Seen] = {
    "nothing": Seen(),
    **{f"{trip} s": Seen(round_trip=trip) for trip in (0.1499, 0.15, 0.2499, 0.25, 1.2)},
    **{f"{speed:g} B/s": Seen(speed=float(speed)) for speed in (*SPEEDS, *FAST)},
    "slow and far": Seen(round_trip=0.4, speed=8.0 * KIB),
    "fast and far": Seen(round_trip=0.4, speed=900.0 * KIB),
    **{
        f"{rate:g} B/s spent": Seen(rate=rate)
        for rate in (0.0, BUDGET / 2, BUDGET / 2 + 1, BUDGET, BUDGET + 1)
    },
    "far, much spent": Seen(round_trip=0.4, rate=2 * BUDGET),
    "near, little spent": Seen(round_trip=0.001, speed=900.0 * KIB, rate=1.0),
}
MOVED: tuple[dict[str, Any], ...] = (
    *({"changed": NOW - age} for age in (0.0, 599.9, 600.0)),
    *({"raised": NOW - age} for age in (0.0, 899.9, 900.0)),
    *({"raised": NOW - age, "early": 2} for age in (899.9, 900.0)),
    *({"good_since": NOW - age} for age in (0.0, 599.9, 600.0)),
    *({"good_since": NOW - age, "early": 1} for age in (1199.9, 1200.0)),
    *({"good_since": NOW - age, "early": 3} for age in (3599.9, 3600.0)),
    {"good_since": NOW - 3600.0, "early": 400},
    {"steps": 1},
    {"steps": 2},
    {"steps": 3},
    *({"steps": 1, "calm_since": NOW - age} for age in (0.0, 599.9, 600.0)),
    *({"steps": 2, "calm_since": NOW - age, "early": 1} for age in (1199.9, 1200.0)),
    {"calm_since": NOW - 9.0},
    {"open": True},
    {"open": True, "steps": 1, "good_since": NOW - 9.0, "why": "old"},
)  # fmt: skip


def value_of(name: str, value: Any) -> str:
    if name in TIMES:
        return f"{NOW - value:g}" if value else "never"
    return str(value) or "nothing"


def in_words(c: Choice, before: Choice) -> str:
    """The profile that is in force, and what is remembered otherwise than before."""
    old, new = asdict(before), asdict(c)
    told = [f"{name} {value_of(name, new[name])}" for name in new if new[name] != old[name]]
    return ", ".join((f"level {level(c)}", *told))


def lines(before: Choice, **options: Any) -> Iterator[str]:
    """For everything that is seen: what follows, and what else from a memory that differs."""
    for name, seen in SEEN.items():
        usual = in_words(choose(before, seen, NOW, **options), before)
        yield f"{name}: {usual}"
        found: dict[str, list[str]] = {}
        for fields in MOVED:
            other = replace(before, **fields)
            words = in_words(choose(other, seen, NOW, **options), other)
            if words != usual:
                what = ", ".join(f"{key} {value_of(key, value)}" for key, value in fields.items())
                found.setdefault(words, []).append(what)
        yield from (f"  {' | '.join(what)}: {words}" for words, what in found.items())


@pytest.mark.parametrize("budget", [None, BUDGET])
@pytest.mark.parametrize("wire", Wire)
def test_what_is_chosen(wire: Wire, budget: float | None, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(lines(Choice(wire=wire, why="it was so"), budget=budget)) == snapshot


@pytest.mark.parametrize("wire", Wire)
def test_what_is_chosen_where_a_profile_is_forced(wire: Wire, snapshot: SnapshotAssertion) -> None:
    before = Choice(wire=Wire.LEAN, why="it was so")
    assert "\n".join(lines(before, budget=BUDGET, forced=wire)) == snapshot


def test_what_is_said_of_a_choice(snapshot: SnapshotAssertion) -> None:
    told = [f"new: {NEW} {state(NEW)}"]
    for wire in Wire:
        for steps in range(5):
            for forced in (None, wire):
                for budget in (None, BUDGET):
                    for why in ("", "it was so"):
                        found = state(Choice(wire=wire, steps=steps, why=why), forced=forced, budget=budget)
                        told.append(f"{wire} and {steps}, forced {forced}, budget {budget}, {why!r}: {found}")
    assert "\n".join(told) == snapshot
