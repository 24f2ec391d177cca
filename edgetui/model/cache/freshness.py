"""How old knowledge is: of one kind in one cluster, and of the link to that cluster."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

NAMES_SHOWN = 3


class Sync(StrEnum):
    """What is known about one kind of one cluster; four kinds of "nothing" are told apart."""

    NEVER = "never"  # asked for, nothing heard yet
    SYNCING = "syncing"  # the first list is on its way
    LIVE = "live"  # a complete list, kept up to date by a watch
    STALE = "stale"  # a complete list that is no longer kept up to date
    FORBIDDEN = "forbidden"  # the server says this user may not see it
    ABSENT = "absent"  # the server does not serve this kind
    HIDDEN = "hidden"  # not asked for, because no pane shows it


UNHEARD = frozenset({Sync.NEVER, Sync.SYNCING})
_COMPLETE = frozenset({Sync.LIVE, Sync.STALE})


class Freshness(msgspec.Struct, frozen=True, gc=False):
    """State of one kind in one cluster.

    `heard` is the Unix time (s) of the last proof that the rows are current: 0.0 for never.
    `reason` is one plain sentence, empty while nothing is wrong.
    `partial` is true when only some namespaces could be read. `kept` is true while the rows are those of an earlier
    run, read from this machine's disk, and the cluster has not told its own. `unreadable` counts the objects that are
    there and of which no row can be made. `polled` is the seconds between two lists where these rows may be listed and
    not watched, 0 where they are watched.
    """

    sync: Sync = Sync.HIDDEN
    heard: float = 0.0
    reason: str = ""
    partial: bool = False
    kept: bool = False
    unreadable: int = 0
    polled: float = 0.0


def merge(parts: Mapping[str, Freshness], *, whole: bool, read_once: bool, only: str) -> Freshness:
    """The freshness of a kind from those of its namespaces, of which there is at least one.

    The oldest part speaks for all of them. `whole` says that there are no other namespaces. `read_once` says that
    all were complete before: a namespace that is not complete yet is then the part that is missing, and the rest
    keeps its age. `only` is what is said of the namespaces that are read, where others are not.
    """
    readable = {name: part for name, part in parts.items() if part.sync is not Sync.FORBIDDEN}
    if not readable:
        first = next(iter(parts.values()))
        return Freshness(Sync.FORBIDDEN, first.heard, first.reason)
    complete = {name: part for name, part in readable.items() if part.sync in _COMPLETE}
    partial = not whole or len(readable) < len(parts)
    heard = min((part.heard for part in complete.values()), default=0.0)
    if not (complete and read_once):
        for sync in (Sync.NEVER, Sync.SYNCING):
            reasons = [part.reason for part in readable.values() if part.sync is sync]
            if reasons:
                return Freshness(sync, heard, reasons[0], partial)
    for sync in (Sync.STALE, Sync.ABSENT):
        reasons = [part.reason for part in readable.values() if part.sync is sync]
        if reasons:
            return Freshness(sync, heard, reasons[0], partial or len(complete) < len(readable))
    partial = partial or len(complete) < len(readable)
    reason = only.format(in_words(sorted(complete))) if partial else ""
    return Freshness(Sync.LIVE, heard, reason, partial)


def in_words(names: list[str]) -> str:
    """ "namespaces line-1, line-2 and 3 more"."""
    shown = ", ".join(names[:NAMES_SHOWN])
    rest = len(names) - NAMES_SHOWN
    return f"namespace{'s' if len(names) > 1 else ''} {shown}" + (f" and {rest} more" if rest > 0 else "")


class CacheState(msgspec.Struct, frozen=True, gc=False):
    """What the last audit of the server's watch cache found.

    `checked` is when it was (Unix s, 0.0 never), `rows` how many were compared. `sentence` says what differs from
    the datastore, `next_step` what to do about it; both are empty while nothing does.
    """

    checked: float = 0.0
    rows: int = 0
    sentence: str = ""
    next_step: str = ""


class Link(StrEnum):
    """The state of the link to one cluster, in the words of the header line."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALE = "stale"  # was live, or was in an earlier run; silent or refused now
    REFUSED = (
        "refused"  # 401 or 403 on everything, a bad certificate, not Kubernetes: waiting will not mend it
    )
    BROKEN = "broken"  # the kubeconfig itself cannot be used


class LinkState(msgspec.Struct, frozen=True, gc=False):
    """What the header says about one cluster.

    `since` is when this state began, `heard` when the server last proved itself (Unix s, 0.0 never),
    `retry_at` when the next attempt is due (0.0 none). `sentence` says what is wrong, `next_step` what to do.
    """

    link: Link = Link.CONNECTING
    since: float = 0.0
    heard: float = 0.0
    retry_at: float = 0.0
    sentence: str = ""
    next_step: str = ""
