"""However the program ends or pauses, the terminal is as it was found, and nothing spins."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .ptyapp import PtyApp

ROOT = Path(__file__).resolve().parents[2]
PROBE = [sys.executable, "-m", "tests.terminal.app_probe"]
ALTERNATE_SCREEN, MOUSE, CURSOR = 1049, 1000, 25


@pytest.fixture
def probe() -> Iterator[PtyApp]:
    with PtyApp(PROBE, cwd=ROOT) as app:
        app.wait_for("ready to probe")
        app.settle()
        yield app


def restored(app: PtyApp) -> bool:
    """Alternate screen and mouse off, cursor visible, the line discipline as before."""
    modes = app.modes
    return (
        ALTERNATE_SCREEN not in modes
        and MOUSE not in modes
        and CURSOR in modes
        and app.attributes() == app.attributes_at_start
    )


def test_quitting_leaves_the_terminal_as_it_was(probe: PtyApp) -> None:
    assert not restored(probe)
    probe.keys("q")
    assert probe.wait_exit() == 0
    assert restored(probe)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_it_with_the_terminal_restored(probe: PtyApp, number: signal.Signals) -> None:
    probe.kill(number)
    assert probe.wait_exit(5) == 128 + number
    assert restored(probe)


def test_a_program_that_hangs_still_ends_within_the_limit_and_restores(probe: PtyApp) -> None:
    probe.keys("b")
    probe.read(0.2)
    probe.kill(signal.SIGTERM)
    assert probe.wait_exit(5) == 128 + signal.SIGTERM
    assert restored(probe)


def test_a_closed_terminal_ends_it(probe: PtyApp) -> None:
    probe.hang_up()
    assert probe.wait_exit(5) == 128 + signal.SIGHUP


def test_a_closed_terminal_ends_it_even_when_the_hang_up_is_ignored() -> None:
    ignoring = [sys.executable, "-c", f"import os, signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
                f"os.execv({sys.executable!r}, {PROBE!r})"]  # fmt: skip
    with PtyApp(ignoring, cwd=ROOT) as app:
        app.wait_for("ready to probe")
        app.settle()
        app.hang_up()
        assert app.wait_exit(5) == 128 + signal.SIGHUP


def test_idle_costs_nothing(probe: PtyApp) -> None:
    before, waits, cpu = probe.bytes_out, probe.waits(), probe.cpu_seconds()
    probe.quiet(2.0)
    assert probe.bytes_out == before
    assert probe.waits() - waits <= 2
    assert probe.cpu_seconds() - cpu <= cpu / 10, "beside starting"


def test_a_resize_is_followed(probe: PtyApp) -> None:
    for columns, lines in ((120, 40), (40, 10), (100, 30)):
        probe.resize(columns, lines)
    probe.wait_for("ready to probe 100 by 30")


def test_a_storm_of_resizes_ends_on_the_last_size(probe: PtyApp) -> None:
    """Nobody reads meanwhile, as when a window is dragged over a slow link."""
    for step in range(300):
        probe.resize(60 + step % 37, 20 + step % 7)
    probe.resize(90, 25)
    probe.wait_for("ready to probe 90 by 25")
    probe.settle()
    waits, cpu = probe.waits(), probe.cpu_seconds()
    assert probe.quiet(1.0) == 0
    assert probe.waits() - waits <= 2
    assert probe.cpu_seconds() - cpu <= cpu / 10, "beside starting and the storm"


def test_an_escape_sequence_split_on_a_slow_link_is_one_key() -> None:
    with PtyApp(PROBE, cwd=ROOT, env={"SSH_TTY": "/dev/pts/9"}) as app:
        app.wait_for("ready to probe")
        os.write(app.master, b"\x1b")
        app.quiet(0.25)
        os.write(app.master, b"[B")
        app.wait_for("1 down")


def test_a_lone_escape_is_the_escape_key(probe: PtyApp) -> None:
    probe.keys("escape")
    probe.wait_for("1 escape")


def test_a_terminal_that_stops_reading_does_not_stop_the_program(probe: PtyApp) -> None:
    """Nothing is read for a while: the program goes on, and shows the newest state when reading goes on."""
    for _ in range(400):
        os.write(probe.master, b"xy")
    cpu_path = Path(f"/proc/{probe.pid}/stat")
    assert cpu_path.exists()
    probe.wait_for("800 y")


def test_a_terminal_that_is_lent_comes_back_with_the_screen_as_it_is_by_then(probe: PtyApp) -> None:
    probe.keys("l")
    probe.wait_for("lent at 80 by 24")
    assert ALTERNATE_SCREEN not in probe.modes
    probe.resize(101, 33)
    probe.wait_for("lent at 101 by 33")
    probe.keys("q")
    probe.wait_for("ready to probe 101 by 33", "1 l")
    assert ALTERNATE_SCREEN in probe.modes
    probe.keys("x")
    probe.wait_for("2 x")
    probe.keys("q")
    assert probe.wait_exit() == 0
    assert restored(probe)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_while_the_terminal_is_lent_takes_it_back_first(
    probe: PtyApp, number: signal.Signals
) -> None:
    probe.keys("l")
    probe.wait_for("lent at")
    probe.kill(number)
    assert probe.wait_exit(5) == 128 + number
    assert "given back" in probe.text()
    assert restored(probe)


def children(shell: PtyApp) -> list[str]:
    """The processes that a shell has started and that have not ended."""
    return Path(f"/proc/{shell.pid}/task/{shell.pid}/children").read_text().split()


class TestJobControl:
    """In a real shell with job control."""

    @pytest.fixture
    def shell(self) -> Iterator[PtyApp]:
        with PtyApp(["bash", "--norc", "--noprofile", "-i"], cwd=ROOT, env={"PS1": "prompt> "}) as app:
            app.wait_for("prompt>")
            yield app

    def start(self, shell: PtyApp) -> None:
        shell.keys(" ".join(PROBE), "enter")
        shell.wait_for("ready to probe")
        shell.settle()

    def test_suspended_the_shell_is_back_and_resumed_the_screen_is_whole(self, shell: PtyApp) -> None:
        self.start(shell)
        before = shell.text()
        shell.keys("ctrl+z")
        shell.until(lambda text: "Stopped" in text and ALTERNATE_SCREEN not in shell.modes)
        shell.keys("echo back in the sh''ell", "enter")
        shell.wait_for("back in the shell")
        assert MOUSE not in shell.modes
        shell.screen.reset()
        shell.keys("fg", "enter")
        shell.until(lambda text: "ready to probe" in text and ALTERNATE_SCREEN in shell.modes)
        shell.keys("x")
        shell.wait_for("x 80x24")
        assert before.splitlines()[0] in shell.text()
        shell.keys("q")
        shell.until(lambda _: ALTERNATE_SCREEN not in shell.modes and not children(shell))
        shell.keys("echo cooked=$(stty -a | grep -c -w icanon)", "enter")
        shell.wait_for("cooked=1")

    def test_stopped_from_outside_it_comes_back_too(self, shell: PtyApp) -> None:
        self.start(shell)
        shell.keys("x")
        shell.wait_for("1 x")
        pid = int(children(shell)[-1])
        os.kill(pid, signal.SIGSTOP)
        shell.wait_for("Stopped")
        shell.keys("fg", "enter")
        shell.keys("x")
        shell.wait_for("2 x 80x24")
        shell.keys("q")
        shell.until(lambda _: ALTERNATE_SCREEN not in shell.modes)

    def test_stopped_while_the_terminal_is_lent_the_shell_has_it_as_it_was(self, shell: PtyApp) -> None:
        self.start(shell)
        shell.keys("l")
        shell.wait_for("lent at")
        (job,) = children(shell)
        os.kill(int(job), signal.SIGTSTP)
        shell.wait_for("Stopped")
        shell.keys("echo back in the sh''ell; fg", "enter")
        shell.wait_for("back in the shell", "lent at")
        assert ALTERNATE_SCREEN not in shell.modes
        shell.keys("e")
        shell.until(lambda text: "ready to probe" in text and ALTERNATE_SCREEN in shell.modes)
