"""A part of one kind of one cluster, in a store of its own: what a selector matches in one namespace, as objects."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from edgetui.cluster.informer import Informer, Kept, Owner
from edgetui.cluster.reflector import states as r
from edgetui.cluster.watcher import Watcher
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.store import Store


class Scope(msgspec.Struct, frozen=True):
    """Which part: a namespace, and in it a label selector, a name, or both."""

    namespace: str
    labels: str = ""
    name: str = ""

    @property
    def query(self) -> dict[str, str]:
        """As the API takes it; the server sends nothing else then."""
        field = f"metadata.name={self.name}" if self.name else ""
        return {k: v for k, v in (("labelSelector", self.labels), ("fieldSelector", field)) if v}


class Aside(msgspec.Struct, frozen=True):
    """Parts that are kept beside the rest of a cluster, until `end`; `ends` are what ends each.

    `changed` is set when anything in `store` changes.
    """

    store: Store
    changed: asyncio.Event
    ends: Sequence[Callable[[], None]] = ()

    def end(self) -> None:
        """Keep them no longer."""
        for end in self.ends:
            end()


class NarrowInformer(Informer):
    """Rows and freshness of one part, whatever the link can bear: it is small."""

    def __init__(self, owner: Owner, store: Store, kind: Kind, scope: Scope) -> None:
        self._part = scope
        super().__init__(owner, store, kind)

    def recall(self, rows: list[Row], kept: Kept) -> bool:
        return False

    def told(self, namespace: str, effect: r.Effect) -> None:
        if not isinstance(effect, r.Denied):  # there is no smaller part to ask for
            super().told(namespace, effect)

    def _watcher(self, namespace: str = "") -> Watcher:
        return Watcher(
            self._owner, self, self.kind, namespace, streaming=self._owner.streaming, scope=self._part
        )
