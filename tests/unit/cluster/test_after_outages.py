"""What comes back after an outage is resumed, not asked for again; an odd refusal stays a refusal."""

from __future__ import annotations

import pytest

from edgetui.cluster import errors
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.reflector_samples import INPUTS, NOW, Fixed, sample
from tests.unit.cluster.simulation import Cluster


def failing(state: r.State, error: errors.EdgetuiError, times: int) -> r.State:
    """A watch that cannot be opened so many times in a row."""
    for _ in range(times):
        state, _ = step(state, r.Failed(error), state.wake_at if state.wake_at < r.NEVER else NOW, Fixed())
        state, _ = step(state, r.Tick(), state.wake_at, Fixed())
    return state


@pytest.mark.parametrize("times", range(1, 8))
@pytest.mark.parametrize("name", ["Link", "500", "429"])
def test_however_often_opening_fails_the_version_is_kept(name: str, times: int) -> None:
    happened = INPUTS[name]
    assert isinstance(happened, r.Failed)
    state = failing(sample(r.Phase.WATCHING), happened.error, times)
    assert (state.phase, state.rv) == (r.Phase.RESUMING, "100")


@pytest.mark.parametrize(("times", "rv"), [(1, "100"), (2, "100"), (3, "100"), (4, ""), (5, "")])
def test_only_what_cannot_be_read_again_and_again_is_listed(times: int, rv: str) -> None:
    state = failing(sample(r.Phase.WATCHING), errors.ProtocolError("garbage"), times)
    assert state.rv == rv


def test_what_breaks_at_every_first_answer_is_asked_by_one_stream_at_a_time() -> None:
    c = Cluster().start("Node", "Pod", "Event")
    c.world.until(c.live, 5.0)
    began = c.world.time

    def break_off() -> None:
        if any(stream.live for stream in c.server.streams):
            c.server.reset()
        if c.world.time < began + 60.0:
            c.world.later(0.001, break_off)

    break_off()
    c.world.run(60.0)
    asked = [(at, path) for at, path, _ in c.server.requests if at > began + 5.0]
    assert len(asked) >= 10
    assert {"probe"} < {path for _, path in asked}
    for at, _ in asked:
        assert sum(at <= other < at + 1.0 for other, _ in asked) <= 2
    c.world.until(lambda: c.live() and c.equal(), 40.0)


def test_after_an_outage_with_many_failures_nothing_is_listed() -> None:
    c = Cluster()
    for n in range(8):
        c.server.put("Pod", "a", f"p{n}", n)
    c.start()
    c.world.until(c.live, 1.0)
    listed = sum("resourceVersion" not in query for _, _, query in c.server.requests)
    for _ in range(6):
        c.server.cut()
        c.world.run(4.0)
        c.server.mend()
        c.world.until(c.live, 40.0)
        c.server.reset()  # and again before it has lasted
        c.server.put("Pod", "a", "p0", int(c.world.time))
        c.world.until(lambda: c.live() and c.equal(), 40.0)
    probes = sum(path == "probe" for _, path, _ in c.server.requests)
    assert sum("resourceVersion" not in query for _, _, query in c.server.requests) - probes == listed


def test_a_406_to_a_watch_of_objects_is_that_collections_own_trouble() -> None:
    c = Cluster()
    c.server.put("Pod", "a", "p0", 1)
    c.server.denied = lambda kind, namespace: 406 if kind.name == "Pod" else 0
    c.start()
    c.world.run(5.0)
    assert c.supervisor.can.tables.there
    assert c.store.freshness("Node").sync is Sync.LIVE
    assert c.store.freshness("Pod").sync is Sync.NEVER
    assert c.store.freshness("Pod").reason
    c.server.denied = lambda kind, namespace: 0
    c.world.until(lambda: c.live() and c.equal(), 40.0)
