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
    """Bytes that these keys bring."""
    before = app.bytes_out
    app.keys(*keys)
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
        assert 0 < cost(app, "down") <= 130


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


def test_help_and_back(app: PtyApp) -> None:
    assert cost(app, "?") <= 1900
    assert cost(app, "escape") <= 1900


def test_idle(app: PtyApp) -> None:
    """Three seconds with ages on the screen: not one byte, and next to no processor time."""
    cost(app, "2")
    before, cpu = app.bytes_out, app.cpu_seconds()
    app.quiet(3.0)
    assert app.bytes_out == before
    assert app.cpu_seconds() - cpu <= 0.03
