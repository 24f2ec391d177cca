"""Keys and answers of the terminal as they come in pieces, with a clock that only moves when a test says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from textual import constants, events
from textual.message import Message

from edgetui.terminal.input import Input

from .still_terminal import StillLoop


class Typed:
    """The way in, and a pipe in place of a keyboard. `told` is what came out of it, in order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.near, self.far = os.pipe()
        os.set_blocking(self.near, False)
        self.loop = StillLoop()
        self.told: list[str] = []
        loop: Any = self.loop
        with monkeypatch.context() as patched:
            patched.setattr("sys.__stdin__", SimpleNamespace(fileno=lambda: self.near))
            self.input = Input(loop, self._take, lambda: self.told.append("answer"), self._lost)
        self.input.start()

    def _take(self, message: Message) -> None:
        if isinstance(message, events.Key):
            self.told.append(message.key)
        elif isinstance(message, events.Paste):
            self.told.append(f"pasted {message.text}")
        else:
            self.told.append(type(message).__name__)

    def _lost(self) -> None:
        self.told.append("lost")

    def type(self, data: bytes) -> list[str]:
        """What that led to."""
        os.write(self.far, data)
        return self.read()

    def read(self) -> list[str]:
        self.told.clear()
        self.loop.readers[self.near]()
        return self.told.copy()

    def wait(self, seconds: float) -> list[str]:
        self.told.clear()
        self.loop.advance(seconds)
        return self.told.copy()

    def hang_up(self) -> None:
        os.close(self.far)
        self.far = -1

    def close(self) -> None:
        for descriptor in (self.near, self.far):
            if descriptor >= 0:
                os.close(descriptor)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Typed]:
    made = Typed(monkeypatch)
    yield made
    made.close()


WAIT = constants.ESCAPE_DELAY


@pytest.mark.parametrize(
    ("pieces", "told"),
    [
        ([b"q"], [["q"]]),
        ([b"\x1b[A\x1b[B"], [["up", "down"]]),
        ([b"\x1b[0n"], [["answer"]]),
        ([b"\x1b[3n"], [["answer"]]),
        ([b"a\x1b[0nb\x1b[3nc"], [["answer", "answer", "a", "b", "c"]]),
        ([b"\x1b[1n"], [[]]),
        ([b"\x1b", b"[0n"], [[], ["answer"]]),
        ([b"\x1b[", b"0n"], [[], ["answer"]]),
        ([b"\x1b[0", b"n"], [[], ["answer"]]),
        ([b"x\x1b[3", b"ny"], [["x"], ["answer", "y"]]),
        ([b"\x1b", b"[A"], [[], ["up"]]),
        ([b"\x1b", b"\x1b[0n"], [[], ["answer"]]),
        ([b"\xc3", b"\xa9"], [[], ["é"]]),
        ([b"\xff"], [["replacement_character"]]),
        ([b"\x1b[200~two words\x1b[0n\x1b[201~"], [["answer", "pasted two words"]]),
        ([b"\x1b[?2026;2$y"], [["SyncSupported"]]),
        ([b"\x1b[?2048;2$y"], [[]]),
    ],
)
def test_what_comes_is_keys_and_answers_however_it_is_cut(
    typed: Typed, pieces: list[bytes], told: list[list[str]]
) -> None:
    assert [typed.type(piece) for piece in pieces] == told


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        (b"\x1b", ["escape"]),
        (b"\x1b[", ["escape", "left_square_bracket"]),
        (b"\x1bx", ["escape", "x"]),
        (b"\x1b[0", ["escape", "left_square_bracket", "0"]),
    ],
)
def test_a_sequence_whose_end_does_not_come_in_time_is_taken_for_what_came(
    typed: Typed, begun: bytes, told: list[str]
) -> None:
    came = typed.type(begun)
    if came:
        assert came == told
        assert typed.loop.due == []
        return
    assert typed.loop.due == [pytest.approx(WAIT)]
    assert typed.wait(WAIT - 0.01) == []
    assert typed.wait(0.01) == told
    assert typed.loop.due == []
    assert typed.type(b"y") == ["y"]


