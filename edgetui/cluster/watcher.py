"""The thin runner of one reflector: feeds it what the transport says, and does what it asks for.

Nothing is decided here. The runner knows no socket and no event loop either: its host hands in the clock, the
timer and the two kinds of request, so the same runner lives in a session and in a simulation.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from edgetui.cluster.answer_size import too_many_rows
from edgetui.cluster.api_errors import map_status, not_kubernetes
from edgetui.cluster.decode import FOREIGN, EventDecoder
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    LinkError,
    NotFound,
    ServerFailure,
    Throttled,
    Unreadable,
)
from edgetui.cluster.reflector import states as r
from edgetui.cluster.reflector import step
from edgetui.cluster.sink import Closeable
from edgetui.cluster.surroundings import World
from edgetui.cluster.table import NotPrinted, Printer, TableDecoder
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.store import MOST_ROWS

MOST_ERROR_BODY = 64 * 1024
BACKLOG = 48 * 1024
"""Bytes at once that mean that more is waiting: a connection reads no more than 64 KiB at a time."""
KEPT_FOR = 0.02
"""Seconds that lines of a backlog are kept back at most, which no screen shows."""
JSON = "application/json"


class Host(World, Protocol):
    """What a watcher needs around it."""

    def answered(self) -> None:
        """The server answered a new request."""

    def refused(self) -> None:
        """The server answered a new request with 429 or 5xx."""

    def heard(self) -> None:
        """Bytes came on an open stream."""

    def not_printed(self) -> None:
        """The server gives no Tables that could be used."""

    def link_failed(self, error: EdgetuiError) -> None:
        """A request or a stream failed for a reason that is not a status of the server."""

    def moved(self, watcher: Watcher) -> None:
        """The phase of this watcher changed."""


class Target(Protocol):
    """Where rows and verdicts of a watcher go; `namespace` is empty for the whole cluster."""

    def replaced(self, namespace: str, rows: list[Row]) -> bool:
        """Take these rows in the place of the others; False if some found no room."""

    def applied(self, items: list[r.Change]) -> bool:
        """Take these changes; False if some rows found no room."""

    def cleared(self, namespace: str) -> None: ...

    def told(self, namespace: str, effect: r.Effect) -> None:
        """SetFreshness, RefreshCredentials, AuthNeeded, Denied, Suspect, Rewound or NoWatchList."""


class Part(Protocol):
    """A part of a collection."""

    @property
    def namespace(self) -> str: ...

    @property
    def query(self) -> dict[str, str]: ...


class Watcher:
    """Keeps one collection of one kind equal to the server, as long as it is shown.

    With `printed` its rows are those that the server prints; with `scope` it is that part alone.
    """

    def __init__(
        self,
        host: Host,
        target: Target,
        kind: Kind,
        namespace: str = "",
        *,
        streaming: bool = True,
        printed: bool = False,
        scope: Part | None = None,
    ):
        self.kind = kind
        self.namespace = namespace
        self.printer = Printer(kind, namespace, lambda: host.wall(host.now())) if printed else None
        self.state = r.State(bookmarks=kind.bookmarks, streaming=streaming)
        self._host = host
        self._target = target
        self._path = kind.path(scope.namespace if scope else namespace)
        self._selected = scope.query if scope else {}
        self._inbox: deque[r.Input] = deque()
        self._busy = False
        self._stopped = False
        self._open: Closeable | None = None
        self._ticket = 0
        self._buffer: dict[tuple[str, str], Row] = {}
        self._cancel_timer: Callable[[], None] | None = None
        self._timer_at = r.NEVER

    def feed(self, *inputs: r.Input) -> None:
        """Let the reflector hear these, and perform what follows. Inputs that arise meanwhile wait their turn."""
        self._inbox.extend(inputs)
        if self._busy:
            return
        self._busy = True
        before = self.state.phase
        try:
            while self._inbox and not self._stopped:
                self.state, effects = step(
                    self.state, self._inbox.popleft(), self._host.now(), self._host.rng
                )
                for effect in effects:
                    self._perform(effect)
        finally:
            self._busy = False
        self._set_timer()
        if self.state.phase is not before:
            self._host.moved(self)

    def stop(self) -> None:
        """Close everything and fall silent for good; the rows are left as they are."""
        self._stopped = True
        self._inbox.clear()
        self._close()
        self._buffer = {}
        if self._cancel_timer is not None:
            self._cancel_timer()
            self._cancel_timer = None

    def _perform(self, effect: r.Effect) -> None:
        match effect:
            case r.Apply(items):
                self._require_room(self._target.applied(items))
            case r.Collect(items):
                self._collect(items)
                self._require_room(len(self._buffer) <= MOST_ROWS)
            case r.OpenWatch(query):
                self._ticket += 1
                answer = _Answer(self, self._ticket)
                self._open = self._host.open_stream(self._path, query | self._selected, answer, self.printer)
            case r.OpenList(query):
                self._open_page(query)
            case r.Close():
                self._close()
            case r.Begin():
                self._buffer = {}
            case r.Replace(forked):
                rows, self._buffer = list(self._buffer.values()), {}
                if forked:
                    self._target.cleared(self.namespace)
                self._require_room(self._target.replaced(self.namespace, rows))
            case r.Clear():
                self._buffer = {}
                self._target.cleared(self.namespace)
            case _:
                self._target.told(self.namespace, effect)

    def _require_room(self, enough: bool) -> None:
        if not enough:
            self._inbox.append(r.Failed(too_many_rows(self.kind.plural)))

    def _collect(self, items: list[r.Change]) -> None:
        for change, row in items:
            if change == "DELETED":
                self._buffer.pop((row.namespace, row.name), None)
            else:
                self._buffer[row.namespace, row.name] = row

    def _close(self) -> None:
        self._ticket += 1
        if self._open is not None:
            self._open.close()
            self._open = None

    def _open_page(self, query: dict[str, str]) -> None:
        self._ticket += 1
        ticket = self._ticket

        def done(result: r.Page | EdgetuiError) -> None:
            if not self.current(ticket):
                return
            if isinstance(result, r.Page):
                self._host.answered()
                self.feed(r.Page(result.rows, result.rv, result.token))
            else:
                self.failed(result)

        self._open = self._host.open_page(self.kind, self._path, query | self._selected, done, self.printer)

    def current(self, ticket: int) -> bool:
        """Whether an answer with this ticket is still the one that is waited for."""
        return ticket == self._ticket and not self._stopped

    def answered(self, packed: bool) -> None:
        """The open request got its 200; `packed` when what follows is compressed."""
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
        if self.printer is not None and (isinstance(error, NotPrinted) or _not_acceptable(error)):
            self._host.not_printed()
            return
        if isinstance(error, NotFound) and not error.reason and not self.kind.group:
            error = not_kubernetes("HTTP status 404")  # every API server has the core group
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

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        if not self._watcher.current(self._ticket):
            return
        self._status, self._headers = status, headers
        if status == 200 and not headers.get("content-type", JSON).startswith(JSON):
            self._watcher.failed(not_kubernetes(headers.get("content-type", "")))
        elif status == 200:
            printer = self._watcher.printer
            self._decoder = TableDecoder(printer) if printer else EventDecoder(self._watcher.kind)
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
