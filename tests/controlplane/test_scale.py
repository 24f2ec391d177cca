"""Scaling on a real control plane: its controllers answer, its conflicts are real."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.messages import Cancelled, Changed, Refusal
from edgetui.actions.scaling import scale
from edgetui.cluster.errors import Forbidden
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow

from . import workloads as w
from .acting import Acting, connected, named, watched
from .cluster import ControlPlane
from .commanding import Command
from .waiting import eventually

APPS = "/apis/apps/v1/namespaces/{}/{}/{}"


def get(cluster: ControlPlane, namespace: str, name: str, plural: str = "deployments") -> dict[str, Any]:
    return dict(cluster.api.get(APPS.format(namespace, plural, name)))


def settled(
    cluster: ControlPlane, namespace: str, name: str, replicas: int, plural: str = "deployments"
) -> None:
    """Wait until the controllers have nothing more to do."""

    def ready() -> bool:
        there = get(cluster, namespace, name, plural)
        status = there.get("status", {})
        observed = status.get("observedGeneration") == there["metadata"]["generation"]
        return observed and status.get("readyReplicas", 0) == replicas == status.get("replicas", 0)

    eventually(ready, within=30, what=f"{plural}/{name} at {replicas}")


async def test_the_controllers_make_six(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        assert (view.desired, view.current, view.ready, view.owner) == (3, 3, 3, "")
        receipt = await scale.perform(acting.gate, session, view, 6, wait=30)
    assert receipt.ok, receipt.lines
    assert get(cluster, namespace, "press")["status"]["readyReplicas"] == 6
    assert acting.plans[0].diff == ("- replicas: 3", "+ replicas: 6")
    assert f"press in {namespace} on {session.name}" in acting.plans[0].title
    events = [(record["event"], record.get("result")) for record in acting.audit]
    assert events == [("intent", None), ("result", "done"), ("outcome", "reached")]
    assert acting.audit[0]["before"]["replicas"] == 3
    assert acting.audit[0]["object"] == {"kind": "Deployment", "namespace": namespace, "name": "press"}
    assert acting.log.verify().broken == ()


async def test_a_stateful_set_down_and_to_zero(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    cluster.create(namespace, w.statefulset("camera"))
    settled(cluster, namespace, "camera", 3, "statefulsets")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "StatefulSet", namespace, "camera"))
        assert any("stops every pod" in line for line in view.warnings(0))
        receipt = await scale.perform(acting.gate, session, view, 0, wait=30)
    assert receipt.ok, receipt.lines
    assert get(cluster, namespace, "camera", "statefulsets")["spec"]["replicas"] == 0


async def test_on_a_live_session_the_row_under_the_cursor_is_scaled(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)
    async with watched(cluster.kubeconfig(), "Deployment", "HorizontalPodAutoscaler") as session:
        row = session.store.get("Deployment", namespace, "press")
        assert row is not None
        key = ObjectKey(session.name, "Deployment", namespace, "press")
        view = await scale.prepare(session, ObjectRef(key, row.uid, row.resource_version))
        receipt = await scale.perform(acting.gate, session, view, 6, wait=30)
        assert receipt.ok, receipt.lines
        seen = session.store.get("Deployment", namespace, "press")
        assert isinstance(seen, DeploymentRow)
        assert seen.ready == 6


async def test_a_changed_spec_is_shown_again_and_not_overwritten(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)
    acting.meanwhile = lambda: cluster.kubectl("scale", "deployment/press", "--replicas=4", "-n", namespace)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        with pytest.raises(Changed) as changed:
            await scale.perform(acting.gate, session, view, 6, wait=30)
        assert changed.value.view.desired == 4
        assert get(cluster, namespace, "press")["spec"]["replicas"] == 4
        assert acting.writes == ["refused"]
        acting.meanwhile = lambda: None
        receipt = await scale.perform(acting.gate, session, changed.value.view, 6, wait=30)
    assert receipt.ok, receipt.lines


async def test_a_version_that_only_status_or_labels_moved_is_no_obstacle(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)
    labels = iter(range(9))

    def move() -> None:
        cluster.kubectl("label", "--overwrite", "deployment/press", f"shift={next(labels)}", "-n", namespace)

    acting.meanwhile = move
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        move()
        receipt = await scale.perform(acting.gate, session, view, 4, wait=30)
    assert receipt.ok, receipt.lines
    assert acting.writes == ["refused", "done"]


async def test_another_object_of_the_same_name_is_left_alone(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)

    def replace() -> None:
        cluster.kubectl("delete", "deployment/press", "--wait", "-n", namespace)
        cluster.create(namespace, w.deployment("press", replicas=1))

    acting.meanwhile = replace
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        with pytest.raises(Refusal, match="has its name now"):
            await scale.perform(acting.gate, session, view, 6, wait=30)
        assert acting.writes == ["refused"]
        with pytest.raises(Refusal, match="has its name now"):
            await scale.prepare(session, view.ref)
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 1


async def test_a_replica_set_points_to_its_owner(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    settled(cluster, namespace, "press", 1)
    (owned,) = cluster.api.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets")["items"]
    async with connected(cluster.kubeconfig()) as session:
        with pytest.raises(Refusal) as refused:
            await scale.prepare(session, named(session, "ReplicaSet", namespace, owned["metadata"]["name"]))
    assert "Scale deployment press" in refused.value.next_step


async def test_below_the_autoscalers_minimum_it_is_warned_and_put_back(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"), w.autoscaler("press", low=3, high=5))
    settled(cluster, namespace, "press", 3)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        assert view.owner == "autoscaler press, 3 to 5"
        assert "puts it back to its minimum 3" in view.warnings(1)[0]
        receipt = await scale.perform(acting.gate, session, view, 1, wait=30)
    assert not receipt.ok
    assert not receipt.pending
    assert "set to 3 by autoscaler press" in receipt.lines[0]
    assert acting.plans[0].warnings == view.warnings(1)
    settled(cluster, namespace, "press", 3)


async def test_the_missing_right_is_named_and_nothing_is_sent(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    acting = Acting(tmp_path)
    viewer = cluster.service_account_kubeconfig(namespace, "viewer", role="view")
    async with connected(viewer) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        with pytest.raises(Refusal, match="may not update deployments/scale"):
            await scale.perform(acting.gate, session, view, 2, wait=30)
    async with connected(cluster.kubeconfig("bob")) as session:
        with pytest.raises(Forbidden):
            await scale.prepare(session, named(session, "Deployment", namespace, "press"))
    assert [record["result"] for record in acting.audit] == ["refused"]


async def test_what_the_gate_refuses_does_not_reach_the_cluster(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    settled(cluster, namespace, "press", 1)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        with pytest.raises(Refusal, match="read-only"):
            await scale.perform(Acting(tmp_path, read_only=True).gate, session, view, 2, wait=30)
        with pytest.raises(Cancelled):
            await scale.perform(Acting(tmp_path, answer=False).gate, session, view, 2, wait=30)
        (tmp_path / "no").mkdir()
        (tmp_path / "no" / "state").write_text("in the way of the record")
        with pytest.raises(Refusal, match="audit record"):
            await scale.perform(Acting(tmp_path / "no").gate, session, view, 2, wait=30)
        with pytest.raises(Refusal, match="not a number of replicas"):
            await scale.perform(Acting(tmp_path).gate, session, view, -1, wait=30)
    assert get(cluster, namespace, "press")["metadata"]["generation"] == 1


async def test_pods_that_cannot_start_leave_it_accepted_but_not_reached(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", f"{w.REGISTRY}/bad:1", replicas=1))
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        receipt = await scale.perform(acting.gate, session, view, 2, wait=2)
    assert (receipt.ok, receipt.pending) == (False, True)
    assert "0 of 2 ready" in receipt.lines[0]
    assert "not found" in receipt.lines[1]
    assert acting.audit[-1]["result"] == "pending"


async def test_an_object_seen_by_another_version_of_itself_is_found_by_uid(
    cluster: ControlPlane, namespace: str
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    there = get(cluster, namespace, "press")
    async with connected(cluster.kubeconfig()) as session:
        named_now = named(session, "Deployment", namespace, "press")
        shown = ObjectRef(named_now.key, there["metadata"]["uid"], "1")
        view = await scale.prepare(session, shown)
    assert view.ref.uid == there["metadata"]["uid"]
    assert view.ref.resource_version != "1"


def test_the_command(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    command: Command,
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    settled(cluster, namespace, "press", 1)

    code, found, _ = command("scale", "deploy/press", "3")
    assert (code, found["outcome"]) == (1, "refused")
    assert "--yes" in found["error"]["next_step"]

    code, found, shown = command("scale", "deploy/press", "3", "--dry-run")
    assert (code, found["outcome"], found["plan"]["diff"]) == (
        0,
        "dry-run",
        ["- replicas: 1", "+ replicas: 3"],
    )
    assert "+ replicas: 3" in shown
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 1

    code, found, _ = command.agreed("scale", "deploy/press", "3")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", 3)
    assert get(cluster, namespace, "press")["status"]["readyReplicas"] == 3
    records = [json.loads(line) for line in (tmp_path / "edgetui" / "audit.jsonl").read_text().splitlines()]
    assert [one.get("result") for one in records] == ["refused", None, "done", "reached"]

    code, found, _ = command.agreed("scale", "deploy/press", "2", "--no-wait")
    assert (code, found["outcome"]) == (0, "pending")

    code, found, _ = command.agreed("scale", "deploy/none", "2")
    assert (code, found["error"]["sentence"]) == (1, f"There is no deployment none in {namespace} on plant.")

    cluster.kubectl("set", "image", "deployment/press", "app=registry.local/bad:1", "-n", namespace)
    code, found, _ = command.agreed("scale", "deploy/press", "5", "--timeout", "2")
    assert (code, found["outcome"]) == (3, "pending")


def test_a_command_needs_one_usable_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found, _ = Command(capsys)("scale", "deploy/press", "3", "--kubeconfig", str(tmp_path / "none"))
    assert (code, found["ok"]) == (2, False)
    assert found["error"]["sentence"]
