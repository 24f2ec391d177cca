"""Panes as text: what fits, what gives way, and what never reaches a terminal."""

from __future__ import annotations

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.panes.base import Column, Pane, PaneRow
from edgetui.table import printable, rows_as_text


class Sample(Pane):
    id = "sample"
    title = "Sample"
    kinds = needs = ()
    columns = (
        Column("cluster", "CLUSTER", 8, 6, priority=2),
        Column("name", "NAME", 12, 6, flex=True),
        Column("count", "COUNT", 5, 5, "right"),
        Column("note", "NOTE", 10, 10, priority=4),
        Column("age", "AGE", 4, 4, "right", priority=3),
    )


def row(name: str, count: int = 1, sign: str = " ") -> PaneRow:
    return PaneRow(
        ObjectKey("plant", "X", "", name),
        Row(namespace="", name=name, uid="u", resource_version="1"),
        3,
        sign,
        ("plant", name, count, "a long note", "4m"),
    )


def test_columns_are_aligned_and_signed() -> None:
    lines = rows_as_text(Sample(), [row("a", 12, "!"), row("long-name", 3)], 0.0, 80, with_cluster=False)
    assert lines == [
        "  NAME       COUNT  NOTE         AGE",
        "! a             12  a long note   4m",
        "  long-name      3  a long note   4m",
    ]


@pytest.mark.parametrize("width", range(20, 90))
def test_no_line_is_wider_than_the_screen_and_the_least_important_goes_first(width: int) -> None:
    lines = rows_as_text(Sample(), [row("a-name-of-some-length")], 0.0, width, with_cluster=True)
    assert max(map(len, lines)) <= width
    shown = [title for title in ("NAME", "COUNT", "CLUSTER", "AGE", "NOTE") if title in lines[0].split()]
    assert shown == ["NAME", "COUNT", "CLUSTER", "AGE", "NOTE"][: len(shown)] or "NOTE" not in shown
    assert {"NAME", "COUNT"} <= set(shown)


def test_a_cut_name_says_so() -> None:
    (_, line) = rows_as_text(Sample(), [row("a-name-of-some-length")], 0.0, 20, with_cluster=False)
    assert line == "  a-name-of-…      1"


def test_text_from_a_server_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\nc\x07\u202ed") == "a [31mb c  d"
    assert rows_as_text(Sample(), [], 0.0, 80, with_cluster=True) == []
