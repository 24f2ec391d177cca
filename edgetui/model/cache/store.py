"""What is known about one cluster: rows, how fresh they are, what changed since the last look.

One session writes, anyone reads, all on one thread. Beside the rows it keeps three small indexes that make
an event cost the same however many rows there are: owner uid to owned rows, uid to the object that owns, node name
to pods.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from edgetui.model.cache.freshness import CacheState, Freshness, LinkState
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.wireprofile import WireState
from edgetui.model.kinds import Kinds
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import POD, PodRow

Name = tuple[str, str]
"""Namespace (empty for cluster-scoped) and name."""

_MANY = 64
"""Objects of one owner from which on they are found by uid: a dict for each of a few would be most of the memory."""

_BROAD = 256
MOST_OWNERS = 16
"""Steps from an object to the last of its owners; a chain that is longer, or leads back to itself, ends there."""
MOST_ROWS = 50_000
"""Rows of one cluster, of all kinds together: about 30 MB. What writes here holds no more."""


class ChangeSet(msgspec.Struct):
    """What changed since the last drain.

    `changed` has the added, modified and removed rows by kind; kinds in `reset` changed so much that a
    rebuild is cheaper (their rows are not listed in `changed`). `owners` are uids of controllers whose pods
    or ReplicaSets changed, `nodes` the names of nodes whose pods came or went, `carriers` those of nodes that came,
    went or changed in more than their heartbeat: what their pods are worth may be another now. `status` is true
    when anything but rows changed: freshness, link, version, badges, wire profile, metrics.
    """

    changed: dict[str, set[Name]] = msgspec.field(default_factory=dict)
    reset: set[str] = msgspec.field(default_factory=set)
    owners: set[str] = msgspec.field(default_factory=set)
    nodes: set[str] = msgspec.field(default_factory=set)
    carriers: set[str] = msgspec.field(default_factory=set)
    status: bool = False

    def __bool__(self) -> bool:
        return bool(self.changed or self.reset or self.owners or self.nodes or self.carriers or self.status)


class Usage(msgspec.Struct, frozen=True, gc=False):
    """What the metrics API measured: thousandths of a core and bytes; None is what it did not measure."""

    cpu_milli: int | None
    memory_bytes: int | None


def older(version: str, than: str) -> bool:
    """Whether one resourceVersion is certainly older than another (KEP-5504).

    Only decimal versions compare; of any others nothing is known, and the answer is no.
    """
    if not (version.isascii() and version.isdigit() and than.isascii() and than.isdigit()):
        return False
    return (len(version), version) < (len(than), than)


def reached(version: str, other: str) -> bool:
    """Whether a history that stands at `version` has certainly reached `other`."""
    return (
        f"{version}{other}".isascii() and version.isdigit() and other.isdigit() and not older(version, other)
    )


class Store:
    """The rows of one cluster.

    `kinds` are those of this cluster. `on_dirty` is called at the first change after each drain, never from within
    itself; it must only schedule work.
    """

    def __init__(self, cluster: str, kinds: Kinds | None = None) -> None:
        self.cluster = cluster
        self.kinds = Kinds() if kinds is None else kinds
        self.link = LinkState()
        self.badges: tuple[str, ...] = ()
        self.version = ""
        self.wire = WireState()
        self.cache = CacheState()
        self.listing: dict[str, ListProgress] = {}
        """The lists that are on their way, by kind; whoever shows them looks again now and then."""
        self.size = 0
        """How many rows there are of all kinds."""
        self.on_dirty: Callable[[], None] | None = None
        self._rows: dict[str, dict[str, dict[str, Row]]] = {}
        self._counts: dict[str, int] = {}
        self._owned: dict[str, tuple[Row, ...] | dict[str, Row]] = {}
        self._owners: dict[str, dict[str, Row]] = {}
        self._pods_on: dict[str, int] = {}
        self._freshness: dict[str, Freshness] = {}
        self._usage: dict[str, dict[Name, Usage]] = {}
        self._metrics: dict[str, bool | None] = {}
        self._changes = ChangeSet()
        self._announced = False

    # -- written by the session

    def replace(self, kind: str, rows: Iterable[Row], namespace: str = "") -> bool:
        """Take a complete list as the truth: of one namespace, or of the whole kind without one.

        False if it changes nothing.

        Rows that are the same uid at the same version are left alone. Unlike `apply` this accepts older
        versions: a list from a restored datastore is the new truth.
        """
        table = self._rows.setdefault(kind, {})
        listed = {(row.namespace, row.name): row for row in rows}
        spaces = [namespace] if namespace else list(table)
        gone = [
            (space, name) for space in spaces for name in table.get(space, ()) if (space, name) not in listed
        ]
        fresh = []
        for key, row in listed.items():
            known = table.get(key[0], {}).get(key[1])
            if known is None or not _same_version(known, row):
                fresh.append(row)
        if not gone and not fresh:
            return False
        if len(gone) + len(fresh) > max(_BROAD, len(listed) // 2):
            self._changes.reset.add(kind)
            self._changes.changed.pop(kind, None)
        for space, name in gone:
            self._remove(kind, space, name)
        for row in fresh:
            there = self._space(kind, row.namespace)
            self._put(kind, there, there.get(row.name), row)
        self._announce()
        return True

    def apply(self, kind: str, row: Row) -> bool:
        """Add or update one row; False when it is refused as older than, or the same as, what is known.

        A new uid under a known name replaces the row whatever its version.
        """
        space = self._space(kind, row.namespace)
        known = space.get(row.name)
        if (
            known is not None
            and known.uid == row.uid
            and (_same_version(known, row) or older(row.resource_version, known.resource_version))
        ):
            return False
        self._put(kind, space, known, row)
        self._announce()
        return True

    def delete(self, kind: str, namespace: str, name: str, uid: str) -> bool:
        """Remove a row; False when it is not there or another object has taken its name."""
        known = self.get(kind, namespace, name)
        if known is None or (uid and known.uid != uid):
            return False
        self._remove(kind, namespace, name)
        self._announce()
        return True

    def set_freshness(self, kind: str, freshness: Freshness) -> None:
        if self._freshness.get(kind) != freshness:
            self._freshness[kind] = freshness
            self._mark_status()

    def set_listing(self, kind: str, progress: ListProgress | None) -> None:
        """How far the list of a kind has come, None when none is on its way. It is no change that is announced."""
        if progress is not None:
            self.listing[kind] = progress
        else:
            self.listing.pop(kind, None)

    def set_link(self, link: LinkState) -> None:
        if self.link != link:
            self.link = link
            self._mark_status()

    def set_badges(self, badges: tuple[str, ...]) -> None:
        if self.badges != badges:
            self.badges = badges
            self._mark_status()

    def set_cache(self, cache: CacheState) -> None:
        """Take what an audit of the server's watch cache found."""
        self.cache = cache
        self._mark_status()

    def set_version(self, version: str) -> None:
        if self.version != version:
            self.version = version
            self._mark_status()

    def set_wire(self, wire: WireState) -> None:
        if self.wire != wire:
            self.wire = wire
            self._mark_status()

    def set_metrics(self, kind: str, usage: dict[Name, Usage], available: bool | None) -> None:
        """Take what the metrics API says of all nodes or pods, `available` None if it was not asked."""
        before = self._usage.get(kind, {})
        touched = {key for key in before.keys() | usage.keys() if before.get(key) != usage.get(key)}
        if not touched and self._metrics.get(kind) == available:
            return
        self._usage[kind] = {self._shared(kind, key): one for key, one in usage.items()}
        self._metrics[kind] = available
        if touched and kind not in self._changes.reset:
            self._changes.changed.setdefault(kind, set()).update(touched)
        self._mark_status()

    # -- read by anyone

    def rows(self, kind: str) -> Iterator[Row]:
        """All rows of a kind, in no particular order."""
        for space in self._rows.get(kind, {}).values():
            yield from space.values()

    def get(self, kind: str, namespace: str, name: str) -> Row | None:
        space = self._rows.get(kind, {}).get(namespace)
        return space.get(name) if space else None

    def namespaces(self) -> set[str]:
        """The namespaces that any row is in."""
        return {space for table in self._rows.values() for space in table if space}

    def count(self, kind: str, namespace: str = "") -> int:
        """How many rows there are, in one namespace if it is named."""
        if namespace:
            return len(self._rows.get(kind, {}).get(namespace, ()))
        return self._counts.get(kind, 0)

    @property
    def full(self) -> bool:
        """Whether there is no room for another row."""
        return self.size >= MOST_ROWS

    def owned_by(self, uid: str) -> Sequence[Row]:
        """What a controller manages, of the kinds that are watched."""
        owned = self._owned.get(uid, ())
        return owned if isinstance(owned, tuple) else tuple(owned.values())

    def carried_by(self, nodes: Collection[str]) -> Iterator[PodRow]:
        """The pods on some nodes. All pods are looked through: it is seldom asked, and an index would cost memory."""
        for row in self.rows(POD) if nodes else ():
            if isinstance(row, PodRow) and row.node in nodes:
                yield row

    def owner(self, uid: str) -> tuple[str, Row] | None:
        """Kind and row of an object by uid, of a kind whose objects own others."""
        for kind, rows in self._owners.items():  # by kind, for a pair of both would cost every owner 70 bytes
            if (row := rows.get(uid)) is not None:
                return kind, row
        return None

    def owners(self, uid: str) -> Iterator[tuple[str, Row]]:
        """Kind and row of the object of this uid, of its owner, and so on, as far as they are known."""
        for _ in range(MOST_OWNERS):
            found = self.owner(uid)
            if found is None:
                return
            yield found
            uid = found[1].owner_uid

    def pods_of(self, uid: str) -> Iterator[PodRow]:
        """The pods that a controller manages, directly or through others."""
        left, seen = [uid], {uid}
        while left:
            for row in self.owned_by(left.pop()):
                if isinstance(row, PodRow):
                    yield row
                elif row.uid not in seen:
                    seen.add(row.uid)
                    left.append(row.uid)

    def pods_on(self, node: str) -> int:
        """How many pods a node carries, those that have ended not counted."""
        return self._pods_on.get(node, 0)

    def heard(self) -> list[str]:
        """Ids of the kinds of which anything is known, be it that they are not to be seen."""
        return list(self._freshness)

    def freshness(self, kind: str) -> Freshness:
        return self._freshness.get(kind, _UNKNOWN)

    def usage(self, kind: str, namespace: str, name: str) -> Usage | None:
        return self._usage.get(kind, {}).get((namespace, name))

    def metrics_available(self, kind: str) -> bool | None:
        """Whether the metrics API answers for nodes or pods; None while nobody has asked."""
        return self._metrics.get(kind)

    def drain(self) -> ChangeSet:
        """What changed since the last call; the next change is announced again."""
        changes, self._changes = self._changes, ChangeSet()
        self._announced = False
        return changes

    # -- within

    def _shared(self, kind: str, key: Name) -> Name:
        """The same name in the words the row has already."""
        row = self.get(kind, *key)
        return key if row is None else (row.namespace, row.name)

    def _space(self, kind: str, namespace: str) -> dict[str, Row]:
        """The rows of one namespace, for a row that will be put there."""
        table = self._rows.get(kind)
        if table is None:
            table = self._rows[kind] = {}
        space = table.get(namespace)
        if space is None:
            space = table[namespace] = {}
        return space

    def _put(self, kind: str, space: dict[str, Row], known: Row | None, row: Row) -> None:
        space[row.name] = row
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            self.size += 1
        self._reindex(kind, known, row)
        self._mark(kind, row.namespace, row.name)

    def _remove(self, kind: str, namespace: str, name: str) -> None:
        table = self._rows[kind]
        known = table[namespace].pop(name)
        if not table[namespace]:
            del table[namespace]
        self._counts[kind] -= 1
        self.size -= 1
        self._reindex(kind, known, None)
        self._mark(kind, namespace, name)

    def _reindex(self, kind: str, old: Row | None, new: Row | None) -> None:
        self._reown(old, new)
        if self._owns(kind):
            owners = self._owners.setdefault(kind, {})
            if old is not None and (new is None or new.uid != old.uid):
                owners.pop(old.uid, None)
            if new is not None:
                owners[new.uid] = new
        row = new or old
        if isinstance(row, NodeRow) and not _same_carrier(old, new):
            self._changes.carriers.add(row.name)
        if isinstance(row, PodRow):
            before, after = _carrier(old), _carrier(new)
            if before != after:
                self._move(before, -1)
                self._move(after, 1)

    def _owns(self, kind: str) -> bool:
        """Whether objects of a kind may own others; those found by discovery may."""
        known = self.kinds.get(kind)
        return known is not None and known.owns != ()

    def _reown(self, old: Row | None, new: Row | None) -> None:
        before = old.owner_uid if old is not None else ""
        after = new.owner_uid if new is not None else ""
        if not (before or after):
            return
        for uid in {before, after} - {""}:
            self._changes.owners.add(uid)
            owned = _exchanged(
                self._owned.get(uid, ()), old if uid == before else None, new if uid == after else None
            )
            if owned:
                self._owned[uid] = owned
            else:
                self._owned.pop(uid, None)

    def _move(self, node: str, by: int) -> None:
        if not node:
            return
        count = self._pods_on.get(node, 0) + by
        if count:
            self._pods_on[node] = count
        else:
            self._pods_on.pop(node, None)
        self._changes.nodes.add(node)

    def _mark(self, kind: str, namespace: str, name: str) -> None:
        if kind not in self._changes.reset:
            changed = self._changes.changed.get(kind)
            if changed is None:
                changed = self._changes.changed[kind] = set()
            changed.add((namespace, name))

    def _mark_status(self) -> None:
        self._changes.status = True
        self._announce()

    def _announce(self) -> None:
        if not self._announced:
            self._announced = True
            if self.on_dirty is not None:
                self.on_dirty()


