"""Panes of any kind, opened by a word in the command line: what is shown, what is said, what is watched and when."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import Kinds
from edgetui.model.kinds.base import Kind
from edgetui.model.kinds.discovered import OwnerName, TableRow, head_of
from edgetui.ui.any_kind.kind_view import KindView
from tests.unit.model.factories import NOW, node, store_of

from .driving import NobodyAnswers, Screen, running

PUMP, FACTORY = "Pump.example.com", "Factory.example.com"
COLUMNS = [("Phase", "string", "", 0), ("Firmware", "string", "", 1)]
HEAD = head_of(COLUMNS)
READ = ["get", "list", "watch"]


def resource(plural: str, kind: str, *, scope: str = "Namespaced", **more: Any) -> dict[str, Any]:
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": READ,
        **more,
    }


def groups(*resources: dict[str, Any], stale: str = "") -> bytes:
    """What `/apis` answers."""
    items = [
        {"metadata": {"name": "example.com"}, "versions": [{"version": "v1", "resources": list(resources)}]},
        *(
            [{"metadata": {"name": stale}, "versions": [{"version": "v1", "freshness": "Stale"}]}]
            if stale
            else []
        ),
    ]
    return json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode()


PODS = resource("pods", "Pod", shortNames=["po"], categories=["all"])
CORE = json.dumps(
    {"kind": "APIGroupDiscoveryList", "items": [{"versions": [{"version": "v1", "resources": [PODS]}]}]}
).encode()
PUMPS = resource("pumps", "Pump", shortNames=["pu"])
FACTORIES = resource("factories", "Factory", scope="Cluster")


class Site(NobodyAnswers):
    """A session: answers discovery and nothing else, and counts what somebody looks at."""

    identity = ""
    counters = None

    def __init__(self, answer: bytes | EdgetuiError) -> None:
        self.answer = answer
        self.kinds = Kinds()
        self.needed: Counter[str] = Counter()
        self.asked = 0

    @property
    def api(self) -> Any:
        return self

    async def get_tagged(self, path: str, tag: str, headers: Mapping[str, str]) -> tuple[bytes, str]:
        self.asked += 1
        if isinstance(self.answer, EdgetuiError):
            raise self.answer
        return (CORE if path == "/api" else self.answer), ""

    def need(self, kind: str, needed: bool) -> None:
        self.needed[kind] += 1 if needed else -1

    get = get_metadata = read = NobodyAnswers._away

    def kind(self, name: str) -> Kind:
        return self.kinds[name]

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None

    @property
    def now(self) -> set[str]:
        return {kind for kind, count in self.needed.items() if count > 0}


def pump(name: str, phase: str = "Running", **more: Any) -> TableRow:
    made: dict[str, Any] = {"namespace": "d", "uid": name, "resource_version": "1", "created": NOW - 60}
    return TableRow(**made | more, name=name, head=HEAD, cells=(phase, "1.2"))


@asynccontextmanager
async def on(**sites: Site) -> AsyncIterator[tuple[Screen, dict[str, Store]]]:
    """The screen on clusters that have one node each."""
    stores = {name: store_of(node("node-0"), cluster=name) for name in sites}
    for name, store in stores.items():
        store.set_link(LinkState(Link.LIVE))
        sites[name].kinds = store.kinds
    async with running(list(stores.values()), sessions=sites) as screen:
        yield screen, stores


async def opened(screen: Screen, word: str) -> KindView:
    """The pane that a word opens."""
    await screen.press(
        "colon", *("space" if key == " " else "full_stop" if key == "." else key for key in word), "enter"
    )
    await screen.wait_for(lambda: isinstance(screen.app.main.current, KindView), f"the pane of {word}")
    view = screen.app.main.current
    assert isinstance(view, KindView)
    return view


async def told(
    screen: Screen, store: Store, *rows: TableRow, kind: str = PUMP, sync: Sync = Sync.LIVE, **more: Any
) -> None:
    """The cluster tells its rows."""
    store.replace(kind, rows)
    store.set_freshness(kind, Freshness(sync, float(NOW), **more))
    await screen.changed()


async def test_a_short_name_opens_the_pane_of_its_kind_and_its_rows_are_watched_while_it_is_shown() -> None:
    site = Site(groups(PUMPS))
    async with on(plant=site) as (screen, stores):
        await opened(screen, "pu")
        assert site.now == {PUMP}
        await told(screen, stores["plant"], pump("press"), pump("weld", "Failed"))
        assert screen.line("weld").split() == ["d", "weld", "Failed", "1m"]
        assert ": pumps.example.com  2" in screen.text()
        await screen.press("escape")
        assert screen.app.main.current.pane.id == "nodes"
        assert site.now == set()
        assert (await opened(screen, "pumps")).view.total == 2
        assert site.now == {PUMP}


async def test_wide_columns_come_with_w() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        await opened(screen, "pumps")
        await told(screen, stores["plant"], pump("press"))
        assert "FIRMWARE" not in screen.text()
        await screen.press("w")
        assert screen.line("press").split() == ["d", "press", "Running", "1.2", "1m"]


async def test_a_word_and_a_filter_show_what_both_mean() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        view = await opened(screen, "pumps phase=failed")
        await told(screen, stores["plant"], pump("press"), pump("weld", "Failed"))
        assert [key.name for key in view.view.keys] == ["weld"]


async def test_clusters_are_merged_and_those_without_the_kind_are_named() -> None:
    sites = {
        "plant": Site(groups(PUMPS)),
        "ship": Site(groups(FACTORIES)),
        "van": Site(LinkError("nobody answers.")),
    }
    async with on(**sites) as (screen, stores):
        await opened(screen, "pumps")
        await told(screen, stores["plant"], pump("press"))
        text = screen.text()
        assert "? ship: it does not serve pumps" in text
        assert "? van: it cannot be asked what it serves: nobody answers" in text
        assert sites["ship"].now == set()


async def test_objects_of_the_cluster_are_shown_whatever_namespace_is_chosen() -> None:
    async with on(plant=Site(groups(FACTORIES))) as (screen, stores):
        screen.app.main.narrow_to("line-2")
        await opened(screen, "factories")
        await told(screen, stores["plant"], pump("west", namespace=""), kind=FACTORY)
        assert screen.line("west").split() == ["west", "Running", "1m"]
        assert "NAMESPACE" not in screen.text()


async def test_a_kind_that_edgetui_has_a_pane_for_opens_that_one() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, _):
        screen.app.command_line.run("pods.v1.")
        await screen.wait_for(lambda: screen.app.main.current.pane.id == "pods", "the pods")


async def test_what_nobody_serves_is_said_with_what_did_not_answer() -> None:
    async with on(plant=Site(groups(PUMPS, stale="metrics.k8s.io"))) as (screen, _):
        screen.app.command_line.run("frobs")
        await screen.wait_for(lambda: "no kind 'frobs'" in screen.app.main.footer.message, "the sentence")
        assert "(metrics.k8s.io/v1 did not answer)" in screen.app.main.footer.message
        screen.app.command_line.run("nodes.metrics.k8s.io")
        await screen.wait_for(lambda: "does not answer" in screen.app.main.footer.message, "the sentence")
        assert (
            "metrics.k8s.io/v1 is served and does not answer; :apiservices says why"
            in screen.app.main.footer.message
        )


async def test_what_may_not_be_seen_says_which_right_to_ask_for() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        await opened(screen, "pumps")
        await told(screen, stores["plant"], sync=Sync.FORBIDDEN)
        assert "? not allowed to see pumps.example.com" in screen.text()
        assert "ask for the right to list and watch pumps of group example.com" in screen.text()


async def test_what_is_only_listed_says_how_often() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        await opened(screen, "pumps")
        await told(screen, stores["plant"], pump("press"), polled=30.0)
        assert "~ read every 30s: you may list them and not watch them" in screen.text()


async def test_a_definition_that_goes_is_said_and_asked_about_again() -> None:
    site = Site(groups(PUMPS))
    async with on(plant=site) as (screen, stores):
        await opened(screen, "pumps")
        asked = site.asked
        await told(screen, stores["plant"], sync=Sync.ABSENT)
        assert "this cluster does not serve them" in screen.text()
        assert ":crd shows what there is" in screen.text()
        site.answer = groups(FACTORIES)
        screen.app.command_line.run("factories")
        await screen.wait_for(
            lambda: screen.app.main.current.name_text == "factories.example.com", "the factories"
        )
        assert site.asked > asked


async def test_tab_completes_kinds_beside_commands() -> None:
    async with on(plant=Site(groups(PUMPS, FACTORIES))) as (screen, _):
        await screen.press("colon")
        await screen.wait_for(lambda: screen.app.command_line.kinds.means("pumps"), "what is served")
        await screen.press(*"fac", "tab", "enter")
        await screen.wait_for(
            lambda: screen.app.main.current.name_text == "factories.example.com", "the factories"
        )


async def test_a_short_name_goes_before_the_beginning_of_a_command() -> None:
    async with on(plant=Site(groups(replace_names(PUMPS, "sc")))) as (screen, _):
        await screen.press("colon")
        await screen.wait_for(lambda: screen.app.command_line.kinds.means("sc"), "what is served")
        await screen.press(*"sc", "enter")
        await screen.wait_for(lambda: isinstance(screen.app.main.current, KindView), "the pumps")


async def test_an_object_is_opened_with_its_cells_and_labels() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        await opened(screen, "pumps")
        await told(screen, stores["plant"], pump("press", labels="\x1fline=2\x1f"))
        await screen.press("enter")
        text = screen.text()
        assert "Pump press   d · plant" in text
        for fact in ("phase", "Running", "firmware", "1.2", "line=2"):
            assert fact in text
        await screen.press("escape")
        assert isinstance(screen.app.main.current, KindView)


async def test_the_owner_of_an_object_is_shown_in_the_pane_of_its_kind_as_soon_as_it_is_there() -> None:
    async with on(plant=Site(groups(PUMPS, FACTORIES))) as (screen, stores):
        await opened(screen, "pumps")
        owner = OwnerName("example.com", "Factory", "west")
        await told(screen, stores["plant"], pump("press", owner=owner, owner_uid="west"))
        await screen.press("f")
        await screen.wait_for(
            lambda: screen.app.main.current.name_text == "factories.example.com", "the factories"
        )
        rows = [pump(name, namespace="") for name in ("east", "west")]
        await told(screen, stores["plant"], *rows, kind=FACTORY)
        assert screen.app.main.current.table.cursor == ObjectKey("plant", FACTORY, "", "west")


async def test_nothing_is_painted_while_nothing_changes() -> None:
    async with on(plant=Site(groups(PUMPS))) as (screen, stores):
        view = await opened(screen, "pumps")
        await told(screen, stores["plant"], *(pump(f"press-{n}") for n in range(50)))
        painted: list[Any] = []
        view.table.refresh = lambda *regions, **more: painted.append(regions)  # type: ignore[method-assign,assignment]
        stores["plant"].set_freshness(PUMP, Freshness(Sync.LIVE, float(NOW) + 5))
        await screen.changed()
        screen.app.main.tick()
        assert painted == []
        screen.clock.advance(60)
        screen.app.main.tick()
        assert painted


def replace_names(made: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**made, "shortNames": list(names)}
