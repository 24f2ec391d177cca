"""What a person goes through for an action, against a job that only notes what it is asked: no screen is drawn."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import pytest
from textual._context import active_app

from edgetui.actions.catalogue import ACTIONS
from edgetui.actions.change.desk import Ends
from edgetui.actions.change.form import Form, Leads
from edgetui.actions.change.spec import Aim, Argument, Next, Spec
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Changed, Receipt, Refusal, Step
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.ui import action_flow
from edgetui.ui.action_flow import flow, form_of
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.terminal_flow import ScreenTerminal

from .test_dialogs import REF

OVEN = ObjectRef(ObjectKey("plant", "Deployment", "line-1", "oven"), "uid-2", "7")
COUNT = Argument("count", "how many", "N", read=int)
FORCE = Argument("force", "whatever is the matter", switch=True, default=False)


@pytest.fixture(autouse=True)
def an_app() -> Iterator[None]:
    """Fields are made within an app, even where nothing is drawn."""
    token = active_app.set(MagicMock())
    yield
    active_app.reset(token)


class Job:
    """Notes what it is asked; `answers` are given to dialogs, one after the other."""

    wait = 9.0
    audit = "the record"

    def __init__(self, *answers: Any, sessions: Sequence[str] = ("plant",)) -> None:
        self.answers = list(answers)
        self.noted: list[Any] = []
        self.dialogs: list[Any] = []
        self.performs: Callable[[Callable[[Gate], Awaitable[Receipt]]], Awaitable[None]] | None = None
        self.flows = SimpleNamespace(
            jobs=SimpleNamespace(changed=lambda: None),
            keep_running=lambda *given: self.noted.append(("keeps", *given)),
        )
        self.app = SimpleNamespace(
            sessions={name: SimpleNamespace(name=name) for name in sessions},
            monotonic=lambda: 5.0,
            flash=lambda text: self.noted.append(("flash", text)),
        )

    async def read(self, what: str, view: Awaitable[Any]) -> Any:
        self.noted.append(("reads", what))
        return await view

    async def ask(self, make: Callable[[], Any]) -> Any:
        self.dialogs.append(make())
        answer = self.answers.pop(0)
        return await answer() if callable(answer) else answer

    async def perform(self, title: str, run: Callable[[Any], Awaitable[Receipt]], note: str = "") -> None:
        self.noted.append(("performs", title, note))
        if self.performs is not None:
            await self.performs(run)

    def gate(self, step: Any, note: str = "") -> Any:
        return "a gate"


async def go(job: Job, spec: Spec[Any, Any], action: str = "restart", given: Any = None) -> None:
    session = job.app.sessions["plant"]
    with knows(spec):
        await flow(job, action, session, REF, given)  # type: ignore[arg-type]


def knows(spec: Spec[Any, Any]) -> Any:
    """While it lasts every action has this Spec."""
    return patch.object(action_flow, "spec_in_time", AsyncMock(return_value=spec))


async def read_view(aim: Aim) -> Any:
    return "view"


def spec(**more: Any) -> Spec[Any, Any]:
    """One that asks nothing, unless said otherwise."""
    usual: dict[str, Any] = {
        "read": read_view,
        "answer": lambda view, given: (view, dict(given)),
        "title": lambda view, answer: f"Do {view} {answer}",
    }
    return Spec(**usual | more)


READS = ("reads", "deployment press on plant")


# -- which way it goes


async def test_what_asks_nothing_is_performed_with_what_was_given() -> None:
    job = Job()
    await go(job, spec(), given={"count": 3})
    assert job.noted == [READS, ("performs", "Do view ('view', {'count': 3}) on plant", "")]
    assert job.dialogs == []


async def test_an_action_on_the_cluster_names_no_object_and_its_title_no_cluster() -> None:
    on_cluster = next(one.id for one in ACTIONS.values() if one.on_cluster)
    job = Job()
    await go(job, spec(reads="the nodes{object}"), on_cluster)
    assert job.noted == [("reads", "the nodes on plant"), ("performs", "Do view ('view', {})", "")]


async def test_what_it_is_aimed_at_knows_the_other_clusters_and_how_to_take_the_terminal() -> None:
    aims: list[Aim] = []

    async def read(aim: Aim) -> str:
        aims.append(aim)
        return "view"

    job = Job(sessions=("plant", "van", "farm"))
    await go(job, spec(read=read), given={"count": 3})
    (aim,) = aims
    assert (aim.action, aim.session.name, aim.ref, str(aim.log)) == ("restart", "plant", REF, "the record")
    assert [one.name for one in aim.beside] == ["van", "farm"]
    assert (aim.on_screen, aim.given) == (True, {"count": 3})
    assert aim.terminal is not None
    ends: Ends = aim.terminal("hello\x1b[2Jyou")
    assert isinstance(ends, ScreenTerminal)
    assert (ends._greeting, ends._stays, ends.attended) == ("hello [2Jyou", False, True)


async def test_who_gives_the_form_up_does_nothing() -> None:
    job = Job(None)
    await go(job, spec(fields=lambda view: {"count": 3}, arguments=(COUNT,)))
    assert job.noted == [READS]
    assert [type(one) for one in job.dialogs] == [FormScreen]


async def test_what_was_typed_with_the_command_is_the_answer_of_the_form() -> None:
    named = next(one.id for one in ACTIONS.values() if one.text)
    text = ACTIONS[named].text
    job = Job()
    arguments = (Argument(text, "what"), FORCE)
    await go(job, spec(fields=lambda view: {text: ""}, arguments=arguments), named, {text: "x"})
    assert job.dialogs == []
    assert job.noted[1][:2] == ("performs", f"Do view ('view', {{'{text}': 'x', 'force': False}}) on plant")
    job = Job({text: "y"})
    await go(job, spec(fields=lambda view: {text: ""}, arguments=arguments), named, {"another": "x"})
    assert len(job.dialogs) == 1
    assert f"{{'{text}': 'y', 'force': False}}" in job.noted[1][1]


async def test_the_answer_of_a_form_has_the_defaults_of_what_it_does_not_ask() -> None:
    job = Job({"count": 5})
    await go(job, spec(fields=lambda view: {"count": 3}, arguments=(COUNT, FORCE)))
    assert job.noted == [
        READS,
        ("performs", "Do view ('view', {'count': 5, 'force': False}) on plant", ""),
    ]


async def test_the_answer_of_a_dialog_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def make(view: Any, note: str) -> Any:
        made.append((view, note))
        return SimpleNamespace(is_current=False)

    monkeypatch.setattr(action_flow, "_named", lambda name: {"a.module:Class": make}[name])
    job = Job("the answer")
    await go(job, spec(dialog="a.module:Class"))
    assert made == [("view", "")]
    assert job.noted == [READS, ("performs", "Do view the answer on plant", "")]
    job = Job(None)
    await go(job, spec(dialog="a.module:Class"))
    assert job.noted == [READS]


def test_a_dialog_is_named_by_its_module_and_its_class() -> None:
    assert action_flow._named("edgetui.ui.dialogs.form:FormScreen") is FormScreen


async def test_what_is_typed_in_an_editor_is_the_answer() -> None:
    asked: list[Any] = []

    async def types(gate: Any, aim: Aim, view: Any, desk: Any) -> str:
        asked.append((gate, aim.action, view, type(desk).__name__))
        return "typed"

    job = Job()
    await go(job, spec(types=types))
    assert asked == [("a gate", "restart", "view", "ScreenDesk")]
    assert job.noted == [READS, ("performs", "Do view typed on plant", "")]


async def test_an_answer_may_ask_for_another_action_instead() -> None:
    seen: list[Any] = []

    def instead(view: Any, answer: Any) -> Next | None:
        seen.append((view, answer))
        return Next("restart", OVEN, {"count": 1}) if len(seen) == 1 else None

    job = Job()
    await go(job, spec(instead=instead))
    assert job.noted == [
        READS,
        ("reads", "deployment oven on plant"),
        ("performs", "Do view ('view', {'count': 1}) on plant", ""),
    ]


async def test_what_goes_on_behind_the_screen_is_started_and_kept() -> None:
    started: list[Any] = []

    async def starts(gate: Any, aim: Aim, view: Any, answer: Any, listener: Any) -> str:
        started.append((gate, view, answer))
        listener.say("It began.")
        listener.step(Step("Reading", "doing"))
        return "work"

    job = Job()
    await go(job, spec(starts=starts), "guard")
    assert started == [("a gate", "view", ("view", {}))]
    kept = job.noted[-1]
    assert kept[:3] == ("keeps", "guard", "work")
    assert (kept[3].title, kept[3].now) == ("Do view ('view', {}) on plant", "Reading")
    assert ("flash", "It began.") in job.noted
    assert not [one for one in job.noted if one[0] == "performs"]


# -- what only explains


async def test_what_explains_in_time_stands_in_the_dialog_and_in_what_is_performed() -> None:
    async def explain(aim: Aim, view: str) -> str:
        return f"whole {view}"

    job = Job({"count": 5})
    await go(job, spec(explain=explain, fields=lambda view: {"count": view}, arguments=(COUNT,)))
    assert job.dialogs[0]._view == "whole view"
    assert job.noted[-1] == ("performs", "Do whole view ('whole view', {'count': 5}) on plant", "")


async def test_what_explains_late_fills_the_dialog_that_is_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(action_flow, "FILLS_IN", 0.0)
    go_on, filled = asyncio.Event(), list[Any]()

    async def explain(aim: Aim, view: str) -> str:
        await go_on.wait()
        return "whole"

    class Asked:
        is_current = True

        def fill(self, view: Any) -> None:
            filled.append(view)

    async def answered() -> str:
        assert filled == []
        go_on.set()
        while not filled:
            await asyncio.sleep(0)
        return "the answer"

    monkeypatch.setattr(action_flow, "_named", lambda name: lambda view, note: Asked())
    job = Job(answered)
    await go(job, spec(explain=explain, dialog="x:y"))
    assert filled == ["whole"]
    assert job.noted[-1] == ("performs", "Do whole the answer on plant", "")


@pytest.mark.parametrize("current", [True, False])
async def test_where_what_explains_finds_that_it_cannot_be_the_dialog_closes_and_says_why(
    current: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(action_flow, "FILLS_IN", 0.0)
    go_on, dismissed = asyncio.Event(), list[Any]()

    async def explain(aim: Aim, view: str) -> str:
        await go_on.wait()
        raise Refusal("It cannot be.")

    class Asked:
        is_current = current

        def dismiss(self, answer: Any) -> None:
            dismissed.append(answer)

    async def answered() -> None:
        go_on.set()
        for _ in range(5):
            await asyncio.sleep(0)

    monkeypatch.setattr(action_flow, "_named", lambda name: lambda view, note: Asked())
    job = Job(answered)
    with pytest.raises(Refusal, match="It cannot be"):
        await go(job, spec(explain=explain, dialog="x:y"))
    assert dismissed == [None] * current
    assert job.noted == [READS]


async def test_who_answers_before_it_is_explained_is_not_kept_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(action_flow, "FILLS_IN", 0.0)
    ended = asyncio.Event()

    async def explain(aim: Aim, view: str) -> str:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return "whole"

    monkeypatch.setattr(action_flow, "_named", lambda name: lambda view, note: SimpleNamespace())
    job = Job("the answer")
    await go(job, spec(explain=explain, dialog="x:y"))
    assert job.noted[-1] == ("performs", "Do view the answer on plant", "")
    await asyncio.sleep(0)
    assert ended.is_set(), "what nobody needs any more is read no longer"


async def test_a_dialog_that_is_gone_is_not_filled() -> None:
    done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    done.set_result("whole")
    gone: Any = SimpleNamespace(is_current=False)
    action_flow._fill(gone, done)
    left: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    left.cancel()
    action_flow._fill(SimpleNamespace(is_current=True), left)  # type: ignore[arg-type]


# -- a change in between


@pytest.mark.parametrize("asks", [True, False])
async def test_what_changed_meanwhile_is_asked_again_with_the_new_view_and_why(
    asks: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def make(view: Any, note: str) -> Any:
        made.append((view, note))
        return SimpleNamespace()

    monkeypatch.setattr(action_flow, "_named", lambda name: make)
    job = Job("first", "second")
    left = [Changed("It was changed.", "now")]

    async def performs(run: Any) -> None:
        if left:
            raise left.pop()

    job.performs = performs
    await go(job, spec(dialog="x:y") if asks else spec())
    performed = [one for one in job.noted if one[0] == "performs"]
    if asks:
        assert made == [("view", ""), ("now", "It was changed.")]
        assert performed == [
            ("performs", "Do view first on plant", ""),
            ("performs", "Do now second on plant", ""),
        ]
    else:
        assert performed == [
            ("performs", "Do view ('view', {}) on plant", ""),
            ("performs", "Do now ('now', {}) on plant", "It was changed."),
        ]


async def test_it_is_performed_with_the_view_that_was_shown_and_as_long_as_the_job_waits() -> None:
    performed: list[Any] = []

    async def procedure(gate: Any, aim: Aim, view: Any, answer: Any, wait: float | None) -> Receipt:
        performed.append((gate, aim.ref, view, answer, wait))
        return Receipt("restart", "plant", REF, True, ("done",))

    job = Job()

    async def performs(run: Any) -> None:
        assert (await run("the gate")).lines == ("done",)

    job.performs = performs
    await go(job, spec(procedure=procedure))
    assert performed == [("the gate", REF, "view", ("view", {}), 9.0)]


# -- forms


def test_a_form_is_named_by_its_action_and_object_and_leads_where_its_spec_says() -> None:
    made = spec(
        fields=lambda view: Form({"count": view}, first="count"),
        arguments=(COUNT, FORCE),
        leads=lambda view, given: Leads(same=f"{view} {dict(given)}"),
    )
    aim = Aim("restart", SimpleNamespace(name="plant"), REF, None, {})
    form = form_of(made, aim, 3, "a note")
    assert form._title == f"{ACTIONS['restart'].heading} deployment press in line-2 on plant"
    assert (form._note, form._view) == ("a note", 3)
    assert form._leads(3, {"count": 4}) == Leads(same="3 {'count': 4, 'force': False}")
    assert [one.argument.name for one in form._fields] == ["count"]
    warned = spec(
        fields=lambda view: {"count": view},
        arguments=(COUNT,),
        change=lambda session, view, answer: SimpleNamespace(warnings=(session.name, str(view), str(answer))),
    )
    form = form_of(warned, aim, 3, "")
    assert form._leads(3, {"count": 4}) == Leads(("plant", "3", "(3, {'count': 4})"))
    form = form_of(spec(fields=lambda view: {"count": view}, arguments=(COUNT,)), aim, 3, "")
    assert form._leads(3, {"count": 4}) == Leads()
