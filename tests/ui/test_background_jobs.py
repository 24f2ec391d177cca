"""What runs behind the screen is one list: its badges, its screen, its end, and the question on leaving."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.actions.change.long_running import Ended
from edgetui.actions.messages import Receipt
from edgetui.cluster.errors import LinkError
from edgetui.model.identity import ObjectRef
from edgetui.ui.background.action import ActionJob
from edgetui.ui.background.job import BackgroundJob, Badge
from edgetui.ui.background.jobs import badges
from edgetui.ui.dialogs.progress import Progress
from edgetui.ui.dialogs.running import RunningScreen

from .driving import Screen, running
from .fleet import plant
from .test_dialogs import REF


class Row(BackgroundJob):
    """A job of which everything is said beforehand."""

    def __init__(self, title: str = "A job", badge: Badge | None = None, **said: Any) -> None:
        super().__init__(title, 0.0)
        self.given = badge
        self.said = said
        self.done: list[str] = []
        self.waits = said.get("waits", "")

    @property
    def says(self) -> str:
        return str(self.said.get("says", self.waits))

    @property
    def badge(self) -> Badge | None:
        return self.given

    @property
    def urgent(self) -> bool:
        return bool(self.said.get("urgent"))

    @property
    def stops(self) -> str:
        return str(self.said.get("stops", ""))

    @property
    def at_exit(self) -> str:
        return str(self.said.get("at_exit", ""))

    def attend(self) -> None:
        self.done.append("attended")

    def cancel(self) -> None:
        self.done.append("cancelled")


def guard(name: str, **said: Any) -> Row:
    return Row(f"Guard of {name}", Badge("GUARD", "GUARDS", name), **said)


RUNNING, RESULT = Badge("RUNNING", "RUNNING"), Badge("RESULT", "RESULTS")


@pytest.mark.parametrize(
    ("rows", "shown"),
    [
        ([], []),
        ([Row()], []),
        ([Row(badge=RUNNING)], ["1 RUNNING"]),
        ([Row(badge=RUNNING), Row(badge=RESULT), Row(badge=RUNNING)], ["2 RUNNING", "1 RESULT"]),
        ([Row(badge=RESULT), Row(badge=RESULT)], ["2 RESULTS"]),
        ([guard("press")], ["GUARD press"]),
        ([guard("press"), guard("oven")], ["2 GUARDS"]),
        ([guard("press", urgent=True), guard("oven")], ["GUARD press", "GUARD oven"]),
        (
            [guard("a"), guard("b"), guard("press 1m", urgent=True), guard("oven 9s", urgent=True)],
            ["GUARD press 1m", "GUARD oven 9s", "2 GUARDS"],
        ),
        ([Row(badge=RESULT), guard("press")], ["GUARD press", "1 RESULT"]),
    ],
)
def test_the_urgent_have_a_badge_each_a_single_one_its_name_and_several_their_number(
    rows: list[Row], shown: list[str]
) -> None:
    assert badges(rows) == shown


def added(screen: Screen, *rows: Row) -> None:
    for row in rows:
        screen.app.flows.jobs.add(row)


async def test_one_alone_is_shown_at_once_and_none_is_said() -> None:
    async with running([plant()]) as screen:
        await screen.press("R")
        assert "Nothing runs" in screen.text()
        row = Row()
        added(screen, row)
        await screen.press("R")
        assert row.done == ["attended"]


async def test_several_are_a_list_that_stays_live_with_the_cursor_on_its_job() -> None:
    first, second = guard("press", says="watching"), guard("oven", says="waiting")
    third = Row("Restart camera", RUNNING, waits="waits for you")
    async with running([plant()], size=(80, 24)) as screen:
        added(screen, first, second, third)
        await screen.press("R")
        shown = screen.app.screen
        assert isinstance(shown, RunningScreen)
        assert shown.here is third, "what waits for the person stands first"
        await screen.press("down")
        assert shown.here is first
        first.said["says"] = "rolls back in 9s"
        screen.app.flows.jobs.remove(third)
        await screen.wait_for(lambda: "rolls back in 9s" in screen.text(), "the new words")
        assert shown.here is first, "the cursor stays on its job"
        assert "Restart camera" not in screen.text()
        await screen.press("enter")
        assert first.done == ["attended"]


async def test_a_job_that_ends_while_the_list_is_open_is_not_chosen() -> None:
    rows = [guard("press"), guard("oven")]
    async with running([plant()]) as screen:
        added(screen, *rows)
        await screen.press("R")
        for row in rows:
            screen.app.flows.jobs.remove(row)
        await screen.wait_for(lambda: "nothing" in screen.text(), "an empty list")
        await screen.press("x", "enter")
        assert screen.app.screen is screen.app.main
        assert [row.done for row in rows] == [[], []]


async def test_x_ends_the_job_under_the_cursor_after_a_question() -> None:
    kept, ended = guard("press", stops="Cancel the guard"), guard("oven", stops="Cancel the guard")
    async with running([plant()]) as screen:
        added(screen, kept, ended)
        await screen.press("R", "x", "enter")
        assert kept.done == []
        await screen.press("down", "x")
        assert "Guard of oven" in screen.text()
        await screen.press("right", "enter")
        assert (kept.done, ended.done) == ([], ["cancelled"])


async def test_what_nothing_ends_is_said() -> None:
    async with running([plant()]) as screen:
        added(screen, Row("Rotate token"), Row())
        await screen.press("R", "x", "escape")
        assert "Rotate token: nothing ends it before its end." in screen.text()


async def test_leaving_asks_about_what_would_be_lost_and_about_nothing_else() -> None:
    lost = guard("press", says="watching", at_exit="A guard ends with this screen.")
    same = guard("oven", says="watching", at_exit="A guard ends with this screen.")
    async with running([plant()]) as screen:
        added(screen, lost, same, Row("A result", RESULT))
        await screen.press("q")
        assert screen.text().count("A guard ends with this screen.") == 1
        assert "Guard of press" in screen.text()
        assert "A result" not in screen.text()
        await screen.until_ready()
        await screen.press("enter")
        for row in (lost, same):
            screen.app.flows.jobs.remove(row)
        await screen.press("q")
        assert screen.app.return_code == 0


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ("node-shell", "Leaving ends the node shell and deletes its pod; what was done on the node stays."),
        ("debug", "Leaving does not undo what runs, and nobody watches it to its end."),
        ("shell", "Leaving does not undo what runs, and nobody watches it to its end."),
    ],
)
async def test_leaving_says_what_it_does_to_an_action_that_runs(action: str, says: str) -> None:
    async with running([plant()]) as screen:
        job = ActionJob(screen.app.flows, action, [REF], "An action")
        assert job.at_exit == "What is only prepared is given up: nothing of it was written."
        job.confirmed = True
        assert job.at_exit.startswith(says)


async def test_escape_shows_what_is_about_to_change_something() -> None:
    calm, urgent = guard("oven"), guard("press", urgent=True)
    async with running([plant()]) as screen:
        added(screen, calm, urgent)
        await screen.press("escape")
        assert (calm.done, urgent.done) == ([], ["attended"])


class Work:
    """Something an action left running, which ends as it is told to."""

    ref: ObjectRef = REF
    title = "Guard of deployment press"
    says = "watching"
    turn = ("watching",)
    repeats = False
    badge = "press"
    urgent = False
    at_exit = "It ends with this screen."

    def __init__(self) -> None:
        self.end: asyncio.Future[Ended] = asyncio.get_running_loop().create_future()

    async def run(self) -> Ended:
        return await self.end

    def cancel(self) -> None:
        self.end.set_result(Ended("The guard was cancelled.", cancelled=True))


RECEIPT = Receipt("rollback", "plant", REF, True, ("It is back.",))


@pytest.mark.parametrize(
    ("end", "left", "said"),
    [
        (Ended("It is complete.", good=True), ["1 RESULT"], "It is complete."),
        (Ended("Rolled back.", receipt=RECEIPT), ["1 RESULT"], "It is back."),
        (Ended("The guard was cancelled.", cancelled=True), [], "The guard was cancelled."),
        (LinkError("The link is gone."), ["1 RESULT"], "The link is gone."),
        pytest.param(
            KeyError("token=abc"),
            ["1 RESULT"],
            "Something unexpected happened (KeyError)",
            marks=pytest.mark.defect,
        ),
    ],
)
async def test_however_what_was_left_running_ends_it_leaves_the_list_and_is_told(
    end: Ended | Exception, left: list[str], said: str
) -> None:
    async with running([plant()], size=(120, 30)) as screen:
        work = Work()
        flows = screen.app.flows
        flows.keep_running("guard", work, Progress("Guard press", screen.app.monotonic))
        await screen.wait_for(lambda: screen.app.badges == ["GUARD press"])
        assert flows.jobs.notes(REF.key) == ["guard, g cancels it: watching"]
        if isinstance(end, Ended):
            work.end.set_result(end)
        else:
            work.end.set_exception(end)
        await screen.wait_for(lambda: screen.app.badges == left, "its end")
        assert said in screen.text()
        assert "abc" not in screen.text()
        assert flows.jobs.notes(REF.key) == []
