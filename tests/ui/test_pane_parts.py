"""What a pane says of its rows in title, tabs and notes, and what the bars of one line show, method by method."""

from __future__ import annotations

from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.model.panes import PANES
from edgetui.model.view.fleet import FleetView
from edgetui.ui.layout import PaneLayout
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.base import LineBar
from edgetui.ui.widgets.footer import FLASH, FooterBar
from edgetui.ui.widgets.pane_view import PaneView, TabBar
from tests.unit.model import factories as f

from .noting import Noting
from .test_cursor_and_marks import View, marks_on
from .test_text_grids import marked


def pane(**there: Any) -> Any:
    noted: list[Any] = []
    store = f.store_of(f.pod("press", "line-2"), f.pod("weld", "line-1"))
    view = FleetView(PANES["pods"], [store])
    view.rebuild(float(f.NOW))
    usual: dict[str, Any] = {
        "pane": PANES["pods"], "view": view, "filter_text": "", "namespace": "", "_labels": (), "_stores": [store],
        "table": Noting(noted, sort=(None, False), more_below=False, marks=marks_on(View("a"), "")), "number": 2,
        "has_class": lambda name: False, "_now": lambda: float(f.NOW), "_listing": False,
    }  # fmt: skip
    return Noting(noted, **usual | there)


@pytest.mark.parametrize(
    ("namespace", "text", "marks", "hidden", "said"),
    [
        ("", "", "", 0, ""),
        ("line-2", "", "", 0, "in line-2"),
        ("", "weld", "", 0, "/weld"),
        ("line-2", "weld", "", 0, "in line-2 /weld"),
        ("", "", "a b", 0, "*2 marked"),
        ("line-2", "weld", "a b x", 1, "in line-2 /weld *3 marked, 1 of them hidden"),
    ],
)
def test_what_narrows_a_pane_and_what_is_marked(
    namespace: str, text: str, marks: str, hidden: int, said: str
) -> None:
    made = pane(namespace=namespace, filter_text=text)
    made.table.__dict__["marks"] = marks_on(View("a b", hidden="x"), marks)
    assert made.table.marks.hidden == hidden
    assert PaneView.aside.fget(made) == said  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("total", "shown", "more", "known", "narrowed", "summary", "said"),
    [
        (0, 0, True, True, "", "", "?"),
        (0, 0, False, False, "", "", "?"),
        (0, 0, False, True, "", "", "0"),
        (5, 5, False, False, "", "", "5"),
        (1234, 1234, False, True, "", "", "1,234"),
        (5, 5, True, True, "", "1 bad", "5+ · 1 bad"),
        (1234, 2, False, True, "x", "1 bad", "2 of 1234 · 1 bad"),
        (5, 0, True, True, "x", "", "0 of 5+"),
    ],
)
def test_what_is_counted(
    total: int, shown: int, more: bool, known: bool, narrowed: str, summary: str, said: str
) -> None:
    view = SimpleNamespace(total=total, shown=shown, incomplete=more, known=known, summary=lambda: summary)
    for given in ({"filter_text": narrowed}, {"namespace": narrowed}):
        assert PaneView.count_text.fget(pane(view=view, **given)) == said  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("focus", "bad", "more", "aside", "counted"),
    [
        (False, 0, False, "", "5"),
        (True, 0, True, "in line-2", "5 · 1 late"),
        (False, 1, False, "/x", "5 · 1 bad · 2 late"),
    ],
)
def test_the_title_of_a_pane(focus: bool, bad: int, more: bool, aside: str, counted: str) -> None:
    for key_text in ("2", ""):
        made = pane(
            key_text=key_text,
            name_text="pods",
            count_text=counted,
            aside=aside,
            view=SimpleNamespace(bad=bad),
        )
        made.__dict__["has_class"] = lambda name: focus and name == "current"
        made.table.__dict__["more_below"] = more
        total, _, rest = counted.partition(" · ")
        first, dot, others = rest.partition(" · ")
        role = "title-focus" if focus else "title"
        assert marked(PaneView._title_spans(made)) == "".join([
            f"<{role}> {key_text + ' ' if key_text else ''}pods </> {total}",
            f" · <{'bad' if bad else 'warn'}>{first}</>{dot}{others}" if rest else "",
            f"  <note>{aside}</>" if aside else "",
            "  more ↓" if more else "",
        ])  # fmt: skip


@pytest.mark.parametrize(
    ("ids", "current", "following"),
    [
        (["a", "b"], None, "a"),
        (["a", "b"], "a", "b"),
        (["a", "b"], "b", None),
        (["a", "b"], "x", "a"),
        ([], None, None),
    ],
)
def test_the_sort_goes_to_the_next_visible_column(
    ids: list[str], current: str | None, following: str | None
) -> None:
    made = pane()
    fitted = [SimpleNamespace(column=SimpleNamespace(id=one)) for one in ids]
    made.table.__dict__.update(columns=SimpleNamespace(fitted=fitted), sort=(current, True))
    PaneView.cycle_sort(made)
    PaneView.reverse_sort(made)
    assert made.noted == [("_sort", following, False), ("_sort", current, False)]


