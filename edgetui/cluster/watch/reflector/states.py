"""What the reflector of one collection can be, hear and ask for. The rules are in the other files of this package.

A reflector keeps one collection (one kind, in the whole cluster or in one namespace) equal to the server. It is
a value: `State`. What happens to it is an `Input`; what it wants done is an `Effect`. Times are seconds of a
steady clock that is handed in; nothing here reads a clock, sleeps or opens anything.

    IDLE -> WAITING -> STREAMING ------------> WATCHING -> RESUMING -> WATCHING ...
                   \\-> LISTING -> RESUMING ->/
    any of them -> BACKOFF | REFRESHING | FORBIDDEN | ABSENT, and from there back to an opening
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Sync
from edgetui.model.kinds.base import Row

NEVER = math.inf

Change = tuple[str, Row]
"""("ADDED" | "MODIFIED" | "DELETED" | "UNREADABLE", its row): of what is unreadable, the name at most."""


class Phase(StrEnum):
    IDLE = "idle"  # nobody looks at this collection
    WAITING = "waiting"  # wanted, but the link to the cluster is down
    STREAMING = "streaming"  # a streaming list is open: initial events until the end bookmark (KEP-3157)
    LISTING = "listing"  # a paged LIST is under way
    RESUMING = "resuming"  # a watch from a known version is open; what was missed is on its way
    WATCHING = "watching"  # the rows are complete and a watch keeps them so
    RESTING = "resting"  # the rows are complete and are listed again in a while, without a watch
    BACKOFF = "backoff"  # the last attempt failed; the next has its time
    REFRESHING = "refreshing"  # 401: the credentials are being renewed, once
    FORBIDDEN = "forbidden"  # 403 that lasts; asked again now and then
    ABSENT = "absent"  # the server does not serve this API; asked again now and then


OPEN = frozenset({Phase.STREAMING, Phase.LISTING, Phase.RESUMING, Phase.WATCHING})
LISTS = frozenset({Phase.STREAMING, Phase.LISTING})
_OPENING = frozenset({Phase.WAITING, Phase.STREAMING, Phase.LISTING, Phase.RESUMING})
_FAILING = frozenset({Phase.BACKOFF, Phase.REFRESHING, Phase.FORBIDDEN, Phase.ABSENT})

MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.IDLE: _OPENING,
    Phase.WAITING: _OPENING,
    Phase.STREAMING: _OPENING | _FAILING | {Phase.WATCHING, Phase.RESTING},
    Phase.LISTING: _OPENING | _FAILING | {Phase.RESTING},
    Phase.RESUMING: _OPENING | _FAILING | {Phase.WATCHING},
    Phase.WATCHING: _OPENING | _FAILING | {Phase.RESTING},
    Phase.RESTING: (_OPENING - {Phase.RESUMING}) | {Phase.BACKOFF},
    Phase.BACKOFF: _OPENING,
    Phase.REFRESHING: _OPENING,
    Phase.FORBIDDEN: _OPENING,
    Phase.ABSENT: _OPENING,
}
"""Every legal move besides staying; `step` refuses any other, and a test walks them all."""


class State(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Everything a reflector remembers."""

    phase: Phase = Phase.IDLE
    bookmarks: bool = True
    """Whether the server sends bookmarks for this kind about once a minute (not for Events)."""
    marked: bool = False
    """Whether one has come, besides those that end an initial list."""
    dear: bool = False
    """Whether a bookmark costs more than a watch that is opened again now and then: it is a whole Table."""
    bare: bool = False
    """The open watch was asked for without bookmarks."""
    streaming: bool = True
    """Whether a streaming list is to be tried; false once this cluster is known to lack it."""
    long: bool = False
    """Whether watches last about an hour: a handshake costs more than the link can spare."""
    every: float = 0.0
    """Seconds between two lists that take the place of a watch; 0.0 for a watch."""
    unwatched: bool = False
    """Whether it may be listed and not watched, by a streaming list either."""
    link_up: bool = False
    rv: str = ""
    """Version to resume from; empty: list again. Opaque, see `store.older`."""
    unproven: bool = False
    """The version is of an earlier run: until the server has said who it is, nothing at it counts as current."""
    synced: bool = False
    """The store holds a complete list, however old."""
    lapsed: bool = False
    """A gap is known: the rows are not proven current until a watch has caught up."""
    silent: bool = False
    """The stream is open but has said nothing for too long."""
    suspect: bool = False
    """Silence was reported; after the verdict on the link the collection is resumed or listed again."""
    resumed: bool = False
    """A silence was answered by resuming the watch, and nothing has come on a watch since."""
    doubted: bool = False
    """What was opened last was opened because of a silence although the server was there, and has not caught up."""
    vain: int = 0
    """How many such openings in a row changed nothing."""
    verdict: Sync | None = None
    """FORBIDDEN or ABSENT: stays shown while it is being asked again."""
    reason: str = ""
    heard: float = 0.0
    """When the last byte of this collection came."""
    quiet_since: float = NEVER
    """When the watch before, which ended in good order, last said something, until this one does; else NEVER."""
    proven: float = 0.0
    """When the rows were last known to be current; while a watch keeps them so, `heard` tells."""
    opened: float = 0.0
    expires: float = NEVER
    """When the open watch must have ended by its own timeoutSeconds."""
    head: bool = False
    """The open request was answered with 200."""
    events: int = 0
    """Events of the open request, bookmarks among them; an initial list counts for one once it is complete."""
    changes: int = 0
    """Events of the open request that changed an object, without those of its initial list."""
    packed: bool = False
    """The open request is answered compressed."""
    rows: int = 0
    """How many rows the last complete list had."""
    thin: bool = False
    """The last streaming list came compressed and slowly all the same."""
    steady_since: float = NEVER
    """Since when the rows are current without a gap."""
    failures: int = 0
    denials: int = 0
    one_of_many: bool = False
    """One of many namespaces: if it is denied, it is not asked again soon."""
    denied_since: float = NEVER
    settling_until: float = 0.0
    """The server has just come back: until then what it refuses does not count."""
    refreshed: bool = False
    """The credentials were renewed because of a 401 and nothing has succeeded since."""
    paged: bool = True
    """LIST in pages; false after a continue token expired under way."""
    trial: bool = False
    """LIST this once, because a streaming list fell silent, ended early or was refused."""
    stalls: int = 0
    """How many streaming lists in a row had to be followed by a LIST that succeeded."""
    list_rv: str = ""
    forked: bool = False
    """The server's history may differ from the one our rows come from: equal versions prove nothing."""
    wake_at: float = NEVER
    """When a Tick is due."""
    shown: SetFreshness | None = None
    """What was last told to the store."""


