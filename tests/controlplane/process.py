"""Processes that never outlive the test run, and ports for them to listen on."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""
_FIRST_PORT = 20_000
_DEFAULT_EPHEMERAL = 32_768

# The kernel sends the death signal of ``_bound_to_us`` when the *thread* that forked ends, so one thread that
# lives as long as the interpreter starts every process, whatever short-lived thread asks for it.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawn")


def free_ports(count: int) -> list[int]:
    """Ports nobody listens on now, below the range the kernel hands to outgoing connections.

    A port from that range could be taken by any client while a server of ours restarts.
    """
    last = _DEFAULT_EPHEMERAL - 1
    with contextlib.suppress(OSError, ValueError):
        last = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0]) - 1
    low = _FIRST_PORT if last - _FIRST_PORT > 1000 else 1024
    ports: list[int] = []
    with contextlib.ExitStack() as held:
        for port in random.sample(range(low, last), last - low):
            listener = held.enter_context(socket.socket())
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            ports.append(port)
            if len(ports) == count:
                return ports
    raise OSError("no free port on 127.0.0.1")


def _bound_to_us(command: Sequence[str]) -> list[str]:
    """The command, wrapped so that the kernel kills it when the test run ends in any way.

    A short-lived interpreter asks for the signal and becomes the program: done between fork and exec of this
    process, which has threads, it could hang.
    """
    if not sys.platform.startswith("linux"):
        return list(command)
    return [sys.executable, "-I", "-S", "-c", _DIE_WITH_PARENT, str(os.getpid()), *command]


class Process:
    """One program in a process group of its own, its output kept in a file."""

    def __init__(
        self, name: str, command: Sequence[str], log: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self.log = log
        self.command = list(command)
        with log.open("ab") as output:
            self._popen = _spawner.submit(self._start, output.fileno(), env).result()

    def _start(self, output: int, env: Mapping[str, str] | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            _bound_to_us(self.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=None if env is None else dict(env),
            cwd=self.log.parent,
            start_new_session=True,
        )

    def __repr__(self) -> str:
        return f"<Process {self.name} pid {self.pid} {'running' if self.running else 'ended'}>"

    @property
    def pid(self) -> int:
        """The process id, also the id of its group."""
        return self._popen.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._popen.poll() is None

    @property
    def exit_code(self) -> int | None:
        """Its exit code, None while it runs."""
        return self._popen.poll()

    def signal(self, number: int) -> None:
        """Send a signal to the process (SIGSTOP and SIGCONT freeze and thaw it)."""
        if self.running:
            os.kill(self.pid, number)

    def wait(self, timeout: float) -> int:
        """Wait for its end and return the exit code. Raises subprocess.TimeoutExpired."""
        return self._popen.wait(timeout)

    def kill(self) -> None:
        """End the process and its group at once and wait until it is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait(60)

    def tail(self, lines: int = 15) -> str:
        """The last lines of its output."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-lines:])
