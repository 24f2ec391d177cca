"""The clusters while `edgetui get` asks them: sessions that are opened, waited for and closed again."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from msgspec.structs import replace

from edgetui.cluster.api.catalog import Catalog, catalog_of
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.target import ClusterTarget
from edgetui.get.wanted import Wanted, nearest
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.cells import visible
from edgetui.model.kinds import METERED
from edgetui.model.kinds.pod import POD
from edgetui.model.panes.base import Pane
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.resources.served import Resource

IDENTITY_LIMIT = 3.0
"""Seconds that a server's version and badges are waited for once the lists are complete."""
METRICS_LIMIT = 3.0
"""Seconds that the figures of the metrics API are waited for once the lists are complete."""


class Reading:
    """Sessions whose first lists are there, or were waited for in vain; `notes` say which cluster lacks what."""

    def __init__(self, sessions: Sequence[ClusterSession]) -> None:
        self.sessions = sessions
        self.stores: list[Store] = [session.store for session in sessions]
        self.notes: list[str] = []


@asynccontextmanager
async def reading(
    targets: Sequence[ClusterTarget], tables: Sequence[Wanted], timeout: float, *, keep_rows: bool
) -> AsyncIterator[Reading]:
    """Sessions that keep what the tables are made of, until the block ends; `timeout` is in seconds.

    With `keep_rows` a cluster that does not answer shows what an earlier run kept of it. Raises EdgetuiError where a
    kind is asked for that no cluster serves.
    """
    panes = [table.pane for table in tables if not table.word]
    unasked = Store("")
    kinds = list(dict.fromkeys(kind for pane in panes for kind in _read_unasked(pane, unasked)))
    opened = Reading([ClusterSession(target) for target in targets])
    begin = time.monotonic()

    def left(most: float = timeout) -> float:
        return min(max(timeout - (time.monotonic() - begin), 0.0), most)

    try:
        for session in opened.sessions:
            if keep_rows:
                session.keeper = Keeper(session.target)
            await session.start(kinds)
            session.look_at_kinds(METERED)
        unknown = [table for table in tables if table.word]
        watching = opened.sessions if kinds else []
        if some := [pane for pane in panes if pane.optional_said and (pane.on_demand or len(panes) == 1)]:
            await asyncio.gather(*(_look_for(session, some, left()) for session in watching))
        if unknown:
            served = await _find_out(opened, unknown, left())
            watching = [one for one in opened.sessions if kinds or one.name in served]
        await asyncio.gather(*(session.settled(left()) for session in watching))
        await asyncio.gather(*(session.introduced(left(IDENTITY_LIMIT)) for session in watching))
        if METERED & set(kinds):
            await _metrics(opened.stores, left(METRICS_LIMIT))
        for store in opened.stores:
            _say_silence(store, timeout)
        yield opened
    finally:
        for session in opened.sessions:
            await session.close()


def _read_unasked(pane: Pane, unasked: Store) -> Sequence[str]:
    """The kinds that are read before the server was asked what it serves: what a pane is not about may be missing."""
    return pane.needs if pane.optional and not pane.optional_said else pane.needs_in(unasked)


async def _look_for(session: ClusterSession, panes: Sequence[Pane], seconds: float) -> None:
    """Have a cluster keep what these panes show where it is served; one that does not answer says so by its link."""
    if session.counters is None:
        return
    with contextlib.suppress(EdgetuiError, TimeoutError):
        async with asyncio.timeout(seconds):
            await (await catalog_of(session.api, seconds)).known()
    for kind in {kind for pane in panes for kind in pane.needs_in(session.store)}:
        session.need(kind, True)


async def _find_out(opened: Reading, tables: Sequence[Wanted], seconds: float) -> set[str]:
    """Have each cluster keep the kinds that its words mean; the names of those that serve any of them.

    Raises EdgetuiError for a word that means nothing on any cluster that answered.
    """
    answered: dict[str, Catalog] = {}
    served: dict[str, set[str]] = {table.word: set() for table in tables}

    async def ask(session: ClusterSession) -> None:
        if session.counters is None:
            return  # it cannot be used, and says why
        try:
            async with asyncio.timeout(seconds):
                catalog = await catalog_of(session.api, seconds)
                for table in tables:
                    if _adopt(session, catalog, table, await catalog.find(table.word)):
                        served[table.word].add(session.name)
                if catalog.problem is not None:
                    raise catalog.problem
            answered[session.name] = catalog
        except TimeoutError:
            return  # the link's own sentence says it
        except EdgetuiError as problem:
            link = LinkState(Link.STALE, time.time(), sentence=problem.sentence, next_step=problem.next_step)
            session.store.set_link(link)

    await asyncio.gather(*(ask(session) for session in opened.sessions))
    for word, names in served.items():
        if answered and not names:
            raise _unknown(word, answered)
        opened.notes += [f"{name} serves no {visible(word)}." for name in answered if name not in names]
    everywhere = set().union(*served.values())
    for session in opened.sessions:
        if session.name in answered and session.name not in everywhere:
            session.store.set_link(LinkState(Link.LIVE, time.time(), heard=time.time()))
    return everywhere


def _adopt(session: ClusterSession, catalog: Catalog, table: Wanted, found: Sequence[Resource]) -> bool:
    """Whether a cluster serves what a table is about; its session keeps that from now on."""
    assert isinstance(table.pane, KindPane)
    resources = [one for one in found if one.listed]
    if not resources:
        return False
    if len(resources) == 1:
        table.pane.title = resources[0].name
    table.pane.admit(session.name, catalog.adopt(resources))
    for kind in table.pane.needs_in(session.store):
        session.need(kind, True)
    return True


def _unknown(word: str, answered: Mapping[str, Catalog]) -> EdgetuiError:
    served = {one.plural for catalog in answered.values() for one in catalog.served.resources if one.listed}
    where = f"{next(iter(answered))} serves" if len(answered) == 1 else "The clusters serve"
    return EdgetuiError(f"{where} no {visible(word)}.", nearest(word, served))


async def _metrics(stores: Sequence[Store], limit: float) -> None:
    """Waits until every live cluster has said what it uses, or that it cannot say; `limit` is in seconds."""
    changed = asyncio.Event()
    for store in stores:
        store.on_dirty = changed.set
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while any(
                store.link.link is Link.LIVE and store.metrics_available(POD) is None for store in stores
            ):
                changed.clear()
                for store in stores:
                    store.drain()
                await changed.wait()


def _say_silence(store: Store, timeout: float) -> None:
    """A cluster that said nothing in time has no sentence of its own yet."""
    link = store.link
    if link.link in (Link.CONNECTING, Link.STALE) and not link.sentence:
        what = f"The server has not answered within {timeout:g} s."
        step = "Check the network, VPN or tunnel, or wait longer with --timeout."
        store.set_link(replace(link, sentence=what, next_step=step))
