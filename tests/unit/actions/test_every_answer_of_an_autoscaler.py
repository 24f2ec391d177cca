"""Every pause of KEDA and all bounds that can be asked for: what is said, and what is written.

`pytest tests/unit/actions/test_every_answer_of_an_autoscaler.py --snapshot-update` takes what is
said now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.form import Form
from edgetui.actions.change.spec import Aim
from edgetui.actions.change.watch import Observation
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.scaling import hpa_bounds, keda
from edgetui.actions.scaling.hpa_bounds import BoundsView
from edgetui.actions.scaling.keda import KedaView, Notes
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .as_text import as_text
from .every_action import HPA, SCALED, bounded, healthy, queued
from .scripted import Watching, scripted
from .site import Json, Site
from .test_every_answer_of_a_scale import REF, autoscaler
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed

HELD = (None, "true", "false")
HELD_AT = (None, "3", "0", "")
WANTED = {
    "resume": Notes(),
    "not held": Notes(held="false"),
    "held": Notes(held="true"),
    "at 3": Notes(held_at="3"),
    "at 0": Notes(held_at="0"),
    "both": Notes("true", "5"),
}


def keda_view(scaled: ScaledObject, wanted: Notes, desired: int = 3) -> KedaView:
    return KedaView(REF, desired, scaled, wanted)


def of_keda(view: KedaView) -> Iterator[str]:
    """A pause in words."""
    change = keda.change(Direct(Site()), view, view.wanted)
    yield f"{view.action}: {view.does}; {view.then}; {view.nothing!r}"
    yield from (*change.diff, *change.warnings)


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
async def test_what_every_pause_does(wanted: Notes, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []
    for held in HELD:
        for held_at in HELD_AT:
            scaled = ScaledObject("by-queue", 1, 8, held=held, held_at=held_at, silent=held == "false")
            found += [f"# held {held}, at {held_at}", *of_keda(keda_view(scaled, wanted))]
    found += ["# of what is at 0", *of_keda(keda_view(ScaledObject("by-queue", 1, 8), wanted, 0))]
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("wanted", WANTED.values(), ids=WANTED)
async def test_what_is_asked_and_written_for_a_pause(wanted: Notes, snapshot: SnapshotAssertion) -> None:
    scaled = ScaledObject("by-queue", 1, 8, "uid-2", "31", 4, held_at="2", answered="True", silent=False)
    assert "\n".join(lines_of(keda.change(Direct(Site()), keda_view(scaled, Notes()), wanted))) == snapshot


async def test_what_is_prepared_is_what_is_asked_for() -> None:
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
    session = Direct(queued())
    assert (await keda.prepare_pause(session, ref, None)).wanted == Notes(held="true")
    assert (await keda.prepare_pause(session, ref, 0)).wanted == Notes(held_at="0")
    assert (await keda.prepare_resume(session, ref)).wanted == Notes()
    for action, number, wanted in (
        ("keda-pause", None, Notes("true")),
        ("keda-pause", 4, Notes(held_at="4")),
        ("keda-resume", 4, Notes()),
    ):
        view = await keda.PAUSED_SPEC.read(Aim(action, session, ref, given={"replicas": number}))
        assert (view.wanted, view.desired, view.scaled.name) == (wanted, 3, "by-queue")


@pytest.mark.parametrize("hidden", [True, False], ids=["not served", "of others"])
async def test_what_keda_does_not_scale_is_refused(hidden: bool) -> None:
    site = healthy() if hidden else queued()
    if hidden:
        site.instead = lambda request: (404, None) if "keda" in request.path else None
    name = "press" if hidden else "oven"
    made = f.deployment("oven", "line-2")
    site.objects[Site.path(made)] = made
    with pytest.raises(Refusal) as refused:
        await keda.prepare_resume(
            Direct(site), ObjectRef(ObjectKey("plant", "Deployment", "line-2", name), "", "")
        )
    assert str(refused.value) == (
        f"No KEDA ScaledObject in line-2 on plant scales deployment {name}. "
        "Scale it, or set the bounds of its autoscaler."
    )


@pytest.mark.parametrize("number", [None, 5])
async def test_a_pause_that_was_prepared_is_written_once(number: int | None, tmp_path: Path) -> None:
    site, hands = queued(), Watching(tmp_path)
    async with scripted(site.answer) as (_, session):
        ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
        view = await keda.prepare_pause(session, ref, number)
        receipt = await keda.perform(hands.gate, session, view, wait=5)
    assert (receipt.ok, receipt.action, site.writes) == (True, "keda-pause", [f"PATCH {SCALED}"])
    intent = next(one for one in hands.audit if one["event"] == "intent")
    assert intent["action"] == "keda-pause"
    assert intent["after"] == {
        "paused": None if number else "true",
        "paused-replicas": "5" if number else None,
        "scaledObject": "by-queue",
    }


def test_a_pause_is_only_taken_back_on_the_same_scaled_object() -> None:
    back: Any = keda.PAUSED_SPEC.back
    view = keda_view(ScaledObject("by-queue", 1, 8, held="true"), Notes())
    assert back.now(view, {"scaledObject": "by-queue"}) == {"paused": "true", "paused-replicas": None}
    with pytest.raises(Refusal) as refused:
        back.now(view, {"scaledObject": "other"})
    assert str(refused.value) == ("Another ScaledObject scales deployment press now: nothing was undone.")
    before = {"paused": None, "paused-replicas": "4"}
    assert back.answer(view, before) == Notes(held_at="4")
    assert back.then(view, before) == "paused by KEDA at 4"
    assert back.lines({"paused": "true", "paused-replicas": None}, before) == (
        "- autoscaling.keda.sh/paused: true",
        "+ autoscaling.keda.sh/paused-replicas: 4",
    )


# -- bounds

PAIRS = ((0, 1), (0, 0), (-1, 3), (1, 0), (4, 3), (3, 3), (2, 8), (2, 6), (2, 4), (4, 6), (5, 9))
WRITTEN = ((0, 1), (2, 4), (2, 6))
"""Whose write is told."""
SCALERS: dict[str, tuple[AutoscalerRow, int | None]] = {
    "steady": (autoscaler(), 3),
    "under load": (autoscaler(cpu=120), 3),
    "under load, at its most": (autoscaler(2, 3, cpu=120), 3),
    "without metrics": (autoscaler(cpu=None), 3),
    "of what is at 0": (autoscaler(current=0), 0),
    "of a number that is not known": (autoscaler(), None),
}


def bounds_view(row: AutoscalerRow, running: int | None, **more: Any) -> BoundsView:
    key = ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "by-cpu")
    known = {"low": row.min, "high": row.max, "notes": ("A note.",), "path": HPA, **more}
    return BoundsView(ObjectRef(key, "uid-1", "812"), 4, row, running, **known)


@pytest.mark.parametrize(("row", "running"), SCALERS.values(), ids=SCALERS)
async def test_what_every_bounds_lead_to(
    row: AutoscalerRow, running: int | None, snapshot: SnapshotAssertion
) -> None:
    view = bounds_view(row, running)
    assert hpa_bounds.SPEC.fields is not None and hpa_bounds.SPEC.leads is not None
    found = [f"form {as_text(hpa_bounds.SPEC.fields(view))}"]
    for low, high in PAIRS:
        asked = bounds_view(row, running, low=low, high=high)
        found += [
            f"# {low} to {high}: {hpa_bounds.SPEC.title(view, (low, high))}",
            f"form {as_text(cast(Form, hpa_bounds.SPEC.fields(asked)).values)}",
            f"leads {as_text(hpa_bounds.SPEC.leads(view, {'low': low, 'high': high}))}",
        ]
        try:
            lines = list(lines_of(hpa_bounds.change(Direct(Site()), view, (low, high))))
            found += lines if (low, high) in WRITTEN else []
        except EdgetuiError as refused:
            found.append(f"{type(refused).__name__}: {refused}")
    assert "\n".join(found) == snapshot


MOST = 2**31 - 1


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        (0, 1, ""),
        (1, 1, ""),
        (MOST, MOST, ""),
        (0, MOST, ""),
        (-1, 1, "the minimum is at least 0, the maximum at least 1"),
        (0, 0, "the minimum is at least 0, the maximum at least 1"),
        (0, MOST + 1, "the minimum is at least 0, the maximum at least 1"),
        (MOST + 1, MOST, "the minimum is at least 0, the maximum at least 1"),
        (2, 1, "the minimum is above the maximum"),
    ],
)
def test_what_can_be_no_bounds(low: int, high: int, said: str) -> None:
    assert bounds_view(autoscaler(), 3).wrong(low, high) == said


@pytest.mark.parametrize(
    ("low", "high", "bounds", "said"),
    [
        (None, None, (3, 7), "give --min, --max or both"),
        (1, None, (1, 7), ""),
        (None, 9, (3, 9), ""),
        (0, 1, (0, 1), ""),
    ],
)
def test_a_bound_that_is_not_given_stays(
    low: int | None, high: int | None, bounds: tuple[int, int], said: str
) -> None:
    given = {"low": low, "high": high}
    assert hpa_bounds.SPEC.answer(bounds_view(autoscaler(), 3, low=3, high=7), given) == bounds
    assert hpa_bounds.SPEC.check(given) == said


def owned(site: Site, *references: Json) -> Site:
    site.objects[HPA]["metadata"]["ownerReferences"] = list(references)
    return site


OPERATOR = {"kind": "ScaledObject", "name": "by-queue", "uid": "u", "controller": True}
BESIDE = {"kind": "Note", "name": "x", "uid": "v"}


def targets(kind: str, name: str = "press") -> Site:
    site = bounded()
    site.objects[HPA]["spec"]["scaleTargetRef"] |= {"kind": kind, "name": name}
    return site


@pytest.mark.parametrize(
    ("site", "running", "notes"),
    [
        (bounded, 3, ()),
        (lambda: targets("Pump"), 7, ()),
        (lambda: targets("Deployment", "gone"), 7, ()),
        (
            lambda: owned(bounded(), BESIDE, OPERATOR),
            3,
            ("It belongs to ScaledObject by-queue, whose controller will set its own bounds again.",),
        ),
        (lambda: owned(bounded(), BESIDE), 3, ()),
    ],
)
async def test_what_is_read_of_an_autoscaler(site: Any, running: int, notes: tuple[str, ...]) -> None:
    made: Site = site()
    made.objects[HPA]["status"]["currentReplicas"] = 7
    session = Direct(made)
    ref = ObjectRef(ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press"), "", "")
    aim = Aim("set-hpa", session, ref, given={"low": None, "high": 0})
    view = await hpa_bounds.SPEC.read(aim)
    assert (view.low, view.high, view.running, view.notes, view.path) == (2, 0, 7, notes, HPA)
    explained = await hpa_bounds.explain(aim, view)
    assert explained == replace(view, running=running)
    assert (await hpa_bounds.prepare(session, ref, 1, 4)).wrong(1, 4) == ""


@pytest.mark.parametrize(
    ("site", "said"),
    [
        (bounded, "press"),
        (
            healthy,
            "No autoscaler scales deployment press; edgetui makes none. This makes one: "
            "kubectl --context plant -n line-2 autoscale deployment/press --max=N",
        ),
    ],
)
async def test_a_workload_stands_for_the_autoscaler_that_scales_it(site: Any, said: str) -> None:
    stands_for = hpa_bounds.SPEC.stands_for
    assert stands_for is not None
    ref = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "3")
    try:
        found = await stands_for(Direct(site()), ref)
    except Refusal as refused:
        assert str(refused) == said
    else:
        key = ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", said)
        assert found == ObjectRef(key, "", "")


STEPS: dict[str, list[tuple[float, Json, Json]]] = {
    "its controller has looked": [(3, {"generation": 5}, {"observedGeneration": 5, "currentReplicas": 4})],
    "it looks and its target comes later": [
        (2, {"generation": 5}, {"observedGeneration": 4}),
        (5, {}, {"observedGeneration": 5, "desiredReplicas": 4}),
        (9, {}, {"currentReplicas": 4}),
    ],
    "nothing tells whether it has looked": [(3, {}, {"currentReplicas": 4, "desiredReplicas": 4})],
    "nothing tells, and it runs another number": [(3, {}, {"currentReplicas": 5, "desiredReplicas": 5})],
    "its target is at 0": [(3, {}, {"currentReplicas": 0, "desiredReplicas": 0})],
    "its target is not known": [(3, {}, {"currentReplicas": None, "desiredReplicas": 4})],
    "it is limited": [
        (3, {"generation": 5}, {"observedGeneration": 5, "currentReplicas": 4, "desiredReplicas": 4}),
        (3, {}, {"conditions": [f.cond("ScalingLimited", "True", "ScaleUpLimit")]}),
        (9, {}, {"conditions": [f.cond("ScalingLimited", "True", "TooFewReplicas")]}),
    ],
}


@pytest.mark.parametrize("wait", [20.0, 60.0])
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_what_comes_of_new_bounds(
    steps: list[tuple[float, Json, Json]], wait: float, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for running, again in ((3, False), (4, True), (None, False)):
            site = bounded()
            there = site.objects[HPA]
            there["spec"] |= {"minReplicas": 4}
            session = Timed(site)
            row = row_of("HorizontalPodAutoscaler", there)
            assert isinstance(row, AutoscalerRow)
            key = ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press")
            view = BoundsView(ObjectRef(key, row.uid, "1"), 0, row, running, 4, 8)
            run = Stepping(session, {})
            for moment, metadata, status in steps:
                loop.call_later(moment, there["metadata"].update, metadata)
                loop.call_later(moment, there["status"].update, status)
            ending = await hpa_bounds.reach(cast(Run, run), view, 4, 8, wait, again=again)
            found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


def test_a_number_that_is_not_known_is_said_in_words() -> None:
    assert hpa_bounds.SPEC.fields is not None
    form: Any = hpa_bounds.SPEC.fields(bounds_view(autoscaler(), None))
    assert form.facts[1].text == "deployment press, set to a number that is not known"
    limited = autoscaler(conditions=[f.cond("ScalingLimited", "True", "ScaleUpLimit")])
    seen = hpa_bounds._judge(limited, 2, 6, True)
    assert seen.text == "scaling its target from 3 to a number that is not known"


def judged(current: int | None, wants: int, low: int, looked: bool, reason: str = "") -> Observation:
    told = [f.cond("ScalingActive", "True", "ValidMetricFound")]
    told += [f.cond("ScalingLimited", "True", reason)] if reason else []
    made = f.autoscaler("by-cpu", "line-2", bounds=(low, 6), desired=wants, conditions=told)
    row = row_of("HorizontalPodAutoscaler", made)
    assert isinstance(row, AutoscalerRow)
    return hpa_bounds._judge(replace(row, current=current), low, 6, looked)


WAITING = "waiting for its target, which runs {}"
STAYS_AT_0 = "{} to 6; its target stays at 0 until it is scaled to 1 or more"


@pytest.mark.parametrize(
    ("seen", "done", "text"),
    [
        (judged(0, 0, 1, True), True, STAYS_AT_0.format(1)),
        (judged(0, 0, 2, False), True, STAYS_AT_0.format(2)),
        (judged(0, 0, 0, True), True, "0 to 6, its target runs 0"),
        (judged(1, 1, 1, True), True, "1 to 6, its target runs 1"),
        (judged(1, 1, 2, True), False, WAITING.format(1)),
        (judged(2, 2, 2, True), True, "2 to 6, its target runs 2"),
        (judged(6, 6, 2, True), True, "2 to 6, its target runs 6"),
        (judged(7, 7, 2, True), False, WAITING.format(7)),
        (judged(None, 3, 2, True), False, WAITING.format("a number that is not known")),
        (judged(3, 3, 2, False), False, "waiting for its controller to decide under these bounds"),
        (judged(3, 5, 2, True), False, "scaling its target from 3 to 5"),
        (judged(3, 3, 2, True, "ScaleUpLimit"), False, "scaling its target from 3 to 3"),
        (judged(3, 3, 2, True, "ScaleDownLimit"), False, "scaling its target from 3 to 3"),
        (judged(3, 3, 2, True, "TooFewReplicas"), True, "2 to 6, its target runs 3"),
    ],
)
def test_how_far_its_controller_is(seen: Observation, done: bool, text: str) -> None:
    assert seen == Observation(done, False, text)


def test_bounds_of_somebody_else_end_it() -> None:
    for low, high in ((3, 6), (2, 7)):
        seen = hpa_bounds._judge(autoscaler(), low, high, True)
        assert seen == Observation(False, True, "set to 2 to 6 by someone else", final=True)


@pytest.mark.parametrize(
    ("there", "looked"),
    [
        ({"metadata": {}}, None),
        ({"metadata": {"generation": 3}}, None),
        ({"metadata": {"generation": 3}, "status": None}, None),
        ({"metadata": {}, "status": {"observedGeneration": 3}}, None),
        ({"metadata": {"generation": 3}, "status": {"observedGeneration": 2}}, False),
        ({"metadata": {"generation": 3}, "status": {"observedGeneration": 3}}, True),
        ({"metadata": {"generation": 3}, "status": {"observedGeneration": 4}}, True),
    ],
)
def test_whether_its_controller_has_looked(there: Json, looked: bool | None) -> None:
    assert hpa_bounds._looked(there) is looked


async def test_an_autoscaler_that_cannot_be_read_is_not_called_none() -> None:
    site = bounded()
    site.hidden = frozenset({"horizontalpodautoscalers"})
    stands_for = hpa_bounds.SPEC.stands_for
    assert stands_for is not None
    with pytest.raises(Refusal) as refused:
        await stands_for(Direct(site), ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", ""))
    assert refused.value.sentence == "Whether an autoscaler owns the number could not be found out: no"


async def test_new_bounds_that_are_not_waited_for() -> None:
    run: Any = None
    ending = await hpa_bounds.reach(run, bounds_view(autoscaler(), 3), 4, 8, None)
    assert (ending.ok, ending.pending, ending.lines) == (False, True, ("4 to 8 accepted; not waited for.",))
