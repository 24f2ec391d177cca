"""Who waits for the link of a session goes on when it is there, or gone, and not before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.errors import LinkError
from edgetui.cluster.link.state import Phase
from edgetui.model.cache.freshness import Link, LinkState
from tests.unit.cluster.test_session import Play, Scenery, play
from tests.unit.cluster.virtual_loop import until

__all__ = ["play"]


def test_who_waits_for_the_link_or_for_its_end_goes_on_when_it_comes(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open()
        await session.until_down()  # it has not begun
        await session.start(["Node", "Pod"])
        up = asyncio.create_task(session.until_up())
        await s.live()
        await up
        down = asyncio.create_task(session.until_down())
        await asyncio.sleep(30)
        assert not down.done()
        s.server.cut()
        await asyncio.wait_for(down, 60)
        up = asyncio.create_task(session.until_up())
        await asyncio.sleep(30)
        assert not up.done()
        s.server.mend()
        await asyncio.wait_for(up, 60)
        await session.until_up()

    play(scene)


def test_connections_that_were_made_with_other_credentials_are_kept_for_nothing(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        session = s.open({"token": "one"})
        await session.start(["Node", "Pod"])
        await s.live()
        dropped: list[float] = []
        session.transport.drop_idle = lambda: dropped.append(s.loop.time())  # type: ignore[method-assign]
        await session.reconnect()
        assert dropped == []
        await session.reconnect(True)
        assert dropped == [s.loop.time()]
        session.credentials.set_token("two")
        await asyncio.sleep(6.0)
        assert len(dropped) == 2, "at the next beat"
        await asyncio.sleep(20.0)
        assert len(dropped) == 2

    play(scene)


def test_json_of_another_kind_is_refused_and_not_called_live_by_who_asks_again(play: Play) -> None:
    async def scene(s: Scenery) -> None:
        words: list[Link] = []
        s.site.handle = lambda wire, data: s.site._answer(wire, 200, {"version": 3})  # type: ignore[method-assign]
        session = s.open()
        take = session.store.set_link

        def said(link: LinkState) -> None:
            words.append(link.link)
            take(link)

        session.store.set_link = said  # type: ignore[method-assign]
        await session.start(["Node", "Pod"])
        await asyncio.sleep(120)
        begun = words.index(Link.REFUSED)
        assert set(words[begun:]) == {Link.REFUSED}
        assert session.store.link.sentence.endswith("it sends JSON of another kind.")

    play(scene)


@pytest.mark.parametrize(
    "change", [{"credentials_changed": True}, {"because": LinkError("Another address.")}]
)
def test_what_is_asked_in_vain_is_given_up_when_it_would_be_asked_otherwise(
    play: Play, change: dict[str, Any]
) -> None:
    async def scene(s: Scenery) -> None:
        s.server.black_hole = True
        session = s.open()
        await session.start(["Node", "Pod"])
        supervisor = session._supervisor
        assert supervisor is not None
        await until(lambda: supervisor.link.phase is Phase.PROBING, 60)
        s.server.black_hole = False
        await session.reconnect(**change)
        await s.live(within=1.0)

    play(scene)
