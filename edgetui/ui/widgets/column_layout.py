"""The columns of one table as they stand: widest texts so far, the columns that fit, and the cells of a row."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgetui.model.cells import cells, told_apart
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import Column, PaneRow

from .columns import Fitted, fit, fit_in_order, furthest

STAND_IN = {"state": "why"}
"""A column that speaks for another one when there is no space for both: plain words before kubectl's."""

ROOMY = 110
"""Cells from which columns stand two cells apart."""

MEMORY = 30.0
"""Seconds after which a width that nothing on the screen needs any longer may be forgotten, and twice that at most."""


NAMING = ("cluster", "namespace")
"""Columns whose texts many rows share: they are shortened together, so that what they have in common goes."""

MOST_NAMES = 200
"""Names that are told apart; more are too many to be told apart by looking."""


class ColumnLayout:
    """Which columns a table shows and how wide.

    Widths grow at once with what is seen, and shrink when what needed them has been gone for a while. `wide` shows
    every column in full, `shift` is how many columns are scrolled out at the left; the name is always there. `more`
    says that there are columns beyond the right end.
    """

    def __init__(self, columns: Sequence[Column], hidden: frozenset[str]) -> None:
        self.fitted: list[Fitted] = []
        self.gap = 1
        self.wide = False
        self.shift = 0
        self.more = False
        self._columns = tuple(columns)
        self._hidden = hidden
        self._widest: dict[str, int] = {}
        self._before: dict[str, int] = {}
        self._arranged: dict[str, int] = {}
        self._names: dict[str, set[str]] = {column: set() for column in NAMING}
        self._short: dict[str, dict[str, str]] = {}
        self._stand_in: tuple[int, int] | None = None
        self._news = False
        self._reviewed = 0.0

    def take(self, columns: Sequence[Column]) -> bool:
        """The pane has these columns; whether they are others than before."""
        if columns is self._columns:
            return False
        self._columns = tuple(columns)
        return True

    def seen(self, key: ObjectKey) -> None:
        """A row changed; remember how wide the name of its object is."""
        self._news = True
        self._grow("name", cells(key.name))
        for column, text in (("namespace", key.namespace), ("cluster", key.cluster)):
            self._grow(column, cells(text))
            self._names[column].add(text)

    def fits(self, texts: Sequence[str]) -> bool:
        """Remember how wide the cells of a row are; False when one could use more space than its column has.

        A text that was as wide when the columns were fitted has all the space there is.
        """
        fits = True
        for fitted, text in zip(self.fitted, texts, strict=True):
            length = cells(text)
            self._grow(fitted.column.id, length)
            fits = fits and (length <= fitted.width or length <= self._arranged.get(fitted.column.id, 0))
            if length > fitted.width and (names := self._names.get(fitted.column.id)) is not None:
                names.add(text)
                fits = fits and text in self._short.get(fitted.column.id, ())
        return fits

    def short(self, fitted: Fitted, text: str) -> str:
        """A text of a column that names something, without what all that stand there have in common."""
        return self._short.get(fitted.column.id, {}).get(text, text)

    def forget(self) -> None:
        """Other rows are shown: only what is seen from now on counts."""
        self._widest.clear()
        self._before.clear()

    def review(self, keys: Sequence[ObjectKey], now: float) -> bool:
        """Forget widths that nothing has needed for a while; `keys` are all rows. True when it is time to arrange."""
        if not self._reviewed:
            self._reviewed = now
        if not self._news or 0 <= now - self._reviewed < MEMORY:
            return False
        self._reviewed, self._news = now, False
        self._before, self._widest = self._widest, {}
        for column in NAMING:
            self._names[column] = {getattr(key, column) for key in keys}
        for column in ("name", *NAMING):
            self._widest[column] = max((cells(getattr(key, column)) for key in keys), default=0)
            self._before.pop(column, None)
        return True

    def arrange(self, width: int, rows: Iterable[PaneRow], now: float) -> bool:
        """Fit the columns to `width` cells, knowing these rows; True when the layout is another one."""
        before = self.fitted, self.shift, self.more, self._short
        self.gap = 2 if width >= ROOMY else 1
        for row in rows:
            for column, value in zip(self._columns, row.values, strict=True):
                text = column.text(value, now)
                self._grow(column.id, cells(text))
                if column.id in NAMING:
                    self._names[column.id].add(text)
        self._fit(width, self._out, self._known())
        if self._stand_in is not None:
            spoken, stand_in = self.fitted[self._stand_in[0]].column.id, self._columns[self._stand_in[1]].id
            widths = self._known()
            widths[spoken] = max(widths.get(spoken, 0), widths.get(stand_in, 0))
            self._fit(width, self._out | {stand_in}, widths)
        self._arranged = self._known()
        self._short = {one.column.id: self._shortened(one) for one in self.fitted if one.column.id in NAMING}
        return (self.fitted, self.shift, self.more, self._short) != before

    def scroll(self, step: int) -> bool:
        """Scroll by columns, as far as there are any; True when that leads anywhere."""
        if step > 0 and not self.more:
            return False
        shift = max(self.shift + step, 0)
        moved = shift != self.shift
        self.shift = shift
        return moved

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

    @property
    def _out(self) -> frozenset[str]:
        """The columns that are not shown however much room there is."""
        wide = () if self.wide else (column.id for column in self._columns if column.wide)
        return self._hidden.union(wide)

    def _known(self) -> dict[str, int]:
        """The widest text of every column, of lately and of before."""
        return {
            column.id: max(self._widest.get(column.id, 0), self._before.get(column.id, 0))
            for column in self._columns
        }

    def _shortened(self, fitted: Fitted) -> dict[str, str]:
        """How each name that is too long for its column stands there."""
        names = sorted(self._names[fitted.column.id])
        if len(names) > MOST_NAMES or all(cells(name) <= fitted.width for name in names):
            return {}
        return dict(zip(names, told_apart(names, fitted.width), strict=True))

    def _grow(self, column: str, length: int) -> None:
        self._widest[column] = max(self._widest.get(column, 0), length)

    def _fit(self, width: int, hidden: frozenset[str], widest: dict[str, int]) -> None:
        end = furthest(self._columns, width, self.gap, widest, self._out)
        self.shift = min(self.shift, end)
        self.more = self.shift < end
        if self.wide or self.shift:
            self.fitted = fit_in_order(self._columns, width, self.gap, widest, hidden, self.shift, self.wide)
        else:
            self.fitted = fit(self._columns, width, self.gap, widest, hidden)
        self._find_stand_in()

    def _find_stand_in(self) -> None:
        """Which fitted column speaks with which value, when a stand-in has no column of its own."""
        self._stand_in = None
        here = [fitted.column.id for fitted in self.fitted]
        for at, column in enumerate(self._columns):
            for spoken, stand_in in STAND_IN.items():
                if column.id == stand_in and stand_in not in here and spoken in here:
                    self._stand_in = here.index(spoken), at
