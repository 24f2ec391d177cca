"""A pane's rows as aligned plain text, for terminals and pipes without a screen."""

from __future__ import annotations

import re
from collections.abc import Sequence

from edgetui.model.panes.base import Column, Pane, PaneRow

GAP = "  "
_SIGN_WIDTH = 2
# Control characters and escape sequences: text from a server must not steer the terminal.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def rows_as_text(
    pane: Pane, rows: Sequence[PaneRow], now: float, width: int, *, with_cluster: bool
) -> list[str]:
    """A heading and one line per row, at most `width` cells wide; nothing for no rows.

    Columns of low priority give way, then the flexible ones are cut.
    """
    if not rows:
        return []
    columns = [column for column in pane.columns if with_cluster or column.id != "cluster"]
    index = {column.id: position for position, column in enumerate(pane.columns)}
    cells = {
        column.id: [printable(column.text(row.values[index[column.id]], now)) for row in rows]
        for column in columns
    }
    widths = {column.id: max(len(column.title), *map(len, cells[column.id])) for column in columns}
    columns = _fit(columns, widths, width - _SIGN_WIDTH)
    lines = ["  " + _line(columns, widths, {column.id: column.title for column in columns})]
    for number, row in enumerate(rows):
        texts = {column.id: cells[column.id][number] for column in columns}
        lines.append(f"{row.sign} {_line(columns, widths, texts)}")
    return [line.rstrip() for line in lines]


def printable(text: str) -> str:
    """The text without anything that a terminal would act on."""
    return _CONTROL.sub(" ", text)


def _fit(columns: list[Column], widths: dict[str, int], width: int) -> list[Column]:
    """Takes columns by priority as long as they fit at their design widths, then narrows the flexible ones."""

    def excess(chosen: Sequence[Column], least: bool) -> int:
        sizes = [min(widths[c.id], c.width) if least and c.flex else widths[c.id] for c in chosen]
        return sum(sizes) + len(GAP) * (len(chosen) - 1) - width

    taken: list[Column] = []
    for column in sorted(columns, key=lambda column: column.priority):
        if column.priority == 1 or excess([*taken, column], least=True) <= 0:
            taken.append(column)
    kept = [column for column in columns if column in taken]
    for floor in ("width", "min_width"):
        while excess(kept, least=False) > 0:
            wide = [c for c in kept if c.flex and widths[c.id] > getattr(c, floor)]
            if not wide:
                break
            widths[max(wide, key=lambda c: widths[c.id]).id] -= 1
    return kept


def _line(columns: Sequence[Column], widths: dict[str, int], texts: dict[str, str]) -> str:
    parts = []
    for column in columns:
        size, text = widths[column.id], texts[column.id]
        text = text if len(text) <= size else text[: size - 1] + "…"
        parts.append(text.rjust(size) if column.align == "right" else text.ljust(size))
    return GAP.join(parts)
