"""Pause, resume, restart, set image, cancel and delete-stuck-pod on a real control plane, and never over an edit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import cli
from edgetui.actions.messages import Cancelled, Changed, Receipt, Refusal, Step
from edgetui.actions.rollout import cancel, delete_stuck_pod, pause, restart, rollback
from edgetui.actions.rollout import set_image as image
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .releasing import BAD, GOOD, get, release, rolled_out
from .releasing import image as image_of
from .waiting import eventually

NEW = f"{w.REGISTRY}/app:2.0"
PINNED = f"{w.REGISTRY}/app:1.0@sha256:{'ab' * 32}"
CAUSE = "kubernetes.io/change-cause"


def pods(cluster: ControlPlane, namespace: str, name: str) -> dict[str, str]:
    """The uids of the pods that are there to stay, by name."""
    found = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods?labelSelector=app={name}")["items"]
    return {
        pod["metadata"]["name"]: pod["metadata"]["uid"]
        for pod in found
        if "deletionTimestamp" not in pod["metadata"]
    }


def replica_sets(cluster: ControlPlane, namespace: str) -> int:
    return len(cluster.api.get(f"/apis/apps/v1/namespaces/{namespace}/replicasets")["items"])


def observed(cluster: ControlPlane, namespace: str) -> None:
    """Wait until the controller has seen the Deployment press as it is."""

    def seen() -> bool:
        there = get(cluster, namespace, "Deployment", "press")
        return bool(there["status"]["observedGeneration"] == there["metadata"]["generation"])

    eventually(seen, within=10, what="press is seen by its controller")


async def set_image(
    acting: Acting, session: Session, ref: ObjectRef, to: str, container: str = ""
) -> Receipt:
    view = await image.prepare(session, ref)
    return await image.perform(acting.gate, session, view, {view.container(container).name: to}, wait=30)


async def test_a_paused_deployment_rolls_nothing_out_until_it_is_resumed(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2))
    rolled_out(cluster, namespace, "Deployment", "press")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        receipt = await pause.perform(acting.gate, session, await pause.prepare(session, press), wait=30)
        assert receipt.ok, receipt.lines
        assert get(cluster, namespace, "Deployment", "press")["spec"]["paused"] is True

        receipt = await set_image(acting, session, press, NEW)
        assert receipt.ok
        assert "waits until it is resumed" in receipt.lines[0]
        observed(cluster, namespace)
        assert replica_sets(cluster, namespace) == 1
        for prepare in (partial(rollback.prepare, log=None), restart.prepare):
            with pytest.raises(Refusal, match="is paused") as refused:
                await prepare(session, press)
            assert refused.value.next_step.startswith(
                "Resume it first: edgetui resume deployment/press --kube"
            )
        same = await pause.perform(
            acting.gate, session, await pause.prepare(session, press, "pause"), wait=30
        )
        assert same.lines == ("deployment press is paused already: nothing was written.",)

        view = await pause.prepare(session, press)
        assert view.which == "resume"
        receipt = await pause.perform(acting.gate, session, view, wait=30)
    assert receipt.ok, receipt.lines
    assert f"+ containers[app].image: {NEW}" in acting.plans[-1].diff
    assert image_of(get(cluster, namespace, "Deployment", "press")) == NEW
    rolled_out(cluster, namespace, "Deployment", "press")
    assert replica_sets(cluster, namespace) == 2
    assert acting.writes == ["done", "done", "done"]


@pytest.mark.parametrize(
    ("kind", "make"),
    [("Deployment", w.deployment), ("StatefulSet", w.statefulset), ("DaemonSet", w.daemonset)],
)
async def test_a_restart_replaces_every_pod_and_an_image_reaches_every_pod(
    cluster: ControlPlane, namespace: str, tmp_path: Path, kind: str, make: Callable[..., dict[str, Any]]
) -> None:
    made = make("press", GOOD)
    made["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": PINNED})
    cluster.create(namespace, made)
    rolled_out(cluster, namespace, kind, "press")
    before = pods(cluster, namespace, "press")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, kind, namespace, "press")
        view = await restart.prepare(session, press)
        receipt = await restart.perform(acting.gate, session, view, wait=30)
        assert receipt.ok, receipt.lines
        after = pods(cluster, namespace, "press")
        assert len(after) == len(before)
        assert not set(after.values()) & set(before.values())
        there = get(cluster, namespace, kind, "press")
        assert image_of(there) == GOOD
        assert "A restart cannot be undone." in acting.plans[0].warnings

        seen = await image.prepare(session, press)
        with pytest.raises(Refusal, match="several containers: app, log"):
            seen.container("")
        with pytest.raises(Refusal, match="no spaces"):
            await image.perform(acting.gate, session, seen, {"log": "app 2"}, wait=30)
        receipt = await set_image(acting, session, press, NEW, "log")
    assert receipt.ok, receipt.lines
    there = get(cluster, namespace, kind, "press")
    assert [one["image"] for one in there["spec"]["template"]["spec"]["containers"]] == [GOOD, NEW]
    assert CAUSE not in there["metadata"].get("annotations", {})
    plan = acting.plans[-1]
    assert plan.diff == (f"- containers[log].image: {PINNED}", f"+ containers[log].image: {NEW}")
    assert any(PINNED.rpartition("@")[2] in warning for warning in plan.warnings)
    assert acting.writes == ["done", "done"]


@pytest.mark.parametrize(
    ("kind", "made"),
    [
        ("Deployment", w.deployment("press", GOOD)),
        ("StatefulSet", w.statefulset("press", GOOD, spec={"podManagementPolicy": "Parallel"})),
        ("DaemonSet", w.daemonset("press", GOOD)),
    ],
)
async def test_a_half_done_rollout_is_cancelled_and_without_one_it_is_said(
    cluster: ControlPlane, namespace: str, tmp_path: Path, kind: str, made: dict[str, Any]
) -> None:
    cluster.create(namespace, made)
    rolled_out(cluster, namespace, kind, "press")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, kind, namespace, "press")
        with pytest.raises(Refusal, match="No rollout of"):
            await cancel.prepare(session, press, acting.log)
        release(cluster, namespace, kind, "press", BAD)
        view = await cancel.prepare(session, press, acting.log)
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
        assert receipt.ok, receipt.lines
        with pytest.raises(Refusal, match="No rollout of"):
            await cancel.prepare(session, press, acting.log)
        with pytest.raises(Refusal, match=r"No pod blocks|Delete stuck pod does not work"):
            await delete_stuck_pod.prepare(session, press)
    assert image_of(get(cluster, namespace, kind, "press")) == GOOD
    assert acting.plans[0].title.startswith("Cancel the rollout of")
    assert [record["action"] for record in acting.audit if record["event"] == "result"] == ["cancel"]


async def test_an_edit_while_the_person_looks_is_shown_again_and_never_written_over(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", GOOD, replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    acting = Acting(tmp_path)
    edits: list[str] = []

    def edit() -> None:
        edits.append(f"{BAD}-{len(edits)}")
        cluster.kubectl("set", "image", "deployment/press", f"app={edits[-1]}", "-n", namespace)

    async def paused(session: Session, press: ObjectRef) -> Receipt:
        return await pause.perform(acting.gate, session, await pause.prepare(session, press), wait=5)

    async def restarted(session: Session, press: ObjectRef) -> Receipt:
        return await restart.perform(acting.gate, session, await restart.prepare(session, press), wait=5)

    async def imaged(session: Session, press: ObjectRef) -> Receipt:
        return await set_image(acting, session, press, NEW)

    async def cancelled(session: Session, press: ObjectRef) -> Receipt:
        view = await cancel.prepare(session, press, acting.log)
        return await rollback.perform(acting.gate, session, view, view.default(), wait=5)

    acts: list[Callable[[Session, ObjectRef], Awaitable[Receipt]]] = [paused, restarted, imaged, cancelled]
    acting.meanwhile = edit
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        for act in acts:
            observed(cluster, namespace)
            with pytest.raises(Changed, match="changed while you looked") as changed:
                await act(session, press)
            there = get(cluster, namespace, "Deployment", "press")
            assert image_of(there) == edits[-1]
            assert "paused" not in there["spec"]
            now = changed.value.view
            shown = getattr(now, "seen", now)
            template = shown.template["spec"]["containers"]
            assert template[0]["image"] == edits[-1]
    assert acting.writes == ["refused"] * 4


async def test_the_pod_that_holds_an_ordered_set_up_is_deleted_as_a_second_step(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.statefulset("camera"))
    rolled_out(cluster, namespace, "StatefulSet", "camera")
    release(cluster, namespace, "StatefulSet", "camera", BAD)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        camera = named(session, "StatefulSet", namespace, "camera")
        with pytest.raises(Refusal, match="No pod blocks"):
            await delete_stuck_pod.prepare(session, camera)
        view = await rollback.prepare(session, camera, acting.log)
        assert (
            "Pod camera-2 (ImagePullBackOff) will have to be deleted then" in view.warnings(view.default())[0]
        )
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
        assert (receipt.ok, receipt.pending, receipt.data["stuck_pod"]) == (False, True, "camera-2")
        assert receipt.offer is not None
        assert receipt.offer.action == "delete-stuck-pod"
        assert receipt.lines[-1].startswith("Delete that pod: edgetui delete-stuck-pod statefulset/camera ")

        before = pods(cluster, namespace, "camera")
        stuck = await delete_stuck_pod.prepare(session, camera)
        with pytest.raises(Cancelled):
            await delete_stuck_pod.perform(Acting(tmp_path, answer=False).gate, session, stuck, wait=30)
        assert pods(cluster, namespace, "camera") == before

        receipt = await delete_stuck_pod.perform(acting.gate, session, stuck, wait=30)
        assert receipt.ok, receipt.lines
        after = pods(cluster, namespace, "camera")
        with pytest.raises(Refusal, match="nothing was deleted"):
            await delete_stuck_pod.perform(acting.gate, session, stuck, wait=30)
    assert {name for name in after if after[name] != before[name]} == {"camera-2"}
    assert pods(cluster, namespace, "camera") == after
    rolled_out(cluster, namespace, "StatefulSet", "camera")
    assert acting.writes == ["done", "done"]


async def test_where_the_old_image_still_is(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    cluster.create(namespace, w.deployment("press", GOOD, replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    many = [{"names": [f"{w.REGISTRY}/other:{n}"], "sizeBytes": 1} for n in range(50)]
    lists = [[{"names": [GOOD], "sizeBytes": 1}], [{"names": [NEW], "sizeBytes": 1}], many]
    nodes = [node["metadata"]["name"] for node in cluster.api.get("/api/v1/nodes")["items"]]

    def say(images: list[list[dict[str, Any]]]) -> None:
        for node, listed in zip(nodes, images, strict=True):
            cluster.api.patch(f"/api/v1/nodes/{node}/status", {"status": {"images": listed}})

    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        say(lists)
        try:
            view = await rollback.prepare(session, press, None)
        finally:
            say([[], [], []])
        assert view.held_on(view.default()) == (
            "on 1 of 3 nodes, 1 must pull it, not known of 1: a kubelet names at most 50 images"
        )
        bare = await rollback.prepare(session, press, None)
        assert bare.held_on(bare.default()) == "not known whether nodes have it: the kubelets name no images"


def test_the_commands(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    cluster.create(namespace, w.deployment("press", GOOD, replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")

    def run(command: str, *more: str) -> int:
        on = ["deploy/press", *more, "--kubeconfig", str(cluster.kubeconfig()), "-n", namespace, "--yes"]
        return cli.main([command, *on])

    assert run("pause") == 0
    assert "is paused" in capsys.readouterr().out
    assert run("resume") == 0
    assert run("restart", "--dry-run") == 0
    assert run("restart") == 0
    assert run("cancel") == 1
    assert "No rollout of deployment press is in progress" in capsys.readouterr().err
    assert run("image", "Bad Image") == 1
    assert run("image", f"app={NEW}") == 0
    assert f"deployment press runs {NEW}" in capsys.readouterr().out
    assert run("undo") == 0
    assert f"deployment press is at {GOOD} again" in capsys.readouterr().out
    assert image_of(get(cluster, namespace, "Deployment", "press")) == GOOD
    assert run("delete-stuck-pod") == 1


async def test_what_somebody_else_rolls_out_meanwhile_is_not_called_a_success(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", GOOD, replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    acting = Acting(tmp_path)

    def take_back(step: Step) -> None:
        if step.text.startswith("The server accepted"):
            cluster.kubectl("set", "image", "deployment/press", f"app={GOOD}", "-n", namespace)

    acting.on_step = take_back
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        receipt = await set_image(acting, session, press, BAD)
    assert (receipt.ok, receipt.pending) == (False, False)
    assert "changed again meanwhile" in receipt.lines[0]
