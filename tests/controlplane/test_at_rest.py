"""What a thin link carries at rest after a second start: bookmarks of objects, and no columns of Tables ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.watch.reflector import opening
from edgetui.cluster.watch.runner import Watcher
from edgetui.model.cache.wireprofile import Wire

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_live, make_session, until

KEPT = tuple(kind for kind in FIRST_PAINT if kind != "ReplicaSet")
COLUMNS = 3_000
"""Bytes of the columns of a Table of pods, which its first event would bring where they are asked for."""
A_BOOKMARK = 600
"""Bytes that the first bookmark of a watch of objects may take, the frames around it among them."""
SPARED = 1_500
"""The same for all else that a minute brings: the question which namespaces there are, a list of autoscalers."""


async def test_no_resumed_watch_of_tables_pays_for_its_columns(
    cluster: ControlPlane, namespace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until every watch of objects has had its first bookmark, a minute after it was opened, or was silent too long."""
    monkeypatch.setattr(
        opening, "BARE_WATCH_LASTS", (20.0, 20.0)
    )  # some ends in good order within that minute
    await asyncio.to_thread(cluster.create, namespace, w.deployment("web", replicas=5))
    await asyncio.to_thread(cluster.kubectl, "rollout", "status", "deployment/web", "-n", namespace)
    await asyncio.to_thread(cluster.await_still)
    with FaultProxy.in_front_of(cluster) as link:
        link.delay = 0.05
        file = cluster.kubeconfig(server=link.url)
        async with thin(file, tmp_path / "rows"):
            pass
        async with thin(file, tmp_path / "rows") as session:
            assert session._supervisor is not None
            watchers = [one for one in session._supervisor.watchers if one.state.rv and not one.state.every]
            tables = [one for one in watchers if one.state.dear]
            objects = [one for one in watchers if not one.state.dear and one.kind.bookmarks]
            assert any(one.namespace == namespace for one in tables)
            before = link.bytes_up + link.bytes_down
            # A server has no bookmark where nothing of a kind was written since: such a watch is asked for anew.
            done = lambda: all(one.state.marked or one.state.vain for one in objects)  # noqa: E731
            await until(session, done, within=100, what="bookmarks")
            spent = link.bytes_up + link.bytes_down - before
            changed = [one for one in tables if not _quiet(one)]
            assert len(changed) < len(tables)
            assert spent <= A_BOOKMARK * len(watchers) + SPARED + COLUMNS * len(changed)


def _quiet(watcher: Watcher) -> bool:
    """Whether no event has come on it: none of the open watch, and the ones before were without bookmarks, too."""
    return watcher.state.bare and not watcher.state.events


@asynccontextmanager
async def thin(file: Path, kept: Path) -> AsyncIterator[ClusterSession]:
    """A session with minimal traffic that is live, and has asked what it asks once."""
    session = make_session(file, link_watch=LinkWatch(Wire.THIN))
    session.keeper = Keeper(session.target, kept)
    try:
        await session.start()
        await await_live(session, KEPT)
        async with asyncio.timeout(60):
            while session._introduction is None or not session._introduction.known:
                await asyncio.sleep(0.05)
        yield session
    finally:
        await session.close()
