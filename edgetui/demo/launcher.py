"""The demo fleet from the side of its parent: starts the server process, and makes sure that it goes."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

START_SECONDS = 60.0
STOP_SECONDS = 3.0


class StartError(Exception):
    """The server process did not come up; the text is one sentence."""


class Fleet:
    """A demo fleet as a context manager: entering starts the server process, `ready` waits until it serves.

    The child lives as long as its standard input stays open, so it also ends when this process is killed.
    """

    def __init__(self, clusters: int, pods: int, *, outages: bool = True) -> None:
        self._arguments = ["--clusters", str(clusters), "--pods", str(pods)]
        if not outages:
            self._arguments.append("--no-outages")
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the fleet
        self._kubeconfig: Path | None = None

    def __enter__(self) -> Fleet:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "edgetui.demo.server", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def ready(self) -> Path:
        """Waits until the fleet serves; returns its kubeconfig. Raises StartError."""
        assert self._process is not None
        line = self._first_line(self._process)
        if not line:
            self._complaints.seek(0)
            last = self._complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
            raise StartError(f"The demo fleet did not start: {last or 'no answer'}.")
        self._kubeconfig = Path(json.loads(line)["kubeconfig"])
        return self._kubeconfig

    def _first_line(self, process: subprocess.Popen[bytes]) -> bytes:
        """What the child prints when it is up; empty if it ends or stays silent."""
        assert process.stdout is not None
        deadline = time.monotonic() + START_SECONDS
        line = b""
        while not line.endswith(b"\n"):
            patience = max(deadline - time.monotonic(), 0.0)
            readable, _, _ = select.select([process.stdout], [], [], patience)
            piece = os.read(process.stdout.fileno(), 65_536) if readable else b""
            if not piece:
                return b""
            line += piece
        return line

    def _stop(self) -> None:
        process = self._process
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._kubeconfig is not None:
            shutil.rmtree(self._kubeconfig.parent, ignore_errors=True)
        self._complaints.close()
        self._process = None
