"""Some seconds at the keyboard: the same keys each time, then fresh ones, whose seed a failure prints.

`make fuzz` plays 100,000 steps.
"""

from __future__ import annotations

import secrets

import pytest

from edgetui.ui.screens.question import Question
from edgetui.ui.widgets.choice import Choice

from .keyboard import Unasked, play

STEPS = 1500


async def test_known_keys_write_nothing_that_nobody_agreed_to() -> None:
    judge = await play(1, STEPS)
    assert judge.asked


async def test_fresh_keys_write_nothing_that_nobody_agreed_to() -> None:
    seed = secrets.randbits(31)
    print(f"python -m tests.fuzz.keyboard --steps {STEPS} --seed {seed}")
    await play(seed, STEPS)


async def test_a_question_that_takes_every_key_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Question, "takes", lambda *_: True)
    for name, always in (("held", False), ("armed", True)):
        monkeypatch.setattr(
            Choice, name, property(lambda _, always=always: always, lambda *_: None), raising=False
        )
    with pytest.raises(Unasked):
        await play(2, 20 * STEPS)
