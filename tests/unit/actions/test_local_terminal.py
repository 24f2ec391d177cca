"""The near side of a command: keys that go through as they are, the two that leave, and a terminal left as it was."""

from __future__ import annotations

import asyncio
import os
import signal
import termios
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.actions.messages import Cancelled
from edgetui.actions.remote import local_terminal
from edgetui.actions.remote.local_terminal import PIECE, LocalTerminal, say
from edgetui.cluster.api.remote_command import Channel
from tests.terminal.ptyapp import set_size

from .descriptors import drained, on_pipes, on_terminal, standing_for

LOCAL = termios.ICANON | termios.ECHO | termios.ISIG


def local_modes() -> int:
    """Of the terminal: whether it edits lines, shows keys, and makes signals of some."""
    modes: int = termios.tcgetattr(0)[3]
    return modes & LOCAL


async def typed_into(terminal: LocalTerminal) -> tuple[list[bytes], str]:
    """What comes of it, and the sentence that ends it."""
    found: list[bytes] = []
    try:
        async for data in terminal.input():
            found.append(data)
    except Cancelled as ended:
        return found, ended.sentence
    return found, ""


class Chunks:
    """Gives these one after the other instead of what is typed, and then the end."""

    def __init__(self, chunks: Sequence[bytes]) -> None:
        self.left = [*chunks, b""]

    async def read(self, descriptor: int) -> bytes:
        assert descriptor == 0
        return self.left.pop(0)


GONE = "The terminal is gone."


@pytest.mark.parametrize(
    ("chunks", "through", "sentence"),
    [
        ([b"ls\r"], [b"ls\r"], GONE),
        ([b"\x03\x1a\x04\x00\xff"], [b"\x03\x1a\x04\x00\xff"], GONE),
        ([b"\x1dd"], [], "Left."),
        ([b"\x1dD"], [], "Left."),
        ([b"\x1d", b"d"], [], "Left."),
        ([b"a", b"\x1d", b"x"], [b"a", b"\x1dx"], GONE),
        ([b"\x1d\x1d"], [b"\x1d"], GONE),
        ([b"\x1d\x1dd"], [b"\x1dd"], GONE),
        ([b"\x1d\x1d\x1dd"], [], "Left."),
        ([b"a\x1d"], [b"a"], GONE),
        ([b"a\x1ddb"], [], "Left."),
        ([b"d", b"\x1dxd"], [b"d", b"\x1dxd"], GONE),
    ],
)
async def test_ctrl_bracket_and_then_d_leaves_and_twice_it_is_one(
    chunks: list[bytes], through: list[bytes], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_terminal, "_read", Chunks(chunks).read)
    terminal = LocalTerminal(True)
    assert not terminal.left.is_set() and not terminal.typed
    assert await typed_into(terminal) == (through, sentence)
    assert terminal.left.is_set() == (sentence == "Left.")
    assert terminal.typed == bool(through)


async def test_what_is_no_terminal_goes_through_with_every_byte_and_ends_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local_terminal, "_read", Chunks([b"\x1dd", b"\x1d\x1d"]).read)
    terminal = LocalTerminal(False)
    assert await typed_into(terminal) == ([b"\x1dd", b"\x1d\x1d"], "")
    assert (terminal.typed, terminal.left.is_set(), terminal.attended) == (True, False, False)
    assert LocalTerminal(True).attended and LocalTerminal.raw


def fed(chunks: Sequence[bytes]) -> tuple[bytes, bool]:
    """What goes through of these, and whether that is where the person leaves."""
    terminal, out = LocalTerminal(True), b""
    for chunk in chunks:
        out += terminal._without_escapes(chunk)
        if terminal.left.is_set():
            return out, True
    return out, False


@given(st.lists(st.lists(st.sampled_from([b"\x1d", b"d", b"D", b"x"]), max_size=5).map(b"".join), max_size=5))
def test_pieces_mean_what_the_whole_means(chunks: list[bytes]) -> None:
    assert fed(chunks) == fed([b"".join(chunks)])


async def test_the_terminal_is_raw_meanwhile_and_then_as_it_was() -> None:
    with on_terminal() as far:
        assert LocalTerminal.is_terminal()
        before = termios.tcgetattr(0)
        assert local_modes() == LOCAL
        terminal = LocalTerminal(True)
        async with terminal.held():
            assert local_modes() == 0
            await terminal.write(Channel.STDOUT, b"\x1b[?1049h\x1b[?25lhere")
        assert termios.tcgetattr(0) == before
        assert drained(far) == b"\x1b[?1049h\x1b[?25lhere" + b"\x1b[m\x1b[?25h\x1b[?1049l"
        with pytest.raises(KeyError):
            async with terminal.held():
                raise KeyError
        assert (termios.tcgetattr(0), drained(far)) == (before, b"")


async def test_what_has_no_terminal_of_its_own_leaves_it_alone() -> None:
    with on_terminal() as far:
        before = termios.tcgetattr(0)
        terminal = LocalTerminal(False, lines=True)
        async with terminal.held():
            assert termios.tcgetattr(0) == before
            await terminal.write(Channel.STDOUT, b"\x1b[?25l")
            terminal.put_back()
        assert drained(far) == b"\x1b[?25l"


