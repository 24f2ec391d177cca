"""What a word that is no command shows and says, on clusters whose catalogs a test decides: nothing is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.model.resources.served import Resource, Served
from edgetui.ui.any_kind import kind_panes as module
from edgetui.ui.any_kind.kind_panes import MOST_WORDS, KindPanes, _title
from tests.unit.model import factories as f

from .noting import Noting


def resource(plural: str, group: str = "example.com", version: str = "v1", **more: Any) -> Resource:
    usual: dict[str, Any] = {
        "verbs": ("get", "list", "watch"),
        "namespaced": True,
        "kind": plural[:-1].title(),
    }
    return Resource(group=group, version=version, plural=plural, **usual | more)


PUMPS, VALVES = resource("pumps"), resource("valves")
ONLY_MADE = resource("reviews", verbs=("create",))
PODS, DEPLOYMENTS = resource("pods", "", kind="Pod"), resource("deployments", "apps", kind="Deployment")


class Catalog:
    """Serves what it is told; `finds` is what any word means, or why it cannot be asked."""

    def __init__(self, name: str, log: list[Any], finds: Any) -> None:
        self.name, self.log, self.finds = name, log, finds
        self.problem: EdgetuiError | None = None
        self.served: Any = SimpleNamespace(
            resources=finds, broken=(), find=lambda group, plural: self.preferred
        )
        self.preferred: Resource | None = finds[0] if finds else None
        self.go = asyncio.Event()
        self.go.set()

    async def find(self, word: str) -> Any:
        await self.go.wait()
        return self.finds

    def adopt(self, resources: Sequence[Resource]) -> dict[str, Resource]:
        self.log.append(("adopt", self.name, [one.name for one in resources]))
        return {f"{one.kind}.{one.group}": one for one in resources}

    def doubt(self) -> None:
        self.log.append(("doubt", self.name))

    async def known(self) -> None:
        self.log.append(("known", self.name))

    async def recall(self) -> None:
        self.log.append(("recall", self.name))


class View:
    """A pane of any kind; notes what it is told."""

    def __init__(self, pane: Any, stores: Any, *, now: Any, monotonic: Any, doubt: Any) -> None:
        self.log = LOG
        self.pane = SimpleNamespace(needs_in=lambda store: [*self.needs])
        self.needs: list[str] = []
        self.doubted = doubt
        self.log.append(("made", pane.title, pane.id))

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.log.append((name, *given))

    def admit(self, cluster: str, ids: Any) -> None:
        self.log.append(("admit", cluster, list(ids)))
        self.needs += [one for one in ids if one not in self.needs]


LOG: list[Any] = []


class Site:
    """The panes of some clusters, by their names with what each of them finds."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **finds: Any) -> None:
        LOG.clear()
        self.catalogs = {name: Catalog(name, LOG, found) for name, found in finds.items()}
        monkeypatch.setattr(module, "Catalog", lambda session, *given: self.catalogs[session.name])
        monkeypatch.setattr(module, "KindView", View)
        self.stores = {name: f.store_of(cluster=name) for name in finds}
        self.workers: list[Any] = []
        self.app: Any = Noting(
            LOG, options=SimpleNamespace(keep_rows=False), fleet=SimpleNamespace(stores=self.stores),
            sessions={name: Noting(LOG, name=name) for name in finds}, stores=[*self.stores.values()],
            now=lambda: 0.0, monotonic=lambda: 0.0, run_worker=self._run,
        )  # fmt: skip
        self.main: Any = Noting(LOG, current=None, namespace="line-2", show_view=self._show)
        self.panes = KindPanes(self.app, self.main)  # type: ignore[arg-type]

    def _run(self, work: Any, **more: Any) -> None:
        self.workers.append((work, more))

    def _show(self, view: Any) -> None:
        LOG.append(("show",))
        self.main.current = view

    async def open(self, word: str, narrowed: str = "") -> list[Any]:
        """What a word does."""
        LOG.clear()
        self.workers.clear()
        self.panes.open(word, lambda: narrowed)
        ((work, more),) = self.workers
        assert more == {"group": "kind", "exclusive": True, "exit_on_error": False}
        await work()
        return [*LOG]


