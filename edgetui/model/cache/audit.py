"""Is what a server's watch cache tells true to its datastore? The names of both, compared. Pure.

Names are compared as multisets: a Table of a whole cluster carries no namespaces.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from edgetui.model.text import clean, plural

NAMES_SHOWN = 3
NEXT_STEP = (
    "Compare with kubectl get, and restart the API server (on K3s: K3s itself); its watch cache may be stale."
)


class Difference(msgspec.Struct, frozen=True):
    """What differs in one collection: `ghosts` are only in the watch's rows, `missing` only in the datastore."""

    kind: str
    ghosts: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ghosts or self.missing)


def compare(kind: str, known: Iterable[str], listed: Iterable[str]) -> Difference:
    """What the rows of the watch have and the datastore's list has not, and the other way round."""
    ours, theirs = Counter(known), Counter(listed)
    return Difference(kind, _sorted(ours - theirs), _sorted(theirs - ours))


def lasting(first: Difference, second: Difference) -> Difference:
    """What two looks at the same collection both found; the rest was on its way."""
    return Difference(
        first.kind,
        _sorted(Counter(first.ghosts) & Counter(second.ghosts)),
        _sorted(Counter(first.missing) & Counter(second.missing)),
    )


def sentence(differences: Iterable[Difference]) -> str:
    """What is wrong, in one sentence; empty while nothing is."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for one in differences:
        ghosts, missing = found.setdefault(one.kind, ([], []))
        ghosts += one.ghosts
        missing += one.missing
    ghostly = [_counted(kind, ghosts) for kind, (ghosts, _) in found.items() if ghosts]
    lost = [_counted(kind, missing) for kind, (_, missing) in found.items() if missing]
    parts = []
    if ghostly:
        parts.append(f"{', '.join(ghostly)} shown here that the datastore does not have")
    if lost:
        parts.append(f"{', '.join(lost)} in the datastore that the server's watch does not tell of")
    return f"Server cache suspect: {'; '.join(parts)}." if parts else ""


def _counted(kind: str, names: list[str]) -> str:
    shown = ", ".join(clean(name, 60) for name in sorted(names)[:NAMES_SHOWN])
    more = ", …" if len(names) > NAMES_SHOWN else ""
    return f"{plural(len(names), kind)} ({shown}{more})"


def _sorted(counted: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(counted.elements()))
