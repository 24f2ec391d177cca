"""WATCH: replay, streaming lists, bookmarks, in-stream errors and a clean end, as kube-apiserver sends them.

KEP-956 (bookmarks), KEP-3157 (streaming lists). Events are served past the watch cache: no bookmarks but the one
that ends the initial state. Only a true streaming list is gzipped, one member per flush.
"""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from edgetui.demo import status
from edgetui.demo.http import Reply, Request
from edgetui.demo.reading import Selection, parse_version, selection
from edgetui.demo.resources import Resource
from edgetui.demo.storage import Change, Collection, Object, Storage

BOOKMARK_SECONDS = 60.0
BEFORE_END = 2.0
FUTURE_PATIENCE = 3.0
DEFAULT_TIMEOUT = 1800.0
_FLUSH = 64 * 1024
_BACKLOG = 10_000


@dataclass(frozen=True)
class WatchOptions:
    """The parsed request; `version` None means "whatever is there now"."""

    version: int | None
    initial: bool
    bookmarks: bool
    timeout: float
    chosen: Selection


def watch_reply(
    request: Request, storage: Storage, resource: Resource, namespace: str, *, watch_list: bool, gzip: bool
) -> Reply:
    """Raises StatusError for options that are refused before the stream starts."""
    sends = request.query.get("sendInitialEvents")
    match = request.query.get("resourceVersionMatch", "")
    if sends is not None:
        _check_streaming(watch_list, match)
    asked = request.query.get("resourceVersion", "")
    version = parse_version(asked) if asked else None
    bookmarks = request.flag("allowWatchBookmarks")
    by_default = watch_list and sends is None and version == 0 and bookmarks
    options = WatchOptions(
        version,
        request.flag("sendInitialEvents") or by_default,
        bookmarks,
        float(request.query.get("timeoutSeconds") or DEFAULT_TIMEOUT) or DEFAULT_TIMEOUT,
        selection(request, resource, namespace),
    )
    stream = Watch(storage, resource, options).chunks()
    headers: list[tuple[str, str]] = []
    if (
        gzip
        and options.initial
        and bookmarks
        and (match == "NotOlderThan" or by_default)
        and request.accepts_gzip()
    ):
        headers = [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        stream = _members(stream)
    return Reply(headers=headers, chunks=stream)


class Watch:
    """One open watch. It listens from its first step on, so nothing falls between replay and live."""

    def __init__(self, storage: Storage, resource: Resource, options: WatchOptions) -> None:
        self._storage = storage
        self._resource = resource
        self._options = options
        self._waiting: list[Change] = []
        self._overrun = False
        """Set when the client is too slow for what happens; the stream then ends, as on a real server."""
        self._wake = asyncio.Event()
        self._collection: Collection = storage.collections[resource]

    async def chunks(self) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._options.timeout
        self._collection.watchers.add(self._hear)
        try:
            start, lines, error = await self._start()
            async for piece in _pieces(lines):
                yield piece
            if error is not None:
                yield _line("ERROR", json.dumps(error.body(), separators=(",", ":")).encode())
                return
            async for piece in self._follow(start, deadline, loop.time):
                yield piece
        finally:
            self._collection.watchers.discard(self._hear)

    def _hear(self, change: Change) -> None:
        if len(self._waiting) < _BACKLOG:
            self._waiting.append(change)
        else:
            self._overrun = True
        self._wake.set()

    async def _start(self) -> tuple[int, list[bytes], status.StatusError | None]:
        """The version to follow from, the first lines, and an error that ends the stream at once."""
        options = self._options
        now = self._storage.version
        if options.initial or options.version in (None, 0):
            if options.version is not None and options.version > now:
                await asyncio.sleep(FUTURE_PATIENCE)
                return now, [], status.too_large_version(options.version, now)
            lines = self._state()
            if options.initial and options.bookmarks:
                lines.append(self._bookmark(initial=True))
            return now, lines, None
        assert options.version is not None
        if options.version > now:
            return options.version, [], None
        try:
            changes = self._collection.since(options.version)
        except status.StatusError as error:
            return now, [], error
        self._waiting.clear()
        return now, [line for change in changes if (line := self._event(change))], None

    def _state(self) -> list[bytes]:
        keeps = self._options.chosen.keeps
        entries = sorted(self._collection.entries.items())
        return [_line("ADDED", e.raw) for (ns, name), e in entries if keeps(ns, name, e.labels, e.raw)]

    async def _follow(self, start: int, deadline: float, clock: Callable[[], float]) -> AsyncIterator[bytes]:
        regular = self._options.bookmarks and self._resource.cached
        next_bookmark = clock() + BOOKMARK_SECONDS if regular else deadline
        final_due = deadline - BEFORE_END if regular and self._options.timeout > 5 else deadline
        while (now := clock()) < deadline:
            if self._overrun:
                return
            waiting, self._waiting = self._waiting, []
            self._wake.clear()
            lines = [line for change in waiting if change.version > start and (line := self._event(change))]
            async for piece in _pieces(lines):
                yield piece
            if regular and (now >= next_bookmark or now >= final_due) and self._storage.version >= start:
                yield self._bookmark()
                next_bookmark = now + BOOKMARK_SECONDS
                final_due = now + BEFORE_END / 2 if now >= final_due else final_due
            if self._waiting:
                continue
            pause = max(min(next_bookmark, final_due, deadline) - clock(), 0.0)
            try:
                await asyncio.wait_for(self._wake.wait(), pause)
            except TimeoutError:
                continue

    def _event(self, change: Change) -> bytes | None:
        """The line for one change under this selection: leaving it is a DELETED, entering it an ADDED."""
        keeps = self._options.chosen.keeps
        key = (change.namespace, change.name)
        is_in = keeps(*key, change.labels, change.raw)
        was_in = change.old_labels is not None and keeps(*key, change.old_labels, change.raw)
        if change.type == "DELETED":
            return _line("DELETED", change.raw) if was_in else None
        if is_in:
            return _line("MODIFIED" if was_in else "ADDED", change.raw)
        return _line("DELETED", change.raw) if was_in else None

    def _bookmark(self, initial: bool = False) -> bytes:
        meta: Object = {"resourceVersion": str(self._storage.version)}
        if initial:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        obj: Object = {
            "kind": self._resource.kind,
            "apiVersion": self._resource.api_version,
            "metadata": meta,
        }
        if self._resource.plural == "pods":
            obj |= {"spec": {"containers": None}, "status": {}}
        return _line("BOOKMARK", json.dumps(obj, separators=(",", ":")).encode())


def _check_streaming(watch_list: bool, match: str) -> None:
    text = ""
    if not watch_list:
        text = "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
    elif match != "NotOlderThan":
        text = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
    if text:
        text = f"Forbidden: {text}"
        raise status.invalid(
            "meta.k8s.io", "ListOptions", "", "sendInitialEvents", text, "FieldValueForbidden"
        )


def _line(kind: str, raw: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (kind.encode(), raw)


async def _pieces(lines: list[bytes]) -> AsyncIterator[bytes]:
    held = bytearray()
    for line in lines:
        held += line
        if len(held) >= _FLUSH:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


async def _members(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """One gzip member per piece, whose last block is empty as Go writes it: Go's reader holds back a last block."""
    async for piece in stream:
        packer = zlib.compressobj(4, zlib.DEFLATED, 31)
        yield packer.compress(piece) + packer.flush(zlib.Z_SYNC_FLUSH) + packer.flush()
