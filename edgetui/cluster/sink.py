"""Who hears the answer to a request that stays open, and what ends the request."""

from __future__ import annotations

from typing import Protocol

from edgetui.cluster.errors import EdgetuiError


class Closeable(Protocol):
    """Something open; closing it twice is harmless, and nothing is heard of it afterwards."""

    def close(self) -> None: ...


class Sink(Protocol):
    """Receives one answer: a head, data, then exactly one of on_end and on_error.

    `on_data` gets the body without chunk framing and decompressed. `on_end(False)` is an answer that was cut off.
    An EdgetuiError raised by `on_head` or `on_data` ends the answer, and comes back through `on_error`.
    """

    def on_head(self, status: int, headers: dict[str, str]) -> None: ...

    def on_data(self, data: bytes) -> None: ...

    def on_end(self, clean: bool) -> None: ...

    def on_error(self, error: EdgetuiError) -> None: ...


class WatchSink(Sink, Protocol):
    """Hears of its request, too."""

    def on_sent(self) -> None:
        """Credentials and a connection were there, and the request was sent; once more on every new attempt."""
