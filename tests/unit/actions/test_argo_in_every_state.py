"""An Argo Rollout in every state that an action may find it in: what is asked, what is written, and when it is done.

`pytest tests/unit/actions/test_argo_in_every_state.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.change import Change
from edgetui.actions.change.spec import Aim, spec_of
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import argo as actions
from edgetui.actions.rollout.argo import ArgoView, told
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.rollout import ArgoRolloutRow
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY, row

from .at_once import AtOnce
from .at_once import told as said
from .every_action import CASES, ROLLOUT, Case, argo
from .site import Site
from .test_every_outcome_in_time import ending

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Rollout", "line-2", "press"), "", "")
UNDO = "rollout-undo"


def words_of(**state: Any) -> str:
    return (
        ", ".join(name if value is True else f"{name} {value}" for name, value in state.items() if value)
        or "-"
    )


def put(session: AtOnce, action: str, at: ArgoRolloutRow) -> ArgoView:
    """What the action would do with this row."""
    view = ArgoView(REF, action, at, {})
    status, nothing = actions._WRITES[action](session, view)
    return replace(view, status=status, nothing=nothing)


def expected(action: str, at: ArgoRolloutRow) -> Json | str:
    """The fields of the status, or why there is nothing to write."""
    promoted = at.stable == at.newest
    if action == actions.ABORT:
        done = "rollout press is aborted already" if at.aborted else "rollout press has no update under way"
        return done if at.aborted or promoted else {"abort": True}
    if action == actions.RETRY:
        return {"abort": False} if at.aborted else "rollout press is not aborted"
    if at.held:
        return "Rollout press is paused by spec.paused: no promotion takes that away."
    if at.aborted:
        return "Rollout press is aborted: there is nothing to promote."
    if action == actions.FULL:
        return "rollout press is fully promoted already" if promoted else {"promoteFull": True}
    if at.pauses:
        on = {"controllerPause": False, "currentStepIndex": min((at.step or 0) + 1, 4)}
        return {"pauseConditions": None} | (on if at.inconclusive and at.step is not None else {})
    if promoted or at.step in (None, 4, 5):
        return "rollout press has no step or pause to go on from"
    return {"pauseConditions": None, "currentStepIndex": (at.step or 0) + 1}


@pytest.mark.parametrize("action", [actions.PROMOTE, actions.FULL, actions.ABORT, actions.RETRY])
async def test_what_each_action_writes_into_the_status(action: str) -> None:
    session, base = AtOnce(Site()), replace(row(), pauses=(), steps=4)
    flags = [False, True]
    for step, pauses, inconclusive, stable, aborted, held in product(
        [None, 0, 2, 3, 4, 5], [(), ("CanaryPauseStep",)], flags, [base.newest, "6d"], flags, flags
    ):
        at = replace(
            base,
            step=step,
            pauses=pauses,
            inconclusive=inconclusive,
            stable=stable,
            aborted=aborted,
            held=held,
        )
        try:
            view = put(session, action, at)
            found = view.nothing or view.status
        except Refusal as problem:
            found = problem.sentence
            does = actions.RETRY if at.aborted and not held else "rollout-resume"
            assert problem.next_step.endswith(f"edgetui {does} rollout/press --context plant -n line-2")
        assert found == expected(action, at), at


def test_what_a_person_reads_of_its_state(snapshot: SnapshotAssertion) -> None:
    lines = []
    for phase, message, step, weight, analysis in product(
        ("", "Paused"), ("", "CanaryPauseStep"), (None, 0, 2), (None, 0, 20), ("", "Running")
    ):
        at = replace(
            row(), phase=phase, message=message, step=step, weight=weight, analysis=analysis, doing="pause"
        )
        state = words_of(phase=phase, message=message, step=str(step), weight=str(weight), analysis=analysis)
        lines.append(f"{state}: {told(at)}")
    assert "\n".join(lines) == snapshot


def question(change: Change) -> list[str]:
    plan, write = change.plan("7"), change.write("7")
    return [
        plan.title,
        *(f"{name}: {text}" for name, text in plan.facts),
        *plan.diff,
        *plan.warnings,
        *plan.writes,
        f"{change.doing}. {change.accepted}. {change.nothing!r} {change.data}",
        json.dumps([write.method, write.path, write.content_type, write.body, write.words, write.uid]),
        json.dumps([write.before, write.after, write.whole, write.known]),
    ]


ASKED: dict[str, Json] = {
    "paused": {},
    "not paused": {"pauses": (), "doing": "pause"},
    "at its last step": {"pauses": (), "doing": "", "step": 4},
    "never told": {"phase": "", "message": "", "pauses": ()},
    "healthy": {"phase": "Healthy", "message": "", "stable": "7f", "pauses": (), "step": 5},
    "aborted": {"phase": "Degraded", "aborted": True, "pauses": ()},
}


@pytest.mark.parametrize("action", [actions.PROMOTE, actions.FULL, actions.ABORT, actions.RETRY])
async def test_the_question_of_each_action(action: str, snapshot: SnapshotAssertion) -> None:
    session, found = AtOnce(Site()), []
    for name, state in ASKED.items():
        try:
            view = put(session, action, replace(row(), uid="uid-1", **state))
            lines = [view.title, *question(actions.change(session, view, None))]
        except Refusal as problem:
            lines = [said(problem)]
        found.append("\n".join([f"# {name}", *lines]))
    assert "\n\n".join(found) == snapshot


def meets(view: ArgoView, session: AtOnce, status: Json, **spec: Any) -> str:
    change = actions.change(session, view, None)
    there = argo(status, **spec).objects[ROLLOUT]
    assert change.spot is not None
    return f"same {change.spot.same(there)}, applied {change.applied(there)}"


LATER: dict[str, tuple[Json, Json]] = {
    "as it was": ({}, {}),
    "another step": ({"currentStepIndex": 2}, {}),
    "another pause": ({"pauseConditions": None}, {}),
    "aborted": ({"abort": True}, {}),
    "another template": ({"currentPodHash": "9c"}, {}),
    "another stable one": ({"stableRS": "9c"}, {}),
    "promoted": ({"stableRS": "7f"}, {}),
    "paused by hand": ({}, {"paused": True}),
    "another message": ({"message": "more replicas"}, {}),
}


@pytest.mark.parametrize("action", [actions.PROMOTE, actions.FULL, actions.ABORT, actions.RETRY])
async def test_what_counts_as_another_state_and_what_as_done(
    action: str, snapshot: SnapshotAssertion
) -> None:
    session = AtOnce(Site())
    for before in ({}, {"abort": True}):
        view = ArgoView(REF, action, row(before), {"x": 1})
        lines = [
            f"{name}: {meets(view, session, before | status, **spec)}"
            for name, (status, spec) in LATER.items()
        ]
        assert "\n".join(lines) == snapshot(name=words_of(**before))


def becomes(**status: Any) -> Callable[[Site, Case], None]:
    """Its controller says this from now on."""

    def happens(site: Site, case: Case) -> None:
        there = site.objects[case.path]["status"]
        there |= status
        for name in [name for name, value in status.items() if value is None]:
            del there[name]

    return happens


def first(status: Json, event: Callable[[Site, Case], None]) -> Callable[[Site, Case], None]:
    def happens(site: Site, case: Case) -> None:
        becomes(**status)(site, case)
        event(site, case)

    return happens


def edited(image: str) -> Callable[[Site, Case], None]:
    def happens(site: Site, case: Case) -> None:
        site.objects[case.path]["spec"]["template"] = f.template(image)
        site.touch(case.path, spec=True)

    return happens


def behind(site: Site, case: Case) -> None:
    site.touch(case.path, spec=True)


AFTERWARDS: dict[str, Callable[[Site, Case], None]] = {
    "goes on": becomes(
        currentStepIndex=2, pauseConditions=None, phase="Progressing", message="more replicas"
    ),
    "is still told to unpause": becomes(currentStepIndex=2, message="waiting for rollout to unpause"),
    "is healthy": becomes(**HEALTHY | {"message": "", "controllerPause": False, "pauseConditions": []}),
    "is degraded": becomes(phase="Degraded", message="ProgressDeadlineExceeded: timed out"),
    "is aborted": becomes(
        **ABORTED | {"updatedReplicas": 0, "controllerPause": False, "pauseConditions": []}
    ),
    "has another template": becomes(currentPodHash="9c"),
    "is at the one before": becomes(currentPodHash="6d", stableRS="6d", phase="Healthy", message=""),
    "is at the one before, and paused": becomes(
        currentPodHash="6d", stableRS="5b", phase="Paused", message="Step"
    ),
    "is at the one before, and degraded": becomes(
        currentPodHash="6d", stableRS="5b", phase="Degraded", message="x"
    ),
    "is at the one before, and behind": first(
        {"currentPodHash": "6d", "stableRS": "6d", "phase": "Healthy", "message": ""}, behind
    ),
    "says nothing": becomes(phase="", message="", conditions=[]),
    "has its template edited": edited("press:9"),
    "has it edited to what it was": edited("press:2"),
}


@pytest.mark.parametrize("name", ["promote", "promote-full", "abort", "rollout-retry", UNDO])
def test_how_an_action_ends_by_what_the_controller_says(name: str, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for later, event in AFTERWARDS.items():
            _, lines = await ending(loop, CASES[name], (3, event), wait=9.0)
            found.extend([f"# it {later}", *lines])
        _, lines = await ending(loop, CASES[name], (0, AFTERWARDS["goes on"]), wait=0.0)
        found.extend(["# there is no time", *lines])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("name", ["promote", "promote-full", "abort", "rollout-retry", UNDO])
async def test_an_ending_that_is_not_waited_for(name: str, snapshot: SnapshotAssertion) -> None:
    case = CASES[name]
    session, action = AtOnce(case.site()), case.words[0]
    spec = spec_of(action)
    view = await spec.read(Aim(action, session, REF))
    assert spec.outcome is not None
    end = await spec.outcome(None, view, spec.answer(view, {}), None)  # type: ignore[arg-type]
    assert (end.ok, end.pending, end.lines) == snapshot
