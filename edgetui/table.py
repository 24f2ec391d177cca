"""A pane's rows as aligned plain text, for terminals and pipes without a screen."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.cells import cells, cut, told_apart, visible
from edgetui.model.panes.base import Column, Pane, PaneRow

GAP = "  "
_SIGN_WIDTH = 2
_TAIL = 6
"""Cells kept at the end of a name that is cut: what tells two pods of one workload apart."""
_LEAST = 3
"""Cells of a column that says which object a row is, however narrow the terminal."""


def rows_as_text(
    pane: Pane, rows: Sequence[PaneRow], now: float, width: int, *, with_cluster: bool
) -> list[str]:
    """A heading and one line per row, at most `width` cells wide; nothing for no rows.

    Columns of low priority give way, then the flexible ones and those that say which object it is are cut: those are
    never left out, and different ones stay different.
    """
    if not rows:
        return []
    columns = [column for column in pane.columns if with_cluster or column.id != "cluster"]
    index = {column.id: position for position, column in enumerate(pane.columns)}
    texts = {
        column.id: [visible(column.text(row.values[index[column.id]], now)) for row in rows]
        for column in columns
    }
    widths = {column.id: max(map(cells, [column.title, *texts[column.id]])) for column in columns}
    columns = _fit(columns, widths, width - _SIGN_WIDTH)
    for column in columns:
        if column.identity:
            keep = _TAIL if column.flex else 0
            texts[column.id] = told_apart(texts[column.id], widths[column.id], keep)
    lines = ["  " + _line(columns, widths, {column.id: column.title for column in columns})]
    for number, row in enumerate(rows):
        line = _line(columns, widths, {column.id: texts[column.id][number] for column in columns})
        lines.append(f"{row.sign} {line}")
    return [line.rstrip() for line in lines]


def _fit(columns: list[Column], widths: dict[str, int], width: int) -> list[Column]:
    """Takes columns by priority as long as they fit at their design widths, then narrows those that can be cut."""

    def excess(chosen: Sequence[Column], least: bool) -> int:
        sizes = [min(widths[c.id], c.width) if least and _yields(c) else widths[c.id] for c in chosen]
        return sum(sizes) + len(GAP) * (len(chosen) - 1) - width

    taken = [column for column in columns if column.priority == 1 or column.identity]
    for column in sorted(columns, key=lambda column: column.priority):
        if column not in taken and excess([*taken, column], least=True) <= 0:
            taken.append(column)
    kept = [column for column in columns if column in taken]
    floors = ({c.id: c.width for c in kept}, {c.id: c.min_width for c in kept}, dict.fromkeys(widths, _LEAST))
    for floor in floors:
        while excess(kept, least=False) > 0:
            wide = [c for c in kept if _yields(c) and widths[c.id] > floor[c.id]]
            if not wide:
                break
            widths[max(wide, key=lambda c: widths[c.id]).id] -= 1
    return kept


def _yields(column: Column) -> bool:
    """Whether a column may be narrower than its texts."""
    return column.flex or column.identity


def _line(columns: Sequence[Column], widths: dict[str, int], texts: dict[str, str]) -> str:
    return GAP.join(cut(texts[column.id], widths[column.id], column.align) for column in columns)
