"""A pane of any kind: the columns that the servers print, of several clusters side by side.

Columns are merged by their titles. Which there are is known once a Table has come: then the pane can `grow`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row, Watched
from edgetui.model.kinds.discovered import Cell, Moment, TableColumn, TableHead, TableRow, cell_text
from edgetui.model.panes.base import (
    CLUSTER,
    CURRENT,
    FINE,
    NAMESPACE,
    UNSURE,
    WATCH,
    Column,
    Pane,
    PaneRow,
    age_column,
    name_column,
)
from edgetui.model.resources.served import Resource

MOST_COLUMNS = 64
_DIGITS = re.compile(r"([0-9]+)")
_MOST_DIGITS = 18
_NAME, _AGE = name_column(24), age_column(5)
_KIND = Column("kind", "KIND", 20, 6, priority=2)
_TERMINATING = TableColumn("Terminating", is_age=True)


def cell_sort(value: Cell) -> tuple[Any, ...]:
    """Values of several types in one order: none, numbers, ages from the youngest, texts with their numbers counted."""
    if value is None:
        return (0,)
    if isinstance(value, Moment):
        return (2, -value.at)
    if not isinstance(value, str):
        return (1, value)
    if value.isalpha():
        return (3, ((0, value),))
    parts = enumerate(_DIGITS.split(value))
    return (3, tuple((int(part[:_MOST_DIGITS]), "") if at % 2 else (0, part) for at, part in parts))


def cell_json(value: Cell, now: float) -> Any:
    """A cell as JSON data; ages in whole seconds."""
    return max(0, int(now) - value.at) if isinstance(value, Moment) else value


class KindRow(PaneRow, gc=False):
    """A row of which nothing but the object is kept: the server printed its cells, and nobody judges them.

    A tuple of values for each of 5,000 objects would take more than the rest of their rows.
    """

    pane: KindPane

    @property
    def values(self) -> tuple[Any, ...]:
        """Its cells in the columns that the pane has now."""
        return self.pane.values_of(self.key, self.of)

    def value(self, at: int) -> Any:
        """As from `values`, at a third of its time: a sort asks for one of each row."""
        return self.pane.value_of(self.key, self.of, at)


class KindPane(Pane):
    """The objects of one kind, or of all kinds of a category, on the clusters that are admitted.

    `title` is what was asked for, as it is called ("pumps.example.com"); `number` tells one pane from another.
    """

    id = "kind"
    columns = (CLUSTER, NAMESPACE, _NAME, _AGE)

    def __init__(self, title: str, number: int = 0) -> None:
        self.id, self.title = f"kind-{number}", title
        self.kinds = self.needs = ()
        self._shown: dict[str, tuple[str, ...]] = {}
        self._resources: dict[str, Resource] = {}
        self._printed: dict[str, TableColumn] = {}
        self._new: dict[str, TableColumn] = {}
        self._places: dict[int, tuple[TableHead, tuple[int, ...]]] = {}
        self._arrange()

    def admit(self, cluster: str, resources: Mapping[str, Resource]) -> None:
        """A cluster was found to serve these, by the ids of their kinds. Clusters may mean different ones by a word."""
        self._shown[cluster] = tuple(resources)
        self._resources |= resources
        self.kinds = self.needs = tuple(dict.fromkeys(id for ids in self._shown.values() for id in ids))
        self._arrange()

    def resource(self, id: str) -> Resource:
        """The resource of one of its kinds."""
        return self._resources[id]

    @property
    def on_demand(self) -> bool:
        """Always."""
        return True

    def plural(self, kind: str) -> str:
        """The name of the resource."""
        return self._resources[kind].name

    def kinds_in(self, store: Store) -> Sequence[str]:
        """The kinds that this cluster was found to serve."""
        return self._shown.get(store.cluster, ())

    def needs_in(self, store: Store) -> Sequence[str]:
        """Those among them that nothing else keeps."""
        return [id for id in self.kinds_in(store) if store.kinds[id].watched is Watched.SHOWN]

    def build(self, store: Store, kind: str, row: Row, now: float) -> PaneRow:
        """The row of one object, without cells whose columns the pane has yet to grow."""
        freshness = store.freshness(kind)
        current = freshness.sync in CURRENT
        sign = " " if current else "?" if freshness.sync is Sync.FORBIDDEN else "~"
        severity = UNSURE if not current else WATCH if row.deleting else FINE
        for _ in self._cells(row):
            pass  # columns that the pane has yet to grow are noted
        key = ObjectKey(store.cluster, kind, row.namespace, row.name)
        return KindRow(key=key, of=row, severity=severity, sign=sign, pane=self)

    def values_of(self, key: ObjectKey, row: Row) -> tuple[Any, ...]:
        """The value of each column for one object."""
        values: list[Any] = [""] * len(self.columns)
        for at, value in zip(self._own, self._of_each(key, row), strict=True):
            if at >= 0:
                values[at] = value
        if isinstance(row, TableRow) and not row.deleting:  # as _cells, at a third of its time
            for at, cell in zip(self._of(row.head), row.cells, strict=True):
                if at >= 0:
                    values[at] = cell
            return tuple(values)
        for place, cell in self._cells(row):
            if place >= 0:
                values[place] = cell
        return tuple(values)

    def _of_each(self, key: ObjectKey, row: Row) -> tuple[Any, ...]:
        """What every object has, in the order of `_own`."""
        return (key.cluster, row.namespace, row.name, self._resources[key.kind].name, row.created)

    def value_of(self, key: ObjectKey, row: Row, at: int) -> Any:
        """The value of one column for one object."""
        if at in self._own:
            return self._of_each(key, row)[self._own.index(at)]
        if isinstance(row, TableRow) and not row.deleting:
            places = self._of(row.head)
            if places.count(at) < 2:  # a server may print a column twice; then the last counts
                return row.cells[places.index(at)] if at in places else ""
        return self.values_of(key, row)[at]

    def json(self, row: PaneRow, now: float) -> dict[str, Any]:
        """The row for scripts: its uid and its columns."""
        found = zip(self.columns, row.values, strict=True)
        return {"uid": row.uid, **{column.id: column.json(value, now) for column, value in found}}

    def grow(self) -> bool:
        """Take the columns in that rows were built without; True if there are any: all rows are to be built again."""
        if not self._new:
            return False
        self._printed |= self._new
        self._new = {}
        self._arrange()
        return True

    def _cells(self, row: Row) -> Iterator[tuple[int, Cell]]:
        """The cells of a row, each with its place among the values."""
        if isinstance(row, TableRow):
            yield from zip(self._of(row.head), row.cells, strict=True)
        if row.deleting:
            yield self._place(_TERMINATING), Moment(row.deleting)

    def _of(self, head: TableHead) -> tuple[int, ...]:
        """The places of the cells of a Table; a head is one object for all rows that have it."""
        known = self._places.get(id(head))
        if known is None or known[0] is not head:
            known = self._places[id(head)] = head, tuple(self._place(column) for column in head.columns)
        return known[1]

    def _place(self, column: TableColumn) -> int:
        """Where the values of a column stand, -1 while the pane has it not yet."""
        title = column.title.lower()
        if title in self._printed:
            return self._first + list(self._printed).index(title)
        if len(self._printed) + len(self._new) < MOST_COLUMNS:
            self._new.setdefault(title, column)
        return -1

    def _arrange(self) -> None:
        namespaced = any(one.namespaced for one in self._resources.values())
        where = (CLUSTER, NAMESPACE) if namespaced else (CLUSTER,)
        own = (*where, _NAME, *((_KIND,) if len(self.kinds) > 1 else ()))
        taken = {column.id for column in (*own, _AGE)}
        printed = []
        for at, column in enumerate(self._printed.values()):
            printed.append(_column(column, at, taken))
            taken.add(printed[-1].id)
        self.columns = (*own, *printed, _AGE)
        self.index = {column.id: at for at, column in enumerate(self.columns)}
        self._first = len(own)
        self._own = tuple(
            self.index[one.id] if one in (*own, _AGE) else -1
            for one in (CLUSTER, NAMESPACE, _NAME, _KIND, _AGE)
        )
        self._places = {}


def _column(printed: TableColumn, at: int, taken: set[str]) -> Column:
    """A column of the pane; those further to the right go first where there is no room for all."""
    id = "-".join(printed.title.lower().split())
    while id in taken:
        id = f"{id}-2"
    return Column(
        id,
        printed.title.upper(),
        20,
        4,
        "right" if printed.is_number else "left",
        priority=3 + at,
        text=cell_text,
        sort=cell_sort,
        json=cell_json,
        moves=printed.is_age,
        wide=printed.wide,
    )