# Inputs ---------------------------------------------------------------------------------------------------------


class Shown(msgspec.Struct, frozen=True):
    """Somebody looks at this collection: keep it from now on."""


class Sent(msgspec.Struct, frozen=True):
    """The request of the open watch was sent: credentials and a connection were there. Now an answer is due."""


class Head(msgspec.Struct, frozen=True):
    """The open request was answered with 200. (Other statuses arrive as Failed with their error.)

    `packed` when the answer is compressed.
    """

    packed: bool = False


class Heard(msgspec.Struct, frozen=True):
    """Bytes came that complete no event yet: on a slow line that is life, too."""


class Changes(msgspec.Struct, frozen=True):
    """Decoded events in the order of the stream, at least one."""

    items: list[Change]


class Bookmark(msgspec.Struct, frozen=True):
    """A BOOKMARK event; `initial_end` when it carries the annotation k8s.io/initial-events-end."""

    rv: str
    initial_end: bool = False


class Page(msgspec.Struct, frozen=True):
    """One page of a LIST. `token` continues it, empty on the last page. `odd` are objects that cannot be read.

    `remaining` is how many objects follow on later pages; None where the server does not say.
    """

    rows: list[Row]
    rv: str
    token: str = ""
    odd: list[Row] = []
    remaining: int | None = None


class StreamEnded(msgspec.Struct, frozen=True):
    """The answer ended; `clean` when by its last chunk, as a timeout or a draining server does."""

    clean: bool


class Failed(msgspec.Struct, frozen=True):
    """The request or the stream failed: a status, an ERROR event, the link, or unreadable bytes."""

    error: EdgetuiError

    def __post_init__(self) -> None:
        self.error.let_go()


class Tick(msgspec.Struct, frozen=True):
    """`wake_at` has come (or not yet: early ticks are harmless)."""


class Refreshed(msgspec.Struct, frozen=True):
    """The credentials were renewed as asked by RefreshCredentials.

    `changed` is false if they are the same as before; `error` says why none could be obtained.
    """

    changed: bool
    error: EdgetuiError | None = None


class CredentialsChanged(msgspec.Struct, frozen=True):
    """New credentials are in force: move the stream to them."""


class AskAgain(msgspec.Struct, frozen=True):
    """A person asks to try again, or rights were granted: what waits for its time tries now."""


