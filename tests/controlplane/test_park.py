"""Parked at 0 and brought back to the number there was, by whoever remembers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.scaling import scale, scale_to_zero

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .commanding import Command
from .test_scale import get, settled


async def test_it_comes_back_to_what_the_record_remembers(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.statefulset("camera"))
    settled(cluster, namespace, "camera", 3, "statefulsets")
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await scale.prepare(session, named(session, "StatefulSet", namespace, "camera"))
        with pytest.raises(Refusal, match="is not parked: it is at 3"):
            await scale_to_zero.unpark(acting.gate, session, view, wait=30)
        parked = await scale_to_zero.park(acting.gate, session, view, wait=30)
        assert parked.ok, parked.lines
        assert parked.lines[-1] == "Unpark brings it back to 3."
        there = await scale.prepare(session, view.ref)
        found = await scale_to_zero.recall(acting.log, session, there)
        assert (found.before, found.before_said) == (3, "as edgetui parked it on this machine")
        receipt = await scale_to_zero.unpark(acting.gate, session, found, wait=30)
        stranger = Acting(tmp_path / "elsewhere")
        unknown = await scale_to_zero.recall(stranger.log, session, there)
        with pytest.raises(Refusal, match="Nobody here remembers"):
            await scale_to_zero.unpark(stranger.gate, session, unknown, wait=30)
    assert receipt.ok, receipt.lines
    assert get(cluster, namespace, "camera", "statefulsets")["status"]["readyReplicas"] == 3
    assert acting.writes == ["done", "done"]


async def test_parked_elsewhere_an_earlier_revision_gives_a_hint(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2))
    settled(cluster, namespace, "press", 2)
    cluster.kubectl("set", "image", "deployment/press", f"app={w.REGISTRY}/app:2.0", "-n", namespace)
    cluster.kubectl("rollout", "status", "deployment/press", "-n", namespace)
    cluster.kubectl("scale", "deployment/press", "--replicas=0", "-n", namespace)
    settled(cluster, namespace, "press", 0)
    async with connected(cluster.kubeconfig()) as session:
        there = await scale.prepare(session, named(session, "Deployment", namespace, "press"))
        found = await scale_to_zero.recall(Acting(tmp_path).log, session, there)
    assert (found.before, found.before_said) == (2, "as an earlier revision had")


def test_the_commands(
    cluster: ControlPlane,
    namespace: str,
    command: Command,
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2))
    settled(cluster, namespace, "press", 2)

    code, found, _ = command.agreed("unpark", "deploy/press")
    assert (code, found["error"]["sentence"]) == (1, "deployment press is not parked: it is at 2.")
    code, found, _ = command.agreed("park", "deploy/press")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", 0)
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 0
    code, found, said = command.agreed("unpark", "deploy/press")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", 2)
    assert "2 replicas, as edgetui parked it on this machine." in said
    assert get(cluster, namespace, "press")["status"]["readyReplicas"] == 2
