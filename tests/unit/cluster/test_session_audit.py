"""When a session holds the server's cache against its datastore, on virtual time, and what it asks for."""

from __future__ import annotations

import pytest

from edgetui.cluster.session import AUDIT_EVERY, ClusterSession
from edgetui.model.cache.freshness import Link
from tests.unit.cluster.test_session import PODS, Play, Scenery, play
from tests.unit.cluster.virtual_loop import until

__all__ = ["play"]


class Middle:
    """A random source that always gives the middle."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


def lists_since(s: Scenery, moment: float) -> list[str]:
    """The collections that were listed since then."""
    return [
        path for at, path, _ in s.site.asked if at >= moment and path in ("/api/v1/nodes", "/api/v1/pods")
    ]


def test_a_person_may_ask_for_it_at_any_time_while_the_link_is_up(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open()
        await session.audit_cache()  # before it has begun there is nothing to look at
        await session.start(["Node", "Pod"])
        await s.live()
        for _ in range(2):
            began = s.loop.time()
            await session.audit_cache()
            assert sorted(lists_since(s, began)) == ["/api/v1/nodes", "/api/v1/pods"]
            assert (session.store.cache.rows, session.store.cache.sentence) == (1 + PODS, "")
            assert session.store.cache.checked == pytest.approx(s.clock(), abs=1)
        s.server.cut()
        await until(lambda: session.store.link.link is not Link.LIVE, 60)
        began = s.loop.time()
        await session.audit_cache()
        assert lists_since(s, began) == []
        s.server.mend()

    play(scene)


def test_it_is_done_by_itself_now_and_then(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session: ClusterSession = s.open(rng=Middle())
        await session.start(["Node", "Pod"])
        await s.live()
        await until(lambda: session.store.cache.rows, 2 * AUDIT_EVERY)
        assert s.loop.time() == pytest.approx(1000 + AUDIT_EVERY, abs=2)
        first = session.store.cache.checked
        await until(lambda: session.store.cache.checked > first, 2 * AUDIT_EVERY)
        assert s.loop.time() == pytest.approx(1000 + 2 * AUDIT_EVERY, abs=4)

    play(scene)
