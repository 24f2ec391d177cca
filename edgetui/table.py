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

    Columns of low priority give way first, then the flexible ones are cut.
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
    """Drops columns until their least widths fit, then narrows the flexible ones in `widths`."""

    def taken(kept: Sequence[Column], least: bool) -> int:
        total = sum(min(widths[c.id], c.min_width) if least and c.flex else widths[c.id] for c in kept)
        return total + len(GAP) * (len(kept) - 1)

    kept = list(columns)
    while taken(kept, True) > width and any(column.priority > 1 for column in kept):
        kept.remove(max(kept, key=lambda column: (column.priority, kept.index(column))))
    excess = taken(kept, False) - width
    for column in sorted((c for c in kept if c.flex), key=lambda c: -widths[c.id]):
        cut = min(max(excess, 0), max(widths[column.id] - column.min_width, 0))
        widths[column.id] -= cut
        excess -= cut
    return kept


def _line(columns: Sequence[Column], widths: dict[str, int], texts: dict[str, str]) -> str:
    parts = []
    for column in columns:
        size, text = widths[column.id], texts[column.id]
        text = text if len(text) <= size else text[: size - 1] + "…"
        parts.append(text.rjust(size) if column.align == "right" else text.ljust(size))
    return GAP.join(parts)
