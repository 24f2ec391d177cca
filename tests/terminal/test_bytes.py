"""What the screen costs on the wire, counted on a real pty, status requests included."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .ptyapp import PtyApp

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def app() -> Iterator[PtyApp]:
    with PtyApp([sys.executable, "-m", "tests.terminal.app_fleet", "1000"], cwd=ROOT) as app:
        app.wait_for("1 nodes")
        app.settle()
        yield app


def cost(app: PtyApp, *keys: str) -> int:
    """Bytes that these keys bring, however long the first of them takes."""
    before = app.bytes_out
    app.keys(*keys)
    app.until(lambda _: app.bytes_out > before, what="an answer to the keys")
    app.settle()
    return app.bytes_out - before


def test_starting(app: PtyApp) -> None:
    assert app.bytes_out + cost(app, "2") <= 2700


def test_moving_the_cursor(app: PtyApp) -> None:
    cost(app, "2")
    assert 0 < cost(app, "down") <= 180


def test_scrolling_by_a_line(app: PtyApp) -> None:
    cost(app, "2", *["down"] * 19)
    assert 0 < cost(app, "down") <= 220


def test_a_large_screen() -> None:
    """All four panes on 200x50: starting, the cursor, and a pane that scrolls, moved by the terminal itself."""
    command = [sys.executable, "-m", "tests.terminal.app_fleet", "1000"]
    with PtyApp(command, cwd=ROOT, columns=200, lines=50) as app:
        app.wait_for("1 nodes")
        app.settle()
        assert app.bytes_out + cost(app, "2") <= 4800
        assert 0 < cost(app, "down") <= 230
        cost(app, *["down"] * 50)
        assert 0 < cost(app, "down") <= 245


def test_a_theme(app: PtyApp) -> None:
    cost(app, "2")
    assert 0 < cost(app, "T") <= 2500


def test_another_size(app: PtyApp) -> None:
    cost(app, "2")
    before = app.bytes_out
    app.resize(100, 30)
    app.settle()
    assert 0 < app.bytes_out - before <= 3500


def test_one_changed_cell(app: PtyApp) -> None:
    cost(app, "2")
    app.kill(signal.SIGUSR1)
    app.settle()
    before = app.bytes_out
    app.kill(signal.SIGUSR1)
    app.settle()
    assert 0 < app.bytes_out - before <= 16


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (signal.SIGRTMIN + 1, "listing pods: 900 of 1,900 ["),
        (signal.SIGRTMIN + 2, "listing pods: 900 so far, "),
    ],
)
def test_a_first_list_on_its_way(more: int, said: str) -> None:
    """Thirty seconds of a list that comes in fits and starts: what a second of it costs."""
    with PtyApp([sys.executable, "-m", "tests.terminal.app_fleet", "0"], cwd=ROOT) as app:
        app.wait_for("1 nodes")
        app.settle()
        cost(app, "2")
        app.kill(more)
        app.kill(more)
        app.wait_for("listing pods")
        app.settle()
        before = app.bytes_out
        for _ in range(28):
            app.kill(more)
            app.settle(quiet=0.15)
        app.wait_for(said)
        assert 0 < app.bytes_out - before <= 28 * 40


def test_help_and_back(app: PtyApp) -> None:
    assert cost(app, "?") <= 1900
    assert cost(app, "escape") <= 1900


@pytest.mark.parametrize(
    ("columns", "lines", "limits"),
    [
        (80, 24, {"busy": 1100, "modal": 750, "back": 1100, "theme": 2600, "resize": 4200}),
        (200, 50, {"busy": 1200, "modal": 900, "back": 1000, "theme": 12_500, "resize": 15_000}),
    ],
)
def test_what_happens_seldom_or_all_the_time(columns: int, lines: int, limits: dict[str, int]) -> None:
    """A second of 100 changed rows in ten deliveries, a question and back, a theme, another size; a minute of rest.

    The clock goes twenty times faster, so that the minute, with its ages, takes three seconds. It begins when what the
    changes brought is over: the name of the theme has gone from the footer, and widths were forgotten long before.
    """
    command = [sys.executable, "-m", "tests.terminal.app_fleet", "1000"]
    env = {"TEST_EDGETUI_SPEED": "20"}
    with PtyApp(command, cwd=ROOT, columns=columns, lines=lines, env=env) as app:
        app.wait_for("1 nodes")
        app.settle()
        cost(app, "2")
        spent = {"busy": -app.bytes_out}
        for _ in range(10):
            app.kill(signal.SIGRTMIN)
            app.settle(quiet=0.15)
        spent["busy"] += app.bytes_out
        spent["modal"] = cost(app, "n")
        spent["back"] = cost(app, "escape")
        spent["theme"] = cost(app, "T")
        app.resize(columns + 20, lines + 6)
        spent["resize"] = -app.bytes_out
        app.settle()
        spent["resize"] += app.bytes_out
        app.wait_gone("theme ")
        app.settle()
        before, waits, cpu = app.bytes_out, app.waits(), app.cpu_seconds()
        app.quiet(3.0)
        assert {name: bytes_ for name, bytes_ in spent.items() if not 0 < bytes_ <= limits[name]} == {}
        assert spent["busy"] > 100, "the rows were on the screen"
        assert app.bytes_out == before
        assert app.waits() - waits <= 6, "it looks at its ages once a second"
        assert app.cpu_seconds() - cpu <= cpu / 10, "beside starting and all of the above"
