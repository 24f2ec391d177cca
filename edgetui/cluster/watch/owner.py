"""What an informer needs of the cluster that it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from edgetui.cluster.api.probe import Namespaces
from edgetui.cluster.backoff import Features
from edgetui.cluster.watch.opening_queue import Opener
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Host, Watcher
from edgetui.model.kinds.base import Kind


class Owner(Host, Protocol):
    """What an informer needs of its cluster, besides what its watchers need."""

    can: Features
    in_view: Sequence[str]

    def namespaces(self, done: Callable[[Namespaces], None]) -> None:
        """Find the namespaces that are worth trying one by one."""

    def served(self, kind: str, done: Callable[[Kind | None], None]) -> None:
        """Find a version of its API in which the server serves a kind."""

    def released(self, opener: Opener, watchers: Iterable[Watcher]) -> None:
        """New watchers of a kind exist: let them open when it is their turn."""

    def concerns_all(self, watcher: Watcher, effect: r.Effect) -> None:
        """RefreshCredentials, AuthNeeded, Suspect, Rewound, NoWatchList or NoBookmarks of one watcher."""

    def changed(self) -> None:
        """The freshness of a kind changed."""
