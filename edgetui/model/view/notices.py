"""What is said of rows that are those of an earlier run."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.text import age


def kept_words(store: Store, now: float) -> str:
    """ "Rows are from 3h ago (kept on this machine)" while a cluster shows those of an earlier run, else ""."""
    shown = [freshness for kind in store.heard() if (freshness := store.freshness(kind)).kept]
    if not shown:
        return ""
    heard = max(freshness.heard for freshness in shown)
    return f"Rows are from {f'{age(now - heard)} ago' if heard else 'an earlier run'} (kept on this machine)"
