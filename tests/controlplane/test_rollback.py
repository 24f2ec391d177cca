"""Rolling back on a real control plane: to what worked, keeping what was added since, never over somebody's edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.actions import cli
from edgetui.actions.messages import Cancelled, Changed, Refusal
from edgetui.actions.rollout import rollback

from . import workloads as w
from .acting import Acting, connected, named
from .cluster import ControlPlane
from .releasing import BAD, GOOD, get, image, release, rolled_out


async def test_after_two_bad_releases_it_lands_on_the_good_one(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    """Side by side with kubectl, whose own undo of the same history lands on the first bad one."""
    for name in ("press", "twin"):
        cluster.create(namespace, w.deployment(name))
        cause = ("annotate", f"deployment/{name}", "-n", namespace)
        cluster.kubectl(*cause, "kubernetes.io/change-cause=release 1.0")
        rolled_out(cluster, namespace, "Deployment", name)
        release(cluster, namespace, "Deployment", name, BAD)
        cluster.kubectl(*cause, "kubernetes.io/change-cause=release 2.0", "--overwrite")
        release(cluster, namespace, "Deployment", name, f"{w.REGISTRY}/bad:3.0")
        cluster.kubectl(*cause, "ops/note=added later")
    cluster.kubectl("rollout", "undo", "deployment/twin", "-n", namespace)
    assert image(get(cluster, namespace, "Deployment", "twin")) == BAD

    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "Deployment", namespace, "press"), acting.log)
        assert [one.number for one in view.revisions] == [3, 2, 1]
        assert view.current is not None and view.current.number == 3
        assert view.default().number == 1
        assert view.suggested is not None and view.suggested.images == (GOOD,)
        assert any(GOOD in line for line in rollback.diff(view, view.default()) if line.startswith("+"))
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)

    assert receipt.ok, receipt.lines
    there = get(cluster, namespace, "Deployment", "press")
    assert image(there) == GOOD
    assert there["status"]["availableReplicas"] == there["status"]["updatedReplicas"] == 3
    assert there["metadata"]["annotations"]["ops/note"] == "added later"
    assert "ops/note" not in get(cluster, namespace, "Deployment", "twin")["metadata"]["annotations"]
    assert "kubernetes.io/change-cause" not in there["metadata"]["annotations"]
    assert "pod-template-hash" not in there["spec"]["template"]["metadata"]["labels"]
    assert acting.writes == ["done"]
    assert acting.audit[0]["before"]["revision"] == 3
    assert acting.audit[0]["after"] == {
        "revision": 1,
        "name": view.default().name,
        "images": [GOOD],
        "worked": True,
    }


async def test_an_edit_in_between_is_never_overwritten(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    acting = Acting(tmp_path)
    acting.meanwhile = lambda: cluster.kubectl(
        "set", "image", "deployment/press", "app=registry.local/app:9", "-n", namespace
    )
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "Deployment", namespace, "press"), acting.log)
        with pytest.raises(Changed) as changed:
            await rollback.perform(acting.gate, session, view, view.default(), wait=30)
    assert image(get(cluster, namespace, "Deployment", "press")) == "registry.local/app:9"
    assert changed.value.view.generation > view.generation


async def test_status_that_moves_the_version_is_no_obstacle(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press"))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    acting = Acting(tmp_path)
    acting.meanwhile = lambda: cluster.kubectl("label", "deployment/press", "shift=2", "-n", namespace)
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "Deployment", namespace, "press"), acting.log)
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
    assert receipt.ok, receipt.lines
    assert acting.writes == ["refused", "done"]
    assert image(get(cluster, namespace, "Deployment", "press")) == GOOD


async def test_a_daemon_set_goes_back_and_recovers(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.daemonset("agent", GOOD))
    rolled_out(cluster, namespace, "DaemonSet", "agent")
    release(cluster, namespace, "DaemonSet", "agent", BAD)
    cluster.kubectl("annotate", "daemonset/agent", "ops/note=added later", "-n", namespace)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "DaemonSet", namespace, "agent"), acting.log)
        assert view.suggested is not None and view.suggested.number == 1
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
    assert receipt.ok, receipt.lines
    there = get(cluster, namespace, "DaemonSet", "agent")
    assert image(there) == GOOD
    assert there["metadata"]["annotations"]["ops/note"] == "added later"


async def test_a_parallel_stateful_set_recovers_by_itself(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.statefulset("camera", spec={"podManagementPolicy": "Parallel"}))
    rolled_out(cluster, namespace, "StatefulSet", "camera")
    release(cluster, namespace, "StatefulSet", "camera", BAD)
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "StatefulSet", namespace, "camera"), acting.log)
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
    assert receipt.ok, receipt.lines
    assert image(get(cluster, namespace, "StatefulSet", "camera")) == GOOD


async def test_paused_or_without_history_it_is_refused(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    async with connected(cluster.kubeconfig()) as session:
        press = named(session, "Deployment", namespace, "press")
        with pytest.raises(Refusal, match="no other revision"):
            await rollback.prepare(session, press, None)
        cluster.kubectl("rollout", "pause", "deployment/press", "-n", namespace)
        with pytest.raises(Refusal, match="paused") as refused:
            await rollback.prepare(session, press, None)
    assert refused.value.next_step.startswith(
        "Resume it first: edgetui resume deployment/press --kubeconfig "
    )


async def test_the_missing_right_is_named_and_a_no_changes_nothing(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    viewer = cluster.service_account_kubeconfig(namespace, "viewer", role="view")
    async with connected(viewer) as session:
        view = await rollback.prepare(session, named(session, "Deployment", namespace, "press"), None)
        with pytest.raises(Refusal, match="may not patch deployments"):
            await rollback.perform(Acting(tmp_path).gate, session, view, view.default(), wait=30)
    async with connected(cluster.kubeconfig()) as session:
        with pytest.raises(Cancelled):
            await rollback.perform(
                Acting(tmp_path, answer=False).gate, session, view, view.default(), wait=30
            )
    assert image(get(cluster, namespace, "Deployment", "press")) == BAD


async def test_who_would_bring_the_bad_version_back_is_said(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    cluster.create(namespace, w.deployment("press", replicas=1))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    cluster.kubectl(
        "annotate",
        "deployment/press",
        "argocd.argoproj.io/tracking-id=line:apps/Deployment:x/press",
        "-n",
        namespace,
    )
    acting = Acting(tmp_path)
    async with connected(cluster.kubeconfig()) as session:
        view = await rollback.prepare(session, named(session, "Deployment", namespace, "press"), acting.log)
        receipt = await rollback.perform(acting.gate, session, view, view.default(), wait=30)
    for lines in (acting.plans[0].warnings, receipt.lines):
        assert any("Argo CD" in line for line in lines)


def test_the_command(
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    cluster.create(namespace, w.deployment("press", replicas=2))
    rolled_out(cluster, namespace, "Deployment", "press")
    release(cluster, namespace, "Deployment", "press", BAD)
    on = ["rollback", "deploy/press", "--kubeconfig", str(cluster.kubeconfig()), "-n", namespace]

    assert cli.main([*on, "--to-revision", "7", "--yes"]) == 1
    assert "It has 2, 1" in capsys.readouterr().err
    assert cli.main([*on, "--dry-run"]) == 0
    shown = capsys.readouterr().err
    assert "> revision 1" in shown
    assert any(line.strip().startswith("- ") and line.endswith(BAD) for line in shown.splitlines())
    assert image(get(cluster, namespace, "Deployment", "press")) == BAD
    assert cli.main([*on, "--yes"]) == 0
    assert "is back at registry.local/app:1.0" in capsys.readouterr().out
    assert cli.main([*on, "--to-revision", "3", "--yes"]) == 0
    assert image(get(cluster, namespace, "Deployment", "press")) == GOOD
