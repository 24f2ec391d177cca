"""Progressive delivery in the rollouts pane: Argo Rollouts and Canaries in a few words, and what they drive."""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.canary import CANARY, CanaryRow
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.rollout import DEGRADED, HEALTHY, PAUSED, ROLLOUT, ArgoRolloutRow
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.panes.base import BAD, FINE, UNSURE, WATCH

_WHY = {
    "BlueGreenPause": "its strategy (blue-green), until it is promoted",
    "InconclusiveAnalysisRun": "an analysis that says neither good nor bad",
}


def argo_state(row: ArgoRolloutRow) -> tuple[int, str, str]:
    """Severity, state words, and what holds it up as a sentence, empty while nothing does."""
    if row.aborted:
        text = "aborted: the stable revision serves, the template is still the new one; roll back to finish, or retry"
        return BAD, "aborted", f"{text}{f' ({row.message})' if row.message else ''}"
    if not row.phase:
        return UNSURE, "no phase yet", "its controller has said nothing of it: does Argo Rollouts run?"
    if row.phase == DEGRADED:
        return BAD, "degraded", row.message
    if row.phase == HEALTHY:
        return FINE, "healthy" if row.replicas else "scaled to 0", ""
    where = _where(row)
    if row.phase == PAUSED:
        if row.held and not row.pauses:
            return WATCH, f"paused{where}", "paused by spec.paused, until it is resumed"
        known = {**_WHY, "CanaryPauseStep": f"its step ({row.doing or 'pause'})"}
        why = ", ".join(known.get(one, one) for one in row.pauses) or row.message
        return WATCH, f"paused{where}", f"paused by {why}"
    said = row.analysis or row.message
    return WATCH, f"progressing{where}", said


def _where(row: ArgoRolloutRow) -> str:
    """ " 1/5 20%": steps done of all, and the weight that is set."""
    if row.step is None:
        return ""
    return f" {row.step}/{row.steps}{f' {row.weight}%' if row.weight is not None else ''}"


def canary_state(row: CanaryRow) -> tuple[int, str, str]:
    """The same of a Canary of Flagger."""
    target = f"{row.target_kind.lower()} {row.target_name}"
    if not row.phase:
        return UNSURE, "no phase yet", "Flagger has said nothing of it: does it run?"
    where = f" {row.weight}%" if row.runs and row.weight is not None else ""
    failed = f", {row.failed} of {row.threshold} failed checks" if row.failed and row.threshold else ""
    if row.suspended:
        return WATCH, f"suspended{where}", f"Flagger leaves {target} alone (spec.suspend)"
    if row.phase == "Failed":
        return (
            BAD,
            "failed",
            f"the analysis of {target} failed{failed}: its primary serves the template of before",
        )
    if not row.runs:
        return FINE, row.phase.lower(), ""
    if row.phase in ("Waiting", "WaitingPromotion"):
        return WATCH, f"waiting{where}", f"Flagger waits for a confirmation of {target}{failed}"
    return WATCH, f"{row.phase.lower()}{where}", f"Flagger rolls {target} out, its primary serves{failed}"


def driver_of(store: Store, kind: str, row: Row) -> str:
    """What drives the rollout of a workload in its stead, as a sentence; empty where nothing does that is known."""
    target = (row.namespace, kind, row.name)
    for one in store.rows(CANARY):
        assert isinstance(one, CanaryRow)
        if (one.namespace, one.target_kind, one.target_name) == target:
            return f"Flagger drives it (canary {one.name}: {one.words}); {row.name}-primary serves"
    workload = (row.namespace, f"{kind.lower()} {row.name}")
    for other in store.rows(ROLLOUT):
        assert isinstance(other, ArgoRolloutRow)
        if (other.namespace, other.workload) == workload:
            return f"Argo Rollout {other.name} runs its template ({other.kubectl or 'no phase yet'})"
    return ""


def driven(store: Store, change: ChangeSet) -> Iterator[tuple[str, str, str]]:
    """The workloads that may have another driver now: those of each namespace where one came, went or changed."""
    spaces = {namespace for kind in (CANARY, ROLLOUT) for namespace, _ in change.changed.get(kind, ())}
    for kind in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET) if spaces else ():
        yield from ((kind, row.namespace, row.name) for row in store.rows(kind) if row.namespace in spaces)
