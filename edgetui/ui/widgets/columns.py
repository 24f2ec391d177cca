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
FIXED = frozenset({"name", "object"})
"""The columns that name a row: they do not scroll out of view."""

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
    of priority SPARE and beyond, or narrow one that can be narrower. What is left over goes to texts that are longer
    still, by priority.
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
    while (over := missing() + extra) > 0 and any(column.priority >= SPARE for _, column in chosen):
        last = max(chosen, key=lambda item: (item[1].priority, item[0]))
        if last[1].flex and wanted[last[1].id] - over >= last[1].min_width:
            wanted[last[1].id] -= over
        else:
            chosen.remove(last)
    widths = {index: wanted[column.id] for index, column in chosen}
    if missing() > 0:
        _shrink(chosen, widths, missing())
    left = max(-missing(), 0)
    for index, column in sorted(chosen, key=lambda item: (item[1].priority, not item[1].flex, item[0])):
        grow = min(max(widest.get(column.id, 0) - widths[index], 0), left)
        widths[index] += grow
        left -= grow
    return [Fitted(column, index, widths[index]) for index, column in chosen]


def furthest(
    columns: Sequence[Column], width: int, gap: int, widest: Mapping[str, int], hidden: frozenset[str]
) -> int:
    """How many columns must scroll out at the left until all the others, and the name, stand there in full."""
    fixed, others = _apart(columns, hidden)
    room = width - _fixed_width(fixed[1], width, widest)
    for tail in range(len(others), 0, -1):
        room -= gap + _full(others[tail - 1][1], widest)
        if room < 0:
            return min(tail, len(others) - 1)
    return 0


def fit_in_order(
    columns: Sequence[Column],
    width: int,
    gap: int,
    widest: Mapping[str, int],
    hidden: frozenset[str],
    shift: int,
    full: bool,
) -> list[Fitted]:
    """Columns as they stand, without the first `shift` of them, as many as there is space for; the name always.

    With `full` each gets its widest text, else at most its design width and a share of what is left over.
    """
    fixed, others = _apart(columns, hidden)
    size = {fixed[0]: _fixed_width(fixed[1], width, widest)}
    left = width - size[fixed[0]]
    chosen = [fixed]
    for at, column in others[shift:]:
        wanted = _full(column, widest)
        wanted = wanted if full else min(wanted, column.width)
        size[at] = min(wanted, left - gap)
        if size[at] < (min(column.min_width, wanted) if len(chosen) > 1 else 1):
            break
        chosen.append((at, column))
        left -= gap + size[at]
    for at, column in sorted(chosen[1:], key=lambda item: (not item[1].flex, item[0])):
        grow = min(_full(column, widest) - size[at], max(left, 0))
        size[at] += grow
        left -= grow
    return [Fitted(column, at, size[at]) for at, column in sorted(chosen, key=lambda item: item[0])]


_Placed = tuple[int, Column]


def _apart(columns: Sequence[Column], hidden: frozenset[str]) -> tuple[_Placed, list[_Placed]]:
    """The column that names the row, and the others, each with its place."""
    there = [(at, column) for at, column in enumerate(columns) if column.id not in hidden]
    fixed = next((item for item in there if item[1].id in FIXED), there[0])
    return fixed, [item for item in there if item is not fixed]


def _full(column: Column, widest: Mapping[str, int]) -> int:
    return max(widest.get(column.id, 0), cell_len(column.title), column.min_width)


def _fixed_width(column: Column, width: int, widest: Mapping[str, int]) -> int:
    """The name beside scrolled columns: in full, but no more than half of the line."""
    return min(_full(column, widest), max(width // 2, column.min_width), width)


def _shrink(chosen: Sequence[tuple[int, Column]], widths: dict[int, int], missing: int) -> None:
    """Narrower than everything that must stay: take from the widest column until it fits."""
    for _ in range(missing):
        index = max((index for index, _ in chosen), key=lambda index: widths[index])
        if widths[index] > 1:
            widths[index] -= 1


def cells(text: str) -> int:
    """How many cells a text takes."""
    return len(text) if text.isascii() and text.isprintable() else cell_len(text)


def cut(text: str, width: int, align: str = "left", keep_tail: bool = False) -> str:
    """`text` in exactly `width` cells; what is cut shows as an ellipsis, at the end or before the tail."""
    length = cells(text)
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
    """The longest end of `text` that is at most `width` cells wide; it begins with a character of its own."""
    start = len(text)
    while start and cell_len(text[start - 1 :]) <= width:
        start -= 1
    while start < len(text) and not cell_len(text[start]):
        start += 1
    return text[start:]
