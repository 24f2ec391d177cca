"""Some seconds at the keyboard: the same keys each time, then fresh ones, whose seed a failure prints.

`make fuzz` plays 100,000 steps.
"""

from __future__ import annotations

import re
import secrets
import subprocess
import sys

import pytest

from edgetui.ui.dialogs.confirm import ConfirmScreen
from tests.ui.test_dialogs import PLAN

from .keyboard import ROOT, SETTLE, Judge

STEPS = 1500
PLAYS = [sys.executable, "-m", "tests.fuzz.keyboard", "--steps", str(STEPS), "--seed"]


def play(seed: int) -> str:
    """What is said at the end. In a process of its own, which ends where a screen hangs."""
    done = subprocess.run([*PLAYS, str(seed)], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_known_keys_write_nothing_that_nobody_agreed_to() -> None:
    asked = re.search(r" ([0-9]+) questions, ", play(1))
    assert asked and int(asked[1])


def test_fresh_keys_write_nothing_that_nobody_agreed_to() -> None:
    play(secrets.randbits(31))


HANGS = """
import sys
from tests.fuzz import keyboard

async def hang(player):
    while True:
        pass

keyboard.STUCK = 0.5
keyboard.Player.step = hang
sys.argv[1:] = ["--seed", "7"]
sys.exit(keyboard.main())
"""


def test_a_screen_that_hangs_ends_the_play_and_says_where_and_how_to_repeat_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", HANGS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout == "python -m tests.fuzz.keyboard --steps 100000 --seed 7\n"
    assert "in hang\n" in done.stderr


@pytest.mark.parametrize(
    ("keys", "person"),
    [
        ([(2.0, "tab"), (2.0, "enter")], True),
        ([(2.0, "right"), (0.1, "down"), (0.1, "enter")], True),
        ([(2.0, "click"), (1.0, "click")], True),
        ([(0.5, "tab"), (0.1, "enter")], False),
        ([(2.0, "enter")], False),
        ([(2.0, "tab"), (0.1, "x"), (0.1, "enter")], False),
        ([(2.0, "l"), (0.1, "enter")], False),
        ([(0.5, "x"), (0.6, "tab"), (0.1, "enter")], False),
        ([], False),
    ],
)
def test_the_judge_knows_a_person_who_has_seen_the_question(
    keys: list[tuple[float, str]], person: bool
) -> None:
    """Times in settle times."""
    now = [100.0]
    judge = Judge(lambda: now[0])
    question = ConfirmScreen(PLAN)
    judge.sent(["tab", "enter"], None)
    judge.drawn(question)
    for after, key in keys:
        now[0] += after * SETTLE
        judge.sent([key], question)
    judge.yes(question, PLAN)
    assert (judge.failure is None) == person
    assert judge.agreed == ([PLAN] if person else [])


def test_the_judge_knows_a_write_that_nobody_agreed_to() -> None:
    judge = Judge()
    judge.agreed.append(PLAN)
    judge.wrote("PUT /x", "plant")
    assert judge.failure is None
    judge.wrote("PUT /x", "plant")
    assert judge.failure is not None
