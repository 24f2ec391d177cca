"""Which columns fit, how wide each is, and how a text is cut to its column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edgetui.model.cells import cells
from edgetui.model.panes.base import Column

EXTRA = (
    10  # cells that a name or state may have beyond its design width, at the cost of columns from SPARE on
)
SPARE = 6
KEPT = 2
FIXED = frozenset({"name", "object"})
"""The columns that name a row: they do not scroll out of view."""


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
    width. While not all of that fits, the column with the highest priority number goes; priority 1 and what says which
    object it is always stay, and shrink instead; for a column of priority KEPT they shrink before it goes. Those that
    stay and are longer than their design width (by at most EXTRA) push out columns of priority SPARE and beyond, or
    narrow one that can be narrower. What is left over goes to those that stay, the shortest need first, then to other
    texts that are longer still, by priority.
    """
    wanted = {
        column.id: max(
            column.min_width, min(max(widest.get(column.id, 0), cells(column.title)), column.width)
        )
        for column in columns
    }
    chosen = [(index, column) for index, column in enumerate(columns) if column.id not in hidden]

    def missing() -> int:
        return sum(wanted[column.id] for _, column in chosen) + gap * (len(chosen) - 1) - width

    def least_important() -> tuple[int, Column] | None:
        return max((item for item in chosen if not _stays(item[1])), key=_importance, default=None)

    while (over := missing()) > 0 and (last := least_important()) is not None:
        if last[1].priority <= KEPT and over <= sum(_slack(column, wanted) for _, column in chosen):
            _narrow([column for _, column in chosen], wanted, over)
        else:
            chosen.remove(last)
    longer = {
        column.id: min(widest.get(column.id, 0), column.width + EXTRA)
        for _, column in chosen
        if _stays(column)
    }
    longer = {name: max(length, wanted[name]) for name, length in longer.items()}
    extra = sum(length - wanted[name] for name, length in longer.items())
    while (over := missing() + extra) > 0:
        last = least_important()
        if last is None or last[1].priority < SPARE:
            break
        if last[1].flex and wanted[last[1].id] - over >= last[1].min_width:
            wanted[last[1].id] -= over
        else:
            chosen.remove(last)
    widths = {index: wanted[column.id] for index, column in chosen}
    if missing() > 0:
        _shrink(chosen, widths, missing(), widest)
    _share(chosen, widths, max(-missing(), 0), widest)
    return [Fitted(column, index, widths[index]) for index, column in chosen]


def _stays(column: Column) -> bool:
    """Whether a column is never left out."""
    return column.priority == 1 or column.identity


def _importance(item: tuple[int, Column]) -> tuple[int, int]:
    return item[1].priority, item[0]


def _slack(column: Column, wanted: Mapping[str, int]) -> int:
    """How much narrower a column can be that stays."""
    return max(wanted[column.id] - column.min_width, 0) if _stays(column) else 0


def _narrow(columns: Sequence[Column], wanted: dict[str, int], over: int) -> None:
    """Take cells from the columns that stay, one by one from the one that can spare most."""
    for _ in range(over):
        wanted[max(columns, key=lambda column: _slack(column, wanted)).id] -= 1


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
    return max(widest.get(column.id, 0), cells(column.title), column.min_width)


def _fixed_width(column: Column, width: int, widest: Mapping[str, int]) -> int:
    """The name beside scrolled columns: in full, but no more than half of the line."""
    return min(_full(column, widest), max(width // 2, column.min_width), width)


def _share(
    chosen: Sequence[tuple[int, Column]], widths: dict[int, int], left: int, widest: Mapping[str, int]
) -> None:
    """Give what is left over to texts that are longer still."""
    needs = {index: max(widest.get(column.id, 0) - widths[index], 0) for index, column in chosen}

    def urgency(item: tuple[int, Column]) -> tuple[bool, int, bool, int]:
        index, column = item
        stays = _stays(column)
        return not stays, needs[index] if stays else column.priority, not column.flex, index

    for index, _ in sorted(chosen, key=urgency):
        grow = min(needs[index], left)
        widths[index] += grow
        left -= grow


def _shrink(
    chosen: Sequence[tuple[int, Column]], widths: dict[int, int], missing: int, widest: Mapping[str, int]
) -> None:
    """Narrower than everything that must stay: take from titles, from what names nothing, then from all."""
    needed = {index: widest.get(column.id, 0) for index, column in chosen}
    spare = {index: 1 if column.identity else 4 for index, column in chosen}

    def gives(index: int) -> tuple[bool, bool, int]:
        return widths[index] > needed[index], widths[index] > spare[index] > 1, widths[index]

    for _ in range(missing):
        wide = [index for index, width in widths.items() if width > 1]
        if wide:
            widths[max(wide, key=gives)] -= 1