async def test_a_key_goes_to_the_far_side_as_it_is_pressed() -> None:
    with on_terminal() as far:
        terminal = LocalTerminal(True)
        async with terminal.held():
            keys: Any = terminal.input()
            for key in (b"l", b"\x03", b"\x1a", b"\r"):
                waiting = asyncio.ensure_future(anext(keys))
                await asyncio.sleep(0)
                os.write(far, key)
                assert await waiting == key
            await keys.aclose()
        waiting_for_any = asyncio.ensure_future(terminal.any_key())
        await asyncio.sleep(0)
        assert not waiting_for_any.done()
        os.write(far, b"\n")
        await waiting_for_any


async def test_a_terminal_that_is_gone_ends_it() -> None:
    master, slave = os.openpty()
    with standing_for({0: slave}):
        os.close(slave)
        os.close(master)
        assert await typed_into(LocalTerminal(True)) == ([], GONE)


async def test_another_reader_may_have_been_quicker(monkeypatch: pytest.MonkeyPatch) -> None:
    with on_pipes() as pipes:
        reads: list[int] = []
        read = os.read

        def taken_once(descriptor: int, most: int) -> bytes:
            reads.append(descriptor)
            data = read(descriptor, most)
            if len(reads) == 1:
                raise BlockingIOError
            return data

        monkeypatch.setattr(os, "read", taken_once)
        pipes.type(b"taken", end=False)
        waiting = asyncio.ensure_future(local_terminal._read(0))
        for _ in range(5):
            await asyncio.sleep(0)
        assert reads == [0]
        pipes.type(b"x", end=False)
        assert await waiting == b"x"


async def test_a_file_is_input_too_in_pieces(tmp_path: Path) -> None:
    assert PIECE == 16384
    data = os.urandom(2 * PIECE + 5)
    (tmp_path / "in").write_bytes(data)
    handle = os.open(tmp_path / "in", os.O_RDONLY)
    with standing_for({0: handle}):
        found, _ = await typed_into(LocalTerminal(False))
    os.close(handle)
    assert [len(one) for one in found] == [PIECE, PIECE, 5]
    assert b"".join(found) == data


@pytest.mark.parametrize(
    ("full", "lines", "shown"),
    [(False, False, b"a\nb"), (False, True, b"a\nb"), (True, False, b"a\nb"), (True, True, b"a\r\nb")],
)
async def test_each_output_has_its_descriptor_and_lines_end_as_the_terminal_has_them(
    full: bool, lines: bool, shown: bytes
) -> None:
    with on_pipes() as pipes:
        terminal = LocalTerminal(full, lines=lines)
        await terminal.write(Channel.STDOUT, b"a\nb")
        await terminal.write(Channel.STDERR, b"err")
        assert pipes.outputs == (shown, b"err")


async def test_all_of_it_is_written_however_slowly_it_is_read() -> None:
    data = os.urandom(300_000)
    with on_pipes() as pipes:
        found = bytearray()

        def reads() -> None:
            while len(found) < len(data) and (piece := os.read(pipes.out, 4096)):
                found.extend(piece)

        reader = threading.Thread(target=reads, daemon=True)
        reader.start()
        await LocalTerminal(False).write(Channel.STDOUT, data)
        reader.join(10)
        assert bytes(found) == data
        pipes.close(pipes.out)
        with pytest.raises(BrokenPipeError):
            await LocalTerminal(False).write(Channel.STDOUT, b"x")


async def test_a_terminal_that_does_not_read_is_not_waited_for() -> None:
    with on_pipes() as pipes:
        terminal = LocalTerminal(True)
        terminal._modes.see(b"\x1b[?25l")
        terminal.tell("Shown.")
        terminal.put_back()
        assert pipes.outputs == (b"Shown.\r\n\x1b[m\x1b[?25h", b"")
        terminal._modes.see(b"\x1b[?25l")
        filled = b"x" * 65536
        os.write(1, filled)
        terminal.tell("Nobody reads this.")
        terminal.put_back()
        assert drained(pipes.out) == filled
        terminal.put_back()
        assert drained(pipes.out) == b""
        terminal._modes.see(b"\x1b[?25l")
        pipes.close(pipes.out)
        terminal.tell("Nobody is there.")
        terminal.put_back()


async def test_the_size_is_told_at_once_and_after_every_change() -> None:
    usual = signal.getsignal(signal.SIGWINCH)
    with on_terminal(101, 33) as far:
        terminal = LocalTerminal(True)
        sizes: Any = terminal.sizes()
        assert await anext(sizes) == (101, 33)
        for columns, lines in ((80, 24), (81, 25)):
            told = asyncio.ensure_future(anext(sizes))
            await asyncio.sleep(0)
            assert not told.done()
            set_size(far, columns, lines)
            os.kill(os.getpid(), signal.SIGWINCH)
            assert await told == (columns, lines)
        await sizes.aclose()
    assert signal.getsignal(signal.SIGWINCH) in (usual, signal.SIG_DFL)


@pytest.mark.parametrize("terminals", [(), (0,), (1,), (0, 1)])
def test_a_person_sits_there_where_input_and_output_are_terminals(terminals: tuple[int, ...]) -> None:
    with on_terminal(), on_pipes():
        master, slave = os.openpty()
        with standing_for(dict.fromkeys(terminals, slave)):
            assert LocalTerminal.is_terminal() == (len(terminals) == 2)
        os.close(slave)
        os.close(master)


def test_what_is_said_goes_beside_the_outputs_at_once(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[Any] = []
    say("Left.")
    assert capsys.readouterr() == ("", "Left.\n")
    monkeypatch.setattr("sys.stderr.flush", lambda: flushed.append(1))
    say("Again.")
    assert flushed == [1]
