"""What a person goes through for an action on several objects: one form, one question, a receipt for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.actions.change.form import Fact, Leads
from edgetui.actions.change.spec import Aim, Spec
from edgetui.actions.messages import Cancelled, Plan, Receipt
from edgetui.ui.action_flow import flow_of_several, form_for_several

from .test_action_flow import COUNT, FORCE, OVEN, Job, knows, spec
from .test_action_flow import an_app as an_app
from .test_dialogs import PLAN, REF


def test_the_form_for_several_begins_with_what_is_given_and_wants_every_value() -> None:
    made = spec(arguments=(COUNT, FORCE), several={"count": 2})
    for given, value in (({}, "2"), ({"count": 7, "other": 1}, "7")):
        form = form_for_several(made, "scale", [REF, OVEN], given)
        assert form._title == "Scale 2 objects"
        assert [field.value for field in form._fields] == [value]
        assert list(form._form.facts) == [
            Fact("", "deployment press in line-2 on plant"),
            Fact("", "deployment oven in line-1 on plant"),
        ]
        assert form._leads(None, {"count": None}) == Leads(wrong="every field needs a value")
        assert form._leads(None, {"count": 0}) == Leads()


class Beside:
    """A gate of several: its answers to plans, and what it is told."""

    def __init__(self, agrees: bool) -> None:
        self.agrees = agrees
        self.asked: list[Plan] = []
        self.steps: list[str] = []
        self.audit = "the record of the gate"
        self.permissions = self
        self.progress: Callable[[Any], None] = lambda step: self.steps.append(f"{step.state} {step.text}")

    async def confirm(self, plan: Plan) -> bool:
        self.asked.append(plan)
        return self.agrees

    def beside(self, confirm: Any, step: Any) -> Any:
        made = Beside(self.agrees)
        made.confirm, made.progress = confirm, step  # type: ignore[method-assign]
        return made

    def refused(self, *given: Any) -> None:
        """Nothing is noted here."""

    def explaining(self, *given: Any) -> Any:
        return Explaining()


class Explaining:
    async def __aenter__(self) -> None:
        """Nothing is missing here."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing was missing here."""


async def several(job: Job, made: Spec[Any, Any], gate: Beside, given: Any = None) -> list[Receipt]:
    receipts: list[Receipt] = []

    async def performs(run: Any) -> None:
        receipts.append(await run(gate))

    job.performs = performs
    with knows(made):
        await flow_of_several(job, "scale", [REF, OVEN], given)  # type: ignore[arg-type]
    return receipts


def asking(done: list[Any]) -> Spec[Any, Any]:
    async def procedure(gate: Any, aim: Aim, view: Any, answer: Any, wait: float | None) -> Receipt:
        if not await gate.confirm(PLAN):
            raise Cancelled("Cancelled: nothing was changed.")
        done.append((aim.ref, aim.log, view, answer, wait))
        return Receipt("scale", "plant", aim.ref, True, ("done",))

    async def explain(aim: Aim, view: Any) -> Any:
        return f"whole {view}"

    return spec(procedure=procedure, explain=explain, arguments=(COUNT,), several={"count": 2})


@pytest.mark.parametrize("agrees", [True, False])
async def test_several_objects_are_asked_about_once_and_each_is_written_for_itself(agrees: bool) -> None:
    done: list[Any] = []
    job, gate = Job({"count": 5}), Beside(agrees)
    if not agrees:
        with pytest.raises(Cancelled, match=r"Cancelled: nothing was changed\."):
            await several(job, asking(done), gate)
        assert done == []
        return
    (receipt,) = await several(job, asking(done), gate)
    assert len(gate.asked) == 1
    assert sorted(done, key=lambda one: one[0].key.name) == [
        (ref, "the record of the gate", "whole view", ("whole view", {"count": 5}), 9.0)
        for ref in (OVEN, REF)
    ]
    assert receipt.lines[0] == "2 of 2 done."
    assert job.noted == [("performs", "Scale 2 objects to 5", "")]
    assert gate.steps[0] == "doing 1 of 2 ready, waiting for deployment line-1/oven on plant"


async def test_who_gives_the_form_for_several_up_does_nothing() -> None:
    job, done = Job(None), list[Any]()
    assert await several(job, asking(done), Beside(True)) == []
    assert (job.noted, done) == ([], [])


async def test_several_objects_without_a_question_take_what_was_given() -> None:
    done: list[Any] = []
    made = asking(done)
    job = Job()
    await several(job, replace(made, several={}), Beside(True), {"count": 9})
    assert job.dialogs == []
    assert job.noted == [("performs", "Scale 2 objects to 9", "")]
    assert {answer[1]["count"] for *_, answer, _ in done} == {9}
    job = Job()
    await several(job, replace(made, several={}), Beside(True))
    assert job.noted == [("performs", "Scale 2 objects", "")]
