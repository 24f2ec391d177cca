"""Which version of its API a kind is read in, where the server does not serve the newest."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.errors import NotFound
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Watcher
from edgetui.model.kinds.base import Kind


class VersionChoice:
    """Which version of its API a kind is read in once the server has answered 404 to one.

    One question for all watchers of a kind; `adopt` is called with the version to go on with.
    """

    def __init__(
        self, served: Callable[[str, Callable[[Kind | None], None]], None], adopt: Callable[[Kind], None]
    ) -> None:
        self._served = served
        self._adopt = adopt
        self._waiting: list[tuple[Watcher, NotFound]] = []

    def unserved(self, watcher: Watcher, error: NotFound) -> bool:
        """Look for another version of the kind of this watcher; False if there is none that could be read."""
        if not watcher.kind.older:
            return False
        self._waiting.append((watcher, error))
        if len(self._waiting) == 1:
            self._served(watcher.kind.id, self._found)
        return True

    def _found(self, kind: Kind | None) -> None:
        waiting, self._waiting = self._waiting, []
        if kind is not None and kind.version != waiting[0][0].kind.version:
            self._adopt(kind)
            return
        for watcher, error in waiting:
            watcher.feed(r.Failed(error))
