"""Jobs and CronJobs on a real control plane: its own controllers run them, and kubectl says what they are."""

from __future__ import annotations

import time
from typing import Any

import pytest

from edgetui.cluster.api.versions import get
from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.job import JobRow
from edgetui.model.manifest import manifest
from edgetui.model.panes import PANES
from edgetui.model.view.related import related
from edgetui.ui.details import detail
from edgetui.ui.object_events import events_of
from edgetui.ui.spans import plain

from . import workloads as w
from .cluster import ControlPlane
from .watching import until, watching

KINDS = (*FIRST_PAINT, "Job", "CronJob")
JOBS, CRON_JOBS = PANES["jobs"], PANES["cronjobs"]
SLOW, BAD = f"{w.REGISTRY}/slow:1", f"{w.REGISTRY}/bad:1"
"""kwok lets pods of a Job succeed once they are ready: the first after 8 s, the second never."""


def template(image: str) -> dict[str, Any]:
    made = w.pod_template("press", image)
    made["spec"]["restartPolicy"] = "Never"
    return made


def job(name: str, image: str, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"template": template(image), **spec}}


def path(namespace: str, plural: str = "jobs") -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/{plural}"


def fail_pods(cluster: ControlPlane, namespace: str, job: str) -> None:
    """Let the pods of a Job fail, as a kubelet tells it."""
    pods = f"/api/v1/namespaces/{namespace}/pods"
    state = {"terminated": {"exitCode": 3, "reason": "Error"}, "waiting": None}
    ended = {"name": "app", "image": BAD, "imageID": "", "restartCount": 0, "ready": False, "state": state}
    for pod in cluster.api.get(f"{pods}?labelSelector=job-name={job}")["items"]:
        status = {"phase": "Failed", "containerStatuses": [ended]}
        cluster.api.patch(f"{pods}/{pod['metadata']['name']}/status", {"status": status})


def shown(session: ClusterSession, namespace: str, name: str, kind: str = "Job") -> dict[str, Any]:
    """The row of the pane as scripts get it; empty while there is none."""
    row = session.store.get(kind, namespace, name)
    pane = JOBS if kind == "Job" else CRON_JOBS
    return pane.json(pane.build(session.store, kind, row, time.time()), time.time()) if row else {}


async def stuck(session: ClusterSession, namespace: str, name: str) -> None:
    """Wait until the pod of a Job cannot pull its image for the second time: then kwok has done with it."""

    def fact() -> bool:
        row = session.store.get("Job", namespace, name)
        pods = list(session.store.pods_of(row.uid)) if row is not None else []
        return [pod.status for pod in pods] == ["ImagePullBackOff"]

    await until(session, fact, within=60, what=f"a stuck pod of {name}")


def said_by_kubectl(cluster: ControlPlane, namespace: str, what: str) -> list[list[str]]:
    return [line.split() for line in cluster.kubectl("get", what, "-n", namespace).splitlines()[1:]]


def page(session: ClusterSession, namespace: str, kind: str, name: str) -> str:
    key = ObjectKey(session.name, kind, namespace, name)
    row = session.store.get(kind, namespace, name)
    return "\n".join(plain(one) for one in detail(session.store, key, row, time.time(), 100, (), ""))


async def test_a_job_is_what_kubectl_says_from_its_start_to_its_completion(
    cluster: ControlPlane, namespace: str
) -> None:
    cluster.api.create(path(namespace), job("press", SLOW, completions=2, parallelism=2))
    async with watching(cluster.kubeconfig(), KINDS) as session:
        active = {"state": "Running", "completions": "0/2", "active": 2}
        await until(
            session,
            lambda: active.items() <= shown(session, namespace, "press").items(),
            within=30,
            what=f"{active}",
        )
        assert said_by_kubectl(cluster, namespace, "jobs")[0][:3] == ["press", "Running", "0/2"]
        key = ObjectKey(session.name, "Job", namespace, "press")
        pods = related(session.store, key)
        assert {one.kind for one in pods} == {"Pod"}
        assert len(pods) == 2
        assert related(session.store, pods[0])[0] == key
        done = {"state": "Complete", "completions": "2/2", "active": 0, "failed": 0, "severity": "fine"}
        await until(
            session,
            lambda: done.items() <= shown(session, namespace, "press").items(),
            within=30,
            what=f"{done}",
        )
        row = session.store.get("Job", namespace, "press")
        assert isinstance(row, JobRow)
        assert row.completed >= row.started > 0
        assert said_by_kubectl(cluster, namespace, "jobs")[0][:3] == ["press", "Complete", "2/2"]
        assert "2 of 2 succeeded, parallelism 2" in page(session, namespace, "Job", "press")
        events, why = await events_of(session, key, row.uid)
        assert not why
        assert {"SuccessfulCreate", "Completed"} <= {event.reason for event in events}
        text = "\n".join(f"{one.head}{one.value}" for one in manifest(await get(session.api, *key[1:])))
        assert "kind: Job" in text
        assert "completions: 2" in text


