"""All clusters together: their stores, what changed in them, and the state of their links in words."""

from __future__ import annotations

from collections.abc import Iterable

from edgetui.model.fleetview import FleetView as FleetView
from edgetui.model.fleetview import ViewChange as ViewChange
from edgetui.model.freshness import Link
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.base import Row
from edgetui.model.panes.base import Pane
from edgetui.model.store import ChangeSet, Store
from edgetui.model.text import age


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

    def header(self, now: float, names: bool | None = None) -> str:
        """The state of all links: by name up to three clusters, else counted ("7 live · 1 stale 4m")."""
        if names is None:
            names = len(self.stores) <= 3
        if names:
            return " · ".join(f"{name} {_link_words(store, now)}" for name, store in self.stores.items())
        parts = []
        for link in Link:
            group = [store for store in self.stores.values() if store.link.link is link]
            if group:
                longest = max((age_of(store, now) for store in group), default=0.0)
                dated = f" {age(longest)}" if link in (Link.STALE, Link.REFUSED) else ""
                parts.append((_LINK_ORDER[link], f"{len(group)} {link.value}{dated}"))
        return " · ".join(text for _order, text in sorted(parts))


_LINK_ORDER = {Link.LIVE: 0, Link.CONNECTING: 1, Link.STALE: 2, Link.REFUSED: 3, Link.BROKEN: 4}


def age_of(store: Store, now: float) -> float:
    """Seconds since the cluster was last heard, or since its link took this state when it never was."""
    since = store.link.heard or store.link.since
    return max(0.0, now - since) if since else 0.0


def _link_words(store: Store, now: float) -> str:
    link = store.link.link
    dated = f" {age(age_of(store, now))}" if link in (Link.STALE, Link.REFUSED) else ""
    return f"{link.value}{dated}"
