"""The guard on an Argo Rollout: its pods as those of a Deployment, its own abort, and its deadline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.labels import value_of
from edgetui.model.rollout.evidence import Look, look_at
from edgetui.model.rollout.guard import Phase, Terms
from tests.unit.model import factories as f

from .test_guard import TERMS, Running, cannot_start, crash, slow, timing_out
from .test_rollout_kind import ABORTED, HEALTHY, MOVING, rollout

Json = dict[str, Any]
KEY = ObjectKey("plant", ROLLOUT, "line-2", "press")
UNDO = Terms(TERMS.patience, TERMS.after, undo=True)
LATE = {
    **MOVING,
    "phase": "Degraded",
    "message": 'ProgressDeadlineExceeded: ReplicaSet "press-7f" has timed out',
}


def release(build: Callable[..., Json] = f.pod, status: Json | None = None, **more: Any) -> list[Json]:
    """A Rollout at its second step: four pods of its stable revision, and one that `build` makes."""
    made = rollout(status, **more)
    found = [made]
    for hash_, number, how in (("6d", 4, f.pod), ("7f", 1, build)):
        of = {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": f.meta("ReplicaSet", f"press-{hash_}", "line-2", owner=made),
        }
        labels = {"app": "press", "rollouts-pod-template-hash": hash_}
        found += [
            of,
            *(how(f"press-{hash_}-{at}", "line-2", owner=of, labels=labels) for at in range(number)),
        ]
    return found


def look(*objects: Json) -> Look:
    return look_at(f.store_of(*objects), KEY, f.uid_of("Rollout", "line-2", "press"), f.NOW)


def test_its_pods_are_known_by_its_own_label() -> None:
    made = row_of(POD, release()[2])
    assert isinstance(made, PodRow) and made.template == "6d"
    assert value_of(made, "rollouts-pod-template-hash") == "6d"


@pytest.mark.parametrize("build", [f.image_pull, crash])
def test_a_canary_that_fails_fires_while_its_step_pauses(build: Any) -> None:
    on = Running()
    assert on.see(look(*release()), 5) is Phase.WATCHING
    assert on.until_it_fires(look(*release(build))) == 60
    assert on.state.good == ("6d",)


@pytest.mark.parametrize("build", [timing_out, slow, cannot_start])
def test_what_is_no_proof_is_none_here(build: Any) -> None:
    assert Running().until_it_fires(look(*release(build))) is None


@pytest.mark.parametrize(
    ("build", "fires"), [(slow, True), (cannot_start, True), (timing_out, False), (f.pod, False)]
)
def test_past_its_deadline_a_readiness_check_that_fails_counts_and_a_slow_pull_does_not(
    build: Any, fires: bool
) -> None:
    assert (Running().until_it_fires(look(*release(build, LATE))) is not None) is fires


def test_what_its_controller_aborts_is_over_and_gets_its_template_back_only_where_that_was_agreed() -> None:
    aborted = look(*release(status=ABORTED))
    on = Running()
    assert on.see(aborted, 400) is Phase.SPENT
    assert on.state.why == "its update is aborted, the stable revision serves"
    on = Running(UNDO)
    assert on.until_it_fires(aborted) == 60
    assert on.state.evidence == ("RolloutAborted: Rollout aborted update to revision 2",)


def test_a_retry_of_what_was_aborted_by_somebody_else_is_watched_again() -> None:
    on = Running()
    assert on.see(look(*release(status=ABORTED)), 5) is Phase.SPENT
    assert on.see(look(*release()), 5) is Phase.WATCHING


def test_one_that_is_promoted_and_serves_is_done_after_a_while() -> None:
    on = Running()
    whole = look(*release(status=HEALTHY))
    assert whole.complete
    assert on.see(whole, 200) is Phase.DONE  # it had served for longer when the guard came


@pytest.mark.parametrize(
    ("status", "generation", "why"),
    [
        ({"observedGeneration": "3"}, 4, "its controller has not made the newest change yet"),
        ({"currentPodHash": None}, 4, "its controller has not made the newest change yet"),
        (
            {"phase": "Degraded", "message": "InvalidSpec: The Rollout is invalid"},
            4,
            "its controller takes its spec for invalid",
        ),
    ],
)
def test_it_is_not_judged_where_its_controller_has_not_acted(status: Json, generation: int, why: str) -> None:
    assert look(*release(f.image_pull, status, generation=generation)).why == why


def test_a_template_of_another_object_is_waited_for() -> None:
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}
    notes = {"rollout.argoproj.io/workload-generation": "8"}
    behind = release(f.image_pull, {"workloadObservedGeneration": "7"}, workloadRef=ref, notes=notes)
    assert look(*behind).why == "its controller has not made the newest change yet"
