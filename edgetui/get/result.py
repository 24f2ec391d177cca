"""What `edgetui get` found, as text and as data, and its exit code. No I/O.

The JSON document (schema 1) has `schema`, `time`, `exit`, `clusters` and `panes`; docs/once-schema.md describes every
field, and tests hold it to that. Fields are added between releases, never renamed or removed.

Exit codes: 0 every cluster and every list that was asked for is live (or not served there), 3 part of it is stale,
missing or not allowed, 2 nothing could be read at all, 1 an object that was named is not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from edgetui.cluster.target import ClusterTarget
from edgetui.get.wanted import Wanted
from edgetui.model.cache.freshness import Freshness, Link, Sync
from edgetui.model.cache.store import Store
from edgetui.model.cells import visible
from edgetui.model.kinds import kind_word
from edgetui.model.panes.base import Pane, iso
from edgetui.model.panes.of_kind import KindPane
from edgetui.model.view.fleet import FleetView
from edgetui.model.view.notices import kept_words
from edgetui.table import rows_as_text

LIVE, MISSING, NOTHING, PARTLY = 0, 1, 2, 3
SCHEMA = 1
_COMPLETE = frozenset({Sync.LIVE, Sync.ABSENT})


class Found:
    """The rows of one table, in screen order, with the object that was named and is not there."""

    def __init__(self, wanted: Wanted, stores: Sequence[Store], now: float) -> None:
        self.wanted, self.pane = wanted, wanted.pane
        view = FleetView(wanted.pane, stores)
        view.rebuild(now)
        if isinstance(wanted.pane, KindPane) and wanted.pane.grow():
            view.columns_changed(now)
        rows = (row for key in view.keys if (row := view.row(key)) is not None)
        self.rows = [row for row in rows if wanted.keeps(row)]

    @property
    def missing(self) -> list[str]:
        """What was named and has no row: "pods press-1"."""
        there = {one for row in self.rows for one in ((row.key.kind, row.key.name), ("", row.key.name))}
        return [
            f"{kind_word(kind) if kind else self.wanted.id} {visible(name)}"
            for kind, name in sorted(self.wanted.objects - there)
        ]


def problems(stores: Sequence[Store], found: Sequence[Found], code: int, now: float) -> list[str]:
    """What standard error says: why there is nothing to print, or that something has no objects."""
    rows = [row for table in found for row in table.rows]
    if code == NOTHING:
        return [] if rows else [cluster_line(store, now) for store in stores]
    missing = [f"{named} not found." for table in found for named in table.missing]
    if missing:
        return missing
    namespace = next((table.wanted.namespace for table in found), "")
    if namespace and not any(row.key.namespace for row in rows):
        return [f"No resources found in namespace {visible(namespace)}."]
    return [] if rows else ["No resources found."]


def exit_code(stores: Iterable[Store], found: Sequence[Found]) -> int:
    """0, 3, 2 or 1, by the lists that the tables in question are made of, and by what was named."""
    stores = list(stores)
    lists = [freshness for store in stores for _, freshness in _lists(store, found)]
    syncs = [freshness.sync for freshness in lists]
    if Sync.LIVE not in syncs:
        return NOTHING
    usable = all(store.link.link not in (Link.REFUSED, Link.BROKEN) for store in stores)
    whole = _COMPLETE.issuperset(syncs) and not any(freshness.unreadable for freshness in lists)
    if not usable or not whole:
        return PARTLY
    return MISSING if any(table.missing for table in found) else LIVE


def as_document(
    targets: Sequence[ClusterTarget],
    stores: Sequence[Store],
    found: Sequence[Found],
    code: int,
    now: float,
) -> dict[str, Any]:
    """The JSON document."""
    return {
        "schema": SCHEMA,
        "time": iso(now),
        "exit": code,
        "clusters": [_cluster(target, store, found) for target, store in zip(targets, stores, strict=True)],
        "panes": {table.wanted.id: [table.pane.json(row, now) for row in table.rows] for table in found},
    }


def as_text(
    stores: Sequence[Store], found: Sequence[Found], now: float, width: int, *, heads: bool = True
) -> str:
    """The clusters with their states, then one table each; without `heads` the tables alone."""
    parts = [cluster_line(store, now) for store in stores] if heads else []
    for table in found:
        summary = table.pane.summary(table.rows)
        if heads:
            parts.append(f"\n{table.pane.title} {len(table.rows)}{f' · {summary}' if summary else ''}")
        parts += rows_as_text(table.pane, table.rows, now, width, with_cluster=len(stores) > 1)
        parts += gaps(stores, table.pane)
    return "".join(f"{part}\n" for part in parts)


def as_names(stores: Sequence[Store], found: Sequence[Found]) -> str:
    """One object a line, as kubectl -o name writes it: "deployment.apps/press"."""
    kinds = {store.cluster: store.kinds for store in stores}
    lines = []
    for row in (row for table in found for row in table.rows):
        kind = kinds[row.key.cluster][row.key.kind]
        group = f".{kind.group}" if kind.group else ""
        lines.append(f"{kind.name.lower()}{group}/{visible(row.key.name)}\n")
    return "".join(lines)


def _lists(store: Store, found: Sequence[Found]) -> list[tuple[str, Freshness]]:
    """Every kind that the tables read of a cluster, with its freshness."""
    kinds = dict.fromkeys(
        kind
        for table in found
        for kind in (table.pane.kinds_in(store) if table.wanted.word else table.pane.needs_in(store))
    )
    return [(kind, store.freshness(kind)) for kind in kinds]


def _cluster(target: ClusterTarget, store: Store, found: Sequence[Found]) -> dict[str, Any]:
    link = store.link
    lists = {
        kind: {
            "sync": freshness.sync.value,
            "heard": iso(freshness.heard),
            "reason": freshness.reason,
            "partial": freshness.partial,
            "kept": freshness.kept,
            "unreadable": freshness.unreadable,
        }
        for kind, freshness in _lists(store, found)
    }
    return {
        "name": store.cluster,
        "context": target.context,
        "server": target.server,
        "version": store.version,
        "badges": list(store.badges),
        "state": link.link.value,
        "heard": iso(link.heard),
        "sentence": link.sentence,
        "next_step": link.next_step,
        "lists": lists,
    }


def cluster_line(store: Store, now: float) -> str:
    """A cluster, its state and, where it is not live, why and what to do."""
    words = [store.cluster, store.link.link.value, store.version, *store.badges]
    if store.link.link is not Link.LIVE:
        words += [store.link.sentence, store.link.next_step]
    if kept := kept_words(store, now):
        words.append(f"{kept}.")
    return "  ".join(word for word in words if word)


def gaps(stores: Sequence[Store], pane: Pane) -> list[str]:
    """A line for every list of a live cluster that is missing or old, so that a short table is never taken for all."""
    lines = []
    for store in stores:
        if store.link.link is Link.LIVE and (note := pane.without(store)):
            lines.append(f"  {store.cluster}: {note}")
        for kind in (*pane.kinds_in(store), *pane.misses):
            freshness = store.freshness(kind)
            if store.link.link is not Link.LIVE or freshness.sync is Sync.LIVE:
                continue
            reason = f": {freshness.reason}" if freshness.reason else ""
            words = "cannot be read" if freshness.sync is Sync.ABSENT else freshness.sync.value
            lines.append(f"  {store.cluster}: {kind} {words}{reason}")
        if unreadable := sum(
            store.freshness(kind).unreadable for kind in (*pane.kinds_in(store), *pane.misses)
        ):
            lines.append(f"  {store.cluster}: {unreadable} unreadable")
    return lines