class LinkUp(msgspec.Struct, frozen=True):
    """The server answers new connections. `down_since` is when the outage began, NEVER if there was none."""

    down_since: float = NEVER


class LinkDown(msgspec.Struct, frozen=True):
    """The server does not answer new connections: open nothing until LinkUp."""

    reason: str


class Reinit(msgspec.Struct, frozen=True):
    """What is known may belong to another history (restored or swapped server): list again."""

    reason: str


class Pace(msgspec.Struct, frozen=True):
    """Keep this collection with `long` watches, or with a list `every` so many seconds (0.0: with a watch).

    `unwatched`: nothing of it may be watched, so that a streaming list is none of the lists.
    """

    long: bool = False
    every: float = 0.0
    unwatched: bool = False


class Woke(msgspec.Struct, frozen=True):
    """This machine or this program slept for so many seconds: what was open may be dead without knowing it."""

    slept: float


class Learned(msgspec.Struct, frozen=True):
    """What this cluster can do, as far as is known: streaming lists, and bookmarks for this kind."""

    streaming: bool
    bookmarks: bool


class Replaced(msgspec.Struct, frozen=True):
    """The complete list was swapped in; `changed` is whether any row was not as it is there."""

    changed: bool


class Recalled(msgspec.Struct, frozen=True):
    """The store was given the complete list of an earlier run; `rv` is its version, empty if it is not to be resumed.

    The version counts only before anything was opened. `rows` is how many there are, `thin` whether each byte counts.
    """

    rv: str = ""
    rows: int = 0
    thin: bool = False


class Identified(msgspec.Struct, frozen=True):
    """The cluster that the version of an earlier run is of was asked for its newest version: `rv`.

    Empty when it does not say, or not who it is.
    """

    rv: str


Input = (
    Shown
    | Sent
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
    | AskAgain
    | LinkUp
    | LinkDown
    | Reinit
    | Pace
    | Woke
    | Learned
    | Replaced
    | Recalled
    | Identified
)


# Effects --------------------------------------------------------------------------------------------------------


class OpenWatch(msgspec.Struct, frozen=True):
    """Open a watch with these query parameters; its predecessor was closed."""

    query: dict[str, str]


class OpenList(msgspec.Struct, frozen=True):
    """Request one page of a LIST."""

    query: dict[str, str]


class Close(msgspec.Struct, frozen=True):
    """Close the open request, if any; nothing of it may be heard afterwards."""


class Begin(msgspec.Struct, frozen=True):
    """Empty the buffer of initial rows."""


class Collect(msgspec.Struct, frozen=True):
    """Put these into the buffer; the store is not touched yet. `remaining` are those of the list still to come."""

    items: list[Change]
    remaining: int | None = None


class Replace(msgspec.Struct, frozen=True):
    """The buffer is the complete list: bring the store to it as a diff, and empty the buffer.

    `forked`: rows of the same uid and version may differ all the same, because a restored datastore gives its
    versions out a second time.
    """

    forked: bool = False


class Apply(msgspec.Struct, frozen=True):
    """Bring these events into the store, in order."""

    items: list[Change]


class Clear(msgspec.Struct, frozen=True):
    """Remove the rows of this collection: it is forbidden or absent."""


class SetFreshness(msgspec.Struct, frozen=True):
    """What is known about the collection; `heard` is when its rows were last current, in steady seconds, 0.0 never."""

    sync: Sync
    heard: float
    reason: str


class RefreshCredentials(msgspec.Struct, frozen=True):
    """Renew the credentials and answer with Refreshed."""


class AuthNeeded(msgspec.Struct, frozen=True):
    """The renewed credentials are refused as well; only new ones, or time, can help."""

    error: EdgetuiError


class Denied(msgspec.Struct, frozen=True):
    """403 that lasts: perhaps single namespaces may be read."""

    reason: str


class Suspect(msgspec.Struct, frozen=True):
    """An open stream is silent for longer than bookmarks allow: find out whether the server is there."""

    reason: str


class Rewound(msgspec.Struct, frozen=True):
    """The server's version is behind ours: it was restored or swapped. Every collection must be listed again."""

    reason: str


class NoWatchList(msgspec.Struct, frozen=True):
    """This cluster lacks streaming lists; remember it for its other collections."""


class NoBookmarks(msgspec.Struct, frozen=True):
    """This cluster sends no bookmarks: a watch that is silent for long is none to worry about."""


OF_ITS_SERVER = (Rewound, NoWatchList, NoBookmarks)
"""What is true of the server that answered: an aggregated API has one, and a history, of its own."""

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
    | NoBookmarks
)
Effects = tuple[Effect, ...]
