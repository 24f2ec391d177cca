"""Writes to the demo server: preconditions, dry run, patches, scale – as a real server answers them."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.unit.demo.wire import Wire

OVEN = "/apis/apps/v1/namespaces/line-1/deployments/oven"
PRESS = "/apis/apps/v1/namespaces/line-2/deployments/press"
VISION = "/apis/apps/v1/namespaces/line-2/deployments/vision"
FORECAST = "/apis/apps/v1/namespaces/grid/deployments/forecast"


def complete(deployment: dict[str, Any]) -> bool:
    status, wanted = deployment["status"], deployment["spec"]["replicas"]
    return (
        status["observedGeneration"] == deployment["metadata"]["generation"]
        and status.get("updatedReplicas", 0)
        == status.get("replicas", 0)
        == status.get("availableReplicas", 0)
        == wanted
    )


def test_scale_is_written_with_the_version_that_was_read(plant: Wire) -> None:
    scale = plant.get(f"{OVEN}/scale").body
    assert (scale["kind"], scale["spec"]["replicas"], scale["status"]["selector"]) == ("Scale", 4, "app=oven")
    stale = {**scale, "metadata": {**scale["metadata"], "resourceVersion": "1"}}
    refused = plant.call("PUT", f"{OVEN}/scale", stale)
    assert (refused.code, refused.body["reason"]) == (409, "Conflict")
    assert refused.body["message"].startswith('Operation cannot be fulfilled on deployments.apps "oven": ')
    tried = plant.call("PUT", f"{OVEN}/scale", {**scale, "spec": {"replicas": 5}}, {"dryRun": "All"})
    assert (tried.code, tried.body["spec"]["replicas"]) == (200, 5)
    assert plant.get(f"{OVEN}/scale").body["spec"]["replicas"] == 4
    done = plant.call("PUT", f"{OVEN}/scale", {**scale, "spec": {"replicas": 5}})
    assert done.code == 200
    plant.until(OVEN, lambda deployment: complete(deployment) and deployment["spec"]["replicas"] == 5)
    pods = plant.get("/api/v1/namespaces/line-1/pods", labelSelector="app=oven").body["items"]
    assert len([pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]) == 5
    assert plant.patch(f"{OVEN}/scale", {"spec": {"replicas": 4}}).body["spec"]["replicas"] == 4


def test_scale_has_the_real_pitfalls(plant: Wire) -> None:
    wrong = plant.patch(f"{OVEN}/scale", {"spec": {"replicas": -1}})
    assert (wrong.code, wrong.body["reason"]) == (422, "Invalid")
    uid = plant.call(
        "PUT", f"{OVEN}/scale", {"metadata": {"name": "oven", "uid": "other"}, "spec": {"replicas": 4}}
    )
    assert uid.code == 409
    emptied = plant.call(
        "PUT", f"{OVEN}/scale", {"metadata": {"name": "oven"}, "spec": {}}, {"dryRun": "All"}
    )
    assert (emptied.code, emptied.body["spec"]) == (200, {})


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("merge-patch", {"metadata": {"resourceVersion": "1", "annotations": {"x": "1"}}}, 409),
        ("strategic-merge-patch", {"metadata": {"resourceVersion": "1", "annotations": {"x": "1"}}}, 409),
        ("json-patch", [{"op": "replace", "path": "/metadata/resourceVersion", "value": "1"}], 409),
        ("json-patch", [{"op": "test", "path": "/metadata/resourceVersion", "value": "1"}], 422),
        ("json-patch", [{"op": "replace", "path": "/spec/nothing/here", "value": 1}], 422),
        ("merge-patch", {"metadata": {"resourceVersion": "0", "annotations": {"x": "0"}}}, 200),
        ("merge-patch", {"metadata": {"resourceVersion": "abc"}}, 500),
        ("merge-patch", {"metadata": {"uid": "another"}}, 422),
        ("merge-patch", {"spec": {"replicas": -1}}, 422),
        ("merge-patch", {"spec": {"selector": {"matchLabels": {"app": "x"}}}}, 422),
        ("apply-patch", {"spec": {"replicas": 1}}, 415),
    ],
)
def test_a_precondition_that_fails_is_told_from_a_broken_patch(
    plant: Wire, kind: str, body: Any, code: int
) -> None:
    answer = plant.patch(OVEN, body, kind, dryRun="All")
    assert answer.code == code
    assert answer.body.get("code", 200) == code


def test_a_patch_that_changes_nothing_keeps_the_version(plant: Wire) -> None:
    labels = plant.get(VISION).body["metadata"]["labels"]
    first = plant.patch(VISION, {"metadata": {"labels": labels}}).body["metadata"]["resourceVersion"]
    assert plant.patch(VISION, {"metadata": {"labels": labels}}).body["metadata"]["resourceVersion"] == first


def test_a_dry_run_shows_the_next_generation_and_stores_nothing(plant: Wire) -> None:
    before = plant.get(OVEN).body["metadata"]
    tried = plant.patch(OVEN, {"spec": {"paused": True}}, dryRun="All").body
    assert tried["metadata"]["generation"] == before["generation"] + 1
    assert tried["metadata"]["resourceVersion"] == before["resourceVersion"]
    assert "paused" not in plant.get(OVEN).body["spec"]


def test_a_strategic_patch_changes_one_container_by_name(plant: Wire) -> None:
    change = {
        "spec": {"template": {"spec": {"containers": [{"name": "oven", "image": "registry.local/oven:3.3"}]}}}
    }
    (container,) = plant.patch(OVEN, change, "strategic-merge-patch", dryRun="All").body["spec"]["template"][
        "spec"
    ]["containers"]
    assert container["image"] == "registry.local/oven:3.3"
    assert container["readinessProbe"]


def test_the_bad_image_of_the_story_is_rolled_back_as_kubectl_does_it(plant: Wire) -> None:
    deployment = plant.get(PRESS).body
    assert deployment["spec"]["template"]["spec"]["containers"][0]["image"] == "registry.local/press:2.1.1"
    sets = plant.get("/apis/apps/v1/namespaces/line-2/replicasets", labelSelector="app=press").body["items"]
    serving = [rs for rs in sets if rs["status"].get("availableReplicas")]
    assert [rs["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for rs in serving] == ["2"]
    template = serving[0]["spec"]["template"]
    template["metadata"]["labels"].pop("pod-template-hash")
    operations = [
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": deployment["metadata"]["resourceVersion"],
        },
        {"op": "replace", "path": "/spec/template", "value": template},
    ]
    assert plant.patch(PRESS, operations, "json-patch", dryRun="All").code == 200
    assert plant.patch(PRESS, operations, "json-patch").code == 200
    done = plant.until(PRESS, complete)
    assert done["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "5"
    assert plant.patch(PRESS, operations, "json-patch").code == 409


def test_an_autoscaler_leaves_a_deployment_without_metrics_alone(farm: Wire) -> None:
    assert farm.patch(f"{FORECAST}/scale", {"spec": {"replicas": 3}}).code == 200
    farm.until(FORECAST, complete)


def test_a_deployment_made_from_scratch_runs_and_is_cleaned_up(plant: Wire) -> None:
    name = f"made-{time.time_ns()}"
    labels = {"app": name}
    pod = {
        "metadata": {"labels": labels},
        "spec": {"containers": [{"name": "c", "image": "registry.local/x:1"}]},
    }
    body = {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": labels}, "template": pod}}
    path = "/apis/apps/v1/namespaces/line-1/deployments"
    created = plant.call("POST", path, body)
    assert (created.code, created.body["spec"]["replicas"]) == (201, 1)
    assert plant.call("POST", path, body).body["reason"] == "AlreadyExists"
    plant.until(
        f"{path}/{name}", lambda deployment: complete(deployment) if "status" in deployment else False
    )
    uid = {"preconditions": {"uid": "another"}}
    assert plant.call("DELETE", f"{path}/{name}", uid).code == 409
    assert plant.call("DELETE", f"{path}/{name}").body["status"] == "Success"
    pods = "/api/v1/namespaces/line-1/pods"
    end = time.monotonic() + 20
    while plant.get(pods, labelSelector=f"app={name}").body["items"]:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_pod_is_deleted_gracefully_or_at_once(plant: Wire) -> None:
    path = "/api/v1/namespaces/messaging/pods"
    pod = plant.get(path, labelSelector="app=broker").body["items"][0]["metadata"]["name"]
    uid = plant.get(f"{path}/{pod}").body["metadata"]["uid"]
    options = {"preconditions": {"uid": uid}, "dryRun": ["All"]}
    assert plant.call("DELETE", f"{path}/{pod}", options).code == 200
    assert "deletionTimestamp" not in plant.get(f"{path}/{pod}").body["metadata"]
    marked = plant.call("DELETE", f"{path}/{pod}").body
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 30
    assert plant.call("DELETE", f"{path}/{pod}", {"gracePeriodSeconds": 0}).code in (200, 404)
    assert plant.get(f"{path}/{pod}").code == 404


def test_the_status_endpoint_and_the_main_one_keep_to_their_halves(plant: Wire) -> None:
    node = "/api/v1/nodes/plant-line-4"
    before = plant.get(node).body
    assert (
        plant.patch(f"{node}/status", {"spec": {"unschedulable": False}}).body["spec"]["unschedulable"]
        is True
    )
    assert plant.patch(node, {"status": {"phase": "Odd"}}).body["status"] == before["status"]
