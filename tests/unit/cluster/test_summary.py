"""What the header says of a link and of the kinds that are kept, over every state of both.

`pytest tests/unit/cluster/test_summary.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.link.state import Phase
from edgetui.cluster.link.summary import told, worn
from edgetui.model.cache.freshness import CacheState, Freshness, Sync
from edgetui.model.cache.store import Store
from tests.unit.cluster.reflector_fields import near
from tests.unit.cluster.reflector_samples import NOW
from tests.unit.cluster.test_link import SAMPLES
from tests.unit.cluster.test_state import ERRORS

KINDS: dict[str, list[Freshness]] = {
    "nothing shown": [],
    "hidden": [Freshness(sync=Sync.HIDDEN)],
    "live": [Freshness(sync=Sync.LIVE, heard=5.0), Freshness(sync=Sync.HIDDEN)],
    "forbidden": [Freshness(sync=Sync.FORBIDDEN, reason='User "kim" cannot list resource "pods"')] * 2,
    "one of two forbidden": [Freshness(sync=Sync.FORBIDDEN, reason="no"), Freshness(sync=Sync.LIVE)],
    "absent": [Freshness(sync=Sync.ABSENT)] * 2,
    "one of two absent": [Freshness(sync=Sync.ABSENT), Freshness(sync=Sync.LIVE)],
    "full": [Freshness(sync=Sync.STALE, reason=errors.TooManyRows.SENTENCE), Freshness(sync=Sync.LIVE)],
    "never heard, with a reason": [Freshness(sync=Sync.NEVER, reason="it is busy")] * 2,
    "never heard, without": [Freshness(sync=Sync.NEVER)],
    "one of two with a reason": [
        Freshness(sync=Sync.NEVER, reason="it is busy"),
        Freshness(sync=Sync.SYNCING),
    ],
    "of an earlier run": [
        Freshness(sync=Sync.STALE, reason="it is busy", kept=True, heard=30.0),
        Freshness(sync=Sync.STALE, reason="it is busy", kept=True, heard=40.0),
    ],
    "of an earlier run, without a reason": [Freshness(sync=Sync.STALE, kept=True, heard=30.0)],
}


@pytest.mark.parametrize("phase", Phase)
def test_what_is_said_of_a_link_and_its_kinds(phase: Phase, snapshot: SnapshotAssertion) -> None:
    lines = []
    for name, error in ERRORS.items():
        for heard in (0.0, NOW - 100.0, NOW):
            state = replace(SAMPLES[phase], error=error, heard=heard)
            for words, kinds in KINDS.items():
                found = told(state, kinds, ("Waiting.", "Sign in."), lambda steady: steady and steady + 7.0)
                parts = [
                    f"{found.link}, heard {found.heard:g}, again {found.retry_at:g}",
                    found.sentence,
                    found.next_step,
                ]
                lines.append(f"{name}, heard {near(heard)}, {words}: {' | '.join(parts)}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("rbac_off", [True, False])
@pytest.mark.parametrize("suspect", [True, False])
@pytest.mark.parametrize("full", [True, False])
def test_the_badges_that_a_cluster_wears(full: bool, suspect: bool, rbac_off: bool) -> None:
    store = Store("plant")
    store.set_cache(CacheState(sentence="Rows differ." if suspect else ""))
    store.size = 50_000 - (not full)
    badges = {"RBAC OFF": rbac_off, "CACHE SUSPECT": suspect, "ROWS MISSING": full}
    assert worn(store, rbac_off) == tuple(name for name, there in badges.items() if there)
