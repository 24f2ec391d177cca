"""`rollout status` and `rollout history` print what the real kubectl prints, and end as it does."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import cli

from . import workloads as w
from .assets import Assets
from .cluster import ControlPlane
from .releasing import BAD, release, rolled_out
from .waiting import eventually

KINDS = (("Deployment", w.deployment), ("StatefulSet", w.statefulset), ("DaemonSet", w.daemonset))


class Both:
    """The same words for kubectl and for edgetui."""

    def __init__(self, file: Path, namespace: str, kubectl: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._place = ("--kubeconfig", str(file), "-n", namespace)
        self._kubectl, self._capsys = kubectl, capsys

    def ask(self, *words: str) -> tuple[tuple[int, str, str], tuple[int, str, str]]:
        """Exit code, output and errors of kubectl and of edgetui; a line that kubectl repeats stands once."""
        done = subprocess.run(
            [self._kubectl, "rollout", *words, *self._place],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        self._capsys.readouterr()
        code = cli.main([*words, *self._place])
        said = self._capsys.readouterr()
        lines = list(dict.fromkeys(done.stdout.splitlines(keepends=True)))
        return (done.returncode, "".join(lines), done.stderr), (code, said.out, said.err)


@pytest.fixture
def both(
    cluster: ControlPlane, namespace: str, control_plane_assets: Assets, capsys: pytest.CaptureFixture[str]
) -> Both:
    return Both(cluster.kubeconfig(), namespace, control_plane_assets["kubectl"], capsys)


@pytest.mark.parametrize(("kind", "make"), KINDS, ids=[kind for kind, _ in KINDS])
def test_a_rollout_and_its_history_are_told_as_by_kubectl(
    kind: str, make: Callable[..., dict[str, Any]], both: Both, cluster: ControlPlane, namespace: str
) -> None:
    name = f"{kind.lower()}/press"
    cluster.create(namespace, make("press"))
    rolled_out(cluster, namespace, kind, "press")
    cluster.kubectl("label", name, "-n", namespace, "app=press")
    theirs, ours = both.ask("status", name)
    assert ours == theirs
    assert ours[0] == 0
    for words in (
        ["history", name],
        ["history", kind.lower(), "press"],
        ["history", kind.lower(), "-l", "app=press"],
        ["status", kind.lower(), "-l", "app=none"],
        ["history", kind.lower(), "-l", "app=none"],
    ):
        theirs, ours = both.ask(*words)
        assert ours == theirs
        assert ours[0] == 0

    cluster.kubectl("annotate", name, "-n", namespace, "kubernetes.io/change-cause=belt 2")
    release(cluster, namespace, kind, "press", BAD)
    theirs, ours = both.ask("status", name, "--watch=false")
    assert ours == theirs
    assert (ours[0], ours[1].lower().startswith("waiting for")) == (0, True)
    theirs, ours = both.ask("status", name, "--timeout=1s")
    assert ours == theirs
    assert (ours[0], ours[2]) == (1, "error: timed out waiting for the condition\n")
    theirs, ours = both.ask("history", name)
    assert ours == theirs
    assert "belt 2" in ours[1]


def test_what_ends_with_an_error_ends_as_with_kubectl(
    both: Both, cluster: ControlPlane, namespace: str
) -> None:
    cluster.create(namespace, w.deployment("late", image="bad", spec={"progressDeadlineSeconds": 1}))
    cluster.create(namespace, w.daemonset("manual", spec={"updateStrategy": {"type": "OnDelete"}}))
    eventually(
        lambda: both.ask("status", "deploy/late")[0][:2] == (1, ""),
        within=90,
        what="a deadline that has passed before kubectl asks",
    )
    for words in (
        ("status", "deploy/late"),
        ("status", "daemonset/manual"),
        ("status", "deploy/late", "--revision=7", "--watch=false"),
        ("status", "deployment/none"),
        ("status", "sts/none"),
    ):
        theirs, ours = both.ask(*words)
        assert ours == theirs, words
        assert ours[0] == 1
