"""`edgetui exec` beside `kubectl exec`, through a real API server; on a terminal, and as part of a pipe."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.terminal.ptyapp import PtyApp

from . import workloads as w
from .cluster import ControlPlane
from .waiting import eventually


@pytest.fixture
def pod(cluster: ControlPlane, namespace: str) -> str:
    """The name of a pod that runs."""
    cluster.create(namespace, w.deployment("press", replicas=1))

    def running() -> str:
        pods = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
        return next((one["metadata"]["name"] for one in pods if one["status"].get("phase") == "Running"), "")

    return eventually(running, within=30, what="a running pod")


def edgetui(home: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "edgetui", "exec", *words],
        input=given,
        capture_output=True,
        timeout=60,
        env={**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")},
        check=False,
    )


def recorded(home: Path) -> list[dict[str, object]]:
    lines = (home / "state" / "edgetui" / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_outputs_are_those_of_kubectl(
    cluster: ControlPlane, namespace: str, pod: str, tmp_path: Path
) -> None:
    file = str(cluster.kubeconfig())
    words = ("--", "sh", "-c", "echo out; echo err >&2")
    ours = edgetui(tmp_path, "--kubeconfig", file, "-n", namespace, pod, *words)
    said = cluster.kubectl("exec", "-n", namespace, pod, *words)
    assert (ours.returncode, ours.stdout, ours.stderr) == (0, b"out\n", b"err\n")
    assert said == "out\n"


def test_the_record_has_who_and_what_and_never_what_went_through(
    cluster: ControlPlane, namespace: str, pod: str, tmp_path: Path
) -> None:
    file = str(cluster.kubeconfig())
    words = ("--", "sh", "-c", "read word; echo heard $word")
    ours = edgetui(tmp_path, "--kubeconfig", file, "-n", namespace, "-i", pod, *words, given=b"xyzzy\n")
    assert ours.stdout == b"heard xyzzy\n"
    begun, result, outcome = recorded(tmp_path)
    assert (begun["event"], begun["action"], begun["container"]) == ("intent", "exec", "app")
    assert begun["command"] == list(words[1:])
    assert (result["exit_code"], outcome["result"]) == (0, "ended")
    assert isinstance(result["bytes_in"], int) and result["bytes_in"] > len("heard xyzzy")
    assert "xyzzy" not in json.dumps([begun, result, outcome])


REFUSALS: list[tuple[str, Sequence[str], int, str]] = [
    ("no such pod", ("none", "--", "true"), 1, "There is no pod none"),
    ("no such container", ("{pod}", "-c", "engine", "--", "true"), 1, "It has app"),
    ("a shell without a terminal", ("{pod}",), 2, "needs a terminal"),
]


@pytest.mark.parametrize(
    ("words", "code", "sentence"), [one[1:] for one in REFUSALS], ids=[one[0] for one in REFUSALS]
)
def test_a_refusal_is_one_sentence(
    cluster: ControlPlane,
    namespace: str,
    pod: str,
    tmp_path: Path,
    words: Sequence[str],
    code: int,
    sentence: str,
) -> None:
    asked = [word.format(pod=pod) for word in words]
    ours = edgetui(tmp_path, "--kubeconfig", str(cluster.kubeconfig()), "-n", namespace, *asked)
    assert ours.returncode == code
    assert sentence in ours.stderr.decode()
    assert b"Traceback" not in ours.stderr


def test_a_shell_on_a_terminal_leaves_it_as_it_was(
    cluster: ControlPlane, namespace: str, pod: str, tmp_path: Path
) -> None:
    file = str(cluster.kubeconfig())
    inside = f"{sys.executable} -m edgetui exec --kubeconfig {file} -n {namespace} {pod}"
    script = f"stty -g > before; {inside}; echo left with $?; stty -g > after; cmp before after && echo same"
    env = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    with PtyApp(["sh", "-c", f"cd {tmp_path}; {script}"], env=env, cwd=Path.cwd()) as app:
        app.keys("echo $((6 * 7))\r")
        app.wait_for("42")
        app.resize(101, 33)
        app.keys("until stty size | grep -q '33 101'; do :; done; echo wide enough\r")
        app.wait_for("wide enough")
        app.keys("exit\r")
        app.wait_for("left with 0", "same")


def test_who_wants_to_leave_does_not_wait_for_the_far_side(
    cluster: ControlPlane, namespace: str, pod: str, tmp_path: Path
) -> None:
    words = [sys.executable, "-m", "edgetui", "exec", "--kubeconfig", str(cluster.kubeconfig())]
    env = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path / "state")}
    with PtyApp(
        [*words, "-n", namespace, pod, "-it", "--", "sh", "-c", "echo up; sleep 1000"], env=env
    ) as app:
        app.wait_for("up")
        app.keys("\x1dd")
        app.wait_for("Left.")
        assert app.wait_exit() == 130
