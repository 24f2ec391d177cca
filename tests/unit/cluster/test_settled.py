"""Until when a session is waited for: all kinds have told, waiting is vain, or the time is up."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.session import ClusterSession
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Link, LinkState


def at(settled: bool, link: Link, *, supervised: bool = True) -> Any:
    """A session whose kinds have told or not, over a link in this state."""
    session: Any = ClusterSession(ClusterTarget(name="plant", context="plant"))
    session.store.set_link(LinkState(link=link))
    session._supervisor = SimpleNamespace(settled=lambda: settled) if supervised else None
    return session


@pytest.mark.parametrize("link", Link)
@pytest.mark.parametrize("settled", [True, False])
async def test_it_is_true_where_all_have_told_and_false_where_waiting_is_vain(
    link: Link, settled: bool
) -> None:
    waiting = asyncio.ensure_future(at(settled, link).settled(3600.0))
    for _ in range(3):
        await asyncio.sleep(0)
    vain = link in (Link.BROKEN, Link.REFUSED)
    assert waiting.done() == (settled or vain)
    if waiting.done():
        assert waiting.result() is settled
    waiting.cancel()
    await asyncio.wait([waiting])


async def test_it_goes_on_at_a_change_and_is_false_when_the_time_is_up() -> None:
    session = at(False, Link.STALE)
    waiting = asyncio.ensure_future(session.settled(3600.0))
    await asyncio.sleep(0)
    session._supervisor = SimpleNamespace(settled=lambda: True)
    session._changed.set()
    assert await asyncio.wait_for(waiting, 30) is True
    assert await at(False, Link.STALE).settled(0.01) is False
    assert await at(False, Link.BROKEN, supervised=False).settled(3600.0) is False
