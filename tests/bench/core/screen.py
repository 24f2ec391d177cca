"""The whole program on all clusters of the server, for its memory with a screen."""

from __future__ import annotations

import os
import re
import sys
import time

from tests.terminal.ptyapp import PtyApp

from .running import ROOT, Server

WITHIN = 120.0
STEADY = 0.005
"""Share by which memory may still change between two looks."""


def screen_memory(server: Server, quiet: float) -> int:
    """Resident KiB of edgetui with every pod on its list and nothing moving any more.

    Everything is watched from the start, as it is in the end where the link bears it: what a start under a thinner
    profile throws away is not what is held.
    """
    env = {"HOME": str(server.kubeconfig.parent), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable,
        "-m",
        "edgetui",
        str(server.kubeconfig),
        "--all-contexts",
        "--api-traffic",
        "full",
    ]
    with PtyApp(command, env=env) as app:
        app.keys("2")
        app.until(re.compile(rf"\b{server.pods:,}\b").search, WITHIN, "all pods")
        app.quiet(quiet)
        before, now = 0, app.memory_kib()
        while abs(now - before) > now * STEADY:
            time.sleep(quiet)
            before, now = now, app.memory_kib()
        return now
