"""What a selector matches of one kind of one cluster, kept as objects in a store of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.partition import Partition, Selector
from edgetui.model.cache.store import Store
from edgetui.model.kinds import Kinds

if TYPE_CHECKING:
    from edgetui.cluster.watch.informers import Supervisor


class ScopedStore(msgspec.Struct, frozen=True):
    """Selected objects that are kept beside the rest of a cluster, until `end`; `ends` are what ends each kind.

    `changed` is set when anything in `store` changes.
    """

    store: Store
    changed: asyncio.Event
    ends: Sequence[Callable[[], None]] = ()

    def end(self) -> None:
        """Keep them no longer."""
        for end in self.ends:
            end()


def open_scoped_store(
    cluster: str, kinds: Kinds, supervisor: Supervisor | None, parts: Mapping[str, Selector]
) -> ScopedStore:
    """Begin to keep these parts of kinds, as objects whatever the wire; nothing where there is no connection."""
    store, changed, loop = Store(cluster, kinds), asyncio.Event(), asyncio.get_running_loop()

    def on_dirty() -> None:
        changed.set()
        loop.call_soon(store.drain)

    store.on_dirty = on_dirty
    ends = []
    if supervisor is not None:
        for kind, part in parts.items():
            informer = Informer(supervisor, store, kinds[kind], Partition(selector=part))
            ends.append(supervisor.watch_beside(informer))
    return ScopedStore(store, changed, ends)
