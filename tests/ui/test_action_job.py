"""One action from its key to its receipt, in front and behind other things: nothing is drawn, all of it is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Cancelled, Changed, Receipt, Step
from edgetui.cluster.errors import EdgetuiError, Forbidden
from edgetui.ui.background import action as module
from edgetui.ui.background.action import HOLD, SAID_AFTER, ActionJob
from edgetui.ui.dialogs.progress import Progress

from .noting import Noting
from .test_dialogs import PLAN, REF

DONE = Receipt("scale", "plant", REF, True, ("6 of 6 ready.",))
TITLE = "Scale deployment press to 6 on plant"


class Shown:
    """The progress of an action on the screen."""

    def __init__(self, progress: Any, job: Any) -> None:
        self.progress, self.job = progress, job
        self.closed = asyncio.Event()


class App(Noting):
    """The screens, one over the other; `answers` are given to what is asked."""

    def __init__(self, noted: list[Any]) -> None:
        super().__init__(
            noted, stack=["the dashboard"], answers=[], options=SimpleNamespace(read_only=False), now=None
        )

    @property
    def screen(self) -> Any:
        return self.__dict__["stack"][-1]

    def monotonic(self) -> float:
        return 50.0

    def key_of(self, name: str, default: str) -> str:
        return f"<{name}>"

    def push_screen(self, screen: Any) -> None:
        self.__dict__["stack"].append(screen)

    def pop_screen(self) -> None:
        self.__dict__["stack"].pop()

    async def push_screen_wait(self, screen: Any) -> Any:
        self.noted.append(("asks", screen))
        return self.__dict__["answers"].pop(0)


class Desk:
    """A job on such an app."""

    def __init__(self) -> None:
        self.noted: list[Any] = []
        self.app: Any = App(self.noted)
        self.later: list[Progress] = []
        jobs = SimpleNamespace(changed=lambda: self.noted.append("changed"), show_later=self.later.append)
        flows: Any = SimpleNamespace(
            app=self.app, wait=9.0, audit="the record", permissions="rights", jobs=jobs
        )
        self.job: Any = ActionJob(flows, "scale", [REF], "Scale: deployment press")

    def said(self) -> list[str]:
        return [one[1] for one in self.noted if one[0] == "flash"]


@pytest.fixture(autouse=True)
def screens_stand_for_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ProgressScreen", Shown)
    monkeypatch.setattr(module, "ConfirmScreen", lambda plan: plan)


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def ends(work: Awaitable[Any]) -> Any:
    """What a coroutine gives or raises."""
    try:
        return await work
    except (EdgetuiError, Exception) as error:  # noqa: BLE001 - it is looked at
        return error


# -- reading


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("fails", [False, True])
async def test_what_is_read_is_said_until_it_is_read(left: bool, fails: bool) -> None:
    desk = Desk()
    desk.job.opening = False

    async def view() -> str:
        assert (desk.job.reading, desk.job.opening, desk.job.says) == ("press on plant", True, "reading")
        desk.job.left = left
        if fails:
            raise Forbidden("No right.")
        return "view"

    found = await ends(desk.job.read("press on plant", view()))
    assert isinstance(found, Forbidden) if fails else found == "view"
    assert desk.job.reading == ""
    assert desk.noted == [
        ("flash", "reading press on plant…  esc cancels", "bar"),
        *([] if left else [("hush",)]),
    ]


@pytest.mark.parametrize(("waited", "said"), [(SAID_AFTER - 0.1, ""), (SAID_AFTER, " 2 s"), (61.4, " 61 s")])
async def test_how_long_it_is_being_read_is_said_from_a_while_on(
    waited: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, clock = Desk(), [100.0]
    monkeypatch.setattr(ActionJob, "_now", staticmethod(lambda: clock[0]))
    desk.job._asked_at = 100.0
    desk.job.reading = "press"
    clock[0] += waited
    desk.job.tick()
    assert desk.said() == ([f"reading press…{said}  esc cancels"] if said else [])
    assert desk.job._hold_until >= HOLD


# -- asking


async def test_a_question_is_put_to_who_is_here_and_the_next_screen_is_where_this_goes_on() -> None:
    desk = Desk()
    desk.app.answers.append("yes")
    asked = desk.job.ask(lambda: "a question")
    desk.app.stack.append("another")
    desk.job.place = "another"
    assert await asked == "yes"
    assert (desk.job.opening, desk.job.place, desk.job.waits) == (False, "another", "")
    assert desk.noted == ["changed", ("asks", "a question")]


@pytest.mark.parametrize("asks", [True, False])
@pytest.mark.parametrize("left", [True, False])
async def test_who_is_elsewhere_sees_a_badge_and_is_asked_once_the_job_is_looked_at(
    asks: bool, left: bool
) -> None:
    desk = Desk()
    desk.app.answers.append("yes")
    if left:
        desk.job.leave()
    else:
        desk.app.stack.append("a page")
    waiting = asyncio.ensure_future(desk.job.ask(lambda: "a question") if asks else desk.job.in_front())
    await settle()
    assert desk.job.waits == ("waits for you" if asks else "is ready")
    assert desk.said() == ["<running> shows what waits for you: Scale: deployment press"]
    assert (desk.job.left, desk.job.opening) == (True, True)
    desk.job.looked_at()
    await settle()
    assert not waiting.done(), "it was looked at from elsewhere"
    desk.job.attend()
    await waiting
    assert (desk.job.waits, desk.job.left, desk.job.opening) == ("", False, False)
    assert desk.noted[-1] == (("asks", "a question") if asks else "changed")


async def test_what_is_covered_on_its_own_progress_waits_without_a_word() -> None:
    desk = Desk()
    desk.job._show_progress(Progress(TITLE, desk.app.monotonic))
    desk.app.answers.append(True)
    desk.app.stack.append("help over it")
    waiting = asyncio.ensure_future(desk.job.ask(lambda: "a question"))
    await settle()
    assert (desk.job.waits, desk.job.left, desk.said()) == ("waits for you", False, [])
    desk.app.stack.pop()
    desk.job.looked_at()
    assert await waiting is True


@pytest.mark.parametrize("state", ["reading", "progress", "neither"])
async def test_who_looks_at_a_job_sees_what_it_does(state: str) -> None:
    desk = Desk()
    desk.job.leave()
    desk.job.reading = "press" if state == "reading" else ""
    progress = Progress(TITLE, desk.app.monotonic)
    desk.job.progress = progress if state == "progress" else None
    desk.app.stack.append("the list")
    desk.job.attend()
    assert not desk.job.left
    assert desk.job._looked_at.is_set()
    if state == "progress":
        shown = desk.app.screen
        assert (shown.progress, shown.job, desk.job.place) == (progress, desk.job, shown)
    else:
        assert desk.job.place == "the list"
        assert desk.said() == (["reading press…  esc cancels"] if state == "reading" else [])


# -- carrying out


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_plan_is_carried_out_behind_its_progress(elsewhere: bool) -> None:
    desk = Desk()
    if elsewhere:
        desk.job.leave()
    found: list[Any] = []

    async def work(gate: Any) -> Receipt:
        found.append(gate)
        gate.progress(Step("Setting it", "doing"))
        assert desk.job.says == "being prepared"
        desk.job.confirmed = True
        assert (desk.job.says, desk.job.running) == ("Setting it", True)
        return DONE

    await desk.job.perform(TITLE, work)
    (gate,) = found
    assert (gate.audit, gate.permissions, gate.read_only) == ("the record", "rights", False)
    progress = desk.job.progress
    assert progress is not None
    assert (progress.title, progress.ended, progress.said, desk.job.title) == (
        TITLE,
        True,
        "6 of 6 ready.",
        TITLE,
    )
    assert (desk.job.opening, desk.noted[-1]) == (False, "changed")
    assert desk.later == ([progress] if elsewhere else [])
    assert (desk.app.screen == "the dashboard") == elsewhere


@pytest.mark.parametrize(
    ("problem", "said", "then"),
    [
        (Forbidden("No right.", "Ask."), "No right.", "    Ask."),
        pytest.param(KeyError("token=abc"), "Something unexpected happened (KeyError)",
                     "    What was written so far is in the audit record.", marks=pytest.mark.defect),
    ],
)  # fmt: skip
async def test_a_failure_is_the_end_of_its_progress(problem: Exception, said: str, then: str) -> None:
    desk = Desk()

    async def work(gate: Any) -> Receipt:
        raise problem

    await desk.job.perform(TITLE, work)
    progress = desk.job.progress
    assert progress is not None
    assert progress.said.startswith(said)
    assert then in ["".join(span.text for span in one) for one in progress.lines()]
    assert (progress.ended, desk.later, desk.noted[-1]) == (True, [], "changed")


@pytest.mark.parametrize(
    "problem", [Cancelled("No."), Changed("It changed.", "view"), asyncio.CancelledError()]
)
@pytest.mark.parametrize("covered", [False, True])
async def test_what_is_not_carried_out_takes_its_progress_away(problem: BaseException, covered: bool) -> None:
    desk = Desk()

    async def work(gate: Any) -> Receipt:
        if covered:
            desk.app.stack.append("help")
        raise problem

    with pytest.raises(type(problem)):
        await desk.job.perform(TITLE, work)
    assert (desk.job.progress, desk.job._screen) == (None, None)
    assert [getattr(one, "job", one) for one in desk.app.stack] == [
        "the dashboard", *([desk.job, "help"] if covered else [])
    ]  # fmt: skip
    assert (desk.job.place == "the dashboard") == (not covered)
    assert desk.noted[-1] == "changed"


@pytest.mark.parametrize("note", ["", "It was changed."])
@pytest.mark.parametrize("agrees", [True, False])
async def test_the_gate_asks_on_the_screen_with_the_note_first(note: str, agrees: bool) -> None:
    desk = Desk()
    told: list[str] = []
    desk.job.progress = Progress(TITLE, desk.app.monotonic)
    desk.job.progress.changed = lambda: told.append("told")
    desk.app.answers.append(agrees)
    gate = desk.job.gate(lambda step: None, note)
    assert await gate.confirm(PLAN) is agrees
    ((_, asked),) = [one for one in desk.noted if one[0] == "asks"]
    assert asked.warnings == ((note, *PLAN.warnings) if note else PLAN.warnings)
    assert (desk.job.confirmed, told, desk.noted[-1]) == (agrees, ["told"], "changed")


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_what_did_not_begin_says_why(elsewhere: bool) -> None:
    desk = Desk()
    if elsewhere:
        desk.app.stack.append("a page")
    await desk.job.fail("Scale: deployment press", Forbidden("No right."), REF)
    progress = desk.job.progress
    assert progress is not None
    assert (progress.title, progress.said) == ("Scale: deployment press", "No right.")
    assert desk.later == ([progress] if elsewhere else [])
    assert (desk.app.screen == "a page") == elsewhere


# -- its end


async def test_it_is_closed_when_its_screen_is_put_away_and_then_it_is_left() -> None:
    desk = Desk()
    await desk.job.closed()
    desk.job._show_progress(Progress(TITLE, desk.app.monotonic))
    shown = desk.app.screen
    closing = asyncio.ensure_future(desk.job.closed())
    await settle()
    assert not closing.done()
    shown.closed.set()
    await closing
    desk.job.put_away(Shown(None, None))
    assert (desk.job._screen, desk.job.left) == (shown, False)
    desk.job.put_away(shown)
    assert (desk.job._screen, desk.job.left) == (None, True)


async def test_before_it_was_agreed_to_it_is_cancelled_and_after_that_only_no_longer_watched() -> None:
    for early in (True, False):
        desk = Desk()
        begun: list[str] = []

        async def flow(begun: list[str] = begun) -> None:
            begun.append("begun")
            await asyncio.Event().wait()

        if early:
            desk.job.cancel()
        running = asyncio.ensure_future(desk.job.run(flow()))
        await settle()
        if not early:
            desk.job.cancel()
        with pytest.raises(Cancelled, match=r"Cancelled: nothing was changed\."):
            await running
    desk = Desk()
    desk.job.confirmed = True
    desk.job.cancel()
    with pytest.raises(Cancelled, match=r"No longer watched\. What was sent stays as it is"):
        await desk.job._sleep(60.0)
    assert desk.job.task is None


async def test_a_task_that_ends_with_the_screen_is_no_cancel_of_a_person() -> None:
    desk = Desk()
    running = asyncio.ensure_future(desk.job.run(asyncio.sleep(60)))
    await settle()
    desk.job.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await Desk().job._sleep(0.001)
