"""After new bounds: the receipt says what the autoscaler made of them, not what stood there before it looked."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.scaling.hpa_bounds import _judge, _looked
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from tests.unit.model import factories as f

WORKS = f.cond("ScalingActive", "True", "ValidMetricFound")


def row(
    current: int, desired: int, *, limited: str = "DesiredWithinRange", active: bool = True
) -> AutoscalerRow:
    told = [f.cond("ScalingLimited", "True", limited), *([WORKS] if active else [])]
    made = f.autoscaler("web", bounds=(2, 8), current=current, desired=desired, conditions=told)
    found = row_of("HorizontalPodAutoscaler", made)
    assert isinstance(found, AutoscalerRow)
    return found


@pytest.mark.parametrize(
    ("found", "looked", "done", "text"),
    [
        (row(4, 4, limited="TooManyReplicas"), False, False, "waiting for its controller to decide"),
        (row(4, 8), True, False, "scaling its target from 4 to 8"),
        (row(6, 6, limited="ScaleUpLimit"), True, False, "scaling its target from 6 to 6"),
        (row(8, 8), True, True, "2 to 8, its target runs 8"),
        (row(9, 9), True, False, "waiting for its target, which runs 9"),
        (row(4, 0, active=False), True, True, "2 to 8, its target runs 4"),
        (row(0, 0), True, True, "its target stays at 0 until it is scaled"),
    ],
)
def test_it_is_reached_when_the_controller_has_decided_and_its_target_is_there(
    found: AutoscalerRow, looked: bool, done: bool, text: str
) -> None:
    judged = _judge(found, 2, 8, looked)
    assert (judged.done, judged.failed) == (done, False)
    assert text in judged.text


def test_bounds_that_somebody_changed_again_are_a_failure() -> None:
    judged = _judge(row(4, 4), 3, 8, True)
    assert (judged.done, judged.failed, judged.final) == (False, True, True)


@pytest.mark.parametrize(
    ("generation", "observed", "looked"), [(3, 2, False), (3, 3, True), (None, 3, None), (3, None, None)]
)
def test_whether_it_has_looked_is_known_by_the_generation_where_the_server_has_one(
    generation: int | None, observed: int | None, looked: bool | None
) -> None:
    there: dict[str, Any] = {
        "metadata": {"generation": generation},
        "status": {"observedGeneration": observed},
    }
    assert _looked(there) is looked
