"""The cursor and the marks of one table: on objects, never on lines."""

from __future__ import annotations

from collections.abc import Collection

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import PaneRow
from edgetui.model.view.fleet import FleetView


class Cursor:
    """The object that the keys are about, with the uid it had, and the first line in view.

    `touched` says whether a key has moved it; until then it follows the first row, which is the worst one.
    """

    def __init__(self, view: FleetView) -> None:
        self.key: ObjectKey | None = None
        self.uid = ""
        self.index = 0
        self.top = 0
        self.touched = False
        self._view = view

    def place(self, index: int) -> None:
        """Go to a line, or the one nearest to it."""
        keys = self._view.keys
        before = self.key
        self.index = max(0, min(index, len(keys) - 1))
        self.key = keys[self.index] if keys else None
        if self.key != before:
            self.uid = self._uid()

    def replaced(self) -> bool:
        """Whether another object has the name under the cursor by now; from here on the cursor is on that one.

        A row that a server only printed has no uid; that says nothing about which object it is.
        """
        before, now = self.uid, self._uid()
        self.uid = now or before
        return bool(before and now and before != now)

    def _uid(self) -> str:
        row = self._view.row(self.key) if self.key is not None else None
        return row.uid if row is not None else ""

    def follow(self) -> None:
        """Rows came, went or moved: stay on the object; when it is gone a neighbour has the cursor."""
        offset = self.index - self.top
        if not self.touched or self.key is None:
            self.place(0)
        else:
            at = self._view.position(self.key)
            self.place(self.index if at is None else at)
        if self.top:
            self.top = self.index - offset

    def look_at_kinds(self, height: int) -> None:
        """Scroll so that the cursor is visible and no space is wasted below the last row."""
        height = max(height, 1)
        top = min(self.top, self.index)
        top = max(top, self.index - height + 1, 0)
        self.top = min(top, max(len(self._view.keys) - height, 0))


class Marks:
    """Objects that a person has marked, each with the uid it had: a later one of the same name is another object."""

    def __init__(self, view: FleetView) -> None:
        self._view = view
        self._uids: dict[ObjectKey, str] = {}

    def __len__(self) -> int:
        return len(self._uids)

    def __contains__(self, key: object) -> bool:
        return key in self._uids

    @property
    def hidden(self) -> int:
        """How many of them the filter hides."""
        return sum(not self._view.shows(key) for key in self._uids)

    def toggle(self, row: PaneRow) -> None:
        """Mark an object, or take its mark away."""
        if row.key in self._uids:
            del self._uids[row.key]
        else:
            self._uids[row.key] = row.uid

    def clear(self) -> None:
        """Take all marks away."""
        self._uids.clear()

    def follow(self, changed: Collection[ObjectKey]) -> None:
        """Rows changed: what is gone or was replaced is no longer marked.

        A row that a server only printed has no uid; that says nothing about which object it is.
        """
        for key in [key for key in self._uids if key in changed]:
            row = self._view.row(key)
            uid = self._uids[key]
            if row is None or (uid and row.uid and row.uid != uid):
                del self._uids[key]
            else:
                self._uids[key] = row.uid or uid

    def rows(self) -> list[PaneRow]:
        """The marked rows that can be seen, in screen order."""
        places = {key: at for key in self._uids if (at := self._view.position(key)) is not None}
        rows = (self._view.row(key) for key in sorted(places, key=lambda key: places[key]))
        return [row for row in rows if row is not None]

    def take(self) -> list[PaneRow]:
        """`rows`; marks that the filter hides go first: nobody acts on what is not seen."""
        rows = self.rows()
        self._uids = {row.key: self._uids[row.key] for row in rows}
        return rows
