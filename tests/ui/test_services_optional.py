"""The services pane asks for what MetalLB tells only where a cluster may serve it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.panes import PANES
from edgetui.model.traffic.holders import ANNOUNCED
from tests.unit.model import factories as f
from tests.unit.model import updates as u

from .driving import Screen, running
from .test_any_kind import CORE, Site
from .test_updates import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ALWAYS = set(PANES["services"].needs) - set(ANNOUNCED)
METALLB = (
    serving("metallb.io", "v1beta1")
    .replace(b'"plans"', b'"servicel2statuses"')
    .replace(b'"Plan"', b'"ServiceL2Status"')
)


@asynccontextmanager
async def services(wire: Wire, **sites: Site) -> AsyncIterator[Screen]:
    """The pane on clusters whose links bear this."""
    stores = []
    for name in sites:
        store = f.store_of(u.host("edge-1"), cluster=name)
        store.set_link(LinkState(Link.LIVE, heard=f.NOW))
        store.set_wire(WireState(wire))
        stores.append(store)
    async with running(stores, sessions=sites) as screen:
        await screen.press("5")
        yield screen


async def test_a_cluster_without_it_is_not_asked_for_it() -> None:
    there, absent = Site(METALLB), Site(CORE)
    async with services(Wire.FULL, plant=there, van=absent) as screen:
        await screen.wait_for(lambda: "ServiceL2Status" in there.now, "what is served")
        await screen.wait_for(lambda: absent.now == ALWAYS, "what is watched")
        await screen.changed()
        assert there.now == ALWAYS | {"ServiceL2Status"}
        assert absent.now == ALWAYS
        assert "MetalLB" not in screen.text()
        await screen.press("1")
        assert not (there.now or absent.now)


async def test_on_a_thin_link_two_small_answers_tell_where_nothing_is_remembered() -> None:
    site = Site(CORE)
    async with services(Wire.THIN, van=site) as screen:
        await screen.wait_for(lambda: set(ANNOUNCED) <= site.now, "what may be served")
        assert not site.asked
        assert site.now == ALWAYS | set(ANNOUNCED)
