"""The columns of one table as they stand: widest texts so far, the columns that fit, and the cells of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.cells import cell_len

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import Column, PaneRow

from .columns import Fitted, fit

STAND_IN = {"state": "why"}
"""A column that speaks for another one when there is no space for both: plain words before kubectl's."""

WIDE = 110
"""Cells from which columns stand two cells apart."""


class ColumnLayout:
    """Which columns a table shows and how wide. Widths grow with what was seen and never jump back."""

    def __init__(self, columns: Sequence[Column], hidden: frozenset[str]) -> None:
        self.fitted: list[Fitted] = []
        self.gap = 1
        self._columns = tuple(columns)
        self._hidden = hidden
        self._widest: dict[str, int] = {}
        self._stand_in: tuple[int, int] | None = None

    def seen(self, key: ObjectKey) -> None:
        """Remember how wide the name of an object is."""
        for column, text in (("name", key.name), ("namespace", key.namespace), ("cluster", key.cluster)):
            self._grow(column, len(text))

    def fits(self, texts: Sequence[str]) -> bool:
        """Remember how wide the cells of a row are; False when one could use more space than its column has."""
        fits = True
        for fitted, text in zip(self.fitted, texts, strict=True):
            length = cell_len(text)
            if self._grow(fitted.column.id, length):
                fits = fits and length <= fitted.width
        return fits

    def arrange(self, width: int, rows: Iterable[PaneRow], now: float) -> bool:
        """Fit the columns to `width` cells, knowing these rows; True when the layout is another one."""
        before = self.fitted
        self.gap = 2 if width >= WIDE else 1
        for row in rows:
            for column, value in zip(self._columns, row.values, strict=True):
                self._grow(column.id, cell_len(column.text(value, now)))
        self.fitted = fit(self._columns, width, self.gap, self._widest, self._hidden)
        self._find_stand_in()
        if self._stand_in is not None:
            spoken, stand_in = self.fitted[self._stand_in[0]].column.id, self._columns[self._stand_in[1]].id
            both = max(self._widest.get(spoken, 0), self._widest.get(stand_in, 0))
            hidden = self._hidden | {stand_in}
            self.fitted = fit(self._columns, width, self.gap, {**self._widest, spoken: both}, hidden)
            self._find_stand_in()
        return self.fitted != before

    def texts(self, row: PaneRow, now: float) -> tuple[str, ...]:
        """The cells of a row, left to right, before they are cut to their columns."""
        values = row.values
        texts = [fitted.column.text(values[fitted.at], now) for fitted in self.fitted]
        if self._stand_in is not None and row.sign != "~" and values[self._stand_in[1]]:
            texts[self._stand_in[0]] = str(values[self._stand_in[1]])
        return tuple(texts)

    def moved(self, row: PaneRow, texts: Sequence[str], now: float) -> bool:
        """Whether time alone has changed a cell since `texts` were made of the same row."""
        values = row.values
        for at, (column, value_at, _) in enumerate(self.fitted):
            spoken_for = self._stand_in is not None and at == self._stand_in[0] and values[self._stand_in[1]]
            if column.moves and not spoken_for and texts[at] != column.text(values[value_at], now):
                return True
        return False

    def _grow(self, column: str, length: int) -> bool:
        if length <= self._widest.get(column, 0):
            return False
        self._widest[column] = length
        return True

    def _find_stand_in(self) -> None:
        """Which fitted column speaks with which value, when a stand-in has no column of its own."""
        self._stand_in = None
        here = [fitted.column.id for fitted in self.fitted]
        for at, column in enumerate(self._columns):
            for spoken, stand_in in STAND_IN.items():
                if column.id == stand_in and stand_in not in here and spoken in here:
                    self._stand_in = here.index(spoken), at
