"""A pane's rows as aligned plain text, for terminals and pipes without a screen."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.cells import cells, cut, told_apart, visible
from edgetui.model.panes.base import Column, Pane, PaneRow, State

GAP = "  "
_SIGN_WIDTH = 2
_TAIL = 6
"""Cells kept at the end of a name that is cut: what tells two pods of one workload apart."""
_LEAST = 3
"""Cells of a column that says which object a row is, however narrow the terminal."""


class Layout:
    """The columns of a table and how wide they are, so that rows which come later stand below the first ones."""

    def __init__(
        self, pane: Pane, rows: Sequence[PaneRow], now: float, width: int, *, with_cluster: bool
    ) -> None:
        columns = [column for column in pane.columns if with_cluster or column.id != "cluster"]
        self._places = {column.id: place for place, column in enumerate(pane.columns)}
        texts = self._texts(columns, rows, now)
        self._widths = {column.id: max(map(cells, [column.title, *texts[column.id]])) for column in columns}
        self._columns = _fit(columns, self._widths, width - _SIGN_WIDTH)

    @property
    def heading(self) -> str:
        """The line of the columns' titles."""
        titles = {column.id: column.title for column in self._columns}
        return ("  " + _line(self._columns, self._widths, titles)).rstrip()

    def lines(self, rows: Sequence[PaneRow], now: float, sign: str = "") -> list[str]:
        """A line for each row; `sign` takes the place of the rows' own."""
        texts = self._texts(self._columns, rows, now)
        for column in self._columns:
            if column.identity:
                keep = _TAIL if column.flex else 0
                texts[column.id] = told_apart(texts[column.id], self._widths[column.id], keep)
        lines = []
        for number, row in enumerate(rows):
            row_texts = {column.id: texts[column.id][number] for column in self._columns}
            lines.append(f"{sign or row.sign} {_line(self._columns, self._widths, row_texts)}".rstrip())
        return lines

    def steady(self, row: PaneRow, now: float) -> tuple[str, ...]:
        """What a row says that does not change with time alone: of a state its words, not how old they are."""
        said = [row.sign]
        for column in self._columns:
            value = row.values[self._places[column.id]]
            if isinstance(value, State):
                said.append(value.words)
            elif not column.moves:
                said.append(column.text(value, now))
        return tuple(said)

    def _texts(self, columns: Sequence[Column], rows: Sequence[PaneRow], now: float) -> dict[str, list[str]]:
        return {
            column.id: [visible(column.text(row.values[self._places[column.id]], now)) for row in rows]
            for column in columns
        }


def rows_as_text(
    pane: Pane, rows: Sequence[PaneRow], now: float, width: int, *, with_cluster: bool
) -> list[str]:
    """A heading and one line per row, at most `width` cells wide; nothing for no rows.

    Columns of low priority give way, then the flexible ones and those that say which object it is are cut: those are
    never left out, and different ones stay different.
    """
    if not rows:
        return []
    layout = Layout(pane, rows, now, width, with_cluster=with_cluster)
    return [layout.heading, *layout.lines(rows, now)]


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
