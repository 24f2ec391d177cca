"""Run a helper program that must never touch the terminal: bounded in time and in output.

It gets no standard input but what is handed in, its own session (so no controlling terminal to ask on), and
is killed with everything it started when its time is up or nobody waits for it any more. What it leaves
running after an ordinary end (a browser, an agent) is left alone.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

MAX_OUTPUT = 1024 * 1024
MAX_STDERR = 8 * 1024
LINGER = 1.0
"""Seconds to read on after the program itself has ended: what it left behind may hold the pipe open."""


class TimeIsUp(Exception):
    """The program did not end in time and was killed; `stderr` is the last of what it had said."""

    def __init__(self, stderr: str) -> None:
        super().__init__()
        self.stderr = stderr


class TooMuchOutput(Exception):
    """The program wrote more than MAX_OUTPUT bytes and was killed."""


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended. `stdout` may hold secrets; `stderr` is only its last MAX_STDERR bytes."""

    code: int
    stdout: bytes = field(repr=False)
    stderr: str = field(repr=False)


async def run(
    argv: Sequence[str], env: Mapping[str, str], time_limit: float, stdin: bytes | None = None
) -> Finished:
    """Run `argv` to its end, at most `time_limit` seconds.

    Raises OSError when it cannot be started (FileNotFoundError, PermissionError), TimeIsUp, TooMuchOutput.
    """
    import asyncio
    from asyncio.subprocess import DEVNULL, PIPE

    process = await asyncio.create_subprocess_exec(
        *argv,
        stdin=DEVNULL if stdin is None else PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=env,
        start_new_session=True,
    )
    assert process.stdout is not None and process.stderr is not None
    wrote, said = bytearray(), bytearray()
    out = asyncio.create_task(_all_of(process.stdout, wrote))
    err = asyncio.create_task(_tail_of(process.stderr, said))
    ended = asyncio.create_task(process.wait())
    try:
        async with asyncio.timeout(time_limit):
            if stdin is not None and process.stdin is not None:
                await _feed(process.stdin, stdin)
            await asyncio.wait({out, ended}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                await asyncio.wait({out, err}, timeout=LINGER)
            if out.done():
                out.result()
            return Finished(await ended, bytes(wrote), said.decode("utf-8", "replace"))
    except TimeoutError:
        raise TimeIsUp(said.decode("utf-8", "replace")) from None
    finally:
        if process.returncode is None:
            _kill_group(process.pid)
        for task in (out, err, ended):
            task.cancel()
        await asyncio.gather(out, err, ended, return_exceptions=True)
        await process.wait()


async def _feed(stdin: asyncio.StreamWriter, data: bytes) -> None:
    try:
        stdin.write(data)
        await stdin.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # it ended without reading; its exit code says why
    finally:
        stdin.close()


async def _all_of(stream: asyncio.StreamReader, wrote: bytearray) -> None:
    while part := await stream.read(65536):
        wrote += part
        if len(wrote) > MAX_OUTPUT:
            raise TooMuchOutput


async def _tail_of(stream: asyncio.StreamReader, said: bytearray) -> None:
    while part := await stream.read(4096):
        said += part
        del said[:-MAX_STDERR]


def _kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
