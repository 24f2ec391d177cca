"""HTTP/1.1 for one connection: h11 speaks the protocol, asyncio streams carry the bytes.

The handler gets a whole request and returns a `Reply`; a reply with `chunks` is streamed until they end or the
client goes away.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import h11

MAX_BODY = 3 * 1024 * 1024
IDLE_SECONDS = 90.0
FIRST_SECONDS = 32.0
_READ = 65_536


@dataclass
class Request:
    """One request; header names are lower case, `query` keeps the last value of each key."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""

    def accepts_gzip(self) -> bool:
        return "gzip" in self.headers.get("accept-encoding", "")

    def flag(self, name: str) -> bool:
        return self.query.get(name, "").lower() in ("1", "true")


@dataclass
class Reply:
    """A whole `body`, or `chunks` for a stream."""

    code: int = 200
    body: bytes = b""
    headers: list[tuple[str, str]] = field(default_factory=list)
    content_type: str = "application/json"
    chunks: AsyncIterator[bytes] | None = None


def json_reply(document: Any, code: int = 200) -> Reply:
    return Reply(code, json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())


Handler = Callable[[Request], Awaitable[Reply]]


class Connection:
    """Serves requests on one connection until either side ends it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, handler: Handler) -> None:
        self._reader = reader
        self._writer = writer
        self._handler = handler
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=64 * 1024)

    async def serve(self) -> None:
        patience = FIRST_SECONDS
        try:
            while True:
                request = await asyncio.wait_for(self._request(), patience)
                if request is None:
                    break
                await self._answer(request, await self._handler(request))
                if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                    break
                self._http.start_next_cycle()
                patience = IDLE_SECONDS
        except h11.RemoteProtocolError as error:
            await self._refuse(error)
        except (OSError, TimeoutError):
            pass
        finally:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()

    def abort(self) -> None:
        """Cuts the connection without a goodbye."""
        self._writer.transport.abort()

    async def _request(self) -> Request | None:
        head: h11.Request | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                if self._http.they_are_waiting_for_100_continue:
                    go_on = h11.InformationalResponse(status_code=100, headers=[])
                    self._writer.write(self._http.send(go_on))
                self._http.receive_data(await self._reader.read(_READ))
            elif isinstance(event, h11.Request):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_BODY:
                    raise h11.RemoteProtocolError("request body too large", error_status_hint=413)
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _request(head, bytes(body))
            else:
                return None

    async def _answer(self, request: Request, reply: Reply) -> None:
        headers = [*reply.headers, ("Content-Type", reply.content_type)]
        if reply.chunks is None:
            headers.append(("Content-Length", str(len(reply.body))))
        self._send(h11.Response(status_code=reply.code, headers=headers))
        if request.method == "HEAD":
            pass
        elif reply.chunks is None:
            self._send(h11.Data(data=reply.body))
        else:
            await self._stream(reply.chunks)
        self._send(h11.EndOfMessage())
        await self._writer.drain()

    async def _stream(self, chunks: AsyncIterator[bytes]) -> None:
        await self._writer.drain()
        gone = asyncio.ensure_future(self._client_gone())
        step: asyncio.Future[bytes] | None = None
        try:
            while True:
                step = asyncio.ensure_future(_next(chunks))
                await asyncio.wait((step, gone), return_when=asyncio.FIRST_COMPLETED)
                if not step.done():
                    raise ConnectionResetError
                chunk = step.result()
                if not chunk:
                    return
                self._send(h11.Data(data=chunk))
                await self._writer.drain()
        finally:
            for task in (gone, step):
                if task is not None and not task.done():
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task

    async def _client_gone(self) -> None:
        """Returns when the client ends or resets a connection that is busy with a stream; pipelined bytes are kept."""
        with contextlib.suppress(OSError):
            while data := await self._reader.read(_READ):
                self._http.receive_data(data)

    async def _refuse(self, error: h11.RemoteProtocolError) -> None:
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        with contextlib.suppress(h11.LocalProtocolError, OSError):
            head = [("Content-Type", "text/plain"), ("Connection", "close")]
            self._send(h11.Response(status_code=error.error_status_hint, headers=head))
            self._send(h11.EndOfMessage())
            await self._writer.drain()

    def _send(self, event: h11.Event) -> None:
        data = self._http.send(event)
        if data:
            self._writer.write(data)


async def _next(chunks: AsyncIterator[bytes]) -> bytes:
    """The next chunk, empty at the end; empty chunks in between are skipped."""
    async for chunk in chunks:
        if chunk:
            return chunk
    return b""


def _request(head: h11.Request, body: bytes) -> Request:
    target = urlsplit(head.target.decode("ascii", "replace"))
    query = {key: values[-1] for key, values in parse_qs(target.query, keep_blank_values=True).items()}
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
    return Request(head.method.decode("ascii"), unquote(target.path), query, headers, body)
