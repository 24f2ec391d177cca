"""The driver on a real pty, with a clock and a loop that only move when a test says so."""

from __future__ import annotations

import errno
import os
import select
import signal
import termios
import tty
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from textual import events

from edgetui.terminal import driver as driver_module
from edgetui.terminal.ack_clock import REQUEST
from edgetui.terminal.driver import EXIT_LIMIT, TerminalDriver
from edgetui.terminal.profile import choose

from .still_terminal import ANSWER, ENDING, Start

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[?2004h", b"\x1b[m\x1b[?2004l\x1b[?7h\x1b[?1049l\x1b[?25h"
MOUSE_ON, MOUSE_OFF = b"\x1b[?1000h\x1b[?1006h", b"\x1b[?1006l\x1b[?1000l"
KEYS_ON, KEYS_OFF, ASK_SYNC = b"\x1b[>1u", b"\x1b[<u", b"\x1b[?2026$p"
SYNC, SYNC_OFF = b"\x1b[?2026h", b"\x1b[?2026l"


@pytest.mark.parametrize(
    ("profile", "taken", "given"),
    [
        ("local", ENTER + KEYS_ON + ASK_SYNC + MOUSE_ON, MOUSE_OFF + KEYS_OFF + LEAVE),
        ("ssh", ENTER + KEYS_ON + ASK_SYNC, KEYS_OFF + LEAVE),
        ("thin", ENTER, LEAVE),
        ("serial", ENTER, LEAVE),
    ],
)
def test_the_terminal_is_taken_over_and_given_back_as_it_was(
    start: Start, profile: str, taken: bytes, given: bytes
) -> None:
    far = start(profile)
    assert far.begin() == taken + REQUEST.encode()
    raw = termios.tcgetattr(far.slave)
    assert not raw[tty.LFLAG] & (termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    assert not raw[tty.IFLAG] & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.INLCR | termios.IGNCR)
    assert (raw[tty.CC][termios.VMIN], raw[tty.CC][termios.VTIME]) == (1, 0)
    assert far.loop.readers
    os.write(far.master, b"typed ahead")
    assert select.select([far.slave], [], [], 10)[0]
    far.driver.stop_application_mode()
    assert far.sent() == given
    assert termios.tcgetattr(far.slave) == far.modes
    assert not select.select([far.slave], [], [], 0)[0], (
        "no shell gets the keys that were meant for the program"
    )
    assert far.loop.readers == {}
    far.driver.stop_application_mode()
    assert far.sent() == b"", "what was given back is not given back again"


def test_another_program_may_have_the_terminal_and_all_is_drawn_again_after_it(start: Start) -> None:
    far = start()
    far.begin()
    far.show("press is ready")
    assert far.driver.can_suspend
    far.driver.suspend_application_mode()
    assert far.sent() == KEYS_OFF + LEAVE
    assert termios.tcgetattr(far.slave) == far.modes
    assert far.loop.readers == {}
    assert far.show("press has failed") == b"", "while another program has it"
    far.driver.resume_application_mode()
    assert far.sent() == ENTER + KEYS_ON + ASK_SYNC + REQUEST.encode()
    assert not termios.tcgetattr(far.slave)[tty.LFLAG] & termios.ICANON
    far.driver.resume_application_mode()
    assert far.sent() == b"", "what is taken is not taken again"
    far.type(ANSWER)
    again = far.show("x", 3)
    assert again.startswith(b"\x1b[m\x1b[2J")
    assert b"press has failed" in again


def test_a_program_that_was_stopped_and_continued_takes_the_terminal_and_draws_all_again(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = start()
    far.begin()
    far.show("press is ready")
    stopped: list[tuple[int, int]] = []

    def kill(process: int, number: int) -> None:
        assert termios.tcgetattr(far.slave) == far.modes
        assert far.sent() == KEYS_OFF + LEAVE
        assert signal.SIGTSTP not in far.loop.handlers
        assert signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL
        stopped.append((process, number))

    monkeypatch.setattr(driver_module.os, "kill", kill)
    default = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    far.app.told.clear()
    far.loop.handlers[signal.SIGTSTP]()
    signal.signal(signal.SIGTSTP, default)
    assert stopped == [(0, signal.SIGTSTP)]
    shown = far.sent()
    assert shown.startswith(ENTER)
    assert b"press is ready" in shown
    assert signal.SIGTSTP in far.loop.handlers
    assert TerminalDriver.SignalResume in map(type, far.app.told)
    assert not termios.tcgetattr(far.slave)[tty.LFLAG] & termios.ICANON
    # Whoever stopped it without a word may have left other modes; those of the start are given back all the same.
    far.loop.handlers[signal.SIGCONT]()
    far.type(ANSWER + ANSWER)
    far.driver.stop_application_mode()
    assert termios.tcgetattr(far.slave) == far.modes


def test_a_new_size_is_told_and_all_is_drawn_on_it_and_the_same_one_costs_nothing(start: Start) -> None:
    far = start(columns=80)
    far.begin()
    sizes = [one.size for one in far.app.told if isinstance(one, events.Resize)]
    assert sizes == [(80, 24)]
    far.show("press is ready")
    far.loop.handlers[signal.SIGWINCH]()
    assert far.show("press is ready") == b""
    far.resize(100, 30)
    far.loop.handlers[signal.SIGWINCH]()
    assert [one.size for one in far.app.told if isinstance(one, events.Resize)][-1] == (100, 30)
    assert (far.driver.grid.width, far.driver.grid.height) == (100, 30)
    assert far.show("press is ready").startswith(b"\x1b[m\x1b[2J")


@pytest.mark.parametrize(("told", "size"), [((0, 0), (80, 24)), ((1, 1), (1, 1)), (None, (80, 24))])
def test_a_terminal_that_does_not_know_its_size_is_the_usual_one(
    start: Start, monkeypatch: pytest.MonkeyPatch, told: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    far = start()

    def asked(_: int) -> os.terminal_size:
        if told is None:
            raise OSError(errno.ENOTTY, "not a terminal")
        return os.terminal_size(told)

    monkeypatch.setattr(driver_module.os, "get_terminal_size", asked)
    assert far.driver._terminal_size() == size


def test_what_does_not_fit_on_the_link_waits_and_then_the_newest_is_drawn(start: Start) -> None:
    far = start(columns=300)
    far.begin()
    lines = [far.show(f"line {y:02} " * 36, y) for y in range(20)]
    held = lines.index(b"")
    assert held > 3, "a window of 4 KB holds some lines"
    assert b"".join(lines[held:]) == b""
    far.show("the newest state  ", held)
    assert far.loop.due == [pytest.approx(3.0)], (
        "it looks again when no answer came in that time, and only once"
    )
    far.loop.advance(0.01)
    far.type(ANSWER * 20)
    assert b"the newest state" in far.sent()
    assert not any(due > 0 for due in far.loop.due)


def test_a_terminal_that_never_answers_gets_the_rest_at_its_rate(start: Start) -> None:
    far = start("serial", columns=300)
    far.begin(answered_after=None)
    drawn = b"".join(far.show(f"line {y:02} " * 36, y) for y in range(20))
    assert b"line 19" not in drawn
    for _ in range(40):
        far.loop.advance(0.5)
        drawn += far.sent()
    assert b"line 19" in drawn
    assert far.loop.due == []


@pytest.mark.parametrize(
    ("supported", "cells", "held"), [(True, 252, True), (True, 251, False), (False, 252, False)]
)
def test_only_a_large_frame_is_held_back_until_it_is_whole_where_the_terminal_can(
    start: Start, supported: bool, cells: int, held: bool
) -> None:
    far = start(columns=300)
    far.begin()
    if supported:
        far.type(b"\x1b[?2026;2$y")
    far.show(".")
    shown = far.show("x" * cells, 1)
    assert shown.endswith(REQUEST.encode())
    assert shown.startswith(SYNC) is held
    assert len(shown.replace(SYNC, b"").replace(SYNC_OFF, b"").replace(REQUEST.encode(), b"")) == cells + 4
    assert [one for one in far.app.told if not isinstance(one, events.Resize)] == []


def test_text_that_is_no_frame_goes_out_while_the_terminal_is_ours(start: Start) -> None:
    far = start()
    far.driver.write("\x07")
    assert far.sent() == b""
    far.begin()
    far.driver.write("\x07")
    assert far.sent() == b"\x07"
    far.driver.write("\x1b]22;pointer\x1b\\")
    assert far.sent() == b""
    assert far.driver.bytes_out == len(ENTER + KEYS_ON + ASK_SYNC + REQUEST.encode()) + 1
    far.driver.stop_application_mode()
    far.sent()
    far.driver.write("\x07")
    far.driver.when_drawn(lambda: None)
    assert far.sent() == b""


def test_who_waits_for_the_screen_to_be_drawn_is_told_when_the_terminal_has_answered_behind_it(
    start: Start,
) -> None:
    far = start()
    far.begin()
    drawn: list[str] = []
    far.show("a question")
    far.driver.when_drawn(lambda: drawn.append("question"))
    assert far.sent() == REQUEST.encode()
    assert far.loop.due == [pytest.approx(3.0)]
    assert drawn == []
    far.loop.advance(0.02)
    far.type(ANSWER)
    assert drawn == ["question"]
    assert far.sent() == b"", "nobody waits, so nothing is asked"


@pytest.mark.parametrize(
    ("trips", "links"),
    [((0.1,), []), ((0.3,), ["thin"]), ((0.3, *[0.01] * 3), ["thin", "ssh"]), ((0.3, 0.3), ["thin"])],
)
def test_the_app_hears_once_of_a_link_that_is_slower_or_quicker_than_thought(
    start: Start, trips: tuple[float, ...], links: list[str]
) -> None:
    far = start()
    far.driver.profile = choose({"TERM": "xterm-256color", "SSH_TTY": "yes", "LANG": "C.UTF-8"})
    far.driver.in_use = far.driver.profile
    far.begin(trips[0])
    for trip in trips[1:]:
        far.driver.when_drawn(lambda: None)
        far.loop.advance(trip)
        far.type(ANSWER)
    assert far.app.links == links
    assert far.driver.round_trip == pytest.approx(min(trips))
    assert far.driver.answer_time > 0


def test_keys_go_to_the_app_and_the_terminals_answers_do_not(start: Start) -> None:
    far = start()
    far.begin()
    far.app.told.clear()
    far.type(b"q\x1b[0n\x1b[A")
    assert [one.key for one in far.app.told if isinstance(one, events.Key)] == ["q", "up"]
    assert len(far.app.told) == 2
    far.driver.disable_input()
    assert far.loop.readers == {}
    assert far.show("still drawn") != b""


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_ends_the_app_once_and_by_force_when_it_does_not_end(
    start: Start, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    timers: list[tuple[float, Callable[..., None], tuple[int]]] = []
    began: list[bool] = []

    def timer(limit: float, call: Callable[..., None], arguments: tuple[int]) -> SimpleNamespace:
        timers.append((limit, call, arguments))
        made = SimpleNamespace(daemon=False, start=lambda: began.append(made.daemon))
        return made

    far = start()
    far.begin()
    monkeypatch.setattr(driver_module.threading, "Timer", timer)
    signal.raise_signal(number)
    signal.raise_signal(number)
    assert far.app.ended == [128 + number]
    ((limit, call, arguments),) = timers
    assert limit == EXIT_LIMIT == 2.0
    assert began == [True], "a thread that does not hold the program up when it ends in time"
    gone: list[int] = []
    monkeypatch.setattr(driver_module.os, "_exit", gone.append)
    call(*arguments)
    assert gone == [128 + number]
    assert far.sent(len(MOUSE_OFF + KEYS_OFF + LEAVE)) == MOUSE_OFF + KEYS_OFF + LEAVE
    assert termios.tcgetattr(far.slave) == far.modes


def test_handlers_go_with_the_driver_unless_it_is_just_being_ended(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module.threading, "Timer", lambda *_: SimpleNamespace(start=lambda: None))
    far = start()
    far.begin()
    descriptor = far.driver._output.descriptor
    far.driver.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
    assert far.loop.handlers == {}
    assert [signal.getsignal(number) for number in ENDING] == [signal.SIG_DFL] * 3
    far.driver._install_signals()
    far.driver._end(143)
    far.driver.close()
    assert signal.SIG_DFL not in [signal.getsignal(number) for number in ENDING]


def test_a_terminal_that_is_gone_is_not_touched_any_more(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver_module.threading, "Timer", lambda *_: SimpleNamespace(start=lambda: None))
    far = start()
    far.begin()
    while not far.driver._output.pending:
        far.driver._output.send(b"x" * 4096)
    assert far.loop.writers
    far.driver._lose()
    assert far.driver.lost
    assert (far.driver._output.pending, far.loop.writers) == (0, {})
    far.sent()
    assert far.app.ended == [128 + signal.SIGHUP]
    assert far.loop.readers == {}
    assert far.show("news") == b""
    far.driver.write("\x07")
    assert far.sent() == b""
    began = far.loop.now
    far.driver.stop_application_mode()
    assert far.loop.now == began, "no answer is waited for"


@pytest.mark.parametrize(("answer_time", "limit"), [(0.0, 0.5), (0.3, 0.6), (5.0, 1.0)])
def test_leaving_hears_out_an_answer_that_is_on_its_way(
    start: Start, monkeypatch: pytest.MonkeyPatch, answer_time: float, limit: float
) -> None:
    far = start()
    far.begin(answered_after=None)
    heard: list[tuple[float, bool]] = []
    far.driver._clock.answer_time = answer_time
    monkeypatch.setattr(far.driver._input, "hear_out", lambda limit, done: heard.append((limit, done())))
    far.driver.stop_application_mode()
    assert heard == [(pytest.approx(limit), False)]
    answered = start()
    answered.begin()
    monkeypatch.setattr(answered.driver._input, "hear_out", lambda limit, done: heard.append((limit, done())))
    answered.driver.stop_application_mode()
    assert len(heard) == 1


def test_an_answer_from_before_another_program_had_the_terminal_says_nothing_of_the_link(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = start()
    far.begin(answered_after=None)
    monkeypatch.setattr(far.driver._input, "hear_out", lambda limit, done: None)
    far.driver.suspend_application_mode()
    far.loop.advance(100)
    far.driver.resume_application_mode()
    far.type(ANSWER)
    assert far.driver.round_trip == 0
    far.loop.advance(0.02)
    far.type(ANSWER)
    assert far.driver.round_trip == pytest.approx(0.02)


def test_who_waits_behind_a_frame_that_waits_is_told_after_it(start: Start) -> None:
    far = start(columns=300)
    far.begin()
    lines = [far.show(f"line {y:02} " * 36, y) for y in range(20)]
    assert lines[-1] == b""
    drawn: list[str] = []
    far.driver.when_drawn(lambda: drawn.append("all"))
    assert far.sent() == b"", "the question behind it would be answered too soon"
    for _ in range(40):
        far.loop.advance(0.01)
        assert drawn == [] or b"line 19" in b"".join(lines)
        far.type(ANSWER)
        lines.append(far.sent())
    assert drawn == ["all"]


def test_who_waits_while_the_terminal_does_not_read_is_told_when_it_has_read(start: Start) -> None:
    far = start()
    far.begin()
    while not far.driver._output.pending:
        far.driver._output.send(b"x" * 4096)
    far.driver.when_drawn(lambda: None)
    sent = b""
    while far.driver._output.pending:
        sent += far.sent()
        for write in list(far.loop.writers.values()):
            write()
    assert (sent + far.sent()).endswith(REQUEST.encode())


def test_modes_are_set_although_the_call_is_interrupted_and_other_faults_are_not_hidden(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [termios.error(errno.EINTR, "again"), termios.error(errno.EINTR, "again")]
    done: list[object] = []

    def setting(*arguments: object) -> None:
        if faults:
            raise faults.pop()
        done.append(arguments)

    monkeypatch.setattr(driver_module.termios, "tcsetattr", setting)
    driver_module._set_modes(5, ["modes"])
    assert done == [(5, termios.TCSANOW, ["modes"])]
    faults.append(termios.error(errno.EIO, "broken"))
    with pytest.raises(termios.error):
        driver_module._set_modes(5, ["modes"])
