"""The lines where a command or a filter is typed, method by method, and the text that is scrolled by keys."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.ui.dialogs.action_menu import ActionMenu, Entry
from edgetui.ui.dialogs.base import Dialog
from edgetui.ui.dialogs.pick import ListDialog, PickScreen
from edgetui.ui.dialogs.running import RunningScreen
from edgetui.ui.widgets.command_bar import CommandBar, _beginning
from edgetui.ui.widgets.filter_bar import FilterBar
from edgetui.ui.widgets.labelled_field import LabelledField
from edgetui.ui.widgets.log_view import LogView
from edgetui.ui.widgets.scrolling import Scrolling

from .noting import Noting
from .test_background_jobs import Row
from .test_text_grids import marked, page


def command_bar(typed: list[str], value: str = "", *, at: int = 0, found: tuple[str, ...] = ()) -> Any:
    noted: list[Any] = []
    bar: Any = Noting(
        noted, _typed=typed, _at=at, _came_from="the table", display=True, _complete=lambda text: [*found],
        _run=lambda text: noted.append(("runs", text)), screen=Noting(noted, focused="the page"),
        input=SimpleNamespace(value=value, cursor_position=0), _may=Noting(noted),
    )  # fmt: skip
    return bar


@pytest.mark.parametrize("shown", [False, True])
def test_a_line_opens_with_a_text_and_knows_where_the_focus_was(shown: bool) -> None:
    bar = command_bar(["a", "b"])
    bar.display = shown
    CommandBar.open(bar, "scale ")
    assert (bar.display, bar._at, bar._came_from) == (True, 2, "the table" if shown else "the page")
    assert bar.noted == [("_set", "scale "), ("set_focus", bar.input, False)]
    CommandBar.action_close(bar)
    assert (bar.display, bar.noted[-1]) == (False, ("set_focus", bar._came_from, False))


@pytest.mark.parametrize(
    ("value", "typed", "runs"),
    [
        ("", ["a", "b"], None),
        ("   ", ["a", "b"], None),
        (" c ", ["a", "b", "c"], "c"),
        ("a", ["b", "a"], "a"),
        ("b", ["a", "b"], "b"),
    ],
)
def test_what_was_typed_is_run_and_remembered_once(value: str, typed: list[str], runs: str | None) -> None:
    before = ["a", "b"]
    bar = command_bar(before, value)
    assert all(one.priority for one in CommandBar.BINDINGS), "before the field has them"  # type: ignore[union-attr]
    CommandBar.action_run(bar)
    assert before == typed
    assert bar.noted == [("action_close",), *([("runs", runs)] if runs else [])]


@pytest.mark.parametrize(
    ("found", "becomes"),
    [
        ((), None),
        (("pods",), "pods "),
        (("theme dark",), "theme dark"),
        (("rollouts", "rollback"), "roll"),
        (("scale", "scale-to-zero"), "scale"),
        (("a", "b"), ""),
    ],
)
def test_tab_completes_as_far_as_it_is_certain(found: tuple[str, ...], becomes: str | None) -> None:
    bar = command_bar([], "x", found=found)
    CommandBar.action_complete(bar)
    assert bar.noted == ([("_set", becomes)] if becomes is not None else [])


@pytest.mark.parametrize(
    ("at", "step", "now", "text"),
    [(2, -1, 1, "b"), (1, -1, 0, "a"), (0, -1, 0, "a"), (0, 1, 1, "b"), (1, 1, 2, ""), (2, 1, 2, "")],
)
def test_up_and_down_bring_back_what_was_typed(at: int, step: int, now: int, text: str) -> None:
    bar = command_bar(["a", "b"], at=at)
    CommandBar.action_recall(bar, step)
    assert (bar._at, bar.noted) == (now, [("_set", text)])


def test_beside_a_line_stands_what_it_may_become() -> None:
    bar = command_bar([], "theme ", found=("theme dark", "theme light"))
    CommandBar._set(bar, "theme d")
    assert (bar.input.value, bar.input.cursor_position, bar.noted) == ("theme d", 7, [("_say",)])
    bar.noted.clear()
    CommandBar._say(bar)
    ((_, spans),) = bar.noted
    assert marked(spans) == "<quiet>dark  light</>"
    bar.noted.clear()
    CommandBar.on_input_changed(bar, Noting(bar.noted))  # type: ignore[arg-type]
    assert bar.noted == [("stop",), ("_say",)]


@pytest.mark.parametrize(
    ("texts", "same"),
    [(["a"], "a"), (["ab", "abc"], "ab"), (["abc", "abd", "ab"], "ab"), (["x", "y"], ""), (["", "y"], "")],
)
def test_what_several_texts_begin_with(texts: list[str], same: str) -> None:
    assert _beginning(texts) == same


# -- a filter


def filter_bar() -> Any:
    noted: list[Any] = []
    return Noting(
        noted, _came_from="the table", display=True, _apply=lambda text: noted.append(("applies", text)),
        input=SimpleNamespace(value="typed"), screen=Noting(noted),
    )  # fmt: skip


def test_a_filter_is_kept_or_cleared_and_the_focus_goes_back() -> None:
    assert all(one.priority for one in FilterBar.BINDINGS), "before the field has them"  # type: ignore[union-attr]
    for method, text in (("action_keep", "typed"), ("action_clear", "")):
        bar = filter_bar()
        getattr(FilterBar, method)(bar)
        assert bar.noted == [("_close", text)]
    bar = filter_bar()
    FilterBar._close(bar, "x")
    assert (bar.display, bar.noted) == (False, [("applies", "x"), ("set_focus", "the table", False)])


@pytest.mark.parametrize("shown", [False, True])
def test_a_filter_works_while_it_is_typed(shown: bool) -> None:
    bar = filter_bar()
    bar.display = shown
    FilterBar.on_input_changed(bar, Noting(bar.noted, value="we"))  # type: ignore[arg-type]
    assert bar.noted == [("stop",), *([("applies", "we")] if shown else [])]


# -- lists and fields


@pytest.mark.parametrize(
    ("height", "step", "by"), [(9, 1, 8), (9, -1, -8), (2, 1, 1), (1, 1, 1), (0, -1, -1)]
)
def test_a_screenful_leaves_one_line_in_sight(height: int, step: int, by: int) -> None:
    text: Any = Noting([], size=SimpleNamespace(height=height))
    Scrolling.action_scroll_page(text, step)
    assert text.noted == [("action_scroll_by", by)]
    chosen: Any = Noting([], body=SimpleNamespace(size=SimpleNamespace(height=height)))
    ListDialog.action_page(chosen, step)
    assert chosen.noted == [("action_text", by)]


@pytest.mark.parametrize(("method", "by"), [("on_mouse_scroll_down", 3), ("on_mouse_scroll_up", -3)])
def test_the_wheel_scrolls_three_lines(method: str, by: int) -> None:
    text: Any = Noting([])
    getattr(Scrolling, method)(text, Noting(text.noted))
    assert text.noted == [("stop",), ("action_scroll_by", by)]


@pytest.mark.parametrize(
    ("above", "below", "said"),
    [
        (0, 0, ""),
        (1, 0, "<note>↑ 1 more line</>"),
        (0, 7, "<note>↓ 7 more lines</>"),
        (2, 3, "<note>↑ 2 more lines   ↓ 3 more lines</>"),
    ],
)
def test_a_list_says_what_is_out_of_sight(above: int, below: int, said: str) -> None:
    told: list[Any] = []
    chosen: Any = SimpleNamespace(
        body=SimpleNamespace(top=above, hidden_below=below), _more=SimpleNamespace(say=told.append)
    )
    ListDialog._say_more(chosen)
    assert marked(told[0]) == said


def test_the_lines_of_a_list_have_the_cursor_on_one() -> None:
    shown: Any = SimpleNamespace(
        _choices=(("plant", "3 pods"), ("van\x07", ""), ("車", "x")), _at=1, _title="Which"
    )
    assert page(PickScreen.lines(shown)).split("\n") == [
        "  plant <quiet> 3 pods</>",
        "<title-focus>> van   </><quiet> </>",
        "  車    <quiet> x</>",
    ]
    assert page(PickScreen.head(shown)) == "<title>Which</>"


ENTRIES = (
    Entry("scale", "s", "scale", "Scale it.", ""),
    Entry("pause", "p", "pause it now", "Pause " * 30, "x" * 90),
)


@pytest.mark.parametrize("at", [0, 1])
def test_the_menu_says_what_the_action_under_the_cursor_does(at: int) -> None:
    app = SimpleNamespace(size=SimpleNamespace(width=80))
    menu: Any = SimpleNamespace(_entries=ENTRIES, _at=at, _title="press", app=app)
    head = page(ActionMenu.head(menu)).split("\n")
    assert (head[0], len(head)) == ("<title>Actions on press</>", 3)
    told = "<quiet>Pause </>" * 12 + "<quiet>Pause</>"
    assert head[1:] == (["<quiet>Scale it.</>", ""] if at == 0 else [told, told])
    mark = ["<title-focus>> </>", "  "] if at == 0 else ["  ", "<title-focus>> </>"]
    first = "<title-focus>scale       </>" if at == 0 else "scale       "
    assert page(ActionMenu.lines(menu)).split("\n") == [
        f"{mark[0]}<key>s  </>{first}<warn></>",
        f"{mark[1]}<quiet>p  </><quiet>pause it now</><warn>  {'x' * 58}…</>",
    ]
    empty: Any = SimpleNamespace(_entries=(), _at=0, _title="press", app=app)
    assert page(ActionMenu.head(empty)).split("\n") == ["<title>Actions on press</>", "<quiet></>", ""]
    assert ActionMenu.lines(empty) == []


@pytest.mark.parametrize("current", [False, True])
def test_a_letter_or_enter_chooses_in_front_only(current: bool) -> None:
    for character, chosen in (("s", "scale"), ("p", "pause"), ("x", ""), (None, "")):
        menu: Any = Noting([], _entries=ENTRIES, _at=1, is_current=current)
        ActionMenu.on_key(menu, Noting(menu.noted, character=character))  # type: ignore[arg-type]
        assert menu.noted == ([("stop",), ("dismiss", chosen)] if chosen and current else [])
    menu = Noting([], _entries=ENTRIES, _at=1, is_current=current)
    ActionMenu.action_choose(menu)
    assert menu.noted == ([("dismiss", "pause")] if current else [])
    menu = Noting([], _entries=(), _at=0, is_current=current)
    ActionMenu.action_choose(menu)
    assert menu.noted == []


def test_what_runs_is_shown_anew_each_second_and_with_every_change() -> None:
    box: Any = Noting([])
    RunningScreen.tick(box)
    RunningScreen.on_status_changed(box)
    assert box.noted == [("show_lines",)] * 2


def test_the_field_with_the_cursor_is_marked() -> None:
    told: list[Any] = []
    field: Any = SimpleNamespace(_name="replicas", _width=12, _label=SimpleNamespace(say=told.append))
    field._say = lambda mark: LabelledField._say(field, mark)
    LabelledField.on_descendant_focus(field)
    LabelledField.on_descendant_blur(field)
    assert [marked(one) for one in told] == ["<title>replicas  > </>", "<title>replicas  </>"]


def test_what_stands_above_a_list_is_shown_with_it_and_gets_its_room(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: list[Any] = []
    monkeypatch.setattr(Dialog, "show_lines", lambda self: noted.append("lines"))
    chosen: Any = ListDialog.__new__(ListDialog)
    size = SimpleNamespace(width=80)
    chosen.__dict__["_head"] = Noting(noted, get_content_height=lambda box, view, width: width // 26)
    monkeypatch.setattr(ListDialog, "app", SimpleNamespace(size=size))
    monkeypatch.setattr(ListDialog, "head", lambda self: "the head")
    chosen.show_lines()
    assert noted == ["lines", ("show", "the head")]
    chosen.on_mount()
    assert noted[2:] == [("show", "the head")]
    assert chosen.OVERHEAD == Dialog.OVERHEAD + 3
    size.width = 40
    chosen.on_resize()
    assert chosen.OVERHEAD == Dialog.OVERHEAD + 1
    assert chosen.above() == [chosen._head]


def test_the_cursor_stays_on_its_job_when_others_come_and_go() -> None:
    a, b, c = (Row(name) for name in "abc")
    app = SimpleNamespace(size=SimpleNamespace(width=80), monotonic=lambda: 9.0)
    for before, at, after, found in (
        ([a, b], 1, [c, a, b], 2),
        ([a, b], 0, [c, a, b], 1),
        ([a, b], 1, [a], 0),
        ([a, b, c], 1, [a, c], 1),
        ([a], 0, [], 0),
        ([], 0, [a, b], 0),
    ):
        box: Any = SimpleNamespace(_rows=before, _at=at, _jobs=lambda after=after: after, app=app)
        box.here = RunningScreen.here.fget(box)  # type: ignore[attr-defined]
        lines = page(RunningScreen.lines(box)).split("\n")
        assert (box._at, box._count) == (found, len(after))
        marked_at = [place for place, one in enumerate(lines) if one.startswith("<title-focus>>")]
        assert marked_at == [found] * bool(after)


@pytest.mark.parametrize(
    ("top", "now"), [((2, 3), (5, 0)), ((4, 0), (5, 0)), ((5, 2), (5, 2)), ((7, 1), (7, 1))]
)
def test_a_place_that_is_no_longer_kept_becomes_the_oldest_line(
    top: tuple[int, int], now: tuple[int, int]
) -> None:
    view: Any = SimpleNamespace(
        _top=top, buffer=SimpleNamespace(first=5), _downwards=lambda top: iter([top] * 9)
    )
    rows: list[Any] = [*LogView._from_top(view, 3)]
    assert rows == [now] * 3
    assert view._top == now
