"""Keys that a person sent before a question was drawn write nothing, whatever they are and however slow the line is."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from .ptyapp import PtyApp, ScreenTimeout
from .slow_link import FarTerminal, Link
from .walking import ROOT, act, close_receipt, confirm, go_to, narrow, open_screen, wait_row

LICENSE = (ROOT / "LICENSE").read_bytes()
SCRIPT = (ROOT / "Makefile").read_bytes()
"""With tabs, which move between answers."""
SERIAL = Link("9600 baud", 960.0, 0.02)
LIVE = ("plant live", "van-17 live", "farm live")
SETTLE = 0.7


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[PtyApp]:
    """The demo, with the cursor on the healthy oven."""
    with open_screen("demo", "--no-outages", home=tmp_path) as app:
        on_the_oven(app)
        yield app


def on_the_oven(app: PtyApp) -> None:
    app.wait_for(*LIVE)
    go_to(app, "rollouts")
    narrow(app, "oven")
    wait_row(app, "oven", "complete")


def pour(app: PtyApp, data: bytes) -> None:
    """Type all of it as fast as the terminal takes it, and read meanwhile."""
    while data:
        try:
            data = data[os.write(app.master, data[:1024]) :]
        except BlockingIOError:
            app.read(0.01)


def all_dealt_with(app: PtyApp) -> None:
    """Every key that was sent has had its effect: help comes over the dashboard, and goes."""
    for _ in range(40):
        app.keys("escape")
        with suppress(ScreenTimeout):
            app.until(lambda text: "q quit" in text, timeout=0.3)
            app.keys("?")
            app.wait_for("scale: set how many", timeout=3)
            app.keys("escape")
            app.wait_for("q quit", timeout=3)
            return
    raise AssertionError(app.text())


def written(home: Path) -> int:
    """The writes that the record has."""
    record = home / "state" / "edgetui" / "audit.jsonl"
    return record.read_text().count('"event":"intent"') if record.exists() else 0


ONE_PIECE = ("role\r", "r\t\r", "p\x1b[C\r", "s3\r\t\r", "i\x15a:1\r\t\r", "g\r\t\r", "t\t\r")


def test_an_action_and_its_answer_in_one_piece_write_nothing(screen: PtyApp, tmp_path: Path) -> None:
    for keys in ONE_PIECE:
        pour(screen, keys.encode())
        all_dealt_with(screen)
        assert written(tmp_path) == 0, keys
        assert "GUARD" not in screen.text(), keys
        go_to(screen, "rollouts")
        narrow(screen, "oven")


def test_ten_kilobytes_of_text_as_raw_keys_write_nothing(screen: PtyApp, tmp_path: Path) -> None:
    for text in (LICENSE, SCRIPT.replace(b"\n", b"\r")):
        pour(screen, text)
        all_dealt_with(screen)
        assert written(tmp_path) == 0


@pytest.mark.parametrize("text", [b"r" + SCRIPT[:2000], b"r" + b"x\t\r" * 600], ids=["tabs", "answers"])
def test_text_at_9600_baud_writes_nothing(tmp_path: Path, text: bytes) -> None:
    homes = {"HOME": "", "XDG_STATE_HOME": "state", "XDG_CACHE_HOME": "cache"}
    command = [sys.executable, "-m", "edgetui", "demo", "--no-outages", "--terminal", "serial"]
    env = {name: str(tmp_path / path) for name, path in homes.items()} | {"EDGETUI_API_TRAFFIC": "full"}
    with FarTerminal(command, SERIAL, cwd=ROOT, env=env) as app:
        assert app.pump(60, lambda: all(words in app.text() for words in LIVE)), app.text()
        for key, fact in (("4", "PROGRESS"), ("/", "filter"), ("oven", "/oven"), ("enter", "oven")):
            app.press(key)
            assert app.pump(20, lambda fact=fact: fact in app.text()), app.text()
        for byte in text.replace(b"\n", b"\r"):
            app.press(chr(byte))
        assert app.pump(60, lambda: not app._up.size)
        for _ in range(20):
            app.press("escape")
            app.press("?")
            if app.pump(3, lambda: "scale: set how many" in app.text()):
                break
        else:
            raise AssertionError(app.text())
        assert written(tmp_path) == 0


def test_a_question_waits_for_the_terminals_answer_and_forgets_what_was_typed_until_then(
    screen: PtyApp, tmp_path: Path
) -> None:
    screen.answering = False
    act(screen, "r", "Restart on plant")
    for _ in range(4):
        screen.quiet(SETTLE / 2)
        screen.keys("tab", "enter")
    assert "> " not in screen.text()
    assert written(tmp_path) == 0
    screen.answering = True
    screen.answer()
    confirm(screen, "Restart on plant")
    close_receipt(screen)
    assert written(tmp_path) == 1


def test_a_terminal_that_never_answers_gets_the_question_after_its_time_to_settle(tmp_path: Path) -> None:
    with open_screen("demo", "--no-outages", home=tmp_path) as app:
        app.answering = False
        on_the_oven(app)
        act(app, "r", "Restart on plant")
        began = time.monotonic()
        app.keys("tab", "enter")
        app.wait_for("> Cancel")
        assert time.monotonic() - began >= SETTLE
        assert written(tmp_path) == 0
        confirm(app, "Restart on plant")
        close_receipt(app)
        assert written(tmp_path) == 1


def test_a_paste_into_a_question_that_stands_there_answers_nothing(screen: PtyApp, tmp_path: Path) -> None:
    act(screen, "r", "Restart on plant")
    screen.wait_for("> Cancel")
    pour(screen, b"\x1b[200~\t\r\x1b[201~")
    pour(screen, b"\t\r")
    screen.wait_for("> Restart on plant")
    pour(screen, b"x\t\r\x1b[C\r")
    screen.wait_for("> Cancel")
    assert written(tmp_path) == 0
    confirm(screen, "Restart on plant")
    close_receipt(screen)
    assert written(tmp_path) == 1
