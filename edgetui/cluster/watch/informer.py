"""One kind of one cluster in the store, over a partition that may change while the rows stay.

When the partition is replaced, every stream of the one before is closed first, and its rows stay in the store, as old
as they are, until the new collections are complete.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import asdict, replace

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.watch.partition import (
    WHOLE,
    Collections,
    Partition,
    collections,
    of_collections,
    outside_of,
)
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector.opening import continued
from edgetui.cluster.watch.resumption import Earlier, Kept
from edgetui.cluster.watch.runner import Watcher
from edgetui.cluster.watch.version_choice import VersionChoice
from edgetui.model.cache.freshness import UNHEARD, Freshness, Sync
from edgetui.model.cache.list_progress import together
from edgetui.model.cache.store import MOST_ROWS, Store
from edgetui.model.kinds.base import Kind, Row

if TYPE_CHECKING:
    from edgetui.cluster.watch.namespace_search import NamespaceSearch
    from edgetui.cluster.watch.owner import Owner

SETTLED = frozenset({Sync.LIVE, Sync.FORBIDDEN, Sync.ABSENT, Sync.HIDDEN})
_COMPLETE = frozenset({Sync.LIVE, Sync.STALE})


class Informer:
    """Rows and freshness of one kind, written to the store; `alone` is whether it opens before all others."""

    def __init__(self, owner: Owner, store: Store, kind: Kind, partition: Partition = WHOLE) -> None:
        self.kind = kind
        self.partition = partition
        self.freshness = Freshness()
        self.wanted = self.alone = False
        self._owner = owner
        self._store = store
        self._watchers: dict[str, Watcher] = {}
        self._told: dict[str, r.SetFreshness] = {}
        self._pace = r.Pace()
        self._earlier: Earlier | None = None
        # Steady times at which rows of the partition before were current, by namespace; "" stands for all others.
        self._ages: dict[str, float] = {}
        self._versions: dict[str, str] = {}
        self._read_once = False
        self._searching: NamespaceSearch | None = None
        self.unserved = VersionChoice(owner.served, self._read_as).unserved
        self._divided = Collections()
        self._outside_denied = False
        self._all_listed = True
        self._stopped = False

    @property
    def _search(self) -> NamespaceSearch:
        if self._searching is None:
            from edgetui.cluster.watch.namespace_search import NamespaceSearch

            self._searching = NamespaceSearch(self._owner, self._found)
        return self._searching

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
        self._earlier, self._ages, self._versions, self._read_once = None, {}, {}, False
        self._store.replace(self.kind.id, ())
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
        self.partition, self._versions = partition, {}
        if self.wanted:
            self._end()
            self._start()
        return True

    def move(self, store: Store, long: bool, every: float) -> None:
        """Bring another store to the rows of this one, and keep that from now on."""
        store.replace(self.kind.id, self._store.rows(self.kind.id))
        self._store = store
        store.set_freshness(self.kind.id, self.freshness)
        self.pace(long, every)

    def recall(self, rows: list[Row], kept: Kept) -> bool:
        """Show rows of an earlier run until the cluster tells its own; False if it has, or says it will not."""
        if self.partition.selector or self._earlier is not None or self._merged().sync not in UNHEARD:
            return False
        self._earlier = Earlier(kept.heard, kept.partial, stored=True)
        self._store.replace(self.kind.id, rows)
        self._versions = dict(kept.versions) if kept.tables is (self.partition.tables is not None) else {}
        if not kept.partial and "" in self._watchers:
            thin = self._pace.long and not self.partition.tables  # Tables gain little from compression
            self._watchers[""].feed(r.Recalled(self._versions.pop("", ""), len(rows), thin))
        elif self.partition.each:
            view, known = self._owner.in_view, self._versions.keys() - {""}
            named = tuple(sorted(known & set(view or known)))
            self._divided = Collections(named, "" in self._versions and not view)
            self._owner.released(self, self._add(self._divided.names))
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
        only = self.kind.lists_only
        pace = r.Pace(long, every or (self.partition.polls if only else 0.0), unwatched=only)
        if pace != self._pace:
            self._pace = pace
            self.feed(pace)

    def _streams(self, printer: object | None) -> bool:
        # Compressed, a streaming list of Tables costs half of a LIST; else more than twice as much.
        return self._owner.can.streaming.there and (self._owner.can.gzips or printer is None)

    def learn(self) -> None:
        """What the server can do has turned out to be something else."""
        bookmarks = self._owner.can.bookmarks.there and self.kind.bookmarks
        for watcher in self.watchers:
            watcher.feed(r.Learned(self._streams(watcher.printer), bookmarks))

    def feed(self, *inputs: r.Input) -> None:
        """Tell every watcher of this kind."""
        for watcher in self.watchers:
            watcher.feed(*inputs)

    @property
    def asking(self) -> bool:
        """Whether it waits to hear which namespaces there are."""
        return self._searching is not None and self._searching.asking

    def link_up(self) -> None:
        """The server answers new connections, or is about to."""
        if self.wanted and (self.partition.each or self._denied):
            self._search.begin(soon=not self._divided.rest)

    def link_down(self, reason: str) -> None:
        """It does not: what is asked for comes to nothing, whatever is said of it."""
        if self._searching is not None:
            self._searching.void()
        self.feed(r.LinkDown(reason))

    def look_again(self) -> None:
        """Other namespaces are in view: where each costs a watch, watch those and no others."""
        if self.wanted and (self.partition.each or self._denied):
            self._search.ask()

    def _read_as(self, kind: Kind) -> None:
        """Keep this kind in another version of its API."""
        self._carry()
        self.kind = kind
        if self.wanted:
            self._end()
            self._start()
            self.link_up()
            self._owner.released(self, self.watchers)

    # Collections

    @property
    def _denied(self) -> bool:
        """Whether the cluster may not be listed as a whole."""
        whole = self._watchers.get("")
        return whole is not None and whole.state.verdict is Sync.FORBIDDEN

    def _carry(self) -> None:
        """Remember how old the rows are, for the collections that come next."""
        whole = self._merged()
        complete = {
            name: one.heard for name, one in self._told.items() if one.sync in _COMPLETE and one.heard
        }
        if complete:
            oldest = min(complete.values())
            partial = whole.partial or whole.sync not in _COMPLETE
            self._earlier = Earlier(oldest, partial, stored=False)
            self._ages = complete if partial else {**complete, "": oldest}

    def _start(self) -> None:
        if not self.partition.each:
            self._add([""])
        self.publish()

    def _end(self) -> None:
        """Close every stream; nothing that is still under way is heard."""
        if self._searching is not None:
            self._searching.reset()
        self._divided, self._outside_denied = Collections(), False
        for watcher in self._watchers.values():
            watcher.stop()
        self._watchers.clear()
        self._told.clear()
        self.listing()

    def _found(self, found: Namespaces, first: bool) -> None:
        """Watch these namespaces one by one, as long as that is called for."""
        if not self.wanted:
            return
        if not (self.partition.each or self._denied):
            self.publish()
            return
        chosen, before, self._all_listed = bool(self._owner.in_view), self._divided, found.whole
        count = self._known_count if self.freshness.sync is Sync.LIVE else None
        self._divided = collections(
            self.partition, found, before, chosen=chosen, denied=self._outside_denied, count=count
        )
        if self.partition.each and not chosen:
            self._search.again(found, soon=self._divided.rest and (first or count is None))
        self._group(found, before, chosen=chosen)

    def _group(self, found: Namespaces, before: Collections, *, chosen: bool) -> None:
        # Where not all are known, those that are watched may well be there still.
        stay = {*found.names} if found.whole or chosen else {*found.names, *self._watchers}
        named, rest = self._divided.named, self._divided.rest
        for gone in (self._spaces() | self._watchers.keys()) - stay - {""}:
            self._drop(gone)
            self._store.replace(self.kind.id, (), gone)
        outside = self._watchers.get("") if before.rest else None
        for other in self._watchers.keys() - {*named, ""} if rest else ():
            self._drop(other)
        if self.partition.each and before != self._divided:
            self._drop("")
        self._owner.released(self, self._add(self._divided.names, outside))
        self.publish()

    def _known_count(self, namespace: str) -> int:
        """How many objects a namespace has; 1, which leaves it where it is, while that is not known."""
        told = self._told.get(namespace if namespace in self._watchers else "")
        live = told is not None and told.sync is Sync.LIVE
        return self._store.count(self.kind.id, namespace) if live else 1

    def _spaces(self) -> set[str]:
        return {row.namespace for row in self._store.rows(self.kind.id)}

    def _replace(self, rows: Iterable[Row], namespace: str) -> bool:
        """Take these rows as all there are of one collection."""
        if namespace or not self._divided.rest:
            return self._store.replace(self.kind.id, rows, namespace)
        parts: dict[str, list[Row]] = {space: [] for space in self._spaces().difference(self._divided.named)}
        for row in rows:
            parts.setdefault(row.namespace, []).append(row)
        return any([self._store.replace(self.kind.id, part, space) for space, part in parts.items()])

    def _add(self, names: Iterable[str], outside: Watcher | None = None) -> list[Watcher]:
        """Begin to watch those of these namespaces ("" for the whole cluster) that are not watched yet.

        `outside` has had the rows of them all until now.
        """
        fresh = [name for name in dict.fromkeys(names) if name not in self._watchers]
        for name in fresh:
            watcher = self._watchers[name] = self._watcher(name)
            if outside is not None and outside.state.synced:
                watcher.state = continued(watcher.state, outside.state, resume=not name)
        for name in fresh:
            self._watchers[name].feed(r.Shown())
        return [self._watchers[name] for name in fresh]

    def _watcher(self, namespace: str) -> Watcher:
        owner, selector, printer = self._owner, self.partition.selector, self.partition.tables
        if not namespace and self._divided.rest:
            printer = None if self._divided.named else printer and printer.whole()
            selector = outside_of(self._divided.named) if self._divided.named else selector
        streaming = self._streams(printer)
        watcher = Watcher(
            owner, self, self.kind, namespace, streaming=streaming, printer=printer, selector=selector
        )
        marks = self.kind.bookmarks and owner.can.bookmarks.there
        state = replace(watcher.state, bookmarks=marks, **asdict(self._pace), one_of_many=bool(namespace))
        if version := self._versions.pop(namespace, ""):
            state = replace(state, synced=True, lapsed=True, rv=version, unproven=True)
        elif (age := self._age(namespace)) is not None:
            state = replace(state, synced=True, lapsed=True, forked=True, proven=age)
        watcher.state = state
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
        if whole := not (namespace or self._divided.rest):
            for name in self._watchers.keys() - {""}:
                self._drop(name)
        if self._earlier is not None:
            # An equal version proves nothing: another version of edgetui may have made the row.
            self._replace((), namespace)
            if whole:
                self._earlier, self._ages = None, {}
        return self._replace(rows, namespace)

    def came(self, namespace: str, items: list[r.Change]) -> None:
        if self._earlier is None:
            self.applied(items)

    def applied(self, items: list[r.Change]) -> bool:
        kind, store, room = self.kind.id, self._store, True
        for change, row in items:
            if change == "DELETED":
                store.delete(kind, row.namespace, row.name, row.uid)
            elif store.size < MOST_ROWS or store.get(kind, row.namespace, row.name) is not None:
                store.apply(kind, row)
            else:
                room = False
        return room

    def room(self, namespace: str) -> int:
        kind, count = self.kind.id, self._store.count
        named = self._divided.named if not namespace and self._divided.rest else ()
        return MOST_ROWS - self._store.size + count(kind, namespace) - sum(count(kind, one) for one in named)

    def cleared(self, namespace: str) -> None:
        if not (namespace or self._divided.rest) and self._earlier is not None:
            if self._earlier.partial:
                return  # it was denied as a whole then, too, and its namespaces are asked next
            self._earlier, self._ages = None, {}
        if namespace or self._divided.rest or len(self._watchers) == 1:
            self._replace((), namespace)

    def told(self, namespace: str, effect: r.Effect) -> None:
        if isinstance(effect, r.SetFreshness):
            if namespace in self._watchers:  # else it was dropped for what it told first
                self._told[namespace] = effect
            self.publish()
        elif isinstance(effect, r.Denied):
            watcher, polls = self._watchers[namespace], self.partition.polls
            if not namespace and self._divided.rest:
                self._outside_denied = True
                self._drop("")
                self._told[""] = r.SetFreshness(Sync.SYNCING, 0.0, "")  # until it is asked for by namespace
            if polls and not watcher.state.unwatched:  # a list may be allowed
                watcher.feed(r.Pace(self._pace.long, polls, unwatched=True), r.AskAgain())
            elif not namespace and self.kind.namespaced and self.partition.selector is None:
                self._search.ask()
        elif not (self.kind.discovered and isinstance(effect, r.OF_ITS_SERVER)):
            self._owner.concerns_all(self._watchers[namespace], effect)

    # Freshness

    def publish(self) -> None:
        """Write the freshness of the whole to the store, if it changed."""
        unreadable = sum(len(watcher.odd) for watcher in self.watchers)
        polled = max((one.state.every for one in self.watchers if one.state.unwatched), default=0.0)
        freshness = replace(self._with_earlier(self._merged()), unreadable=unreadable, polled=polled)
        if freshness != self.freshness:
            self.freshness = freshness
            self._store.set_freshness(self.kind.id, freshness)
            self._owner.changed()

    def listing(self) -> None:
        """Tell how far the list has come; one that only proves current rows again is told of to nobody."""
        lists = [found for watcher in self.watchers if (found := watcher.progress) is not None]
        telling = lists and self.freshness.sync is not Sync.LIVE
        progress = together(lists, self._owner.wall, whole="" in self._watchers) if telling else None
        self._store.set_listing(self.kind.id, progress)

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
        if (self.partition.each and not self._divided.rest) or self._denied:
            for namespace in self._spaces() - self._watchers.keys():
                self._store.replace(self.kind.id, (), namespace)
        return told

    def _merged(self) -> Freshness:
        """What the present collections say together; that all of it was read once is remembered."""
        if not self.wanted:
            return Freshness()
        merged = of_collections(
            {name: Freshness(t.sync, self._owner.wall(t.heard), t.reason) for name, t in self._told.items()},
            each=self.partition.each,
            chosen=bool(self._owner.in_view),
            whole=self.partition.each and (self._all_listed or self._divided.rest),
            asking=self.asking,
            listed=self._divided.rest or (self._searching is not None and self._searching.listed),
            read_once=self._read_once,
        )
        self._read_once = self._read_once or (merged.sync is Sync.LIVE and bool(self._told))
        return merged
