"""Bytes to a terminal that takes some of them, at some times, or is gone: what is written, kept and forgotten."""

from __future__ import annotations

import errno
import os
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.terminal import output
from edgetui.terminal.output import PENDING_LIMIT, Output

from .still_terminal import StillLoop

TERMINAL = 77


class Way:
    """The way out to a terminal that takes `room` bytes, at most `most` of them at a time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, own: bool = True) -> None:
        monkeypatch.setattr(output, "_open", lambda: (TERMINAL, own))
        monkeypatch.setattr("os.write", self._write)
        monkeypatch.setattr("select.select", self._select)
        self.room, self.most = 0, 1 << 20
        self.fault: OSError | None = None
        self.taken: list[bytes] = []
        self.waits: list[float] = []
        self.told: list[str] = []
        self.loop = StillLoop()
        loop: Any = self.loop
        self.out = Output(loop, lambda: self.told.append("emptied"), lambda: self.told.append("lost"))

    def _select(
        self, read: list[int], write: list[int], other: list[int], wait: float
    ) -> tuple[list[int], ...]:
        assert (read, write, other) == ([], [TERMINAL], [])
        self.waits.append(wait)
        if self.room or self.fault:
            return [], write, []
        self.loop.now += wait
        return [], [], []

    def _write(self, descriptor: int, data: bytes) -> int:
        assert descriptor == TERMINAL
        if self.fault is not None:
            raise self.fault
        self.loop.now += 0.125
        count = min(len(data), self.room, self.most)
        self.room -= count
        self.taken.append(data[:count])
        return count

    @property
    def state(self) -> tuple[int, int, bool]:
        """Bytes taken, bytes that wait, and whether the loop says when there is room."""
        return self.out.bytes_out, self.out.pending, self.loop.writers == {TERMINAL: self.out._write}


def test_what_a_terminal_takes_is_written_at_once_and_the_rest_when_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way = Way(monkeypatch)
    way.room = 100
    way.out.send(b"a" * 40)
    assert (way.state, way.told, way.waits) == ((40, 0, False), ["emptied"], [0])
    way.out.send(b"b" * 100)
    assert (way.state, way.told) == ((100, 40, True), ["emptied"])
    way.out.send(b"c" * 5)
    assert (way.state, way.taken[-1]) == ((100, 45, True), b"b" * 60), "the loop says when there is room"
    way.room = 42
    way.loop.writers[TERMINAL]()
    assert (way.state, way.told) == ((142, 3, True), ["emptied"])
    way.room = 50
    way.loop.writers[TERMINAL]()
    assert (way.state, way.told) == ((145, 0, False), ["emptied", "emptied"])
    assert b"".join(way.taken) == b"a" * 40 + b"b" * 100 + b"c" * 5


@pytest.mark.parametrize(("own", "pieces"), [(True, [65536, 464]), (False, [256] * 257 + [208])])
def test_a_descriptor_that_others_share_is_written_to_in_small_pieces(
    monkeypatch: pytest.MonkeyPatch, own: bool, pieces: list[int]
) -> None:
    way = Way(monkeypatch, own=own)
    way.room = 1 << 20
    way.out.send(b"x" * 66000)
    assert [len(piece) for piece in way.taken] == pieces


@pytest.mark.parametrize(
    ("waits", "more", "kept"),
    [
        (1, PENDING_LIMIT - 1, True),
        (1, PENDING_LIMIT, False),
        (0, PENDING_LIMIT + 1, True),
        (PENDING_LIMIT, 1, False),
    ],
)
def test_what_would_pass_the_limit_is_dropped_whole_unless_nothing_waits(
    monkeypatch: pytest.MonkeyPatch, waits: int, more: int, kept: bool
) -> None:
    assert PENDING_LIMIT == 65536
    way = Way(monkeypatch)
    way.out.send(b"x" * waits)
    way.out.send(b"y" * more)
    assert way.out.pending == waits + kept * more


@pytest.mark.parametrize(
    ("fault", "told", "state"),
    [
        (BlockingIOError(errno.EAGAIN, "full"), [], (0, 3, True)),
        (OSError(errno.EINTR, "interrupted"), [], (0, 3, True)),
        (OSError(errno.EIO, "gone"), ["lost"], (0, 3, False)),
    ],
)
def test_a_full_terminal_is_waited_for_and_one_that_is_gone_is_lost(
    monkeypatch: pytest.MonkeyPatch, fault: OSError, told: list[str], state: tuple[int, int, bool]
) -> None:
    way = Way(monkeypatch)
    way.fault = fault
    way.out.send(b"abc")
    assert (way.told, way.state) == (told, state)


def test_leaving_writes_what_waits_and_the_end_as_long_as_the_terminal_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    way = Way(monkeypatch)
    way.out.send(b"x" * 300)
    way.room = 1000
    way.waits.clear()
    way.out.leave("end", 1.0)
    assert [len(piece) for piece in way.taken] == [256, 47]
    assert b"".join(way.taken) == b"x" * 300 + b"end"
    assert way.waits == [1.0, 0.875]
    assert (way.state, way.told) == ((303, 0, False), [])


@pytest.mark.parametrize(
    ("most", "limit", "taken"), [(1, 0.25, 2), (1, 0.3, 3), (256, 0.0, 0), (256, 0.125, 256)]
)
def test_leaving_forgets_what_is_left_when_its_time_is_over(
    monkeypatch: pytest.MonkeyPatch, most: int, limit: float, taken: int
) -> None:
    way = Way(monkeypatch)
    way.room, way.most = 1000, most
    way.out.leave("x" * 400, limit)
    assert (way.state, sum(map(len, way.taken))) == ((taken, 0, False), taken)


def test_leaving_a_terminal_that_does_not_read_or_is_gone_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(monkeypatch)
    way.out.leave("end", 0.5)
    assert (way.waits, way.state) == ([0.5], (0, 0, False))
    way.fault = OSError(errno.EIO, "gone")
    way.out.leave("end", 0.5)
    assert (way.told, way.state) == ([], (0, 0, False))


def test_what_is_forgotten_is_not_written_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    way = Way(monkeypatch)
    way.out.send(b"abc")
    assert way.state == (0, 3, True)
    way.out.forget()
    assert (way.state, way.told) == ((0, 0, False), [])


@pytest.mark.parametrize("own", [True, False])
def test_only_a_descriptor_that_was_opened_here_is_closed_and_only_once(
    monkeypatch: pytest.MonkeyPatch, own: bool
) -> None:
    way = Way(monkeypatch, own=own)
    closed: list[int] = []
    with monkeypatch.context() as patched:
        patched.setattr("os.close", closed.append)
        way.out.close()
        way.out.close()
    assert closed == ([TERMINAL] if own else [])
    assert way.out.descriptor == (-1 if own else TERMINAL)


@pytest.mark.parametrize(
    ("name", "refused", "found", "asked"),
    [
        ("/dev/pts/3", set(), (9, True), ["/dev/pts/3"]),
        ("/dev/pts/3", {"/dev/pts/3"}, (9, True), ["/dev/pts/3", "/dev/tty"]),
        ("/dev/pts/3", {"/dev/pts/3", "/dev/tty"}, (5, False), ["/dev/pts/3", "/dev/tty"]),
        (None, set(), (9, True), ["/dev/tty"]),
        (None, {"/dev/tty"}, (5, False), ["/dev/tty"]),
    ],
)
def test_the_terminal_is_opened_again_so_that_the_shells_descriptor_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
    name: str | None,
    refused: set[str],
    found: tuple[int, bool],
    asked: list[str],
) -> None:
    opened: list[str] = []

    def name_of(descriptor: int) -> str:
        assert descriptor == 5
        if name is None:
            raise OSError(errno.ENOTTY, "no terminal")
        return name

    def opening(path: str, flags: int) -> int:
        opened.append(path)
        assert flags == os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC
        if path in refused:
            raise PermissionError(errno.EACCES, "not allowed")
        return 9

    with monkeypatch.context() as patched:
        patched.setattr("sys.__stdout__", SimpleNamespace(fileno=lambda: 5))
        patched.setattr("os.ttyname", name_of)
        patched.setattr("os.open", opening)
        assert output._open() == found
    assert opened == asked


def test_without_a_standard_output_it_is_the_second_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def name_of(descriptor: int) -> str:
        asked.append(descriptor)
        return "/dev/null"

    with monkeypatch.context() as patched:
        patched.setattr("sys.__stdout__", None)
        patched.setattr("os.ttyname", name_of)
        descriptor, own = output._open()
    os.close(descriptor)
    assert (asked, own) == ([1], True)
