"""How many round trips a shell takes over a slow link, from the key to its first word: counted, not timed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.terminal.ptyapp import PtyApp
from tests.terminal.walking import open_screen

from . import workloads as w
from .cluster import ControlPlane
from .flights import CountingProxy
from .test_shell_on_screen import GREETING, on_pods, running
from .waiting import eventually

DELAY = 0.15
"""Seconds in each direction."""
MOST = 3
ATTEMPTS = 3
"""What goes over the link by itself meanwhile, as a question for usage, can only add round trips."""


def test_a_first_shell_opens_in_so_many_round_trips(
    cluster: ControlPlane, namespace: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cluster.create(namespace, w.statefulset("press", replicas=1))
    pods = eventually(lambda: running(cluster, namespace, 1), within=30, what="a running pod")
    with CountingProxy.in_front_of(cluster) as link:
        link.delay = DELAY
        file = cluster.kubeconfig(server=link.url)
        taken = MOST + 1
        for _ in range(ATTEMPTS):
            with open_screen(str(file), home=tmp_path) as app:
                on_pods(app, namespace, pods)
                app.keys(":shell")
                app.wait_for(":shell")
                at_rest(app, link)
                link.begin()
                app.keys("enter")
                app.wait_for(GREETING)
                taken = min(taken, link.round_trips)
                app.keys("\x1dd")
                app.wait_for("Left")
            if taken <= MOST:
                break
    with capsys.disabled():
        print(f"\na first shell: {taken} round trips")
    assert taken <= MOST


def at_rest(app: PtyApp, link: CountingProxy) -> None:
    """Wait until nothing has gone over the link for as long as three round trips."""

    def passed() -> int:
        return link.bytes_up + link.bytes_down

    before = -1
    while before != (now := passed()):
        before = now
        app.quiet(6 * DELAY)