async def test_a_job_that_fails_says_why(cluster: ControlPlane, namespace: str) -> None:
    cluster.api.create(path(namespace), job("press", BAD, backoffLimit=0))
    async with watching(cluster.kubeconfig(), KINDS) as session:
        await stuck(session, namespace, "press")
        fail_pods(cluster, namespace, "press")
        await until(
            session,
            lambda: shown(session, namespace, "press").get("state") == "Failed",
            within=30,
            what="a failed Job",
        )
        found = shown(session, namespace, "press")
        assert (found["severity"], found["failed"]) == ("bad", 1)
        assert found["reason"].startswith("BackoffLimitExceeded: ")
        assert said_by_kubectl(cluster, namespace, "jobs")[0][:3] == ["press", "Failed", "0/1"]
        text = page(session, namespace, "Job", "press")
        assert "! Failed" in text
        assert "1 pod, backoffLimit 0" in text


async def test_a_job_whose_image_is_missing_says_so_while_it_runs(
    cluster: ControlPlane, namespace: str
) -> None:
    cluster.api.create(path(namespace), job("press", BAD))
    async with watching(cluster.kubeconfig(), KINDS) as session:
        await until(
            session,
            lambda: shown(session, namespace, "press").get("severity") == "bad",
            within=60,
            what="a Job whose pod cannot start",
        )
        found = shown(session, namespace, "press")
        assert found["state"] == "Running"
        assert "bad:1 not found (1 pod)" in found["reason"]


async def test_a_suspended_job_has_no_pods_until_it_is_resumed(cluster: ControlPlane, namespace: str) -> None:
    cluster.api.create(path(namespace), job("press", SLOW, suspend=True))
    async with watching(cluster.kubeconfig(), KINDS) as session:
        await until(
            session,
            lambda: shown(session, namespace, "press").get("state") == "Suspended",
            within=30,
            what="a suspended Job",
        )
        assert said_by_kubectl(cluster, namespace, "jobs")[0][:3] == ["press", "Suspended", "0/1"]
        cluster.api.patch(f"{path(namespace)}/press", {"spec": {"suspend": False}})
        await until(
            session,
            lambda: shown(session, namespace, "press").get("active") == 1,
            within=30,
            what="a pod of the resumed Job",
        )


async def test_a_cronjob_makes_jobs_and_says_how_the_last_ended(
    cluster: ControlPlane, namespace: str
) -> None:
    spec = {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template(BAD), "backoffLimit": 0}}}
    cluster.api.create(path(namespace, "cronjobs"), {"metadata": {"name": "night"}, "spec": spec})
    async with watching(cluster.kubeconfig(), KINDS) as session:
        await until(
            session,
            lambda: shown(session, namespace, "night", "CronJob").get("active") == 1,
            within=90,
            what="a Job of the CronJob",
        )
        cluster.api.patch(f"{path(namespace, 'cronjobs')}/night", {"spec": {"suspend": True}})
        key = ObjectKey(session.name, "CronJob", namespace, "night")
        (made,) = related(session.store, key)
        assert made.kind == "Job"
        assert related(session.store, made)[0] == key
        await until(
            session,
            lambda: related(session.store, made)[1:],
            within=30,
            what="a pod of the Job of the CronJob",
        )
        pod = related(session.store, made)[1]
        assert [one.kind for one in related(session.store, pod)][:2] == ["Job", "CronJob"]
        of_the_pod = next(iter(session.store.owned_by(made_uid(session, made)))).owner_uid
        assert [kind for kind, _ in session.store.owners(of_the_pod)] == ["Job", "CronJob"]
        await stuck(session, namespace, made.name)
        fail_pods(cluster, namespace, made.name)
        cluster.api.patch(f"{path(namespace, 'cronjobs')}/night", {"spec": {"suspend": False}})
        await until(
            session,
            lambda: shown(session, namespace, "night", "CronJob").get("state") == "last Job failed",
            within=30,
            what="a failed Job of the CronJob",
        )
        found = shown(session, namespace, "night", "CronJob")
        assert found["schedule"] == "* * * * *"
        assert f"{made.name}: BackoffLimitExceeded" in found["reason"]
        text = page(session, namespace, "CronJob", "night")
        assert "* * * * * (time zone of the kube-controller-manager)" in text
        assert made.name in text
        assert said_by_kubectl(cluster, namespace, "cronjobs")[0][:6] == ["night", *"*****"]


def made_uid(session: ClusterSession, key: ObjectKey) -> str:
    row = session.store.get(*key[1:])
    assert row is not None
    return row.uid


@pytest.mark.parametrize("word", ["jobs", "job", "cj", "cronjobs"])
def test_a_pane_is_named_as_kubectl_names_its_kind(word: str) -> None:
    pane = PANES.named(word)
    assert pane is not None
    assert pane.id in ("jobs", "cronjobs")
