"""Scaled to 0 and brought back to the number there was, by whoever remembers it."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import workloads as w
from .cluster import ControlPlane
from .commanding import Command
from .test_scale import get, settled


def test_it_comes_back_to_what_the_record_remembers(
    cluster: ControlPlane, namespace: str, command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.create(namespace, w.statefulset("camera"))
    settled(cluster, namespace, "camera", 3, "statefulsets")
    code, found, _ = command.agreed("scale-to-zero", "sts/camera")
    assert (code, found["lines"][-1]) == (0, "Restore brings it back to 3.")
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("XDG_STATE_HOME", str(tmp_path / "elsewhere"))
        code, found, _ = command.agreed("restore", "sts/camera")
        assert (code, "Nobody here remembers" in found["error"]["sentence"]) == (1, True)
    code, _, said = command.agreed("restore", "sts/camera")
    assert (code, "3 replicas, as before edgetui scaled it to 0 on this machine." in said) == (0, True)
    assert get(cluster, namespace, "camera", "statefulsets")["status"]["readyReplicas"] == 3


def test_scaled_to_0_elsewhere_an_earlier_revision_gives_a_hint(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2))
    settled(cluster, namespace, "press", 2)
    cluster.kubectl("set", "image", "deployment/press", f"app={w.REGISTRY}/app:2.0", "-n", namespace)
    cluster.kubectl("rollout", "status", "deployment/press", "-n", namespace)
    cluster.kubectl("scale", "deployment/press", "--replicas=0", "-n", namespace)
    settled(cluster, namespace, "press", 0)
    code, _, said = command.agreed("restore", "deploy/press")
    assert (code, "2 replicas, as an earlier revision had." in said) == (0, True)


def test_the_commands(
    cluster: ControlPlane,
    namespace: str,
    command: Command,
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=2))
    settled(cluster, namespace, "press", 2)

    code, found, _ = command.agreed("restore", "deploy/press")
    assert (code, found["error"]["sentence"]) == (1, "deployment press is not at 0: it is at 2.")
    code, found, _ = command.agreed("scale-to-zero", "deploy/press")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", 0)
    assert get(cluster, namespace, "press")["spec"]["replicas"] == 0
    code, found, said = command.agreed("restore", "deploy/press")
    assert (code, found["outcome"], found["data"]["to"]) == (0, "reached", 2)
    assert "2 replicas, as before edgetui scaled it to 0 on this machine." in said
    assert get(cluster, namespace, "press")["status"]["readyReplicas"] == 2
