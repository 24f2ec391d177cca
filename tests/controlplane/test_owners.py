"""Who reverts a change, and progressive delivery: their kinds on a real API server, their statuses as recorded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.model.kinds.canary import CanaryRow
from edgetui.model.kinds.rollout import ArgoRolloutRow

from . import workloads as w
from .acting import until, watched
from .api import ApiError
from .cluster import ControlPlane
from .commanding import Command
from .delivery import (
    ABORTED,
    APPLICATIONS,
    CANARIES,
    HASH,
    KUSTOMIZATIONS,
    define_all,
    observe,
    template,
    waiting_canary,
)
from .workloads import PATHS

Json = dict[str, Any]


@pytest.fixture(scope="module", autouse=True)
def served(cluster: ControlPlane) -> Iterator[None]:
    made = define_all(cluster)
    yield
    for path in made:
        cluster.api.delete(path)


def press(
    cluster: ControlPlane, namespace: str, labels: Json | None = None, notes: Json | None = None
) -> str:
    """A deployment with such marks; its path."""
    made = w.deployment("press", replicas=1)
    made["metadata"] |= {"labels": labels or {}, "annotations": notes or {}}
    cluster.create(namespace, made)
    return f"{PATHS['Deployment'].format(namespace)}/press"


def flux(cluster: ControlPlane, namespace: str) -> str:
    """A Kustomization that applies the deployment; its path."""
    press(
        cluster,
        namespace,
        {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": namespace},
    )
    path = KUSTOMIZATIONS.format(namespace)
    made = {"metadata": {"name": "apps"}, "spec": {"interval": "10m0s", "path": "./apps"}}
    kind = {"apiVersion": "kustomize.toolkit.fluxcd.io/v1", "kind": "Kustomization"}
    cluster.api.create(path, kind | made)
    return f"{path}/apps"


def test_flux_is_told_of_paused_and_resumed_by_undo(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    path = flux(cluster, namespace)
    within = f"Flux Kustomization {namespace}/apps will bring its own version back within 10m."
    scaled = command.agreed("scale", "deploy/press", "2")
    assert (scaled.code, scaled.found["data"]["owners"][0]) == (0, within)
    assert "edgetui owner-pause deployment/press" in scaled.found["lines"][-1]
    paused = command.agreed("owner-pause", "deploy/press")
    assert paused.code == 0, paused
    assert cluster.api.get(path)["spec"] == {"interval": "10m0s", "path": "./apps", "suspend": True}
    again = command.agreed("scale", "deploy/press", "3")
    assert again.found["data"]["owners"] == [
        f"Flux Kustomization {namespace}/apps is suspended: it reverts nothing until it is resumed."
    ]
    assert command.agreed("undo", "deploy/press").code == 0  # the scale
    assert command.agreed("undo", "deploy/press").code == 0
    assert cluster.api.get(path)["spec"]["suspend"] is False


def test_who_may_not_read_the_owner_is_told_so_and_offered_nothing(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    flux(cluster, namespace)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    file = cluster.service_account_kubeconfig(namespace, "kim", role="edit")
    said = Command(capsys, "--kubeconfig", str(file), "-n", namespace).agreed("scale", "deploy/press", "2")
    assert said.code == 0, said
    assert said.found["data"]["owners"] == [
        f"Flux Kustomization {namespace}/apps will bring its own version back; when, or whether it is suspended, is "
        "not known (you may not read it)."
    ]


def test_argo_cd_loses_its_automated_sync_and_gets_all_of_it_back(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    press(
        cluster,
        namespace,
        notes={"argocd.argoproj.io/tracking-id": f"plant:apps/Deployment:{namespace}/press"},
    )
    path, automated = APPLICATIONS.format(namespace), {"prune": True, "selfHeal": True}
    made = {
        "metadata": {"name": "plant"},
        "spec": {"syncPolicy": {"automated": automated, "syncOptions": ["a=b"]}},
    }
    cluster.api.create(path, {"apiVersion": "argoproj.io/v1alpha1", "kind": "Application"} | made)
    scaled = command.agreed("scale", "deploy/press", "2")
    assert scaled.found["data"]["owners"][0] == (
        "Argo CD Application plant will bring its own version back in seconds: it self-heals."
    )
    assert command.agreed("owner-pause", "deploy/press").code == 0
    assert cluster.api.get(f"{path}/plant")["spec"]["syncPolicy"] == {"syncOptions": ["a=b"]}
    assert command.agreed("undo", "deploy/press").code == 0
    assert cluster.api.get(f"{path}/plant")["spec"]["syncPolicy"]["automated"] == automated


@pytest.fixture
def canary(cluster: ControlPlane, namespace: str) -> str:
    """A Rollout that waits at its second step, with the ReplicaSets of both revisions; its path."""
    return waiting_canary(cluster, namespace, template("press:1"), template("press:2", MODE="new"))


def test_a_promotion_clears_the_pause_in_the_status_and_nothing_else(
    cluster: ControlPlane, canary: str, command: Command
) -> None:
    before = cluster.api.get(canary)
    said = command.agreed("promote", "ro/press", "--no-wait")
    assert said.code == 0, said
    now = cluster.api.get(canary)
    assert now["spec"] == before["spec"]
    assert now["metadata"]["generation"] == before["metadata"]["generation"]
    gone = {name: value for name, value in before["status"].items() if name != "pauseConditions"}
    assert now["status"] == gone
    observe(
        cluster,
        canary,
        {"currentStepIndex": 2, "controllerPause": False, "phase": "Progressing", "message": "x"},
    )
    assert command.agreed("promote", "ro/press", "--no-wait").code == 0
    assert cluster.api.get(canary)["status"]["currentStepIndex"] == 3


def test_an_abort_a_retry_and_a_full_promotion(cluster: ControlPlane, canary: str, command: Command) -> None:
    assert command.agreed("abort", "ro/press", "--no-wait").code == 0
    assert cluster.api.get(canary)["status"]["abort"] is True
    observe(cluster, canary, ABORTED)
    again = command.agreed("abort", "ro/press")
    assert "is aborted already" in again.found["lines"][0]
    refused = command.agreed("promote", "ro/press")
    assert "is aborted: there is nothing to promote" in refused.found["error"]["sentence"]
    assert command.agreed("rollout-retry", "ro/press", "--no-wait").code == 0
    assert cluster.api.get(canary)["status"]["abort"] is False
    assert command.agreed("promote-full", "ro/press", "--no-wait").code == 0
    assert cluster.api.get(canary)["status"]["promoteFull"] is True


def test_a_roll_back_puts_the_whole_template_of_the_stable_revision_back(
    cluster: ControlPlane, namespace: str, canary: str, command: Command
) -> None:
    observe(cluster, canary, ABORTED | {"abort": True})
    said = command.agreed("rollout-undo", "ro/press", "--no-wait")
    assert said.code == 0, said
    now = cluster.api.get(canary)["spec"]["template"]
    kept = cluster.api.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets/press-6d")["spec"]["template"]
    del kept["metadata"]["labels"][HASH]  # as kubectl argo rollouts undo does
    assert now == kept
    assert "env" not in now["spec"]["containers"][0]
    refused = command.agreed("undo", "ro/press")  # back to what is not known to have worked
    assert (refused.code, "is not stable" in refused.found["error"]["sentence"]) == (1, True)
    assert command.agreed("rollout-pause", "ro/press").code == 0
    assert cluster.api.get(canary)["spec"]["paused"] is True
    assert command.agreed("undo", "ro/press").code == 0
    assert not cluster.api.get(canary)["spec"].get("paused")


def test_a_version_that_moved_on_in_the_status_is_not_promoted_unseen(
    cluster: ControlPlane, canary: str, command: Command
) -> None:
    """The controller has gone on to another step between the look and the write: that is another question."""
    with pytest.raises(ApiError, match="409"):
        stale = cluster.api.get(canary)["metadata"]["resourceVersion"]
        observe(cluster, canary, {"currentStepIndex": 3})
        cluster.api.patch(
            f"{canary}/status", {"metadata": {"resourceVersion": stale}, "status": {"abort": True}}
        )


async def test_rows_follow_the_statuses(cluster: ControlPlane, namespace: str, canary: str) -> None:
    kind = {"apiVersion": "flagger.app/v1beta1", "kind": "Canary"}
    target = {"targetRef": {"kind": "Deployment", "name": "press"}, "analysis": {"threshold": 5}}
    cluster.api.create(CANARIES.format(namespace), kind | {"metadata": {"name": "press"}, "spec": target})
    status = {"phase": "Progressing", "canaryWeight": 20, "failedChecks": 1}
    cluster.api.patch(f"{CANARIES.format(namespace)}/press/status", {"status": status})
    async with watched(cluster.kubeconfig(), "Rollout", "Canary") as session:

        def row() -> ArgoRolloutRow:
            found = session.store.get("Rollout", namespace, "press")
            assert isinstance(found, ArgoRolloutRow)
            return found

        assert (row().kubectl, row().step, row().steps, row().weight) == (
            "Paused - CanaryPauseStep",
            1,
            4,
            20,
        )
        seen = session.store.get("Canary", namespace, "press")
        assert isinstance(seen, CanaryRow)
        assert (seen.words, seen.failed, seen.threshold) == ("Progressing, 20 %", 1, 5)
        observe(cluster, canary, ABORTED | {"abort": True})
        await until(lambda: row().aborted, within=10, what="the abort is in the row")
        assert row().weight == 0
