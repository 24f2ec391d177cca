"""When a rollout proves that its template works: all of it serves by it, and there is something that serves."""

from __future__ import annotations

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.status import proven
from tests.unit.model import factories as f


@pytest.mark.parametrize(
    ("made", "shows"),
    [
        (f.deployment("press"), True),
        (f.deployment("press", replicas=0), False),
        (f.deployment("press", available=2), False),
        (f.deployment("press", observed=1, generation=2), False),
        (f.stateful_set("db"), True),
        (f.stateful_set("db", replicas=0), False),
        (f.stateful_set("db", updated=0, strategy="OnDelete"), False),
        (f.stateful_set("db", updated=1, partition=2, update_revision="db-b"), False),
        (f.daemon_set("agent"), True),
        (f.daemon_set("agent", desired=0), False),
        (f.daemon_set("agent", updated=0, strategy="OnDelete"), False),
    ],
)
def test_a_template_is_proven_by_pods_of_it_that_serve(made: f.Json, shows: bool) -> None:
    row = row_of(made["kind"], made)
    assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
    assert proven(row) is shows
