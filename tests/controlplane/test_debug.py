"""Debug containers and shells on nodes, through a real API server; on a terminal, and as commands."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.remote.node_shell import OWNED
from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import act, choose, go_to, narrow, open_screen

from .cluster import ControlPlane
from .proxy import FaultProxy
from .test_exec import pod as pod
from .test_exec import recorded
from .test_shell_on_screen import GREETING, as_before
from .waiting import eventually

Json = dict[str, Any]
HAPPENS = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose settings allow a shell on nodes."""
    (tmp_path / ".config" / "edgetui").mkdir(parents=True)
    (tmp_path / ".config" / "edgetui" / "config.yaml").write_text("debug:\n  node_shell: true\n")
    return tmp_path


def environment(home: Path) -> dict[str, str]:
    return {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / ".config"),
    }


def command(home: Path, file: Path, *words: str) -> PtyApp:
    return PtyApp([sys.executable, "-m", "edgetui", *words, "--kubeconfig", str(file)], env=environment(home))


def says(app: PtyApp, *words: str) -> None:
    """All of them, wherever the terminal breaks its lines."""
    app.until(lambda text: all("".join(one.split()) in "".join(text.split()) for one in words))


def debuggers(cluster: ControlPlane, namespace: str, pod: str) -> list[Json]:
    found = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods/{pod}")
    containers: list[Json] = found["spec"].get("ephemeralContainers") or []
    return containers


def shells(cluster: ControlPlane, namespace: str) -> list[Json]:
    """The pods of node shells."""
    found: list[Json] = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    return [one for one in found if OWNED.items() <= (one["metadata"].get("labels") or {}).items()]


def writes_to(cluster: ControlPlane, text: str) -> Callable[[], None]:
    """What makes every container but `app` write a line, for those who are attached."""

    def write() -> None:
        with (cluster.layout.logs / "debugger.log").open("a") as file:
            file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} stdout F {text}\n")

    return write


def attached(app: PtyApp, cluster: ControlPlane) -> None:
    """What the container writes arrives on the terminal."""
    write = writes_to(cluster, "hello from there")

    def shown() -> bool:
        write()
        app.read(0.2)
        return "hello from there" in app.text()

    eventually(shown, within=HAPPENS, what="a line of the container")


@pytest.fixture
def screen(cluster: ControlPlane, namespace: str, pod: str, home: Path) -> Iterator[PtyApp]:
    """The pod on a screen of 80x24, with the cursor on it."""
    with open_screen(str(cluster.kubeconfig()), home=home) as app:
        app.wait_for("live")
        go_to(app, "pods")
        narrow(app, namespace)
        app.wait_for(pod[:20])
        yield app


def agree(app: PtyApp, answer: str, instead_of: str = "Cancel") -> None:
    app.wait_for(f"> {instead_of}", answer)
    app.keys("tab")
    app.until(lambda text: f"> {answer}" in text)
    app.keys("enter")


def test_on_the_screen_it_is_asked_added_waited_for_and_attached_to(
    screen: PtyApp, cluster: ControlPlane, namespace: str, pod: str, home: Path
) -> None:
    choose(screen, "b", "enter continue")
    screen.wait_for("busybox:1.37", "removes no ephemeral container")
    screen.keys("enter")
    agree(screen, "Add the container")
    screen.wait_for(GREETING, "If there is no")
    (made,) = debuggers(cluster, namespace, pod)
    assert (made["targetContainerName"], made["stdin"], made["tty"]) == ("app", True, True)
    attached(screen, cluster)
    screen.keys("\x1dd")
    screen.wait_for("Attach to it", "> Close")
    screen.keys("enter")
    screen.wait_gone("> Close")
    screen.keys("q")
    assert screen.wait_exit() == 0
    assert as_before(screen)
    events = [(one["action"], one["event"]) for one in recorded(home)]
    assert events[:3] == [("debug", "intent"), ("debug", "result"), ("attach", "intent")]
    assert ("debug", "outcome") in events and ("attach", "outcome") in events
    assert "hello" not in (home / "state" / "edgetui" / "audit.jsonl").read_text()