def flash(text: str) -> tuple[str, str]:
    return ("flash", text)


async def test_a_word_opens_its_pane_once_and_has_every_cluster_that_knows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch, plant=(PUMPS,), van=(), ship=(PUMPS,))
    site.catalogs["van"].go.clear()
    site.catalogs["ship"].go.clear()
    asyncio.get_running_loop().call_later(0.01, site.catalogs["van"].go.set)
    asyncio.get_running_loop().call_later(0.02, site.catalogs["ship"].go.set)
    assert await site.open("pumps", "phase=x") == [
        ("made", "pumps.example.com", "kind-0"),
        ("narrow", "", "line-2"),
        ("show",),
        ("filter", "phase=x"),
        ("adopt", "plant", ["pumps.example.com"]),
        ("admit", "plant", ["Pump.example.com"]),
        ("need", "Pump.example.com", True),
        ("leave_out", "van", "it does not serve pumps"),
        ("adopt", "ship", ["pumps.example.com"]),
        ("admit", "ship", ["Pump.example.com"]),
    ]
    again = await site.open("pumps")
    assert ("made", "pumps.example.com", "kind-0") not in again
    assert [one for one in again if one[0] in ("show", "need")] == [("show",)], "nothing is watched twice"
    site.catalogs["plant"].finds = site.catalogs["ship"].finds = (VALVES,)
    site.catalogs["plant"].preferred = VALVES
    assert ("made", "valves.example.com", "kind-1") in await site.open("valves")


async def test_those_who_were_asked_first_and_have_nothing_are_left_out_of_the_pane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch, van=(), plant=(PUMPS,))
    site.catalogs["plant"].go.clear()
    asyncio.get_running_loop().call_later(0.01, site.catalogs["plant"].go.set)
    found = await site.open("pumps")
    assert found.index(("leave_out", "van", "it does not serve pumps")) < found.index(("show",))


async def test_a_pane_that_is_no_longer_in_front_watches_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, plant=(PUMPS,))
    site.main.show_view = lambda view: None
    assert not [one for one in await site.open("pumps") if one[0] == "need"]


async def test_a_slow_cluster_is_said_once_and_only_while_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "ASKING", 0.005)
    site = Site(monkeypatch, plant=(PUMPS,))
    site.catalogs["plant"].go.clear()
    asyncio.get_running_loop().call_later(0.03, site.catalogs["plant"].go.set)
    said = "Asking what the clusters serve as 'pumps'…"
    assert [one for one in await site.open("pumps") if one[0] == "flash"] == [flash(said)]
    site = Site(monkeypatch, plant=(PUMPS,), van=(PUMPS,))
    site.catalogs["van"].go.clear()
    asyncio.get_running_loop().call_later(0.03, site.catalogs["van"].go.set)
    assert not [one for one in await site.open("pumps") if one[0] == "flash"]


async def test_a_defect_and_a_failure_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, plant=(PUMPS,))

    async def fails(word: str) -> Any:
        raise LinkError("nobody answers.", "Wait.")

    site.catalogs["plant"].find = fails  # type: ignore[method-assign]
    assert await site.open("pumps") == [flash(str(LinkError("nobody answers.", "Wait.")))]


