"""One kind of one cluster in the store, over a partition that may change while the rows stay.

A partition says into which collections the kind is divided and in which form they come: one watch for the whole
cluster, or one per namespace where that is denied; one per namespace as Tables; or what one selector matches. When
it is replaced, every stream of the one before is closed first, and its rows stay in the store, as old as they are,
until the new collections are complete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Host, VersionChoice, Watcher
from edgetui.model.cache.freshness import UNHEARD, Freshness, Sync, merge
from edgetui.model.cache.store import MOST_ROWS, Store
from edgetui.model.kinds.base import Kind, Row

if TYPE_CHECKING:
    from edgetui.cluster.watch.scoped_informer import Selector

NAMESPACES_AGAIN, SOME_AGAIN = 600.0, 120.0
SETTLED = frozenset({Sync.LIVE, Sync.FORBIDDEN, Sync.ABSENT, Sync.HIDDEN})
_COMPLETE = frozenset({Sync.LIVE, Sync.STALE})


class Partition(msgspec.Struct, frozen=True):
    """Into which collections a kind is divided, and in which form its rows come.

    By default the whole cluster is one collection, and its namespaces one by one where that is denied. With `each`
    the namespaces are watched one by one from the start, as `tables` need, whose rows name no namespace. What a
    `selector` matches is one collection, and nothing smaller is tried.
    """

    each: bool = False
    tables: bool = False
    selector: Selector | None = None


WHOLE = Partition()
TABLES = Partition(each=True, tables=True)


class Kept(NamedTuple):
    """What is known of rows from an earlier run: when they were current (Unix s), and if only of some namespaces."""

    heard: float
    partial: bool


class _Earlier(NamedTuple):
    """Rows in the store that no present collection has told: of an earlier run (`stored`), or an earlier partition.

    `heard` is when they were current: Unix seconds of an earlier run, steady ones of an earlier partition.
    """

    heard: float
    partial: bool
    stored: bool


class Owner(Host, Protocol):
    """What an informer needs of its cluster, besides what its watchers need."""

    gzips: bool
    in_view: Sequence[str]

    @property
    def streaming(self) -> bool:
        """Whether the server has streaming lists, as far as is known."""

    @property
    def bookmarks(self) -> bool:
        """Whether it sends bookmarks, as far as is known."""

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        """Find the namespaces that are worth trying one by one."""

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        """Find a version of its API in which the server serves a kind."""

    def released(self, watchers: Iterable[Watcher]) -> None:
        """New watchers exist: let them open when it is their turn."""

    def concerns_all(self, watcher: Watcher, effect: r.Effect) -> None:
        """RefreshCredentials, AuthNeeded, Suspect, Rewound, NoWatchList or NoBookmarks of one watcher."""

    def changed(self) -> None:
        """The freshness of a kind changed."""


class Informer:
    """Rows and freshness of one kind, written to the store."""

    def __init__(self, owner: Owner, store: Store, kind: Kind, partition: Partition = WHOLE) -> None:
        self.kind = kind
        self.partition = partition
        self.freshness = Freshness()
        self.wanted = False
        self._owner = owner
        self._store = store
        self._watchers: dict[str, Watcher] = {}
        self._told: dict[str, r.SetFreshness] = {}
        self._pace = r.Pace()
        self._earlier: _Earlier | None = None
        # Steady times at which rows of the partition before were current, by namespace; "" stands for all others.
        self._ages: dict[str, float] = {}
        self._read_once = False
        self._question = 0
        self._asking = False
        self._listed = False
        self._all_listed = True
        self._cancel_ask: Callable[[], None] | None = None
        self._stopped = False
        self.unserved = VersionChoice(owner.served, self._read_as).unserved

    @property
    def watchers(self) -> list[Watcher]:
        return list(self._watchers.values())

    @property
    def settled(self) -> bool:
        return self.freshness.sync in SETTLED

    @property
    def namespaces(self) -> list[str]:
        """The namespaces that are watched one by one and may be read; empty where the cluster is read as a whole."""
        denied = {name for name, told in self._told.items() if told.sync is Sync.FORBIDDEN}
        return sorted(self._watchers.keys() - denied - {""})

    def show(self) -> None:
        """Keep this kind from now on."""
        if not (self.wanted or self._stopped):
            self.wanted = True
            self._start()

    def hide(self) -> None:
        """Stop, and forget the rows."""
        self.wanted = False
        self._end()
        self._earlier, self._ages, self._read_once = None, {}, False
        self._store.replace(self.kind.name, ())
        self.publish()

    def stop(self) -> None:
        """Close everything for good; the rows stay as they are."""
        self.wanted, self._stopped = False, True
        self._end()

    def divide(self, partition: Partition) -> bool:
        """Keep this kind in another partition from now on; False if it is the same.

        The rows stay, as old as they are.
        """
        if partition == self.partition:
            return False
        self._carry()
        self.partition = partition
        if self.wanted:
            self._end()
            self._start()
        return True

    def recall(self, rows: list[Row], kept: Kept) -> bool:
        """Show rows of an earlier run until the cluster tells its own; False if it has, or says it will not."""
        if self.partition.selector or self._earlier is not None or self._merged().sync not in UNHEARD:
            return False
        self._earlier = _Earlier(*kept, stored=True)
        self._store.replace(self.kind.name, rows)
        if not kept.partial and "" in self._watchers:
            self._watchers[""].feed(r.Recalled())
        self.publish()
        return True

    def forget(self) -> bool:
        """The rows of an earlier run are not those of this cluster: begin without them. False if there are none."""
        if self._earlier is None or not self._earlier.stored:
            return False
        self.hide()
        self.show()
        return True

    def pace(self, long: bool, every: float) -> None:
        """How the collections are kept from now on, see `reflector.states.Pace`."""
        pace = r.Pace(long, every)
        if pace != self._pace:
            self._pace = pace
            self.feed(pace)

    def feed(self, *inputs: r.Input) -> None:
        """Tell every watcher of this kind."""
        for watcher in self.watchers:
            watcher.feed(*inputs)

    def link_up(self) -> None:
        """The server answers new connections."""
        if self.wanted and self.partition.each:
            self._ask()

    def look_again(self) -> None:
        """Other namespaces are in view: where each costs a watch, watch those and no others."""
        if self.wanted and (self.partition.each or self._denied):
            self._ask()

    def _read_as(self, kind: Kind) -> None:
        """Keep this kind in another version of its API."""
        self._carry()
        self.kind = kind
        if self.wanted:
            self._end()
            self._start()
            self.link_up()
            self._owner.released(self.watchers)

    # Collections

    @property
    def _denied(self) -> bool:
        """Whether the cluster may not be listed as a whole."""
        whole = self._watchers.get("")
        return whole is not None and whole.state.verdict is Sync.FORBIDDEN

    def _carry(self) -> None:
        """Remember how old the rows are, for the collections that come next."""
        whole = self._merged()
        complete = {name: told.heard for name, told in self._told.items() if _is_complete(told)}
        if complete:
            oldest = min(complete.values())
            partial = whole.partial or whole.sync not in _COMPLETE
            self._earlier = _Earlier(oldest, partial, stored=False)
            self._ages = complete if partial else {**complete, "": oldest}

    def _start(self) -> None:
        if not self.partition.each:
            self._add([""])
        self.publish()

    def _end(self) -> None:
        """Close every stream; nothing that is still under way is heard."""
        self._question += 1
        self._asking = self._listed = False
        self._quiet()
        for watcher in self._watchers.values():
            watcher.stop()
        self._watchers.clear()
        self._told.clear()

    def _quiet(self) -> None:
        if self._cancel_ask is not None:
            self._cancel_ask()
            self._cancel_ask = None

    def _ask(self) -> None:
        """Find out which namespaces to watch one by one."""
        self._quiet()
        self._question += 1
        if self._owner.in_view:
            self._found(self._question, Namespaces(list(self._owner.in_view), whole=False))
            return
        self._asking = True
        question = self._question
        self._owner.namespaces(lambda found: self._found(question, found))

    def _found(self, question: int, found: Namespaces) -> None:
        """Watch these namespaces one by one, as long as that is called for."""
        if question != self._question or not self.wanted:
            return  # the partition or the view has changed since it was asked
        self._asking = False
        if not (self.partition.each or self._denied):
            self.publish()
            return
        chosen = bool(self._owner.in_view)
        if self.partition.each and not chosen:
            again = NAMESPACES_AGAIN if found.whole else SOME_AGAIN
            self._cancel_ask = self._owner.later(again, self.link_up)
        self._listed, self._all_listed = True, found.whole
        # Where not all are known, those that are watched may well be there still.
        stay = {*found.names} if found.whole or chosen else {*found.names, *self._watchers}
        there = {row.namespace for row in self._store.rows(self.kind.name)}
        for gone in (there | self._watchers.keys()) - stay - {""}:
            self._drop(gone)
            self._store.replace(self.kind.name, (), gone)
        self._owner.released(self._add(found.names))
        self.publish()

    def _add(self, names: Iterable[str]) -> list[Watcher]:
        """Begin to watch those of these namespaces ("" for the whole cluster) that are not watched yet."""
        fresh = [name for name in dict.fromkeys(names) if name not in self._watchers]
        for name in fresh:
            self._watchers[name] = self._watcher(name)
        for name in fresh:
            self._watchers[name].feed(r.Shown())
        return [self._watchers[name] for name in fresh]

    def _watcher(self, namespace: str) -> Watcher:
        owner, tables = self._owner, self.partition.tables
        watcher = Watcher(
            owner,
            self,
            self.kind,
            namespace,
            # Compressed, a streaming list of Tables costs half of a LIST; else more than twice as much.
            streaming=owner.streaming and (owner.gzips or not tables),
            printed=tables,
            selector=self.partition.selector,
        )
        watcher.state = replace(
            watcher.state,
            bookmarks=self.kind.bookmarks and owner.bookmarks,
            long=self._pace.long,
            every=self._pace.every,
            one_of_many=bool(namespace),
        )
        age = self._age(namespace)
        if age is not None:
            watcher.state = replace(watcher.state, synced=True, lapsed=True, forked=True, proven=age)
        return watcher

    def _age(self, namespace: str) -> float | None:
        """When the rows that are there already were current, 0.0 if that is kept elsewhere; None if not all are."""
        if namespace:
            return self._ages.get(namespace, self._ages.get(""))
        return self._ages.get("", 0.0) if self._earlier is not None and not self._earlier.partial else None

    def _drop(self, namespace: str) -> None:
        self._told.pop(namespace, None)
        watcher = self._watchers.pop(namespace, None)
        if watcher is not None:
            watcher.stop()

    # Target of the watchers

    def replaced(self, namespace: str, rows: list[Row]) -> bool:
        kind = self.kind.name
        if not namespace:
            for name in self._watchers.keys() - {""}:
                self._drop(name)
        if self._earlier is not None:
            # An equal version proves nothing: another version of edgetui may have made the row.
            self._store.replace(kind, (), namespace)
            if not namespace:
                self._earlier, self._ages = None, {}
        return self._store.replace(kind, rows, namespace)

    def applied(self, items: list[r.Change]) -> bool:
        kind, store, room = self.kind.name, self._store, True
        for change, row in items:
            if change == "DELETED":
                store.delete(kind, row.namespace, row.name, row.uid)
            elif store.size < MOST_ROWS or store.get(kind, row.namespace, row.name) is not None:
                store.apply(kind, row)
            else:
                room = False
        return room

    def room(self, namespace: str) -> int:
        return MOST_ROWS - self._store.size + self._store.count(self.kind.name, namespace)

    def cleared(self, namespace: str) -> None:
        if not namespace and self._earlier is not None:
            if self._earlier.partial:
                return  # it was denied as a whole then, too, and its namespaces are asked next
            self._earlier, self._ages = None, {}
        if namespace or len(self._watchers) == 1:
            self._store.replace(self.kind.name, (), namespace)

    def told(self, namespace: str, effect: r.Effect) -> None:
        if isinstance(effect, r.SetFreshness):
            self._told[namespace] = effect
            self.publish()
        elif isinstance(effect, r.Denied):
            if not namespace and self.kind.namespaced and self.partition.selector is None:
                self._ask()
        else:
            self._owner.concerns_all(self._watchers[namespace], effect)

    # Freshness

    def publish(self) -> None:
        """Write the freshness of the whole to the store, if it changed."""
        freshness = self._with_earlier(self._merged())
        if unreadable := sum(len(watcher.odd) for watcher in self.watchers):
            freshness = replace(freshness, unreadable=unreadable)
        if freshness != self.freshness:
            self.freshness = freshness
            self._store.set_freshness(self.kind.name, freshness)
            self._owner.changed()

    def _with_earlier(self, told: Freshness) -> Freshness:
        """Earlier rows are as old as they are, whatever is under way; the cluster's own end that."""
        earlier = self._earlier
        if earlier is None:
            return told
        if told.sync in UNHEARD or (told.sync is Sync.STALE and not (told.partial or told.heard)):
            wall = self._owner.wall
            heard = earlier.heard if earlier.stored else wall(earlier.heard)
            if heard > wall(self._owner.now()):
                heard = 0.0  # this machine's clock is behind, and no age is better than a wrong one
            return Freshness(Sync.STALE, heard, told.reason, earlier.partial, kept=earlier.stored)
        if told.sync is Sync.STALE and not told.partial:
            return told
        self._earlier, self._ages = None, {}
        for namespace in {row.namespace for row in self._store.rows(self.kind.name)} - self._watchers.keys():
            self._store.replace(self.kind.name, (), namespace)
        return told

    def _merged(self) -> Freshness:
        """What the present collections say together."""
        if not self.wanted:
            return Freshness()
        wall, told = self._owner.wall, dict(self._told)
        whole = told.pop("", None)
        if not self.partition.each:
            if whole is None:
                return Freshness(Sync.NEVER)
            if whole.sync is not Sync.FORBIDDEN or not (told or self._asking):
                return self._read(Freshness(whole.sync, wall(whole.heard), whole.reason))
            if not told:
                return Freshness(Sync.SYNCING, wall(whole.heard), whole.reason)
        elif not told:
            return Freshness(Sync.LIVE if self._listed else Sync.NEVER)
        denied = not (self.partition.each or self._owner.in_view)
        parts = {name: Freshness(one.sync, wall(one.heard), one.reason) for name, one in told.items()}
        return self._read(
            merge(
                parts,
                whole=self.partition.each and self._all_listed,
                read_once=self._read_once,
                only="only {} may be read" if denied else "watching only {}",
            )
        )

    def _read(self, merged: Freshness) -> Freshness:
        """Remember that all of it was read once: what is found later is the part that is new, not the rest."""
        self._read_once = self._read_once or merged.sync is Sync.LIVE
        return merged


def _is_complete(told: r.SetFreshness) -> bool:
    return told.sync in _COMPLETE and told.heard > 0.0
