"""One kind of one cluster in the store: one watch for the whole cluster, or one per namespace where that is denied."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple, Protocol

from msgspec.structs import replace

from edgetui.cluster.probe import Namespaces
from edgetui.cluster.reflector import states as r
from edgetui.cluster.watcher import Host, Watcher
from edgetui.model.freshness import Freshness, Sync
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.store import MOST_ROWS, Store

PATIENT = 2
SETTLED = frozenset({Sync.LIVE, Sync.FORBIDDEN, Sync.ABSENT, Sync.HIDDEN})
UNHEARD = frozenset({Sync.NEVER, Sync.SYNCING})
NAMES_SHOWN = 3


class Kept(NamedTuple):
    """What is known of rows from an earlier run: when they were current (Unix s), and if only of some namespaces."""

    heard: float
    partial: bool


class Owner(Host, Protocol):
    """What an informer needs of its cluster, besides what its watchers need."""

    streaming: bool
    gzips: bool
    in_view: Sequence[str]

    def wall(self, steady: float) -> float:
        """Unix time of a steady time; 0.0 stays 0.0."""

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        """Find the namespaces that are worth trying one by one."""

    def released(self, watchers: Iterable[Watcher]) -> None:
        """New watchers exist: let them open when it is their turn."""

    def concerns_all(self, watcher: Watcher, effect: r.Effect) -> None:
        """RefreshCredentials, AuthNeeded, Suspect, Rewound or NoWatchList of one watcher."""

    def changed(self) -> None:
        """The freshness of a kind changed."""


class Informer:
    """Rows and freshness of one kind, written to the store."""

    def __init__(self, owner: Owner, store: Store, kind: Kind) -> None:
        self.kind = kind
        self.freshness = Freshness()
        self._owner = owner
        self._store = store
        self._told: dict[str, r.SetFreshness] = {}
        self._asking = False
        self._kept: Kept | None = None
        self._pace = r.Pace()
        self._whole = self._watcher()
        self._scoped: dict[str, Watcher] = {}

    @property
    def watchers(self) -> list[Watcher]:
        return [self._whole, *self._scoped.values()]

    @property
    def wanted(self) -> bool:
        return self._whole.state.phase is not r.Phase.IDLE

    @property
    def settled(self) -> bool:
        return self.freshness.sync in SETTLED

    def show(self) -> None:
        """Keep this kind from now on."""
        if not self.wanted:
            self._whole.feed(r.Shown())

    def hide(self) -> None:
        """Stop, and forget the rows."""
        self._drop_scoped()
        self._whole.feed(r.Hidden())

    def recall(self, rows: list[Row], kept: Kept) -> bool:
        """Show rows of an earlier run until the cluster tells its own; False if it has, or says it will not."""
        if self._kept is not None or self._merged().sync not in UNHEARD:
            return False
        self._kept = kept
        self._store.replace(self.kind.name, rows)
        if not kept.partial:
            self._whole.feed(r.Recalled())
        self.publish()
        return True

    def forget(self) -> None:
        """The rows of an earlier run are not those of this cluster: begin without them."""
        if self._kept is not None:
            self.hide()
            self.show()

    def pace(self, long: bool, every: float) -> None:
        """How the collection is kept from now on, see `reflector.states.Pace`."""
        pace = r.Pace(long, every)
        if pace != self._pace:
            self._pace = pace
            self.feed(pace)

    def feed(self, *inputs: r.Input) -> None:
        """Tell every watcher of this kind."""
        for watcher in self.watchers:
            watcher.feed(*inputs)

    def stop(self) -> None:
        """Close everything for good; the rows stay as they are."""
        for watcher in self.watchers:
            watcher.stop()

    # Target of the watchers

    def replaced(self, namespace: str, rows: list[Row]) -> bool:
        if not namespace:
            self._drop_scoped()
        if self._kept is not None:
            # An equal version proves nothing: another version of edgetui may have made the row.
            self._store.replace(self.kind.name, (), namespace)
            self._kept = self._kept if namespace else None
        kind, store = self.kind.name, self._store
        room = MOST_ROWS - (store.count(kind) - store.count(kind, namespace) if namespace else 0)
        self._store.replace(self.kind.name, rows[:room], namespace)
        return len(rows) <= room

    def applied(self, items: list[r.Change]) -> bool:
        kind, store = self.kind.name, self._store
        room = True
        for change, row in items:
            if change == "DELETED":
                store.delete(kind, row.namespace, row.name, row.uid)
            elif store.count(kind) < MOST_ROWS or store.get(kind, row.namespace, row.name) is not None:
                store.apply(kind, row)
            else:
                room = False
        return room

    def cleared(self, namespace: str) -> None:
        if not namespace and self._kept is not None:
            if self._kept.partial:
                return  # it was denied as a whole then, too, and its namespaces are asked next
            self._kept = None
        if namespace or not self._scoped:
            self._store.replace(self.kind.name, (), namespace)

    def told(self, namespace: str, effect: r.Effect) -> None:
        if isinstance(effect, r.SetFreshness):
            self._told[namespace] = effect
            self.publish()
        elif isinstance(effect, r.Denied):
            if not namespace and self.kind.namespaced:
                self._asking = True
                self._owner.namespaces(self._scope)
        else:
            watcher = self._scoped.get(namespace, self._whole) if namespace else self._whole
            self._owner.concerns_all(watcher, effect)

    def _scope(self, found: Namespaces) -> None:
        """Watch these namespaces one by one, as long as the whole cluster stays denied."""
        names, self._asking = found.names, False
        if self._whole.state.verdict is Sync.FORBIDDEN:
            for gone in self._scoped.keys() - set(names):
                self._scoped.pop(gone).stop()
                self._told.pop(gone, None)
                self._store.replace(self.kind.name, (), gone)
            self._watch(names)
        self.publish()

    def _watch(self, names: list[str]) -> None:
        """Watch those of these namespaces that are not watched yet."""
        fresh = [name for name in names if name not in self._scoped]
        for name in fresh:
            watcher = self._scoped[name] = self._watcher(name)
            # One of many: if it is denied, it is not asked again soon.
            watcher.state = replace(
                watcher.state, denials=PATIENT, long=self._pace.long, every=self._pace.every
            )
            watcher.feed(r.Shown())
        self._owner.released([self._scoped[name] for name in fresh])

    def _watcher(self, namespace: str = "") -> Watcher:
        return Watcher(self._owner, self, self.kind, namespace, streaming=self._owner.streaming)

    def link_up(self) -> None:
        """The server answers new connections."""

    def _drop_scoped(self) -> None:
        for name, watcher in self._scoped.items():
            watcher.stop()
            self._told.pop(name, None)
        self._scoped.clear()

    # Freshness

    def publish(self) -> None:
        """Write the freshness of the whole to the store, if it changed."""
        freshness = self._with_kept(self._merged())
        if freshness != self.freshness:
            self.freshness = freshness
            self._store.set_freshness(self.kind.name, freshness)
            self._owner.changed()

    def _with_kept(self, told: Freshness) -> Freshness:
        """Rows of an earlier run are as old as they are, whatever is under way; the cluster's own end that."""
        if self._kept is None:
            return told
        if told.sync in UNHEARD or (told.sync is Sync.STALE and not told.partial):
            heard, partial = self._kept
            if heard > self._owner.wall(self._owner.now()):
                heard = 0.0  # this machine's clock is behind, and no age is better than a wrong one
            return Freshness(Sync.STALE, heard, told.reason, partial, kept=True)
        self._kept = None
        kind = self.kind.name
        for namespace in {row.namespace for row in self._store.rows(kind)} - self._scoped.keys():
            self._store.replace(kind, (), namespace)
        return told

    def _merged(self) -> Freshness:
        whole = self._told.get("", r.SetFreshness(Sync.HIDDEN, 0.0, ""))
        wall = self._owner.wall
        parts = {name: told for name, told in self._told.items() if name}
        readable = {name: told for name, told in parts.items() if told.sync is not Sync.FORBIDDEN}
        if whole.sync is not Sync.FORBIDDEN or not (readable or self._asking):
            return Freshness(whole.sync, wall(whole.heard), whole.reason)
        if not readable:
            return Freshness(Sync.SYNCING if not parts else Sync.FORBIDDEN, wall(whole.heard), whole.reason)
        heard = wall(min(told.heard for told in readable.values()))
        for sync in (Sync.STALE, Sync.NEVER, Sync.SYNCING, Sync.ABSENT):
            reasons = [told.reason for told in readable.values() if told.sync is sync]
            if reasons:
                return Freshness(sync, heard, reasons[0], partial=True)
        return Freshness(Sync.LIVE, heard, f"only {in_words(sorted(readable))} may be read", partial=True)


def in_words(names: list[str]) -> str:
    """ "namespaces line-1, line-2 and 3 more"."""
    shown = ", ".join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return f"namespace{'s' if len(names) > 1 else ''} {shown}" + (f" and {rest} more" if rest > 0 else "")
