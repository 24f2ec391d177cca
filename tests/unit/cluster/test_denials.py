"""A denial counts at once, but not where rows were read just before: rights and caches take a moment."""

from __future__ import annotations

import pytest

from edgetui.cluster.errors import Forbidden
from edgetui.cluster.watch.reflector.failing import DENIAL_LASTS, _denied
from edgetui.cluster.watch.reflector.states import Phase, State
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.reflector_samples import Fixed

NOW = 1_000.0


@pytest.mark.parametrize(
    ("synced", "since", "settling_until", "phase"),
    [
        (False, NOW, 0.0, Phase.FORBIDDEN),
        (True, NOW, 0.0, Phase.BACKOFF),
        (True, NOW - DENIAL_LASTS + 0.1, 0.0, Phase.BACKOFF),
        (True, NOW - DENIAL_LASTS, 0.0, Phase.FORBIDDEN),
        (False, NOW, NOW + 0.1, Phase.BACKOFF),
        (False, NOW, NOW, Phase.FORBIDDEN),
    ],
)
def test_a_denial_counts_once_it_has_lasted(
    synced: bool, since: float, settling_until: float, phase: Phase
) -> None:
    state = State(synced=synced, denied_since=since, settling_until=settling_until)
    after, _ = _denied(state, Forbidden("No.", code=403), Sync.FORBIDDEN, NOW, Fixed())
    assert after.phase is phase
