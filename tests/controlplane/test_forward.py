"""Ports of this machine that lead into pods: as a command, through a real API server and the streams of kubelets."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.terminal.walking import act, go_to, narrow, open_screen

from . import workloads as w
from .cluster import ControlPlane
from .process import free_ports
from .proxy import FaultProxy
from .waiting import eventually

ECHO = 7
MEGABYTES = int(os.environ.get("TEST_EDGETUI_FORWARD_MEGABYTES", "20"))
CONNECTIONS = int(os.environ.get("TEST_EDGETUI_FORWARD_CONNECTIONS", "300"))


@pytest.fixture
def pods(cluster: ControlPlane, namespace: str) -> list[str]:
    cluster.create(namespace, w.deployment("press", replicas=2))
    return eventually(lambda: ready(cluster, namespace, 2), within=30, what="two ready pods")


def ready(cluster: ControlPlane, namespace: str, count: int) -> list[str]:
    """The pods that are ready, once there are so many and no others."""
    found = cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    names = sorted(one["metadata"]["name"] for one in found if is_ready(one))
    return names if len(names) == len(found) == count else []


def is_ready(pod: dict[str, Any]) -> bool:
    conditions = pod["status"].get("conditions") or ()
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


class Forwarding:
    """`edgetui forward` as it runs, and what it has said."""

    def __init__(self, process: subprocess.Popen[str], home: Path) -> None:
        self.process = process
        self.home = home
        self.said = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line

    def wait_for(self, fact: str | Callable[[str], object], within: float = 20) -> None:
        check = fact if callable(fact) else lambda text: fact in text
        eventually(lambda: check(self.said) or self.process.poll() is not None, within=within, what=str(fact))
        assert check(self.said), self.said

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        self._reader.join()
        return code

    def records(self) -> list[dict[str, Any]]:
        lines = (self.home / "state" / "edgetui" / "audit.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]


@contextmanager
def forwarding(file: Path, namespace: str, home: Path, *words: str) -> Iterator[Forwarding]:
    command = [sys.executable, "-m", "edgetui", "forward", "--kubeconfig", str(file), "-n", namespace, *words]
    env = {**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env
    ) as run:
        one = Forwarding(run, home)
        try:
            one.wait_for("has begun")
            yield one
        finally:
            one.stop()


def exchange(port: int, data: bytes) -> bytes:
    """All that comes back for this; the near half is closed behind it."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:

        def send() -> None:
            with contextlib.suppress(OSError):  # who reads hears of it
                connection.sendall(data)
                connection.shutdown(socket.SHUT_WR)

        sending = threading.Thread(target=send)
        sending.start()
        parts = []
        while part := connection.recv(1 << 16):
            parts.append(part)
        sending.join()
    return b"".join(parts)


