"""Budgets and quotas: the sums of the controllers that keep them."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.autoscaling.limits import Limits, asked_by, limits, required, selects

Json = dict[str, Any]


def budget(**spec: Any) -> Json:
    return {"metadata": {"name": "press"}, "spec": {"selector": {"matchLabels": {"app": "press"}}, **spec}}


def quota(hard: Json, used: Json, **spec: Any) -> Json:
    return {"metadata": {"name": "team"}, "spec": spec, "status": {"hard": hard, "used": used}}


def template(*containers: Json, init: tuple[Json, ...] = ()) -> Json:
    return {
        "metadata": {"labels": {"app": "press"}},
        "spec": {
            "containers": [{"name": "c", "resources": one} for one in containers],
            "initContainers": [{"name": "i", **one} for one in init],
        },
    }


@pytest.mark.parametrize(
    ("spec", "replicas", "needed"),
    [
        ({"minAvailable": 2}, 5, 2),
        ({"minAvailable": "50%"}, 5, 3),
        ({"minAvailable": "100%"}, 5, 5),
        ({"maxUnavailable": 1}, 5, 4),
        ({"maxUnavailable": "25%"}, 5, 3),
        ({"maxUnavailable": 3}, 2, 0),
        ({"minAvailable": "odd"}, 5, 0),
        ({}, 5, 0),
    ],
)
def test_how_many_a_budget_wants(spec: Json, replicas: int, needed: int) -> None:
    assert required(budget(**spec), replicas) == needed


@pytest.mark.parametrize(
    ("now", "wanted", "part"),
    [
        (3, 1, "1 is less"),
        (3, 0, "0 is less"),
        (3, 2, "With 2, PodDisruptionBudget press lets no pod be moved"),
        (2, 2, ""),
        (1, 3, ""),
        (4, 3, ""),
    ],
)
def test_what_a_budget_has_to_say(now: int, wanted: int, part: str) -> None:
    said = limits([budget(minAvailable=2)], [], template()).warnings(now, now, wanted)
    assert part in said[0] if part else said == []


@pytest.mark.parametrize(
    ("selector", "taken"),
    [
        ({}, True),
        (None, False),
        ({"matchLabels": {"app": "press", "tier": "x"}}, False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["press", "oven"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["press"]}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["x"]}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "In"}]}, False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": None}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, True),
    ],
)
def test_selectors(selector: Json | None, taken: bool) -> None:
    assert selects(selector, {"app": "press"}) is taken


def test_what_a_pod_counts_for() -> None:
    asked = asked_by(
        template(
            {"requests": {"cpu": "100m"}, "limits": {"cpu": "1", "memory": "64Mi"}},
            {"requests": {"cpu": "50m", "memory": "16Mi"}},
            init=(
                {"resources": {"requests": {"cpu": "400m"}}},
                {"resources": {"requests": {"memory": "8Mi"}}, "restartPolicy": "Always"},
            ),
        )["spec"]
    )
    mebi = 2.0**20
    assert asked["requests.cpu"] == asked["cpu"] == pytest.approx(0.4)
    assert asked["requests.memory"] == 88 * mebi
    assert asked["limits.memory"] == 64 * mebi
    assert asked["pods"] == 1


def test_the_tightest_resource_of_a_quota_is_named() -> None:
    held = quota(
        {"pods": "10", "limits.memory": "4Gi", "requests.cpu": "2"},
        {"pods": "3", "limits.memory": "3Gi", "requests.cpu": "300m"},
    )
    found = limits([], [held], template({"requests": {"cpu": "100m"}, "limits": {"memory": "512Mi"}}))
    assert found.warnings(3, 3, 5) == []
    assert found.warnings(3, 3, 6) == [
        "ResourceQuota team leaves room for 2 more (3Gi of 4Gi limits.memory in use, 512Mi each): "
        "1 of 3 new pods will not be made."
    ]
    assert found.warnings(3, 3, 1) == []


def test_a_full_quota_and_one_that_counts_only_some_pods() -> None:
    full = quota({"pods": "3"}, {"pods": "3"})
    said = limits([], [full], template()).warnings(3, 3, 4)
    assert said == [
        "ResourceQuota team leaves room for none (3 of 3 pods in use): 1 of 1 new pod will not be made."
    ]
    scoped = quota({"pods": "3"}, {"pods": "3"}, scopes=["BestEffort"])
    assert limits([], [scoped], template()) == Limits(asks={"pods": 1.0, "count/pods": 1.0})
