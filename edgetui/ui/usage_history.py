"""Keeps what changes tell of autoscalers and nodes, so that their details can show the last minutes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgetui.model.autoscaling.explain import sampled
from edgetui.model.autoscaling.samples import History, Sample
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.ui.feed import Changes

KINDS = (AUTOSCALER, NODE)


class Measured:
    """The samples of one fleet, from now on."""

    def __init__(self, stores: Iterable[Store], now: float) -> None:
        self._history = History()
        self._stores = {store.cluster: store for store in stores}
        for store in self._stores.values():
            for kind in KINDS:
                self._take_all(store, kind, now)

    def take(self, changes: Changes, now: float) -> None:
        """Keep what these changes brought."""
        for cluster, change in changes.items():
            store = self._stores[cluster]
            for kind in KINDS:
                if kind in change.reset:
                    self._take_all(store, kind, now)
                for namespace, name in change.changed.get(kind, ()):
                    self._take(store, kind, namespace, name, now)

    def of(self, key: ObjectKey) -> Sequence[Sample]:
        """The samples of an object, oldest first."""
        return self._history.of(key)

    def _take_all(self, store: Store, kind: str, now: float) -> None:
        for row in store.rows(kind):
            self._take(store, kind, row.namespace, row.name, now)

    def _take(self, store: Store, kind: str, namespace: str, name: str, now: float) -> None:
        row = store.get(kind, namespace, name)
        values: tuple[float | None, ...] = ()
        names: tuple[str, ...] = ()
        if isinstance(row, AutoscalerRow):
            values, names = sampled(row)
        elif isinstance(row, NodeRow) and (usage := store.usage(kind, namespace, name)) is not None:
            values = (
                _share(usage.cpu_milli, row.cpu_allocatable),
                _share(usage.memory_bytes, row.memory_allocatable),
            )
        if row is not None and values:
            key = ObjectKey(store.cluster, kind, namespace, name)
            self._history.add(key, row.uid, now, values, names)


def _share(part: float | None, of: float | None) -> float | None:
    return part / of if part is not None and of else None
