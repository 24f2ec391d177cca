"""What to do when a server answers 404 to the version of an API that it was asked for: look which one it serves."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.errors import NotFound
from edgetui.cluster.reflector import states as r
from edgetui.cluster.watcher import Watcher
from edgetui.model.kinds.base import Kind

Served = Callable[[str, Callable[[Kind | None], None]], None]


class VersionChoice:
    """One question for all watchers of a kind; `adopt` is called with the version to go on with."""

    def __init__(self, served: Served, adopt: Callable[[Kind], None]) -> None:
        self._served = served
        self._adopt = adopt
        self._waiting: list[tuple[Watcher, NotFound]] = []

    def unserved(self, watcher: Watcher, error: NotFound) -> bool:
        """Look for another version of the kind of this watcher; False if there is none that could be read."""
        if not watcher.kind.older:
            return False
        self._waiting.append((watcher, error))
        if len(self._waiting) == 1:
            self._served(watcher.kind.name, self._found)
        return True

    def _found(self, kind: Kind | None) -> None:
        waiting, self._waiting = self._waiting, []
        if kind is not None and kind.version != waiting[0][0].kind.version:
            self._adopt(kind)
            return
        for watcher, error in waiting:
            watcher.feed(r.Failed(error))
