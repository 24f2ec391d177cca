"""Jobs: the words of kubectl, what its pods do, and why it has failed."""

from __future__ import annotations

import re
from typing import Any

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.job import JobRow
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import Fleet
from edgetui.model.view.related import related
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

PANE = PANES["jobs"]
FAILED = f.cond(
    "Failed", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit", f.NOW - 20
)
COMPLETE = [
    f.cond("SuccessCriteriaMet", "True", "CompletionsReached", "Reached expected number of succeeded pods"),
    f.cond("Complete", "True", "CompletionsReached", "Reached expected number of succeeded pods"),
]


def job(
    name: str = "press", *conditions: f.Json, owner: f.Json | None = None, age: float = 3600.0, **more: Any
) -> f.Json:
    """A Job as kube-controller-manager 1.37 leaves it; `more` goes into its spec or its status."""
    spec: f.Json = {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 6,
        "completionMode": "NonIndexed",
        "suspend": False,
        "template": {"spec": {"containers": [{"name": "app", "image": "press:1"}]}},
    }
    status: f.Json = {"startTime": f.stamp(f.NOW - 100), "conditions": list(conditions)}
    for field, value in more.items():
        (spec if field in spec or field in _SPEC else status)[field] = value
    meta = f.meta("Job", name, "default", owner=owner, created=f.NOW - age)
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": meta, "spec": spec, "status": status}


_SPEC = {"activeDeadlineSeconds", "ttlSecondsAfterFinished"}


def row(*conditions: f.Json, **more: Any) -> JobRow:
    made = row_of("Job", job("press", *conditions, **more))
    assert isinstance(made, JobRow)
    return made


def build(store: Store, name: str = "press", now: float = f.NOW) -> dict[str, Any]:
    found = store.get("Job", "default", name)
    assert found is not None
    return PANE.json(PANE.build(store, "Job", found, now), now)


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (job(active=1), "Running"),
        (job("press", *COMPLETE, succeeded=1), "Complete"),
        (job("press", FAILED, failed=7), "Failed"),
        (
            job("press", f.cond("Suspended", "True", "JobSuspended", "Job suspended"), suspend=True),
            "Suspended",
        ),
        (job("press", f.cond("Suspended", "False", "JobResumed", "Job resumed"), active=1), "Running"),
        (job("press", COMPLETE[0], succeeded=1), "SuccessCriteriaMet"),
        (
            job("press", f.cond("FailureTarget", "True", "PodFailurePolicy", "Container app…")),
            "FailureTarget",
        ),
        ({"metadata": {"name": "bare", "namespace": "default"}}, "Running"),
    ],
)
def test_the_status_is_the_word_of_kubectl(made: f.Json, word: str) -> None:
    found = row_of("Job", made)
    assert isinstance(found, JobRow)
    assert found.status == word


def test_what_the_server_left_out_has_the_value_of_the_api() -> None:
    bare = row_of("Job", {"metadata": {"name": "a", "namespace": "d"}, "spec": None, "status": None})
    assert isinstance(bare, JobRow)
    assert (bare.wanted, bare.parallelism, bare.backoff_limit, bare.started) == (1, 1, 6, 0)
    assert (bare.completions, bare.deadline, bare.ttl, bare.ready) == (None, None, None, None)


def test_a_job_that_runs_well_says_how_far_it_is() -> None:
    found = build(f.store_of(job(completions=5, parallelism=2, succeeded=3, active=2)))
    assert (found["severity"], found["state"], found["completions"]) == ("fine", "Running", "3/5")
    assert (found["duration"], found["active"], found["reason"]) == (100, 2, "")


def test_a_failed_job_gives_the_reason_of_its_controller() -> None:
    found = build(f.store_of(job("press", FAILED, failed=7)))
    assert (found["severity"], found["failed"], found["duration"]) == ("bad", 7, 80)
    assert found["reason"] == "BackoffLimitExceeded: Job has reached the specified backoff limit"


def test_failures_that_are_retried_are_told_before_the_job_fails() -> None:
    found = build(f.store_of(job(failed=2, active=1)))
    assert (found["severity"], found["reason"]) == ("watch", "2 failed, backoffLimit 6")


