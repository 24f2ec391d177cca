"""Lists and single objects in the one form that an API server compresses whatever their size: a streaming list.

A LIST of less than 128 KiB is never compressed, nor is an object; a streaming list is from Kubernetes 1.37 on, to a
fifth of its bytes. It is read up to its end bookmark and then given up.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.answer_size import MOST_BYTES, MOST_FREE_VALUES, check_values, too_many_bytes
from edgetui.cluster.http.client import Delivery, Transport

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_WITHIN = 15.0
END_WITHIN = 3.0
"""Seconds of silence in an answer after which no end bookmark is expected: servers before 1.27 have none."""
LASTS = 60
"""Seconds for which the server is to keep the watch; it is given up as soon as the list is complete."""
ASKED = {
    "watch": "1",
    "sendInitialEvents": "true",
    "resourceVersionMatch": "NotOlderThan",
    "allowWatchBookmarks": "true",
    "timeoutSeconds": str(LASTS),
}


class _Marks(msgspec.Struct):
    end: str = msgspec.field(name="k8s.io/initial-events-end", default="")


class _Meta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    annotations: _Marks | None = None


class _Bookmark(msgspec.Struct):
    metadata: _Meta


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


_event = msgspec.json.Decoder(_Event)
_bookmark = msgspec.json.Decoder(_Bookmark)


class StreamedList(msgspec.Struct):
    """The objects of a collection at one version.

    `whole` is whether there are no others, `compressed` whether the server made them smaller.
    """

    items: list[Any]
    version: str
    whole: bool
    compressed: bool


async def streamed(
    transport: Transport, path: str, query: Mapping[str, str], delivery: Delivery, *, most: int = 0
) -> StreamedList | None:
    """The objects of the collection at `path`, no more than `most` of them if that is given.

    None where the server does not send them so, for whatever reason: a LIST tells which. `delivery` is told of every
    sign of life.
    """
    gathering = _Gathering(delivery, most)
    handle = transport.open_stream(
        path, {**query, **ASKED}, gathering, connect_timeout=ANSWER_WITHIN, head_timeout=ANSWER_WITHIN
    )
    try:
        return await gathering.done
    finally:
        gathering.quiet()
        handle.close()


class StreamedLines:
    """Hears the answer of a streaming list, line by line; who hears it says what a line means and what its end does.

    While it `waits` for the end of what there is, END_WITHIN seconds of silence are its end, too.
    """

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self._rest = bytearray()
        self._late: asyncio.TimerHandle | None = None

    @property
    def waits(self) -> bool:
        """Whether the end of what there is has not come yet."""
        raise NotImplementedError

    @property
    def over(self) -> bool:
        """Whether no line is taken any more."""
        raise NotImplementedError

    def take(self, line: bytes) -> None:
        """A line. What it raises for one that cannot be read (UNDECODABLE) is the end."""
        raise NotImplementedError

    def end(self) -> None:
        """Nothing more comes, or nothing that means anything."""
        raise NotImplementedError

    def hear(self) -> None:
        """Something has come."""
        self.quiet()
        if self.waits:
            self._late = self.loop.call_later(END_WITHIN, self.end)

    def quiet(self) -> None:
        """Nobody waits any more."""
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        if status == 200:
            self.hear()
        else:
            self.end()

    def on_data(self, data: bytes) -> None:
        self.hear()
        self._rest += data
        if len(self._rest) > MOST_BYTES:
            raise too_many_bytes()
        if b"\n" not in data:
            return
        *lines, rest = self._rest.split(b"\n")
        self._rest = bytearray(rest)
        try:
            for line in lines:
                if line and not self.over:
                    self.take(bytes(line))
        except UNDECODABLE:
            self.end()

    def on_end(self, clean: bool) -> None:
        self.end()

    def on_error(self, error: EdgetuiError) -> None:
        self.end()


class _Gathering(StreamedLines):
    """Hears the whole list; `done` is its future."""

    def __init__(self, delivery: Delivery, most: int) -> None:
        super().__init__()
        self.done: asyncio.Future[StreamedList | None] = self.loop.create_future()
        self._delivery = delivery
        self._most = most
        self._items: list[Any] = []
        self._size = 0
        self._compressed = False

    @property
    def waits(self) -> bool:
        return not self.over

    @property
    def over(self) -> bool:
        return self.done.done()

    def end(self, found: StreamedList | None = None) -> None:
        if not self.done.done():
            self.done.set_result(found)

    def hear(self) -> None:
        self._delivery.heard = self.loop.time()
        super().hear()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._compressed = "content-encoding" in headers
        super().on_head(status, headers)

    def on_data(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise too_many_bytes()
        super().on_data(data)

    def take(self, line: bytes) -> None:
        event = _event.decode(line)
        if event.type == "BOOKMARK":
            meta = _bookmark.decode(event.object).metadata
            if meta.annotations is not None and meta.annotations.end == "true":
                self._finish(meta.resource_version, whole=True)
        elif event.type != "ADDED":
            self.end()
        elif self._most and len(self._items) >= self._most:
            self._finish("", whole=False)
        else:
            check_values(line, MOST_FREE_VALUES)
            self._items.append(msgspec.json.decode(event.object))

    def _finish(self, version: str, *, whole: bool) -> None:
        self.end(StreamedList(self._items, version, whole, self._compressed))
