"""What comes of a number that was asked for, and which action an answer stands for."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.change.spec import Next
from edgetui.actions.change.watch import Observation
from edgetui.actions.scaling.scale import How, ScaleAnswer, _instead, _judge
from edgetui.actions.scaling.scale_view import ScaleView
from edgetui.model.autoscaling.vpa_keda import ScaledObject
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.deployment import DeploymentRow
from tests.unit.model.factories import autoscaler, deployment

REF = ObjectRef(ObjectKey("plant", "Deployment", "default", "press"), "uid-1", "812")


def owner() -> AutoscalerRow:
    row = row_of("HorizontalPodAutoscaler", autoscaler("hpa-press", bounds=(2, 6), cpu=60))
    assert isinstance(row, AutoscalerRow)
    return row


def view(hpa: AutoscalerRow | None = None, **more: Any) -> ScaleView:
    return ScaleView(REF, 3, 3, 3, 2, hpa, (), **more)


@pytest.mark.parametrize(
    ("there", "hpa", "said"),
    [
        ({"replicas": 4}, False, Observation(False, True, "set to 4 by someone else", final=True)),
        ({"replicas": 4}, True, Observation(False, True, "set to 4 by autoscaler hpa-press", final=True)),
        ({"observed": 8}, False, Observation(False, False, "not seen by its controller yet")),
        ({"observed": 10, "ready": 4}, False, Observation(False, False, "4 of 5 ready")),
        ({"current": 3, "ready": 2}, False, Observation(False, False, "3 running, 2 of 5 ready")),
        ({"current": 6}, False, Observation(False, False, "6 running, 5 of 5 ready")),
        ({"ready": 4}, False, Observation(False, False, "4 of 5 ready")),
        ({}, False, Observation(True, False, "5 of 5 ready")),
    ],
)
def test_how_far_it_is(there: dict[str, int], hpa: bool, said: Observation) -> None:
    made = {"replicas": 5, "generation": 9, "observed": 9, "current": 5, "ready": 5, **there}
    row = row_of("Deployment", deployment("press", **made))  # type: ignore[arg-type]
    assert isinstance(row, DeploymentRow)
    assert _judge(view(owner() if hpa else None), 5, row) == said


@pytest.mark.parametrize(
    ("keda", "wanted", "held"),
    [
        (None, 3, False),
        ({}, 3, True),
        ({}, 5, True),
        ({"held_at": "3"}, 3, False),
        ({"held_at": "3"}, 5, True),
    ],
)
def test_at_which_number_keda_is_paused(keda: dict[str, Any] | None, wanted: int, held: bool) -> None:
    claim = ScaledObject("by-queue", 1, 8, **keda) if keda is not None else None
    assert view(keda=claim).holds(wanted) is held


class Keda:
    """A ScaledObject that holds every number but 3."""

    def holds(self, wanted: int) -> bool:
        return wanted != 3


@pytest.mark.parametrize(
    ("how", "wanted", "there", "leads_to"),
    [
        (How.NUMBER, 5, {}, None),
        (How.KEDA, 5, {}, None),
        (How.BOUNDS, 5, {}, None),
        (How.BOUNDS, 5, {"hpa": True}, ("set-hpa", {"low", "high"})),
        (How.NUMBER, 5, {"hpa": True, "keda": True}, None),
        (How.KEDA, 5, {"keda": True}, ("keda-pause", {"replicas": 5})),
        (How.KEDA, 4, {"keda": True, "desired": 4}, ("keda-pause", {"replicas": None})),
        (How.KEDA, 3, {"keda": True}, ("keda-resume", {})),
    ],
)
def test_which_action_an_answer_stands_for(
    monkeypatch: pytest.MonkeyPatch, how: How, wanted: int, there: dict[str, Any], leads_to: Any
) -> None:
    monkeypatch.setattr(ScaleView, "holds", lambda self, wanted: wanted != 3)
    hpa = owner()
    one = ScaleView(
        REF, 3, there.get("desired", 2), 3, 2, hpa if there.get("hpa") else None, (),
        keda=Keda() if there.get("keda") else None,  # type: ignore[arg-type]
    )  # fmt: skip
    found = _instead(one, ScaleAnswer(wanted, how))
    if leads_to is None:
        assert found is None
        return
    assert isinstance(found, Next)
    action, given = leads_to
    assert found.action == action
    if action == "set-hpa":
        key = ObjectKey("plant", "HorizontalPodAutoscaler", "default", "hpa-press")
        assert found.ref == ObjectRef(key, hpa.uid, hpa.resource_version)
        assert set(found.given) == given
        assert found.given["low"] <= wanted <= found.given["high"]
    else:
        assert (found.ref, found.given) == (REF, given)
