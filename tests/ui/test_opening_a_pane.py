"""How the dashboard is made and a pane is shown in it: what is asked for, focused and said, and in which order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from textual.geometry import Size

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.panes import PANES
from edgetui.ui.layout import Layout, PaneLayout
from edgetui.ui.screens import main as main_module
from edgetui.ui.screens.main import MainScreen
from edgetui.ui.screens.revisions import RevisionsScreen
from edgetui.ui.screens.service import ServiceScreen
from edgetui.ui.screens.text_screen import TextScreen
from edgetui.ui.widgets.live_table import LiveTable
from edgetui.ui.widgets.pane_view import PaneView
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare
from .board import Board, at


def shown_parts(board: Board) -> list[str]:
    """Have what showing a pane leads to noted in place of done."""
    told = board.app.told
    for name in ("_arrange", "_focus_table", "update_footer", "_classify", "_share_height", "_update_tabs"):
        setattr(board.screen, name, lambda name=name: told.append(name))
    board.screen.call_after_refresh = lambda call: told.append(f"then {call.__name__}")
    board.app.tell_what_is_in_view = lambda: told.append("tells")
    return told  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("before", "after", "asked", "always"),
    [
        ("nodes", "pods", ["leaves nodes", "watches pods", "clears"], "pods"),
        ("pods", "pods", [], "pods"),
        ("pods", "events", ["leaves pods", "watches events", "clears"], "nodes"),
        ("events", "nodes", ["leaves events", "watches nodes", "clears"], "nodes"),
    ],
)
def test_a_pane_that_is_shown_is_watched_and_the_one_before_no_more(
    before: str, after: str, asked: list[str], always: str
) -> None:
    board = at(before, more=("events",))
    told = shown_parts(board)
    board.screen.show_pane(after)
    assert told == [*asked, "_arrange", "_focus_table", "update_footer", "then _shown"]
    assert (board.screen._current, board.screen._always) == (after, always)


def test_a_pane_that_is_not_there_yet_is_made_and_mounted() -> None:
    board = at("nodes")
    shown_parts(board)
    mounted: list[Any] = []
    board.screen._make_pane = lambda pane: SimpleNamespace(pane=PANES[pane])
    board.screen.query_one = lambda name: SimpleNamespace(
        mount=lambda pane: mounted.append((name, pane.pane.id))
    )
    board.screen.show_pane("services")
    assert mounted == [("#panes", "services")]
    other: Any = SimpleNamespace(pane=SimpleNamespace(id="kind-1", on_demand=True))
    for _ in range(2):
        board.screen.show_view(other)
    assert mounted[1:] == [("#panes", "kind-1")]
    assert board.screen.panes["kind-1"] is other
    assert board.app.told.count("leaves for") == 2


@pytest.mark.parametrize(
    ("complete", "pane", "rests"), [(True, "pods", "press-1"), (False, "autoscalers", None)]
)
async def test_once_the_layout_stands_titles_cursor_and_footer_follow(
    complete: bool, pane: str, rests: str | None
) -> None:
    board = at(pane)
    told = shown_parts(board)
    board.screen.complete = complete

    async def completes() -> None:
        told.append("completes")

    board.screen._complete = completes
    await board.screen._shown()
    status = [f"{name} status" for name in ("nodes", "pods", "autoscalers", "rollouts")]
    last = [] if complete else ["completes"]
    assert told == ["_focus_table", *status, "tells", f"rests {rests}", "update_footer", *last]


def test_another_size_is_arranged_and_coming_back_says_the_links_again() -> None:
    board = at("pods")
    told = shown_parts(board)
    MainScreen._arrange(board.screen)
    assert told == ["_classify", "_share_height", "_update_tabs", "then update_header"]
    told.clear()
    board.screen.on_resize()
    board.screen.action_zoom()
    assert (told, board.screen.zoomed) == (["_arrange", "_arrange"], True)
    board.screen.action_zoom()
    assert not board.screen.zoomed
    board.screen.on_screen_resume()
    assert len(board.headers) == 1
    told.clear()
    board.screen.on_mount()
    assert told[:2] == ["watches pods", "_arrange"]


@pytest.mark.parametrize(("displayed", "focused"), [([], 1), ([False, False], 1), ([False, True], 0)])
def test_the_keys_go_to_the_pane_unless_something_is_typed(displayed: list[bool], focused: int) -> None:
    board = at("pods")
    board.screen.query = lambda names: [SimpleNamespace(display=one) for one in displayed]
    got: list[Any] = []
    board.screen.set_focus = lambda table, *, scroll_visible: got.append((table, scroll_visible))
    board.screen._focus_table()
    assert got == [(board.screen.current.table, False)] * focused


@pytest.mark.parametrize(
    ("widget", "parent", "current", "shows"),
    [
        ("table", "pane", "nodes", True),
        ("table", "pane", "pods", False),
        ("table", "other", "nodes", False),
        ("another", "pane", "nodes", False),
        ("not focused", "pane", "nodes", False),
    ],
)
def test_a_click_on_a_pane_makes_it_the_current_one(
    monkeypatch: pytest.MonkeyPatch, widget: str, parent: str, current: str, shows: bool
) -> None:
    class Pane(PaneView):
        def __init__(self) -> None:
            self.pane = PANES["pods"]

    class Table(LiveTable):
        def __init__(self, parent: Any) -> None:
            self._its_parent = parent

        @property
        def parent(self) -> Any:
            return self._its_parent

    board = at(current)
    board.show_instead()
    above: Any = Pane() if parent == "pane" else SimpleNamespace(pane=PANES["pods"])
    clicked: Any = SimpleNamespace(parent=above) if widget == "another" else Table(above)
    type(board.screen).focused = None if widget == "not focused" else clicked
    board.screen.on_descendant_focus(SimpleNamespace(widget=clicked))
    assert board.app.told == (["shows pods"] if shows else [])


@pytest.mark.parametrize(
    ("layout", "size", "single", "current", "yielded"),
    [
        (Layout(), (80, 24), True, "nodes", ["nodes"]),
        (Layout(pane="pods", zoomed=True), (200, 60), True, "pods", ["pods"]),
        (Layout(pane="pods"), (200, 60), False, "pods", ["nodes", "autoscalers", "pods", "rollouts"]),
        (Layout(pane="events"), (200, 60), True, "events", ["events"]),
        (Layout(pane="nope"), (80, 24), True, "nodes", ["nodes"]),
    ],
)
def test_the_first_frame_has_the_panes_that_it_shows(
    monkeypatch: pytest.MonkeyPatch,
    layout: Layout,
    size: tuple[int, int],
    single: bool,
    current: str,
    yielded: list[str],
) -> None:
    made: list[Any] = []

    def pane_view(pane: Any, stores: Any, number: int, **more: Any) -> Any:
        told: list[Any] = []
        one = SimpleNamespace(
            pane=pane,
            number=number,
            told=told,
            set_class=lambda *given, update: told.append((*given, update)),
            recall=lambda *given: told.append(given),
            view=SimpleNamespace(rebuild=lambda now: told.append(now)),
        )
        made.append(one)
        return one

    class Container:
        def __init__(self, id: str) -> None:
            assert id == "panes"

        def __enter__(self) -> None:
            """What is yielded in it is below it."""

        def __exit__(self, *_: object) -> None:
            """The end of it."""

    monkeypatch.setattr(main_module, "PaneView", pane_view)
    monkeypatch.setattr(main_module, "Container", Container)
    app: Any = BareApp([Store("plant")])
    app.fleet = SimpleNamespace(drain=lambda: app.told.append("drains"))
    kept = Layout(**{**{name: getattr(layout, name) for name in layout.__struct_fields__}})
    app.remembered = SimpleNamespace(layout=kept)
    app.options = SimpleNamespace(namespace="line-1")
    app.size = Size(*size)
    app.update_styles = lambda node, **more: None
    screen = bare(MainScreen, app)
    parts = list(screen.compose())
    assert parts == [screen.header, screen.tabs, *(screen.panes[name] for name in yielded), screen.footer]
    assert (screen._current, screen.namespace, screen.zoomed) == (current, "line-1", layout.zoomed)
    assert screen.has_class("single") == single
    assert list(screen.panes) == list(dict.fromkeys(("nodes", "pods", "autoscalers", "rollouts", current)))
    for one in made:
        demand = one.pane.on_demand
        name = one.pane.id
        assert one.told == [
            (demand, "demand", False),
            (None, "line-1"),
            app.now(),
            (single, "untitled", False),
            (name == current, "current", False),
        ]
    assert app.told == ["drains"]


def test_each_pane_is_sorted_as_it_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    recalled: list[Any] = []
    monkeypatch.setattr(
        main_module,
        "PaneView",
        lambda *given, **more: SimpleNamespace(
            pane=given[0],
            set_class=lambda *_, **more: None,
            recall=lambda *given: recalled.append(given),
            view=SimpleNamespace(rebuild=lambda now: None),
        ),
    )
    app: Any = BareApp([])
    kept = PaneLayout("name")
    app.remembered = SimpleNamespace(layout=Layout(panes={"pods": kept}))
    screen = bare(MainScreen, app)
    screen._make_pane("pods")
    assert recalled == [(kept, "")]


# -- what screens of text and of revisions share


class Plain(TextScreen):
    def lines(self) -> Any:
        return ["lines"]


class Drawn(RevisionsScreen[None]):
    def draw(self) -> None:
        app: Any = self.app
        app.told.append("drawn")


def test_a_screen_says_everything_again_when_anything_may_differ() -> None:
    app = BareApp([])
    text, drawn = bare(Plain, app), bare(Drawn, app)
    for screen in (text, drawn):
        focused: list[str] = []
        screen.body = screen.diff = SimpleNamespace(
            focus=lambda focused=focused: focused.append("focus"),
            action_scroll_page=lambda direction: app.told.append(f"page {direction}"),
        )
        app.told.clear()
        for happens in (screen.on_mount, screen.on_resize, screen.tick, screen.on_status_changed):
            happens()
        assert app.told == (["shown"] if screen is text else ["drawn"]) * 4
        assert focused == ["focus"]
    app.told.clear()
    drawn.action_page(-1)
    text.action_back()
    assert app.told == ["page -1", "left"]


def test_a_text_is_said_with_its_header_and_its_keys() -> None:
    app: Any = BareApp([])
    app.stores = ["plant"]
    app.badges, app.link_label = ["DEMO"], "thin"
    screen = Plain()
    type(screen).app = app
    parts: list[Any] = []
    screen.header = screen.body = SimpleNamespace(show=lambda *given: parts.append(given))  # type: ignore[assignment]
    screen.footer = SimpleNamespace(set_hints=lambda *given: parts.append(given))  # type: ignore[assignment]
    screen.show_again()
    assert parts == [(["plant"], app.now(), ["DEMO"], "thin"), (["lines"],), ([], Plain.last_hints)]


def test_a_service_that_is_gone_is_not_asked_about() -> None:
    app = BareApp([f.store_of()], {"plant": Session()})
    screen = bare(ServiceScreen, app, ObjectKey("plant", "Service", "line-1", "entry"))
    screen._look()
    screen._look_at_spread()
    assert app.told == []
