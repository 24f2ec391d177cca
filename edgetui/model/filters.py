"""The filter language of the `/` key.

Words are joined by AND. A word matches any visible cell; `namespace=`, `cluster=`, `node=`, `name=`, `kind=`
and the id of any column match that cell alone, and with `==` the whole of it; `~prs` matches names that have these
letters in this order; `!` in front turns a word round.
Case does not count. Ages are not searched: a row must not come and go with the clock.
"""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.panes.base import Pane, PaneRow

_SHORT = {"ns": "namespace", "status": "state", "rev": "revision"}
_EXTRA = ("kind", "node", "name")
_GAP = "\x1f"


class Term(NamedTuple):
    """One word: `needle` in the cell at `place` (-1: any cell), or not in it.

    `whole` asks for nothing beside it, `loose` for its letters in their order, whatever stands between them.
    """

    needle: str
    place: int
    negate: bool
    whole: bool = False
    loose: bool = False


class Filter:
    """A filter on the rows of one pane; `active` is false when it lets everything through."""

    def __init__(self, text: str, pane: Pane) -> None:
        self.text = text
        self._places = {name: at + len(pane.columns) for at, name in enumerate(_EXTRA)} | pane.index
        self.terms = tuple(term for word in text.lower().split() if (term := self._term(word)) is not None)
        self.active = bool(self.terms)

    def _term(self, word: str) -> Term | None:
        negate = word.startswith("!")
        word = word.removeprefix("!")
        if word.startswith("~"):
            needle = word.removeprefix("~")
            return Term(needle, self._places["name"], negate, loose=True) if needle else None
        field, equals, needle = word.partition("=")
        place = self._places.get(_SHORT.get(field, field), -1) if equals else -1
        if place < 0:
            return Term(word, place, negate) if word else None
        whole = needle.startswith("=")
        needle = needle.removeprefix("=")
        return Term(needle, place, negate, whole) if needle else None

    def matches(self, searched: str) -> bool:
        """Whether a row passes all terms, by the text that `searched_text` makes of it."""
        for needle, place, negate, whole, loose in self.terms:
            hit = loose or needle in searched
            if hit and place >= 0:
                cell = searched.split(_GAP)[place]
                hit = _in_order(needle, cell) if loose else needle == cell if whole else needle in cell
            if hit == negate:
                return False
        return True


def _in_order(letters: str, text: str) -> bool:
    rest = iter(text)
    return all(letter in rest for letter in letters)


def searched_text(pane: Pane, row: PaneRow, now: float) -> str:
    """The cells of a row in lower case, one after the other, with kind, node and name behind them."""
    cells = []
    for column, value in zip(pane.columns, row.values, strict=True):
        if column.id == "state":
            cells.append(value.words)
        else:
            cells.append("" if column.moves else column.text(value, now))
    key = row.key
    node = key.name if key.kind == "Node" else ""
    return _GAP.join((*cells, key.kind, node, key.name)).lower()
