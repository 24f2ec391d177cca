"""Output that waits for the terminal's own answers, on a real pty: what it holds back, and that no answer is a key."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.terminal.ack_clock import FIRST_WINDOW, PATIENCE

from .ptyapp import STATUS_ANSWER, STATUS_QUERY, PtyApp

ROOT = Path(__file__).resolve().parents[2]
PROBE = [sys.executable, "-m", "tests.terminal.app_probe"]
FLEET = [sys.executable, "-m", "tests.terminal.app_fleet"]
OVER_SSH = {"SSH_TTY": "/dev/pts/9"}


@pytest.fixture
def probe() -> Iterator[PtyApp]:
    with PtyApp(PROBE, cwd=ROOT, env=OVER_SSH) as app:
        app.wait_for("ready to probe")
        app.settle()
        yield app


def redraw_often(app: PtyApp) -> None:
    """Every theme in turn, about 50 KB if all of it is drawn, and then the rollouts' pane."""
    for _ in range(24):
        app.keys("T")
        app.settle(0.03)
    app.keys("4")


@pytest.mark.parametrize(
    ("pieces", "keys"),
    [
        pytest.param([STATUS_ANSWER * 3], 0, id="unasked"),
        pytest.param([b"x" + STATUS_ANSWER + b"y" + STATUS_ANSWER + b"\x1b[B"], 3, id="between-keys"),
        pytest.param([b"\x1b", b"[0n"], 0, id="split-after-escape"),
        pytest.param([b"x\x1b[", b"0nx"], 2, id="split-in-the-middle"),
        pytest.param([b"\x1b[0", b"n"], 0, id="split-before-the-end"),
        pytest.param([b"\x1b", STATUS_ANSWER], 1, id="behind-escape"),
        pytest.param([b"\x1b[200~pas" + STATUS_ANSWER + b"ted\x1b[201~"], 0, id="in-a-paste"),
        pytest.param([b"\x1b[3n"], 0, id="a-malfunction"),
    ],
)
def test_an_answer_is_never_a_key(probe: PtyApp, pieces: list[bytes], keys: int) -> None:
    for piece in pieces:
        os.write(probe.master, piece)
        probe.quiet(0.05)
    if pieces[0] == b"\x1b" and keys:
        probe.wait_for("1 escape")
    probe.keys("z")
    probe.wait_for(f"{keys + 1} z")


def test_without_answers_little_is_sent_and_with_them_the_newest() -> None:
    with PtyApp(FLEET, cwd=ROOT, env=OVER_SSH) as app:
        app.wait_for("plant-agent-3")
        app.settle()
        app.answering = False
        before = app.bytes_out
        redraw_often(app)
        app.settle(0.2)
        assert app.bytes_out - before <= 2 * FIRST_WINDOW
        assert app.unanswered
        app.answering = True
        app.answer()
        app.wait_for("PROGRESS")


def test_a_terminal_that_never_answers_is_drawn_on_all_the_same() -> None:
    with PtyApp(FLEET, cwd=ROOT, env=OVER_SSH, answer_queries=False) as app:
        app.wait_for("plant-agent-3")
        redraw_often(app)
        app.wait_for("PROGRESS", timeout=PATIENCE + 20)
        asked = app.unanswered
        for pane, head in {"1": "VERSION", "2": "STATUS", "3": "METRIC", "4": "PROGRESS"}.items():
            app.keys(pane)
            app.wait_for(head)
        assert app.unanswered == asked


def test_nothing_is_asked_while_nothing_changes(probe: PtyApp) -> None:
    asked = probe.raw.count(STATUS_QUERY)
    assert asked
    assert probe.quiet(1.0) == 0
    probe.keys("x")
    probe.wait_for("1 x")
    probe.settle()
    assert probe.raw.count(STATUS_QUERY) == asked, "a few bytes are not worth a request"


def test_leaving_waits_for_an_answer_so_that_it_is_not_typed_into_the_shell() -> None:
    with PtyApp(
        ["bash", "--norc", "--noprofile", "-i"], cwd=ROOT, env={"PS1": "prompt> ", **OVER_SSH}
    ) as shell:
        shell.wait_for("prompt>")
        shell.keys(" ".join(PROBE), "enter")
        shell.wait_for("ready to probe")
        shell.settle()
        shell.answering = False
        while not shell.unanswered:
            shell.resize(81 if shell.screen.columns == 80 else 80, 24)
            shell.settle(0.1)
        shell.screen.reset()
        shell.keys("q")
        shell.until(lambda _: 1049 not in shell.modes)
        shell.answer()
        shell.wait_for("prompt>")
        shell.keys("echo al''one", "enter")
        shell.wait_for("alone")
        assert "0n" not in shell.text()


def test_a_signal_ends_it_while_an_answer_is_missing(probe: PtyApp) -> None:
    probe.answering = False
    while not probe.unanswered:
        probe.resize(81 if probe.screen.columns == 80 else 80, 24)
        probe.settle(0.1)
    probe.kill(signal.SIGTERM)
    assert probe.wait_exit(5) == 128 + signal.SIGTERM
    assert probe.attributes() == probe.attributes_at_start
