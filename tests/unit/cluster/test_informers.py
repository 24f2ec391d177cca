"""Every fault of a server or a link: all that is asked for, closed, shown and said from its first moment to long after.

`pytest tests/unit/cluster/test_informers.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.unit.cluster.recorded import Recorded, record
from tests.unit.cluster.simulation import Cluster
from tests.unit.cluster.test_reflector_random import FAULTS


def made(seed: int = 0) -> Recorded:
    c = Recorded(seed)
    for n in range(2):
        c.server.put("Node", "", f"n{n}", n)
    for n in range(8):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.put("Event", "a", "e0", 0)
    c.server.namespaces_listed = ["a", "b"]
    return c


def _changes(c: Cluster) -> None:
    c.server.put("Pod", "a", "p0", 70)
    c.server.remove("Pod", "b", "p1")
    c.server.put("Event", "b", "e1", 1)


def _well(c: Cluster) -> None:
    """Whatever was wrong is so no longer."""
    for name in ("mend", "thaw", "nothing is refused", "everything is allowed", "bookmarks"):
        FAULTS[name](c)
    c.server.answers.clear()
    c.server.tokens_valid = True


@pytest.mark.parametrize("name", FAULTS)
def test_all_that_follows_from_a_fault_and_its_end(name: str, snapshot: SnapshotAssertion) -> None:
    c = made()
    c.do(lambda: c.supervisor.start(("Node", "Pod", "Event")), "start")
    c.world.run(70.0)
    c.lines.clear()
    c.do(lambda: FAULTS[name](c), name)
    c.world.run(4.0)
    c.do(lambda: _changes(c), "changes")
    c.world.run(9.0)
    c.do(lambda: _well(c), "all is well")
    c.world.run(100.0)
    assert record(c) == snapshot


BEFORE = sorted(
    FAULTS.keys() - {"remember", "compact", "sleep", "reset", "hide pods", "show pods", "list again"}
)


@pytest.mark.parametrize("name", BEFORE)
def test_all_that_follows_from_a_fault_that_was_there_before_the_start(
    name: str, snapshot: SnapshotAssertion
) -> None:
    c = made(1)
    FAULTS[name](c)
    c.server.latency = 0.2
    c.supervisor.front = frozenset({"Event"})
    c.do(lambda: c.supervisor.start(("Node", "Pod", "Event"), patient=True), "start")
    c.world.run(16.0)
    c.do(lambda: _well(c), "all is well")
    c.world.run(30.0)
    c.do(c.supervisor.try_now, "try now")
    c.world.run(10.0)
    assert record(c) == snapshot
