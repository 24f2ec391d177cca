"""A shell in a container in place of the screen: on a real terminal, through a real API server."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import act, back, choose, go_to, narrow, open_screen, row

from . import workloads as w
from .cluster import ControlPlane
from .proxy import FaultProxy
from .waiting import eventually

ALTERNATE_SCREEN, CURSOR, MOUSE = 1049, 25, 1000
GREETING = "ctrl+] and then d leaves"


@pytest.fixture
def pods(cluster: ControlPlane, namespace: str) -> list[str]:
    """The names of two pods that run, in order."""
    cluster.create(namespace, w.statefulset("press", replicas=2, spec={"podManagementPolicy": "Parallel"}))
    return eventually(lambda: running(cluster, namespace, 2), within=30, what="two running pods")


def running(cluster: ControlPlane, namespace: str, count: int) -> list[str]:
    """The names of the pods that run, once there are so many; else none."""
    found = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    names = sorted(one["metadata"]["name"] for one in found if one["status"].get("phase") == "Running")
    return names if len(names) == count and len(found) == count else []


@pytest.fixture
def screen(cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path) -> Iterator[PtyApp]:
    """The two pods on a screen of 80x24; the cursor is on the first."""
    with open_screen(str(cluster.kubeconfig()), home=tmp_path) as app:
        on_pods(app, namespace, pods)
        yield app


def on_pods(app: PtyApp, namespace: str, pods: list[str]) -> None:
    app.wait_for("live")
    go_to(app, "pods")
    narrow(app, namespace)
    app.wait_for(*pods)


def begin_shell(app: PtyApp, opens: str = GREETING) -> None:
    """Choose a shell on what is under the cursor in the menu, and wait for what that opens."""
    choose(app, "s", opens)


def as_before(app: PtyApp) -> bool:
    """Whether the terminal is as it was before the program: screen, cursor, mouse, line discipline."""
    modes = app.modes
    same = ALTERNATE_SCREEN not in modes and CURSOR in modes and MOUSE not in modes
    return same and app.attributes() == app.attributes_at_start


def recorded(home: Path) -> list[dict[str, Any]]:
    lines = (home / "state" / "edgetui" / "audit.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_the_screen_comes_back_as_it_was_with_the_rows_as_they_are(
    screen: PtyApp, cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    """The keys are the shell's meanwhile, and so is the size of the terminal."""
    screen.keys("down")
    begin_shell(screen)
    assert ALTERNATE_SCREEN not in screen.modes
    screen.keys("stty -isig; q; echo $((6 * 7)); cat -v\r")
    screen.wait_for("\n42")
    screen.keys("\x1a\x03 reached\r")
    screen.wait_for("^Z^C reached")
    screen.keys("\x04")
    screen.resize(101, 33)
    screen.keys("until stty size | grep -q '33 101'; do :; done; echo wide enough\r")
    screen.wait_for("wide enough")
    for replicas in (6, 3, 7, 4):  # rows come and go behind it
        cluster.kubectl("scale", "statefulset/press", f"--replicas={replicas}", "-n", namespace)
        names = eventually(partial(running, cluster, namespace, replicas), within=30, what="churn")
    screen.resize(80, 24)
    screen.keys("exit\r")
    screen.wait_for(f"4 of 4 /{namespace}", *names)

    def drawn(text: str) -> bool:
        return sum(line.strip(" !~").startswith(namespace) for line in text.splitlines()) == 4

    screen.until(drawn, what="the pane, drawn whole")
    screen.keys("enter")
    screen.wait_for("pod press-1")
    back(screen, "pod press-1")
    screen.keys("q")
    assert screen.wait_exit() == 0
    assert as_before(screen)
    intent, result, _ = recorded(tmp_path)
    assert (intent["action"], intent["object"]["name"], result["exit_code"]) == ("exec", pods[1], 0)
    assert "reached" not in json.dumps(recorded(tmp_path))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_inside_ends_edgetui_with_the_terminal_as_it_was(
    screen: PtyApp, number: signal.Signals
) -> None:
    begin_shell(screen)
    screen.keys("printf '\\033[?1049h\\033[?1000h\\033[?25lfar away'\r")
    screen.until(lambda text: "far away" in text and MOUSE in screen.modes)
    screen.kill(number)
    assert screen.wait_exit(5) == 128 + number
    assert as_before(screen)


