"""Moves a person makes on the screen, each waiting for what it brings before the next."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from .ptyapp import PATIENCE, PtyApp

ROOT = Path(__file__).resolve().parents[2]
PANES = {"nodes": "1", "pods": "2", "autoscalers": "3", "rollouts": "4"}


def open_screen(
    *arguments: str, home: Path, columns: int = 80, lines: int = 24, env: Mapping[str, str] | None = None
) -> PtyApp:
    """edgetui on a terminal of its own, with its state below `home`."""
    surroundings = {
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CACHE_HOME": str(home / "cache"),
        "PYTHONPATH": str(ROOT),
        "EDGETUI_API_TRAFFIC": "full",  # to a program on a busy machine every link looks slow
    }
    return PtyApp(
        [sys.executable, "-m", "edgetui", *arguments],
        columns=columns,
        lines=lines,
        env={**surroundings, **(env or {})},
    )


def go_to(app: PtyApp, pane: str) -> None:
    """Show one pane; its column heads tell that it is there."""
    heads = {"nodes": "VERSION", "pods": "STATUS", "autoscalers": "METRIC", "rollouts": "PROGRESS"}
    app.keys(PANES[pane])
    app.wait_for(heads[pane])


def back(app: PtyApp, leaves: str) -> None:
    """Press escape and wait until what it leaves is gone: another key too soon would make it Alt and that key."""
    app.keys("escape")
    app.wait_gone(leaves)


def narrow(app: PtyApp, words: str) -> None:
    """Filter the pane and wait until the title counts the rows that are left."""
    app.keys("/")
    app.wait_for("filter")
    app.keys("ctrl+u", words)
    app.keys("enter")
    app.until(re.compile(rf"\d+ of \d+ /{re.escape(words)}").search, what=f"the pane filtered by {words}")


def row(app: PtyApp, *words: str) -> str:
    """The first line of the screen that has all of `words`; empty if there is none."""
    return next((line for line in app.text().splitlines() if all(word in line for word in words)), "")


def wait_row(app: PtyApp, *words: str, timeout: float = PATIENCE) -> str:
    """Wait for a line with all of `words`."""
    app.until(lambda _: bool(row(app, *words)), timeout, f"a line with {' and '.join(words)}")
    return row(app, *words)


def confirm(app: PtyApp, button: str) -> None:
    """Cancel has the focus: move to the button that acts, and press it."""
    app.wait_for("> Cancel", button)
    app.keys("right")
    app.wait_for(f"> {button}")
    app.settle(0.1)  # the end of that frame asks whether it is drawn; an answer counts from then on
    app.keys("enter")


def act(app: PtyApp, key: str, opens: str) -> None:
    """Press an action's key, or type its command with the Enter; again where edgetui asked for it.

    It does where the row had just changed by itself.
    """
    app.keys(key)
    while "press the key again" in app.until(lambda text: opens in text or "press the key again" in text):
        app.wait_gone("press the key again")
        app.keys(key)


def choose(app: PtyApp, letter: str, opens: str) -> None:
    """Choose an action in the menu; open that again where the row had just changed by itself."""
    while True:
        act(app, ".", "Actions on")
        app.keys(letter)
        if "press the key again" not in app.until(
            lambda text: opens in text or "press the key again" in text, what=opens
        ):
            return
        app.wait_gone("press the key again")


def scale(app: PtyApp, replicas: int, cluster: str) -> None:
    """Ask for so many replicas of what is under the cursor, and confirm."""
    act(app, "s", "enter continue")
    app.keys("ctrl+u", str(replicas))
    app.until(re.compile(rf"replicas > {replicas}\b").search, what=f"{replicas} in the dialog")
    app.keys("enter")
    confirm(app, f"Scale on {cluster}")


def close_receipt(app: PtyApp, timeout: float = PATIENCE) -> str:
    """Wait for the receipt of an action, close it, and return what it said."""
    said = app.wait_for("> Close", timeout=timeout)
    app.keys("enter")
    app.wait_gone("> Close")
    return said
