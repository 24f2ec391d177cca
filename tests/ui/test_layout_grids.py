"""Where what stands at every width: columns, tabs, the footer, the lines of a table, wrapped sentences.

`pytest tests/ui/test_layout_grids.py --snapshot-update` takes what is laid out now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import product

import pytest
from rich.color import Color
from rich.style import Style
from syrupy.assertion import SnapshotAssertion

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import Column
from edgetui.ui.spans import Span, hanging, line, plain, to_strip, wrap
from edgetui.ui.widgets.bars import KeyHint, Tab, footer_line, tab_line
from edgetui.ui.widgets.column_layout import ColumnLayout
from edgetui.ui.widgets.columns import Fitted, fit, fit_in_order, furthest
from edgetui.ui.widgets.pane_view import shared_height
from edgetui.ui.widgets.table_lines import MARGIN, Line, head_strip, row_strip

from .alone import LOOK
from .test_text_grids import marked

COLUMNS = (
    Column("cluster", "cluster", 10, 5, identity=True, priority=3),
    Column("namespace", "namespace", 9, 4, identity=True, priority=2),
    Column("name", "name", 20, 8, identity=True, flex=True),
    Column("state", "state", 14, 10),
    Column("ready", "ready", 5, 5, "right", priority=2),
    Column("restarts", "rst", 4, 3, "right", priority=4),
    Column("age", "age", 4, 4, priority=6),
    Column("why", "why", 24, 10, priority=7, flex=True),
    Column("node", "node", 12, 6, priority=8),
    Column("image", "image", 20, 8, priority=9, wide=True),
)
TEXTS = {
    "nothing": {},
    "short": {
        "cluster": 5,
        "namespace": 6,
        "name": 11,
        "state": 7,
        "ready": 3,
        "restarts": 1,
        "age": 3,
        "node": 7,
    },
    "long": {
        "cluster": 22,
        "namespace": 15,
        "name": 44,
        "state": 21,
        "ready": 5,
        "why": 70,
        "node": 30,
        "image": 60,
    },
}
WIDTHS = (4, 9, 16, 24, 31, 40, 48, 55, 60, 66, 72, 78, 85, 93, 104, 118, 140, 180, 240)
NONE: frozenset[str] = frozenset()


def told(fitted: Iterable[Fitted]) -> str:
    return " ".join(f"{one.column.id}@{one.at}:{one.width}" for one in fitted)


def each_change(widths: Iterable[int], made: Callable[[int], str]) -> str:
    """What is made at each width, where it is not as at the width before."""
    found, before = [], ""
    for width in widths:
        if (now := made(width)) != before:
            found.append(f"{width:>3}: {now}")
        before = now
    return "\n".join(found)


@pytest.mark.parametrize("texts", TEXTS)
def test_which_columns_fit(texts: str, snapshot: SnapshotAssertion) -> None:
    widest = TEXTS[texts]
    for gap, hidden in ((1, NONE), (2, frozenset({"cluster", "image"}))):

        def fitted(width: int, gap: int = gap, hidden: frozenset[str] = hidden) -> str:
            return told(fit(COLUMNS, width, gap, widest, hidden))

        assert each_change(WIDTHS, fitted) == snapshot(name=f"gap {gap}")


@pytest.mark.parametrize("texts", TEXTS)
def test_which_columns_stand_in_their_order(texts: str, snapshot: SnapshotAssertion) -> None:
    widest, found = TEXTS[texts], []
    for width in (9, 24, 60, 78, 118, 240):
        found.append(f"{width}: {furthest(COLUMNS, width, 1, widest, NONE)} scroll out")
        for shift, full in product((0, 1, 5, 8), (False, True)):
            found.append(
                f"  {shift} {full:d}: {told(fit_in_order(COLUMNS, width, 1, widest, NONE, shift, full))}"
            )
    assert "\n".join(found) == snapshot


TABS = (
    Tab("1", "nodes", "1,024 · 3 down · 2 cordoned", False, True),
    Tab("2", "pods", "10,000 · 31 failing · 4 starting", True, True),
    Tab("3", "autoscalers", "64 · 2 limited", False, False),
    Tab("4", "rollouts", "318", False, False),
    Tab("", "cronjobs", "3 · 1 late", False, False),
)


def test_tabs(snapshot: SnapshotAssertion) -> None:
    assert each_change(range(10, 180), lambda width: marked(tab_line(TABS, width))) == snapshot


HINTS = (
    KeyHint("s", "scale", "may not update deployments/scale"),
    KeyHint("b", "roll back"),
    KeyHint("t", "rotate token", "read-only"),
    KeyHint("/", "filter"),
)
LAST = (KeyHint("?", "help"), KeyHint("q", "quit"))


def test_the_footer(snapshot: SnapshotAssertion) -> None:
    def made(hints: Sequence[KeyHint], last: Sequence[KeyHint]) -> Callable[[int], str]:
        def at(width: int) -> str:
            spans = list(footer_line(hints, last, width))
            assert len(plain(spans)) == width or width < 20
            return marked(spans).replace(" " * max(width - 90, 0), "", 1)

        return at

    assert each_change(range(8, 120, 4), made(HINTS, LAST)) == snapshot(name="all")
    assert each_change((8, 20), made((), LAST)) == snapshot(name="last")
    assert each_change((8, 20), made(HINTS[1:2], ())) == snapshot(name="first")


def test_the_lines_of_a_table(snapshot: SnapshotAssertion) -> None:
    columns = ColumnLayout(COLUMNS[1:5], NONE)
    columns.arrange(50, (), 0.0)
    found = []
    for sort, shift, more, width in product(
        ((None, False), ("name", False), ("ready", True)), (0, 1), (False, True), (40, 52, 70)
    ):
        columns.shift, columns.more = shift, more
        found.append(head_strip(columns, sort, width, LOOK).text + "|")
    texts = ("line-2", "press-7f9c66-a-very-long-name-x2k4q", "image not found", "0/1")
    for sign, severity, cursor, mark in product("!~? ", (0, 1, 2), (False, True), (False, True)):
        strip = row_strip(Line(texts, sign, severity, cursor, mark), columns, 54, LOOK)
        assert strip.cell_length == 54
        found.append("".join(f"<{one.style.meta['role']}>{one.text}" for one in strip if one.style))
    for width in (20, 24, 30, 40, 60):
        columns = ColumnLayout(COLUMNS[1:5], NONE)
        columns.seen(ObjectKey("plant", "Pod", "line-2", texts[1]))
        columns.arrange(width - MARGIN, (), 0.0)
        shown = tuple(texts[one.at] for one in columns.fitted)
        found.append(row_strip(Line(shown, " ", 2, False), columns, width, LOOK).text + "|")
    assert "\n".join(found) == snapshot


def test_how_several_panes_share_the_height(snapshot: SnapshotAssertion) -> None:
    found = []
    for nodes, autoscalers, rollouts, body, quad in product(
        (1, 9, 40), (1, 12), (1, 9, 40), (20, 60), (True, False)
    ):
        rows = {"nodes": nodes, "autoscalers": autoscalers, "rollouts": rollouts, "pods": 500}
        heights = shared_height(rows, body, quad=quad)
        assert sum(heights) + len(heights) - 1 == body
        found.append(f"{nodes} {autoscalers} {rollouts} in {body}{' quad' * quad}: {heights}")
    assert "\n".join(found) == snapshot


SENTENCES = (
    line("  ", Span("image       ", "quiet"), "registry.local/press:2.1 and some more words"),
    line(Span("! ", "bad"), Span("the image is not found, ", "bad"), "and nobody knows  why"),
    line("    far in, and then much more than there is room for in one line of this screen"),
    line(Span("x" * 30), " ", "漢字漢字漢字 ok"),
    line("label  ", "value value value value"),
    line("! ", "two  ", "three  ", "value value value value"),
    line("exactly as much as fits"),
    line(),
)


def test_sentences_that_are_wrapped(snapshot: SnapshotAssertion) -> None:
    found = []
    for spans, width in product(SENTENCES, (10, 17, 22, 23, 24, 36, 60)):
        found.append(f"{width} hangs {hanging(spans, width)}")
        found += [f"  {marked(one)}|" for one in wrap(spans, width)]
    assert "\n".join(found) == snapshot


GROUNDS = {role: Style(bgcolor=Color.from_ansi(at)) for at, role in enumerate(LOOK)}


def test_a_line_on_its_ground(snapshot: SnapshotAssertion) -> None:
    spans = line(Span(" edgetui ", "brand"), Span("2 GUARDS", "badge"), "  漢字", Span(" quit", "key"))
    found = []
    for width, base in product((0, 9, 12, 17, 20, 22, 30), ("row", "bar")):
        strip = to_strip(spans, width, GROUNDS, base)
        assert strip.cell_length == width
        found.append(f"{width} {base}: {''.join(f'<{one.style}>{one.text}' for one in strip)}|")
    assert "\n".join(found) == snapshot


MIXED = {
    "a long reason": {"name": 11, "state": 15, "ready": 3, "age": 3, "why": 31, "node": 7},
    "a long state": {
        "cluster": 5,
        "namespace": 9,
        "name": 23,
        "state": 24,
        "ready": 5,
        "restarts": 4,
        "why": 12,
    },
    "a long name": {
        "cluster": 14,
        "namespace": 6,
        "name": 31,
        "state": 7,
        "ready": 3,
        "node": 13,
        "image": 25,
    },
}


@pytest.mark.parametrize("texts", MIXED)
def test_which_columns_fit_cell_by_cell(texts: str, snapshot: SnapshotAssertion) -> None:
    widest = MIXED[texts]
    before = 0

    def fitted(width: int) -> str:
        found = fit(COLUMNS, width, 1, widest, NONE)
        assert sum(one.width for one in found) + len(found) - 1 <= max(width, len(found) * 2)
        return " ".join(f"{one.column.id[:2]}{one.width}" for one in found)

    assert each_change(range(12, 130), fitted) == snapshot
    for width in range(12, 130):
        there = furthest(COLUMNS, width, 1, widest, NONE)
        assert not before or there <= before, "a wider table has no more columns out of sight"
        before = there


@pytest.mark.parametrize("texts", MIXED)
@pytest.mark.parametrize("full", [False, True])
def test_which_columns_stand_in_their_order_at_more_widths(
    texts: str, full: bool, snapshot: SnapshotAssertion
) -> None:
    widest = MIXED[texts]

    def fitted(width: int) -> str:
        found = [fit_in_order(COLUMNS, width, 1, widest, NONE, shift, full) for shift in (0, 2)]
        assert all(sum(one.width for one in some) + len(some) - 1 <= width for some in found)
        return " | ".join(" ".join(f"{one.column.id[:2]}{one.width}" for one in some) for some in found)

    assert each_change(range(10, 120, 9), fitted) == snapshot
