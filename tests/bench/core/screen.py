"""The whole program on all clusters of the server, for its memory with a screen."""

from __future__ import annotations

import os
import re
import sys

from tests.terminal.ptyapp import PtyApp

from .running import ROOT, Server

WITHIN = 120.0


def screen_memory(server: Server, quiet: float) -> int:
    """Resident KiB of edgetui with every pod on its list and nothing moving any more."""
    env = {"HOME": str(server.kubeconfig.parent), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "edgetui", str(server.kubeconfig), "--all-contexts"]
    with PtyApp(command, env=env) as app:
        app.keys("2")
        app.until(re.compile(rf"\b{server.pods:,}\b").search, WITHIN, "all pods")
        app.quiet(quiet)
        return app.memory_kib()
