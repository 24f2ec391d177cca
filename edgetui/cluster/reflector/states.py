"""What the reflector of one collection can be, hear and ask for. The rules are in reflector.py.

A reflector keeps one collection (one kind, in the whole cluster or in one namespace) equal to the server. It is
a value: `State`. What happens to it is an `Input`; what it wants done is an `Effect`. Times are seconds of a
steady clock that is handed in; nothing here reads a clock, sleeps or opens anything.

    IDLE -> WAITING -> STREAMING ------------> WATCHING -> RESUMING -> WATCHING ...
                   \\-> LISTING -> RESUMING ->/
    any of them -> BACKOFF | REFRESHING | FORBIDDEN | ABSENT, and from there back to an opening
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import msgspec

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.freshness import Sync
from edgetui.model.kinds.base import Row

NEVER = math.inf

Change = tuple[str, Row]
"""("ADDED" | "MODIFIED" | "DELETED", row as the event carried it)."""


class Phase(StrEnum):
    IDLE = "idle"  # nobody looks at this collection
    WAITING = "waiting"  # wanted, but the link to the cluster is down
    STREAMING = "streaming"  # a streaming list is open: initial events until the end bookmark (KEP-3157)
    LISTING = "listing"  # a paged LIST is under way
    RESUMING = "resuming"  # a watch from a known version is open; what was missed is on its way
    WATCHING = "watching"  # the rows are complete and a watch keeps them so
    BACKOFF = "backoff"  # the last attempt failed; the next has its time
    REFRESHING = "refreshing"  # 401: the credentials are being renewed, once
    FORBIDDEN = "forbidden"  # 403 that lasts; asked again now and then
    ABSENT = "absent"  # the server does not serve this API; asked again now and then


OPEN = frozenset({Phase.STREAMING, Phase.LISTING, Phase.RESUMING, Phase.WATCHING})
_OPENING = frozenset({Phase.WAITING, Phase.STREAMING, Phase.LISTING, Phase.RESUMING})
_FAILING = frozenset({Phase.BACKOFF, Phase.REFRESHING, Phase.FORBIDDEN, Phase.ABSENT})

MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: _OPENING - {Phase.RESUMING},
    Phase.WAITING: _OPENING | {Phase.IDLE},
    Phase.STREAMING: _OPENING | _FAILING | {Phase.IDLE, Phase.WATCHING},
    Phase.LISTING: _OPENING | _FAILING | {Phase.IDLE},
    Phase.RESUMING: _OPENING | _FAILING | {Phase.IDLE, Phase.WATCHING},
    Phase.WATCHING: _OPENING | _FAILING | {Phase.IDLE},
    Phase.BACKOFF: _OPENING | {Phase.IDLE},
    Phase.REFRESHING: _OPENING | {Phase.IDLE},
    Phase.FORBIDDEN: _OPENING | {Phase.IDLE},
    Phase.ABSENT: _OPENING | {Phase.IDLE},
}
"""Every legal move besides staying; `step` refuses any other, and a test walks them all."""


class State(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything a reflector remembers."""

    phase: Phase = Phase.IDLE
    bookmarks: bool = True
    """Whether the server sends bookmarks for this kind about once a minute (not for Events)."""
    streaming: bool = True
    """Whether a streaming list is to be tried; false once this cluster is known to lack it."""
    link_up: bool = False
    rv: str = ""
    """Version to resume from; empty: list again. Opaque, see `store.older`."""
    synced: bool = False
    """The store holds a complete list, however old."""
    lapsed: bool = False
    """A gap is known: the rows are not proven current until a watch has caught up."""
    silent: bool = False
    """The stream is open but has said nothing for too long."""
    suspect: bool = False
    """Silence was reported; after the verdict on the link the collection is listed again."""
    verdict: Sync | None = None
    """FORBIDDEN or ABSENT: stays shown while it is being asked again."""
    reason: str = ""
    heard: float = 0.0
    """When the last byte of this collection came."""
    opened: float = 0.0
    expires: float = NEVER
    """When the open watch must have ended by its own timeoutSeconds."""
    head: bool = False
    """The open request was answered with 200."""
    events: int = 0
    """Events since the request was opened."""
    steady_since: float = NEVER
    """Since when the rows are current without a gap."""
    failures: int = 0
    denials: int = 0
    denied_since: float = NEVER
    refreshed: bool = False
    """The credentials were renewed because of a 401 and nothing has succeeded since."""
    paged: bool = True
    """LIST in pages; false after a continue token expired under way."""
    trial: bool = False
    """LIST because a streaming list fell silent; success means the server lacks streaming lists."""
    list_rv: str = ""
    forked: bool = False
    """The server's history may differ from the one our rows come from: equal versions prove nothing."""
    wake_at: float = NEVER
    """When a Tick is due."""
    shown: SetFreshness | None = None
    """What was last told to the store."""


