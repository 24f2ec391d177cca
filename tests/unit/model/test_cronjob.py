"""CronJobs: schedule, suspension, and how the last Job ended."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.cronjob import CronJobRow
from edgetui.model.panes import PANES
from edgetui.model.view.related import related
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from tests.unit.model import factories as f
from tests.unit.model.test_job import COMPLETE, FAILED, job

PANE = PANES["cronjobs"]


def cron_job(name: str = "night", **more: Any) -> f.Json:
    """A CronJob as the API server stores it; `more` goes into its spec or its status."""
    spec: f.Json = {
        "schedule": "*/5 * * * *",
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": "press:1"}]}}}
        },
    }
    status: f.Json = {}
    for field, value in more.items():
        (status if field in ("active", "lastScheduleTime", "lastSuccessfulTime") else spec)[field] = value
    meta = f.meta("CronJob", name, "default")
    return {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": meta, "spec": spec, "status": status}


def said(*objects: f.Json) -> dict[str, Any]:
    store = f.store_of(*objects)
    row = store.get("CronJob", "default", "night")
    assert row is not None
    return PANE.json(PANE.build(store, "CronJob", row, f.NOW), f.NOW)


SCHEDULED = {"lastScheduleTime": f.stamp(f.NOW - 120)}


@pytest.mark.parametrize(
    ("made", "jobs", "severity", "state"),
    [
        ({}, [], "fine", "not scheduled yet"),
        (SCHEDULED, [], "fine", "idle"),
        (SCHEDULED | {"active": [{"name": "night-1"}]}, [("night-1", (), 60)], "fine", "active"),
        (SCHEDULED, [("night-1", (FAILED,), 60)], "bad", "last Job failed"),
        (SCHEDULED, [("night-1", (FAILED,), 900), ("night-2", tuple(COMPLETE), 60)], "fine", "idle"),
        (
            SCHEDULED,
            [("night-1", tuple(COMPLETE), 900), ("night-2", (FAILED,), 60)],
            "bad",
            "last Job failed",
        ),
        (SCHEDULED | {"suspend": True}, [("night-1", (FAILED,), 60)], "watch", "Suspended"),
    ],
)
def test_a_cronjob_is_as_good_as_its_last_job_that_has_ended(
    made: f.Json, jobs: list[tuple[str, tuple[f.Json, ...], float]], severity: str, state: str
) -> None:
    owner = cron_job(**made)
    owned = [job(name, *conditions, owner=owner, age=age) for name, conditions, age in jobs]
    found = said(owner, *owned)
    assert (found["severity"], found["state"]) == (severity, state)


def test_the_row_says_what_the_server_says_and_nothing_else() -> None:
    found = said(cron_job(timeZone="Europe/Berlin", lastSuccessfulTime=f.stamp(f.NOW - 400), **SCHEDULED))
    assert (found["schedule"], found["time_zone"]) == ("*/5 * * * *", "Europe/Berlin")
    assert (found["last_schedule"], found["last_success"], found["active"]) == (120, 400, 0)
    bare = row_of("CronJob", {"metadata": {"name": "a", "namespace": "d"}})
    assert isinstance(bare, CronJobRow)
    assert (bare.scheduled, bare.succeeded, bare.concurrency) == (0, 0, "Allow")
    assert (bare.successful_limit, bare.failed_limit, bare.starting_deadline) == (3, 1, None)


def test_servers_before_1_21_serve_it_as_v1beta1() -> None:
    kind = KINDS["CronJob"]
    assert kind.versions == ("v1", "v1beta1")
    assert kind.at("v1beta1").path("d", "a") == "/apis/batch/v1beta1/namespaces/d/cronjobs/a"
    old = cron_job()
    assert row_of("CronJob", old | {"apiVersion": "batch/v1beta1"}) == row_of("CronJob", old)


def test_its_row_follows_its_jobs() -> None:
    owner = cron_job()
    store = f.store_of(owner, job("night-1", owner=owner))
    store.drain()
    store.delete("Job", "default", "night-1", "")
    assert list(PANE.affected(store, store.drain())) == [("CronJob", "default", "night")]


def test_its_page_shows_its_jobs_the_newest_first_and_leads_to_them() -> None:
    owner = cron_job(suspend=True, startingDeadlineSeconds=120, **SCHEDULED)
    first, second = job("night-1", FAILED, owner=owner, age=900), job("night-2", owner=owner, age=60)
    pod = f.pod("night-2-x", owner=second)
    store = f.store_of(owner, first, second, pod)
    key = ObjectKey("plant", "CronJob", "default", "night")
    text = "\n".join(plain(one) for one in detail(store, key, store.get(*key[1:]), f.NOW, 100, (), ""))
    for words in (
        "Suspended",
        "*/5 * * * * (time zone of the kube-controller-manager)",
        "no Jobs are created until it is resumed",
        "a Job that could not start for 2m is skipped",
        "keeps 3 successful and 1 failed Jobs",
        "press:1",
        "night-2-x",
    ):
        assert words in text, words
    assert text.index("night-2 ") < text.index("night-1 ")
    assert [one.name for one in related(store, key)] == ["night-1", "night-2"]
    assert [one.kind for one in related(store, related(store, key)[1])] == ["CronJob", "Pod"]
