"""What a vertical autoscaler recommends and what KEDA claims, from their objects as they come."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.autoscaling.vpa_keda import one_scaled_object, recommendations, scaled_object

VPA = {
    "metadata": {"name": "press"},
    "spec": {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"},
        "updatePolicy": {"updateMode": "Off"},
    },
    "status": {
        "recommendation": {
            "containerRecommendations": [
                {"containerName": "app", "target": {"cpu": "120m", "memory": "262144k"}},
                {"containerName": "side", "target": {"memory": "16Mi"}},
            ]
        }
    },
}


def keda(**annotations: str) -> dict[str, Any]:
    return {
        "metadata": {"name": "by-queue", "annotations": annotations},
        "spec": {"scaleTargetRef": {"name": "press"}, "maxReplicaCount": 8},
    }


def test_a_recommendation_is_told_for_each_container_with_who_acts_on_it() -> None:
    assert [one.words for one in recommendations([VPA], "Deployment", "press")] == [
        "app cpu 120m memory 250Mi, by press (Off: it only recommends)",
        "side memory 16Mi, by press (Off: it only recommends)",
    ]
    assert recommendations([VPA], "StatefulSet", "press") == []
    assert recommendations([{}, {"spec": None, "status": []}], "Deployment", "press") == []
    own = {**VPA, "spec": {**VPA["spec"], "updatePolicy": {}}}
    assert "Auto: it sets this itself" in recommendations([own], "Deployment", "press")[0].words


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({}, "owns the number, 0 to 8, and sets it back"),
        ({"autoscaling.keda.sh/paused": "true"}, "is paused and leaves the number"),
        ({"autoscaling.keda.sh/paused-replicas": "0"}, "is paused and leaves the number"),
        ({"autoscaling.keda.sh/paused": "false"}, "owns the number"),
        ({"autoscaling.keda.sh/paused": "F"}, "owns the number"),
        ({"autoscaling.keda.sh/paused": "yes"}, "is paused and leaves the number"),
        (
            {"autoscaling.keda.sh/paused-scale-in": "true", "autoscaling.keda.sh/paused-scale-out": "false"},
            "owns the number, 0 to 8, scale-in paused, and sets it back",
        ),
    ],
)
def test_keda_owns_a_number_unless_it_is_paused(annotations: dict[str, str], words: str) -> None:
    found = scaled_object([keda(**annotations)], "Deployment", "press")
    assert found is not None
    assert words in found.note
    assert scaled_object([keda()], "StatefulSet", "press") is None


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({}, "by KEDA, 0 to 8 (ScaledObject by-queue)"),
        ({"autoscaling.keda.sh/paused": "true"}, "paused by KEDA (ScaledObject by-queue)"),
        (
            {"autoscaling.keda.sh/paused-replicas": "3", "autoscaling.keda.sh/paused": "false"},
            "paused by KEDA at 3 (ScaledObject by-queue)",
        ),
    ],
)
def test_what_keda_does_in_words(annotations: dict[str, str], words: str) -> None:
    assert one_scaled_object(keda(**annotations)).words == words
