"""A question is answered by a person who has had the time to see it, and by nobody and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from rich.cells import cell_len
from textual import events

from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Receipt
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.progress import ProgressScreen
from edgetui.ui.dialogs.question import ANSWERING, LEAVING, SETTLE, Question
from edgetui.ui.widgets.live_table import SETTLE as ROW_SETTLE

from .driving import Screen, running
from .fleet import plant
from .test_dialogs import PLAN
from .test_flows import DONE, ended, performing

NEVER = 1e6
YES = ("tab", "enter")


async def asked(screen: Screen) -> tuple[ConfirmScreen, list[bool | None]]:
    """A question in front, and the list of its answers."""
    answers: list[bool | None] = []
    question = ConfirmScreen(PLAN)
    screen.app.push_screen(question, answers.append)
    await screen.wait_for(lambda: question.is_current)
    await screen.pilot.pause()
    return question, answers


async def typed(screen: Screen, *keys: str) -> None:
    """Keys of somebody who does not look."""
    for key in keys:
        await screen.pilot.press(key)
        await screen.pilot.pause()


def test_a_question_settles_as_long_as_a_row() -> None:
    assert SETTLE == ROW_SETTLE == Question.settle


@pytest.mark.parametrize(
    "keys", [YES, ("right", "enter"), ("shift+tab", "enter"), ("enter",), ("tab", "tab", "tab", "enter")]
)
async def test_no_key_answers_before_it_has_settled(keys: Sequence[str]) -> None:
    async with running([plant()], settle=NEVER) as screen:
        question, answers = await asked(screen)
        await typed(screen, *keys)
        assert answers == []
        assert not question.ready
        assert ">" not in screen.line("Roll back on plant"), "no answer has the cursor"


@pytest.mark.parametrize(
    "stray", ["x", "l", "h", "y", "space", "backspace", "ctrl+j", "f1", "R", "left_square_bracket"]
)
async def test_a_key_that_is_no_answer_takes_the_cursor_back_to_no_and_begins_the_wait_anew(
    stray: str,
) -> None:
    async with running([plant()]) as screen:
        question, answers = await asked(screen)
        await screen.until_ready()
        await typed(screen, "tab")
        assert question.choice.selected == "yes"
        question.settle = NEVER
        await typed(screen, stray, "enter", *YES)
        assert answers == []
        assert question.choice.selected == "no"


async def test_the_move_and_enter_in_one_piece_answer_nothing_however_long_it_has_stood() -> None:
    async with running([plant()]) as screen:
        question, answers = await asked(screen)
        for piece in (YES, ("right", "enter"), ("tab", "tab", "tab", "enter")):
            await screen.until_ready()
            for key in piece:
                screen.app.post_message(events.Key(key, None))
            await screen.wait_for(lambda: question.choice.selected == "yes" and question.ready, "the cursor")
            assert answers == []
            await typed(screen, "left")
            await screen.wait_for(lambda: question.choice.selected == "no" and question.ready, "the cursor")
        await screen.press(*YES)
        assert answers == [True]


async def test_what_was_typed_in_one_piece_before_it_came_answers_nothing() -> None:
    async with running([plant()]) as screen:
        answers: list[bool | None] = []
        for key in (*YES, *"role", "enter", *YES):
            screen.app.post_message(events.Key(key, None))
        question = ConfirmScreen(PLAN)
        screen.app.push_screen(question, answers.append)
        await screen.wait_for(lambda: question.ready, "a question that settled after all of that")
        assert answers == []


async def test_a_key_read_before_it_was_ready_is_none_of_its_own_however_late_it_comes() -> None:
    async with running([plant()]) as screen:
        early = [events.Key(key, None) for key in YES]
        question, answers = await asked(screen)
        await screen.until_ready()
        for key in early:
            screen.app.post_message(key)
        await screen.pilot.pause()
        await screen.until_ready()
        assert (answers, question.choice.selected) == ([], "no")


@pytest.mark.parametrize("key", sorted(LEAVING - {"ctrl+z"}))
async def test_what_agrees_to_nothing_works_at_once(key: str) -> None:
    async with running([plant()], settle=NEVER) as screen:
        _, answers = await asked(screen)
        await typed(screen, key)
        assert answers == [False] or not screen.app.is_running or screen.app.return_code == 0


async def test_no_click_answers_before_it_has_settled_and_then_each_lands_on_its_answer() -> None:
    async with running([plant()]) as screen:
        question, answers = await asked(screen)
        question.settle = NEVER
        question.show_anew()
        await screen.pilot.pause()
        await screen.pilot.click(question.choice, offset=(2, 0))
        assert answers == []
        question.settle = 0.01
        question.show_anew()
        await screen.until_ready()
        text = screen.line("Roll back on plant")
        left = question.choice.region.x
        yes = text.index("Roll back on plant") - left
        await screen.pilot.click(question.choice, offset=(yes, 0))
        await screen.pilot.pause()
        assert question.choice.selected == "yes"
        assert answers == []
        await screen.until_ready()
        await screen.pilot.click(question.choice, offset=(yes + len("Roll back on plant") - 1, 0))
        await screen.pilot.pause()
        assert answers == [True]


@pytest.mark.parametrize("labels", [("Cancel", "Roll back on plant"), ("閉じる", "Löschen", "x")])
async def test_every_cell_of_an_answer_is_that_answer_and_no_other_cell_is(labels: Sequence[str]) -> None:
    async with running([plant()]) as screen:
        question, answers = await asked(screen)
        await screen.until_ready()
        choice = question.choice
        choice.set_answers([(label, label) for label in labels])
        cells: list[int] = []
        for at, label in enumerate(labels):
            cells += [at] * (cell_len(label) + 3) + [-1] * 2
        for x, at in enumerate(cells):
            choice._at = -1
            choice.held = False
            choice.on_click(events.Click(choice, x, 0, 0, 0, 1, False, False, False))
            assert choice._at == at, x
        assert answers == []


@pytest.mark.parametrize("size", [(80, 4), (18, 24), (5, 5)])
async def test_answers_that_are_not_on_the_screen_are_not_given(size: tuple[int, int]) -> None:
    async with running([plant()]) as screen:
        question, answers = await asked(screen)
        await screen.pilot.resize_terminal(*size)
        for _ in range(20):
            await typed(screen, *YES)
        assert answers == []
        question.settle = 0.01
        await screen.pilot.resize_terminal(80, 24)
        await typed(screen, "down")
        await screen.press(*YES)
        assert answers == [True]


async def test_a_question_that_comes_while_something_else_is_in_front_waits_as_a_badge() -> None:
    ready, agreed = asyncio.Event(), list[bool]()

    async def work(gate: Gate) -> Receipt:
        await ready.wait()
        agreed.append(await gate.confirm(PLAN))
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ProgressScreen) as worker:
        await screen.press("escape", "slash", "w", "e")
        ready.set()
        await screen.wait_for(lambda: screen.app.badges == ["1 QUESTION"], "a badge")
        await screen.press("l", "d", "enter")
        assert screen.app.main.current.filter_text == "weld"
        await screen.press("tab", "enter", "escape")
        assert agreed == []
        assert not isinstance(screen.app.screen, ConfirmScreen)
        await screen.press("R")
        await screen.wait_for(lambda: isinstance(screen.app.screen, ConfirmScreen), "the question")
        assert screen.app.badges == []
        await screen.press("right", "enter")
        await ended(worker)
        assert agreed == [True]


async def test_a_question_waits_behind_another_that_came_before_it() -> None:
    ready = asyncio.Event()

    async def work(gate: Gate) -> Receipt:
        await ready.wait()
        if not await gate.confirm(PLAN):
            raise Cancelled("Cancelled: nothing was changed.")
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ProgressScreen):
        await screen.press("ctrl+c")
        assert "Still running:" in screen.text()
        ready.set()
        await screen.wait_for(lambda: screen.app.badges == ["1 QUESTION"])
        assert "Still running:" in screen.text()
        await screen.press("enter")
        await screen.wait_for(lambda: isinstance(screen.app.screen, ConfirmScreen), "the question")
        await screen.press("escape")


async def test_an_end_that_nobody_can_have_read_is_not_closed_by_escape() -> None:
    ready = asyncio.Event()

    async def work(_: Gate) -> Receipt:
        await ready.wait()
        return DONE

    async with running([plant()], settle=NEVER) as screen, performing(screen, work) as worker:
        ready.set()
        await ended(worker)
        await typed(screen, "escape", "enter")
        assert "6 of 6 ready" in screen.text()


async def test_it_can_be_cancelled_until_it_is_agreed_to_and_then_only_the_watching_ends() -> None:
    stuck = asyncio.Event()

    async def hangs(_: Gate) -> Receipt:
        await stuck.wait()
        return DONE

    async def watches(gate: Gate) -> Receipt:
        assert await gate.confirm(PLAN)
        while True:
            await gate.sleep(0.01)

    async with running([plant()]) as screen:
        for work, keys, answer in ((hangs, (), "Cancel"), (watches, YES, "Stop watching")):
            work_: Callable[[Gate], Any] = work
            job = screen.app.flows.job("scale", PLAN.target)
            worker = screen.app.run_worker(job.run(job.perform("Scale", work_)), exit_on_error=False)
            await screen.wait_for(lambda: isinstance(screen.app.screen, Question))
            await screen.press(*keys)
            await screen.wait_for(lambda answer=answer: answer in screen.text(), answer)
            await screen.press("right", "enter")
            assert isinstance(await ended(worker), Cancelled)
            assert screen.app.screen is screen.app.main


def test_only_arrows_tab_and_enter_answer() -> None:
    assert {"left", "right", "tab", "shift+tab", "enter"} == ANSWERING
