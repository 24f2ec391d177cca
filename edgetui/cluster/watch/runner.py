"""The runner of one reflector: feeds it what the transport says, and does what it asks for.

What an answer means over HTTP (a status, a redirection, a page of a gateway, a 406) is told apart here; what follows
from it is decided by the reflector. The runner knows no socket and no event loop either: its host hands in the clock,
the timer and the two kinds of request, so the same runner lives in a session and in a simulation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Set
from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from edgetui.cluster.api.status import FOREIGN, map_status, not_kubernetes
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    LinkError,
    NotFound,
    NotPrinted,
    ServerFailure,
    Throttled,
    TooManyRows,
    Unreadable,
)
from edgetui.cluster.http.exchange import Closeable
from edgetui.cluster.watch.events import EventDecoder
from edgetui.cluster.watch.io import WatchIO
from edgetui.cluster.watch.list_buffer import ListBuffer
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import Name
from edgetui.model.kinds.base import Kind, Row

if TYPE_CHECKING:
    from edgetui.cluster.watch.partition import Selector
    from edgetui.cluster.watch.table import Printer, TableDecoder

MOST_ERROR_BODY = 64 * 1024
BACKLOG = 48 * 1024
"""Bytes at once that mean that more is waiting: a connection reads no more than 64 KiB at a time."""
KEPT_FOR = 0.02
"""Seconds that lines of a backlog are kept back at most, which no screen shows."""
JSON = "application/json"
_NONE: frozenset[Name] = frozenset()
_LISTING = frozenset({r.Phase.STREAMING, r.Phase.LISTING})


class Host(WatchIO, Protocol):
    """What a watcher needs around it."""

    def answered(self) -> None:
        """The server answered a new request."""

    def refused(self) -> None:
        """The server answered a new request with 429 or 5xx."""

    def sent(self) -> None:
        """A connection is there, and a request is on its way."""

    def compresses(self, packed: bool) -> None:
        """A streaming list was answered, compressed or not."""

    def heard(self) -> None:
        """Bytes came on an open stream."""

    def not_printed(self) -> None:
        """The server gives no Tables that could be used."""

    def link_failed(self, error: EdgetuiError) -> None:
        """A request or a stream failed for a reason that is not a status of the server."""

    def moved(self, watcher: Watcher) -> None:
        """The phase of this watcher changed, or its answer has begun."""


class Target(Protocol):
    """Where rows and verdicts of a watcher go; `namespace` is empty for the whole cluster."""

    def replaced(self, namespace: str, rows: list[Row]) -> bool:
        """Take the complete list; whether it changed anything."""

    def came(self, namespace: str, items: list[r.Change]) -> None:
        """Take these rows of a list that is the first of its collection and not complete yet."""

    def applied(self, items: list[r.Change]) -> bool:
        """Take these events; False if there is no room for all of them."""

    def room(self, namespace: str) -> int:
        """The most rows that a list of this collection may have."""

    def cleared(self, namespace: str) -> None: ...

    def told(self, namespace: str, effect: r.Effect) -> None:
        """SetFreshness, RefreshCredentials, AuthNeeded, Denied, Suspect, Rewound, NoWatchList or NoBookmarks."""

    def unserved(self, watcher: Watcher, error: NotFound) -> bool:
        """The server does not serve this kind; whether another version of its API is looked for before that counts."""

    def publish(self) -> None:
        """How many objects of a watcher cannot be read has changed."""

    def listing(self) -> None:
        """A list on its way has come further, begins or is over."""


class Watcher:
    """Keeps one collection of one kind equal to the server, as long as it is shown.

    With `printer` its rows are made from what the server prints; with `selector` only what that matches is kept.
    `asked` is when the open request was begun, before its credentials were taken; `denied` is whether it was refused
    for lack of rights since its rows were last complete, `listed` whether a list was ever complete.
    """

    def __init__(
        self,
        host: Host,
        target: Target,
        kind: Kind,
        namespace: str = "",
        *,
        streaming: bool = True,
        printer: type[Printer] | None = None,
        selector: Selector | None = None,
    ):
        self.kind = kind
        self.namespace = namespace
        self.printer = printer(kind, namespace, lambda: host.wall(host.now())) if printer else None
        dear = self.printer is not None and self.printer.dear
        self.state = r.State(bookmarks=kind.bookmarks, streaming=streaming, dear=dear)
        self._host = host
        self._target = target
        self.asked = 0.0
        self.denied = False
        self.listed = False
        self._path = kind.path(selector.namespace if selector else namespace)
        self._selected = selector.query if selector else {}
        self._inbox: deque[r.Input] | None = None
        """What waits while an input is worked on; there are many reflectors, and few of them are busy."""
        self._stopped = False
        self._open: Closeable | None = None
        self._ticket = 0
        self.odd: Set[Name] = _NONE
        """The objects of the collection that cannot be read; one without a name has none of them."""
        self._buffer = ListBuffer()
        self._cancel_timer: Callable[[], None] | None = None
        self._timer_at = r.NEVER

    def feed(self, *inputs: r.Input) -> None:
        """Let the reflector hear these, and perform what follows. Inputs that arise meanwhile wait their turn."""
        if self._inbox is not None:
            self._inbox.extend(inputs)
            return
        self._inbox = inbox = deque(inputs)
        before = self.state.phase, self.state.head
        try:
            while inbox and not self._stopped:
                self.state, effects = step(self.state, inbox.popleft(), self._host.now(), self._host.rng)
                for effect in effects:
                    self._perform(effect)
        finally:
            self._inbox = None
        self._set_timer()
        if not self._stopped and (self.state.phase, self.state.head) != before:
            self._host.moved(self)
            if before[0] in _LISTING:
                self._target.listing()

    @property
    def progress(self) -> ListProgress | None:
        """How far the list has come that is on its way, in steady seconds; None before its first rows."""
        return self._buffer.progress() if self.state.phase in _LISTING else None

    @property
    def stopped(self) -> bool:
        """Whether it has fallen silent for good."""
        return self._stopped

    def stop(self) -> None:
        """Close everything and fall silent for good; the rows are left as they are."""
        self._stopped = True
        self._close()
        self._buffer = ListBuffer()
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _perform(self, effect: r.Effect) -> None:
        match effect:
            case r.Apply(items):
                fits = self._target.applied(self._readable(items))
                if not fits or len(self.odd) > self._target.room(self.namespace):
                    self.feed(r.Failed(TooManyRows()))
            case r.Collect(items, remaining):
                self._collect(items, remaining)
            case r.OpenWatch(query):
                self._ticket += 1
                self.asked = self._host.now()
                answer = _Answer(self, self._ticket)
                self._open = self._host.open_stream(self._path, query | self._selected, answer, self.printer)
            case r.OpenList(query):
                self._open_page(query)
            case r.Close():
                self._close()
            case r.Begin():
                self._buffer = ListBuffer(self._host.now())
            case r.Replace(forked):
                rows, odd = list(self._buffer.rows.values()), self._buffer.unreadable
                self._buffer = ListBuffer()
                if forked:
                    self._target.cleared(self.namespace)
                self.listed = True
                room = max(0, self._target.room(self.namespace))  # others may have filled it meanwhile
                if len(rows) > room:
                    self.feed(r.Failed(TooManyRows()))
                changed = self._target.replaced(self.namespace, rows[:room])
                self._set_odd(odd)
                if self.state.doubted:
                    self.feed(r.Replaced(changed))
            case r.Clear():
                self._buffer = ListBuffer()
                self._target.cleared(self.namespace)
                self._set_odd(_NONE)
            case _:
                self._target.told(self.namespace, effect)

    def _collect(self, items: list[r.Change], remaining: int | None) -> None:
        self._buffer.collect(items, remaining, self._host.now())
        if not self.state.synced:
            self._target.came(self.namespace, [one for one in items if one[0] != "UNREADABLE"])
        if len(self._buffer) > self._target.room(self.namespace):
            self.feed(r.Failed(TooManyRows()))
        self._target.listing()

    def _readable(self, items: list[r.Change]) -> list[r.Change]:
        """Changes of rows: what became unreadable is shown no longer, whatever was known of it before."""
        unread = [row for change, row in items if change == "UNREADABLE"]
        if not unread and not self.odd:
            return items
        odd = set(self.odd)
        for change, row in items:
            if change == "UNREADABLE":
                odd.add((row.namespace, row.name))
            else:
                odd.discard((row.namespace, row.name))
        self._set_odd(odd)
        return [one if one[0] != "UNREADABLE" else ("DELETED", replace(one[1], uid="")) for one in items]

    def _set_odd(self, odd: Set[Name]) -> None:
        before, self.odd = self.odd, odd or _NONE
        if len(odd) != len(before):
            self._target.publish()

    def _close(self) -> None:
        self._ticket += 1
        if self._open is not None:
            self._open.close()
            self._open = None

    def _open_page(self, query: dict[str, str]) -> None:
        self._ticket += 1
        self.asked = self._host.now()
        ticket = self._ticket

        def done(result: r.Page | EdgetuiError) -> None:
            if not self.current(ticket):
                return
            if isinstance(result, r.Page):
                self._host.answered()
                self.feed(result)
            else:
                self.failed(result)

        self._open = self._host.open_page(self.kind, self._path, query | self._selected, done, self.printer)

    def current(self, ticket: int) -> bool:
        """Whether an answer with this ticket is still the one that is waited for."""
        return ticket == self._ticket and not self._stopped

    def sent(self) -> None:
        """The open request was sent."""
        self.feed(r.Sent())
        self._host.sent()

    def answered(self, packed: bool) -> None:
        """The open request got its 200; `packed` when what follows is compressed."""
        if self.state.phase is r.Phase.STREAMING:
            self._host.compresses(packed)
        self._host.answered()
        self.feed(r.Head(packed))

    def heard(self, inputs: list[r.Input]) -> None:
        """The open stream delivered these."""
        self._host.heard()
        last = inputs[-1]
        if isinstance(last, r.Failed) and isinstance(last.error, NotPrinted):
            self.failed(last.error)
        else:
            self.feed(*inputs)

    def shortly(self, call: Callable[[], None]) -> None:
        """Call once, before anybody could see the delay."""
        self._host.later(KEPT_FOR, call)

    def failed(self, error: EdgetuiError) -> None:
        """The open request failed; the link is told first, so that the reflector knows whether to wait for it."""
        optional = self.printer is not None and self.printer.optional
        if optional and (isinstance(error, NotPrinted) or _not_acceptable(error)):
            self._host.not_printed()
            return
        if isinstance(error, NotFound) and not error.reason and not self.kind.group:
            error = not_kubernetes("HTTP status 404")  # every API server has the core group
        if isinstance(error, NotFound) and self._target.unserved(self, error):
            self._host.answered()
            return
        if isinstance(error, (ServerFailure, Throttled)):
            self._host.refused()
        elif isinstance(error, (ApiError, Unreadable)):
            self._host.answered()
        else:
            self._host.link_failed(error)
        self.feed(r.Failed(error))

    def ended(self, clean: bool) -> None:
        """The open stream ended."""
        if not clean:
            self._host.link_failed(LinkError("The connection broke off.", "The link may be bad."))
        self.feed(r.StreamEnded(clean))

    def _set_timer(self) -> None:
        """Keep one timer, no later than `wake_at`; an early one finds that out and is set again."""
        wake_at = self.state.wake_at
        if self._stopped or wake_at >= self._timer_at:
            return
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None
        self._timer_at = wake_at
        self._cancel_timer = self._host.later(max(0.0, wake_at - self._host.now()), self._timer_fired)

    def _timer_fired(self) -> None:
        self._cancel_timer = None
        self._timer_at = r.NEVER
        if self.state.wake_at <= self._host.now():
            self.feed(r.Tick())
        else:
            self._set_timer()


def _tables(printer: Printer) -> TableDecoder:
    from edgetui.cluster.watch.table import TableDecoder  # a quick link has no need of it

    return TableDecoder(printer)


def _not_acceptable(error: EdgetuiError) -> bool:
    return isinstance(error, ApiError) and error.code == 406


class _Answer:
    """The answer to one watch request, decoded as it comes."""

    def __init__(self, watcher: Watcher, ticket: int) -> None:
        self._watcher = watcher
        self._ticket = ticket
        self._status = 0
        self._headers: dict[str, str] = {}
        self._decoder: EventDecoder | TableDecoder | None = None
        self._error_body = b""
        self._releasing = False

    def on_sent(self) -> None:
        if self._watcher.current(self._ticket):
            self._watcher.sent()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        if not self._watcher.current(self._ticket):
            return
        self._status, self._headers = status, headers
        if status == 200 and not headers.get("content-type", JSON).startswith(JSON):
            self._watcher.failed(not_kubernetes(headers.get("content-type", "")))
        elif status == 200:
            printer = self._watcher.printer
            self._decoder = _tables(printer) if printer else EventDecoder(self._watcher.kind)
            self._watcher.answered(headers.get("content-encoding", "identity") != "identity")

    def on_data(self, data: bytes) -> None:
        if not self._watcher.current(self._ticket):
            return
        if self._decoder is not None:
            self._watcher.heard(self._decoder.feed(data, keep=len(data) >= BACKLOG))
            if self._decoder.keeping and not self._releasing:
                self._releasing = True
                self._watcher.shortly(self._release)
        elif len(self._error_body) < MOST_ERROR_BODY:
            self._error_body += data

    def _release(self) -> None:
        """Tell what was kept back; what is still kept when the stream is given up comes again on the next one."""
        self._releasing = False
        if self._decoder is not None and self._decoder.keeping and self._watcher.current(self._ticket):
            self._watcher.heard(self._decoder.release())

    def on_end(self, clean: bool) -> None:
        self._release()
        if not self._watcher.current(self._ticket):
            return
        if self._decoder is None:
            self._watcher.failed(self._refusal())
        elif clean and self._decoder.foreign():
            self._watcher.failed(not_kubernetes(FOREIGN))
        else:
            self._watcher.ended(clean)

    def on_error(self, error: EdgetuiError) -> None:
        self._release()
        if not self._watcher.current(self._ticket):
            return
        if self._status and self._decoder is None:
            error = self._refusal()
        self._watcher.failed(error)

    def _refusal(self) -> EdgetuiError:
        if 300 <= self._status < 400:
            return not_kubernetes("a redirection")
        content = self._headers.get("content-type", "")
        # A gateway in front of an API server has pages of its own for 401 and 5xx.
        if content.startswith("text/html") and self._status != 401 and self._status < 500:
            return not_kubernetes(content)
        return map_status(self._status, self._headers, self._error_body)
