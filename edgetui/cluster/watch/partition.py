"""Into which collections a kind is divided, and in which form its rows come.

Rows that a server prints cost a tenth of the objects, but name no namespace, so each namespace is a collection of its
own; each is a watch to keep, and 0.4 KB however few rows there are. What is in none of these namespaces comes as
objects in one collection more, which costs 0.2 KB while nothing is in it and shows a new namespace at once. Where
there are many namespaces, one collection of rows that carry their metadata is cheaper than all those watches.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

from edgetui.cluster.api.probe import Namespaces
from edgetui.model.cache.freshness import Freshness, Sync, merge

if TYPE_CHECKING:
    from edgetui.cluster.watch.table import Printer

MOST_TABLES = 40
"""Namespaces from which on one collection for all of them is cheaper."""
USUALLY_EMPTY = frozenset({"default", "kube-public", "kube-node-lease"})
"""What every cluster has, mostly without workloads."""
FEW = 4
"""Objects from which on rows with a watch of their own cost less than the objects."""


class Selector(msgspec.Struct, frozen=True):
    """A namespace, and in it a label selector, a name, or both; or what is `outside` of these namespaces."""

    namespace: str
    labels: str = ""
    name: str = ""
    outside: tuple[str, ...] = ()

    @property
    def query(self) -> dict[str, str]:
        """As the API takes it; the server sends nothing else then."""
        field = f"metadata.name={self.name}" if self.name else ""
        if self.outside:
            field = ",".join(f"metadata.namespace!={name}" for name in self.outside)
        return {k: v for k, v in (("labelSelector", self.labels), ("fieldSelector", field)) if v}


class Partition(msgspec.Struct, frozen=True):
    """Into which collections a kind is divided, and in which form its rows come.

    By default the whole cluster is one collection, and its namespaces one by one where that is denied. With `each`
    the namespaces are watched one by one from the start, as Tables without metadata need, whose rows name no namespace.
    `tables` makes rows of what the server prints, None of objects. What a `selector` matches is one collection, and
    nothing smaller is tried. Where a collection may not be watched, it is listed every `polls` seconds if that is
    allowed; with 0.0 it is taken for denied.
    """

    each: bool = False
    tables: type[Printer] | None = None
    selector: Selector | None = None
    polls: float = 0.0


WHOLE = Partition()


def outside_of(named: tuple[str, ...]) -> Selector:
    """What is in none of these namespaces."""
    return Selector("", outside=named)


class Collections(msgspec.Struct, frozen=True):
    """The namespaces that are collections of their own; with `rest` what is outside of them is one more."""

    named: tuple[str, ...] = ()
    rest: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Of each, "" for the rest."""
        return (*self.named, "") if self.rest else self.named


def collections(
    partition: Partition,
    found: Namespaces,
    before: Collections,
    *,
    chosen: bool,
    denied: bool,
    count: Callable[[str], int] | None = None,
) -> Collections:
    """Which collections to keep where these namespaces are there.

    `chosen` says that a person looks at these and no others, `denied` that what is outside of them may not be read.
    `before` is what was kept until now, and `count` tells how many objects a namespace has, None while that is unknown.
    """
    if partition.tables is None or chosen or denied:
        return Collections(tuple(found.names))
    if len(found.names) > MOST_TABLES:
        return Collections(rest=True)
    if not found.whole:
        return Collections(tuple(found.names))

    def worth(name: str) -> bool:
        if count is None:
            return name in before.named or not (before.rest or name in USUALLY_EMPTY)
        return count(name) >= (1 if name in before.named else FEW)

    return Collections(tuple(name for name in found.names if worth(name)), rest=True)


def of_collections(
    told: dict[str, Freshness],
    *,
    each: bool,
    chosen: bool,
    whole: bool,
    asking: bool,
    listed: bool,
    read_once: bool,
) -> Freshness:
    """The freshness of a kind from what is told of its collections, by namespace, "" for the whole cluster or the rest.

    `each` is whether it is divided from the start, else it is where the whole is denied; `whole` whether there is
    nothing else. `asking` is whether namespaces are being looked for, `listed` whether none can be missing.
    """
    parts = dict(told)
    if not each:
        first = parts.pop("", None)
        if first is None:
            return Freshness(Sync.NEVER)
        if first.sync is not Sync.FORBIDDEN or not (parts or asking):
            return first
        if not parts:
            return Freshness(Sync.SYNCING, first.heard, first.reason)
    elif not (parts and listed):  # resumed ones are there before it is known which others there are
        return Freshness(Sync.LIVE if listed else Sync.NEVER)
    only = "only {} may be read" if not (each or chosen) else "watching only {}"
    return merge(parts, whole=whole, read_once=read_once, only=only)
