"""The timers of one cluster on virtual time: none is left behind by what replaced it, and none by the end."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.cluster.simulation import Cluster

MOST = 5
"""One for each of the two watches, and one each of the pulse, the link and the opening queue."""


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster()
    c.server.put("Node", "", "n0", 0)
    c.server.put("Pod", "a", "p0", 0)
    c.start()
    c.world.until(c.live, 1.0)
    return c


def an_outage(c: Cluster) -> None:
    c.server.cut()
    for _ in range(20):
        c.world.run(30.0)
        assert len(c.timers) <= MOST
    c.server.mend()
    c.world.until(c.live, 60.0)


def a_silence(c: Cluster) -> None:
    c.server.frozen = True
    for _ in range(10):
        c.world.run(30.0)
        assert len(c.timers) <= MOST
    c.server.frozen = False
    c.world.until(c.live, 120.0)


def impatience(c: Cluster) -> None:
    c.server.cut()
    for _ in range(50):
        c.supervisor.try_now()
        c.world.run(0.1)
        assert len(c.timers) <= MOST
    c.server.mend()
    c.world.until(c.live, 60.0)


def a_sleep(c: Cluster) -> None:
    c.world.sleep(3600.0)
    c.world.run(30.0)
    c.world.until(c.live, 60.0)


@pytest.mark.parametrize("happens", [an_outage, a_silence, impatience, a_sleep])
def test_nothing_that_happens_leaves_a_timer_beside_those_that_are_needed(
    cluster: Cluster, happens: Callable[[Cluster], None]
) -> None:
    cluster.world.run(60.0)
    at_rest = len(cluster.timers)
    for _ in range(3):
        happens(cluster)
        cluster.world.run(60.0)
        assert len(cluster.timers) == at_rest


@pytest.mark.parametrize("down", [False, True])
def test_the_end_leaves_none_and_asks_nothing_more(cluster: Cluster, down: bool) -> None:
    if down:
        cluster.server.cut()
        cluster.world.run(100.0)
    cluster.supervisor.stop()
    asked = len(cluster.server.requests)
    cluster.world.run(3600.0)
    assert len(cluster.server.requests) == asked
    assert not cluster.timers