_UNKNOWN = Freshness()


def _same_version(known: Row, row: Row) -> bool:
    """Whether two rows are of one object at one version; what has no version is compared as it is."""
    if known.uid != row.uid or known.resource_version != row.resource_version:
        return False
    return bool(row.resource_version) or known == row


def _exchanged(
    owned: tuple[Row, ...] | dict[str, Row], old: Row | None, new: Row | None
) -> tuple[Row, ...] | dict[str, Row]:
    """What an owner has once `new` is in the place of `old`: the same cost however much it is, once that is much."""
    if isinstance(owned, tuple):
        if old is not None and new is not None:
            return tuple([new if one is old else one for one in owned])
        left = [one for one in owned if one is not old]
        if new is not None:
            left.append(new)
        return tuple(left) if len(left) < _MANY else {_own_name(one): one for one in left}
    if old is not None and (new is None or _own_name(new) != _own_name(old)):
        owned.pop(_own_name(old), None)
    if new is not None:
        owned[_own_name(new)] = new
    return owned


def _own_name(row: Row) -> str:
    return row.uid or f"{row.namespace}/{row.name}"


def _same_carrier(old: Row | None, new: Row | None) -> bool:
    """Whether a node changed in nothing but its heartbeat."""
    if not isinstance(old, NodeRow) or not isinstance(new, NodeRow):
        return False
    return replace(old, heartbeat=new.heartbeat, resource_version=new.resource_version) == new


def _carrier(row: Row | None) -> str:
    """The node that carries a pod which has not ended."""
    return row.node if isinstance(row, PodRow) and not row.ended else ""
