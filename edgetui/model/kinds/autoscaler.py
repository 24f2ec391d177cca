"""HorizontalPodAutoscalers: target, bounds, metrics of all types, reasons.

autoscaling/v2 and v2beta2 have one shape; v1 keeps in annotations what it has no fields for, see `autoscaler_v1`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.autoscaler_wire import (
    WireAutoscaler,
    WireAutoscalerSpec,
    WireAutoscalerStatus,
    WireBehavior,
    WireMetric,
    WireMetricName,
    WireObjectReference,
    WireScalingRules,
    WireSource,
    WireTarget,
)
from edgetui.model.kinds.base import Kind, NotReadable, Row, Watched, unchanged
from edgetui.model.kinds.wire import (
    Condition,
    condition,
    conditions,
    labelled,
    shared,
)
from edgetui.model.text import clean, quantity, unix

AUTOSCALER = "HorizontalPodAutoscaler"

_MOST_RATIO = 1e9  # beyond it the numbers are nonsense, and no replica count can be made of them


class Metric(msgspec.Struct, gc=False, frozen=True):
    """One metric: `current` and `target` as the API words them ("93%", "250m"; current "" while unknown).

    `ratio` is current divided by target, None while unknown. `average` is true when the target is per pod
    and not a percentage. `id` tells it from every other metric of its autoscaler, wherever it stands.
    """

    label: str
    current: str
    target: str
    ratio: float | None = None
    average: bool = False
    id: str = ""


class AutoscalerRow(Row):
    """A HorizontalPodAutoscaler.

    `current` is None until the controller has looked. `desired` is its number and reads 0 while it does not know: draw
    `wants` instead.
    `last_scale` is Unix s. `down_window` and `up_window` are the stabilisation windows in seconds.
    `down_disabled` and `up_disabled` are true when that direction is switched off (selectPolicy Disabled).
    """

    target_kind: str = ""
    target_name: str = ""
    target_api: str = ""
    min: int = 1
    max: int = 0
    current: int | None = None
    desired: int = 0
    metrics: tuple[Metric, ...] = ()
    conditions: tuple[Condition, ...] = ()
    last_scale: int = 0
    down_window: int = 300
    up_window: int = 0
    down_disabled: bool = False
    up_disabled: bool = False

    @property
    def active(self) -> Condition | None:
        return condition(self.conditions, "ScalingActive")

    @property
    def able(self) -> Condition | None:
        return condition(self.conditions, "AbleToScale")

    @property
    def limited(self) -> Condition | None:
        return condition(self.conditions, "ScalingLimited")

    @property
    def working(self) -> bool:
        """Whether it has metrics to decide by; without them it only keeps the bounds."""
        return self.active is not None and self.active.status == "True"

    @property
    def wants(self) -> int | None:
        """The replicas the controller has decided on; None while it does not know."""
        return self.desired if self.working else None


def project(autoscaler: WireAutoscaler) -> AutoscalerRow:
    """The row of a HorizontalPodAutoscaler. Raises NotReadable where it has no maximum, which the API requires."""
    spec = autoscaler.spec or WireAutoscalerSpec()
    status = autoscaler.status or WireAutoscalerStatus()
    target = spec.scale_target_ref or WireObjectReference()
    behavior = spec.behavior or WireBehavior()
    down = behavior.scale_down or WireScalingRules()
    up = behavior.scale_up or WireScalingRules()
    if spec.max_replicas is None:
        raise NotReadable("it has no maxReplicas")
    return AutoscalerRow(
        **labelled(autoscaler.metadata),
        target_kind=shared(target.kind),
        target_name=shared(target.name),
        target_api=shared(target.api_version),
        min=1 if spec.min_replicas is None else spec.min_replicas,
        max=spec.max_replicas,
        current=_current(status),
        desired=status.desired_replicas or 0,
        metrics=tuple(_metric(wanted, status.current_metrics or ()) for wanted in spec.metrics or ()),
        conditions=conditions(status.conditions),
        last_scale=unix(status.last_scale_time),
        down_window=300 if down.stabilization_window_seconds is None else down.stabilization_window_seconds,
        up_window=up.stabilization_window_seconds or 0,
        down_disabled=down.select_policy == "Disabled",
        up_disabled=up.select_policy == "Disabled",
    )


def _current(status: WireAutoscalerStatus) -> int | None:
    """The API leaves a 0 out; without a condition the controller has not looked, and nothing is known."""
    return 0 if status.current_replicas is None and status.conditions else status.current_replicas


def _identity(metric: WireMetric) -> tuple[Any, ...]:
    """What names a metric within its autoscaler; what is measured of it has the same."""
    for kind in ("resource", "container_resource", "pods", "object", "external"):
        source: WireSource | None = getattr(metric, kind)
        if source is not None:
            metric_name = source.metric or WireMetricName()
            of = source.described_object or WireObjectReference()
            selector = metric_name.selector or None
            return (kind, source.name, source.container, metric_name.name, selector, of.kind, of.name)
    return ()


def _metric(wanted: WireMetric, measured: Sequence[WireMetric]) -> Metric:
    source = wanted.source() or WireSource()
    target = source.target or WireTarget()
    same = _identity(wanted)
    name = shared(repr(same)) if same else ""
    readings = [one.source() for one in measured if same and _identity(one) == same]
    now = next((one.current for one in readings if one and one.current), WireTarget())
    label = _label(source)
    if target.average_utilization is not None:
        known = now.average_utilization
        goal = target.average_utilization
        ratio = known / goal if known is not None and goal else None
        return Metric(label, "" if known is None else f"{known}%", f"{goal}%", ratio, id=name)
    average = target.average_value is not None
    wish, seen = (target.average_value, now.average_value) if average else (target.value, now.value)
    return Metric(label, clean(seen, 20), clean(wish, 20), _ratio(seen, wish), average, name)


def _ratio(seen: str | None, goal: str | None) -> float | None:
    above, below = quantity(seen), quantity(goal)
    ratio = above / below if above is not None and below else None
    return ratio if ratio is not None and abs(ratio) < _MOST_RATIO else None


def _label(source: WireSource) -> str:
    """What is measured: "cpu", "cpu of app", "queue_length", "requests of Ingress/main"."""
    name = source.name or (source.metric.name if source.metric else None) or "?"
    of = source.container
    if source.described_object:
        of = f"{source.described_object.kind}/{source.described_object.name}"
    return shared(clean(f"{name} of {of}" if of else name, 80))


def _v1() -> Kind:
    from edgetui.model.kinds.autoscaler_v1 import WireAutoscalerV1, as_v2

    def project_v1(autoscaler: WireAutoscalerV1) -> AutoscalerRow:
        return project(as_v2(autoscaler))

    return replace(KIND, version="v1", wire=WireAutoscalerV1, project=project_v1)


def _v2beta2() -> Kind:
    return replace(KIND, version="v2beta2")


KIND: Kind = Kind(
    name=AUTOSCALER,
    plural="horizontalpodautoscalers",
    group="autoscaling",
    version="v2",
    namespaced=True,
    wire=WireAutoscaler,
    row=AutoscalerRow,
    project=project,
    short_names=("hpa",),
    said="autoscaler",
    older={"v2beta2": _v2beta2, "v1": _v1},
    watched=Watched.ALWAYS,
    polled=60.0,  # its metrics change it four times a minute
    snapshot=unchanged,
)
