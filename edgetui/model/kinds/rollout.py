"""Argo Rollouts: a Rollout, its phase as `kubectl argo rollouts` tells it, its step, weight and analysis.

Field by field after pkg/apis/rollouts/v1alpha1/types.go, the phase after GetRolloutPhase (utils/rollout), 1.10.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Kind
from edgetui.model.kinds.replicaset import REPLICA_SET
from edgetui.model.kinds.wire import Meta, Wire, WireCondition, conditions, images, labelled, number, shared
from edgetui.model.kinds.workload import WireWorkloadSpec, WorkloadRow
from edgetui.model.text import clean, duration, elide_middle, seconds_of, unix

ROLLOUT = "Rollout"
HEALTHY, PROGRESSING, PAUSED, DEGRADED = "Healthy", "Progressing", "Paused", "Degraded"
DEADLINE_PASSED = "ProgressDeadlineExceeded"
_UNSEEN = "waiting for rollout spec update to be observed"
_UNSEEN_WORKLOAD = f"{_UNSEEN} for the reference workload"
TEMPLATE_HASH = "rollouts-pod-template-hash"
REVISION = "rollout.argoproj.io/revision"


class WireNotes(Wire):
    revision: str | None = msgspec.field(name=REVISION, default=None)
    workload_generation: str | None = msgspec.field(
        name="rollout.argoproj.io/workload-generation", default=None
    )


class RolloutMeta(Meta):
    annotations: WireNotes | None = None


class WirePause(Wire):
    duration: int | str | None = None


class WireAny(Wire):
    """An object of which only its presence counts."""


class WireStep(Wire):
    """One of `spec.strategy.canary.steps`: it has one of these."""

    set_weight: int | None = None
    pause: WirePause | None = None
    experiment: WireAny | None = None
    analysis: WireAny | None = None
    set_canary_scale: WireAny | None = None
    set_header_route: WireAny | None = None
    set_mirror_route: WireAny | None = None
    plugin: WireAny | None = None


class WireCanary(Wire):
    steps: list[WireStep] | None = None


class WireBlueGreen(Wire):
    active_service: str | None = None


class WireStrategy(Wire):
    canary: WireCanary | None = None
    blue_green: WireBlueGreen | None = None


class WireWorkloadRef(Wire):
    kind: str | None = None
    name: str | None = None
    scale_down: str | None = None


class WireRolloutSpec(WireWorkloadSpec):
    paused: bool | None = None
    strategy: WireStrategy | None = None
    workload_ref: WireWorkloadRef | None = None


class WirePauseCondition(Wire):
    reason: str | None = None
    start_time: str | None = None


class WireAnalysis(Wire):
    name: str | None = None
    status: str | None = None
    message: str | None = None


class WireWeight(Wire):
    weight: int | None = None


class WireWeights(Wire):
    canary: WireWeight | None = None


class WireCanaryStatus(Wire):
    weights: WireWeights | None = None
    current_step_analysis_run_status: WireAnalysis | None = None
    current_background_analysis_run_status: WireAnalysis | None = None


class WireBlueGreenStatus(Wire):
    active_selector: str | None = None
    preview_selector: str | None = None
    pre_promotion_analysis_run_status: WireAnalysis | None = None
    post_promotion_analysis_run_status: WireAnalysis | None = None


class WireRolloutStatus(Wire):
    phase: str | None = None
    message: str | None = None
    abort: bool | None = None
    promote_full: bool | None = None
    controller_pause: bool | None = None
    current_step_index: int | None = None
    stable_rs: str | None = msgspec.field(name="stableRS", default=None)
    current_pod_hash: str | None = None
    observed_generation: str | int | None = None
    workload_observed_generation: str | int | None = None
    pause_conditions: list[WirePauseCondition] | None = None
    replicas: int | None = None
    updated_replicas: int | None = None
    ready_replicas: int | None = None
    available_replicas: int | None = None
    canary: WireCanaryStatus | None = None
    blue_green: WireBlueGreenStatus | None = None
    conditions: list[WireCondition] | None = None


class WireRollout(Wire):
    """A Rollout as it arrives."""

    metadata: RolloutMeta | None = None
    spec: WireRolloutSpec | None = None
    status: WireRolloutStatus | None = None


class ArgoRolloutRow(WorkloadRow):
    """A Rollout.

    `phase` and `message` are those of `kubectl argo rollouts status`, "" while its controller has said nothing. `step`
    of `steps` are done, None where it has no steps; `doing` is the present one in words. `weight` is the share of
    traffic in percent that the present step sets, None for blue-green and without steps; `routed` what its traffic
    router says that the new revision gets, None without one. `pauses` are the reasons why its controller holds it,
    `held` is whether `spec.paused` does. `stable` and `newest` are template hashes. `analysis` is what the running
    analysis says, `inconclusive` whether that of its present step ended without saying good or bad. `workload` names
    the object that has its template, "" where it has its own.
    """

    phase: str = ""
    message: str = ""
    strategy: str = ""
    step: int | None = None
    steps: int = 0
    doing: str = ""
    weight: int | None = None
    routed: int | None = None
    pauses: tuple[str, ...] = ()
    paused_since: int = 0
    held: bool = False
    aborted: bool = False
    stable: str = ""
    newest: str = ""
    revision: int = 0
    updated: int = 0
    analysis: str = ""
    inconclusive: bool = False
    workload: str = ""

    @property
    def promoted(self) -> bool:
        """Whether its newest template is the one that serves (IsFullyPromoted)."""
        return bool(self.stable) and self.stable == self.newest

    @property
    def complete(self) -> bool:
        """Whether its newest template has all of it, and all of it serves; one that wants no pods shows nothing."""
        return self.promoted and self.phase == HEALTHY and 0 < self.available >= self.replicas

    @property
    def behind(self) -> bool:
        """Whether its controller has not acted on the newest template yet."""
        return self.generation > self.observed or self.message in (_UNSEEN, _UNSEEN_WORKLOAD)

    @property
    def overdue(self) -> bool:
        """Whether its progress deadline has passed."""
        return self.phase == DEGRADED and self.message.startswith(DEADLINE_PASSED)

    @property
    def refused(self) -> bool:
        """Whether its controller takes its spec for invalid, and does nothing with it."""
        return self.phase == DEGRADED and self.message.startswith("InvalidSpec")

    @property
    def progress(self) -> str:
        """Its step in words; empty where it has none, or was aborted."""
        if self.step is None or self.aborted:
            return ""
        return f"{self.step} of {self.steps} done{f', now {self.doing}' if self.doing else ''}"

    @property
    def kubectl(self) -> str:
        """What `kubectl argo rollouts status` prints."""
        return " - ".join(filter(None, (self.phase, self.message)))


def project(rollout: WireRollout) -> ArgoRolloutRow:
    """The row of a Rollout."""
    meta = rollout.metadata or RolloutMeta()
    spec = rollout.spec or WireRolloutSpec()
    status = rollout.status or WireRolloutStatus()
    phase, message = _phase(meta, spec, status)
    strategy = spec.strategy or WireStrategy()
    steps = (strategy.canary.steps if strategy.canary else None) or []
    at = min(max(0, status.current_step_index or 0), len(steps)) if steps else None
    ref = spec.workload_ref
    pauses = status.pause_conditions or []
    weights = status.canary.weights if status.canary else None
    return ArgoRolloutRow(
        **labelled(meta),
        generation=meta.generation or 0,
        observed=_number(status.observed_generation) or 0,
        replicas=1 if spec.replicas is None else spec.replicas,
        current=status.replicas or 0,
        ready=status.ready_replicas or 0,
        available=status.available_replicas or 0,
        updated=status.updated_replicas or 0,
        conditions=conditions(status.conditions),
        images=images(spec.template),
        phase=shared(phase),
        message=shared(elide_middle(message, 300)),
        strategy="blue-green" if strategy.blue_green else "canary" if strategy.canary else "",
        step=at,
        steps=len(steps),
        doing=shared(_doing(steps[at])) if at is not None and at < len(steps) else "",
        weight=_weight(steps, at, status),
        routed=weights.canary.weight if weights and weights.canary else None,
        pauses=tuple(shared(clean(one.reason, 60)) for one in pauses),
        paused_since=min((unix(one.start_time) for one in pauses), default=0),
        held=bool(spec.paused),
        aborted=bool(status.abort),
        stable=shared(status.stable_rs),
        newest=shared(status.current_pod_hash),
        revision=number(meta.annotations.revision) if meta.annotations else 0,
        analysis=shared(_analysis(status)),
        inconclusive=_inconclusive(status),
        workload=shared(clean(f"{(ref.kind or '').lower()} {ref.name}", 120)) if ref and ref.name else "",
    )


def _number(text: str | int | None) -> int | None:
    """A generation: a number since 0.10, as a string; None for the hash of older controllers."""
    if isinstance(text, str):
        return int(text) if len(text) < 20 and text.isascii() and text.isdigit() else None
    return text


def _phase(meta: RolloutMeta, spec: WireRolloutSpec, status: WireRolloutStatus) -> tuple[str, str]:
    """What a client says: its controller writes the phase, which may be of an older spec."""
    observed = _number(status.observed_generation)
    if observed is not None and observed < (meta.generation or 0):
        return PROGRESSING, _UNSEEN
    if status.controller_pause and not status.pause_conditions:
        return PROGRESSING, "waiting for rollout to unpause"
    wanted = _number(meta.annotations.workload_generation) if meta.annotations else None
    seen = _number(status.workload_observed_generation)
    if spec.workload_ref and wanted is not None and seen is not None and wanted != seen:
        return PROGRESSING, _UNSEEN_WORKLOAD
    return status.phase or "", status.message or ""


def _weight(steps: list[WireStep], at: int | None, status: WireRolloutStatus) -> int | None:
    """The weight of the last setWeight up to the present step (GetCurrentSetWeight)."""
    if at is None:
        return None
    if status.abort:
        return 0
    if at >= len(steps):
        return 100
    return next((one.set_weight for one in steps[at::-1] if one.set_weight is not None), 0)


def _doing(step: WireStep) -> str:
    if step.set_weight is not None:
        return f"setWeight {step.set_weight}"
    if step.pause is not None:
        span = step.pause.duration
        seconds = seconds_of(str(span)) if span is not None else None
        return f"pause {duration(seconds)}" if seconds is not None else "pause until promoted"
    names = ("analysis", "experiment", "set_canary_scale", "set_header_route", "set_mirror_route", "plugin")
    found = next((name for name in names if getattr(step, name) is not None), "")
    head, *rest = found.split("_")
    return head + "".join(one.capitalize() for one in rest)


def _analysis(status: WireRolloutStatus) -> str:
    canary, blue = status.canary or WireCanaryStatus(), status.blue_green or WireBlueGreenStatus()
    runs = (
        canary.current_step_analysis_run_status,
        canary.current_background_analysis_run_status,
        blue.pre_promotion_analysis_run_status,
        blue.post_promotion_analysis_run_status,
    )
    told = [
        f"{clean(one.name, 80)} {clean(one.status, 40)}{f': {clean(one.message, 120)}' if one.message else ''}"
        for one in runs
        if one is not None and one.status
    ]
    return "; ".join(told)


def _inconclusive(status: WireRolloutStatus) -> bool:
    run = status.canary.current_step_analysis_run_status if status.canary else None
    return run is not None and run.status == "Inconclusive"


def facts(row: ArgoRolloutRow, now: float) -> Iterator[Fact]:
    """What its page says of it."""
    yield Fact(
        "replicas", f"{row.replicas} desired, {row.current} current, {row.updated} updated, {row.ready} ready"
    )
    yield Fact("revision", f"{row.revision or 'not known'} ({row.strategy or 'no strategy'})")
    if row.progress:
        yield Fact("step", row.progress)
    if row.weight is not None:
        routed = f", its router says {row.routed} %" if row.routed is not None else ""
        yield Fact("weight", f"{row.weight} % set for the new revision{routed}")
    if row.held:
        yield Fact("paused", "by spec.paused", bad=True)
    if row.pauses:
        since = f" for {duration(now - row.paused_since)}" if row.paused_since else ""
        yield Fact("paused", f"by its controller{since}: {', '.join(row.pauses)}", bad=True)
    if row.analysis:
        yield Fact("analysis", row.analysis)
    if row.aborted:
        yield Fact(
            "aborted",
            "the stable revision serves; the template is still the new one: roll back or retry",
            bad=True,
        )
    yield Fact(
        "stable", f"{row.stable or 'not known'}{'' if row.promoted else f', newest {row.newest or chr(63)}'}"
    )
    if row.workload:
        yield Fact("template", f"that of {row.workload} (workloadRef)")
    for image in row.images:
        yield Fact("image", image)


def on_disk(row: ArgoRolloutRow) -> ArgoRolloutRow:
    """The row without what a controller wrote as free text."""
    return replace(row, message="", analysis="")


KIND = Kind(
    name=ROLLOUT,
    plural="rollouts",
    group="argoproj.io",
    version="v1alpha1",
    namespaced=True,
    wire=WireRollout,
    row=ArgoRolloutRow,
    project=project,
    snapshot=on_disk,
    short_names=("ro",),
    owns=(REPLICA_SET,),
    facts=facts,
    good={"Paused": "False", "RolloutAborted": "False", "InvalidSpec": "False", "ReplicaFailure": "False"},
)
