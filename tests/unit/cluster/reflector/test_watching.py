"""A watch of a collection: what follows from every input, and what each field, moved a little, changes.

`pytest tests/unit/cluster/reflector/test_watching.py --snapshot-update` takes what follows now; look at what
differs first. Times are told in seconds from now.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import watching as rules
from tests.unit.cluster.reflector_fields import (
    both,
    moved,
    of_phase,
    phases,
)


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_from_every_input(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, moved) == snapshot


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_where_several_fields_are_others(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, both) == snapshot
