"""One kind of one cluster as the server prints it, for links that bear no objects: namespace by namespace."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.informer import Informer, Owner, in_words
from edgetui.cluster.probe import Namespaces
from edgetui.cluster.watcher import Watcher
from edgetui.model.freshness import Freshness, Sync
from edgetui.model.kinds.base import Kind
from edgetui.model.store import Store

NAMESPACES_AGAIN, SOME_AGAIN = 600.0, 120.0


class PrintedInformer(Informer):
    """Rows as the server prints them: they carry no namespace, so there is one watch for each.

    Which namespaces there are is asked when the link comes up and now and then, unless some were chosen.
    """

    def __init__(self, owner: Owner, store: Store, kind: Kind) -> None:
        super().__init__(owner, store, kind)
        self._shown = False
        self._listed = False
        self._whole_cluster = True
        self._cancel_ask: Callable[[], None] | None = None

    @property
    def watchers(self) -> list[Watcher]:
        return list(self._scoped.values())

    @property
    def wanted(self) -> bool:
        return self._shown

    def show(self) -> None:
        self._shown = True
        self.publish()

    def hide(self) -> None:
        self._shown = False
        self._listed = False
        self._kept = None
        self._quiet()
        self._drop_scoped()
        self._store.replace(self.kind.name, ())
        self.publish()

    def forget(self) -> None:
        if self._kept is not None:
            super().forget()
            self.link_up()

    def stop(self) -> None:
        self._shown = False
        self._quiet()
        super().stop()

    def link_up(self) -> None:
        if self._shown:
            self._quiet()
            if self._owner.in_view:
                self._scope(Namespaces(list(self._owner.in_view), whole=False))
            else:
                self._owner.namespaces(self._scope)

    def _watcher(self, namespace: str = "") -> Watcher:
        # Compressed, a streaming list of Tables costs half of a LIST; else more than twice as much.
        streaming = self._owner.streaming and self._owner.gzips
        return Watcher(self._owner, self, self.kind, namespace, streaming=streaming, printed=True)

    def _quiet(self) -> None:
        if self._cancel_ask is not None:
            self._cancel_ask()
            self._cancel_ask = None

    def _scope(self, found: Namespaces) -> None:
        if not self._shown:
            return
        self._quiet()
        if not self._owner.in_view:
            again = NAMESPACES_AGAIN if found.whole else SOME_AGAIN
            self._cancel_ask = self._owner.later(again, self.link_up)
        self._listed, self._whole_cluster = True, found.whole
        # Where not all are known, those that are watched may well be there still.
        kept = set(found.names) if found.whole or self._owner.in_view else {*found.names, *self._scoped}
        for gone in (
            {row.namespace for row in self._store.rows(self.kind.name)} | self._scoped.keys()
        ) - kept:
            if gone in self._scoped:
                self._scoped.pop(gone).stop()
            self._told.pop(gone, None)
            self._store.replace(self.kind.name, (), gone)
        self._watch(found.names)
        self.publish()

    def _merged(self) -> Freshness:
        if not self._shown:
            return Freshness()
        if not self._told:
            return Freshness(Sync.LIVE if self._listed else Sync.NEVER)
        readable = [told for told in self._told.values() if told.sync is not Sync.FORBIDDEN]
        if not readable:
            first = next(iter(self._told.values()))
            return Freshness(Sync.FORBIDDEN, self._owner.wall(first.heard), first.reason)
        heard = self._owner.wall(min(told.heard for told in readable))
        partial = len(readable) < len(self._told) or not self._whole_cluster
        for sync in (Sync.STALE, Sync.NEVER, Sync.SYNCING, Sync.ABSENT):
            reasons = [told.reason for told in readable if told.sync is sync]
            if reasons:
                return Freshness(sync, heard, reasons[0], partial)
        names = sorted(name for name, told in self._told.items() if told.sync is not Sync.FORBIDDEN)
        return Freshness(Sync.LIVE, heard, f"watching only {in_words(names)}" if partial else "", partial)
