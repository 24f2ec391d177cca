"""How many round trips a shell takes over a slow link, from the key to its first word: counted, not timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terminal.walking import open_screen

from . import workloads as w
from .cluster import ControlPlane
from .flights import CountingProxy
from .test_shell_on_screen import GREETING, on_pods, running
from .waiting import eventually

DELAY = 0.15
"""Seconds in each direction."""
MOST = 3


def test_a_first_shell_opens_in_so_many_round_trips(
    cluster: ControlPlane, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.create(namespace, w.statefulset("press", replicas=1))
    pods = eventually(lambda: running(cluster, namespace, 1), within=30, what="a running pod")
    with CountingProxy.in_front_of(cluster) as link:
        link.delay = DELAY
        file = cluster.kubeconfig(server=link.url)
        with open_screen(str(file), home=tmp_path) as app:
            on_pods(app, namespace, pods)
            app.keys(":shell")
            app.wait_for(":shell")
            app.quiet(6 * DELAY)
            link.begin()
            app.keys("enter")
            app.wait_for(GREETING, timeout=60)
            taken = link.round_trips
            app.keys("\x1dd")
            app.wait_for("Left")
    with capsys.disabled():
        print(f"\na first shell: {taken} round trips")
    assert taken <= MOST
