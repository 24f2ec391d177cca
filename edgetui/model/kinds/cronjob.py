"""CronJobs: when Jobs are made, whether they are, and which was the last (batch/v1; v1beta1 before Kubernetes 1.21)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Kind, Row, unchanged
from edgetui.model.kinds.job import JOB, WireJobSpec
from edgetui.model.kinds.wire import Meta, Wire, images, labelled, shared
from edgetui.model.text import ago, clean, duration, plural, unix

CRON_JOB = "CronJob"


class WireJobTemplate(Wire):
    spec: WireJobSpec | None = None


class WireCronJobSpec(Wire):
    schedule: str | None = None
    time_zone: str | None = None
    suspend: bool | None = None
    concurrency_policy: str | None = None
    starting_deadline_seconds: int | None = None
    successful_jobs_history_limit: int | None = None
    failed_jobs_history_limit: int | None = None
    job_template: WireJobTemplate | None = None


class WireCronJobStatus(Wire):
    active: list[Any] | None = None
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class WireCronJob(Wire):
    """A CronJob as it arrives."""

    metadata: Meta | None = None
    spec: WireCronJobSpec | None = None
    status: WireCronJobStatus | None = None


class CronJobRow(Row):
    """A CronJob.

    `schedule` is in cron's format, in `time_zone` (an IANA name, empty for that of the controller). `active` is how
    many of its Jobs run. `scheduled` is when it last made one, `succeeded` when one last completed (Unix s, 0 never).
    `starting_deadline` is how many seconds late it may still make one, None for any. `concurrency` is "Allow", "Forbid"
    or "Replace".
    """

    schedule: str = ""
    time_zone: str = ""
    suspended: bool = False
    concurrency: str = "Allow"
    starting_deadline: int | None = None
    active: int = 0
    scheduled: int = 0
    succeeded: int = 0
    successful_limit: int = 3
    failed_limit: int = 1
    images: tuple[str, ...] = ()


def project(cron_job: WireCronJob) -> CronJobRow:
    """The row of a CronJob."""
    spec, status = cron_job.spec or WireCronJobSpec(), cron_job.status or WireCronJobStatus()
    template = spec.job_template.spec if spec.job_template else None
    kept, failed = spec.successful_jobs_history_limit, spec.failed_jobs_history_limit
    return CronJobRow(
        **labelled(cron_job.metadata),
        schedule=clean(spec.schedule, 120),
        time_zone=shared(clean(spec.time_zone, 60)),
        suspended=bool(spec.suspend),
        concurrency=shared(clean(spec.concurrency_policy, 20)) or "Allow",
        starting_deadline=spec.starting_deadline_seconds,
        active=len(status.active or ()),
        scheduled=unix(status.last_schedule_time),
        succeeded=unix(status.last_successful_time),
        successful_limit=3 if kept is None else kept,
        failed_limit=1 if failed is None else failed,
        images=images(template.template if template else None),
    )


def facts(row: CronJobRow, now: float) -> Iterator[Fact]:
    """What its page says of it, beside its state and its Jobs."""
    zone = row.time_zone or "time zone of the kube-controller-manager"
    yield Fact("schedule", f"{row.schedule} ({zone})")
    if row.suspended:
        yield Fact("suspended", "no Jobs are created until it is resumed", bad=True)
    yield Fact("active", plural(row.active, "Job"))
    yield Fact("scheduled", f"{ago(row.scheduled, now)} ago" if row.scheduled else "not yet")
    yield Fact(
        "succeeded", f"{ago(row.succeeded, now)} ago" if row.succeeded else "never, as far as is known"
    )
    yield Fact("concurrency", row.concurrency)
    if row.starting_deadline is not None:
        yield Fact("deadline", f"a Job that could not start for {duration(row.starting_deadline)} is skipped")
    yield Fact("history", f"keeps {row.successful_limit} successful and {row.failed_limit} failed Jobs")
    for image in row.images:
        yield Fact("image", image)


def _v1beta1() -> Kind:
    return replace(KIND, version="v1beta1")


KIND: Kind = Kind(
    name=CRON_JOB,
    plural="cronjobs",
    group="batch",
    version="v1",
    namespaced=True,
    wire=WireCronJob,
    row=CronJobRow,
    project=project,
    short_names=("cj",),
    older={"v1beta1": _v1beta1},
    owns=(JOB,),
    snapshot=unchanged,
    facts=facts,
)
