"""Actions on the screen: in front, in the background, and when the person leaves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace
from typing import Any

import pytest
from textual.worker import Worker, WorkerFailed

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.spec import Aim, Argument, Spec, no_answer
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Changed, Receipt, Step
from edgetui.cluster.errors import Forbidden
from edgetui.ui import action_flow
from edgetui.ui.background.action import ActionJob
from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.dialogs.progress import ProgressScreen
from edgetui.ui.flows import title_of

from .driving import Screen, running
from .fleet import plant
from .test_dialogs import PLAN, REF

DONE = Receipt("scale", "plant", REF, True, ("deployment press: 6 of 6 ready.",))
TITLE = "Scale deployment press to 6 on plant"


@pytest.fixture(autouse=True)
def rights() -> None:
    """Here stand-ins are asked for rights."""


@asynccontextmanager
async def performing(
    screen: Screen, work: Callable[[Gate], Awaitable[Receipt]], front: type[object] = object
) -> AsyncIterator[Worker[None]]:
    """One action carried out by the screen, once such a screen is in front."""
    worker = screen.app.run_worker(job(screen).perform(TITLE, work), exit_on_error=False)
    await screen.wait_for(lambda: isinstance(screen.app.screen, front), front.__name__)
    await screen.pilot.pause()
    yield worker


def job(screen: Screen) -> ActionJob:
    """One that began with the press in front."""
    return screen.app.flows.job("scale", REF)


async def ended(worker: Worker[None]) -> BaseException | None:
    """Wait for the action; what it raised, if anything."""
    with suppress(WorkerFailed):
        await worker.wait()
    return worker.error


async def test_an_action_asks_shows_its_steps_and_ends_with_its_receipt() -> None:
    async def work(gate: Gate) -> Receipt:
        gate.progress(Step("The server would accept it", "done"))
        assert await gate.confirm(PLAN)
        gate.progress(Step("Setting deployment press", "doing"))
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ConfirmScreen) as worker:
        assert screen.app.badges == []
        await screen.press("right", "enter")
        await ended(worker)
        await screen.pilot.pause()
        assert "6 of 6 ready" in screen.text()
        assert screen.app.badges == []


async def test_what_is_being_read_is_said_no_longer_than_that_takes() -> None:
    said: list[str] = []

    async def refuse() -> None:
        said.append(screen.app.main.footer.message)
        raise Forbidden("No right to read it.")

    async with running([plant()]) as screen:
        worker = screen.app.run_worker(job(screen).read("press on plant", refuse()), exit_on_error=False)
        assert isinstance(await ended(worker), Forbidden)
        assert said == ["reading press on plant…  esc cancels"]
        assert screen.app.main.footer.message == ""


async def test_a_no_takes_the_progress_away() -> None:
    async def work(gate: Gate) -> Receipt:
        if not await gate.confirm(PLAN):
            raise Cancelled("Cancelled: nothing was changed.")
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ConfirmScreen) as worker:
        await screen.press("enter")
        error = await ended(worker)
        assert isinstance(error, Cancelled)
        await screen.pilot.pause()
        assert screen.app.screen is screen.app.main


async def test_an_object_that_changed_is_given_back_to_be_shown_again() -> None:
    async def work(_: Gate) -> Receipt:
        raise Changed("It was at 3, now it is at 4.", "the new view")

    async with running([plant()]) as screen, performing(screen, work) as worker:
        error = await ended(worker)
        assert isinstance(error, Changed)
        assert error.view == "the new view"


async def test_a_plan_without_a_question_is_put_again_with_what_changed_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: list[str] = []

    async def read(aim: Aim) -> str:
        return "old"

    async def carry_out(gate: Gate, aim: Aim, view: str, answer: None, wait: float | None) -> Receipt:
        shown.append(view)
        agreed = await gate.confirm(PLAN)
        if view == "old":
            raise Changed("It was changed while you looked.", "new")
        assert agreed
        return DONE

    async def spec(action: str) -> Spec[str, None]:
        return Spec(read=read, answer=no_answer, title=lambda view, answer: TITLE, procedure=carry_out)

    monkeypatch.setattr(action_flow, "spec_in_time", spec)
    session: Any = SimpleNamespace(name="plant")
    async with running([plant()]) as screen:
        flow = action_flow.flow(job(screen), "restart", session, REF)
        worker = screen.app.run_worker(flow, exit_on_error=False)
        await screen.wait_for(lambda: shown == ["old"], "the plan")
        await screen.pilot.pause()
        assert "changed while you looked" not in screen.text()
        await screen.press("right", "enter")
        await screen.wait_for(lambda: "! It was changed while you looked." in screen.text(), "the note")
        await screen.press("right", "enter")
        assert await ended(worker) is None
        await screen.pilot.pause()
        assert "6 of 6 ready" in screen.text()
        assert shown == ["old", "new"]


async def test_what_changed_meanwhile_is_said_in_the_form_and_not_once_more_in_the_plan(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def read(aim: Aim) -> str:
        return "old"

    async def carry_out(gate: Gate, aim: Aim, view: str, answer: int, wait: float | None) -> Receipt:
        assert await gate.confirm(PLAN)
        if view == "old":
            raise Changed("It was changed while you looked.", "new")
        return DONE

    async def spec(action: str) -> Spec[str, int]:
        return Spec(
            read=read,
            answer=lambda view, given: given["count"],
            title=lambda view, answer: TITLE,
            procedure=carry_out,
            arguments=(Argument("count", "how many", "N", read=int),),
            fields=lambda view: {"count": 3},
        )

    monkeypatch.setattr(action_flow, "spec_in_time", spec)
    session: Any = SimpleNamespace(name="plant")
    async with running([plant()]) as screen:
        flow = action_flow.flow(job(screen), "restart", session, REF)
        worker = screen.app.run_worker(flow, exit_on_error=False)
        for changed in (False, True):
            await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen), "the form")
            await screen.pilot.pause()
            assert ("It was changed while you looked." in screen.text()) == changed
            await screen.press("enter")
            await screen.wait_for(lambda: isinstance(screen.app.screen, ConfirmScreen), "the plan")
            await screen.pilot.pause()
            assert "changed while you looked" not in screen.text()
            await screen.press("right", "enter")
        assert await ended(worker) is None


@pytest.mark.defect
async def test_an_error_is_a_sentence_and_a_defect_is_told_without_a_traceback() -> None:
    async def refused(_: Gate) -> Receipt:
        raise Forbidden(
            "ops may not update deployments/scale in line-2.", "Ask whoever runs the cluster.", code=403
        )

    async def broken(_: Gate) -> Receipt:
        raise KeyError("token=abc")

    async with running([plant()]) as screen:
        async with performing(screen, refused) as worker:
            await ended(worker)
            await screen.pilot.pause()
            assert "ops may not update deployments/scale" in screen.text()
            await screen.press("enter")
        async with performing(screen, broken) as worker:
            await ended(worker)
            await screen.pilot.pause()
            assert "Something unexpected happened (KeyError)" in screen.text()
            assert "abc" not in screen.text()
            assert "Traceback" not in screen.text()


async def test_left_alone_it_goes_on_and_its_receipt_is_a_badge_until_it_is_looked_at() -> None:
    ready = asyncio.Event()

    async def work(gate: Gate) -> Receipt:
        assert await gate.confirm(PLAN)
        await ready.wait()
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ConfirmScreen) as worker:
        await screen.press("right", "enter")
        assert isinstance(screen.app.screen, ProgressScreen)
        await screen.press("escape")
        assert screen.app.screen is screen.app.main
        assert screen.app.badges == ["1 RUNNING"]
        ready.set()
        await ended(worker)
        await screen.pilot.pause()
        assert screen.app.screen is screen.app.main
        assert screen.app.badges == ["1 RESULT"]
        assert f"R shows: {TITLE}" in screen.text()
        await screen.press("R")
        assert "6 of 6 ready" in screen.text()
        assert screen.app.badges == []


async def test_quitting_while_it_runs_asks_first() -> None:
    ready = asyncio.Event()

    async def work(_: Gate) -> Receipt:
        await ready.wait()
        return DONE

    async with running([plant()]) as screen, performing(screen, work, ProgressScreen):
        await screen.press("escape", "q")
        await screen.until_ready()
        assert "Still running:" in screen.text()
        assert TITLE in screen.text()
        assert "> Stay" in screen.text()
        await screen.press("enter")
        assert screen.app.screen is screen.app.main
        await screen.press("q", "right", "enter")
        assert screen.app.return_code == 0
        ready.set()


@pytest.mark.defect
async def test_a_defect_while_rights_are_looked_up_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: Any) -> None:
        raise KeyError("token=abc")

    async with running(
        [plant()], sessions={"plant": SimpleNamespace(look_at_kinds=lambda *shown: None)}
    ) as screen:
        monkeypatch.setattr(screen.app.flows.permissions, "foresee", broken)
        await screen.app.flows._fetch_rights(REF.key)
        assert "Something unexpected happened (KeyError)" in screen.app.main.footer.message
        assert "abc" not in screen.text()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_named_with_what_it_is_done_to_and_one_on_the_cluster_names_no_object(
    action: str,
) -> None:
    title = title_of(action, [REF])
    assert title.startswith(ACTIONS[action].heading[:3])
    assert ("press" in title) == bool(ACTIONS[action].kinds or ACTIONS[action].any_kind), title
    assert title.endswith("on plant")


async def test_what_would_lock_a_person_out_half_done_is_not_stopped() -> None:
    async with running([plant()]) as screen:
        for action in ACTIONS:
            job = screen.app.flows.job(action, REF)
            assert job.stops == "Cancel"
            job.confirmed = True
            assert job.stops == ("" if action == "rotate" else "Stop watching")
