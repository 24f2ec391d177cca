"""What is told of a collection, and when it is worth telling again."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.freshness import Sync
from tests.unit.cluster.reflector_samples import NOW, Fixed, sample


@pytest.mark.parametrize(("since", "told"), [(0.0, False), (4.9, False), (5.0, True), (60.0, True)])
def test_that_rows_are_current_is_told_again_after_five_seconds(since: float, told: bool) -> None:
    shown = r.SetFreshness(Sync.LIVE, NOW - since, "")
    state = replace(sample(r.Phase.WATCHING), shown=shown)
    after, effects = step(state, r.Heard(), NOW, Fixed())
    now = r.SetFreshness(Sync.LIVE, NOW, "")
    assert effects == ((now,) if told else ())
    assert after.shown == (now if told else shown)


@pytest.mark.parametrize(
    "shown", [None, r.SetFreshness(Sync.STALE, NOW, ""), r.SetFreshness(Sync.LIVE, NOW, "another")]
)
def test_what_is_another_is_told_at_once(shown: r.SetFreshness | None) -> None:
    state = replace(sample(r.Phase.WATCHING), shown=shown)
    _, effects = step(state, r.Heard(), NOW, Fixed())
    assert effects == (r.SetFreshness(Sync.LIVE, NOW, ""),)


@pytest.mark.parametrize(("proven", "kept"), [(NOW - 99.0, NOW - 30.0), (NOW - 1.0, NOW - 1.0)])
def test_rows_that_are_no_longer_current_are_as_old_as_their_last_proof(proven: float, kept: float) -> None:
    state = replace(sample(r.Phase.WATCHING), proven=proven)
    after, _ = step(state, r.StreamEnded(clean=False), NOW, Fixed())
    assert after.proven == kept
    again, _ = step(after, r.Reinit("restored"), NOW + 5.0, Fixed())
    assert again.proven == kept


def test_a_version_of_an_earlier_run_counts_only_before_anything_was_opened() -> None:
    waiting = replace(sample(r.Phase.WAITING), synced=False, rv="")
    found, _ = step(waiting, r.Recalled("90", rows=12, thin=True), NOW, Fixed())
    assert (found.rv, found.unproven, found.rows, found.thin, found.lapsed) == ("90", True, 12, True, True)
    later = replace(sample(r.Phase.STREAMING), rv="50")
    found, _ = step(later, r.Recalled("90", rows=12, thin=True), NOW, Fixed())
    assert (found.rv, found.unproven, found.rows, found.thin, found.synced) == ("50", False, 0, False, True)
    for known in (replace(waiting, synced=True), replace(waiting, verdict=Sync.ABSENT)):
        assert step(known, r.Recalled("90"), NOW, Fixed())[0].rv == ""