def test_a_pane_begins_as_it_was_left() -> None:
    for kept, namespace in product((None, PaneLayout("age", True, True), PaneLayout("gone")), ("", "line-2")):
        made = pane()
        made.table.__dict__["columns"] = SimpleNamespace(wide=False)
        made.__dict__["view"] = Noting(made.noted)
        PaneView.recall(made, kept, namespace)
        column = "age" if kept and kept.sort == "age" else None
        reverse = bool(kept and kept.reverse)
        assert made.noted == [
            *([("set_sort", column, reverse)] if kept else []), *([("narrow", "", "line-2")] if namespace else [])
        ]  # fmt: skip
        assert (made.table.sort, made.table.columns.wide) == ((column, reverse), bool(kept and kept.wide))
        assert PaneView.arrangement.fget(made) == PaneLayout(column, reverse, bool(kept and kept.wide))  # type: ignore[attr-defined]


@pytest.mark.parametrize("own", [(), ("own",)])
@pytest.mark.parametrize("shown", [0, 3])
def test_a_pane_says_at_most_four_things_and_why_it_is_empty(own: tuple[str, ...], shown: int) -> None:
    made = pane(
        own_notes=lambda: own,
        _label_notes=lambda: ("l1", "l2", "l3", "l4"),
        view=SimpleNamespace(shown=shown, total=5),
    )
    PaneView.status_changed(made)
    assert made.noted == [("set_notes", (*own, "l1", "l2", "l3", "l4")[:4]), ("update_title",)]
    made = pane(
        own_notes=lambda: own,
        _label_notes=lambda: (),
        view=SimpleNamespace(shown=shown, total=5),
        filter_text="x",
    )
    PaneView.status_changed(made)
    empty = () if shown or own else ("  none of 5 rows matches 'x'; esc shows all again",)
    assert made.noted == [("set_notes", (*own, *empty)), ("update_title",)]


@pytest.mark.parametrize(("display", "height", "listing"), product((False, True), (0, 5), (False, True)))
def test_time_is_told_to_a_pane_that_is_shown(display: bool, height: int, listing: bool) -> None:
    made = pane(display=display, _listing=listing)
    made.table.__dict__["size"] = SimpleNamespace(height=height)
    PaneView.tick(made)
    there = display and height > 0
    assert made.noted == [("tick",), *([("status_changed",)] if listing else [])] * there


def test_tabs_stand_in_the_order_of_their_keys_with_what_narrows_them() -> None:
    told: list[Any] = []
    panes = [
        SimpleNamespace(number=number, count_text=count, aside=aside, key_text=str(number or ""), name_text=name,
                        view=SimpleNamespace(bad=bad))
        for number, name, count, aside, bad in (
            (0, "pumps", "3", "", 0), (2, "pods", "5 · 1 bad", "/x", 1), (1, "nodes", "4", "in d", 0),
        )
    ]  # fmt: skip
    bar: Any = SimpleNamespace(say=told.append, app=SimpleNamespace(size=SimpleNamespace(width=100)))
    TabBar.show(bar, panes, panes[1])  # type: ignore[arg-type]
    assert marked(told[0]) == (
        "<title> 1 nodes </> 4 in d  <title-focus> 2 pods </> 5 /x · <bad>1 bad</>  <title> pumps </> 3"
    )


# -- bars


def test_a_line_is_painted_again_only_when_it_says_something_else() -> None:
    noted: list[Any] = []
    bar: Any = Noting(noted, _spans=("a",))
    LineBar.say(bar, ("a",))  # type: ignore[arg-type]
    assert noted == []
    LineBar.say(bar, ("b",))  # type: ignore[arg-type]
    assert (noted, bar._spans) == ([("refresh",)], ("b",))


def test_a_message_covers_the_keys_for_a_while() -> None:
    noted: list[Any] = []
    timer = Noting(noted)

    def set_timer(*given: Any) -> Any:
        noted.append(given)
        return timer

    bar: Any = Noting(noted, _message=None, _timer=None, _hints=((), ()), set_timer=set_timer)
    FooterBar.clear(bar)
    assert (noted, FooterBar.message.fget(bar)) == ([], "")  # type: ignore[attr-defined]
    FooterBar.flash(bar, "Said.")
    assert (bar._message, FooterBar.message.fget(bar)) == (("Said.", "note"), "Said.")  # type: ignore[attr-defined]
    assert [one[0] for one in noted] == [FLASH, "_draw"]
    noted.clear()
    FooterBar.flash(bar, "Again.", "bar")
    assert [one[0] for one in noted] == ["stop", FLASH, "_draw"]
    noted.clear()
    FooterBar.clear(bar)
    assert (noted, bar._message) == ([("_draw",)], None)
    told: list[Any] = []
    drawn: Any = SimpleNamespace(_message=("Said.", "bar"), say=told.append, size=SimpleNamespace(width=40))
    FooterBar._draw(drawn)
    drawn._message = None
    drawn._hints, drawn._own = (
        ([KeyHint("s", "scale")], [KeyHint("q", "quit")]),
        lambda hint: hint._replace(key="x"),
    )
    FooterBar._draw(drawn)
    assert marked(told[0]) == "<bar> </><bar>Said.</>"
    assert marked(told[1]).startswith("<bar> </><key>x</><bar> scale</>")
