"""Guards of Argo Rollouts on a real API server with real pods; what their controller writes is as recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.rollout.guard import Phase, Terms

from . import workloads as w
from .acting import watched
from .api import Api
from .cluster import ControlPlane
from .delivery import ABORTED, CANARIES, PAUSED, define_all, observe, template, waiting_canary
from .guarding import TERMS, Trial
from .running import edgetui
from .waiting import eventually

Json = dict[str, Any]
KINDS = (ROLLOUT, "ReplicaSet", "Pod", "Node")
GOOD, BAD = f"{w.REGISTRY}/app:1.0", f"{w.REGISTRY}/bad:2.0"
HEALTHY: Json = {
    "phase": "Healthy",
    "message": None,
    "currentPodHash": "6d",
    "controllerPause": False,
    "pauseConditions": None,
    "currentStepIndex": 4,
    "updatedReplicas": 4,
}
"""What its controller makes of the stable template that is put back."""


@pytest.fixture(scope="module", autouse=True)
def served(cluster: ControlPlane) -> Iterator[None]:
    made = define_all(cluster)
    yield
    for path in made:
        cluster.api.delete(path)


def image(there: Json) -> str:
    found: str = there["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def carries_out(cluster: ControlPlane, namespace: str, path: str, undo: bool) -> Json:
    """What the controller makes of an abort, or of the stable template; the Rollout as it found it."""
    api: Api = cluster.api

    def told() -> Json | None:
        there: Json = api.get(path)
        done = image(there) == GOOD if undo else there["status"].get("abort")
        return there if done else None

    there = eventually(told, within=60, what="the guard writes", pause=0.2)
    assert there is not None
    api.patch(f"/apis/apps/v1/namespaces/{namespace}/replicasets/press-7f", {"spec": {"replicas": 0}})
    observe(cluster, path, HEALTHY if undo else ABORTED | {"abort": True})
    return there


@pytest.mark.parametrize(
    ("terms", "action"), [(TERMS, "abort"), (Terms(TERMS.patience, TERMS.after, undo=True), "rollout-undo")]
)
async def test_a_canary_whose_image_is_not_there_is_aborted_or_gets_its_template_back(
    cluster: ControlPlane, namespace: str, tmp_path: Path, terms: Terms, action: str
) -> None:
    undo = terms.undo
    path = await asyncio.to_thread(
        waiting_canary, cluster, namespace, template(GOOD), template(BAD), pods=(4, 1)
    )
    async with watched(cluster.kubeconfig(), *KINDS) as session:
        trial = await Trial.begin(session, ROLLOUT, namespace, "press", tmp_path / "audit", terms=terms)
        found, ending = await asyncio.gather(
            asyncio.to_thread(carries_out, cluster, namespace, path, undo), trial.end()
        )
    assert ending.receipt is not None and ending.receipt.ok, ending
    (write,) = trial.writes
    assert write["action"] == action
    assert write["guard"]["evidence"] == [f"image {BAD} not found (1 pod)"]
    assert write["guard"]["seconds"] >= terms.patience
    assert Phase.SUSPECT in trial.phases
    assert (image(found), found["status"].get("abort", False)) == (GOOD if undo else BAD, not undo)
    assert found["status"]["currentStepIndex"] == PAUSED["currentStepIndex"]


async def test_what_its_controller_aborts_by_itself_ends_the_guard(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    path = await asyncio.to_thread(
        waiting_canary, cluster, namespace, template(GOOD), template(GOOD, MODE="new"), pods=(4, 1)
    )
    async with watched(cluster.kubeconfig(), *KINDS) as session:
        trial = await Trial.begin(session, ROLLOUT, namespace, "press", tmp_path / "audit")
        await trial.reach(Phase.WATCHING)
        await asyncio.to_thread(observe, cluster, path, ABORTED | {"abort": True})
        ending = await trial.end()
    assert trial.writes == []
    assert "its update is aborted, the stable revision serves" in ending.sentence


def test_what_flagger_drives_is_left_to_flagger(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    kind = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary"}
    target = {"targetRef": {"kind": "Deployment", "name": "press"}, "analysis": {"threshold": 5}}
    cluster.api.create(CANARIES.format(namespace), kind | {"metadata": {"name": "press"}, "spec": target})
    config = ("--kubeconfig", cluster.kubeconfig(), "-n", namespace)
    said = edgetui("guard", "deploy/press", *config, "--yes", home=tmp_path)
    assert said.code == 1
    assert "Flagger drives deployment press" in said.err
    assert "a guard would fight it" in said.err
