"""Which nodes `:unplug` is about: those that are named, the marked ones, or the one under the cursor or in front."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD, PodRow

_BETWEEN = re.compile(r"[,\s]+")


class Nodes(NamedTuple):
    """Nodes of one cluster; none, and why, where it is not clear which."""

    cluster: str = ""
    names: tuple[str, ...] = ()
    why_not: str = ""


def node_names(stores: Iterable[Store]) -> list[str]:
    """The names of every node, sorted."""
    return sorted({row.name for store in stores for row in store.rows(NODE)})


def meant(
    stores: Sequence[Store], typed: str, marked: Sequence[ObjectKey], cursor: ObjectKey | None
) -> Nodes:
    """The nodes that are meant; `cursor` is the object that is open or under the cursor, a pod stands for its node."""
    if names := tuple(dict.fromkeys(one for one in _BETWEEN.split(typed.strip()) if one)):
        return _named(stores, names, cursor)
    keys = [key for key in marked if key.kind == NODE] or _of_cursor(stores, cursor)
    if not keys:
        return Nodes(why_not="That is no node; :unplug NODE names one, or mark some in the nodes pane.")
    if len({key.cluster for key in keys}) > 1:
        return Nodes(why_not="The marked nodes are of several clusters; unplug is about one at a time.")
    return Nodes(keys[0].cluster, tuple(key.name for key in keys))


def _named(stores: Sequence[Store], names: tuple[str, ...], cursor: ObjectKey | None) -> Nodes:
    holding = [store.cluster for store in stores if all(store.get(NODE, "", name) for name in names)]
    if cursor is not None and cursor.cluster in holding:
        return Nodes(cursor.cluster, names)
    if len(holding) == 1:
        return Nodes(holding[0], names)
    if holding:
        return Nodes(
            why_not=f"{len(holding)} clusters have a node {names[0]}; put the cursor on a row of the one meant."
        )
    known = set(node_names(stores))
    odd = next((name for name in names if name not in known), "")
    return Nodes(why_not=f"No node {odd} is known." if odd else "No cluster has all of these nodes.")


def _of_cursor(stores: Sequence[Store], cursor: ObjectKey | None) -> list[ObjectKey]:
    if cursor is None:
        return []
    if cursor.kind == NODE:
        return [cursor]
    store = next((one for one in stores if one.cluster == cursor.cluster), None)
    row = store.get(*cursor[1:]) if store is not None and cursor.kind == POD else None
    return [ObjectKey(cursor.cluster, NODE, "", row.node)] if isinstance(row, PodRow) and row.node else []
