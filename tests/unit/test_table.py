"""Panes as text: what fits, what gives way, and what never reaches a terminal."""

from __future__ import annotations

import pytest

from edgetui.model.cells import cells
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.panes.base import BuiltRow, Column, Pane, PaneRow
from edgetui.table import rows_as_text


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
    return BuiltRow(
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
    foreign = row("a\x1b[31mb\nc\x07\u202ed")
    (_, line) = rows_as_text(Sample(), [foreign], 0.0, 80, with_cluster=False)
    assert line.startswith("  a [31mb c d ")
    assert rows_as_text(Sample(), [], 0.0, 80, with_cluster=True) == []


def fleet_rows(pane: Pane, clusters: list[str], objects: list[str]) -> list[PaneRow]:
    values = {"count": 1, "note": "a long note", "age": "4m"}
    return [
        BuiltRow(
            ObjectKey(cluster, "X", "", name),
            Row(namespace="", name=name, uid="u", resource_version="1"),
            3,
            " ",
            tuple({"cluster": cluster, "name": name, **values}[column.id] for column in pane.columns),
        )
        for cluster in clusters
        for name in objects
    ]


@pytest.mark.parametrize("width", [24, 40, 80, 120, 160])
def test_what_says_which_object_it_is_is_never_left_out_and_tells_all_apart(width: int) -> None:
    clusters = [f"production-eu-central-1-frankfurt-shop-floor-line-{at}" for at in range(1, 4)]
    objects = [f"controller-of-the-press-in-hall-{at}-of-the-plant" for at in "abc"]
    lines = rows_as_text(Named(), fleet_rows(Named(), clusters, objects), 0.0, width, with_cluster=True)
    assert max(map(cells, lines)) <= width
    assert {"CLU", "NAM"} <= {word[:3] for word in lines[0].split()}
    assert len(set(lines)) == 1 + len(clusters) * len(objects)


def test_wide_characters_stand_in_their_columns() -> None:
    rows = fleet_rows(Named(), ["工場"], ["組立", "weld", "e\u0301clair", "👩\u200d🔧"])
    lines = rows_as_text(Named(), rows, 0.0, 80, with_cluster=True)
    assert len({cells(line[: line.index("4m")]) for line in lines[1:]}) == 1


class Named(Sample):
    columns = (
        Column("cluster", "CLUSTER", 8, 6, priority=2, identity=True),
        Column("name", "NAME", 12, 6, flex=True, identity=True),
        *Sample.columns[2:],
    )
