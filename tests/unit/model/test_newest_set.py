"""Which ReplicaSet is that of a Deployment's present template: the one at its revision, not merely the highest."""

from __future__ import annotations

from edgetui.model.kinds import row_of
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.rollout.status import newest_replica_set
from tests.unit.model import factories as f


def named(revision: int, *numbers: int) -> str:
    made = f.deployment("press", revision=revision)
    row = row_of("Deployment", made)
    assert isinstance(row, DeploymentRow)
    found = newest_replica_set(
        row, [row_of("ReplicaSet", f.replica_set(made, f"r{n}", revision=n)) for n in numbers]
    )
    return found.name if found else ""


def test_the_one_at_the_revision_of_the_deployment_is_it_although_a_higher_one_has_come() -> None:
    assert named(2, 3, 2, 1) == "press-r2"


def test_before_its_revision_is_told_the_highest_is_it_and_none_where_there_is_none() -> None:
    assert named(5, 3, 4, 1) == "press-r4"
    assert named(5) == ""
