"""Some seconds at the keyboard: the same keys each time, then fresh ones, whose seed a failure prints.

`make fuzz` plays 100,000 steps.
"""

from __future__ import annotations

import secrets

import pytest

from edgetui.ui.dialogs.confirm import ConfirmScreen
from tests.ui.test_dialogs import PLAN

from .keyboard import SETTLE, Judge, play

STEPS = 1500


async def test_known_keys_write_nothing_that_nobody_agreed_to() -> None:
    judge = await play(1, STEPS)
    assert judge.asked


async def test_fresh_keys_write_nothing_that_nobody_agreed_to() -> None:
    seed = secrets.randbits(31)
    print(f"python -m tests.fuzz.keyboard --steps {STEPS} --seed {seed}")
    await play(seed, STEPS)


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
