"""The way among places, what is written of the layout, what the header and the footer say, and what is left behind."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Receipt, Refusal, Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey
from edgetui.ui import earlier_writes
from edgetui.ui.layout import Layout, PaneLayout
from edgetui.ui.layout_keeper import LayoutKeeper
from edgetui.ui.navigation import navigator as module
from edgetui.ui.navigation.history import MOST, History, Place
from edgetui.ui.navigation.navigator import Navigator
from edgetui.ui.terminal_meter import AGAIN, LEAST, WINDOW, TerminalMeter
from edgetui.ui.widgets.header import HeaderBar, _of_clusters
from tests.unit.model import factories as f

from .noting import Noting
from .test_dialogs import REF
from .test_text_grids import marked

PRESS = REF.key
OVEN = ObjectKey("plant", "Deployment", "line-1", "oven")


# -- places


class Stacked(Noting):
    """An app of which the last screen is in front."""

    @property
    def screen(self) -> Any:
        return self.__dict__["stack"][-1]

    front = screen


class Screens:
    """A dashboard with open objects over it."""

    def __init__(self) -> None:
        self.noted: list[Any] = []
        table = SimpleNamespace(go_to=lambda key: self.noted.append(("go to", key.name)))
        self.main: Any = Noting(self.noted, place=Place("pods"), current=SimpleNamespace(table=table))
        self.stack: list[Any] = [self.main]
        app: Any = Stacked(self.noted, stack=self.stack, push_screen=self._push, pop_screen=self._pop)
        main: Any = self.main
        self.navigator = Navigator(app, main)

    def _push(self, screen: Any) -> None:
        self.noted.append(("opens", type(screen).__name__ if not isinstance(screen, str) else screen))
        self.stack.append(SimpleNamespace(place=self.main.place._replace(key=PRESS, view="detail")))

    def _pop(self) -> None:
        self.noted.append("closes")
        self.stack.pop()


@pytest.fixture
def screens(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(module, "_detail_screen", lambda key: f"the page of {key.name}")
    return Screens()


def test_an_object_is_opened_over_what_is_there_and_left_again(screens: Any) -> None:
    way = screens.navigator
    assert way.pane == way.here == Place("pods")
    way.open("detail", PRESS)
    assert screens.noted == [("opens", "the page of press")]
    assert (way.pane, way.here) == (Place("pods"), Place("pods", key=PRESS, view="detail"))
    screens.stack.append(SimpleNamespace(place=None))
    screens.noted.clear()
    way.close_views()
    assert screens.noted == [], "a question stays"
    screens.stack.pop()
    way.close_views()
    way.close_views()
    assert screens.noted == ["closes"]
    for view, name in (("logs", "LogScreen"), ("manifest", "ManifestScreen")):
        screens.noted.clear()
        way.show(view, PRESS)
        assert screens.noted == [("opens", name)]


def test_back_and_forward_lead_to_the_pane_its_filter_its_cursor_and_what_was_open(screens: Any) -> None:
    way, noted = screens.navigator, screens.noted
    way.step(-1)
    way.step(1)
    assert noted == []
    way.open("detail", PRESS)

    def leave() -> None:
        screens.main.__dict__["place"] = Place("nodes", "x", OVEN)

    way.leave_for(leave)
    assert noted == [("opens", "the page of press"), "closes"]
    noted.clear()
    way.step(-1)
    assert noted == [
        ("show_pane", "pods"),
        ("filter", ""),
        ("go to", "press"),
        ("opens", "the page of press"),
    ]
    noted.clear()
    way.step(1)
    assert noted == ["closes", ("show_pane", "nodes"), ("filter", "x"), ("go to", "oven")]
    noted.clear()
    way.step(1)
    assert noted == []


def test_only_the_last_places_are_remembered() -> None:
    history, here = History(), Place("0")
    for at in range(1, MOST + 20):
        history.go(here, Place(str(at)))
        here = Place(str(at))
    back = []
    while (place := history.back(here)) is not None:
        back.append(place.pane)
        here = place
    assert len(back) == MOST - 1
    assert (back[0], back[-1]) == (str(MOST + 18), "20")
    history.go(here, here)
    assert history.forward(here) == Place("21")


# -- the layout


class Keeper:
    """A keeper of a dashboard that a test changes, and what it writes."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, kept: Layout, file: Path | None, fails: OSError | None
    ) -> None:
        self.written: list[Layout] = []
        self.noted: list[Any] = []

        def write(file: Path, layout: Layout) -> None:
            if fails is not None:
                raise fails
            self.written.append(layout)

        monkeypatch.setattr("edgetui.ui.layout.write", write)
        self.app: Any = Noting(
            self.noted, remembered=SimpleNamespace(layout=kept, file=file), theme_name="ansi",
            options=SimpleNamespace(namespace="line-2"), stores=[f.store_of(cluster="plant")],
        )  # fmt: skip
        self.panes = {
            "pods": SimpleNamespace(arrangement=PaneLayout()),
            "nodes": SimpleNamespace(arrangement=PaneLayout("age")),
        }
        self.main: Any = SimpleNamespace(
            panes=self.panes,
            namespace="line-2",
            zoomed=False,
            current=SimpleNamespace(pane=SimpleNamespace(id="pods")),
        )
        app: Any = self.app
        main: Any = self.main
        self.keeper = LayoutKeeper(app, main)

    async def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.keeper.look()
            if self.keeper._writing is not None:
                await self.keeper._writing


