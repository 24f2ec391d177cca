"""What a command costs on a real server: bytes in both directions, handshake included, and connections.

How often a rollout is looked at depends on how long it takes, so what is counted of one ends with the write.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import workloads as w
from .cluster import ControlPlane
from .commanding import Command
from .proxy import FaultProxy
from .test_scale import settled

KB = 1024
FAR = 0.08
"""Seconds each way: so far away that bytes are spared."""


@pytest.fixture
def proxy(cluster: ControlPlane, namespace: str) -> Iterator[FaultProxy]:
    """In front of a namespace with a deployment of many fields, an autoscaler and two other deployments."""
    for name in ("press", "oven", "weld"):
        cluster.create(namespace, w.deployment(name, replicas=2, bulky=True))
    cluster.create(namespace, w.autoscaler("oven", low=2, high=4))
    settled(cluster, namespace, "press", 2)
    with FaultProxy.in_front_of(cluster) as found:
        found.delay = FAR
        yield found


@pytest.fixture
def far(
    proxy: FaultProxy,
    cluster: ControlPlane,
    namespace: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Command:
    """Commands that go through the proxy."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return Command(capsys, "--kubeconfig", str(cluster.kubeconfig(server=proxy.url)), "-n", namespace)


@pytest.mark.parametrize(
    ("words", "most"),
    [(("2", "--no-wait"), 6 * KB), (("3", "--no-wait"), 9.5 * KB), (("3",), 12 * KB)],
    ids=["as it is", "another", "until it is ready"],
)
def test_scaling_costs_one_connection_and_few_bytes(
    proxy: FaultProxy, far: Command, words: tuple[str, ...], most: float
) -> None:
    code, _, said = far.agreed("scale", "deploy/press", *words)
    assert code == 0, said
    assert proxy.stats.accepted == 1
    assert proxy.bytes_up + proxy.bytes_down <= most


def test_rolling_back_costs_one_connection_and_few_bytes(
    proxy: FaultProxy, far: Command, cluster: ControlPlane, namespace: str
) -> None:
    cluster.kubectl("set", "image", "deployment/press", f"app={w.REGISTRY}/app:2.0", "-n", namespace)
    cluster.kubectl("rollout", "status", "deployment/press", "-n", namespace)
    code, _, said = far.agreed("rollback", "deploy/press", "--to-revision", "1", "--no-wait")
    assert code == 0, said
    assert proxy.stats.accepted == 1
    assert proxy.bytes_up + proxy.bytes_down <= 24 * KB
