"""What the server prints of one object, as a watch keeps it current: where bytes count, cheaper than to look again.

In a streaming list of Tables, without their columns where these are known, a change is 0.2 KB, where a look is 2.7 KB.
Watched as an object a change would be 1.8 KB, since a server compresses every event by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from edgetui.cluster.api.streamed_list import ANSWER_WITHIN, ASKED, StreamedLines
from edgetui.cluster.http.answer_size import MOST_FREE_VALUES, check_values
from edgetui.cluster.http.client import Transport

if TYPE_CHECKING:
    from edgetui.cluster.http.exchange import Closeable

LASTS = 600
"""Seconds for which the server is to keep the watch."""
SILENCE = 75.0
"""Seconds of silence after which it is believed no more: bookmarks come 60 to 61 s apart."""


class _Column(msgspec.Struct):
    name: str


class _Row(msgspec.Struct):
    cells: list[Any]


class _Table(msgspec.Struct, rename="camel"):
    kind: str = ""
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None


class _Event(msgspec.Struct):
    type: str
    object: _Table


_event = msgspec.json.Decoder(_Event)


class Followed(StreamedLines):
    """Hears the watch. `cells` are those of the object by their columns, empty where there is no such object (yet).

    `first` is set when everything there was has been told, to whether it was told at all. `query` and `headers` ask for
    a Table, `columns` are its columns if it may come without them; it is not believed when it has another number.
    """

    def __init__(
        self,
        transport: Transport,
        collection: str,
        name: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        columns: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.cells: Mapping[str, Any] = {}
        self.first: asyncio.Future[bool] = self.loop.create_future()
        self._changed = asyncio.Event()
        self._columns = list(columns)
        self._heard = self.loop.time()
        self._over = False
        selected = {"timeoutSeconds": str(LASTS), "fieldSelector": f"metadata.name={name}"}
        self._handle: Closeable = transport.open_stream(
            collection,
            {**ASKED, **query, **selected},
            self,
            connect_timeout=ANSWER_WITHIN,
            head_timeout=ANSWER_WITHIN,
            headers=headers,
        )

    @property
    def alive(self) -> bool:
        """Whether what it has told may be taken for current."""
        return not self._over and self.loop.time() - self._heard < SILENCE

    @property
    def waits(self) -> bool:
        return not self.first.done()

    @property
    def over(self) -> bool:
        return self._over

    async def change(self, within: float) -> None:
        """Wait until something has changed since the last call, or it tells no more, or for so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), within)
        self._changed.clear()

    def close(self) -> None:
        """Hear nothing more."""
        self.end()
        self._handle.close()

    def end(self) -> None:
        self._over = True
        self._changed.set()
        self._tell(told=False)

    def _tell(self, *, told: bool) -> None:
        self.quiet()
        if not self.first.done():
            self.first.set_result(told)

    def hear(self) -> None:
        self._heard = self.loop.time()
        super().hear()

    def take(self, line: bytes) -> None:
        check_values(line, MOST_FREE_VALUES)
        event = _event.decode(line)
        table = event.object
        if table.kind != "Table" or event.type == "ERROR":
            self.end()
            return
        if table.column_definitions:
            self._columns = [column.name for column in table.column_definitions]
        if event.type == "BOOKMARK":  # its row means nothing; the first one ends what there was
            self._tell(told=True)
        elif event.type == "DELETED":
            self.cells = {}
            self._changed.set()
        elif any(len(row.cells) != len(self._columns) for row in table.rows or ()):
            self.end()
        else:
            self.cells = {
                k: v for row in table.rows or () for k, v in zip(self._columns, row.cells, strict=True)
            }
            self._changed.set()
