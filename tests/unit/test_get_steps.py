"""What `edgetui get` asks of each cluster, in which order and for how long, and what it says of what they lack."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.target import ClusterTarget
from edgetui.get import reading as getting
from edgetui.get.reading import reading
from edgetui.get.wanted import Wanted, of_words
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane
from edgetui.model.resources.served import Resource


def resource(name: str, listed: bool = True) -> Resource:
    return Resource(
        group="example.com",
        version="v1",
        plural=name,
        kind=name.capitalize(),
        namespaced=True,
        verbs=("list", "watch") if listed else ("create",),
    )


class Catalog:
    """What one cluster serves; `problem` is why the answer is not whole."""

    def __init__(
        self, told: list[str], name: str, *resources: Any, problem: EdgetuiError | None = None
    ) -> None:
        self.told, self.name, self.problem = told, name, problem
        self.served = SimpleNamespace(resources=resources)
        self.kinds: Any = None

    async def find(self, word: str) -> list[Any]:
        self.told.append(f"{self.name} finds {word}")
        return [one for one in self.served.resources if word in (one.plural, "everything")]

    async def known(self) -> None:
        self.told.append(f"{self.name} known")

    def adopt(self, resources: list[Resource]) -> dict[str, Resource]:
        kinds = {kind_of(one).id: kind_of(one) for one in resources}
        self.kinds.replace_discovered(kinds)
        return dict(zip(kinds, resources, strict=True))


class Clusters:
    """Sessions of clusters, each with what it serves, or what becomes of asking it. `told` is what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **served: Any) -> None:
        self.told: list[str] = []
        self.served = served
        self.now = 100.0
        self.seconds_each = 0.0
        self.unusable: set[str] = set()
        self.link = LinkState(Link.LIVE)
        self.targets = [ClusterTarget(name=name, context=name) for name in served]
        self.sessions: list[Any] = []
        monkeypatch.setattr(getting, "ClusterSession", self._session)
        monkeypatch.setattr(getting, "Keeper", lambda target: f"keeper of {target.name}")
        monkeypatch.setattr(getting, "catalog_of", self._catalog)
        monkeypatch.setattr(getting, "_metrics", self._metrics)
        monkeypatch.setattr(getting, "time", SimpleNamespace(monotonic=lambda: self.now, time=lambda: 5.0))

    def _session(self, target: ClusterTarget) -> Any:
        name, told = target.name, self.told
        store = Store(name)
        store.set_link(self.link)

        async def start(kinds: list[str]) -> None:
            told.append(f"{name} starts with {' '.join(kinds) or 'nothing'}")

        async def settled(seconds: float) -> None:
            self.now += self.seconds_each
            told.append(f"{name} settles in {seconds:g}")

        async def introduced(seconds: float) -> None:
            told.append(f"{name} is introduced in {seconds:g}")

        async def close() -> None:
            told.append(f"{name} closes")

        made = SimpleNamespace(
            name=name,
            target=target,
            store=store,
            keeper=None,
            counters=None if name in self.unusable else "counters",
            api=name,
            start=start,
            settled=settled,
            introduced=introduced,
            close=close,
            look_at_kinds=lambda kinds: told.append(f"{name} meters {' '.join(sorted(kinds))}"),
            need=lambda kind, needed: told.append(
                f"{name} needs {kind}" if needed else f"{name} leaves {kind}"
            ),
        )
        self.sessions.append(made)
        return made

    async def _catalog(self, name: str, seconds: float) -> Catalog:
        served = self.served[name]
        if isinstance(served, BaseException):
            raise served
        if served is None:
            await asyncio.Event().wait()
        assert isinstance(served, Catalog)
        served.kinds = next(one.store.kinds for one in self.sessions if one.name == name)
        return served

    async def _metrics(self, stores: Any, limit: float) -> None:
        self.told.append(f"usage of {' '.join(store.cluster for store in stores)} in {limit:g}")

    async def read(self, tables: list[Wanted], *, timeout: float = 15.0, keep_rows: bool = False) -> Any:
        async with reading(self.targets, tables, timeout, keep_rows=keep_rows) as opened:
            self.told.append("printed")
            return opened


def none(clusters: Clusters, name: str) -> Catalog:
    return Catalog(clusters.told, name)


