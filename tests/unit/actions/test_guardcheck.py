"""Before a guard rolls back it asks the server: what speaks against it then holds it, whatever the rows had said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.plan import GuardView, plan_of, read_guard
from edgetui.actions.guard.recheck import Check, look_again, what_became
from edgetui.actions.guard.record import Open
from edgetui.actions.messages import Plan, Refusal
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.rollout.guard import State, Terms
from tests.unit.model import factories as f

from .every_action import PRESS
from .scripted import Answer, Connected, Request, scripted
from .site import Site

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
NEW = State(template="new", bad=120.0)


def released(*, build: Any = f.image_pull, old: int = 3, **more: Any) -> Site:
    """A deployment with a new image: one pod of it, made by `build`, and what is left of the old one."""
    about = {"revision": 2, "image": "press:2", "updated": 1, "current": 1 + old, "available": old}
    made = f.deployment("press", "line-2", **(about | {"progressing": ("True", "ReplicaSetUpdated")} | more))
    new = f.replica_set(made, "new", revision=2, replicas=1, ready=0, image="press:2")
    before = f.replica_set(made, "old", revision=1, replicas=old)
    pod = build("press-new-1", "line-2", owner=new, labels={"app": "press", "pod-template-hash": "new"})
    return Site(made, new, before, pod)


async def check(site: Site, tmp_path: Path, state: State = NEW, agreed: tuple[str, ...] = ()) -> Check:
    async with scripted(site.answer) as (_, session):
        return await look_again(
            session, REF, state, Terms(), agreed, f.NOW, AuditLog(tmp_path / "audit.jsonl")
        )


async def test_the_same_evidence_on_the_server_gives_what_to_go_back_to(tmp_path: Path) -> None:
    found = await check(released(), tmp_path)
    assert (found.target.number, found.evidence) == (1, ("image press:2 not found (1 pod)",))


@pytest.mark.parametrize(
    ("site", "state", "why"),
    [
        (released(build=f.pod), NEW, "the server says that nothing is wrong with it any more."),
        (released(paused=True), NEW, "paused"),
        (released(), State(template="other"), "its template has just changed."),
        (released(observed=1, generation=2), NEW, "its controller has not made the newest change yet"),
        (released(old=0), NEW, "none of its revisions is known to have worked."),
    ],
    ids=["serves again", "paused", "another template", "not observed", "nothing known good"],
)
async def test_what_speaks_against_a_roll_back_holds_it(
    site: Site, state: State, why: str, tmp_path: Path
) -> None:
    with pytest.raises(Refusal, match=why):
        await check(site, tmp_path, state)


async def test_a_change_between_its_own_reads_holds_it(tmp_path: Path) -> None:
    site = released()

    def answer(request: Request) -> Answer:
        code, found = site.answer(request)
        if request.path.endswith("/replicasets"):
            site.touch(PRESS, spec=True)
            status = site.objects[PRESS]["status"]
            status["observedGeneration"] = site.objects[PRESS]["metadata"]["generation"]
        return code, found

    async with scripted(answer) as (_, session):
        with pytest.raises(Refusal, match=r"its template has just changed\."):
            await look_again(session, REF, NEW, Terms(), (), f.NOW, AuditLog(tmp_path / "audit.jsonl"))


async def test_what_was_known_good_when_the_person_agreed_may_have_stopped_serving_since(
    tmp_path: Path,
) -> None:
    assert (await check(released(old=0), tmp_path, NEW, agreed=("old",))).target.number == 1


@pytest.mark.parametrize(
    ("target", "template", "result"),
    [("new", "bad", "arrived"), ("old", "new", "not arrived"), ("old", "bad", "replaced")],
)
async def test_a_roll_back_without_an_answer_is_looked_up(target: str, template: str, result: str) -> None:
    async with scripted(released().answer) as (_, session):
        found = await what_became(session, REF, Open("r1", template, target))
    assert found.result == result


async def planned(session: Connected, tmp_path: Path, patience: float = 120.0) -> tuple[GuardView, Plan]:
    view = await read_guard(session, REF, AuditLog(tmp_path / "audit.jsonl"))
    return view, plan_of(session, view, Terms(patience), on_screen=False)


async def test_a_guard_that_knows_of_nothing_good_says_so_when_it_starts(tmp_path: Path) -> None:
    async with scripted(released(old=0).answer) as (_, session):
        view, plan = await planned(session, tmp_path)
    assert view.agreed == ()
    assert dict(plan.facts)["back to"] == "nothing yet"
    assert plan.warnings == (
        "No revision of deployment press is known to have worked: "
        "it rolls nothing back until it has seen one serve.",
    )


async def test_a_guard_goes_back_to_what_serves_or_to_what_runs_well_now(tmp_path: Path) -> None:
    async with scripted(released().answer) as (_, session):
        assert (await planned(session, tmp_path))[0].agreed == ("old",)
    well = f.deployment("press", "line-2", revision=1)
    async with scripted(Site(well, f.replica_set(well, "old", revision=1)).answer) as (_, session):
        view, plan = await planned(session, tmp_path)
    assert (view.agreed, plan.warnings) == (("old",), ())
    assert dict(plan.facts)["back to"] == "revision 1 once there is a newer one"


@pytest.mark.parametrize(
    ("patience", "said"), [(2.0, "Less than 10s proves nothing"), (30.0, "Less than 1m"), (120.0, "")]
)
async def test_a_short_span_is_warned_of_in_the_plan(patience: float, said: str, tmp_path: Path) -> None:
    """As a number without a unit is: it counts seconds."""
    async with scripted(released().answer) as (_, session):
        warnings = (await planned(session, tmp_path, patience))[1].warnings
    assert [one.startswith(said) for one in warnings] == ([True] if said else [])
