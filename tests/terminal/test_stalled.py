"""A terminal that stops reading: the program goes on, keeps nothing but the newest state, and can be ended."""

from __future__ import annotations

import os
import re
import select
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgetui.terminal import ack_clock

from .ptyapp import PATIENCE, PtyApp

ROOT = Path(__file__).resolve().parents[2]
FLEET = [sys.executable, "-m", "tests.terminal.app_fleet", "1000"]
ONE_PIECE = 4096
KERNEL_BUFFER = 64 * 1024
GROWTH_KIB = 1500


class Watched:
    """The screen in a terminal, and a pipe on which its event loop says how much waits."""

    def __init__(self, app: PtyApp, pipe: int) -> None:
        self.app = app
        self._pipe = pipe

    def waiting(self) -> int:
        """Bytes that wait for the terminal; that it comes at all shows a loop that turns."""
        self.app.kill(signal.SIGUSR2)
        assert select.select([self._pipe], [], [], PATIENCE)[0], "the event loop stands still"
        return int(os.read(self._pipe, 100).split()[-1])

    def storm(self, rounds: int) -> int:
        """Themes and rows change while nobody reads, 2 KB each time; the most that waited."""
        most = 0
        for _ in range(rounds):
            os.write(self.app.master, b"T")
            self.app.kill(signal.SIGUSR1)
            most = max(most, self.waiting())
            time.sleep(0.02)
        return most


@pytest.fixture
def watched(request: pytest.FixtureRequest) -> Iterator[Watched]:
    reader, writer = os.pipe()
    os.set_inheritable(writer, True)
    env = {"TEST_EDGETUI_PIPE": str(writer), "SSH_TTY": "/dev/pts/9"}
    try:
        with PtyApp(FLEET, cwd=ROOT, env=env, answer_queries=request.param) as app:
            app.wait_for("1 nodes")
            app.keys("2")
            app.wait_for("job-00007-x2k4q")
            if not request.param:
                app.quiet(3.5)
            yield Watched(app, reader)
    finally:
        os.close(reader)
        os.close(writer)


@pytest.mark.parametrize(
    ("watched", "under_way"),
    [(True, 4 * ONE_PIECE), (False, KERNEL_BUFFER)],
    ids=["answering", "silent"],
    indirect=["watched"],
)
def test_it_goes_on_without_growing_and_shows_the_newest_state_after(
    watched: Watched, under_way: int
) -> None:
    began = time.monotonic()
    watched.storm(20)
    before = watched.app.memory_kib()
    assert watched.storm(100) <= ONE_PIECE
    assert watched.app.memory_kib() - before <= GROWTH_KIB
    if time.monotonic() - began > ack_clock.PATIENCE:  # it took this for a terminal that answers nothing
        under_way = KERNEL_BUFFER
    written = watched.app.bytes_out
    watched.app.until(lambda text: re.search(r"job-00007-x2k4q +Running +1/1 +240 ", text))
    watched.app.settle()
    assert watched.app.bytes_out - written <= under_way


@pytest.mark.parametrize("watched", [True], ids=["answering"], indirect=True)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_still_ends_it(watched: Watched, number: signal.Signals) -> None:
    watched.storm(20)
    watched.app.kill(number)
    deadline = time.monotonic() + PATIENCE
    while watched.app.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert watched.app.status == 128 + number
    assert watched.app.attributes() == watched.app.attributes_at_start
