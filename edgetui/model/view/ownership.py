"""What owns an object, and what it owns in turn, as far as the rows of its cluster tell."""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.cache.store import MOST_OWNERS, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import POD, PodRow

MOST_CHILDREN = 20
"""Objects of one owner that are told of; the others are counted."""
DEEPEST = 4


class Owner(NamedTuple):
    """One step of the chain of owners: the id of its kind, its name, and since when there is one of its uid (Unix s).

    `note` says what is known otherwise: that it is gone, may not be read, or was not asked for.
    """

    kind: str
    name: str
    created: int = 0
    note: str = ""


class Owned(NamedTuple):
    """An object that another one controls: the id of its kind, its row, what it controls itself, and how many more."""

    kind: str
    row: Row
    children: tuple[Owned, ...] = ()
    more: int = 0


def owners_known(store: Store, row: Row) -> tuple[Owner, ...]:
    """The chain of controllers, the nearest first; the last is only named where its row is not known here."""
    found: list[Owner] = []
    seen = {row.uid}
    for kind, owner in store.owners(row.owner_uid) if row.owner_uid else ():
        if owner.uid in seen:
            return tuple(found)  # a chain that leads back to itself
        seen.add(owner.uid)
        found.append(Owner(kind, owner.name, owner.created))
        row = owner
    if row.owner_kind and len(found) < MOST_OWNERS:
        found.append(Owner(row.owner_kind, row.owner_name, 0, "not seen here"))
    return tuple(found)


def owned_known(store: Store, uid: str) -> tuple[tuple[Owned, ...], int]:
    """What an object controls, as a tree, the newest first; and how many more it controls than are told of."""
    return _owned(store, uid, DEEPEST, {uid})


def _owned(store: Store, uid: str, deep: int, seen: set[str]) -> tuple[tuple[Owned, ...], int]:
    rows = [row for row in store.owned_by(uid) if row.uid not in seen] if uid and deep else []
    rows.sort(key=lambda row: (-row.created, row.name))
    found = []
    for row in rows[:MOST_CHILDREN]:
        children, more = _owned(store, row.uid, deep - 1, {*seen, row.uid})
        found.append(Owned(_kind(store, row), row, children, more))
    return tuple(found), max(len(rows) - MOST_CHILDREN, 0)


def _kind(store: Store, row: Row) -> str:
    """The id of the kind of a row that somebody owns."""
    if isinstance(row, PodRow):
        return POD
    known = store.owner(row.uid)
    if known is not None:
        return known[0]
    return next((id for id in store.heard() if store.get(id, row.namespace, row.name) is row), "")
