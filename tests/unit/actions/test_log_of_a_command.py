"""The lines of a command that goes on: on a terminal, in a pipe, and on a terminal that is gone."""

from __future__ import annotations

import io
import os
import time
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.cli.long_running import Log
from edgetui.actions.messages import Step
from tests.terminal.ptyapp import set_size


class Out(io.StringIO):
    """What is written, a terminal or not; `gone` raises from then on."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.gone, self.flushed = terminal, False, 0

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        if self.gone:
            raise OSError
        return super().write(text)

    def flush(self) -> None:
        self.flushed += 1

    def fileno(self) -> int:
        raise OSError


STEPS = [Step("a", "doing"), Step("b\x1b[2J", "done"), Step("c", "failed"), Step("d", "info")]


def test_in_a_pipe_every_step_is_a_line_and_nothing_is_written_anew() -> None:
    out = Out(terminal=False)
    log = Log(out, stamped=False)
    for step in STEPS:
        log.step(step)
    assert not log.status("now")
    log.line("end\nof it")
    assert out.getvalue() == "  a\n  b [2J\n  c\n  d\nend of it\n"
    assert out.flushed == 5


def test_on_a_terminal_what_is_so_now_is_written_anew_and_lines_stay() -> None:
    out = Out(terminal=True)
    log = Log(out, stamped=False)
    for step in STEPS:
        log.step(step)
    assert out.getvalue() == "  b [2J\n  c\n  d\n"
    out.truncate(0)
    out.seek(0)
    assert log.status("now") and log.status("now") and log.status("then")
    log.line("stays")
    log.line("stays")
    assert log.status("x" * 100)
    assert out.getvalue() == f"now\r\x1b[Kthen\r\x1b[Kstays\nstays\n{'x' * 78}…"
    assert log.status("now")
    assert out.getvalue().endswith("…\r\x1b[Know")


def test_a_status_is_as_wide_as_the_terminal() -> None:
    master, slave = os.openpty()
    set_size(slave, 20, 5)
    with os.fdopen(slave, "w") as out:
        assert Log(out, stamped=False).status("y" * 50)
        assert os.read(master, 100).decode() == f"{'y' * 18}…"
    os.close(master)


def test_lines_are_stamped_with_the_time_of_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda form: f"<{form}>")
    out = Out(terminal=True)
    log = Log(out, stamped=True)
    log.status("now")
    log.line("a")
    log.step(STEPS[3])
    assert out.getvalue() == "now\r\x1b[K<%H:%M:%S >a\n<%H:%M:%S >  d\n"


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_that_is_gone_is_not_written_to_any_more(terminal: bool) -> None:
    out = Out(terminal=terminal)
    log = Log(out, stamped=False)
    log.line("a")
    out.gone = True
    log.line("b")
    assert not log.status("now")
    out.gone = False
    log.line("c")
    assert out.getvalue() == "a\n"


def test_what_is_left_in_its_buffer_goes_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w") as out:
        log = Log(out, stamped=False)
        log.line("a")

        monkeypatch.setattr(log, "_out", Failing(out))
        log.line("b")
        out.write("left over")
    assert (tmp_path / "out").read_text() == "a\n"


class Failing:
    """Takes nothing, on the descriptor of another."""

    def __init__(self, out: Any) -> None:
        self.fileno = out.fileno

    def write(self, text: str) -> None:
        raise OSError
