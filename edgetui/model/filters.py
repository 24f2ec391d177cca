"""The filter language of the `/` key.

Words are joined by AND. A word matches any visible cell; `namespace=`, `cluster=`, `node=`, `name=`, `kind=`
and the id of any column match that cell alone; `!` in front turns a word round. Case does not count.
"""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.panes.base import Pane, PaneRow

_SHORT = {"ns": "namespace", "status": "state", "rev": "revision"}


class Term(NamedTuple):
    """One word: `needle` in the cell `field` (empty: any cell), or not in it."""

    needle: str
    field: str
    negate: bool


class Filter:
    """A parsed filter; `active` is false when it lets everything through."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.terms = tuple(term for word in text.lower().split() if (term := _term(word)) is not None)
        self.active = bool(self.terms)

    def matches(self, pane: Pane, row: PaneRow, now: float) -> bool:
        """Whether a row passes all terms."""
        cells: dict[str, str] | None = None
        for term in self.terms:
            if cells is None:
                cells = _cells(pane, row, now)
            if term.field in cells:
                hit = term.needle in cells[term.field]
            else:
                whole = f"{term.field}={term.needle}" if term.field else term.needle
                hit = any(whole in cell for cell in cells.values())
            if hit == term.negate:
                return False
        return True


def _term(word: str) -> Term | None:
    negate = word.startswith("!")
    word = word.removeprefix("!")
    field, equals, needle = word.partition("=")
    if not equals:
        return Term(word, "", negate) if word else None
    if not needle:
        return None
    return Term(needle, _SHORT.get(field, field), negate)


def _cells(pane: Pane, row: PaneRow, now: float) -> dict[str, str]:
    """The searched texts by column id, without ages: a row must not come and go with the clock."""
    cells = {"kind": row.key.kind.lower(), "name": row.key.name.lower(), "node": ""}
    if row.key.kind == "Node":
        cells["node"] = row.key.name.lower()
    for column, value in zip(pane.columns, row.values, strict=True):
        if column.id == "state":
            cells["state"] = value.words.lower()
        elif not column.moves:
            cells[column.id] = column.text(value, now).lower()
    return cells
