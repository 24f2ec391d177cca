"""How far the resize of a running container has come, by what the pod says."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.pod.resize import FIELDS, change, container_resources, given, settled, wrong

WANTED = {"limits.cpu": "2"}


def pod(
    *conditions: dict[str, Any], spec: str = "2", running: str | None = "1", **more: Any
) -> dict[str, Any]:
    """A pod whose container asks for a cpu limit of `spec` and runs with `running`."""
    statuses = [] if running is None else [{"name": "app", "resources": {"limits": {"cpu": running}}}]
    return {
        "metadata": {"generation": 4},
        "spec": {"containers": [{"name": "side"}, {"name": "app", "resources": {"limits": {"cpu": spec}}}]},
        "status": {"conditions": list(conditions), "containerStatuses": statuses},
        **more,
    }


def said(kind: str, reason: str = "", status: str = "True", **more: Any) -> dict[str, Any]:
    return {"type": kind, "status": status, "reason": reason, "message": "room for 1", **more}


NOT_SEEN = (False, False, "not seen by its node yet", False)
RUNS = (True, False, "container app runs with limits.cpu 2", False)


@pytest.mark.parametrize(
    ("there", "found"),
    [
        (pod(spec="3"), (False, True, "someone else changed its values", True)),
        (
            pod(said("PodResizePending", "Infeasible")),
            (False, True, "its node can never give it that (room for 1)", True),
        ),
        (
            pod(said("PodResizePending", "Deferred")),
            (False, False, "waiting until its node has room (room for 1)", False),
        ),
        (pod(said("PodResizeInProgress")), (False, False, "being carried out", False)),
        (
            pod(said("PodResizeInProgress", "Error")),
            (False, False, "being carried out, not yet done: room for 1", False),
        ),
        (pod(said("PodResizePending", "Infeasible", "False")), NOT_SEEN),
        (pod(said("PodResizePending", "Infeasible", observedGeneration=3)), NOT_SEEN),
        (
            pod(said("PodResizePending", "Deferred", observedGeneration=4)),
            (False, False, "waiting until its node has room (room for 1)", False),
        ),
        (pod(said("Ready"), running="2000m"), RUNS),
        (pod(running="2"), RUNS),
        (pod(running="1"), NOT_SEEN),
        (pod(running=None), NOT_SEEN),
        (
            pod(status={"containerStatuses": [{"name": "side", "resources": {"limits": {"cpu": "2"}}}]}),
            NOT_SEEN,
        ),
        (pod(status=None), NOT_SEEN),
    ],
)
def test_what_a_pod_says_of_a_resize(there: dict[str, Any], found: tuple[bool, bool, str, bool]) -> None:
    assert settled(there, "app", WANTED) == found


def test_the_values_of_a_container_and_what_restarts_it() -> None:
    there = pod()
    there["spec"]["containers"][1] |= {
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": 5}},
        "resizePolicy": [
            {"resourceName": "memory", "restartPolicy": "RestartContainer"},
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        ],
    }
    side, app = container_resources(there)
    assert (side.name, side.values, side.restarts) == ("side", {}, ())
    assert app.values == dict(
        zip(("requests.cpu", "requests.memory", "limits.memory"), ("250m", "1Gi", "5"), strict=True)
    )
    assert app.restarts == ("memory",)
    assert set(app.values) < set(FIELDS)
    assert container_resources({"metadata": {}}) == ()
    assert change(app, {"requests.cpu": "0.25", "limits.cpu": "", "requests.memory": "2Gi"}) == {
        "requests.memory": "2Gi"
    }
    assert change(app, {"limits.cpu": "1", "requests.cpu": "x"}) == {"limits.cpu": "1", "requests.cpu": "x"}
    assert given(there, "app", {"requests.memory": "1024Mi"})
    assert not given(there, "side", {"requests.memory": "1024Mi"})
    assert not given(there, "other", {})


@pytest.mark.parametrize(
    ("value", "is_wrong"), [("1", False), ("1m", False), ("0", True), ("-1", True), ("x", True), ("", True)]
)
def test_a_quantity_is_above_nothing(value: str, is_wrong: bool) -> None:
    assert wrong(value) is is_wrong
