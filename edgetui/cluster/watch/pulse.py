"""A beat every five seconds that tells how late it is.

Timers stand still while the machine sleeps and the steady clock does not: so a sleep is noticed.
"""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.watch.io import WatchIO

BEAT = 5.0


class Pulse:
    """Calls `beat` with the seconds that it is late, from `start` to `stop`."""

    def __init__(self, io: WatchIO, beat: Callable[[float], None]) -> None:
        self._io = io
        self._beat = beat
        self._due = 0.0
        self._cancel: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin, or go on."""
        self._due = self._io.now() + BEAT
        self._cancel = self._io.later(BEAT, self._fire)

    def stop(self) -> None:
        """Beat no more."""
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _fire(self) -> None:
        late = self._io.now() - self._due
        self.start()
        self._beat(late)
