"""A network namespace of a test's own: what runs in it sees no network of this host but what is let in by a socket."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from .process import Process
from .waiting import eventually

_HOLDER = "sleep"
_LISTEN = """
import fcntl, socket, struct, sys
port, told = int(sys.argv[1]), socket.socket(fileno=int(sys.argv[2]))
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(listener, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
listener.bind(("127.0.0.1", port))
listener.listen(512)
socket.send_fds(told, [b"x"], [listener.fileno()])
"""


class NoNamespaceError(Exception):
    """This machine lets nobody make a network namespace; the message says what was tried."""


class NetSpace:
    """Use it as a context manager, or ``stop()`` it: it lasts as long as the process that holds it.

    Who is not root becomes so in a user namespace. Raises NoNamespaceError.
    """

    def __init__(self, name: str, directory: Path) -> None:
        mapped = [] if os.geteuid() == 0 else ["--map-root-user"]
        command = [shutil.which("unshare") or "unshare", "--net", *mapped, _HOLDER, "86400"]
        self._holder = Process(f"namespace {name}", command, directory / f"netspace-{name}.log")
        try:
            eventually(self._made, within=10, what=f"the network namespace {name}")
        except (TimeoutError, FileNotFoundError) as error:
            said = self._holder.tail()
            self.stop()
            raise NoNamespaceError(f"no network namespace can be made here: {said or error}") from None

    def _made(self) -> bool:
        """Whether the holder is past the call that moves it: entered before, it would lead to this host's network."""
        return Path(f"/proc/{self._holder.pid}/comm").read_text().strip() == _HOLDER

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Let go of it; what runs inside keeps it alive."""
        self._holder.kill()

    def command(self, *words: str) -> list[str]:
        """How this host runs a command inside."""
        as_root = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        enter = [shutil.which("nsenter") or "nsenter", f"--target={self._holder.pid}", "--net", *as_root]
        return [*enter, *words]

    def listen(self, port: int) -> socket.socket:
        """A socket that listens on 127.0.0.1 inside, for this process to accept from: sockets keep their network."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            script = [sys.executable, "-I", "-S", "-c", _LISTEN, str(port), str(theirs.fileno())]
            subprocess.run(
                self.command(*script), pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, check=True
            )
            _, (number, *_), _, _ = socket.recv_fds(ours, 1, 1)
        return socket.socket(fileno=number)
