"""A guard of an Argo Rollout: what is agreed to, what the server is asked before it acts, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.catalogue import needs
from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.gate import Gate
from edgetui.actions.guard.action import SPEC
from edgetui.actions.guard.check import Check
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.guard.recheck import look_again, what_became
from edgetui.actions.guard.record import Open
from edgetui.actions.guard.view import GuardView
from edgetui.actions.messages import Plan, Receipt, Refusal, Step
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.rollout.guard import State, Terms
from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY

from .every_action import ROLLOUT, argo, half_done
from .scripted import scripted
from .site import Shell, Site, shell_on

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Rollout", "line-2", "press"), "", "")
PRESS = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
NEW = State(template="7f", bad=120.0)
ABORTS, UNDOES = Terms(), Terms(undo=True)
OF_DEPLOYMENT = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}


def failing(status: Json | None = None, build: Any = f.image_pull, **spec: Any) -> Site:
    """A Rollout whose canary pod cannot start."""
    site = argo(status, **spec)
    sets = "/apis/apps/v1/namespaces/line-2/replicasets/press-7f"
    labels = {"app": "press", "rollouts-pod-template-hash": "7f"}
    pod = build("press-7f-1", "line-2", owner=site.objects[sets], labels=labels)
    return Site(*site.objects.values(), pod)


async def check(site: Site, tmp_path: Path, terms: Terms, state: State = NEW, agreed: Any = ()) -> Check:
    async with scripted(site.answer) as (_, session):
        log = AuditLog(tmp_path / "audit.jsonl")
        return await look_again(session, REF, state, terms, agreed, f.NOW, log)


async def planned(site: Site, tmp_path: Path, terms: Terms = ABORTS) -> tuple[GuardView, Plan]:
    async with scripted(site.answer) as (_, session):
        view = await read_guard(session, REF, AuditLog(tmp_path / "audit.jsonl"))
        return view, plan_of(session, view, terms, on_screen=False)


async def test_the_plan_says_that_it_aborts_and_what_stays(tmp_path: Path) -> None:
    view, plan = await planned(argo(), tmp_path)
    told = dict(plan.facts)
    assert told["current"] == "revision 2, press:2"
    assert told["phase"] == "Paused - CanaryPauseStep"
    assert told["aborts to"] == "the stable revision, now 1, press:1"
    assert plan.writes == ("nothing now; then, without asking again, status.abort",)
    assert plan.warnings[0].startswith("An abort leaves the new template, for a retry")
    assert (view.agreed, view.selector) == (("6d",), "app=press")


async def test_the_plan_of_one_that_puts_the_template_back(tmp_path: Path) -> None:
    _, plan = await planned(argo(), tmp_path, UNDOES)
    assert dict(plan.facts)["back to"] == "revision 1, press:1"
    assert plan.writes == ("nothing now; then, without asking again, the template that last worked",)
    _, healthy = await planned(argo(HEALTHY), tmp_path, UNDOES)
    assert dict(healthy.facts)["back to"] == "revision 2 once there is a newer one"


@pytest.mark.parametrize(("terms", "action"), [(ABORTS, "abort"), (UNDOES, "rollout-undo")])
async def test_the_server_says_so_too(terms: Terms, action: str, tmp_path: Path) -> None:
    found = await check(failing(), tmp_path, terms)
    assert found.aim.action == action
    assert (found.target.name, found.evidence) == ("press-6d", ("image press:2 not found (1 pod)",))


@pytest.mark.parametrize(
    ("site", "terms", "state", "why"),
    [
        (failing(build=f.pod), ABORTS, NEW, "nothing is wrong with it any more"),
        (failing(), ABORTS, State(template="9c"), "its template has just changed"),
        (
            failing(HEALTHY),
            ABORTS,
            NEW,
            "it is fully promoted: an abort stops nothing. To roll it back: edgetui",
        ),
        (failing(HEALTHY), UNDOES, NEW, "none of its revisions is known to have worked"),
        (failing({"stableRS": None}), ABORTS, NEW, "none of its revisions is stable: an abort stops nothing"),
    ],
    ids=["serves again", "another template", "promoted", "nothing known good", "never stable"],
)
async def test_what_speaks_against_it_holds_it(
    site: Site, terms: Terms, state: State, why: str, tmp_path: Path
) -> None:
    with pytest.raises(Refusal) as said:
        await check(site, tmp_path, terms, state)
    assert why in said.value.sentence


async def test_after_a_promotion_it_goes_back_to_what_it_has_seen_serving(tmp_path: Path) -> None:
    seen = State(template="7f", bad=120.0, good=("6d",))
    assert (await check(failing(HEALTHY), tmp_path, UNDOES, seen)).target.number == 1
    assert (await check(failing(HEALTHY), tmp_path, UNDOES, NEW, ("6d",))).target.number == 1


@pytest.mark.parametrize(
    ("terms", "body"),
    [
        (ABORTS, {"abort": True}),
        (
            UNDOES,
            {"template": {"spec": {"containers": [{"name": "app", "image": "press:1", "resources": {}}]}}},
        ),
    ],
)
async def test_what_it_writes(terms: Terms, body: Json, tmp_path: Path) -> None:
    """The very request of the action, once, with the evidence in the record."""
    site = failing()
    told: list[Step] = []

    async def due(plan: Plan) -> bool:
        return True

    async def briefly(seconds: float) -> None:
        return None

    async with scripted(site.answer) as (_, session):
        log = AuditLog(tmp_path / "audit.jsonl")
        found = await look_again(session, REF, NEW, terms, (), f.NOW, log)
        gate = Gate(log, False, due, told.append, sleep=briefly)
        receipt: Receipt = await found.perform(gate, 5.0, {"guard": {"template": "7f", "target": "6d"}})
    (write,) = [one for one in site.requests if one.method == "PATCH" and "dryRun" not in one.query]
    assert (write.body.get("status") or write.body["spec"]) == body
    assert receipt.ok, receipt.lines
    assert '"guard":{"target":"6d","template":"7f"}' in log.path.read_text()


@pytest.mark.parametrize(
    ("status", "spec", "result"),
    [
        (ABORTED, {}, "arrived"),
        ({"currentPodHash": "6d", "stableRS": "6d"}, {"image": "press:1"}, "arrived"),
        ({}, {}, "not arrived"),
        ({"currentPodHash": "9c"}, {"image": "press:9"}, "replaced"),
    ],
)
async def test_an_abort_or_a_roll_back_without_an_answer_is_looked_up(
    status: Json, spec: Json, result: str
) -> None:
    async with scripted(argo(status, **spec).answer) as (_, session):
        found = await what_became(session, REF, Open("r1", "7f", "6d"))
    assert found.result == result


async def answered(site: Site, ref: ObjectRef, tmp_path: Path, **given: Any) -> Terms:
    async with scripted(site.answer) as (_, session):
        aim = Aim("guard", session, ref, AuditLog(tmp_path / "audit.jsonl"), given)
        view = await SPEC.read(aim)
        terms: Terms = SPEC.answer(view, {"patience": 120.0, "after": 600.0, **given})
        return terms


async def test_another_object_s_template_is_not_put_back_by_it(tmp_path: Path) -> None:
    site = Site(
        *argo(workloadRef=OF_DEPLOYMENT).objects.values(),
        f.deployment("press", "line-2"),
    )
    del site.objects[ROLLOUT]["spec"]["selector"], site.objects[ROLLOUT]["spec"]["template"]
    assert not (await answered(site, REF, tmp_path)).undo
    with pytest.raises(Refusal, match="is that of deployment press"):
        await answered(site, REF, tmp_path, undo=True)


async def test_undo_is_for_a_rollout(tmp_path: Path) -> None:
    assert (await answered(argo(), REF, tmp_path, undo=True)).undo
    with pytest.raises(Refusal, match="a guard of deployment press puts its template back anyway"):
        await answered(half_done(), PRESS, tmp_path, undo=True)


async def test_what_flagger_drives_is_left_to_flagger(tmp_path: Path) -> None:
    driven = Site(*half_done().objects.values(), canary())
    with pytest.raises(Refusal) as said:
        await answered(driven, PRESS, tmp_path)
    assert said.value.sentence == (
        "Flagger drives deployment press (Canary press: Progressing, 20 %), and itself goes back to the template "
        "before when its checks fail: a guard would fight it."
    )
    primary = f.deployment("press-primary", "line-2")
    primary["metadata"] |= {"ownerReferences": f.meta("Deployment", "x", owner=canary())["ownerReferences"]}
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press-primary"), "", "")
    with pytest.raises(Refusal, match="Flagger made deployment press-primary for its Canary press"):
        await answered(Site(primary), ref, tmp_path)
    with pytest.raises(Refusal) as said:
        needs("guard", "Canary")
    assert said.value.next_step.startswith("Flagger rolls back by itself when its checks fail")


async def test_a_canary_that_comes_later_holds_a_guard_that_runs(tmp_path: Path) -> None:
    driven = Site(*half_done().objects.values(), canary())
    async with scripted(driven.answer) as (_, session):
        log = AuditLog(tmp_path / "audit.jsonl")
        with pytest.raises(Refusal, match="Flagger Canary press drives it"):
            await look_again(session, PRESS, NEW, ABORTS, (), f.NOW, log)


async def test_a_deployment_whose_template_a_rollout_runs_names_that(tmp_path: Path) -> None:
    site = Site(*half_done().objects.values(), *argo(workloadRef=OF_DEPLOYMENT).objects.values())
    with pytest.raises(Refusal) as said:
        await answered(site, PRESS, tmp_path)
    assert "Argo Rollout press runs the template of deployment press" in said.value.sentence
    assert "guard rollout/press" in said.value.next_step


@pytest.mark.parametrize(
    ("words", "write"),
    [
        (("rollback", "ro/press", "--yes"), f"PATCH {ROLLOUT}"),
        (("rollback", "ro/press", "--to-revision", "1", "--yes"), f"PATCH {ROLLOUT}"),
        (("cancel", "ro/press", "--yes"), f"PATCH {ROLLOUT}/status"),
        (("pause", "ro/press", "--yes"), f"PATCH {ROLLOUT}"),
    ],
)
def test_the_commands_of_a_deployment_mean_those_of_a_rollout(
    words: tuple[str, ...], write: str, tmp_path: Path, monkeypatch: Any, capsys: Any
) -> None:
    with shell_on(argo(), tmp_path, monkeypatch, capsys) as shell:
        told = _run(shell, words)
        assert shell.site.writes == [write], told


def _run(shell: Shell, words: tuple[str, ...]) -> str:
    told = shell.run(*words)
    return told.out + told.err


async def test_a_session_that_never_asked_what_is_served_looks_for_a_canary_itself(tmp_path: Path) -> None:
    """As the command of a guard, which watches nothing but its own objects."""
    site = Site(*half_done().objects.values(), canary())
    async with scripted(site.answer) as (_, session):
        session.store = f.store_of()
        session.store.set_freshness("Canary", Freshness(Sync.HIDDEN))
        with pytest.raises(Refusal, match="Flagger drives deployment press"):
            await read_guard(session, PRESS, AuditLog(tmp_path / "audit.jsonl"))
        session.store.kinds.replace_discovered({})
        assert (await read_guard(session, PRESS, AuditLog(tmp_path / "audit.jsonl"))).target is not None