def test_as_a_command_line_of_the_screen_it_takes_the_options_of_the_command(
    screen: PtyApp, cluster: ControlPlane, namespace: str, pod: str
) -> None:
    act(screen, ":debug --image tools:9 -- sh -l\r", "its own processes only")
    screen.wait_for("tools:9", "its own processes only", "> Cancel")
    assert debuggers(cluster, namespace, pod) == []
    agree(screen, "Add the container")
    screen.wait_for(GREETING)
    (made,) = debuggers(cluster, namespace, pod)
    assert (made["image"], made["command"]) == ("tools:9", ["sh", "-l"])
    assert "targetContainerName" not in made


def test_an_image_that_cannot_be_pulled_is_said(
    cluster: ControlPlane, namespace: str, pod: str, home: Path
) -> None:
    file = cluster.kubeconfig()
    with command(
        home, file, "debug", pod, "-n", namespace, "--image", "bad:1", "--yes", "--timeout", "3s"
    ) as app:
        says(app, "cannot start: image bad:1 not found.", "Attach to it: edgetui attach")
        assert app.wait_exit() == 3


@pytest.mark.parametrize(
    ("lacks", "subresource"), [("patch", "ephemeralcontainers"), ("create", "attach"), ("get", "attach")]
)
def test_the_right_that_is_missing_is_named_before_anything_is_sent(
    cluster: ControlPlane, namespace: str, pod: str, home: Path, lacks: str, subresource: str
) -> None:
    has = {"ephemeralcontainers": ["patch"], "attach": ["get", "create"]}
    has[subresource] = [verb for verb in has[subresource] if verb != lacks]
    rules = [
        {"apiGroups": [""], "resources": [f"pods/{name}"], "verbs": verbs}
        for name, verbs in has.items()
        if verbs
    ]
    rules.append({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]})
    role = f"{namespace}-{lacks}-{subresource}"
    body = {"metadata": {"name": role}, "rules": rules}
    cluster.api.create("/apis/rbac.authorization.k8s.io/v1/clusterroles", body)
    file = cluster.service_account_kubeconfig(namespace, "hand", role=role)
    with command(home, file, "debug", pod, "-n", namespace, "--yes") as app:
        says(app, f"{lacks} pods/{subresource}")
        assert app.wait_exit() == 1
    assert debuggers(cluster, namespace, pod) == []


