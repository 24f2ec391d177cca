"""Objects that only explain: one with a value of another type hides none of the others, and raises nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.model.autoscaling.limits import limits
from edgetui.model.autoscaling.vpa_keda import recommendations, scaled_object
from edgetui.model.pod.node_images import held_images
from tests.unit.cluster.odd_objects import DEEP, ODD, changed, paths

Json = dict[str, Any]
TEMPLATE: Json = {
    "metadata": {"labels": {"app": "press"}},
    "spec": {"containers": [{"name": "app", "resources": {"requests": {"cpu": "1"}}}]},
}
EXPRESSION: Json = {"key": "app", "operator": "In", "values": ["press"]}
BUDGET: Json = {
    "metadata": {"name": "b"},
    "spec": {
        "minAvailable": 2,
        "selector": {"matchLabels": {"app": "press"}, "matchExpressions": [EXPRESSION]},
    },
}
QUOTA: Json = {
    "metadata": {"name": "q"},
    "spec": {"hard": {"pods": "3", "requests.cpu": "3"}},
    "status": {"hard": {"pods": "3", "requests.cpu": "3"}, "used": {"pods": "3", "requests.cpu": "3"}},
}
VERTICAL: Json = {
    "metadata": {"name": "v"},
    "spec": {"targetRef": {"kind": "Deployment", "name": "press"}, "updatePolicy": {"updateMode": "Off"}},
    "status": {
        "recommendation": {
            "containerRecommendations": [
                {"containerName": "app", "target": {"cpu": "120m", "memory": "200Mi"}}
            ]
        }
    },
}
SCALED: Json = {
    "metadata": {"name": "k", "annotations": {"autoscaling.keda.sh/paused": "true"}, "generation": 3},
    "spec": {
        "scaleTargetRef": {"kind": "Deployment", "name": "press"},
        "minReplicaCount": 1,
        "maxReplicaCount": 4,
    },
    "status": {"conditions": [{"type": "Paused", "status": "True"}]},
}
NODE: Json = {
    "status": {"images": [{"names": ["registry.local/press:2.1"]}, {"names": ["registry.local/oven:1"]}]}
}


def budgets(found: list[Json]) -> list[str]:
    return limits(found, [], TEMPLATE).warnings(3, 3, 1)


def quotas(found: list[Json]) -> list[str]:
    return limits([], found, TEMPLATE).warnings(3, 3, 9)


def vertical(found: list[Json]) -> list[str]:
    return [one.words for one in recommendations(found, "Deployment", "press")]


def keda(found: list[Json]) -> list[str]:
    claim = scaled_object(found, "Deployment", "press")
    return [claim.words] if claim else []


def images(found: list[Json]) -> list[str]:
    return [held_images(found).words(["registry.local/press:2.1"])]


READERS: list[tuple[Json, Callable[[list[Json]], list[str]]]] = [
    (BUDGET, budgets),
    (QUOTA, quotas),
    (VERTICAL, vertical),
    (SCALED, keda),
    (NODE, images),
]


@pytest.mark.parametrize(("good", "read"), READERS, ids=[read.__name__ for _, read in READERS])
def test_an_odd_object_hides_no_other(good: Json, read: Callable[[list[Json]], list[str]]) -> None:
    (said,) = read([good])
    for path in paths(good):
        for odd in ODD:
            if not path or odd == DEEP:
                continue
            strange = json.loads(changed(good, path, odd))
            if read is images:
                assert read([strange, good])[0].startswith(("on 1 of 2", "on 2 of 2")), path
            elif read is keda:
                assert len(read([strange, good])) == 1, path
            else:
                assert said in read([strange, good]), path


def test_what_cannot_be_read_is_told_to_who_scales() -> None:
    for reader, odd in ((budgets, {**BUDGET, "spec": {"selector": 7}}), (quotas, {**QUOTA, "status": 7})):
        assert reader([odd]) == ["1 budget or quota cannot be read."]
