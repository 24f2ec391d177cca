"""The dashboard without its widgets: which pane gets what, what each key does with each state, what is told to whom."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from textual.geometry import Size

from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import FleetView
from edgetui.ui.widgets.bars import KeyHint

from .board import NODE, POD, PRESS, at

TABS = "tabs nodes pods autoscalers rollouts"


@pytest.mark.parametrize(
    ("current", "step", "shown"),
    [
        ("nodes", 1, "pods"),
        ("nodes", -1, "rollouts"),
        ("rollouts", 1, "nodes"),
        ("pods", -1, "nodes"),
        ("events", 1, "nodes"),
        ("events", -1, "rollouts"),
        ("services", 1, "nodes"),
        ("services", -1, "rollouts"),
    ],
)
def test_the_next_pane_is_one_that_is_there(current: str, step: int, shown: str) -> None:
    board = at(current, more=("services", "events"))
    board.show_instead()
    board.screen.action_next_pane(step)
    assert board.app.told == ["leaves for", f"shows {shown}"]


@pytest.mark.parametrize(
    ("pane", "filtered", "zoomed", "told"),
    [
        ("pods", "x", False, ["clears", "pods filter ''", f"{TABS} at pods"]),
        ("pods", "x", True, ["clears", "pods filter ''", f"{TABS} at pods"]),
        ("events", "", False, ["clears", "shows nodes"]),
        ("events", "", True, ["clears", "shows nodes"]),
        ("pods", "", True, ["clears", "zooms"]),
        ("pods", "", False, ["clears", "offers to cancel"]),
    ],
)
def test_escape_takes_one_thing_back_at_a_time(
    pane: str, filtered: str, zoomed: bool, told: list[str]
) -> None:
    board = at(pane, more=("events",) if pane == "events" else ())
    board.show_instead()
    board.screen.zoomed = zoomed
    board.screen.current.filter_text = filtered
    board.screen.action_zoom = lambda: board.app.told.append("zooms")
    board.screen.action_back()
    assert board.app.told == told


def test_a_filter_is_set_once_and_the_tabs_and_the_footer_follow() -> None:
    board = at("pods")
    board.screen.filter("x")
    board.screen.filter("x")
    assert board.app.told == ["pods filter 'x'", f"{TABS} at pods"]
    assert len(board.footer) == 1
    board.screen.action_filter()
    assert board.app.told[-1] == "asks 'x'"


def test_one_namespace_is_that_of_every_pane() -> None:
    board = at("pods")
    board.screen.narrow_to("line-1")
    assert board.screen.namespace == "line-1"
    names = ("nodes", "pods", "autoscalers", "rollouts")
    assert board.app.told == [*(f"{name} namespace line-1" for name in names), f"{TABS} at pods"]


@pytest.mark.parametrize(
    ("pane", "marked", "copied"),
    [
        ("pods", [], "copies press-1"),
        ("pods", [POD, NODE], "copies press-1 edge-1"),
        ("autoscalers", [], "copies "),
    ],
)
def test_names_that_are_copied(pane: str, marked: list[ObjectKey], copied: str) -> None:
    board = at(pane)
    board.screen.current.table.marks.keys = marked
    board.screen.action_copy()
    assert board.app.told == [copied]


@pytest.mark.parametrize(
    ("action", "pane", "marked", "told"),
    [
        ("scale", "rollouts", [], ["acts scale press (True, 'x')"]),
        ("scale", "autoscalers", [], ["acts scale None (True, 'x')"]),
        ("scale", "rollouts", [PRESS], ["marked ('scale', 'x')", f"{TABS} at rollouts"]),
        ("rotate", "rollouts", [PRESS], ["acts rotate press (True, 'x')"]),
    ],
)
def test_an_action_is_one_on_what_is_marked_or_under_the_cursor(
    action: str, pane: str, marked: list[ObjectKey], told: list[str]
) -> None:
    board = at(pane)
    board.screen.current.table.marks.keys = marked
    board.screen.action_act(action, "x")
    assert board.app.told == told


def test_what_is_under_the_cursor_is_opened_shown_and_listened_to() -> None:
    board = at("pods")
    screen, told = board.screen, board.app.told
    assert screen.target == ObjectRef(POD, "u", "7")
    screen.action_manifest()
    screen.action_logs()
    screen.action_jump()
    screen.action_menu()
    screen.action_went(-1)
    screen.action_namespace()
    screen.on_live_table_opened(SimpleNamespace(key=POD))
    assert told == [
        "manifest press-1",
        "logs press-1",
        "jumps press-1",
        "menu press-1",
        "step -1",
        "namespaces",
        "opens press-1",
    ]
    told.clear()
    screen.action_sort()
    screen.action_reverse_sort()
    screen.action_mark()
    screen.action_clear_marks()
    screen.action_wide()
    screen.current.table.columns.wide = True
    screen.action_wide()
    tabs = f"{TABS} at pods"
    assert told == [
        "pods sorts",
        "pods reverses",
        "pods marks",
        tabs,
        "pods unmarks",
        tabs,
        "wide True",
        "wide False",
    ]
    screen._current = "autoscalers"
    told.clear()
    assert screen.target is None
    screen.action_manifest()
    assert told == []
    screen.current.table.cursor = POD
    assert screen.target is None


@pytest.mark.parametrize(
    ("pane", "filtered", "frozen", "waits", "keys"),
    [
        ("pods", "", False, False, ["/", "enter", "l"]),
        ("rollouts", "", False, False, ["/", "enter", "l"]),
        ("nodes", "", False, False, ["/", "enter"]),
        ("autoscalers", "", False, False, ["/", "enter"]),
        ("pods", "x", True, True, ["R", "space", "esc", "/", "enter", "l"]),
        ("nodes", "x", False, False, ["esc", "/", "enter"]),
    ],
)
def test_the_footer_says_what_works_now(
    pane: str, filtered: str, frozen: bool, waits: bool, keys: list[str]
) -> None:
    board = at(pane)
    board.screen.current.filter_text = filtered
    board.app.frozen, board.app.waits = frozen, waits
    board.screen.on_status_changed()
    ((hints, last),) = board.footer
    target = board.screen.target
    assert hints[0] == ("hints", target.key if target else None, PANES[pane].kinds)
    assert [one.key for one in hints[1:]] == keys
    assert last == (KeyHint("?", "help", name="help"), KeyHint("q", "quit", name="leave"))
    assert [given[2] for given in board.headers] == [["FROZEN"] if frozen else []]


def changed(**parts: Any) -> SimpleNamespace:
    return SimpleNamespace(**{"turned": [], "changed": set(), "order": False, **parts})


@pytest.mark.parametrize("status", [False, True])
def test_each_pane_takes_its_part_of_what_came(status: bool) -> None:
    board = at("pods", more=("events",))
    panes = board.screen.panes
    panes["nodes"].change = changed(turned=["lost"], order=True)
    panes["pods"].change = changed(changed={POD})
    panes["autoscalers"].change = changed()
    panes["rollouts"].change = changed(turned=["stuck"], changed={PRESS})
    panes["rollouts"].is_attached = False
    panes["events"].change = changed(turned=["news"])
    board.screen.changes_arrived({"plant": SimpleNamespace(status=status)}, 5.0)
    quiet = ["autoscalers status"] if status else []
    last = ["events status"] if status else []
    assert board.app.told == [
        "timeline nodes ['lost']",
        "nodes absorbs",
        "pods absorbs",
        *quiet,
        "timeline rollouts ['stuck']",
        *last,
        f"{TABS} at pods",
    ]
    assert (len(board.headers), len(board.footer)) == (1 if status else 0, 1)


@pytest.mark.parametrize(
    ("pane", "change", "footers"),
    [
        ("pods", {POD}, 1),
        ("nodes", {POD}, 0),
        ("pods", {NODE}, 0),
        ("pods", set(), 0),
        ("autoscalers", {POD}, 0),
    ],
)
def test_the_footer_follows_the_row_under_the_cursor_alone(
    pane: str, change: set[ObjectKey], footers: int
) -> None:
    board = at(pane)
    board.screen.panes["pods"].change = changed(changed=change)
    board.screen.changes_arrived({}, 5.0)
    assert (len(board.footer), len(board.headers)) == (footers, 0)


@pytest.mark.parametrize(
    ("pane", "total", "incomplete", "joined"),
    [
        ("rollouts", 3, False, True),
        ("rollouts", 0, False, False),
        ("rollouts", 3, True, False),
        ("pods", 3, False, False),
    ],
)
def test_what_few_clusters_serve_is_watched_once_the_rows_of_its_pane_in_view_are_there(
    pane: str, total: int, incomplete: bool, joined: bool
) -> None:
    board = at(pane)
    view = board.screen.panes["rollouts"].view
    view.total, view.incomplete = total, incomplete
    ticks = ["nodes ticks", "pods ticks", "autoscalers ticks", "rollouts ticks"]
    board.screen.tick()
    assert board.app.told == [*ticks, *(["watches rollouts joining"] if joined else [])]
    board.app.told.clear()
    board.screen.tick()
    assert board.app.told == ticks
    board.screen._current = "nodes"
    board.app.told.clear()
    board.screen.tick()
    assert board.app.told == [*ticks, *(["leaves rollouts joining"] if joined else [])]
    assert len(board.headers) == 3


def test_of_one_pane_at_a_time_only_that_one_is_in_view() -> None:
    board = at("pods")
    assert board.screen.kinds_in_view == frozenset(PANES["pods"].kinds)
    board.screen.set_class(False, "single")
    shown = ("nodes", "pods", "autoscalers", "rollouts")
    assert board.screen.kinds_in_view == frozenset(kind for name in shown for kind in PANES[name].kinds)
    board.app.told.clear()
    board.screen._update_tabs()
    assert board.app.told == [], "there are titles in place of tabs"


def test_a_pane_that_is_not_there_yet_has_a_view_without_rows() -> None:
    board = at("pods")
    assert board.screen.view_of("pods") is board.screen.panes["pods"].view
    view = board.screen.view_of("events")
    assert isinstance(view, FleetView)
    assert (view.pane, view.total) == (PANES["events"], 0)


def test_the_tabs_are_those_of_the_dashboard_and_the_current_one() -> None:
    board = at("pods", more=("events", "services"))
    board.screen._update_tabs()
    board.screen._current = "services"
    board.screen._update_tabs()
    assert board.app.told == [f"{TABS} at pods", f"{TABS} services at services"]


@pytest.mark.parametrize(("table", "told"), [("pods", ["rests press-1"]), ("nodes", [])])
def test_only_the_cursor_of_the_current_pane_says_which_keys_work(table: str, told: list[str]) -> None:
    board = at("pods")
    board.screen.on_live_table_cursor_moved(SimpleNamespace(table=board.screen.panes[table].table, key=POD))
    assert (board.app.told, len(board.footer)) == (told, len(told))


@pytest.mark.parametrize(
    ("size", "zoomed", "pane", "classes"),
    [
        ((119, 36), False, "pods", {"single"}),
        ((120, 35), False, "pods", {"single"}),
        ((120, 36), False, "pods", {"stacked"}),
        ((175, 36), False, "pods", {"stacked"}),
        ((176, 36), False, "pods", {"quad"}),
        ((176, 36), True, "pods", {"single"}),
        ((176, 36), False, "events", {"single"}),
        ((300, 20), False, "pods", {"single"}),
    ],
)
def test_how_many_panes_have_room(size: tuple[int, int], zoomed: bool, pane: str, classes: set[str]) -> None:
    board = at(pane, more=("events",))
    board.app.size = Size(*size)
    board.screen.zoomed = zoomed
    board.screen._classify(update=False)
    assert {name for name in ("single", "stacked", "quad") if board.screen.has_class(name)} == classes


@pytest.mark.parametrize(("quad", "shown"), [(False, 5), (True, 5), (False, 50)])
def test_heights_are_shared_again_only_when_they_differ(
    monkeypatch: pytest.MonkeyPatch, quad: bool, shown: int
) -> None:
    board = at("pods", single=False)
    board.app.size = Size(120, 36)
    board.screen.set_class(quad, "quad")
    asked: list[Any] = []

    def shared(rows: dict[str, int], height: int, *, quad: bool) -> tuple[int, ...]:
        asked.append((rows["pods"], height, quad))
        return (7, shown)

    monkeypatch.setattr("edgetui.ui.screens.main.shared_height", shared)
    styles = [SimpleNamespace(styles=SimpleNamespace(grid_rows="")) for _ in range(2)]
    board.screen.query_one = lambda name: styles[len(asked) - 1]
    for pane in board.screen.panes.values():
        pane.view.shown = shown
    board.screen._share_height()
    board.screen._share_height()
    assert asked == [(shown + 2, 34, quad)] * 2
    assert [one.styles.grid_rows for one in styles] == [f"7 {shown}", ""]
    board.screen.set_class(True, "single")
    board.screen._share_height()
    assert len(asked) == 2