# Inputs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Shown:
    """Somebody looks at this collection: keep it from now on."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Nobody looks any more: stop, and forget the rows."""


@dataclass(frozen=True, slots=True)
class Head:
    """The open request was answered with 200. (Other statuses arrive as Failed with their error.)"""


@dataclass(frozen=True, slots=True)
class Heard:
    """Bytes came that complete no event yet: on a slow line that is life, too."""


@dataclass(frozen=True, slots=True)
class Changes:
    """Decoded events in the order of the stream, at least one."""

    items: list[Change]


@dataclass(frozen=True, slots=True)
class Bookmark:
    """A BOOKMARK event; `initial_end` when it carries the annotation k8s.io/initial-events-end."""

    rv: str
    initial_end: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a LIST. `token` continues it, empty on the last page."""

    rows: list[Row]
    rv: str
    token: str = ""


@dataclass(frozen=True, slots=True)
class StreamEnded:
    """The answer ended; `clean` when by its last chunk, as a timeout or a draining server does."""

    clean: bool


@dataclass(frozen=True, slots=True)
class Failed:
    """The request or the stream failed: a status, an ERROR event, the link, or unreadable bytes."""

    error: EdgetuiError


@dataclass(frozen=True, slots=True)
class Tick:
    """`wake_at` has come (or not yet: early ticks are harmless)."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The credentials were renewed as asked by RefreshCredentials.

    `changed` is false if they are the same as before; `error` says why none could be obtained.
    """

    changed: bool
    error: EdgetuiError | None = None


@dataclass(frozen=True, slots=True)
class CredentialsChanged:
    """New credentials are in force: move the stream to them."""


@dataclass(frozen=True, slots=True)
class LinkUp:
    """The server answers new connections. `down_since` is when the outage began, NEVER if there was none."""

    down_since: float = NEVER


@dataclass(frozen=True, slots=True)
class LinkDown:
    """The server does not answer new connections: open nothing until LinkUp."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reinit:
    """What is known may belong to another history (restored or swapped server): list again."""

    reason: str


@dataclass(frozen=True, slots=True)
class WatchListUnsupported:
    """Another reflector of this cluster learned that it lacks streaming lists."""


Input = (
    Shown
    | Hidden
    | Head
    | Heard
    | Changes
    | Bookmark
    | Page
    | StreamEnded
    | Failed
    | Tick
    | Refreshed
    | CredentialsChanged
    | LinkUp
    | LinkDown
    | Reinit
    | WatchListUnsupported
)


# Effects --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenWatch:
    """Open a watch with these query parameters; its predecessor was closed."""

    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class OpenList:
    """Request one page of a LIST."""

    query: dict[str, str]


@dataclass(frozen=True, slots=True)
class Close:
    """Close the open request, if any; nothing of it may be heard afterwards."""


@dataclass(frozen=True, slots=True)
class Begin:
    """Empty the buffer of initial rows."""


@dataclass(frozen=True, slots=True)
class Collect:
    """Put these into the buffer; the store is not touched yet."""

    items: list[Change]


@dataclass(frozen=True, slots=True)
class Replace:
    """The buffer is the complete list: bring the store to it as a diff, and empty the buffer.

    `forked`: rows of the same uid and version may differ all the same, because a restored datastore gives its
    versions out a second time.
    """

    forked: bool = False


@dataclass(frozen=True, slots=True)
class Apply:
    """Bring these events into the store, in order."""

    items: list[Change]


@dataclass(frozen=True, slots=True)
class Clear:
    """Remove the rows of this collection: it is hidden, forbidden or absent."""


@dataclass(frozen=True, slots=True)
class SetFreshness:
    """What is known about the collection; `heard` in steady seconds, 0.0 never."""

    sync: Sync
    heard: float
    reason: str


@dataclass(frozen=True, slots=True)
class RefreshCredentials:
    """Renew the credentials and answer with Refreshed."""


@dataclass(frozen=True, slots=True)
class AuthNeeded:
    """The renewed credentials are refused as well; only new ones, or time, can help."""

    error: EdgetuiError


@dataclass(frozen=True, slots=True)
class Denied:
    """403 that lasts: perhaps single namespaces may be read."""

    reason: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """An open stream is silent for longer than bookmarks allow: find out whether the server is there."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rewound:
    """The server's version is behind ours: it was restored or swapped. Every collection must be listed again."""

    reason: str


@dataclass(frozen=True, slots=True)
class NoWatchList:
    """This cluster lacks streaming lists; remember it for its other collections."""


Effect = (
    OpenWatch
    | OpenList
    | Close
    | Begin
    | Collect
    | Replace
    | Apply
    | Clear
    | SetFreshness
    | RefreshCredentials
    | AuthNeeded
    | Denied
    | Suspect
    | Rewound
    | NoWatchList
)
Effects = tuple[Effect, ...]
