"""Run a helper program that must never touch the terminal: bounded in time and in output.

It gets no standard input but what is handed in, its own session (so no controlling terminal to ask on), and
is killed with everything it started when its time is up or nobody waits for it any more. What it leaves
running after an ordinary end (a browser, an agent) is left alone.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from edgetui.model.discreet import Discreet

if TYPE_CHECKING:
    import subprocess

MAX_OUTPUT = 1024 * 1024
MAX_STDERR = 8 * 1024
LINGER = 1.0
"""Seconds to read on after the program itself has ended: what it left behind may hold the pipe open."""
_LOOK = 0.05
"""Seconds between two looks at whether it has ended."""


class TimeIsUp(Exception):
    """The program did not end in time and was killed; `stderr` is the last of what it had said."""

    def __init__(self, stderr: str) -> None:
        super().__init__()
        self.stderr = stderr


class TooMuchOutput(Exception):
    """The program wrote more than MAX_OUTPUT bytes and was killed."""


class Finished(Discreet, frozen=True):
    """How a program ended. `stdout` may hold secrets; `stderr` is only its last MAX_STDERR bytes."""

    SHOWN = ("code",)

    code: int
    stdout: bytes
    stderr: str


async def run(argv: Sequence[str], env: Mapping[str, str], time_limit: float, stdin: bytes = b"") -> Finished:
    """Run `argv` to its end, at most `time_limit` seconds.

    Raises OSError when it cannot be started (FileNotFoundError, PermissionError), TimeIsUp, TooMuchOutput. It is
    watched by a thread: asyncio's own subprocesses only end when everything that holds their pipes has ended.
    """
    import asyncio

    conversation = _Conversation(argv, env, time_limit, stdin)
    task = asyncio.get_running_loop().run_in_executor(None, conversation.hold)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        conversation.abandoned = True
        await asyncio.wait([task])
        raise


class _Conversation:
    """One program from start to end, in the thread that calls `hold`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], time_limit: float, stdin: bytes) -> None:
        self.abandoned = False
        self._argv = argv
        self._env = env
        self._time_limit = time_limit
        self._stdin = memoryview(stdin)
        self._wrote = bytearray()
        self._said = bytearray()

    def hold(self) -> Finished:
        """Start it and stay with it to the end."""
        import subprocess

        # Who starts a new session leads a group of the same number: everything in it can be ended at once.
        with subprocess.Popen(
            self._argv,
            stdin=subprocess.PIPE if self._stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self._env,
            start_new_session=True,
            bufsize=0,
        ) as process:
            try:
                self._attend(process)
            finally:
                if process.poll() is None:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(process.pid, signal.SIGKILL)
        return Finished(process.returncode, bytes(self._wrote), self._words())

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Feed and read it until it has ended and its pipes are closed, or it has lingered."""
        now = time.monotonic()
        until, lingers_until = now + self._time_limit, float("inf")
        with selectors.DefaultSelector() as pipes:
            for pipe, what in (
                (process.stdin, self._feed),
                (process.stdout, self._hear),
                (process.stderr, self._note),
            ):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    reading = selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ
                    pipes.register(pipe, reading, what)
            while pipes.get_map() or process.poll() is None:
                for key, _ in pipes.select(_LOOK):
                    if not key.data(key.fd):
                        pipes.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                now = time.monotonic()
                if process.poll() is None:
                    if now >= until:
                        raise TimeIsUp(self._words())
                    if self.abandoned:
                        return
                elif now >= (lingers_until := min(lingers_until, now + LINGER)):
                    return

    def _feed(self, pipe: int) -> bool:
        try:
            self._stdin = self._stdin[os.write(pipe, self._stdin) :]
        except BrokenPipeError:
            return False  # it ended without reading; its exit code says why
        return bool(self._stdin)

    def _hear(self, pipe: int) -> bool:
        part = os.read(pipe, 65536)
        self._wrote += part
        if len(self._wrote) > MAX_OUTPUT:
            raise TooMuchOutput
        return bool(part)

    def _note(self, pipe: int) -> bool:
        part = os.read(pipe, 65536)
        self._said += part
        del self._said[:-MAX_STDERR]
        return bool(part)

    def _words(self) -> str:
        return self._said.decode("utf-8", "replace")