def test_bytes_come_back_as_they_went_and_a_closed_half_is_closed_there_too(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    data = random.Random(7).randbytes(MEGABYTES * 1024 * 1024)
    with forwarding(cluster.kubeconfig(), namespace, tmp_path, pods[0], f"{port}:{ECHO}") as run:
        assert exchange(port, b"") == b""
        assert exchange(port, b"belt\n") == b"belt\n"
        digest = hashlib.sha256(exchange(port, data)).digest()
        assert digest == hashlib.sha256(data).digest()
        assert run.stop() == 0
    intent, result = run.records()
    assert (intent["action"], intent["ports"]) == ("forward", [f"{port}:{ECHO}"])
    assert (result["connections"], result["bytes_in"], result["bytes_out"]) == (
        3,
        len(data) + 5,
        len(data) + 5,
    )


def test_short_connections_in_a_row_share_one_way_to_the_pod(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with FaultProxy.in_front_of(cluster) as proxy:
        file = cluster.kubeconfig(server=proxy.url)
        with forwarding(file, namespace, tmp_path, "deploy/press", f"{port}:{ECHO}"):
            assert exchange(port, b"line\n") == b"line\n"
            before = len(proxy.connections)
            for number in range(CONNECTIONS):
                line = f"{number}\n".encode()
                assert exchange(port, line) == line
            assert len(proxy.connections) - before <= 1


def test_only_this_machine_is_let_in_and_a_taken_port_says_so_with_a_free_one(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = refused(cluster.kubeconfig(), namespace, tmp_path, pods[0], f"{port}:{ECHO}")
    assert f"ss -ltnp 'sport = :{port}'" in said
    free = re.search(rf"write ([0-9]+):{ECHO}\.", said)
    assert free is not None and int(free[1]) != port
    with forwarding(cluster.kubeconfig(), namespace, tmp_path, pods[0], f"{free[1]}:{ECHO}") as run:
        listens = subprocess.run(["ss", "-ltnH"], capture_output=True, text=True, check=True).stdout
        (line,) = [line for line in listens.splitlines() if f":{free[1]} " in line]
        assert f"127.0.0.1:{free[1]}" in line
        assert f"127.0.0.1:{free[1]} to {ECHO}" in run.said


def test_what_a_rollout_replaces_is_followed_to_the_new_pods(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    """A workload and a Service, whose port has another number in the pods."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "press"},
        "spec": {"selector": {"app": "press"}, "ports": [{"name": "echo", "port": 70, "targetPort": ECHO}]},
    }
    cluster.api.create(f"/api/v1/namespaces/{namespace}/services", service)
    first, second = free_ports(2)
    file = cluster.kubeconfig()
    homes = [tmp_path / "a", tmp_path / "b"]
    with (
        forwarding(file, namespace, homes[0], "deploy/press", f"{first}:{ECHO}") as one,
        forwarding(file, namespace, homes[1], "svc/press", f"{second}:echo") as other,
    ):
        both = [(one, first), (other, second)]
        for run, port in both:
            assert exchange(port, b"before\n") == b"before\n"
            run.wait_for(lambda text: any(f"of {name} " in text for name in pods))
        cluster.kubectl("rollout", "restart", "deployment/press", "-n", namespace)

        def replaced() -> list[str]:
            names = ready(cluster, namespace, 2)
            return [] if set(names) & set(pods) else names

        new = eventually(replaced, within=60, what="the new pods")
        done = time.monotonic()
        for run, _ in both:
            run.wait_for(lambda text: any(f"of {name} " in text for name in new), within=3)
        assert time.monotonic() - done <= 3
        for _, port in both:
            assert exchange(port, b"after\n") == b"after\n"


def test_a_pod_that_is_gone_ends_its_forward_with_a_sentence(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with forwarding(cluster.kubeconfig(), namespace, tmp_path, pods[0], f"{port}:{ECHO}") as run:
        cluster.kubectl("delete", "pod", pods[0], "-n", namespace, "--wait=false")
        run.wait_for("is gone: forward a workload or a Service")
        assert run.process.wait(60) == 1


def test_a_lost_link_is_said_and_the_next_connections_go_through_again(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with FaultProxy.in_front_of(cluster) as proxy:
        file = cluster.kubeconfig(server=proxy.url)
        with forwarding(file, namespace, tmp_path, "deploy/press", f"{port}:{ECHO}") as run:
            assert exchange(port, b"one\n") == b"one\n"
            proxy.cut()
            with pytest.raises(ConnectionError):
                while True:  # what was kept for the next connection ends with the link
                    exchange(port, b"two\n")
            run.wait_for(f"{cluster.name} is stale")
            proxy.restore()
            eventually(
                lambda: exchange(port, b"three\n") == b"three\n",
                within=30,
                what="an answer after the cut",
                errors=(ConnectionError,),
            )


def test_a_port_that_nothing_serves_is_said_in_the_words_of_the_pod(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with forwarding(cluster.kubeconfig(), namespace, tmp_path, pods[0], f"{port}:4711") as run:
        with pytest.raises(ConnectionError):
            exchange(port, b"anybody?\n")
        run.wait_for("Port 4711 does not answer: no forward found")


def test_on_the_screen_it_is_a_row_of_what_runs_and_ends_with_it(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    with open_screen(str(cluster.kubeconfig()), home=tmp_path) as app:
        app.wait_for("live")
        go_to(app, "rollouts")
        narrow(app, namespace)
        app.wait_for("press")
        act(app, f":forward {port}:{ECHO}\r", f"FORWARD {port} press")
        assert exchange(port, b"screen\n") == b"screen\n"
        act(app, f":forward :{ECHO}\r", "2 FORWARDS")
        app.keys("R")
        app.wait_for(f"127.0.0.1:{port} to {ECHO}", "Forward to deployment press")
        app.keys("x")
        app.wait_for("Cancel the forward")
        app.settle(0.1)
        app.keys("escape", "escape")
        app.keys("q")
        app.wait_for("A forward ends with this screen")
    refuses(port)


def refuses(port: int) -> None:
    with pytest.raises(ConnectionError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


@pytest.mark.parametrize("verb", ["get", "create"])
def test_the_verb_that_is_missing_is_named(
    cluster: ControlPlane, namespace: str, pods: list[str], tmp_path: Path, verb: str
) -> None:
    lacks = {"get": "create", "create": "get"}[verb]
    role = f"{namespace}-forward-{verb}"
    rules = [
        {"apiGroups": [""], "resources": ["pods", "nodes", "namespaces"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": [verb]},
    ]
    cluster.api.create(
        "/apis/rbac.authorization.k8s.io/v1/clusterroles", {"metadata": {"name": role}, "rules": rules}
    )
    file = cluster.service_account_kubeconfig(namespace, "hand", role=role)
    said = refused(file, namespace, tmp_path, pods[0], f":{ECHO}")
    assert f"may not {lacks} pods/portforward in {namespace}" in said


def refused(file: Path, namespace: str, home: Path, *words: str) -> str:
    """What a forward says that does not begin."""
    said = subprocess.run(
        [sys.executable, "-m", "edgetui", "forward", "--kubeconfig", str(file), "-n", namespace, *words],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(home), "XDG_STATE_HOME": str(home / "state")},
        check=False,
    )
    assert said.returncode == 1
    return said.stderr