async def test_a_pane_is_read_once_its_lists_and_its_usage_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = Clusters(monkeypatch, plant=KeyError(), depot=KeyError())
    opened = await clusters.read(of_words(["nodes"]))
    assert clusters.told == [
        "plant starts with Node Pod",
        "plant meters Node Pod",
        "depot starts with Node Pod",
        "depot meters Node Pod",
        "plant settles in 15",
        "depot settles in 15",
        "plant is introduced in 3",
        "depot is introduced in 3",
        "usage of plant depot in 3",
        "printed",
        "plant closes",
        "depot closes",
    ]
    assert (opened.notes, [session.keeper for session in opened.sessions]) == ([], [None, None])


async def test_a_cluster_that_is_still_silent_says_so_before_anything_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = Clusters(monkeypatch, plant=KeyError())
    clusters.link = LinkState(Link.CONNECTING)
    opened = await clusters.read(of_words(["nodes"]), timeout=7.0)
    assert opened.stores[0].link.sentence == "The server has not answered within 7 s."


async def test_no_step_waits_longer_than_what_is_left_and_rows_are_kept_where_that_is_wanted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = Clusters(monkeypatch, plant=KeyError(), depot=KeyError())
    clusters.seconds_each = 2.0
    opened = await clusters.read(of_words(["nodes"]), timeout=5.0, keep_rows=True)
    waits = [words for words in clusters.told if " in " in words]
    assert waits == [
        "plant settles in 5",
        "depot settles in 5",
        "plant is introduced in 1",
        "depot is introduced in 1",
        "usage of plant depot in 1",
    ]
    assert [session.keeper for session in opened.sessions] == ["keeper of plant", "keeper of depot"]
    clusters.told.clear()
    clusters.seconds_each = 9.0
    await clusters.read(of_words(["nodes"]), timeout=5.0)
    assert "usage of plant depot in 0" in clusters.told, "no wait is below nothing"


async def test_a_pane_without_usage_waits_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = Clusters(monkeypatch, plant=KeyError())
    await clusters.read(of_words(["events"]))
    assert clusters.told == [
        "plant starts with Event",
        "plant meters Node Pod",
        "plant settles in 15",
        "plant is introduced in 3",
        "printed",
        "plant closes",
    ]


