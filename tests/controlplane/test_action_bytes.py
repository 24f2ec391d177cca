"""What a command costs on a real server: bytes from it and in both directions, handshake included, and connections.

Each prints what every request costs (`pytest -s`).
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.actions.change.printed import QUIET

from . import workloads as w
from .cluster import ControlPlane
from .commanding import Command
from .proxy import FaultProxy
from .shares import Shares
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


@pytest.fixture
def shares(proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shares]:
    """What each request costs, printed at the end."""
    counted = Shares(monkeypatch)
    yield counted
    print(f"\n{counted.table(proxy)}")


@pytest.mark.parametrize(
    ("words", "down", "both"),
    [
        (("2", "--no-wait"), 4.5 * KB, 6 * KB),
        (("3", "--no-wait"), 5.75 * KB, 8.2 * KB),
        (("3",), 5.75 * KB, 8.3 * KB),
        (("1",), 6.25 * KB, 8.75 * KB),
    ],
    ids=["as it is", "another", "until more are ready", "until fewer are left"],
)
def test_scaling_costs_one_connection_and_few_bytes(
    proxy: FaultProxy, far: Command, shares: Shares, words: tuple[str, ...], down: float, both: float
) -> None:
    """Beside what is printed while it waits, 0.4 KB and 0.24 KB for each change."""
    code, _, said = far.agreed("scale", "deploy/press", *words)
    assert code == 0, said
    assert proxy.stats.accepted == 1
    followed = shares.of("timeoutSeconds=600")
    assert proxy.bytes_down <= 8 * KB
    assert proxy.bytes_down - followed.down <= down
    assert proxy.bytes_up + proxy.bytes_down - followed.up - followed.down <= both


def test_a_restart_is_looked_at_when_it_may_be_over(
    proxy: FaultProxy, far: Command, shares: Shares, cluster: ControlPlane, namespace: str
) -> None:
    one_by_one = {"replicas": 6, "strategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}}
    cluster.kubectl("patch", "deployment/press", "-n", namespace, "-p", json.dumps({"spec": one_by_one}))
    settled(cluster, namespace, "press", 6)
    began = time.monotonic()
    code, _, said = far.agreed("restart", "deploy/press")
    assert code == 0, said
    assert proxy.stats.accepted == 1
    changes = shares.of("timeoutSeconds=600").down / (0.24 * KB)  # the busier the machine, the more of them
    looks = max(8, changes / 2) + (time.monotonic() - began) // QUIET
    assert shares.of("deployments?fieldSelector").down <= looks * 2 * KB, "not at each of some twenty changes"


def test_rolling_back_costs_one_connection_and_few_bytes(
    proxy: FaultProxy, far: Command, shares: Shares, cluster: ControlPlane, namespace: str
) -> None:
    cluster.kubectl("set", "image", "deployment/press", f"app={w.REGISTRY}/app:2.0", "-n", namespace)
    cluster.kubectl("rollout", "status", "deployment/press", "-n", namespace)
    code, _, said = far.agreed("rollback", "deploy/press", "--to-revision", "1", "--no-wait")
    assert code == 0, said
    assert proxy.stats.accepted == 1
    assert proxy.bytes_up + proxy.bytes_down <= 16 * KB
