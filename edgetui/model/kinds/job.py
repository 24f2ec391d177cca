"""Jobs: how many of its pods have succeeded and failed, and why it has failed (batch/v1, since Kubernetes 1.2)."""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.kinds.base import Fact, Kind, Row, unchanged
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.wire import (
    Condition,
    ImageTemplate,
    Meta,
    Wire,
    WireCondition,
    condition,
    conditions,
    images,
    labelled,
    shared,
)
from edgetui.model.text import ago, clean, duration, plural, unix

JOB = "Job"
DEFAULT_BACKOFF_LIMIT = 6
"""`spec.backoffLimit` where the server left it out."""


class WireJobSpec(Wire):
    parallelism: int | None = None
    completions: int | None = None
    completion_mode: str | None = None
    backoff_limit: int | None = None
    active_deadline_seconds: int | None = None
    ttl_seconds_after_finished: int | None = None
    suspend: bool | None = None
    template: ImageTemplate | None = None


class WireJobStatus(Wire):
    active: int | None = None
    ready: int | None = None
    succeeded: int | None = None
    failed: int | None = None
    start_time: str | None = None
    completion_time: str | None = None
    completed_indexes: str | None = None
    failed_indexes: str | None = None
    conditions: list[WireCondition] | None = None


class WireJob(Wire):
    """A Job as it arrives."""

    metadata: Meta | None = None
    spec: WireJobSpec | None = None
    status: WireJobStatus | None = None


class JobRow(Row):
    """A Job.

    `completions` is how many pods must succeed, None for a work queue, where one success ends it. `active`,
    `succeeded` and `failed` count pods; `ready` is None on servers that do not count it. `started` and `completed` are
    Unix s, 0 for not yet. `backoff_limit` is how many failures it takes, `deadline` how many seconds it may be active
    and `ttl` after how many seconds it is deleted once it has ended, None for no limit.
    """

    completions: int | None = None
    parallelism: int = 1
    indexed: bool = False
    active: int = 0
    ready: int | None = None
    succeeded: int = 0
    failed: int = 0
    started: int = 0
    completed: int = 0
    backoff_limit: int = DEFAULT_BACKOFF_LIMIT
    deadline: int | None = None
    ttl: int | None = None
    suspended: bool = False
    completed_indexes: str = ""
    failed_indexes: str = ""
    conditions: tuple[Condition, ...] = ()
    images: tuple[str, ...] = ()

    def condition(self, type_: str) -> Condition | None:
        """The condition of a type, where it is true."""
        found = condition(self.conditions, type_)
        return found if found is not None and found.status == "True" else None

    @property
    def status(self) -> str:
        """The word in the STATUS column of kubectl (printJob of k8s.io/kubernetes/pkg/printers/internalversion)."""
        if self.condition("Complete"):
            return "Complete"
        if self.condition("Failed"):
            return "Failed"
        if self.deleting:
            return "Terminating"
        return next(
            (one for one in ("Suspended", "FailureTarget", "SuccessCriteriaMet") if self.condition(one)),
            "Running",
        )

    @property
    def ended(self) -> int:
        """When it ended (Unix s), 0 while it has not; a Job that failed has no completion time."""
        end = self.condition("Complete") or self.condition("Failed")
        return self.completed or (end.since if end else 0)

    @property
    def wanted(self) -> int:
        """How many pods must succeed."""
        return 1 if self.completions is None else self.completions

    @property
    def why(self) -> str:
        """Why it has failed, or is about to, in the words of its controller; empty while it has not."""
        found = self.condition("Failed") or self.condition("FailureTarget")
        return ": ".join(part for part in (found.reason, found.message) if part) if found else ""


def project(job: WireJob) -> JobRow:
    """The row of a Job."""
    spec, status = job.spec or WireJobSpec(), job.status or WireJobStatus()
    limit = spec.backoff_limit
    return JobRow(
        **labelled(job.metadata),
        completions=spec.completions,
        parallelism=1 if spec.parallelism is None else spec.parallelism,
        indexed=spec.completion_mode == "Indexed",
        active=status.active or 0,
        ready=status.ready,
        succeeded=status.succeeded or 0,
        failed=status.failed or 0,
        started=unix(status.start_time),
        completed=unix(status.completion_time),
        backoff_limit=DEFAULT_BACKOFF_LIMIT if limit is None else limit,
        deadline=spec.active_deadline_seconds,
        ttl=spec.ttl_seconds_after_finished,
        suspended=bool(spec.suspend),
        completed_indexes=shared(clean(status.completed_indexes, 80)),
        failed_indexes=shared(clean(status.failed_indexes, 80)),
        conditions=conditions(status.conditions),
        images=images(spec.template),
    )


def facts(row: JobRow, now: float) -> Iterator[Fact]:
    """What its page says of it, beside its state, its conditions and its pods."""
    yield Fact("completions", f"{row.succeeded} of {row.wanted} succeeded, parallelism {row.parallelism}")
    ready = "" if row.ready is None else f", {row.ready} ready"
    yield Fact("active", f"{plural(row.active, 'pod')}{ready}")
    yield Fact("failed", f"{plural(row.failed, 'pod')}, backoffLimit {row.backoff_limit}", bad=row.failed > 0)
    if row.indexed:
        yield Fact("indexes", f"completed {row.completed_indexes or 'none'}")
    if row.failed_indexes:
        yield Fact("", f"failed {row.failed_indexes}", bad=True)
    if row.suspended:
        yield Fact("suspended", "no pods are created until it is resumed", bad=True)
    if row.started:
        yield Fact("started", f"{ago(row.started, now)} ago")
        yield Fact("duration", duration((row.ended or now) - row.started))
    if row.deadline is not None:
        yield Fact("deadline", f"fails once it has been active for {duration(row.deadline)}")
    if row.ttl is not None:
        yield Fact("ttl", f"deleted {duration(row.ttl)} after it has ended")
    for image in row.images:
        yield Fact("image", image)


KIND = Kind(
    name=JOB,
    plural="jobs",
    group="batch",
    version="v1",
    namespaced=True,
    wire=WireJob,
    row=JobRow,
    project=project,
    owns=(POD,),
    snapshot=unchanged,
    facts=facts,
    good={"Failed": "False", "FailureTarget": "False", "Suspended": "False"},
)
