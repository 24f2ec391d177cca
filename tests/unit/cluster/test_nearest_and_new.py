"""Names that are offered instead of a wrong one, and kubeconfigs that may have been written after they were read."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster import kubeconfig_watch
from edgetui.cluster.kubeconfig.context import nearest
from edgetui.cluster.kubeconfig_watch import JUST_WRITTEN
from edgetui.model.cache.freshness import Link, LinkState

NOW = 1_790_000_000.0


@pytest.mark.parametrize(
    ("name", "names", "said"),
    [
        ("plamt", ["plant", "van"], "Did you mean plant?"),
        ("site-9", ["site-1", "site-2", "site-3", "site-4"], "Did you mean site-4 or site-3 or site-2?"),
        ("zzz", ["plant", "van"], "There is plant, van."),
        ("zzz", ["a1", "b1", "c1", "d1", "e1"], "There is a1, b1, c1, d1, e1."),
        ("zzz", ["a1", "b1", "c1", "d1", "e1", "f1"], "There is a1, b1, c1, d1, e1 and more."),
        ("zzz", [], ""),
        ("", ["plant"], "There is plant."),
        ("pl\x1bnt", ["pl\x1bant"], "Did you mean pl ant?"),
    ],
)
def test_what_is_offered(name: str, names: list[str], said: str) -> None:
    assert nearest(name, names) == said


@pytest.mark.parametrize(
    ("age", "again"), [(0.0, True), (JUST_WRITTEN - 5, True), (JUST_WRITTEN + 5, False), (None, False)]
)
async def test_a_file_that_was_just_written_is_read_once_more(
    age: float | None, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, reads = 0, 0
    enough = asyncio.Event()

    async def stamps(files: Any) -> list[Any]:
        nonlocal looks
        looks += 1
        if looks == 5:
            enough.set()
        return [None if age is None else (int((NOW - age) * 1e9), 7, 7)]

    async def reread() -> None:
        nonlocal reads
        reads += 1

    monkeypatch.setattr(kubeconfig_watch, "_stamps", stamps)
    monkeypatch.setattr(kubeconfig_watch, "WHILE_UP", 0.0)
    monkeypatch.setattr(kubeconfig_watch, "time", SimpleNamespace(time=lambda: NOW))
    session: Any = SimpleNamespace(
        target=SimpleNamespace(sources=("config",), error=None),
        credentials=SimpleNamespace(reread=reread, said="", on_other_target=None),
        store=SimpleNamespace(link=LinkState(link=Link.LIVE)),
    )
    following = asyncio.ensure_future(kubeconfig_watch.follow(session, ()))
    await asyncio.wait_for(enough.wait(), 30)
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following
    assert reads == int(again)
