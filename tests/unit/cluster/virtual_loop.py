"""An event loop on virtual time, and real HTTP to a simulated API server without a socket.

Everything above the connection is production's: transport, exchange, HTTP reader, streams, credentials, session.
"""

from __future__ import annotations

import asyncio
import json
import random
import selectors
import threading
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.http.pool import Connections
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.target import ClusterTarget
from edgetui.model.kinds import KINDS
from tests.unit.cluster.simulated_server import Server, Stream


def _at_work() -> int:
    """How many threads there are, without those that wait for files to read and are waited for themselves."""
    return sum(thread.name != "files" for thread in threading.enumerate())


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]
    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if events or timeout == 0:
            return events
        for _ in range(500):  # no time passes while a thread works
            if _at_work() <= self.loop.threads or events:
                break
            events = super().select(0.01)
        events = events or super().select(0)  # what a thread told between the look at it and the one before
        if not events:
            assert timeout is not None, "everybody waits for something that will never happen"
            self.loop.moment += timeout
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Its clock moves on to the next timer whenever nothing is left to do, and no thread works."""

    def __init__(self) -> None:
        self.moment = 1000.0
        self.threads = _at_work()
        selector = _Selector()
        super().__init__(selector)
        selector.loop = self

    def time(self) -> float:
        return self.moment


def on_virtual_time(main: Callable[[VirtualLoop], Awaitable[None]]) -> None:
    """Run this to its end."""
    loop = VirtualLoop()
    asyncio.set_event_loop(loop)
    try:
        loop.run_until_complete(main(loop))
    finally:
        for task in (left := asyncio.all_tasks(loop)):
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        asyncio.set_event_loop(None)
        loop.close()


async def until(fact: Callable[[], object], within: float) -> None:
    """Let time pass until something is true."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + within
    while not fact():
        assert loop.time() < ends, f"not within {within} s"
        await asyncio.sleep(0.05)


class _World:
    """What the simulated server needs, made of the loop."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.rng = random.Random(1)
        self._loop = loop

    @property
    def time(self) -> float:
        return self._loop.time()

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        return self._loop.call_later(seconds, call).cancel


class Wire:
    """A connection that ends in the simulated server; what `cluster.connection.Connection` is to its callers."""

    resumed = True
    session = None

    def __init__(self, site: Site, context: object, counters: Counters) -> None:
        self.context = context
        self.sent = False
        self.idle_since = 0.0
        self.closed = False
        self.stream: Stream | None = None
        self._site = site
        self._counters = counters
        self._on_data: Callable[[bytes], None] | None = None
        self._on_lost: Callable[[OSError | None], None] | None = None

    def attach(self, on_data: Callable[[bytes], None], on_lost: Callable[[OSError | None], None]) -> None:
        self._on_data, self._on_lost = on_data, on_lost

    def detach(self) -> None:
        self._on_data = self._on_lost = None

    def rest(self, seconds: float) -> None:
        """What comes is given at once."""

    def alive(self) -> bool:
        return not self.closed

    def send(self, data: bytes) -> None:
        self.sent = True
        self._counters.bytes_out += len(data)
        self._site.loop.call_soon(self._site.handle, self, data)

    def close(self) -> None:
        self.closed = True
        self.detach()
        if self.stream is not None:
            self.stream.close()

    def give(self, data: bytes) -> None:
        if self._on_data is not None:
            self._counters.bytes_in += len(data)
            self._on_data(data)

    def lose(self, error: OSError | None) -> None:
        lost = self._on_lost
        self.close()
        if lost is not None:
            lost(error)


class _Http:
    """Tells a wire over HTTP what the server says."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def on_sent(self) -> None:
        """The server needs not be told."""

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        self._wire.give(head.encode())

    def on_data(self, data: bytes) -> None:
        if data:  # an empty chunk would be the last one
            self._wire.give(b"%x\r\n%b\r\n" % (len(data), data))

    def on_end(self, clean: bool) -> None:
        if clean:
            self._wire.give(b"0\r\n\r\n")
        else:
            self._wire.lose(None)

    def on_error(self, error: EdgetuiError) -> None:
        self._wire.lose(ConnectionResetError())


