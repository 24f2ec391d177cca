"""How old knowledge is: of one kind in one cluster, and of the link to that cluster."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Sync(StrEnum):
    """What is known about one kind of one cluster; four kinds of "nothing" are told apart."""

    NEVER = "never"  # asked for, nothing heard yet
    SYNCING = "syncing"  # the first list is on its way
    LIVE = "live"  # a complete list, kept up to date by a watch
    STALE = "stale"  # a complete list that is no longer kept up to date
    FORBIDDEN = "forbidden"  # the server says this user may not see it
    ABSENT = "absent"  # the server does not serve this kind
    HIDDEN = "hidden"  # not asked for, because no pane shows it


class Freshness(msgspec.Struct, frozen=True, gc=False):
    """State of one kind in one cluster.

    `heard` is the Unix time (s) of the last proof that the rows are current: 0.0 for never.
    `reason` is one plain sentence, empty while nothing is wrong.
    `partial` is true when only some namespaces could be read. `kept` is true while the rows are those of an earlier
    run, read from this machine's disk, and the cluster has not told its own. `unreadable` counts the objects that are
    there and of which no row can be made.
    """

    sync: Sync = Sync.HIDDEN
    heard: float = 0.0
    reason: str = ""
    partial: bool = False
    kept: bool = False
    unreadable: int = 0


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
