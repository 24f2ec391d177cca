"""What is said about a filter by labels: whose are not known, and what there is instead of one that no row has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds.base import Row
from edgetui.model.labels import known, values
from edgetui.model.panes.base import Pane
from edgetui.model.text import plural
from edgetui.model.view.filters import LabelTerm

MOST_NAMED = 4


def untold(pane: Pane, stores: Sequence[Store]) -> tuple[str, ...]:
    """The clusters whose rows here come without labels, and what brings them; nothing when all labels are known."""
    without = [
        store.cluster
        for store in stores
        if any(
            not known(row)
            for kind in pane.kinds
            if store.wire.wire is Wire.THIN or store.freshness(kind).kept
            for row in store.rows(kind)
        )
    ]
    if not without:
        return ()
    where = "" if len(stores) == 1 else f"{_listed(without, 'and')}: "
    return (f"? {where}minimal traffic brings no labels; --api-traffic full does",)


def nowhere(wanted: Sequence[LabelTerm], rows: Iterable[Row]) -> tuple[str, ...]:
    """Which wanted label no row has, and what there is instead; nothing when each of them is on some row."""
    found: dict[str, set[str]] = {}
    count = 0
    for row in rows:
        if known(row):
            count += 1
            for key, value in values(row).items():
                found.setdefault(key, set()).add(value)
    if not count:
        return ()
    for key, value, negate in wanted:
        same = {one for name, some in found.items() if name.lower() == key for one in some}
        if not negate and value not in {one.lower() for one in same}:
            none = f"  none of {plural(count, 'row')} has the label {key}={value}; esc shows all again"
            if same:
                begun = {one for one in same if one.lower().startswith(value)}
                return none, f"  {key} here is {_listed(begun or same, 'or')}"
            return none, f"  labels here: {_listed(found, 'and')}" if found else "  no row here has any label"
    return ()


def _listed(names: Iterable[str], word: str) -> str:
    """ "camera, oven or press", "camera, oven, press, weld and 3 more"."""
    ordered = sorted(one or '""' for one in names)
    if len(ordered) > MOST_NAMED:
        return f"{', '.join(ordered[:MOST_NAMED])} and {len(ordered) - MOST_NAMED} more"
    return f" {word} ".join(filter(None, (", ".join(ordered[:-1]), ordered[-1])))
