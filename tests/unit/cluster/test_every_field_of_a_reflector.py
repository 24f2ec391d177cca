"""What follows from every other input of a collection, what chance decides, and what is shown of every state.

`pytest tests/unit/cluster/test_every_field_of_a_reflector.py --snapshot-update` takes what follows now; look at what
differs first. Times are told in seconds from now.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch import reflector as rules
from edgetui.cluster.watch.reflector import freshness
from edgetui.cluster.watch.reflector import states as r
from tests.unit.cluster.reflector_fields import (
    MORE,
    Least,
    Most,
    both,
    follows,
    in_words,
    moved,
    of_phase,
    phases,
    shown_of,
)
from tests.unit.cluster.reflector_samples import INPUTS, sample


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_from_every_input(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, moved) == snapshot


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_where_several_fields_are_others(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, both) == snapshot


def test_what_chance_decides(snapshot: SnapshotAssertion) -> None:
    lines = []
    for phase in r.Phase:
        ways: dict[str, dict[str, Any]] = {
            "": {},
            ", long": {"long": True},
            ", dear": {"dear": True},
            ", late": {"failures": 3, "denials": 1},
        }
        for way, fields in ways.items():
            state = replace(sample(phase), **fields)
            for name, happened in (INPUTS | MORE).items():
                least, most = (in_words(follows(state, happened, rng)) for rng in (Least(), Most()))
                if least != most:
                    lines.append(f"{phase}{way}, {name}: {least}\n  at most: {most}")
    assert "\n".join(lines) == snapshot


def test_what_is_shown_of_every_state(snapshot: SnapshotAssertion) -> None:
    lines = []
    for phase in r.Phase:
        for what, state in (("as usual", sample(phase)), *moved(sample(phase))):
            shown = shown_of(freshness(state), state.reason)
            if what == "as usual" or shown != shown_of(freshness(sample(phase)), ""):
                lines.append(f"{phase}, {what}: {shown}")
    assert "\n".join(lines) == snapshot
