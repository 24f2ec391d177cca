"""Trigger a CronJob: create the Job that it would create at its next time, now, as `kubectl create job --from` does."""

from __future__ import annotations

import secrets
from typing import Any

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import facts
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Spec, no_answer
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Plan, Receipt
from edgetui.cluster.errors import EdgetuiError, NotFound, OutcomeUnknown, ServerFailure
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.cronjob import CRON_JOB, CronJobRow
from edgetui.model.kinds.job import JOB
from edgetui.model.redacted import Discreet
from edgetui.model.text import plural

LONGEST_NAME = 63
"""Letters of a Job's name: its pods carry it as a label."""


class TriggerView(Discreet, frozen=True):
    """A CronJob as it is now, and the name of the Job that is to be created. `there` may hold secrets."""

    SHOWN = ("ref", "job")

    ref: ObjectRef
    row: CronJobRow
    there: Json
    job: str

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def path(self) -> str:
        """Where its Job will be."""
        return KINDS[JOB].path(self.ref.key.namespace, self.job)


async def _read(aim: Aim) -> TriggerView:
    """The CronJob, and a name that no other Job has."""
    needs(aim.action, aim.ref.key.kind)
    there = await read(aim.session, aim.ref)
    row, metadata = row_of(aim.ref.key.kind, there), there["metadata"]
    assert isinstance(row, CronJobRow)
    suffix = f"-manual-{secrets.token_hex(3)}"
    name = metadata["name"][: LONGEST_NAME - len(suffix)] + suffix
    return TriggerView(ObjectRef(aim.ref.key, metadata["uid"], metadata["resourceVersion"]), row, there, name)


def job_of(view: TriggerView) -> Json:
    """The Job: the CronJob's template, owned by it, marked as made by hand."""
    template: Json = view.there["spec"]["jobTemplate"]
    metadata: Json = template.get("metadata") or {}
    owner = {
        "apiVersion": "batch/v1",
        "kind": CRON_JOB,
        "name": view.ref.key.name,
        "uid": view.ref.uid,
        "controller": True,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": JOB,
        "metadata": {
            "name": view.job,
            "labels": metadata.get("labels") or {},
            "annotations": {
                **(metadata.get("annotations") or {}),
                "cronjob.kubernetes.io/instantiate": "manual",
            },
            "ownerReferences": [owner],
        },
        "spec": template["spec"],
    }


def plan(session: Any, view: TriggerView) -> Plan:
    """What a person agrees to."""
    row, warnings = view.row, []
    if row.active:
        warnings.append(
            f"It has {plural(row.active, 'active Job')} already; "
            f"its concurrencyPolicy {row.concurrency} does not hold for a Job made by hand."
        )
    if row.suspended:
        warnings.append("It is suspended; the Job is created all the same.")
    return Plan(
        action="trigger",
        cluster=session.name,
        target=view.ref,
        title=f"Trigger {view.words} in {view.ref.key.namespace} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("schedule", row.schedule),
            ("job", view.job),
            *(("image", image) for image in row.images),
        ),
        warnings=tuple(warnings),
        writes=(f"create Job/{view.job} from its jobTemplate",),
    )


async def carry_out(gate: Gate, aim: Aim, view: TriggerView, answer: None, wait: float | None) -> Receipt:
    """Create the Job, once: a name of its own lets a lost answer be told from a lost request."""
    key, session = view.ref.key, aim.session
    write = Write(
        "POST",
        KINDS[JOB].path(key.namespace),
        job_of(view),
        f"create Job {view.job} from {view.words}",
        before={},
        after={"job": view.job},
    )
    async with gate.run(session, "trigger", view.ref, needs("trigger", key.kind), key.namespace) as run:
        await run.rehearse(write)
        await run.confirm(plan(session, view))
        run.step(f"Creating Job {view.job}", "doing")
        ending = await _created(run, view, write)
        data = {"job": view.job, **ending.data}
        receipt = Receipt("trigger", session.name, view.ref, ending.ok, ending.lines, data, ending.pending)
        return await run.finish(receipt)


async def _created(run: Run, view: TriggerView, write: Write) -> Ending:
    done = f"Job {view.job} is created."
    try:
        await run.write(write)
    except (OutcomeUnknown, ServerFailure) as lost:
        try:
            await run.session.api.get(view.path)
        except EdgetuiError as problem:
            missing = isinstance(problem, NotFound)
            seen = f"there is no Job {view.job} now" if missing else problem.clause
            said = f"It may yet arrive: {lost.sentence} {seen[:1].upper()}{seen[1:]}."
            next_step = f"Look for Job {view.job} before you repeat it."
            return Ending(False, False, (said, next_step), {"unknown": True})
        await run.found("The write arrived, only its answer was lost")
    return Ending(True, False, (done, "The jobs pane shows how it goes on."))


SPEC: Spec[TriggerView, None] = Spec(
    read=_read,
    answer=no_answer,
    title=lambda view, answer: f"Trigger {view.words}",
    procedure=carry_out,
    final="A Job that was created is not taken back; delete it",
    example="for example cj/night",
)
