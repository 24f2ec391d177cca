"""The server and the peers as processes: started, told, heard and measured from outside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

import yaml

ROOT = Path(__file__).resolve().parents[3]
TICKS = os.sysconf("SC_CLK_TCK")


class Gone(Exception):
    """The peer ended, or did not say in time what was waited for."""


class Process:
    """A module of this benchmark in a process of its own, talked to by lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.bench.core.{module}", *arguments]
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if module == "peers" else None,
            text=True,
        )
        self._lines: Queue[str] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.strip())
        self._lines.put("")

    def tell(self, line: str) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def hear(self, start: str, within: float) -> str:
        """The next line that begins so, without that; raises Gone."""
        deadline = time.monotonic() + within
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, deadline - time.monotonic()))
            except Empty:
                raise Gone(f"it did not say {start!r} within {within:.0f} s") from None
            if not line:
                self._lines.put("")
                raise Gone("it ended")
            if line.startswith(start):
                return line.removeprefix(start).strip()

    def forget(self) -> None:
        """Drop what it said so far."""
        while not self._lines.empty():
            if not self._lines.get():
                self._lines.put("")
                return

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory_kib(self) -> int:
        """Resident memory now."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))


class Server(Process):
    """The server of `clusters` clusters with `pods` pods each, and a kubeconfig for all of them."""

    def __init__(self, clusters: int, pods: int, directory: Path) -> None:
        super().__init__("server", str(clusters), str(pods), str(directory))
        self.pods = clusters * pods
        ports = json.loads(self.hear("", 120))["ports"]
        self.kubeconfig = directory / "kubeconfig"
        _write_kubeconfig(self.kubeconfig, ports, directory / "ca.pem")

    def ask(self, do: str, within: float = 60.0, **more: Any) -> Any:
        """Let it do something; what it answers."""
        self.tell(json.dumps({"do": do, **more}))
        return json.loads(self.hear("", within))

    def peer(self, name: str, *options: str) -> Process:
        """One of the peers, on this server."""
        return Process("peers", name, str(self.kubeconfig), "--pods", str(self.pods), *options)


def _write_kubeconfig(path: Path, ports: list[int], ca: Path) -> None:
    names = [f"site-{number}" for number in range(len(ports))]
    cluster = {
        name: {"server": f"https://127.0.0.1:{port}", "certificate-authority": str(ca)}
        for name, port in zip(names, ports, strict=True)
    }
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster[name]} for name in names],
        "users": [{"name": "bench", "user": {"token": "bench"}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": "bench"}} for name in names],
        "current-context": names[0],
    }
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)