async def test_what_was_set_is_written_once_it_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Layout(theme="dark", namespace="line-9", clusters=("ship",), panes={"old": PaneLayout("x")})
    keep = Keeper(monkeypatch, kept, Path("layout.json"), None)
    await keep.look(3)
    assert keep.written == []
    keep.main.zoomed = True
    await keep.look()
    assert keep.written == [], "it has just changed"
    await keep.look(3)
    usual = Layout(
        "pods", True, "dark", "line-9", ("ship",), {"old": PaneLayout("x"), "nodes": PaneLayout("age")}
    )
    assert keep.written == [usual], "what came with the command line was not set on the screen"
    keep.app.__dict__["theme_name"], keep.main.namespace = "light", "line-1"
    keep.panes["nodes"].arrangement = PaneLayout()
    await keep.look(2)
    assert keep.written[1:] == [Layout("pods", True, "light", "line-1", ("plant",), {"old": PaneLayout("x")})]
    keep.main.current.pane.id = "nodes"
    await keep.keeper.finish()
    await keep.keeper.finish()
    assert [one.pane for one in keep.written] == ["pods", "pods", "nodes"]


@pytest.mark.parametrize("file", [None, Path("/there/layout.json")])
async def test_what_cannot_be_written_is_said_once(
    file: Path | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Keeper(monkeypatch, Layout(), file, PermissionError(13, "Permission denied"))
    for zoomed in (True, False, True):
        keep.main.zoomed = zoomed
        await keep.look(2)
    await keep.keeper.finish()
    said = "This layout cannot be remembered in /there: Permission denied."
    assert keep.noted == ([("flash", said)] if file else [])


# -- what the header and the terminal's meter say


@pytest.mark.parametrize(
    ("thin", "badges", "said"),
    [
        ("", {}, []),
        ("ab", {}, ["MINIMAL TRAFFIC"]),
        ("a", {}, ["MINIMAL TRAFFIC a"]),
        ("", {"a": ("K3s",), "b": ("K3s", "x")}, ["K3s", "x b"]),
        ("abc", {}, ["MINIMAL TRAFFIC 3"]),
    ],
)
def test_a_badge_names_its_clusters_unless_all_have_it(
    thin: str, badges: dict[str, Any], said: list[str]
) -> None:
    names = "ab" if len(thin) < 3 else "abcd"
    stores = [f.store_of(cluster=name) for name in names]
    for store in stores:
        store.set_wire(WireState(Wire.THIN if store.cluster in thin else Wire.FULL))
        store.set_badges(badges.get(store.cluster, ()))
    assert _of_clusters(stores) == said


@pytest.mark.parametrize(("badges", "label", "right"), [
    ((), "", ""), (("2 GUARDS",), "", "<badge> 2 GUARDS </><bar> </>"), ((), "thin", "<bar>thin </>"),
])  # fmt: skip
@pytest.mark.parametrize("width", [0, 60])
def test_the_header_has_badges_and_the_profile_at_its_right(
    badges: tuple[str, ...], label: str, right: str, width: int
) -> None:
    told: list[Any] = []
    bar: Any = SimpleNamespace(
        size=SimpleNamespace(width=width), say=told.append,
        app=SimpleNamespace(size=SimpleNamespace(width=60), key_of=lambda name, key: "f2", silences={}),
    )  # fmt: skip
    HeaderBar.show(bar, [f.store_of()], float(f.NOW), badges, label)
    assert sum(len(span.text) for span in told[0]) == 60
    assert marked(told[0]).endswith(right)
    assert "plant" in marked(told[0])


def test_what_the_terminal_is_sent_is_said_seldom_and_only_where_it_is_much() -> None:
    sent = [0]
    meter = TerminalMeter(lambda: sent[0])
    said: list[tuple[float, str]] = []
    for second in range(90):
        meter.read(float(second))
        if not said or said[-1][1] != meter.words:
            said.append((float(second), meter.words))
        sent[0] += 2048 if second < 45 else 0
    assert meter.total == sent[0]
    assert said[:2] == [(0.0, ""), (WINDOW, "2.0 KiB/s")]
    assert all(later - before >= AGAIN for (before, _), (later, _) in pairwise(said[1:]))
    assert said[-1][1] == ""
    for rate, words in ((LEAST - 1, ""), (LEAST, "0.1 KiB/s")):
        sent[0] = 0
        meter = TerminalMeter(lambda: sent[0])
        for second in range(31):
            meter.read(float(second))
            sent[0] += int(rate)
        assert meter.words == words


# -- what an earlier start left


class Left:
    """An app of which one cluster is connected, and what is found of what was left there."""

    def __init__(self, *runs: Any, pods: tuple[Any, ...] = ()) -> None:
        self.noted: list[Any] = []
        self.shown: list[Any] = []
        self.store = f.store_of()
        self.runs, self.pods = list(runs), list(pods)
        jobs = SimpleNamespace(show_later=lambda progress: self.shown.append((progress.title, progress.said)))
        self.flows: Any = SimpleNamespace(audit="the record", permissions=None, jobs=jobs)
        self.app: Any = Noting(
            self.noted, options=SimpleNamespace(audit=Path("none")), monotonic=lambda: 5.0, now=lambda: 9.0,
            sessions={"plant": SimpleNamespace(store=self.store)},
        )  # fmt: skip

    async def look_back(self, monkeypatch: pytest.MonkeyPatch, found: dict[str, Any]) -> list[Any]:
        async def left(log: Any, started: float) -> Any:
            if not self.runs and not self.pods:
                raise Refusal("The record cannot be read.")
            return self.runs, self.pods

        async def look(gate: Any, session: Any, one: Any) -> Any:
            assert await gate.confirm(None) is False
            assert gate.read_only, "nothing is written but the record"
            gate.progress(Step("looking", "doing"))
            said = found[one.name]
            if isinstance(said, Exception):
                raise said
            return said

        monkeypatch.setattr(earlier_writes, "left_behind", left)
        monkeypatch.setattr("edgetui.actions.undo.unanswered.look_up", look)
        monkeypatch.setattr("edgetui.actions.remote.left_pods.look", look)
        await earlier_writes.look_back(self.app, lambda: self.flows, 3.0)
        return self.shown


def run(name: str, cluster: str = "plant") -> Any:
    done = SimpleNamespace(words=f"scale {name}", action="scale")
    return SimpleNamespace(name=name, ref=REF._replace(key=PRESS._replace(cluster=cluster)), done=done)


def pod(name: str) -> Any:
    return SimpleNamespace(name=name, key=PRESS, node=f"node of {name}")


async def test_what_was_left_is_told_by_what_is_found_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    left = Left(run("a"), run("b"), run("c"), run("d", "elsewhere"), pods=(pod("x"), pod("y")))
    receipt = Receipt("node-shell", "plant", REF, True, ("It is deleted.",))
    found = {"a": "it is on the cluster", "b": "", "c": EdgetuiError("no link"), "x": receipt, "y": None}
    assert sorted(await left.look_back(monkeypatch, found)) == [
        ("Node shell on node of x", "It is deleted."),
        ("scale a", "it is on the cluster"),
    ]
    assert set(left.noted) == {("flash", "looking")}


async def test_where_the_record_cannot_be_read_nothing_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert await Left().look_back(monkeypatch, {}) == []


async def test_it_is_looked_for_once_the_link_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_writes, "AGAIN", 0.001)
    left = Left(run("a"))
    left.store.set_link(LinkState(Link.STALE))
    looking = asyncio.ensure_future(left.look_back(monkeypatch, {"a": "found"}))
    await asyncio.sleep(0.01)
    assert left.shown == []
    left.store.set_link(LinkState(Link.LIVE))
    assert await looking == [("scale a", "found")]
