"""Why a cluster's rows are missing or old: not there, not allowed, not heard and never synced are four things."""

from __future__ import annotations

import msgspec

from edgetui.model.freshness import Sync
from edgetui.model.kinds import KINDS
from edgetui.model.store import Store
from edgetui.model.text import age


class Notice(msgspec.Struct, frozen=True):
    """Why a cluster's rows are missing or old in a view, in words."""

    cluster: str
    kind: str
    sync: Sync
    text: str


def notice(store: Store, kind: str, now: float) -> Notice | None:
    """What to say about one kind of one cluster; None while it is complete and current."""
    freshness = store.freshness(kind)
    heard = f"last heard {age(now - freshness.heard)} ago" if freshness.heard else "never heard"
    words = {
        Sync.NEVER: "nothing heard yet",
        Sync.SYNCING: "first list on its way",
        Sync.STALE: heard,
        Sync.FORBIDDEN: "not allowed",
        Sync.ABSENT: "not served by this cluster",
        Sync.HIDDEN: "not asked for",
        Sync.LIVE: "only some namespaces may be read" if freshness.partial else "",
    }[freshness.sync]
    if not words:
        return None
    return Notice(
        store.cluster, kind, freshness.sync, f"{words}: {freshness.reason}" if freshness.reason else words
    )


def kept_words(store: Store, now: float) -> str:
    """ "Rows are from 3h ago (kept on this machine)" while a cluster shows those of an earlier run, else ""."""
    shown = [freshness for kind in KINDS if (freshness := store.freshness(kind)).kept]
    if not shown:
        return ""
    heard = max(freshness.heard for freshness in shown)
    return f"Rows are from {f'{age(now - heard)} ago' if heard else 'an earlier run'} (kept on this machine)"
