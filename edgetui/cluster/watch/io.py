"""The clock, the timers and the requests of one cluster, as its informers need them: AsyncioIO on a real event loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import msgspec

from edgetui.cluster import backoff
from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.exchange import Closeable, WatchSink
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.kinds.base import Kind

if TYPE_CHECKING:
    from edgetui.cluster.watch.table import Printer


class WatchIO(Protocol):
    """The clock, the timer and the two kinds of request. Times are seconds of a steady clock."""

    @property
    def rng(self) -> backoff.Random: ...

    def now(self) -> float: ...

    def wall(self, steady: float) -> float:
        """Unix time of a steady time; 0.0 stays 0.0."""

    def later(self, seconds: float, call: Callable[[], None]) -> Callable[[], None]:
        """Call once after `seconds`; returns what cancels it."""

    def open_stream(
        self, path: str, query: dict[str, str], sink: WatchSink, printer: Printer | None = None
    ) -> Closeable:
        """Open a watch, of Tables for a `printer`."""

    def open_page(
        self,
        kind: Kind,
        path: str,
        query: dict[str, str],
        done: Callable[[r.Page | EdgetuiError], None],
        printer: Printer | None = None,
    ) -> Closeable:
        """Ask for one page of a LIST, as a Table for a `printer`."""


def _nothing() -> None:
    """Nobody listens."""


class Listener(msgspec.Struct, frozen=True):
    """Who hears what happens to one cluster.

    `changed` is called after any change of the link or of a freshness, `up` and `down` as the link comes and goes,
    `slept` when this machine has slept, `beat` every five seconds, and `connected` once, when the first connection is
    there and before anything but its pilot is asked for.
    """

    changed: Callable[[], None] = _nothing
    up: Callable[[], None] = _nothing
    down: Callable[[], None] = _nothing
    slept: Callable[[], None] = _nothing
    beat: Callable[[], None] = _nothing
    connected: Callable[[], None] = _nothing


class ClusterIO(WatchIO, Protocol):
    """All that the informers of one cluster need, beside WatchIO: probes, credentials, what is served."""

    def probe(
        self, timeout: float, version: str, done: Callable[[EdgetuiError | None], None], *, dials: bool = True
    ) -> Closeable:
        """Ask for something small. `version` is the newest we hold, to find out whether the server is behind it.

        Unless it `dials`, a connection that proves to be alive will do.
        """

    def refresh(self, done: Callable[[r.Refreshed], None]) -> None:
        """Renew the credentials."""

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        """The kind in a version of its API that the server serves; None if there is none, or it does not say."""

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        """The namespaces that may be listed, or those that are configured."""