def test_a_shell_on_a_node_is_a_pod_that_is_gone_when_it_is_left(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    file = cluster.kubeconfig()
    with command(home, file, "node-shell", "node-0", "-n", namespace, "--yes") as app:
        app.wait_for(GREETING)
        (made,) = shells(cluster, namespace)
        assert made["spec"]["nodeName"] == "node-0" and made["spec"]["hostPID"]
        attached(app, cluster)
        app.keys("\x1dd")
        app.wait_for("is deleted")
        assert app.wait_exit() == 0
    eventually(lambda: not shells(cluster, namespace), within=HAPPENS, what="no pod")
    writes = [
        str(one["write"]).split()[0] for one in recorded(home) if one["event"] == "result" and "write" in one
    ]
    assert writes == ["POST", "DELETE"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("image", ["busybox:1.37", "bad:1"], ids=["in the shell", "while it waits"])
def test_a_signal_deletes_it_too(
    cluster: ControlPlane, namespace: str, home: Path, number: signal.Signals, image: str
) -> None:
    words = ("node-shell", "node-0", "-n", namespace, "--yes", "--image", image)
    with command(home, cluster.kubeconfig(), *words) as app:
        app.wait_for(GREETING if image != "bad:1" else "cannot start")
        eventually(lambda: len(shells(cluster, namespace)) == 1, within=HAPPENS, what="its pod")
        app.kill(number)
        app.wait_exit()
    eventually(lambda: not shells(cluster, namespace), within=HAPPENS, what="no pod")


@contextmanager
def node_shell_on_screen(
    cluster: ControlPlane, namespace: str, home: Path, server: str | None = None
) -> Iterator[PtyApp]:
    """The screen with the shell open in its place."""
    with opened(cluster, namespace, home, server) as app:
        choose(app, "s", "it is deleted when")
        app.keys("enter")
        agree(app, "Open a shell")
        app.wait_for(GREETING)
        assert len(shells(cluster, namespace)) == 1
        yield app


def opened(cluster: ControlPlane, namespace: str, home: Path, server: str | None = None) -> PtyApp:
    """The nodes on a screen, for whom that namespace is the usual one."""
    file = cluster.service_account_kubeconfig(namespace, "root", role="cluster-admin", server=server)
    app = open_screen(str(file), home=home, env=environment(home))
    app.wait_for("live", "node-0")
    return app


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_so_does_a_signal_to_the_screen(
    cluster: ControlPlane, namespace: str, home: Path, number: signal.Signals
) -> None:
    with node_shell_on_screen(cluster, namespace, home) as app:
        app.kill(number)
        assert app.wait_exit() == 128 + number
        assert as_before(app)
    eventually(lambda: not shells(cluster, namespace), within=HAPPENS, what="no pod")


def test_what_a_killed_screen_left_is_found_by_the_next_and_deleted_when_asked(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    with node_shell_on_screen(cluster, namespace, home) as app:
        app.kill(signal.SIGKILL)
        app.wait_exit()
    (made,) = shells(cluster, namespace)
    name = made["metadata"]["name"]
    with opened(cluster, namespace, home) as app:
        app.wait_for("1 RESULT")
        act(app, "R", "of an earlier node shell")
        agree(app, f"Delete pod {name[:20]}", "Close")
        app.wait_for("enter continue", "cascade")
        app.keys("enter")
        agree(app, "Delete on plant")
        eventually(lambda: not shells(cluster, namespace), within=HAPPENS, what="no pod")


def test_where_the_link_is_lost_the_command_that_deletes_it_is_said(
    cluster: ControlPlane, namespace: str, home: Path
) -> None:
    with (
        FaultProxy.in_front_of(cluster) as proxy,
        node_shell_on_screen(cluster, namespace, home, proxy.url) as app,
    ):
        proxy.cut()
        app.wait_for("could not be deleted", "Delete it: kubectl", timeout=40)
        (made,) = shells(cluster, namespace)
        assert made["metadata"]["name"] in "".join(app.text().split())
    assert made["spec"]["activeDeadlineSeconds"] == 4 * 3600


def test_without_the_setting_it_is_greyed_with_what_allows_it(
    cluster: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    with opened(cluster, namespace, tmp_path) as app:
        act(app, ".", "Actions on node")
        app.wait_for("not allowed by config.yaml")
        app.keys("s")
        app.wait_for("debug.node_shell: true")
    assert shells(cluster, namespace) == []


@pytest.mark.parametrize("words", [("debug", "{pod}"), ("node-shell", "node-0")], ids=["debug", "node-shell"])
@pytest.mark.parametrize(
    ("setting", "said"), [("read-only", "is marked read-only"), ("protected", "is protected")]
)
def test_read_only_and_protected_clusters_refuse(
    cluster: ControlPlane,
    namespace: str,
    pod: str,
    home: Path,
    words: tuple[str, ...],
    setting: str,
    said: str,
) -> None:
    with (home / ".config" / "edgetui" / "config.yaml").open("a") as file:
        file.write(f"{setting}: true\n")
    asked = [word.format(pod=pod) for word in words]
    with command(home, cluster.kubeconfig(), *asked, "-n", namespace, "--yes") as app:
        says(app, said)
        assert app.wait_exit() == 1
    assert shells(cluster, namespace) == [] and debuggers(cluster, namespace, pod) == []


def test_a_pod_security_standard_that_forbids_it_is_said_with_what_helps(
    cluster: ControlPlane, namespace: str, pod: str, home: Path
) -> None:
    cluster.kubectl("label", "namespace", namespace, "pod-security.kubernetes.io/enforce=baseline")
    file = cluster.kubeconfig()
    with command(home, file, "debug", pod, "-n", namespace, "--yes") as app:
        says(app, "PodSecurity", "Nothing was changed", "--profile baseline")
        assert app.wait_exit() == 1
    with command(home, file, "node-shell", "node-0", "-n", namespace, "--yes") as app:
        says(app, "PodSecurity", "Nothing was changed", "-n kube-system")
        assert app.wait_exit() == 1
    assert shells(cluster, namespace) == [] and debuggers(cluster, namespace, pod) == []
    with command(
        home, file, "debug", pod, "-n", namespace, "--yes", "--profile", "baseline", "--no-wait"
    ) as app:
        says(app, "is not waited for")
        assert app.wait_exit() == 0
    assert len(debuggers(cluster, namespace, pod)) == 1
