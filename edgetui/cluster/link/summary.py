"""What the header says about one cluster: the link's own state, and what its kinds make of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgetui.cluster.api.denial import denied
from edgetui.cluster.api.status import no_apis
from edgetui.cluster.errors import ServerFailure, Throttled, TooManyRows
from edgetui.cluster.link import state
from edgetui.model.cache.freshness import UNHEARD, Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store

RBAC_OFF = "RBAC OFF"
CACHE_SUSPECT = "CACHE SUSPECT"
ROWS_MISSING = "ROWS MISSING"
"""There are more objects than rows are held."""


def worn(store: Store, rbac_off: bool) -> tuple[str, ...]:
    """The badges that say what was learned about the cluster."""
    badges = {RBAC_OFF: rbac_off, CACHE_SUSPECT: bool(store.cache.sentence), ROWS_MISSING: store.full}
    return tuple(badge for badge, shown in badges.items() if shown)


def told(
    s: state.State, kinds: Sequence[Freshness], waiting_for: tuple[str, str], wall: Callable[[float], float]
) -> LinkState:
    """The state in words; `since` is left to who knows what was said before.

    `kinds` is the freshness of each kind that is kept. `waiting_for` is a sentence and a next step until the first
    answer or failure, `wall` gives the Unix time of a steady one.
    """
    what, next_step = state.sentence(s)
    word = state.verdict(s)
    shown = [kind for kind in kinds if kind.sync is not Sync.HIDDEN]
    if word is Link.LIVE and shown and all(f.sync is Sync.FORBIDDEN for f in shown):
        word, (what, next_step) = Link.REFUSED, denied(f.reason for f in shown)
    elif word is Link.LIVE and shown and all(f.sync is Sync.ABSENT for f in shown):
        error = no_apis()
        word, what, next_step = Link.REFUSED, error.sentence, error.next_step
    elif word is Link.LIVE and any(f.reason == TooManyRows.SENTENCE for f in shown):
        full = TooManyRows()
        what, next_step = full.sentence, full.next_step
    elif _answers(s, word) and shown and all((f.sync in UNHEARD or f.kept) and f.reason for f in shown):
        new = " new" if any(f.kept for f in shown) else ""
        word, what = Link.CONNECTING, f"No{new} rows yet: {shown[0].reason}"
        next_step = "If it stays so, check `server:` in the kubeconfig."
    elif s.phase is state.Phase.FIRST and s.error is None:
        what, next_step = waiting_for
    heard = wall(s.heard)
    kept = [f.heard for f in shown if f.kept]
    if word is Link.CONNECTING and kept:
        word, heard = Link.STALE, max(kept)
    retry_at = wall(s.wake_at) if s.wake_at != state.NEVER and s.error is not None else 0.0
    return LinkState(link=word, heard=heard, retry_at=retry_at, sentence=what, next_step=next_step)


def _answers(s: state.State, word: Link) -> bool:
    """Whether the server is there, even if it only refuses."""
    return word is Link.LIVE or isinstance(s.error, (ServerFailure, Throttled))
