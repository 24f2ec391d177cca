"""Every number that a form of a scale can be given: what is said, who owns it, and what is done instead.

`pytest tests/unit/actions/test_every_answer_of_a_scale.py --snapshot-update` takes what is said
now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.messages import Refusal
from edgetui.actions.scaling.scale import SPEC, How, ScaleAnswer, change
from edgetui.actions.scaling.scale_to_zero import RESTORE, TO_ZERO
from edgetui.actions.scaling.scale_view import ScaleView
from edgetui.model.autoscaling.limits import Limits
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from tests.unit.model import factories as f

from .as_text import as_text
from .every_action import healthy
from .test_every_field_of_an_action import Direct, lines_of

MOST = 2**31 - 1
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")
NUMBERS = (0, 1, 2, 3, 4, 6, 7, 9)


def autoscaler(low: int = 2, high: int = 6, **more: Any) -> AutoscalerRow:
    made = f.autoscaler("by-cpu", "line-2", bounds=(low, high), uid="uid-of-it", version=7, **more)
    row = row_of("HorizontalPodAutoscaler", made)
    assert isinstance(row, AutoscalerRow)
    return row


def view(desired: int = 3, current: int = 3, ready: int | None = 2, **more: Any) -> ScaleView:
    return ScaleView(REF, 5, desired, current, ready, **{"hpa": None, "notes": (), **more})


BUDGET = {"metadata": {"name": "press"}, "spec": {"minAvailable": 3}}
QUOTA = {
    "metadata": {"name": "line"},
    "spec": {},
    "status": {"hard": {"pods": "5"}, "used": {"pods": "3"}},
}
REMEMBERED: dict[str, Any] = {
    "before": 4,
    "before_said": "as before edgetui scaled it to 0 on this machine",
    "before_at": 60,
}
VIEWS = {
    "nobody owns it": view(),
    "it is not known how many are ready": view(ready=None),
    "who owns it is not known yet": view(whole=False),
    "an autoscaler may own it": view(unsure=True, notes=("A note.",)),
    "an autoscaler": view(hpa=autoscaler()),
    "an autoscaler whose maximum is too low": view(hpa=autoscaler(high=4, cpu=120)),
    "an autoscaler of what is at 0": view(0, 0, 0, hpa=autoscaler()),
    "KEDA": view(keda=ScaledObject("by-queue", 1, 8), hpa=autoscaler()),
    "KEDA, paused at the number": view(keda=ScaledObject("by-queue", 1, 8, held_at="3")),
    "KEDA, paused at 0": view(0, 0, 0, keda=ScaledObject("by-queue", 1, 8, held_at="0")),
    "at 0": view(0, 0, 0),
    "at 0, and it had 4": view(0, 0, 0, **REMEMBERED),
    "at 0, and 7 are asked for": view(0, 0, 0, replicas=7, **REMEMBERED),
    "0 are asked for": view(replicas=0),
    "it had 4 once": view(**REMEMBERED),
    "more run than are desired": view(2, 4, 4, limits=Limits((BUDGET,), (QUOTA,), {"pods": 1.0})),
    "fewer run than are desired": view(4, 2, 2, limits=Limits((BUDGET,), (QUOTA,), {"pods": 1.0})),
}


def answers(one: ScaleView) -> Iterator[str]:
    """The form, and what each number in it leads to."""
    assert SPEC.fields is not None and SPEC.leads is not None
    yield f"{one.words}; owner {one.owner!r}; version {one.resource_version}"
    yield f"form {as_text(SPEC.fields(one))}"
    yield f"nothing typed: {as_text(SPEC.leads(one, {'replicas': None}))}"
    for number in NUMBERS:
        yield f"{number}: held {one.holds(number)}, {as_text(SPEC.leads(one, {'replicas': number}))}"
        for how in How:
            answer = SPEC.answer(one, {"replicas": number, "how": how})
            if (found := SPEC.instead(one, answer)) is not None:
                yield f"   {how.value}: {as_text(found)}"


@pytest.mark.parametrize("one", VIEWS.values(), ids=VIEWS)
def test_what_every_number_leads_to(one: ScaleView, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(answers(one)) == snapshot


@pytest.mark.parametrize("one", VIEWS.values(), ids=VIEWS)
async def test_what_is_asked_and_written_for_a_number(one: ScaleView, snapshot: SnapshotAssertion) -> None:
    session = Direct(healthy())
    told = [line for number in (3, 5) for line in lines_of(change(session, one, ScaleAnswer(number)))]
    assert "\n".join(told) == snapshot


def test_an_answer_without_a_way_is_the_number() -> None:
    assert SPEC.answer(view(), {"replicas": 4}) == ScaleAnswer(4, How.NUMBER)
    assert TO_ZERO.answer(view(), {}) == ScaleAnswer(0, How.NUMBER)


@pytest.mark.parametrize("number", [-1, MOST + 1, True, False])
async def test_what_is_no_number_of_replicas_is_no_change(number: int) -> None:
    with pytest.raises(Refusal) as refused:
        change(Direct(healthy()), view(), ScaleAnswer(number))
    assert str(refused.value) == (
        f"{number} is not a number of replicas. Give a whole number from 0 to 2147483647."
    )


@pytest.mark.parametrize("number", [0, MOST])
async def test_the_least_and_the_most_are_numbers_of_replicas(number: int) -> None:
    assert change(Direct(healthy()), view(), ScaleAnswer(number)).data == {"from": 3, "to": number}


AT_0 = view(0, 0, 0)
KNOWN = view(0, 0, 0, **REMEMBERED)
NOBODY = "Nobody here remembers how many replicas deployment press had. Say how many."


@pytest.mark.parametrize(
    ("one", "asked", "said"),
    [
        (KNOWN, None, 4),
        (KNOWN, 0, 4),
        (KNOWN, 6, 6),
        (AT_0, 6, 6),
        (AT_0, None, NOBODY),
        (AT_0, 0, NOBODY),
        (view(), 3, 3),
        (view(), None, "deployment press is not at 0: it is at 3. Scale it to change that."),
        (view(), 4, "deployment press is not at 0: it is at 3. Scale it to change that."),
    ],
)
def test_what_is_restored(one: ScaleView, asked: int | None, said: int | str) -> None:
    if isinstance(said, int):
        assert RESTORE.answer(one, {"replicas": asked}) == ScaleAnswer(said)
    else:
        with pytest.raises(Refusal) as refused:
            RESTORE.answer(one, {"replicas": asked})
        assert str(refused.value) == said


def test_who_remembers_the_number_is_told_before_it_is_restored() -> None:
    assert RESTORE.lists is not None
    assert RESTORE.lists(AT_0, {}) == []
    assert RESTORE.lists(KNOWN, {}) == ["4 replicas, as before edgetui scaled it to 0 on this machine."]


@pytest.mark.parametrize(
    ("replicas", "generation", "there", "is_it"),
    [
        (3, 5, {"metadata": {"generation": 6}, "spec": {"replicas": 3}}, True),
        (3, 5, {"metadata": {"generation": 5}, "spec": {"replicas": 3}}, False),
        (3, 5, {"metadata": {}, "spec": {"replicas": 3}}, False),
        (3, 5, {"metadata": {"generation": 6}, "spec": {"replicas": 4}}, False),
        (1, 5, {"metadata": {"generation": 6}, "spec": {}}, True),
        (3, 0, {"metadata": {}, "spec": {"replicas": 3}}, True),
        (3, 0, {"metadata": {}, "spec": {"replicas": 4}}, False),
        (0, 0, {"metadata": {}, "spec": {}}, True),
        (0, 0, {"metadata": {}, "spec": None}, True),
        (0, 0, {"metadata": {}}, True),
        (1, 0, {"metadata": {}, "spec": {}}, False),
    ],
)
def test_when_a_number_has_arrived(
    replicas: int, generation: int, there: dict[str, Any], is_it: bool
) -> None:
    one = ScaleView(REF, generation, 2, 2, 2, None, ())
    assert one.applied(replicas, there) is is_it
    assert (one.spot is None) == bool(generation)
    if one.spot is not None:
        assert (one.spot.path, one.spot.moves) == (f"{one.path}/scale", False)
        assert one.spot.same is not None
        assert one.spot.same({"spec": {"replicas": 2}}) is True
        assert one.spot.same({"spec": {"replicas": 3}}) is False
