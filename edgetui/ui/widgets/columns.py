"""Which columns fit, how wide each is, and how a text is cut to its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from edgetui.model.panes.base import Column

TAIL = 6  # characters kept at the end of a name that is cut: what tells two pods of one workload apart


class Fitted(NamedTuple):
    """One column on screen: its place in a row's values and its width in cells."""

    column: Column
    index: int
    width: int


def fit(
    columns: Sequence[Column], width: int, gap: int, widest: Mapping[str, int], hidden: frozenset[str]
) -> list[Fitted]:
    """Choose and size columns for `width` cells.

    Columns with the highest priority number go first when space is short; priority 1 always stays. A column gets
    its least width, then as much as its widest text (`widest`, in cells) wants: fixed columns up to their design
    width, in order of priority, and flexible ones share what is left.
    """
    chosen = [(index, column) for index, column in enumerate(columns) if column.id not in hidden]

    def least() -> int:
        return sum(column.min_width for _, column in chosen) + gap * (len(chosen) - 1)

    while least() > width and any(column.priority > 1 for _, column in chosen):
        chosen.remove(max(chosen, key=lambda item: (item[1].priority, item[0])))
    widths = {index: column.min_width for index, column in chosen}
    left = width - least()
    for index, column in sorted(chosen, key=lambda item: (item[1].flex, item[1].priority, item[0])):
        seen = max(widest.get(column.id, 0), cell_len(column.title))
        wanted = seen if column.flex else min(seen, column.width)
        grow = min(max(wanted - widths[index], 0), max(left, 0))
        widths[index] += grow
        left -= grow
    if left < 0:
        _shrink(chosen, widths, -left)
    return [Fitted(column, index, widths[index]) for index, column in chosen]


def _shrink(chosen: Sequence[tuple[int, Column]], widths: dict[int, int], missing: int) -> None:
    """Narrower than everything that must stay: take from the widest column until it fits."""
    for _ in range(missing):
        index = max((index for index, _ in chosen), key=lambda index: widths[index])
        if widths[index] > 1:
            widths[index] -= 1


def cut(text: str, width: int, align: str = "left", keep_tail: bool = False) -> str:
    """`text` in exactly `width` cells; what is cut shows as an ellipsis, at the end or before the tail."""
    length = len(text) if text.isascii() else cell_len(text)
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
