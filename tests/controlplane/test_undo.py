"""Undo on a real control plane: from the audit record, after a restart, and only while nobody changed the object."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgetui.actions.messages import Receipt, Refusal
from edgetui.actions.rollout import cancel, pause, restart, rollback, set_image
from edgetui.actions.scaling import hpa_bounds, scale
from edgetui.actions.session import Session
from edgetui.actions.undo import undo
from edgetui.actions.undo.undo import UndoView
from edgetui.model.identity import ObjectRef

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .releasing import BAD, GOOD, get, release, rolled_out
from .releasing import image as image_of

NEW = f"{w.REGISTRY}/app:2.0"
SECRET = "hunter2-never-on-the-disk"


async def scaled(acting: Acting, session: Session, ref: ObjectRef, to: int) -> None:
    view = await scale.prepare(session, ref)
    assert (await scale.perform(acting.gate, session, view, to, wait=30)).ok


async def imaged(acting: Acting, session: Session, ref: ObjectRef, to: str) -> None:
    view = await set_image.prepare(session, ref)
    assert (await set_image.perform(acting.gate, session, view, {view.container("").name: to}, wait=30)).ok


async def undone(acting: Acting, session: Session, ref: ObjectRef) -> tuple[UndoView, Receipt]:
    view = await undo.prepare(session, ref, acting.log)
    return view, await undo.perform(acting.gate, session, view, acting.log, wait=30)


async def test_each_action_is_taken_back_newest_first_also_after_a_restart_of_edgetui(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    made = w.deployment("press", GOOD, replicas=1)
    made["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "PASSWORD", "value": SECRET}]
    cluster.create(namespace, made)
    rolled_out(cluster, namespace, "Deployment", "press")

    def spec() -> tuple[int, str, bool]:
        there = get(cluster, namespace, "Deployment", "press")
        return there["spec"]["replicas"], image_of(there), bool(there["spec"].get("paused"))

    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        first = Acting(tmp_path)
        with pytest.raises(Refusal, match="edgetui has done nothing to deployment press"):
            await undo.prepare(session, press, first.log)
        await scaled(first, session, press, 2)
        await imaged(first, session, press, NEW)
        view = await restart.prepare(session, press)
        assert (await restart.perform(first.gate, session, view, wait=30)).ok
        release(cluster, namespace, "Deployment", "press", BAD)
        back = await cancel.prepare(session, press, first.log)
        assert (await rollback.perform(first.gate, session, back, back.default(), wait=30)).ok
        paused = await pause.prepare(session, press)
        assert (await pause.perform(first.gate, session, paused, wait=30)).ok
        assert spec() == (2, NEW, True)

        later = Acting(tmp_path)
        seen, receipt = await undone(later, session, press)
        assert (seen.done.action, receipt.ok, spec()) == ("pause", True, (2, NEW, False))
        seen = await undo.prepare(session, press, later.log)
        assert seen.done.action == "cancel"
        assert f"+ containers[app].image: {BAD}" in seen.way.diff
        receipt = await undo.perform(later.gate, session, seen, later.log, wait=0)
        assert (receipt.pending, spec()) == (True, (2, BAD, False))
        await rollback_to_good(later, session, press)

        assert {one["event"] for one in later.audit} == {"intent", "result", "outcome"}
    assert SECRET not in later.log.path.read_text()
    assert later.log.verify().broken == ()


async def rollback_to_good(acting: Acting, session: Session, press: ObjectRef) -> None:
    """Undone, the bad release is back; undoing no further, it is rolled back and that is undone by name as well."""
    view = await rollback.prepare(session, press, acting.log)
    assert (await rollback.perform(acting.gate, session, view, view.default(), wait=30)).ok
    seen = await undo.prepare(session, press, acting.log)
    assert (seen.done.action, seen.way.then.split(", ")[-1]) == ("rollback", BAD)


async def test_a_restart_is_not_undone_and_what_was_done_before_it_is(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.statefulset("camera", GOOD, replicas=1))
    rolled_out(cluster, namespace, "StatefulSet", "camera")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        camera = named(session, "StatefulSet", namespace, "camera")
        view = await restart.prepare(session, camera)
        assert (await restart.perform(acting.gate, session, view, wait=30)).ok
        with pytest.raises(Refusal, match="A restart cannot be undone"):
            await undo.prepare(session, camera, acting.log)
        await imaged(acting, session, camera, NEW)
        _, receipt = await undone(acting, session, camera)
        assert receipt.lines[0].startswith(f"statefulset camera is at {GOOD} again")
        await scaled(acting, session, camera, 2)
        view = await restart.prepare(session, camera)
        assert (await restart.perform(acting.gate, session, view, wait=30)).ok
        _, receipt = await undone(acting, session, camera)
        assert receipt.ok, receipt.lines
        assert any("A restart cannot be undone" in line for line in acting.plans[-1].warnings)
        with pytest.raises(Refusal, match="Nothing on statefulset camera"):
            await undo.prepare(session, camera, acting.log)
    there = get(cluster, namespace, "StatefulSet", "camera")
    assert (there["spec"]["replicas"], image_of(there)) == (1, GOOD)


async def test_what_somebody_changed_since_is_shown_and_never_written_over(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", GOOD, replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    acting = Acting(tmp_path)

    def by_hand(*change: str) -> Callable[[], str]:
        return lambda: cluster.kubectl(*change, "-n", namespace)

    scale_by_hand = by_hand("scale", "deployment/press", "--replicas=3")
    set_by_hand = by_hand("set", "image", "deployment/press", f"app={w.REGISTRY}/app:9")
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        await scaled(acting, session, press, 2)
        acting.meanwhile = scale_by_hand
        with pytest.raises(Refusal, match="no longer as edgetui left it") as refused:
            await undone(acting, session, press)
        assert refused.value.diff == ("- replicas: 2", "+ replicas: 3")
        with pytest.raises(Refusal, match="no longer as edgetui left it"):
            await undo.prepare(session, press, acting.log)

        acting.meanwhile = lambda: None
        await imaged(acting, session, press, NEW)
        set_by_hand()
        with pytest.raises(Refusal, match="no longer as edgetui left it") as refused:
            await undo.prepare(session, press, acting.log)
        assert refused.value.diff == (
            f"- containers[app].image: {NEW}",
            f"+ containers[app].image: {w.REGISTRY}/app:9",
        )
    there = get(cluster, namespace, "Deployment", "press")
    assert (there["spec"]["replicas"], image_of(there)) == (3, f"{w.REGISTRY}/app:9")
    assert acting.writes == ["done", "refused", "done"]


async def test_the_bounds_of_an_autoscaler_are_taken_back_while_nobody_else_changed_them(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"), w.autoscaler("press", low=2, high=5))
    acting = Acting(tmp_path)
    path = f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers/press"
    async with connected(cluster.kubeconfig()) as session:
        scaler = named(session, "HorizontalPodAutoscaler", namespace, "press")
        for again in (False, True):
            shown = await hpa_bounds.prepare(session, scaler)
            assert (await hpa_bounds.perform(acting.gate, session, shown, 3, 9, wait=None)).pending
            if again:
                cluster.api.patch(path, {"spec": {"maxReplicas": 7}})
                with pytest.raises(Refusal, match="Autoscaler press is no longer as edgetui left it") as said:
                    await undo.prepare(session, scaler, acting.log)
                assert said.value.diff == ("- bounds: 3 to 9", "+ bounds: 3 to 7")
            else:
                seen, receipt = await undone(acting, session, scaler)
                assert (seen.done.action, receipt.ok) == ("set-hpa", True)
                assert "autoscaler press is at 2 to 5 again" in receipt.lines[0]
                spec = cluster.api.get(path)["spec"]
                assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 5)
