"""The terminal while another has it: whose modes hold, who hears of what, and that all is as before at the end."""

from __future__ import annotations

import signal
import termios
import tty
from types import SimpleNamespace
from typing import Any

import pytest
from textual import events

from edgetui.terminal.ack_clock import REQUEST
from edgetui.terminal.driver import TerminalDriver

from .still_terminal import ANSWER, Far, Start
from .test_driver import ASK_SYNC, ENTER, KEYS_OFF, KEYS_ON, LEAVE

TAKEN = ENTER + KEYS_ON + ASK_SYNC + REQUEST.encode()


class Borrower:
    def __init__(self, raw: bool) -> None:
        self.raw = raw
        self.told: list[str] = []

    def resized(self) -> None:
        self.told.append("resized")

    def put_back(self) -> None:
        self.told.append("put back")


@pytest.fixture(params=[True, False], ids=["raw", "as it was"])
def borrower(request: pytest.FixtureRequest) -> Borrower:
    return Borrower(request.param)


def modes_of(far: Far) -> list[Any]:
    return termios.tcgetattr(far.slave)


def assert_lent(far: Far, borrower: Borrower) -> None:
    """The modes are those that the borrower asked for."""
    if not borrower.raw:
        assert modes_of(far) == far.modes
        return
    assert not modes_of(far)[tty.LFLAG] & (termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
    assert not modes_of(far)[tty.IFLAG] & (termios.ICRNL | termios.IXON)


def test_the_borrower_has_the_terminal_to_the_end_and_then_the_newest_screen_is_back(
    start: Start, borrower: Borrower
) -> None:
    far = start()
    far.begin()
    ours = modes_of(far)
    far.show("press is ready")
    with far.driver.lent(borrower):
        assert far.sent() == KEYS_OFF + LEAVE
        assert far.loop.readers == {}
        assert_lent(far, borrower)
        assert far.show("press has failed") == b"", "the terminal is not the screen's"
        far.driver.write("\x07")
        assert far.sent() == b""
        assert borrower.told == []
    assert borrower.told == ["put back"]
    shown = far.sent()
    assert shown.startswith(TAKEN)
    assert b"press has failed" in shown, "without anything new to draw"
    assert modes_of(far) == ours
    assert list(far.loop.readers) == [far.slave]
    far.type(ANSWER + ANSWER)
    far.driver.stop_application_mode()
    assert modes_of(far) == far.modes
    assert borrower.told == ["put back"]


def test_another_size_is_told_to_both(start: Start, borrower: Borrower) -> None:
    far = start()
    far.begin()
    far.app.told.clear()
    with far.driver.lent(borrower):
        far.resize(100, 30)
        far.loop.handlers[signal.SIGWINCH]()
        assert borrower.told == ["resized"]
        assert [one.size for one in far.app.told if isinstance(one, events.Resize)] == [(100, 30)]
        assert (far.driver.grid.width, far.driver.grid.height) == (100, 30)


def test_a_stop_while_it_is_lent_gives_the_shell_its_modes_and_the_borrower_its_own_again(
    start: Start, borrower: Borrower, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = start()
    far.begin()
    stopped: list[list[Any]] = []

    def kill(process: int, number: int) -> None:
        assert (process, number) == (0, signal.SIGTSTP)
        stopped.append(modes_of(far))

    monkeypatch.setattr("os.kill", kill)
    default = signal.getsignal(signal.SIGTSTP)
    with far.driver.lent(borrower):
        far.sent()
        far.app.told.clear()
        far.loop.handlers[signal.SIGTSTP]()
        assert stopped == [far.modes]
        assert_lent(far, borrower)
        far.loop.handlers[signal.SIGCONT]()
        assert_lent(far, borrower)
        assert borrower.told == ["resized", "resized"]
        assert far.sent() == b"", "the screen stays away"
        assert far.app.told == []
    signal.signal(signal.SIGTSTP, default)
    assert borrower.told[2:] == ["put back"]


def test_continued_after_a_stop_that_nobody_announced_a_borrower_has_its_modes_again(start: Start) -> None:
    far, borrower = start(), Borrower(raw=True)
    far.begin()
    with far.driver.lent(borrower):
        termios.tcsetattr(far.slave, termios.TCSANOW, far.modes)
        far.loop.handlers[signal.SIGCONT]()
        assert_lent(far, borrower)


def test_leaving_while_it_is_lent_gives_the_terminal_back_once_as_it_was_found(
    start: Start, borrower: Borrower
) -> None:
    far = start()
    far.begin()
    with far.driver.lent(borrower):
        far.sent()
        far.driver.stop_application_mode()
        assert borrower.told == ["put back"]
        assert modes_of(far) == far.modes
    assert borrower.told == ["put back"]
    assert far.sent() == b"", "the screen does not come back"
    assert modes_of(far) == far.modes


def test_a_signal_that_ends_the_program_while_it_is_lent_leaves_the_screen_away(
    start: Start, borrower: Borrower, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.Timer", lambda *_: SimpleNamespace(start=lambda: None))
    far = start()
    far.begin()
    with far.driver.lent(borrower):
        far.sent()
        signal.raise_signal(signal.SIGTERM)
    assert far.app.ended == [143]
    assert borrower.told == ["put back"]
    assert modes_of(far) == far.modes
    assert far.sent() == b""


def test_a_borrower_that_fails_gives_it_back_all_the_same(start: Start, borrower: Borrower) -> None:
    far = start()
    far.begin()
    with pytest.raises(KeyError), far.driver.lent(borrower):
        far.sent()
        raise KeyError
    assert borrower.told == ["put back"]
    assert far.sent().startswith(TAKEN)


def test_a_terminal_without_modes_is_drawn_on_all_the_same(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = start()

    def none(*_: object) -> None:
        raise termios.error(25, "Inappropriate ioctl for device")

    with monkeypatch.context() as patched:
        patched.setattr("termios.tcgetattr", none)
        assert far.begin(answered_after=None) == TAKEN
        assert b"press" in far.show("press")
    with monkeypatch.context() as patched:
        patched.setattr("termios.tcsetattr", none)
        patched.setattr(far.driver._input, "hear_out", lambda *_: None)
        far.driver.stop_application_mode()
    assert far.sent() == KEYS_OFF + LEAVE


def test_modes_that_cannot_be_given_back_stop_nothing(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    far = start()
    far.begin()

    def gone(*_: object) -> None:
        raise termios.error(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("termios.tcflush", gone)
        far.driver.stop_application_mode()
    assert far.sent() == KEYS_OFF + LEAVE


def test_the_size_that_is_given_holds_where_the_terminal_says_none(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    far = start()

    def none(_: int) -> None:
        raise OSError

    monkeypatch.setattr("os.get_terminal_size", none)
    far.driver._size = (60, 10)
    assert far.driver._terminal_size() == (60, 10)


@pytest.mark.parametrize(("mouse", "reported"), [(True, True), (False, False)])
def test_the_mouse_is_asked_for_where_the_app_wants_it(start: Start, mouse: bool, reported: bool) -> None:
    far = start("local")
    far.driver._mouse = mouse
    assert (b"\x1b[?1000h\x1b[?1006h" in far.begin()) == reported
    far.driver.stop_application_mode()
    assert far.sent().startswith(b"\x1b[?1006l\x1b[?1000l") == reported


def test_a_new_driver_is_not_lost_and_has_said_nothing(start: Start) -> None:
    driver = start().driver
    assert isinstance(driver, TerminalDriver)
    assert (driver.lost, driver.bytes_out, driver.round_trip, driver.answer_time) == (False, 0, 0.0, 0.0)
    assert driver.in_use is driver.profile
