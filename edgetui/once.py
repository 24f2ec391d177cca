"""`edgetui once`: what the panes show, printed once as text or as JSON.

The JSON document (schema 1) has `schema`, `time`, `exit`, `clusters` and `panes`; docs/once-schema.md describes every
field, and tests hold it to that. Fields are added between releases, never renamed or removed.

Exit codes: 0 every cluster and every list that was asked for is live (or not served there), 3 part of it is stale,
missing or not allowed, 2 nothing could be read at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import time
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Freshness, Link, Sync
from edgetui.model.cache.store import Store
from edgetui.model.cells import visible
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane, PaneRow, iso
from edgetui.model.view.fleet import FleetView
from edgetui.model.view.notices import kept_words
from edgetui.output import document
from edgetui.table import rows_as_text
from edgetui.verbs import pane_named

LIVE, NOTHING, PARTLY = 0, 2, 3
SCHEMA = 1
DEFAULT_PANES = ("nodes", "pods", "autoscalers", "rollouts")
WHOLE = 1_000_000
"""Cells a line may have where it is not read on a terminal: nothing is cut."""
METERED = frozenset({"Node", "Pod"})
IDENTITY_LIMIT = 3.0
"""Seconds that a server's version and badges are waited for once the lists are complete."""
METRICS_LIMIT = 3.0
"""Seconds that the figures of the metrics API are waited for once the lists are complete."""
_COMPLETE = frozenset({Sync.LIVE, Sync.ABSENT})


def panes(names: Sequence[str]) -> list[Pane]:
    """The panes of `--pane` values, in screen order. Raises EdgetuiError for an unknown one."""
    words = [name.strip() for text in names for name in text.split(",") if name.strip()]
    asked = [pane_named(word) or word for word in words] or list(DEFAULT_PANES)
    unknown = [name for name in asked if name not in PANES and name != "all"]
    if unknown:
        raise EdgetuiError(f"There is no pane {unknown[0]}.", f"Choose from {', '.join(PANES)}, all.")
    return [pane for name, pane in PANES.items() if name in asked or "all" in asked]


def run(
    targets: Sequence[ClusterTarget],
    shown: Sequence[Pane],
    *,
    as_json: bool,
    timeout: float,
    namespace: str = "",
    keep_rows: bool = False,
) -> int:
    """Connects, waits until everything is known or `timeout` seconds have passed, prints, and returns the exit code.

    With a `namespace` only its rows, and those that have none, are printed. With `keep_rows` a cluster that does not
    answer shows what an earlier run kept of it.
    """
    stores = asyncio.run(_read(targets, shown, timeout, keep_rows))
    for store in stores:
        _say_silence(store, timeout)
    now = time.time()
    code = exit_code(stores, shown)
    told = problems(stores, shown, code, now, namespace)
    if as_json:
        sys.stdout.write(
            document(as_document(targets, stores, shown, code, now, namespace), sys.stdout, indent=2)
        )
    elif code != NOTHING or not told:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WHOLE
        sys.stdout.write(as_text(stores, shown, now, width, namespace))
    sys.stderr.write("".join(f"{line}\n" for line in told))
    return code


def problems(
    stores: Sequence[Store], shown: Sequence[Pane], code: int, now: float, namespace: str = ""
) -> list[str]:
    """What standard error says: why there is nothing to print, or that a namespace has nothing."""
    rows = [row for pane in shown for row in _rows(pane, stores, now, namespace)]
    if code == NOTHING:
        return [] if rows else [_cluster_line(store, now) for store in stores]
    if namespace and not any(row.key.namespace for row in rows):
        return [f"No resources found in namespace {visible(namespace)}."]
    return []


def _say_silence(store: Store, timeout: float) -> None:
    """A cluster that said nothing in time has no sentence of its own yet."""
    link = store.link
    if link.link in (Link.CONNECTING, Link.STALE) and not link.sentence:
        what = f"The server has not answered within {timeout:g} s."
        step = "Check the network, VPN or tunnel, or wait longer with --timeout."
        store.set_link(replace(link, sentence=what, next_step=step))


def exit_code(stores: Iterable[Store], shown: Sequence[Pane]) -> int:
    """0, 3 or 2, by the lists that the panes in question are made of."""
    stores = list(stores)
    lists = [freshness for store in stores for _, freshness in _lists(store, shown)]
    syncs = [freshness.sync for freshness in lists]
    if Sync.LIVE not in syncs:
        return NOTHING
    usable = all(store.link.link not in (Link.REFUSED, Link.BROKEN) for store in stores)
    whole = _COMPLETE.issuperset(syncs) and not any(freshness.unreadable for freshness in lists)
    return LIVE if usable and whole else PARTLY


