"""Rows of an earlier run, and going on from where they ended: each collection is watched from its own last version.

A version is worth something only to the cluster that it is of, and only while its history has not gone back: a watch
at a version from the future is accepted and silent for ever. So the watches are opened together with one question, who
is there and how new its history is, and what they say counts once that is answered (`reflector`, rule 12).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from edgetui.cluster.watch.reflector.states import Phase
from edgetui.cluster.watch.runner import Watcher
from edgetui.model.cache.store import older
from edgetui.model.kinds.base import Kind


class Kept(NamedTuple):
    """What is known of rows from an earlier run: when they were current (Unix s), and if only of some namespaces.

    `versions` has the version of each collection that can be resumed, by namespace, "" for the whole cluster;
    `tables` is whether the server printed the rows.
    """

    heard: float
    partial: bool
    versions: Mapping[str, str] = {}
    tables: bool = False


class Earlier(NamedTuple):
    """Rows in the store that no present collection has told: of an earlier run (`stored`), or an earlier partition.

    `heard` is when they were current: Unix seconds of an earlier run, steady ones of an earlier partition.
    """

    heard: float
    partial: bool
    stored: bool


def unproven(watchers: Iterable[Watcher]) -> list[Watcher]:
    """Those that resume a version of an earlier run of which nobody knows yet whether the cluster has reached it."""
    return [watcher for watcher in watchers if watcher.state.unproven and watcher.state.rv]


def newest(watchers: Iterable[Watcher]) -> str:
    """The newest version that any of these holds; empty if versions cannot be compared.

    Kinds found by discovery do not count: an aggregated API may have a datastore of its own.
    """
    found = ""
    for watcher in watchers:
        version = watcher.state.rv
        shared = watcher.kind.bookmarks and not watcher.kind.discovered
        if shared and version and (not found or older(found, version)):
            found = version
    return found


def current(watchers: Iterable[Watcher]) -> Iterator[tuple[Kind, str, str]]:
    """Kind, namespace and version of those collections that are watched and the server's at that version."""
    for watcher in watchers:
        state = watcher.state
        whole = not (state.lapsed or state.forked or watcher.odd)
        if state.phase is Phase.WATCHING and state.rv and whole:
            yield watcher.kind, watcher.namespace, state.rv


def versions(watchers: Iterable[Watcher]) -> dict[str, str]:
    """The version of each of these collections, by namespace, as far as its rows are the server's at that version."""
    return {
        watcher.namespace: watcher.state.rv
        for watcher in watchers
        if watcher.state.rv and watcher.state.synced and not (watcher.odd or watcher.state.forked)
    }