class Site:
    """One cluster: a simulated API server behind HTTP that knows its users by their tokens.

    `asked` has the time, path and token of every request. With `tokens` None everybody is let in.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop = loop
        self.server = Server(_World(loop))  # type: ignore[arg-type]
        self.tokens: set[str] | None = None
        self.user = "operator"
        self.version = "v1.37.0"
        self.asked: list[tuple[float, str, str]] = []
        self.contexts: list[object] = []

    def connect(self, target: ClusterTarget, credentials: Credentials) -> Transport:
        """A real transport whose connections end here."""
        return _SiteTransport(self, target, credentials)

    async def dial(self, connections: Connections, context: object, timeout: float) -> Wire:
        connections.counters.connections += 1
        if self.server.black_hole:
            await asyncio.sleep(timeout)
            raise LinkError("The server did not answer.")
        await asyncio.sleep(self.server.latency)
        if self.server.dial_fails:
            raise self.server.dial_fails
        self.contexts.append(context)
        return Wire(self, context, connections.counters)

    def handle(self, wire: Wire, data: bytes) -> None:
        """One request."""
        head, _, _ = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        address = urlsplit(first.split(" ")[1])
        path, query = unquote(address.path), dict(parse_qsl(address.query))
        token = fields.get("authorization", "").removeprefix("Bearer ")
        self.asked.append((self.loop.time(), path, token))
        if self.tokens is not None and token not in self.tokens:
            self._answer(wire, 401, {"kind": "Status", "code": 401, "message": "Unauthorized"})
        elif "watch" in query:
            printed = "as=Table" in fields["accept"]
            wire.stream = self.server.open(KINDS, path, query, _Http(wire), printed=printed)
        elif path.rpartition("/")[2] in {kind.plural for kind in KINDS.values()} and "metrics" not in path:
            status, body = self.server.page_body(KINDS, path, query, printed="as=Table" in fields["accept"])
            self._answer(wire, status, body)
        else:
            self._answer(wire, *self._other(path, query))

    def _other(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/version":
            return 200, {"gitVersion": self.version}
        if path == "/api/v1/namespaces" and self.server.namespaces_listed:
            names = [*self.server.namespaces_listed, "kube-system"] if not query.get("fieldSelector") else []
            items = [{"metadata": {"name": name}} for name in names]
            system = {"metadata": {"name": "kube-system", "uid": self.server.uid}}
            meta = {"resourceVersion": str(self.server.rv)}
            return 200, {"kind": "NamespaceList", "metadata": meta, "items": [*items, system]}
        if path == "/api/v1/namespaces":
            message = f'namespaces is forbidden: User "{self.user}" cannot list resource'
            return 403, {"kind": "Status", "code": 403, "reason": "Forbidden", "message": message}
        return 404, {"kind": "Status", "code": 404, "reason": "NotFound", "message": "not here"}

    def _answer(self, wire: Wire, status: int, body: Any) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = (
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self.loop.call_later(self.server.latency, wire.give, head.encode() + content)

    # What tests look at

    def streams(self, kind: str = "") -> list[Stream]:
        """The watches that are open."""
        return [one for one in self.server.streams if one.open and kind in ("", one.kind.name)]

    def tokens_since(self, moment: float, path: str = "") -> set[str]:
        """The tokens that came with requests since then."""
        return {token for at, asked, token in self.asked if at >= moment and path in asked}


class _SiteTransport(Transport):
    def __init__(self, site: Site, target: ClusterTarget, credentials: Credentials) -> None:
        super().__init__(target, credentials)
        self._site = site
        self._redirect(self._connections)

    def _redirect(self, connections: Connections) -> None:
        async def dial(context: object, timeout: float, *, http2: bool = True) -> Any:
            return await self._site.dial(connections, context, timeout)

        connections._dial = dial  # type: ignore[method-assign, assignment]

    def sibling(self, credentials: Any) -> Transport:
        other = super().sibling(credentials)
        self._redirect(other._connections)
        return other
