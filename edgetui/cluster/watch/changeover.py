"""Another partition for a kind whose rows are current: the new collections come into a store of their own, and take
over once they are complete. Until then nothing changes for whoever looks at the rows.
"""

from __future__ import annotations

from collections.abc import Callable

from edgetui.cluster.watch.informer import Informer
from edgetui.cluster.watch.partition import WHOLE, Partition
from edgetui.model.kinds.base import Kind


class Changeover:
    """The informers that are to take over, by kind. `keep` begins to keep one and returns what ends that."""

    def __init__(self, keep: Callable[[Informer], Callable[[], None]]) -> None:
        self._keep = keep
        self._coming: dict[str, tuple[Informer, Callable[[], None]]] = {}

    def begin(self, kind: str, informer: Informer) -> None:
        """Let this one, which has a store of its own, take over when it is complete."""
        self._coming[kind] = informer, self._keep(informer)

    def drop(self, kind: str) -> None:
        """What was to take over is not wanted any more."""
        if (coming := self._coming.pop(kind, None)) is not None:
            coming[1]()

    @property
    def ready(self) -> bool:
        """Whether any can take over."""
        return any(informer.settled for informer, _ in self._coming.values())

    def complete(self) -> list[tuple[str, Informer]]:
        """Those that can take over now; they are no longer kept here."""
        ready = [kind for kind, (informer, _) in self._coming.items() if informer.settled]
        return [(kind, self._coming.pop(kind)[0]) for kind in ready]


def partition_of(kind: Kind, *, printed: bool) -> Partition:
    """How a kind is divided; `printed` is whether the server is to print what it can print well enough."""
    if kind.discovered:
        from edgetui.cluster.watch.object_table import OBJECT_TABLES  # not needed for the first screen

        return OBJECT_TABLES
    if not printed or kind.printed is None:
        return WHOLE
    from edgetui.cluster.watch.printed import TABLES  # a quick link has no need of it

    return TABLES