def test_the_time_for_the_rest_of_a_sequence_begins_with_its_newest_byte_and_is_over_with_its_last(
    typed: Typed,
) -> None:
    assert typed.type(b"\x1b") == []
    assert typed.wait(WAIT - 0.01) == []
    assert typed.type(b"[") == []
    assert typed.loop.due == [pytest.approx(WAIT)]
    assert typed.wait(WAIT - 0.01) == []
    assert typed.type(b"A") == ["up"]
    assert typed.loop.due == []
    assert typed.wait(1) == []


def test_an_escape_before_an_answer_is_a_key_of_its_own(typed: Typed) -> None:
    assert typed.type(b"\x1b\x1b[0n") == ["answer"]
    assert typed.wait(WAIT) == ["escape"]


def test_what_was_held_back_is_given_only_once(typed: Typed) -> None:
    typed.type(b"\x1b")
    assert typed.wait(WAIT) == ["escape"]
    assert typed.wait(10) == []
    assert typed.type(b"[0n") == ["left_square_bracket", "0", "n"]


def test_it_is_read_from_start_to_stop_and_both_may_be_said_twice(typed: Typed) -> None:
    assert list(typed.loop.readers) == [typed.near]
    typed.loop.readers.clear()
    typed.input.start()
    assert typed.loop.readers == {}, "it is read already"
    typed.loop.readers[typed.near] = lambda: None
    typed.input.stop()
    assert typed.loop.readers == {}
    typed.input.stop()
    typed.input.start()
    assert list(typed.loop.readers) == [typed.near]


def test_nothing_to_read_is_no_end_and_an_end_or_a_fault_is(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert typed.read() == []
    with monkeypatch.context() as patched:

        def broken(*_: object) -> bytes:
            raise OSError(5, "gone")

        patched.setattr("os.read", broken)
        assert typed.read() == ["lost"]
    typed.hang_up()
    assert typed.read() == ["lost"]


class Hearing:
    """`select` of a clock that stands still but for what is waited."""

    def __init__(self, typed: Typed, monkeypatch: pytest.MonkeyPatch, ready: list[bytes | None]) -> None:
        self.waits: list[float] = []
        self._typed, self._ready = typed, ready
        monkeypatch.setattr("select.select", self._select)

    def _select(
        self, read: list[int], write: list[int], other: list[int], wait: float
    ) -> tuple[list[int], ...]:
        assert (read, write, other) == ([self._typed.near], [], [])
        self.waits.append(wait)
        data = self._ready.pop(0) if self._ready else None
        if data is None:
            self._typed.loop.now += wait
            return [], [], []
        self._typed.loop.now += 0.125
        os.write(self._typed.far, data)
        return read, [], []


def test_while_leaving_answers_are_heard_and_keys_dropped_until_nothing_is_waited_for(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = Hearing(typed, monkeypatch, [b"quit\x1b[", b"0nmore", b"unread"])
    typed.input.hear_out(0.5, lambda: "answer" in typed.told)
    assert typed.told == ["answer"]
    assert hearing.waits == [0.5, 0.375]


def test_an_answer_that_does_not_come_is_not_waited_for_longer_than_that(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = Hearing(typed, monkeypatch, [b"quit"])
    typed.input.hear_out(0.5, lambda: False)
    assert hearing.waits == [0.5, 0.375]
    assert typed.told == []
    hearing.waits.clear()
    typed.input.hear_out(0.0, lambda: False)
    typed.input.hear_out(0.5, lambda: True)
    assert hearing.waits == []


def test_a_terminal_that_ends_or_fails_meanwhile_is_not_waited_for(
    typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    hearing = Hearing(typed, monkeypatch, [b""])
    typed.hang_up()
    monkeypatch.setattr("os.write", lambda *_: 0)
    typed.input.hear_out(0.5, lambda: False)
    assert hearing.waits == [0.5]

    def broken(*_: object) -> None:
        raise OSError(5, "gone")

    monkeypatch.setattr("select.select", broken)
    typed.input.hear_out(0.5, lambda: False)
    assert typed.told == []


def test_without_a_standard_input_it_is_the_first_descriptor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdin__", None)
    loop: Any = StillLoop()
    assert Input(loop, lambda one: None, lambda: None, lambda: None).descriptor == 0
