"""All clusters together: their stores, and what changed in them."""

from __future__ import annotations

from collections.abc import Iterable

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.panes.base import Pane
from edgetui.model.view.pane_view import FleetView as FleetView
from edgetui.model.view.pane_view import ViewChange as ViewChange


class Fleet:
    """The stores of all clusters, by name, in the order in which they were given."""

    def __init__(self, stores: Iterable[Store]) -> None:
        self.stores: dict[str, Store] = {store.cluster: store for store in stores}

    def drain(self) -> dict[str, ChangeSet]:
        """What changed in each cluster since the last call; clusters without changes are left out."""
        drained = {name: store.drain() for name, store in self.stores.items()}
        return {name: change for name, change in drained.items() if change}

    def find(self, key: ObjectKey) -> Row | None:
        store = self.stores.get(key.cluster)
        return store.get(key.kind, key.namespace, key.name) if store else None

    def view(self, pane: Pane) -> FleetView:
        """A view of one pane over all clusters, already built from nothing; call `rebuild` to fill it."""
        return FleetView(pane, list(self.stores.values()))
