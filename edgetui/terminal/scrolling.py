"""Lines that only moved: found by their text, and moved on the terminal by its scroll region."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T", str, int)

FEWEST = 3
"""Lines that must have moved together before scrolling is thought of."""


class Shift(NamedTuple):
    """The lines `top` to `bottom`, both included, move up by `by` lines, or down where `by` is negative."""

    top: int
    bottom: int
    by: int

    @property
    def sequence(self) -> str:
        """What makes the terminal do it. The pen must be plain: some terminals fill new lines with its background."""
        at, step = (self.bottom, "\x1bD") if self.by > 0 else (self.top, "\x1bM")
        return f"\x1b[{self.top + 1};{self.bottom + 1}r\x1b[{at + 1}H{step * abs(self.by)}\x1b[r"

    def applied(self, lines: list[list[T]], blank: list[T]) -> list[list[T]]:
        """`lines` as they are after it; what comes in is `blank`."""
        new = [blank.copy() for _ in range(abs(self.by))]
        part = lines[self.top : self.bottom + 1]
        part = part[self.by :] + new if self.by > 0 else new + part[: self.by]
        return lines[: self.top] + part + lines[self.bottom + 1 :]


def find_shift(shown: Sequence[str], wanted: Sequence[str], changed: Iterable[int]) -> Shift | None:
    """The shift that brings the most of the `changed` lines of `wanted` into place, if it brings a few."""
    places: dict[str, int] = {}
    for y, line in enumerate(shown):
        places[line] = -1 if line in places else y
    moved: defaultdict[int, list[int]] = defaultdict(list)
    for y in changed:
        if (was := places.get(wanted[y], -1)) >= 0 and was != y:
            moved[was - y].append(y)
    if not moved:
        return None
    by, lines = max(moved.items(), key=lambda item: len(item[1]))
    if len(lines) < FEWEST:
        return None
    return Shift(min(lines) + min(by, 0), max(lines) + max(by, 0), by)
