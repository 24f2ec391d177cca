"""A Plan of system-upgrade-controller that drains its nodes is a row like any other, and cordons them."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.plan import PLAN, PlanRow
from tests.unit.model import updates as u


@pytest.mark.parametrize(
    ("cordon", "drain", "cordons"),
    [
        (True, None, True),
        (False, None, False),
        (None, None, False),
        (False, {}, True),
        (None, {"force": True, "skipWaitForDeleteTimeout": 60}, True),
        (
            True,
            {"podSelector": {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]}},
            True,
        ),
    ],
)
def test_what_drains_cordons_first(cordon: bool | None, drain: Any, cordons: bool) -> None:
    row = row_of(PLAN, u.plan(cordon=cordon, drain=drain))
    assert isinstance(row, PlanRow)
    assert (row.name, row.cordons) == ("k3s", cordons)