@pytest.mark.parametrize(
    ("found", "narrowed", "asked"),
    [
        ((PODS,), "x", [("action_pane", "pods"), ("filter", "x")]),
        ((PODS,), "", [("action_pane", "pods"), ("filter", "")]),
        ((DEPLOYMENTS,), "x", [("action_pane", "rollouts"), ("filter", "kind=Deployment x")]),
        ((DEPLOYMENTS,), "", [("action_pane", "rollouts"), ("filter", "kind=Deployment")]),
    ],
)
async def test_a_kind_with_a_pane_of_its_own_is_shown_there(
    found: Any, narrowed: str, asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await Site(monkeypatch, plant=found, van=()).open("x", narrowed) == asked


async def test_an_object_is_looked_for_in_the_pane_of_its_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, plant=(PODS,), van=(PODS,))
    site.stores["plant"].kinds = {  # type: ignore[assignment]
        "Pod": SimpleNamespace(plural="pods", version="v1", group=""),
        "Pump": SimpleNamespace(plural="pumps", version="v1beta1", group="example.com"),
    }
    words: list[str] = []

    async def find(word: str) -> Any:
        words.append(word)
        return (PODS,)

    site.catalogs["plant"].find = find  # type: ignore[method-assign]
    for kind in ("Pod", "Pump"):
        LOG.clear()
        site.workers.clear()
        key = ObjectKey("plant", kind, "d", "press")
        site.panes.go_to(key)
        ((work, _),) = site.workers
        await work()
        assert [one for one in LOG if one[0] == "seek"] == [("seek", key._replace(kind="Pod."))]
        assert ("action_pane", "pods") not in LOG
    assert words == ["pods", "pumps.v1beta1.example.com"]


# -- sentences


async def test_what_no_cluster_serves_is_said_with_the_first_other_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch, plant=(), van=())
    none = "There is no command and no kind 'frobs'; : and then tab lists them."
    assert await site.open("frobs") == [flash(none)]
    broken = SimpleNamespace(group_version="metrics.k8s.io/v1")
    for one in site.catalogs.values():
        one.served.broken = (broken,)
    also = "There is no command and no kind 'frobs' (metrics.k8s.io/v1 did not answer); : and then tab lists them."
    assert await site.open("frobs") == [flash(also)]
    why = "metrics.k8s.io/v1 is served and does not answer; :apiservices says why"
    assert await site.open("nodes.metrics.k8s.io") == [flash(f"plant: {why}.")]
    site.catalogs["van"].finds = (ONLY_MADE,)
    assert await site.open("reviews") == [flash("van: its reviews.example.com cannot be listed.")]
    site = Site(monkeypatch, plant=(), van=())
    site.catalogs["van"].problem = LinkError("nobody answers.")
    asked = "van: it cannot be asked what it serves: nobody answers."
    assert await site.open("frobs") == [flash(asked)]
    site.catalogs["van"].served.resources = (PUMPS,)
    assert await site.open("frobs") == [flash(none)], "what it served then it serves"
    assert await Site(monkeypatch).open("frobs") == [flash(none)]


@pytest.mark.parametrize(
    ("found", "preferred", "title"),
    [
        ((PUMPS,), PUMPS, "pumps.example.com"),
        ((PUMPS,), None, "pumps.v1.example.com"),
        ((PUMPS,), resource("pumps", version="v2"), "pumps.v1.example.com"),
        ((resource("secrets", ""),), resource("secrets", ""), "secrets"),
        ((PUMPS, VALVES), PUMPS, "word"),
    ],
)
def test_a_pane_is_called_as_its_kind_or_by_the_word_of_several(
    found: Any, preferred: Resource | None, title: str
) -> None:
    assert _title("word", found, preferred) == title


async def test_what_a_typed_word_may_become_and_means(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch, plant=(), van=())
    site.catalogs["van"].served = Served(resources=(PUMPS, *(resource(f"a{at:02}s") for at in range(60))))
    site.catalogs["plant"].served = Served()
    assert site.panes.means("pumps")
    assert not site.panes.means("valves")
    assert "pumps" in site.panes.words("pum")
    assert len(site.panes.words("a")) == MOST_WORDS
    assert site.panes.words("") == ()


async def test_what_is_served_is_found_out_while_a_word_is_typed_and_only_recalled_on_a_thin_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch, plant=(), van=())
    site.stores["van"].set_wire(WireState(Wire.THIN))
    site.panes.look_up()
    for work, _ in site.workers:
        await work()
    assert [more for _, more in site.workers] == [
        {"group": "catalog plant", "exit_on_error": False},
        {"group": "catalog van", "exit_on_error": False},
    ]
    assert LOG == [("known", "plant"), ("recall", "van")]
    LOG.clear()
    site.panes._doubt("van")
    site.panes._doubt("nowhere")
    assert LOG == [("doubt", "van")]
