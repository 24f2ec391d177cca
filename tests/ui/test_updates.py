"""The updates pane on the screen: which kinds it asks for where, and how an engine that comes is found."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from edgetui.cluster.api.catalog import OLD
from edgetui.cluster.errors import LinkError
from edgetui.model.cache.freshness import Link, LinkState
from tests.unit.model import factories as f
from tests.unit.model import updates as u

from .driving import Screen, running
from .test_any_kind import CORE, Site, resource

PLANS = resource("plans", "Plan")
NOTHING = "no update engine that edgetui knows is installed"


def serving(group: str, version: str = "v1") -> bytes:
    """What `/apis` answers where plans of one group are served."""
    return (
        CORE.replace(b'{"versions"', f'{{"metadata":{{"name":"{group}"}},"versions"'.encode())
        .replace(b'{"version": "v1"', f'{{"version": "{version}"'.encode())
        .replace(b'"pods"', b'"plans"')
        .replace(b'"Pod"', b'"Plan"')
    )


@asynccontextmanager
async def shown(**sites: Site) -> AsyncIterator[Screen]:
    """The pane on clusters that each have a node and a Plan, which is not told where it is not served."""
    stores = []
    for name in sites:
        store = f.store_of(u.host("edge-1"), cluster=name)
        store.set_link(LinkState(Link.LIVE, heard=f.NOW))
        stores.append(store)
    async with running(stores, sessions=sites) as screen:
        await screen.press("colon", *"updates", "enter")
        await screen.wait_for(
            lambda: all(site.asked for site in sites.values()), "the question what is served"
        )
        await screen.changed()
        yield screen


async def test_a_cluster_is_asked_for_the_kinds_that_it_serves_and_for_no_others() -> None:
    with_plans, k0s, without = (
        Site(serving("upgrade.cattle.io")),
        Site(serving("autopilot.k0sproject.io", "v1beta2")),
        Site(CORE),
    )
    async with shown(plant=with_plans, farm=k0s, van=without) as screen:
        await screen.wait_for(lambda: with_plans.now == {"Node", "Job", "Plan"}, "a watch of plans and jobs")
        await screen.wait_for(lambda: k0s.now == {"Node", "AutopilotPlan"}, "a watch of plans of k0s")
        assert without.now == {"Node"}
        await screen.wait_for(lambda: f"van: {NOTHING}" in screen.text(), "what van lacks")
        await screen.press("1")
        assert not (with_plans.now or k0s.now or without.now)


async def test_it_is_asked_once_and_not_for_each_look() -> None:
    site = Site(CORE)
    async with shown(van=site) as screen:
        await screen.wait_for(lambda: NOTHING in screen.text(), "what it lacks")
        asked = site.asked
        for _ in range(3):
            await screen.press("1", "colon", *"updates", "enter")
        assert site.asked == asked
        screen.clock.advance(OLD + 1)
        site.answer = serving("upgrade.cattle.io")
        await screen.press("1", "colon", *"updates", "enter")
        await screen.wait_for(lambda: "Plan" in site.now, "the engine that was installed meanwhile")
        assert NOTHING not in screen.text()


async def test_a_cluster_that_cannot_be_asked_says_that_it_is_not_known() -> None:
    site = Site(LinkError("The connection broke off.", ""))
    async with shown(van=site) as screen:
        await screen.wait_for(lambda: "not known yet which update engines it serves" in screen.text())
        assert site.now == {"Node"}


async def test_a_word_for_a_plan_shows_what_the_server_prints() -> None:
    site = Site(serving("upgrade.cattle.io"))
    async with shown(plant=site) as screen:
        await screen.press("colon", *"plans", "enter")
        await screen.wait_for(lambda: ": plans.upgrade.cattle.io" in screen.text(), "the pane of the kind")


async def test_why_an_update_is_stuck_is_on_an_80_column_screen() -> None:
    hosts = (u.host("edge-1"), u.host("edge-2", cordoned=True, ready="Unknown", heartbeat=f.NOW - 400))
    plan = u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-2",))
    async with running([f.store_of(*hosts, plan, u.job("edge-2"))], size=(80, 24)) as screen:
        await screen.press("colon", *"updates", "enter")
        assert "held by edge-2" in screen.line("NotReady, holds the only place")
