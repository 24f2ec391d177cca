"""The filter language of the `/` key.

Words are joined by AND. A word matches any visible cell; `namespace=`, `cluster=`, `node=`, `name=`, `kind=`
and the id of any column match that cell alone, and with `==` the whole of it; `~prs` matches names that have these
letters in this order; `!` in front turns a word round, and so does `!=`.
Any other `key=value` is a label, spelled as for `kubectl -l`: all of the value, `app!=press` also where there is no
such label, and several with commas between them. `label:name=press` asks for a label that is called like a column.
A row whose labels are not known matches neither way.
Case does not count. Ages are not searched: a row must not come and go with the clock.
"""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model import labels
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE
from edgetui.model.panes.base import Pane, PaneRow

_SHORT = {"ns": "namespace", "status": "state", "rev": "revision"}
_EXTRA = ("kind", "node", "name")
_GAP = "\x1f"
_LABEL = "label:"


class Term(NamedTuple):
    """One word: `needle` in the cell at `place` (-1: any cell), or not in it.

    `whole` asks for nothing beside it, `loose` for its letters in their order, whatever stands between them.
    """

    needle: str
    place: int
    negate: bool
    whole: bool = False
    loose: bool = False


class LabelTerm(NamedTuple):
    """The label `key` with this value, or without it; both in lower case."""

    key: str
    value: str
    negate: bool


class Filter:
    """A filter on the rows of one pane; `active` is false when it lets everything through."""

    def __init__(self, text: str, pane: Pane) -> None:
        self.text = text
        self._places = {name: at + len(pane.columns) for at, name in enumerate(_EXTRA)} | pane.index
        found = [term for word in text.lower().split() for part in _parts(word) if (term := self._term(part))]
        self.terms = tuple(term for term in found if isinstance(term, Term))
        self.labels = tuple(term for term in found if isinstance(term, LabelTerm))
        self.active = bool(found)

    def _term(self, word: str) -> Term | LabelTerm | None:
        negate = word.startswith("!")
        word = word.removeprefix("!")
        if word.startswith("~"):
            needle = word.removeprefix("~")
            return Term(needle, self._places["name"], negate, loose=True) if needle else None
        field, equals, needle = word.partition("=")
        if not equals or not field.removesuffix("!"):
            return Term(word, -1, negate) if word else None
        if field.endswith("!"):
            field, negate = field.removesuffix("!"), not negate
        whole = needle.startswith("=")
        needle = needle.removeprefix("=")
        if not needle:
            return None
        place = self._places.get(_SHORT.get(field, field), -1)
        if place < 0:
            return LabelTerm(field.removeprefix(_LABEL), needle, negate)
        return Term(needle, place, negate, whole)

    def matches(self, searched: str, row: Row) -> bool:
        """Whether a row passes all terms, by the text that `searched_text` makes of it and by its labels."""
        if self.labels and not self._labelled(row):
            return False
        for needle, place, negate, whole, loose in self.terms:
            hit = loose or needle in searched
            if hit and place >= 0:
                cell = searched.split(_GAP)[place]
                hit = _in_order(needle, cell) if loose else needle == cell if whole else needle in cell
            if hit == negate:
                return False
        return True

    def _labelled(self, row: Row) -> bool:
        return labels.known(row) and all(
            labels.has(row, key, value) != negate for key, value, negate in self.labels
        )


def _parts(word: str) -> list[str]:
    """The requirements in a word; what stands between commas and has no "=" is no requirement."""
    parts = word.split(",")
    return parts if len(parts) > 1 and all("=" in part for part in parts) else [word]


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
    node = key.name if key.kind == NODE else ""
    return _GAP.join((*cells, key.kind, node, key.name)).lower()
