"""One renewal of the credentials for all streams of a cluster that were refused with those before."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.watch.reflector.states import Refreshed
from edgetui.cluster.watch.runner import Watcher


class Renewal:
    """Renews at most once for requests that were begun with the same credentials.

    `refresh` asks for new credentials and calls back with what came of it; `now` gives steady seconds.
    """

    def __init__(
        self, refresh: Callable[[Callable[[Refreshed], None]], None], now: Callable[[], float]
    ) -> None:
        self._refresh = refresh
        self._now = now
        self._waiting: list[Watcher] = []
        self._renewed_at = 0.0

    def ask(self, watcher: Watcher) -> None:
        """The request of this watcher was refused: tell it when there are other credentials, or that there are none."""
        if watcher.asked < self._renewed_at:
            watcher.feed(Refreshed(changed=True))
            return
        self._waiting.append(watcher)
        if len(self._waiting) == 1:
            self._refresh(self._done)

    def _done(self, result: Refreshed) -> None:
        waiting, self._waiting = self._waiting, []
        if result.changed:
            self._renewed_at = self._now()
        for watcher in waiting:
            watcher.feed(result)
