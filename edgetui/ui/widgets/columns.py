"""Which columns fit, how wide each is, and how a text is cut to its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from edgetui.model.panes.base import Column

EXTRA = (
    10  # cells that a name or state may have beyond its design width, at the cost of columns from SPARE on
)
SPARE = 6
TAIL = 6  # characters kept at the end of a name that is cut: what tells two pods of one workload apart


class Fitted(NamedTuple):
    """One column on screen: where its value is in a row (`at`) and its width in cells."""

    column: Column
    at: int
    width: int


def fit(
    columns: Sequence[Column], width: int, gap: int, widest: Mapping[str, int], hidden: frozenset[str]
) -> list[Fitted]:
    """Choose and size columns for `width` cells.

    Each column asks for its widest text so far (`widest`, in cells), at least its least and at most its design
    width. While not all of that fits, the column with the highest priority number goes; priority 1 always stays
    and shrinks instead. Names and states that are longer than their design width (by at most EXTRA) push out columns
    of priority SPARE and beyond. What is left over goes to texts that are longer still, by priority.
    """
    wanted = {
        column.id: max(
            column.min_width, min(max(widest.get(column.id, 0), cell_len(column.title)), column.width)
        )
        for column in columns
    }
    chosen = [(index, column) for index, column in enumerate(columns) if column.id not in hidden]

    def missing() -> int:
        return sum(wanted[column.id] for _, column in chosen) + gap * (len(chosen) - 1) - width

    while missing() > 0 and any(column.priority > 1 for _, column in chosen):
        chosen.remove(max(chosen, key=lambda item: (item[1].priority, item[0])))
    longer = {
        column.id: min(widest.get(column.id, 0), column.width + EXTRA)
        for _, column in chosen
        if column.priority == 1
    }
    longer = {name: max(length, wanted[name]) for name, length in longer.items()}
    extra = sum(length - wanted[name] for name, length in longer.items())
    while missing() + extra > 0 and any(column.priority >= SPARE for _, column in chosen):
        chosen.remove(max(chosen, key=lambda item: (item[1].priority, item[0])))
    widths = {index: wanted[column.id] for index, column in chosen}
    if missing() > 0:
        _shrink(chosen, widths, missing())
    left = max(-missing(), 0)
    for index, column in sorted(chosen, key=lambda item: (item[1].priority, not item[1].flex, item[0])):
        grow = min(max(widest.get(column.id, 0) - widths[index], 0), left)
        widths[index] += grow
        left -= grow
    return [Fitted(column, index, widths[index]) for index, column in chosen]


def _shrink(chosen: Sequence[tuple[int, Column]], widths: dict[int, int], missing: int) -> None:
    """Narrower than everything that must stay: take from the widest column until it fits."""
    for _ in range(missing):
        index = max((index for index, _ in chosen), key=lambda index: widths[index])
        if widths[index] > 1:
            widths[index] -= 1


def cut(text: str, width: int, align: str = "left", keep_tail: bool = False) -> str:
    """`text` in exactly `width` cells; what is cut shows as an ellipsis, at the end or before the tail."""
    length = len(text) if text.isascii() and text.isprintable() else cell_len(text)
    if length == width:
        return text
    if length < width:
        return " " * (width - length) + text if align == "right" else text + " " * (width - length)
    if width <= 1:
        return "…"[:width]
    if keep_tail and width > TAIL * 2:
        head = set_cell_size(text, width - TAIL - 1)
        return head + "…" + set_cell_size(_last(text, TAIL), TAIL)
    return set_cell_size(text, width - 1) + "…"


def _last(text: str, width: int) -> str:
    """The longest end of `text` that is at most `width` cells wide."""
    end = text[-width:]
    while cell_len(end) > width:
        end = end[1:]
    return end
