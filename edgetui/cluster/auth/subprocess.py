"""Run a helper program that must never touch the terminal: bounded in time and in output.

It gets no standard input but what is handed in, its own session (so no controlling terminal to ask on), and
is killed with everything it started when its time is up, when nobody wants it any more, or when this program ends,
however that comes. What it leaves running after an ordinary end (a browser, an agent) is left alone.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from edgetui.cluster.auth import orphans
from edgetui.cluster.auth.program_slots import EVERY, Slot
from edgetui.cluster.blocking import in_thread
from edgetui.model.redacted import Discreet

if TYPE_CHECKING:
    import subprocess

MAX_OUTPUT = 1024 * 1024
MAX_STDERR = 8 * 1024
LINGER = 1.0
"""Seconds to read on after the program itself has ended: what it left behind may hold the pipe open."""
_LOOK = 0.05
"""Seconds between two looks at whether it has ended, where the system does not tell by itself."""
_RARELY = 1.0
"""Seconds between two looks at the time where it does."""


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
    watched by a thread of its own: asyncio's own subprocesses only end when everything that holds their pipes has
    ended. When the caller is cancelled it is killed.
    """
    import asyncio

    conversation = _Conversation(argv, env, time_limit, stdin)
    task = in_thread(conversation.hold, "helper program")
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        conversation.abandon()
        await asyncio.wait([task])
        task.exception()
        raise


class _Conversation:
    """One program from start to end, in the thread that calls `hold`."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str], time_limit: float, stdin: bytes) -> None:
        self._abandoned = False
        self._argv = argv
        self._env = env
        self._time_limit = time_limit
        self._stdin = memoryview(stdin)
        self._wrote = bytearray()
        self._said = bytearray()
        self._slot = Slot()
        self._process: subprocess.Popen[bytes] | None = None

    def abandon(self) -> None:
        """Nobody wants the answer any more: kill it. Called from another thread."""
        self._abandoned = True
        self._kill()

    def hold(self) -> Finished:
        """Start it and stay with it to the end."""
        while not self._slot.take(EVERY):
            if self._abandoned:
                return Finished(-signal.SIGKILL, b"", "")
        try:
            return self._hold()
        finally:
            self._slot.give_up()

    def _hold(self) -> Finished:
        import subprocess

        orphans.prepare()
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
            orphans.guard(process.pid)
            self._process = process
            try:
                self._attend(process)
            finally:
                self._kill()
                orphans.release(process.pid)
        return Finished(process.returncode, bytes(self._wrote), self._words())

    def _kill(self) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Feed and read it until it has ended and its pipes are closed, or it has lingered."""
        now = time.monotonic()
        until, lingers_until = now + self._time_limit, float("inf")
        with selectors.DefaultSelector() as pipes, _end_of(process.pid) as end:
            for pipe, what in (
                (process.stdin, self._feed),
                (process.stdout, self._hear),
                (process.stderr, self._note),
            ):
                if pipe is not None:
                    os.set_blocking(pipe.fileno(), False)
                    reading = selectors.EVENT_WRITE if pipe is process.stdin else selectors.EVENT_READ
                    pipes.register(pipe, reading, what)
            told = [pipes.register(end, selectors.EVENT_READ)] if end is not None else []
            while len(pipes.get_map()) > len(told) or process.poll() is None:
                for key, _ in pipes.select(self._patience(until - now, told=bool(told))):
                    if key in told:
                        pipes.unregister(key.fileobj)
                        told.clear()
                    elif not key.data(key.fd):
                        pipes.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]
                now = time.monotonic()
                if process.poll() is None:
                    if self._abandoned:
                        return
                    if now >= until:
                        raise TimeIsUp(self._words())
                    self._slot.look(process.pid)
                elif now >= (lingers_until := min(lingers_until, now + LINGER)):
                    return

    def _patience(self, left: float, *, told: bool) -> float:
        """Seconds to wait for news at most."""
        if not told:
            return _LOOK
        return min(EVERY if self._slot.held else _RARELY, max(0.0, left))

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


@contextlib.contextmanager
def _end_of(pid: int) -> Iterator[int | None]:
    """A descriptor that can be read when this child has ended; None where the system has no such thing."""
    try:
        descriptor = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)
