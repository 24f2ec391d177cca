"""A roll back never makes it worse, and no later revision bears its words: on a real control plane."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.rollout import rollback
from edgetui.actions.rollout import set_image as set_image

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .commanding import Command
from .releasing import BAD, GOOD, get, image, release, rolled_out

WORSE = f"{w.REGISTRY}/bad:3.0"
CAUSE = "kubernetes.io/change-cause"


def parallel(name: str, image: str) -> dict[str, Any]:
    return w.statefulset(name, image, spec={"podManagementPolicy": "Parallel"})


@pytest.fixture
def command(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Command(capsys, "--kubeconfig", str(cluster.kubeconfig()), "-n", namespace, "--timeout", "30")


def causes(cluster: ControlPlane, namespace: str, kind: str, name: str) -> list[str]:
    """The last column of kubectl's history, oldest revision first."""
    said = cluster.kubectl("rollout", "history", f"{kind.lower()}/{name}", "-n", namespace)
    rows = [row.split(None, 1) for row in said.splitlines() if row[:1].isdigit()]
    return [row[1].strip() for row in rows]


def test_the_same_command_twice_never_brings_the_bad_release_back(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    cluster.create(namespace, w.deployment("press"))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)

    assert command.agreed("rollback", "deploy/press").found["outcome"] == "reached"
    for way in ((), ("--no-wait",), ("--dry-run",)):
        code, found, _ = command.agreed("rollback", "deploy/press", *way)
        assert (code, found["outcome"]) == (1, "refused")
        assert "No other revision of deployment press is known to have worked" in found["error"]["sentence"]
        assert f"2 ({BAD}; edgetui has rolled back from it)" in found["error"]["next_step"]
    assert image(get(cluster, namespace, "Deployment", "press")) == GOOD

    cluster.kubectl("rollout", "undo", "deployment/press", "-n", namespace)  # the bad one, by another number
    release(cluster, namespace, "Deployment", "press", BAD)
    assert command.agreed("rollback", "deploy/press").found["data"]["to"] == 3
    assert image(get(cluster, namespace, "Deployment", "press")) == GOOD
    assert command.agreed("rollback", "deploy/press").code == 1
    assert command.agreed("undo", "deploy/press").code == 1
    assert command.agreed("rollback", "deploy/press", "--to-revision", "4", "--no-wait").code == 0
    assert image(get(cluster, namespace, "Deployment", "press")) == BAD


@pytest.mark.parametrize(
    ("kind", "make"), [("Deployment", w.deployment), ("StatefulSet", parallel), ("DaemonSet", w.daemonset)]
)
async def test_every_revision_keeps_its_own_change_cause_and_a_later_one_gets_none(
    cluster: ControlPlane, namespace: str, tmp_path: Path, kind: str, make: Callable[..., dict[str, Any]]
) -> None:
    made = make("press", GOOD)
    made["metadata"]["annotations"] = {CAUSE: "release 1.0", "ops/note": "keep"}
    cluster.create(namespace, made)
    rolled_out(cluster, namespace, kind, "press")
    body = {
        "metadata": {"annotations": {CAUSE: "release 2.0"}},
        "spec": {"template": {"spec": {"containers": [{"name": "app", "image": BAD}]}}},
    }
    path = f"{w.PATHS[kind].format(namespace)}/press"
    cluster.api.patch(path, body, "application/strategic-merge-patch+json")
    release(cluster, namespace, kind, "press", BAD)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, kind, namespace, "press")
        view = await rollback.prepare(session, press, acting.log)
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
        assert receipt.ok, receipt.lines
        assert get(cluster, namespace, kind, "press")["metadata"]["annotations"].keys() >= {"ops/note"}
        release(cluster, namespace, kind, "press", WORSE)
        seen = await set_image.prepare(session, press)
        new = f"{w.REGISTRY}/app:2.0"
        receipt = await set_image.perform(acting.gate, session, seen, {"app": new}, wait=30)
    assert CAUSE not in get(cluster, namespace, kind, "press")["metadata"]["annotations"]
    told = causes(cluster, namespace, kind, "press")
    assert sorted(told) == sorted(["release 2.0", "release 1.0", "<none>", "<none>"])
    assert told[-1] == "<none>"
