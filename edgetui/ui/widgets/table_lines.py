"""How the lines of a live table look: the head, and one row with its sign, its mark and its cells."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from edgetui.model.cells import cells, cut, pad

from .column_layout import ColumnLayout

COLOURED = frozenset({"state", "status", "ready", "why", "limited", "pressure", "reason"})
"""Columns that carry the row's verdict and take its colour."""

TAIL = 6
"""Cells kept at the end of a name that is cut: what tells two pods of one workload apart."""

MARGIN = 2
"""Cells before the first column: the sign, and the star of a marked row."""

Look = Mapping[str, Style]


class Line(NamedTuple):
    """All that the look of one line depends on."""

    texts: tuple[str, ...]
    sign: str
    severity: int
    cursor: bool
    marked: bool = False


def row_strip(line: Line, columns: ColumnLayout, width: int, styles: Look) -> Strip:
    """One row in exactly `width` cells."""
    look = _row_look(line, styles)
    base = look if line.cursor or line.sign == "~" else styles["row"]
    sign = look if line.sign == " " else _verdict(line, styles)
    segments = [Segment(line.sign, sign), Segment("*" if line.marked else " ", look)]
    used = MARGIN
    gap = " " * columns.gap
    for fitted, text in zip(columns.fitted, line.texts, strict=True):
        column = fitted.column
        keep = TAIL if column.identity and column.width > TAIL else 0
        cell = cut(columns.short(fitted, text), fitted.width, column.align, keep)
        segments.append(Segment(cell, look if column.id in COLOURED else base))
        segments.append(Segment(gap, base))
        used += fitted.width + columns.gap
    return Strip(segments, used).adjust_cell_length(width, base)


def head_strip(columns: ColumnLayout, sort: tuple[str | None, bool], width: int, styles: Look) -> Strip:
    """The titles of the columns; `<` and `>` at the ends say that there are more of them on that side."""
    style = styles["head"]
    titles = ["< " if columns.shift else "  "]
    for fitted in columns.fitted:
        title = fitted.column.title.upper()
        if fitted.column.id == sort[0]:
            arrow = "↓" if sort[1] else "↑"
            title = cut(title, fitted.width - 1).rstrip() + arrow
        titles.append(cut(title, fitted.width, fitted.column.align) + " " * columns.gap)
    text = "".join(titles)
    if columns.more and cells(text.rstrip()) < width:
        text = f"{pad(text.rstrip(), width - 1)}>"
    return Strip([Segment(text, style)], cells(text)).adjust_cell_length(width, style)


def _row_look(line: Line, styles: Look) -> Style:
    return styles["cursor"] if line.cursor else _verdict(line, styles)


def _verdict(line: Line, styles: Look) -> Style:
    """The colour of what is known of a row; its sign keeps it under the cursor too."""
    if line.sign == "~":
        return styles["stale"]
    if line.sign == "?":
        return styles["unknown"]
    return styles[{0: "bad", 1: "warn"}.get(line.severity, "row")]
