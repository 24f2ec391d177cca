"""A nightly backup: a CronJob with the Jobs of the last nights. Nothing runs them: they have ended, or wait."""

from __future__ import annotations

from edgetui.demo.controllers.manager import owner_reference
from edgetui.demo.resources import CRONJOBS, JOBS
from edgetui.demo.simulation import Simulation
from edgetui.demo.storage import Object
from edgetui.demo.templates import Container, template
from edgetui.demo.times import stamp

DAY = 86_400.0
TOOK = 340.0


def add_backups(site: Simulation, namespace: str, image: str, now: float) -> None:
    """Last night's backup failed, the night before it did not; `now` is in Unix seconds."""
    pod = template("backup", Container(image, "50m", "64Mi"))
    pod["spec"]["restartPolicy"] = "Never"
    job: Object = {"backoffLimit": 1, "completions": 1, "parallelism": 1, "suspend": False, "template": pod}
    night = now - now % DAY
    meta: Object = {"namespace": namespace, "name": "backup", "creationTimestamp": stamp(night - 9 * DAY)}
    owner = site.add(
        CRONJOBS,
        {
            "metadata": dict(meta),
            "spec": {
                "schedule": "0 0 * * *",
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "suspend": False,
                "jobTemplate": {"spec": job},
            },
            "status": {"lastScheduleTime": stamp(night), "lastSuccessfulTime": stamp(night - DAY + TOOK)},
        },
    )
    for began, good in ((night - DAY, True), (night, False)):
        name = f"backup-{int(began) // 60}"
        own = {
            **meta,
            "name": name,
            "creationTimestamp": stamp(began),
            "ownerReferences": [owner_reference(CRONJOBS, owner)],
        }
        site.add(JOBS, {"metadata": own, "spec": job, "status": _status(began, good)})


def _status(began: float, good: bool) -> Object:
    end = stamp(began + TOOK)
    if good:
        ended = ("Complete", "CompletionsReached", "Reached expected number of succeeded pods")
        counts: Object = {"succeeded": 1, "completionTime": end}
    else:
        ended = ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit")
        counts = {"failed": 2}
    type_, reason, message = ended
    condition = {"type": type_, "status": "True", "reason": reason, "message": message}
    condition |= {"lastTransitionTime": end, "lastProbeTime": end}
    return {"startTime": stamp(began), **counts, "conditions": [condition]}
