"""The way out to a real terminal: when it is read again nothing waits, and the event loop rests."""

from __future__ import annotations

import asyncio
import os
import pty
import tty
from collections.abc import Iterator

import pytest

from edgetui.terminal import output
from edgetui.terminal.output import PENDING_LIMIT, Output


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, int]]:
    """Both ends of a terminal, the program's not blocking."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    os.set_blocking(master, False)
    own = os.open(os.ttyname(slave), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    monkeypatch.setattr(output, "_open", lambda: (own, True))
    yield master, slave
    for descriptor in (master, slave):
        os.close(descriptor)


class Loop:
    """How often the event loop calls the writer."""

    def __init__(self, out: Output) -> None:
        self.calls = 0
        write = out._write

        def counted() -> None:
            self.calls += 1
            write()

        out._write = counted  # type: ignore[method-assign]


def read_all(master: int) -> int:
    read = 0
    while True:
        try:
            read += len(os.read(master, 65536))
        except BlockingIOError:
            return read


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_terminal_that_stalled_and_is_read_again_is_written_to_and_then_left_alone(
    terminal: tuple[int, int],
) -> None:
    master, _ = terminal
    emptied: list[int] = []
    out = Output(asyncio.get_running_loop(), lambda: emptied.append(out.bytes_out), lambda: None)
    loop = Loop(out)
    for _ in range(3):
        sent = read = out.bytes_out * 0
        while not out.pending:
            out.send(b"x" * 4096)
            sent += 4096
            if out.pending:
                await turns(200)  # the kernel may still move what it took, and find room once more
        before, stalled = len(emptied), loop.calls
        await turns(200)
        assert loop.calls == stalled, "a terminal that does not read wakes nobody"
        while out.pending:
            read += read_all(master)
            await asyncio.sleep(0.001)
        read += read_all(master)
        assert read == sent
        assert len(emptied) == before + 1
        rested = loop.calls
        await turns(200)
        await asyncio.sleep(0.01)
        assert loop.calls == rested, "there is nothing to write, yet the writer is called"
    out.close()


async def test_what_would_pass_the_limit_is_dropped_whole(terminal: tuple[int, int]) -> None:
    master, _ = terminal
    out = Output(asyncio.get_running_loop(), lambda: None, lambda: None)
    while not out.pending:
        out.send(b"x" * 4096)
    waiting = out.pending
    out.send(b"y" * PENDING_LIMIT)
    assert out.pending == waiting
    while out.pending:
        read_all(master)
        await asyncio.sleep(0.001)
    out.close()
