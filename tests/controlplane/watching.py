"""A session on a real cluster, and waiting for what its store will say."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds import KINDS

from .cluster import ControlPlane


def make_session(file: Path, **options: Any) -> ClusterSession:
    """A session on the current context of one kubeconfig."""
    (target,) = load_fleet(Selection(files=[file]), {}, Path("/nonexistent"))
    return ClusterSession(target, **options)


@asynccontextmanager
async def watching(
    file: Path, kinds: Iterable[str] = FIRST_PAINT, **options: Any
) -> AsyncIterator[ClusterSession]:
    """A started session; closed afterwards."""
    session = make_session(file, **options)
    await session.start(kinds)
    try:
        yield session
    finally:
        await session.close()


async def until(session: ClusterSession, fact: Callable[[], Any], *, within: float, what: str) -> float:
    """Wait until a fact about the store is true, looking after every change; returns how long it took."""
    began = time.monotonic()
    dirty = asyncio.Event()
    session.store.on_dirty = dirty.set
    try:
        async with asyncio.timeout(within):
            while True:
                session.store.drain()
                dirty.clear()
                if fact():
                    return time.monotonic() - began
                await dirty.wait()
    except TimeoutError:
        state = {kind: session.store.freshness(kind) for kind in KINDS}
        raise AssertionError(f"{what}: not within {within:g} s; {session.store.link}; {state}") from None
    finally:
        session.store.on_dirty = None


def live(session: ClusterSession, kinds: Iterable[str] = FIRST_PAINT) -> bool:
    return all(session.store.freshness(kind).sync is Sync.LIVE for kind in kinds)


async def await_live(
    session: ClusterSession, kinds: Iterable[str] = FIRST_PAINT, within: float = 10.0
) -> float:
    kinds = tuple(kinds)
    return await until(session, lambda: live(session, kinds), within=within, what="live")


def listed(cp: ControlPlane, kind: str) -> dict[tuple[str, str], tuple[str, str]]:
    """Namespace and name to uid and version, by a consistent LIST of another client."""
    found = {}
    for item in cp.api.get(KINDS[kind].path())["items"]:
        meta = item["metadata"]
        found[meta.get("namespace", ""), meta["name"]] = (meta["uid"], meta["resourceVersion"])
    return found


def known(session: ClusterSession, kind: str) -> dict[tuple[str, str], tuple[str, str]]:
    return {(row.namespace, row.name): (row.uid, row.resource_version) for row in session.store.rows(kind)}


async def await_equal(
    cp: ControlPlane, session: ClusterSession, kinds: Iterable[str] = FIRST_PAINT, within: float = 5.0
) -> None:
    """Wait until every kind in the store is what a LIST says; heartbeats may move versions between two looks."""
    deadline = time.monotonic() + within
    for kind in kinds:
        while True:
            truth = await asyncio.to_thread(listed, cp, kind)
            await asyncio.sleep(0)
            if known(session, kind) == truth:
                break
            differ = {key for key, _ in known(session, kind).items() ^ truth.items()}
            assert time.monotonic() < deadline, f"{kind} differ from the server: {sorted(differ)[:5]}"
            await asyncio.sleep(0.1)