def test_a_job_says_what_is_wrong_with_its_pods() -> None:
    made = job(active=1)
    found = build(f.store_of(f.node("n"), made, f.image_pull("press-x", owner=made)))
    assert found["severity"] == "bad"
    assert found["reason"].endswith("not found (1 pod)")


def test_a_failure_is_over_once_a_later_job_of_its_owner_completed() -> None:
    owner: f.Json = {"kind": "CronJob", "metadata": f.meta("CronJob", "night", "default")}
    first = job("night-1", FAILED, owner=owner, age=7200)
    later = job("night-2", *COMPLETE, owner=owner, succeeded=1)
    assert build(f.store_of(first), "night-1")["severity"] == "bad"
    found = build(f.store_of(first, later), "night-1")
    assert (found["severity"], found["state"]) == ("watch", "Failed")
    assert found["reason"].startswith("a later Job completed; BackoffLimitExceeded")
    for age, over in ((7201, False), (7200, False), (7199, True)):
        beside = job("night-2", *COMPLETE, owner=owner, succeeded=1, age=age)
        assert (build(f.store_of(first, beside), "night-1")["severity"] == "watch") is over, age
    other = job("apart", *COMPLETE, succeeded=1)
    assert build(f.store_of(first, other), "night-1")["severity"] == "bad"


def test_its_row_follows_its_pods_its_nodes_and_the_other_jobs_of_its_owner() -> None:
    owner: f.Json = {"kind": "CronJob", "metadata": f.meta("CronJob", "night", "default")}
    first, second = job("night-1", owner=owner), job("night-2", owner=owner)
    pod = f.pod("night-1-x", owner=first, node="n")
    store = f.store_of(f.node("n"), first, second, pod)
    store.drain()
    store.delete("Pod", "default", "night-1-x", "")
    assert ("Job", "default", "night-1") in set(PANE.affected(store, store.drain()))
    store.apply("Pod", row_of("Pod", pod))
    store.drain()
    store.delete("Node", "", "n", "")
    assert ("Job", "default", "night-1") in set(PANE.affected(store, store.drain()))
    store.delete("Job", "default", "night-2", "")
    assert ("Job", "default", "night-1") in set(PANE.affected(store, store.drain()))


def test_its_page_says_all_of_it_and_where_to_go_from_it() -> None:
    owner: f.Json = {"kind": "CronJob", "metadata": f.meta("CronJob", "night", "default")}
    limits = {"activeDeadlineSeconds": 600, "ttlSecondsAfterFinished": 100, "failedIndexes": "2"}
    made = job(
        "press", FAILED, owner=owner, completionMode="Indexed", completedIndexes="0,1", failed=1, **limits
    )
    pod = f.pod("press-x", owner=made, node="n", ready="False")
    store = f.store_of(f.node("n"), made, pod)
    key = ObjectKey("plant", "Job", "default", "press")
    found = store.get(*key[1:])
    text = "\n".join(plain(one) for one in detail(store, key, found, f.NOW, 100, (), ""))
    for said in (
        "! Failed",
        "! BackoffLimitExceeded: Job has reached the specified backoff limit",
        "0 of 1 succeeded, parallelism 1",
        "1 pod, backoffLimit 6",
        "completed 0,1",
        "failed 2",
        "fails once it has been active for 10m",
        "deleted 1m40s after it has ended",
        "cronjob night",
        "press:1",
        "press-x",
    ):
        assert said in text, said
    assert re.search(r"Failed +True", text)
    assert related(store, key) == [ObjectKey("plant", "Pod", "default", "press-x")]
    assert related(store, related(store, key)[0])[0] == key


def test_a_job_deleted_and_gone_leaves_no_row() -> None:
    fleet = Fleet([f.store_of(job())])
    view = fleet.view(PANE)
    view.rebuild(f.NOW)
    assert view.shown == 1
    fleet.stores["plant"].delete("Job", "default", "press", "")
    view.absorb(fleet.drain(), f.NOW)
    assert view.shown == 0


def test_jobs_are_kept_on_disk_as_they_are() -> None:
    kind = KINDS["Job"]
    assert kind.snapshot is not None
    made = row(FAILED)
    assert kind.snapshot(made) == made
