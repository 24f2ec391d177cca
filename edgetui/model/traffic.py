"""Whether a Service leads anywhere: its endpoints as its EndpointSlices tell them."""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.freshness import Sync
from edgetui.model.kinds.endpointslice import EndpointSliceRow, owner_of
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.store import Store

KIND = "EndpointSlice"
_KNOWN = frozenset({Sync.LIVE, Sync.STALE})


class Endpoints(NamedTuple):
    """`ready` of `total` endpoints get new traffic; `draining` are terminating and serve while no other is ready."""

    ready: int
    total: int
    draining: int

    @property
    def words(self) -> str:
        """ "2 of 3 ready", "no endpoints"."""
        if not self.total:
            return "only terminating" if self.draining else "no endpoints"
        return f"{self.ready} of {self.total} ready"


def endpoints_of(store: Store, service: ServiceRow) -> Endpoints | None:
    """The endpoints of a Service; None while they are not known.

    With two address families every pod is there twice, so the larger family counts.
    """
    freshness = store.freshness(KIND)
    families: dict[str, list[int]] = {}
    for piece in store.owned_by(owner_of(service.namespace, service.name)):
        if isinstance(piece, EndpointSliceRow):
            counts = families.setdefault(piece.family, [0, 0, 0])
            for at, count in enumerate((piece.ready, piece.total, piece.draining)):
                counts[at] += count
    if freshness.sync not in _KNOWN or (not families and (freshness.partial or freshness.unreadable)):
        return None
    return Endpoints(*max(families.values(), key=lambda counts: (counts[1], counts), default=(0, 0, 0)))


def unknown(store: Store) -> str:
    """Why no endpoints are known, in a few words; empty where they are."""
    sync = store.freshness(KIND).sync
    if sync is Sync.FORBIDDEN:
        return "not allowed to see endpointslices"
    if sync is Sync.ABSENT:
        return "this cluster does not serve endpointslices"
    return "" if sync in _KNOWN else "endpointslices are being read"