@pytest.mark.parametrize("answer", [EdgetuiError("No right."), TimeoutError(), "served"])
async def test_what_a_pane_may_show_is_looked_for_where_it_is_served(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    clusters = Clusters(monkeypatch, plant=answer, depot=answer)
    clusters.unusable = {"depot"}
    if answer == "served":
        clusters.served["plant"] = none(clusters, "plant")
    await clusters.read(of_words(["updates"]))
    assert ("plant known" in clusters.told) == (answer == "served")
    assert "depot known" not in clusters.told
    needed = [words for words in clusters.told if "needs" in words]
    assert set(needed) == {f"plant needs {kind}" for kind in PANES["updates"].needs_in(Store(""))}


async def test_panes_of_which_something_is_optional_are_read_without_asking_beside_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for words, asked in (([], False), (["rollouts"], True), (["updates", "nodes"], False)):
        clusters = Clusters(monkeypatch, plant=KeyError())
        clusters.served["plant"] = none(clusters, "plant")
        panes = of_words(words) if words != ["updates", "nodes"] else of_words([], ["updates,nodes"])
        await clusters.read(panes)
        on_demand = any(table.pane.on_demand and table.pane.optional_said for table in panes)
        assert ("plant known" in clusters.told) == (asked or on_demand)


def kind(word: str) -> list[Wanted]:
    return of_words([word])


async def test_a_kind_is_kept_where_it_is_served_and_the_others_are_told_of(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = Clusters(monkeypatch, plant=None, depot=None, van=None)
    clusters.served = {
        "plant": Catalog(clusters.told, "plant", resource("pumps"), resource("valves")),
        "depot": Catalog(clusters.told, "depot", resource("pumps", listed=False)),
        "van": Catalog(clusters.told, "van"),
    }
    tables = kind("pumps")
    opened = await clusters.read(tables)
    assert clusters.told == [
        "plant starts with nothing",
        "plant meters Node Pod",
        "depot starts with nothing",
        "depot meters Node Pod",
        "van starts with nothing",
        "van meters Node Pod",
        "plant finds pumps",
        "plant needs Pumps.example.com",
        "depot finds pumps",
        "van finds pumps",
        "plant settles in 15",
        "plant is introduced in 3",
        "printed",
        "plant closes",
        "depot closes",
        "van closes",
    ]
    assert opened.notes == ["depot serves no pumps.", "van serves no pumps."]
    assert tables[0].pane.title == "pumps.example.com"
    links = {store.cluster: store.link for store in opened.stores}
    assert links["depot"] == links["van"] == LinkState(Link.LIVE, 5.0, heard=5.0)
    assert links["plant"] == LinkState(Link.LIVE)


async def test_several_kinds_of_one_word_have_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    clusters = Clusters(monkeypatch, plant=None)
    clusters.served["plant"] = Catalog(clusters.told, "plant", resource("pumps"), resource("valves"))
    tables = kind("everything")
    await clusters.read(tables)
    assert tables[0].pane.title == "everything"
    assert [words for words in clusters.told if "needs" in words] == [
        "plant needs Pumps.example.com",
        "plant needs Valves.example.com",
    ]


async def test_beside_a_pane_every_cluster_is_waited_for_and_is_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = Clusters(monkeypatch, plant=None, depot=None)
    clusters.served = {
        "plant": Catalog(clusters.told, "plant", resource("pumps")),
        "depot": Catalog(clusters.told, "depot"),
    }
    await clusters.read([*of_words(["events"]), *kind("pumps")])
    assert [words for words in clusters.told if "settles" in words] == [
        "plant settles in 15",
        "depot settles in 15",
    ]


@pytest.mark.parametrize(
    ("served", "sentence", "step"),
    [
        (["plant"], "plant serves no pumpz.", "Did you mean pumps?"),
        (["plant", "depot"], "The clusters serve no pumpz.", "Did you mean pumps?"),
    ],
)
async def test_a_kind_that_no_cluster_serves_is_refused_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, served: list[str], sentence: str, step: str
) -> None:
    clusters = Clusters(monkeypatch, **dict.fromkeys(served))
    for name in served:
        clusters.served[name] = Catalog(
            clusters.told, name, resource("pumps"), resource("pumpz", listed=False), resource("events")
        )
    with pytest.raises(EdgetuiError) as wrong:
        await clusters.read(kind("pumpz"))
    assert (wrong.value.sentence, wrong.value.next_step) == (sentence, step)
    assert [words for words in clusters.told if "closes" in words] == [f"{name} closes" for name in served]


async def test_clusters_that_do_not_answer_or_refuse_say_so_by_their_links(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clusters = Clusters(
        monkeypatch, plant=None, depot=EdgetuiError("No right.", "Ask."), van=None, farm=None, mine=None
    )
    partly = Catalog(clusters.told, "van", problem=EdgetuiError("Half of it is missing."))
    clusters.served["van"] = partly
    clusters.served["mine"] = Catalog(clusters.told, "mine", resource("pumps"))
    clusters.unusable = {"farm"}
    opened = await clusters.read(kind("pumps"), timeout=0.05)
    links = {store.cluster: store.link for store in opened.stores}
    assert links["plant"] == links["farm"] == LinkState(Link.LIVE)
    assert links["depot"] == LinkState(Link.STALE, 5.0, sentence="No right.", next_step="Ask.")
    assert links["van"] == LinkState(Link.STALE, 5.0, sentence="Half of it is missing.")
    assert opened.notes == []


@pytest.mark.parametrize(
    ("link", "says"),
    [
        (LinkState(Link.CONNECTING), True),
        (LinkState(Link.STALE, 3.0), True),
        (LinkState(Link.STALE, sentence="It is gone."), False),
        (LinkState(Link.CONNECTING, sentence="It is gone."), False),
        (LinkState(Link.LIVE), False),
        (LinkState(Link.REFUSED), False),
        (LinkState(Link.BROKEN), False),
    ],
)
def test_a_cluster_that_said_nothing_in_time_has_a_sentence(link: LinkState, says: bool) -> None:
    store = Store("plant")
    store.set_link(link)
    getting._say_silence(store, 2.5)
    if not says:
        assert store.link == link
        return
    assert (store.link.link, store.link.since) == (link.link, link.since)
    assert store.link.sentence == "The server has not answered within 2.5 s."
    assert store.link.next_step == "Check the network, VPN or tunnel, or wait longer with --timeout."


@pytest.mark.parametrize("pane", PANES.values(), ids=PANES)
def test_what_is_read_unasked_is_all_that_is_sure_to_be_there(pane: Pane) -> None:
    unasked = Store("")
    found = list(getting._read_unasked(pane, unasked))
    if pane.optional and not pane.optional_said:
        assert found == list(pane.needs)
    else:
        assert found == list(pane.needs_in(unasked))
