"""What has come of a list that is not complete yet: rows, objects that cannot be read, and how far it is."""

from __future__ import annotations

from collections.abc import Iterable

from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import Name
from edgetui.model.kinds.base import Row

_PRESENT = frozenset({"ADDED", "MODIFIED"})


class ListBuffer:
    """One list on its way, of a request that was opened at `began` (steady seconds).

    `rows` are swapped into the store when the list is complete; `unreadable` are its objects of which no row can be
    made, one without a name under a name of its own.
    """

    __slots__ = ("_began", "_heard", "_nameless", "_remaining", "rows", "unreadable")

    def __init__(self, began: float = 0.0) -> None:
        self.rows: dict[Name, Row] = {}
        self.unreadable: set[Name] = set()
        self._began = self._heard = began
        self._remaining: int | None = None
        self._nameless = 0

    def __len__(self) -> int:
        return len(self.rows) + len(self.unreadable)

    def collect(self, items: Iterable[r.Change], remaining: int | None, now: float) -> None:
        """Take what has come; `remaining` is what the server says is still to come."""
        for change, row in items:
            key = (row.namespace, row.name)
            if change == "UNREADABLE":
                self._nameless += not row.name
                self.unreadable.add(key if row.name else ("", f"#{self._nameless}"))
            elif self.unreadable:
                self.unreadable.discard(key)
            if change in _PRESENT:
                self.rows[key] = row
            else:
                self.rows.pop(key, None)
        self._heard, self._remaining = now, remaining

    def progress(self) -> ListProgress | None:
        """How far the list has come, in steady seconds; None before its first rows."""
        return ListProgress(self._began, self._heard, len(self), self._remaining) if len(self) else None
