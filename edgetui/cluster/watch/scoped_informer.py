"""What a selector matches of one kind of one cluster, kept as objects in a store of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS

if TYPE_CHECKING:
    from edgetui.cluster.watch.informers import Supervisor


class Selector(msgspec.Struct, frozen=True):
    """A namespace, and in it a label selector, a name, or both."""

    namespace: str
    labels: str = ""
    name: str = ""

    @property
    def query(self) -> dict[str, str]:
        """As the API takes it; the server sends nothing else then."""
        field = f"metadata.name={self.name}" if self.name else ""
        return {k: v for k, v in (("labelSelector", self.labels), ("fieldSelector", field)) if v}


class Aside(msgspec.Struct, frozen=True):
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


def open_aside(cluster: str, supervisor: Supervisor | None, parts: Mapping[str, Selector]) -> Aside:
    """Begin to keep these parts of kinds, as objects whatever the wire; nothing where there is no connection."""
    from edgetui.cluster.watch.informer import Informer, Partition

    store, changed, loop = Store(cluster), asyncio.Event(), asyncio.get_running_loop()

    def on_dirty() -> None:
        changed.set()
        loop.call_soon(store.drain)

    store.on_dirty = on_dirty
    ends = []
    if supervisor is not None:
        for kind, part in parts.items():
            informer = Informer(supervisor, store, KINDS[kind], Partition(selector=part))
            ends.append(supervisor.aside(informer))
    return Aside(store, changed, ends)
