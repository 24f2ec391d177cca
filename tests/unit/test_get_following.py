"""`get -w` line by line: what a change, a coming and a going print, in each form, and what is said of links."""

from __future__ import annotations

import asyncio
import io
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.get import following as watching
from edgetui.get.following import Following
from edgetui.get.wanted import Wanted, of_words
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from tests.unit.model import factories as f

NOW = float(f.NOW)


def put(store: Store, made: dict[str, Any]) -> None:
    store.apply(made["kind"], row_of(made["kind"], made))
    store.drain()


def followed(*stores: Store, words: str = "nodes", names: bool = False, width: int = 60) -> Following:
    tables = of_words([words])
    return Following(SimpleNamespace(stores=list(stores)), tables[0], width, names=names)  # type: ignore[arg-type]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "time", SimpleNamespace(time=lambda: NOW))


def heads(found: tuple[list[str], list[str]]) -> list[tuple[str, ...]]:
    return [tuple(line.split()[:3]) for line in found[0]]


@pytest.mark.parametrize("names", [False, True])
def test_a_row_is_printed_when_it_comes_changes_and_goes_and_not_when_it_only_grows_older(
    names: bool,
) -> None:
    store = f.store_of(f.node("edge-1"), f.node("edge-2"))
    following = followed(store, names=names)
    assert following.news(NOW) == ([], [])
    assert following.news(NOW + 3600) == ([], []), "ages are no change"
    put(store, f.node("edge-2", cordoned=True))
    put(store, f.node("edge-3"))
    found = following.news(NOW)
    if names:
        assert found == (["node/edge-2", "node/edge-3"], [])
    else:
        assert heads(found) == [("edge-2", "Read…", "v1.33.4+k3s1"), ("edge-3", "Ready", "v1.33.4+k3s1")]
    assert following.news(NOW) == ([], [])
    assert store.delete("Node", "", "edge-1", "")
    store.drain()
    found = following.news(NOW)
    assert heads(found) == ([] if names else [("-", "edge-1", "Ready")])
    assert following.news(NOW) == ([], [])


def test_the_heading_comes_with_the_first_row_and_only_once() -> None:
    store = f.store_of()
    store.set_freshness("Node", Freshness(Sync.LIVE, heard=NOW))
    following = followed(store)
    assert following.news(NOW) == ([], [])
    put(store, f.node("edge-1"))
    assert [line.split()[0] for line in following.news(NOW)[0]] == ["NAME", "edge-1"]
    put(store, f.node("edge-2"))
    assert [line.split()[0] for line in following.news(NOW)[0]] == ["edge-2"]
    quiet = followed(f.store_of(), names=True)
    put(quiet._opened.stores[0], f.node("edge-1"))
    assert quiet.news(NOW)[0] == ["node/edge-1"]


def test_several_clusters_are_told_apart_and_one_is_not() -> None:
    plant, depot = f.store_of(f.node("edge-1")), Store("depot")
    following = followed(plant, depot, width=200)
    put(plant, f.node("edge-1", cordoned=True))
    assert heads(following.news(NOW)) == [("plant", "edge-1", "Read…")]


def test_a_link_is_told_of_when_it_is_another_and_not_before() -> None:
    store = f.store_of(f.node("edge-1"))
    store.set_link(LinkState(Link.LIVE, NOW))
    following = followed(store)
    store.set_link(LinkState(Link.LIVE, NOW + 5))
    assert following.news(NOW)[1] == []
    store.set_link(LinkState(Link.STALE, NOW, sentence="No answer.", next_step="Wait."))
    assert following.news(NOW)[1] == ["plant  stale  No answer.  Wait."]
    assert following.news(NOW)[1] == []
    store.set_link(LinkState(Link.LIVE, NOW))
    assert following.news(NOW)[1] == ["plant  live"]


async def test_it_waits_for_a_change_gathers_what_comes_together_and_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slept: list[float] = []
    store = f.store_of(f.node("edge-1"))
    following = followed(store, names=True)
    gathered = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        gathered.set()

    monkeypatch.setattr(watching, "asyncio", SimpleNamespace(sleep=sleep))
    out, err = io.StringIO(), io.StringIO()
    running = asyncio.ensure_future(following.run(out, err))
    for number in range(3):
        await asyncio.wait_for(gathered.wait(), 60)
        for _ in range(5):
            await asyncio.sleep(0)
        assert slept == [0.2] * (number + 1), "nothing is done until something changes"
        assert out.getvalue() == "".join(f"node/edge-{at}\n" for at in range(2, number + 2))
        gathered.clear()
        if number < 2:
            put(store, f.node(f"edge-{number + 2}"))
    store.set_link(LinkState(Link.STALE, NOW, sentence="No answer."))
    await asyncio.wait_for(gathered.wait(), 60)
    for _ in range(5):
        await asyncio.sleep(0)
    assert err.getvalue() == "plant  stale  No answer.\n"
    running.cancel()
    await asyncio.wait([running])


def test_of_a_kind_only_what_was_asked_for_is_followed() -> None:
    store = f.store_of(f.pod("a", "line-1"), f.pod("b", "line-2"))
    tables: list[Wanted] = of_words(["pods"])
    tables[0].namespace = "line-2"
    following = Following(SimpleNamespace(stores=[store]), tables[0], 60, names=True)  # type: ignore[arg-type]
    put(store, f.pod("c", "line-1"))
    put(store, f.pod("d", "line-2"))
    assert following.news(NOW)[0] == ["pod/d"]
