"""One pane over many clusters: keeps its rows in order and rebuilds only what a change touches."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import BAD, CURRENT, WATCH, Pane, PaneRow
from edgetui.model.view.filters import Filter, searched_text

_BULK = 64
_RECHECK = 10.0

Signature = tuple[Any, ...]


class SeverityChange(msgspec.Struct, frozen=True):
    """A row that is worse or better off than before; `after` is None when a broken one is gone."""

    key: ObjectKey
    before: PaneRow
    after: PaneRow | None


class ViewChange(msgspec.Struct):
    """What a view must repaint: `order` when rows came, went or moved, `changed` the rows with new values.

    `turned` are those among them whose severity changed.
    """

    order: bool = False
    changed: set[ObjectKey] = msgspec.field(default_factory=set)
    turned: list[SeverityChange] = msgspec.field(default_factory=list)

    def __bool__(self) -> bool:
        return self.order or bool(self.changed)


class FleetView:
    """One pane over many stores.

    `keys` are the visible rows in screen order; do not change the list. `total` counts all rows, `shown`
    those that pass the filter, `bad` the broken ones among those.
    """

    def __init__(self, pane: Pane, stores: Sequence[Store]) -> None:
        self.pane = pane
        self.keys: list[ObjectKey] = []
        self._stores = {store.cluster: store for store in stores}
        self._rows: dict[ObjectKey, PaneRow] = {}
        self._ascending: list[ObjectKey] = self.keys
        self._severities = [0, 0, 0, 0]
        self._shown: list[int] | None = None
        self._unsettled: set[ObjectKey] = set()
        self._signatures: dict[str, Signature] = {}
        self._filter = Filter("", pane)
        self._searched: dict[ObjectKey, str] = {}
        self._sort: str | None = None
        self._column: int | None = None
        self._reverse = False
        self._now = 0.0
        self._checked = 0.0

    @property
    def total(self) -> int:
        return len(self._rows)

    @property
    def shown(self) -> int:
        return len(self.keys)

    @property
    def bad(self) -> int:
        return self._shown_severities()[BAD]

    @property
    def known(self) -> bool:
        """Whether any cluster ever told of these kinds; where none did, no rows say nothing."""
        return any(
            store.freshness(kind).heard
            for store in self._stores.values()
            for kind in self.pane.kinds_in(store)
        )

    @property
    def incomplete(self) -> bool:
        """Whether a first list of these kinds is on its way, so that more rows come."""
        return any(
            store.freshness(kind).sync is Sync.SYNCING
            for store in self._stores.values()
            for kind in self.pane.kinds_in(store)
        )

    def row(self, key: ObjectKey) -> PaneRow | None:
        return self._rows.get(key)

    def every_key(self) -> Iterable[ObjectKey]:
        """The objects of all rows, in no order, whether the filter lets them through or not."""
        return self._rows.keys()

    def shows(self, key: ObjectKey) -> bool:
        """Whether a row is among `keys`."""
        return self._find(key) is not None

    def position(self, key: ObjectKey) -> int | None:
        """The place of a row in `keys`; None when it is gone or the filter hides it."""
        at = self._find(key)
        return None if at is None else self._mirror(at, len(self.keys) - 1)

    def counts(self) -> tuple[int, int, int]:
        """Rows in all, broken ones, and those on their way or limited."""
        return (len(self._rows), self._severities[BAD], self._severities[WATCH])

    def summary(self) -> str:
        """What the tab says of the rows that pass the filter: "3 failing"."""
        shown = self._shown_severities()
        return self.pane.tally(shown[BAD], shown[WATCH])

    def _shown_severities(self) -> Sequence[int]:
        """How many rows of each severity pass the filter; counted anew only after a change."""
        if not self._filter.active:
            return self._severities
        if self._shown is None:
            self._shown = [0, 0, 0, 0]
            for key in self.keys:
                self._shown[self._rows[key].severity] += 1
        return self._shown

    # -- taking changes in

    def rebuild(self, now: float) -> ViewChange:
        """Build every row again from the stores."""
        self._now = self._checked = now
        built = {}
        for store in self._stores.values():
            self._signatures[store.cluster] = self._signature(store)
            built.update(self._of_store(store, now))
        changed = {key for key, row in built.items() if self._rows.get(key) != row}
        changed |= self._rows.keys() - built.keys()
        before = self.keys
        self._rows = built
        self._searched.clear()
        self._count()
        if self.pane.grow():
            return self.columns_changed(now)
        self._arrange()
        return ViewChange(order=before != self.keys, changed=changed)

    def absorb(self, changes: Mapping[str, ChangeSet], now: float) -> ViewChange:
        """Take drained changes in: only rows they touch are built again.

        Rows whose state depends on the clock (still starting, deadline running) are looked at again every ten
        seconds, so call it now and then without changes too.
        """
        self._now = now
        touched: dict[ObjectKey, PaneRow | None] = {}
        for cluster, change in changes.items():
            store = self._stores.get(cluster)
            if store is not None:
                self._absorb_store(store, change, now, touched)
        if now - self._checked >= _RECHECK or now < self._checked:
            self._checked = now
            for key in self._unsettled - touched.keys():
                touched[key] = self._build(key, now)
        taken = self._take(touched)
        return self.columns_changed(now) if self.pane.grow() else taken

    def columns_changed(self, now: float) -> ViewChange:
        """The pane has other columns than its rows were built with: build them again."""
        self._filter = Filter(self._filter.text, self.pane)
        self._column = None if self._sort is None else self.pane.index[self._sort]
        found = self.rebuild(now)
        return replace(found, order=True, changed=found.changed | self._rows.keys())

    def _absorb_store(
        self, store: Store, change: ChangeSet, now: float, touched: dict[ObjectKey, PaneRow | None]
    ) -> None:
        signature = self._signature(store)
        renewed = self._signatures.get(store.cluster) != signature
        if renewed or change.reset.intersection(self.pane.needs):
            self._signatures[store.cluster] = signature
            touched.update(dict.fromkeys(key for key in self._rows if key.cluster == store.cluster))
            touched.update(self._of_store(store, now))
            return
        for kind, namespace, name in self.pane.affected(store, change):
            row = store.get(kind, namespace, name)
            key = ObjectKey(store.cluster, kind, namespace, name)
            touched[key] = self.pane.build(store, kind, row, now) if row is not None else None

    def _build(self, key: ObjectKey, now: float) -> PaneRow | None:
        store = self._stores[key.cluster]
        row = store.get(key.kind, key.namespace, key.name)
        return self.pane.build(store, key.kind, row, now) if row is not None else None

    def _of_store(self, store: Store, now: float) -> dict[ObjectKey, PaneRow]:
        built = {}
        for kind in self.pane.kinds:
            for row in store.rows(kind):
                made = self.pane.build(store, kind, row, now)
                built[made.key] = made
        return built

    def _signature(self, store: Store) -> Signature:
        """What makes all rows of a store look different at once: how fresh each kind is, and what else is complete."""
        signature: list[Any] = [store.version if self.pane.reads_version else ""]
        for kind in self.pane.needs:
            freshness = store.freshness(kind)
            signature.append((bool(freshness.heard), freshness.partial))
        for kind in self.pane.kinds:
            freshness = store.freshness(kind)
            current = freshness.sync in CURRENT
            signature.append("current" if current else (freshness.sync, freshness.heard))
        return tuple(signature)

    def _take(self, touched: dict[ObjectKey, PaneRow | None]) -> ViewChange:
        """Replace rows; move them one by one while few, sort again when many."""
        fresh = {key: row for key, row in touched.items() if self._rows.get(key) != row}
        if not fresh:
            return ViewChange()
        self._shown = None
        turned = [
            SeverityChange(key, old, row)
            for key, row in fresh.items()
            if (old := self._rows.get(key)) is not None and _turned(old, row)
        ]
        bulk = len(fresh) > _BULK and len(fresh) > len(self._rows) // 8
        order = False
        for key, row in fresh.items():
            if bulk:
                self._swap(key, row)
            else:
                order |= self._move(key, row)
        if bulk:
            before = self.keys
            self._arrange()
            order = before != self.keys
        return ViewChange(order=order, changed=set(fresh), turned=turned)

    def _swap(self, key: ObjectKey, row: PaneRow | None) -> None:
        old = self._rows.get(key)
        if old is not None:
            self._severities[old.severity] -= 1
        self._unsettled.discard(key)
        self._searched.pop(key, None)
        if row is None:
            self._rows.pop(key, None)
            return
        self._rows[key] = row
        self._severities[row.severity] += 1
        if row.severity == WATCH:
            self._unsettled.add(key)

    def _count(self) -> None:
        self._severities = [0, 0, 0, 0]
        self._unsettled.clear()
        for key, row in self._rows.items():
            self._severities[row.severity] += 1
            if row.severity == WATCH:
                self._unsettled.add(key)

    # -- order and filter

    def set_filter(self, text: str, namespace: str = "") -> None:
        """Show only rows that match, of one namespace if it is named; raises nothing, an empty text shows all."""
        scope = f"namespace=={namespace} " if namespace and "namespace" in self.pane.index else ""
        self._filter = Filter(scope + text, self.pane)
        if not self._filter.active:
            self._searched.clear()
        self._arrange()

    def set_sort(self, column_id: str | None, reverse: bool = False) -> None:
        """Sort by a column; None is worst first, then cluster, namespace, name. Raises KeyError."""
        self._sort, self._column = column_id, None if column_id is None else self.pane.index[column_id]
        self._reverse = reverse
        self._arrange()

    def _sort_key(self, row: PaneRow) -> tuple[Any, ...]:
        """Ends in the object's key, so that no two rows compare equal."""
        if self._column is None:
            return self.pane.order(row)
        return (self.pane.columns[self._column].sort(row.value(self._column)), row.key)

    def _visible(self, row: PaneRow) -> bool:
        if not self._filter.active:
            return True
        searched = self._searched.get(row.key)
        if searched is None:
            searched = self._searched[row.key] = searched_text(self.pane, row, self._now)
        return self._filter.matches(searched, row.of)

    def _arrange(self) -> None:
        shown = [key for key, row in self._rows.items() if self._visible(row)]
        self._ascending = sorted(shown, key=self._place)
        self._shown = None
        self.keys = self._ascending[::-1] if self._reverse else self._ascending

    def _place(self, key: ObjectKey) -> tuple[Any, ...]:
        return self._sort_key(self._rows[key])

    def _find(self, key: ObjectKey) -> int | None:
        """Where a row stands in ascending order; None when it is gone or the filter hides it."""
        row = self._rows.get(key)
        if row is None:
            return None
        at = self._where(row)
        return at if at < len(self._ascending) and self._ascending[at] == key else None

    def _where(self, row: PaneRow) -> int:
        """Where a row belongs in ascending order: by bisection, because places kept for all rows are large."""
        return bisect_left(self._ascending, self._sort_key(row), key=self._place)

    def _move(self, key: ObjectKey, row: PaneRow | None) -> bool:
        """Replace one row and put it where it belongs; whether the order changed."""
        old, at = self._rows.get(key), self._find(key)
        self._swap(key, row)
        shown = row if row is not None and self._visible(row) else None
        if at is not None:
            if shown is not None and old is not None and self._sort_key(old) == self._sort_key(shown):
                return False
            self._take_out(at)
        if shown is not None:
            self._put_in(self._where(shown), key)
        return at is not None or shown is not None

    def _take_out(self, at: int) -> None:
        if self._reverse:
            del self.keys[self._mirror(at, len(self.keys) - 1)]
        del self._ascending[at]

    def _put_in(self, at: int, key: ObjectKey) -> None:
        if self._reverse:
            self.keys.insert(self._mirror(at, len(self.keys)), key)
        self._ascending.insert(at, key)

    def _mirror(self, at: int, last: int) -> int:
        return last - at if self._reverse else at


def _turned(before: PaneRow, after: PaneRow | None) -> bool:
    """Whether a row is worse or better off; that it is merely heard of again, or no longer, does not count."""
    if after is None:
        return before.severity == BAD
    if (before.severity == BAD) != (after.severity == BAD):
        return True
    return before.severity != after.severity and not {before.sign, after.sign} & {"~", "?"}
