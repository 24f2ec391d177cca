"""A Rollout as Argo's controller leaves it: what `kubectl argo rollouts` says of it, its step, weight and analysis."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.kinds.rollout import ROLLOUT, ArgoRolloutRow
from edgetui.model.panes import PANES
from edgetui.model.panes.base import BAD, FINE, UNSURE, WATCH
from edgetui.model.resources.served import Resource

from . import factories as f

Json = dict[str, Any]
STEPS = [
    {"setWeight": 20},
    {"pause": {}},
    {"setWeight": 60},
    {"pause": {"duration": "10m"}},
    {"analysis": {}},
]


def rollout(status: Json | None = None, generation: int = 4, notes: Json | None = None, **spec: Any) -> Json:
    """A canary Rollout of five steps; `status` as its controller writes it, over one that is paused at step 1."""
    metadata = f.meta("Rollout", "press", "line-2", generation=generation, annotations=notes or {})
    template = {"spec": {"containers": [{"name": "app", "image": "press:2"}]}}
    found = {
        "observedGeneration": str(generation),
        "phase": "Paused",
        "message": "CanaryPauseStep",
        "currentStepIndex": 1,
        "stableRS": "6d",
        "currentPodHash": "7f",
        "controllerPause": True,
        "pauseConditions": [{"reason": "CanaryPauseStep", "startTime": f.stamp(f.NOW - 90)}],
        "replicas": 5,
        "updatedReplicas": 1,
        "readyReplicas": 5,
        "availableReplicas": 5,
    }
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": metadata,
        "spec": {"replicas": 5, "strategy": {"canary": {"steps": STEPS}}, "template": template} | spec,
        "status": {name: value for name, value in (found | (status or {})).items() if value is not None},
    }


def row(*args: Any, **more: Any) -> ArgoRolloutRow:
    made = row_of(ROLLOUT, rollout(*args, **more))
    assert isinstance(made, ArgoRolloutRow)
    return made


HEALTHY = {
    "phase": "Healthy",
    "message": None,
    "currentStepIndex": 5,
    "stableRS": "7f",
    "controllerPause": None,
    "pauseConditions": None,
    "updatedReplicas": 5,
}
ABORTED = {
    "phase": "Degraded",
    "message": "RolloutAborted: Rollout aborted update to revision 2",
    "abort": True,
    "currentStepIndex": 0,
    "controllerPause": None,
    "pauseConditions": None,
    "updatedReplicas": None,
}
MORE = "more replicas need to be updated"
GONE: Json = {"controllerPause": None, "pauseConditions": None}
MOVING = {"phase": "Progressing", "message": MORE, **GONE}
RUNS = {"currentStepAnalysisRunStatus": {"name": "press-7f-2-4", "status": "Running"}}


@pytest.mark.parametrize(
    ("status", "spec", "kubectl", "severity", "words", "sentence"),
    [
        (
            {},
            {},
            "Paused - CanaryPauseStep",
            WATCH,
            "paused 1/5 20%",
            "paused by its step (pause until promoted)",
        ),
        (HEALTHY, {}, "Healthy", FINE, "healthy", ""),
        (HEALTHY, {"replicas": 0}, "Healthy", FINE, "scaled to 0", ""),
        (
            ABORTED,
            {},
            "Degraded - RolloutAborted: Rollout aborted update to revision 2",
            BAD,
            "aborted",
            "aborted: the stable revision serves, the template is still the new one; roll back to finish, or retry "
            "(RolloutAborted: Rollout aborted update to revision 2)",
        ),
        (
            {"phase": "Degraded", "message": "ProgressDeadlineExceeded: timed out", **GONE},
            {},
            "Degraded - ProgressDeadlineExceeded: timed out",
            BAD,
            "degraded",
            "ProgressDeadlineExceeded: timed out",
        ),
        (MOVING | {"currentStepIndex": 2}, {}, f"Progressing - {MORE}", WATCH, "progressing 2/5 60%", MORE),
        (
            {"pauseConditions": None},
            {},
            "Progressing - waiting for rollout to unpause",
            WATCH,
            "progressing 1/5 20%",
            "waiting for rollout to unpause",
        ),
        (
            {"observedGeneration": "3"},
            {},
            "Progressing - waiting for rollout spec update to be observed",
            WATCH,
            "progressing 1/5 20%",
            "waiting for rollout spec update to be observed",
        ),
        (
            {"message": "manually paused", "controllerPause": None, "pauseConditions": None},
            {"paused": True},
            "Paused - manually paused",
            WATCH,
            "paused 1/5 20%",
            "paused by spec.paused, until it is resumed",
        ),
        (
            {
                "message": "BlueGreenPause",
                "pauseConditions": [{"reason": "BlueGreenPause"}],
                "currentStepIndex": None,
            },
            {"strategy": {"blueGreen": {"activeService": "press"}}},
            "Paused - BlueGreenPause",
            WATCH,
            "paused",
            "paused by its strategy (blue-green), until it is promoted",
        ),
        (
            MOVING | {"currentStepIndex": 4, "canary": RUNS},
            {},
            f"Progressing - {MORE}",
            WATCH,
            "progressing 4/5 60%",
            "press-7f-2-4 Running",
        ),
        (
            {
                name: None
                for name in ("phase", "message", "observedGeneration", "controllerPause", "pauseConditions")
            },
            {},
            "",
            UNSURE,
            "no phase yet",
            "its controller has said nothing of it: does Argo Rollouts run?",
        ),
    ],
)
def test_what_is_said_of_it(
    status: Json, spec: Json, kubectl: str, severity: int, words: str, sentence: str
) -> None:
    made = row(status, **spec)
    assert made.kubectl == kubectl
    store = Store("plant")
    store.replace(ROLLOUT, [made])
    store.set_freshness(ROLLOUT, Freshness(Sync.LIVE, heard=f.NOW))
    pane = PANES["rollouts"]
    shown = pane.build(store, ROLLOUT, made, f.NOW)
    assert (shown.severity, pane.value(shown, "state").words, pane.value(shown, "reason")) == (
        severity,
        words,
        sentence,
    )
    assert pane.value(shown, "message") == kubectl
    assert PANES.of(ROLLOUT) is pane


@pytest.mark.parametrize(
    ("index", "weight", "doing"),
    [
        (0, 20, "setWeight 20"),
        (1, 20, "pause until promoted"),
        (2, 60, "setWeight 60"),
        (3, 60, "pause 10m"),
        (4, 60, "analysis"),
        (5, 100, ""),
    ],
)
def test_the_weight_is_that_of_the_last_step_that_set_one(index: int, weight: int, doing: str) -> None:
    made = row({"currentStepIndex": index})
    assert (made.step, made.steps, made.weight, made.doing) == (index, 5, weight, doing)


def test_a_template_of_another_object() -> None:
    made = row(workloadRef={"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}, template=None)
    assert (made.workload, made.images) == ("deployment press", ())
    stale = row(
        {"workloadObservedGeneration": "2"},
        notes={"rollout.argoproj.io/workload-generation": "3"},
        workloadRef={"kind": "Deployment", "name": "press"},
    )
    assert stale.kubectl.endswith("observed for the reference workload")


def test_odd_statuses_cost_themselves_only() -> None:
    assert row({"currentStepIndex": -3}).step == 0
    assert row({"currentStepIndex": 99}).step == 5
    assert row({"observedGeneration": "6b5c"}).phase == "Paused"  # the hash of a controller before 0.10
    assert row({"phase": 3}).phase == ""
    assert row(strategy={"canary": {}}).step is None


def test_its_page_says_what_holds_it() -> None:
    facts = KINDS[ROLLOUT].facts
    assert facts is not None
    told = {one.label: one.text for one in facts(row(), f.NOW)}
    assert told["step"] == "1 of 5 done, now pause until promoted"
    assert told["paused"] == "by its controller for 1m30s: CanaryPauseStep"
    assert told["stable"] == "6d, newest 7f"
    assert told["weight"] == "20 % set for the new revision"


def test_a_cluster_that_does_not_serve_them_has_no_such_rows() -> None:
    store, pane = Store("plant"), PANES["rollouts"]
    assert ROLLOUT not in pane.kinds_in(store)
    assert not pane.on_demand
    served = Resource(
        group="argoproj.io", version="v1alpha1", plural="rollouts", kind=ROLLOUT, namespaced=True
    )
    found = kind_of(served)
    store.kinds.replace_discovered({found.id: found})
    assert ROLLOUT in pane.kinds_in(store)