def as_document(
    targets: Sequence[ClusterTarget],
    stores: Sequence[Store],
    shown: Sequence[Pane],
    code: int,
    now: float,
    namespace: str = "",
) -> dict[str, Any]:
    """The JSON document."""
    return {
        "schema": SCHEMA,
        "time": iso(now),
        "exit": code,
        "clusters": [_cluster(target, store, shown) for target, store in zip(targets, stores, strict=True)],
        "panes": {
            pane.id: [pane.json(row, now) for row in _rows(pane, stores, now, namespace)] for pane in shown
        },
    }


def as_text(
    stores: Sequence[Store], shown: Sequence[Pane], now: float, width: int, namespace: str = ""
) -> str:
    """The clusters with their states, then one table per pane."""
    parts = [_cluster_line(store, now) for store in stores]
    for pane in shown:
        rows = _rows(pane, stores, now, namespace)
        summary = pane.summary(rows)
        parts.append(f"\n{pane.title} {len(rows)}{f' · {summary}' if summary else ''}")
        parts += rows_as_text(pane, rows, now, width, with_cluster=len(stores) > 1)
        parts += _gaps(stores, pane)
    return "\n".join(parts) + "\n"


async def _read(
    targets: Sequence[ClusterTarget], shown: Sequence[Pane], timeout: float, keep_rows: bool
) -> list[Store]:
    """The stores of all clusters after their first lists, in the order of the targets."""
    kinds = list(dict.fromkeys(kind for pane in shown for kind in pane.needs))
    sessions = [ClusterSession(target) for target in targets]
    begin = time.monotonic()
    try:
        for session in sessions:
            await session.start(kinds)
            session.show_metrics(METERED)
            if keep_rows:
                session.keep(Keeper(session.target))
        await asyncio.gather(*(session.settled(timeout) for session in sessions))
        left = max(timeout - (time.monotonic() - begin), 0.0)
        await asyncio.gather(*(session.introduced(min(left, IDENTITY_LIMIT)) for session in sessions))
        if METERED & set(kinds):
            left = max(timeout - (time.monotonic() - begin), 0.0)
            await _metrics([session.store for session in sessions], min(left, METRICS_LIMIT))
    finally:
        for session in sessions:
            await session.close()
    return [session.store for session in sessions]


async def _metrics(stores: Sequence[Store], limit: float) -> None:
    """Waits until every live cluster has said what it uses, or that it cannot say."""
    changed = asyncio.Event()
    for store in stores:
        store.on_dirty = changed.set
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(limit):
            while any(
                store.link.link is Link.LIVE and store.metrics_available("Pod") is None for store in stores
            ):
                changed.clear()
                for store in stores:
                    store.drain()
                await changed.wait()


def _lists(store: Store, shown: Sequence[Pane]) -> list[tuple[str, Freshness]]:
    """Every kind that the panes read, with its freshness."""
    kinds = dict.fromkeys(kind for pane in shown for kind in pane.needs)
    return [(kind, store.freshness(kind)) for kind in kinds]


def _cluster(target: ClusterTarget, store: Store, shown: Sequence[Pane]) -> dict[str, Any]:
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
        for kind, freshness in _lists(store, shown)
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


def _rows(pane: Pane, stores: Sequence[Store], now: float, namespace: str) -> list[PaneRow]:
    """The rows of one pane in screen order."""
    view = FleetView(pane, stores)
    view.rebuild(now)
    kept = (key for key in view.keys if not namespace or key.namespace in ("", namespace))
    return [row for key in kept if (row := view.row(key)) is not None]


def _cluster_line(store: Store, now: float) -> str:
    words = [store.cluster, store.link.link.value, store.version, *store.badges]
    if store.link.link is not Link.LIVE:
        words += [store.link.sentence, store.link.next_step]
    if kept := kept_words(store, now):
        words.append(f"{kept}.")
    return "  ".join(word for word in words if word)


def _gaps(stores: Sequence[Store], pane: Pane) -> list[str]:
    """A line for every list of a live cluster that is missing or old, so that a short table is never taken for all."""
    lines = []
    for store in stores:
        for kind in (*pane.kinds, *pane.misses):
            freshness = store.freshness(kind)
            if store.link.link is not Link.LIVE or freshness.sync is Sync.LIVE:
                continue
            reason = f": {freshness.reason}" if freshness.reason else ""
            words = "cannot be read" if freshness.sync is Sync.ABSENT else freshness.sync.value
            lines.append(f"  {store.cluster}: {kind} {words}{reason}")
        if unreadable := sum(store.freshness(kind).unreadable for kind in (*pane.kinds, *pane.misses)):
            lines.append(f"  {store.cluster}: {unreadable} unreadable")
    return lines
