"""One kind through every change of its partition, its rights, its namespaces and its link: all that follows.

`pytest tests/unit/cluster/test_informer.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import random

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.partition import WHOLE
from tests.unit.cluster.recorded import Recorded, record
from tests.unit.cluster.test_partitions import MOVES, PARTITIONS
from tests.unit.cluster.test_printed import PRINTED

NAMES = ("a", "b", "default")


def made(partition: str, seed: int = 0) -> Recorded:
    c = Recorded(seed, PRINTED)
    c.server.put("Node", "", "n0", 0)
    for n in range(6):
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.server.namespaces_listed = list(NAMES)
    c.supervisor._partition = lambda kind: PARTITIONS[partition] if kind == "Pod" else WHOLE  # type: ignore[method-assign]
    return c


@pytest.mark.parametrize("partition", PARTITIONS)
@pytest.mark.parametrize("name", MOVES)
def test_all_that_follows_from_a_change(name: str, partition: str, snapshot: SnapshotAssertion) -> None:
    c = made(partition)
    c.supervisor.start(("Node", "Pod"))
    c.world.run(70.0)
    c.lines.clear()
    c.do(lambda: MOVES[name](c), name)
    c.world.run(1.0)
    c.do(lambda: c.server.end(), "the streams end")
    c.world.run(9.0)
    c.do(lambda: c.server.put("Pod", "a", "p0", 70), "a pod is another")
    c.do(lambda: c.server.put("Pod", "new", "p0", 1), "a namespace comes")
    c.world.run(31.0)
    assert record(c) == snapshot


@pytest.mark.parametrize("seed", range(24))
def test_all_that_follows_from_a_random_history(seed: int, snapshot: SnapshotAssertion) -> None:
    draw = random.Random(seed)
    c = made(draw.choice(sorted(PARTITIONS)), seed)
    c.do(lambda: c.supervisor.start(("Node", "Pod"), patient=seed % 3 == 0), "start")
    for _ in range(8):
        c.world.run(draw.choice((0.005, 0.3, 1.0, 4.0, 31.0, 125.0)))
        name = draw.choice(sorted(MOVES))
        c.do(lambda name=name: MOVES[name](c), name)  # type: ignore[misc]
    c.do(c.server.mend, "mend")
    c.world.run(130.0)
    c.do(c.supervisor.stop, "stop")
    c.world.run(60.0)
    assert record(c) == snapshot