def test_who_leaves_a_shell_that_hangs_is_back_at_once_with_the_terminal_as_it_was(screen: PtyApp) -> None:
    begin_shell(screen)
    screen.keys("printf '\\033[?1000h\\033[?25lbusy'; sleep 1000\r")
    screen.until(lambda text: "busy" in text and MOUSE in screen.modes)
    screen.keys("\x1dd")
    screen.wait_for("Left. What runs there is told")
    assert ALTERNATE_SCREEN in screen.modes
    screen.keys("q")
    assert screen.wait_exit() == 0
    assert as_before(screen)


def test_a_lost_link_ends_it_with_a_sentence_and_old_rows_refuse_another(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    with (
        FaultProxy.in_front_of(cluster) as proxy,
        open_screen(str(cluster.kubeconfig(server=proxy.url)), home=tmp_path) as app,
    ):
        on_pods(app, namespace, pods)
        begin_shell(app)
        proxy.cut()
        app.wait_for("What was started may still run", "> Close")
        app.keys("enter")
        app.wait_gone("> Close")
        app.wait_for("stale")
        begin_shell(app, "refuses connections")
        assert GREETING not in app.text()


def test_a_command_stays_in_view_until_a_key_is_pressed(screen: PtyApp, pods: list[str]) -> None:
    act(screen, ":shell sh -c 'echo \"$0\"; read word' 'two  words; true'\r", GREETING)
    screen.wait_for("two  words; true", GREETING)
    screen.keys("enter")
    screen.wait_for("two  words; true", "Press any key")
    screen.keys("q")
    screen.wait_for(f"Exit code 0: sh in {pods[0]}")


@pytest.mark.parametrize(("verb", "lacks"), [("get", "create"), ("create", "get")])
def test_the_verb_that_is_missing_is_named_before_anything_is_sent(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path, verb: str, lacks: str
) -> None:
    role = f"{namespace}-{verb}"
    rules = [
        {"apiGroups": [""], "resources": ["pods", "nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/exec"], "verbs": [verb]},
    ]
    cluster.api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": role}, "rules": rules}
    )
    file = cluster.service_account_kubeconfig(namespace, "hand", role=role)
    with open_screen(str(file), "-n", namespace, home=tmp_path) as app:
        app.wait_for("live")
        go_to(app, "pods")
        app.wait_for(*pods)
        begin_shell(app, "> Close")
        assert f"may not {lacks} pods/exec in {namespace}" in " ".join(app.text().split())
    assert [one["event"] for one in recorded(tmp_path)] == ["outcome"]


def test_read_only_refuses(cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path) -> None:
    with open_screen(str(cluster.kubeconfig()), "--read-only", home=tmp_path) as app:
        on_pods(app, namespace, pods)
        begin_shell(app, "edgetui was started read-only")


def test_one_of_several_containers_is_chosen(cluster: ControlPlane, namespace: str, tmp_path: Path) -> None:
    press = w.deployment("press", replicas=1)
    template = press["spec"]["template"]
    template["spec"]["containers"].append({**template["spec"]["containers"][0], "name": "side"})
    cluster.create(namespace, press)
    pods = eventually(lambda: running(cluster, namespace, 1), within=30, what="the pod")
    with open_screen(str(cluster.kubeconfig()), home=tmp_path) as app:
        on_pods(app, namespace, pods)
        begin_shell(app, "In which container")
        app.keys("down")
        app.until(lambda _: "> side" in app.text())
        app.keys("enter")
        app.wait_for("container side of pod", GREETING)
        app.keys("exit\r")
        app.wait_for("Exit code 0")
        cluster.kubectl(
            "annotate", "pod", pods[0], "-n", namespace, "kubectl.kubernetes.io/default-container=side"
        )
        begin_shell(app, "container side of pod")


def test_attaching_shows_what_comes_and_ctrl_c_leaves(
    screen: PtyApp, cluster: ControlPlane, pods: list[str]
) -> None:
    act(screen, ":attach\r", GREETING)
    log = cluster.layout.logs / "app.log"

    def shown() -> bool:
        with log.open("a") as file:  # kwok leaves out what was logged before somebody attached
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} stdout F belt at 3 m/s\n")
        screen.read(0.2)
        return "belt at 3 m/s" in screen.text()

    eventually(shown, within=20, what="a line of the container")
    assert row(screen, "belt at 3 m/s").startswith("belt")
    screen.keys("ctrl+c")
    screen.wait_for("Left. What runs there goes on.")
