"""Jobs and CronJobs are suspended, resumed and triggered on a real control plane, and its controllers act on it."""

from __future__ import annotations

from typing import Any

from .cluster import ControlPlane
from .commanding import Command
from .test_jobs import BAD, job, path, template
from .waiting import eventually


def read(cluster: ControlPlane, namespace: str, plural: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = cluster.api.get(f"{path(namespace, plural)}/{name}")
    return found


def active(cluster: ControlPlane, namespace: str, name: str) -> int:
    return int(read(cluster, namespace, "jobs", name).get("status", {}).get("active") or 0)


def test_a_suspended_job_loses_its_pods_and_gets_new_ones_when_the_suspension_is_undone(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    cluster.api.create(path(namespace), job("press", BAD, completions=2, parallelism=2))
    eventually(lambda: active(cluster, namespace, "press") == 2, within=30, what="two active pods")
    code, found, _ = command.agreed("suspend", "job/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    assert found["plan"]["warnings"] == ["Its 2 active pods will be deleted; resuming creates new ones."]
    eventually(lambda: active(cluster, namespace, "press") == 0, within=30, what="no active pod")
    code, found, _ = command.agreed("undo", "job/press")
    assert (code, found["outcome"]) == (0, "reached"), found
    eventually(lambda: active(cluster, namespace, "press") == 2, within=30, what="two pods again")
    code, found, _ = command.agreed("unsuspend", "job/press")
    assert found["lines"][0].endswith("nothing was written.")


def test_a_suspended_cron_job_is_triggered_all_the_same_and_its_controller_sees_the_job_as_one_of_it(
    cluster: ControlPlane, namespace: str, command: Command
) -> None:
    spec = {
        "schedule": "0 0 1 1 *",
        "jobTemplate": {"metadata": {"labels": {"shift": "night"}}, "spec": {"template": template(BAD)}},
    }
    cluster.api.create(path(namespace, "cronjobs"), {"metadata": {"name": "night"}, "spec": spec})
    code, found, _ = command.agreed("suspend", "cj/night")
    assert (code, found["outcome"]) == (0, "reached"), found
    code, found, _ = command.agreed("trigger", "cronjob/night")
    assert (code, found["outcome"]) == (0, "reached"), found
    name = found["data"]["job"]
    made = read(cluster, namespace, "jobs", name)
    assert made["metadata"]["labels"]["shift"] == "night"
    eventually(lambda: active(cluster, namespace, name) == 1, within=30, what="a pod of the Job")
    events = f"/api/v1/namespaces/{namespace}/events?fieldSelector=involvedObject.kind%3DCronJob"
    eventually(
        lambda: any(
            one["reason"] == "UnexpectedJob" and name in one["message"]
            for one in cluster.api.get(events)["items"]
        ),
        within=30,
        what="the controller, which sees a Job of the CronJob that it did not create",
    )
