"""HorizontalPodAutoscalers of autoscaling/v1: cpu in fields, everything else as JSON in annotations.

The API server itself keeps them so where a client asks for v1 (pkg/apis/autoscaling/v1/conversion.go); the behaviour
it writes with the field names of Go.
"""

from __future__ import annotations

from typing import Any

import msgspec

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
from edgetui.model.kinds.base import NotReadable
from edgetui.model.kinds.wire import Meta, Wire, WireCondition

_NOTE = "autoscaling.alpha.kubernetes.io/"
_CPU = "cpu"


class WireNotes(Wire):
    metrics: str | None = msgspec.field(name=_NOTE + "metrics", default=None)
    current: str | None = msgspec.field(name=_NOTE + "current-metrics", default=None)
    conditions: str | None = msgspec.field(name=_NOTE + "conditions", default=None)
    behavior: str | None = msgspec.field(name=_NOTE + "behavior", default=None)


class WireMetaV1(Meta):
    annotations: WireNotes | None = None


class WireSpecV1(Wire):
    scale_target_ref: WireObjectReference | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    target_cpu: int | None = msgspec.field(name="targetCPUUtilizationPercentage", default=None)


class WireStatusV1(Wire):
    last_scale_time: str | None = None
    current_replicas: int | None = None
    desired_replicas: int | None = None
    current_cpu: int | None = msgspec.field(name="currentCPUUtilizationPercentage", default=None)


class WireAutoscalerV1(Wire):
    """A HorizontalPodAutoscaler of autoscaling/v1 as it arrives."""

    metadata: WireMetaV1 | None = None
    spec: WireSpecV1 | None = None
    status: WireStatusV1 | None = None


class WireSourceV1(Wire):
    """Any metric source in an annotation, of the spec or of the status."""

    name: str | None = None
    container: str | None = None
    metric_name: str | None = None
    selector: dict[str, Any] | None = None
    metric_selector: dict[str, Any] | None = None
    target: WireObjectReference | None = None
    target_value: str | None = None
    target_average_value: str | None = None
    target_average_utilization: int | None = None
    current_value: str | None = None
    current_average_value: str | None = None
    current_average_utilization: int | None = None
    average_value: str | None = None


class WireMetricV1(Wire):
    resource: WireSourceV1 | None = None
    container_resource: WireSourceV1 | None = None
    pods: WireSourceV1 | None = None
    object: WireSourceV1 | None = None
    external: WireSourceV1 | None = None


class _GoRules(msgspec.Struct, rename="pascal"):
    stabilization_window_seconds: int | None = None
    select_policy: str | None = None


class _GoBehavior(msgspec.Struct, rename="pascal"):
    scale_up: _GoRules | None = None
    scale_down: _GoRules | None = None


_metrics = msgspec.json.Decoder(list[WireMetricV1])
_conditions = msgspec.json.Decoder(list[WireCondition])
_behavior = msgspec.json.Decoder(_GoBehavior)


def as_v2(autoscaler: WireAutoscalerV1) -> WireAutoscaler:
    """The same object as autoscaling/v2 has it. Raises NotReadable where an annotation cannot be read."""
    meta = autoscaler.metadata or WireMetaV1()
    spec = autoscaler.spec or WireSpecV1()
    status = autoscaler.status or WireStatusV1()
    notes = meta.annotations or WireNotes()
    try:
        wanted = [_metric(one) for one in _metrics.decode(notes.metrics or "[]")]
        measured = [_metric(one) for one in _metrics.decode(notes.current or "[]")]
        conditions = _conditions.decode(notes.conditions or "[]")
        behavior = _behavior.decode(notes.behavior or "{}")
    except msgspec.MsgspecError as error:
        raise NotReadable("an annotation cannot be read") from error
    if spec.target_cpu is not None:
        wanted.insert(0, _cpu(target=WireTarget(average_utilization=spec.target_cpu)))
    if status.current_cpu is not None:
        measured.append(_cpu(current=WireTarget(average_utilization=status.current_cpu)))
    return WireAutoscaler(
        metadata=meta,
        spec=WireAutoscalerSpec(
            scale_target_ref=spec.scale_target_ref,
            min_replicas=spec.min_replicas,
            max_replicas=spec.max_replicas,
            metrics=wanted,
            behavior=WireBehavior(scale_up=_rules(behavior.scale_up), scale_down=_rules(behavior.scale_down)),
        ),
        status=WireAutoscalerStatus(
            last_scale_time=status.last_scale_time,
            current_replicas=status.current_replicas,
            desired_replicas=status.desired_replicas,
            current_metrics=measured,
            conditions=conditions,
        ),
    )


def _cpu(*, target: WireTarget | None = None, current: WireTarget | None = None) -> WireMetric:
    return WireMetric(resource=WireSource(name=_CPU, target=target, current=current))


def _rules(rules: _GoRules | None) -> WireScalingRules:
    rules = rules or _GoRules()
    return WireScalingRules(
        stabilization_window_seconds=rules.stabilization_window_seconds, select_policy=rules.select_policy
    )


def _metric(metric: WireMetricV1) -> WireMetric:
    return WireMetric(
        resource=_source(metric.resource),
        container_resource=_source(metric.container_resource),
        pods=_source(metric.pods),
        object=_source(metric.object),
        external=_source(metric.external),
    )


def _source(source: WireSourceV1 | None) -> WireSource | None:
    """The same as autoscaling/v2 words it."""
    if source is None:
        return None
    selector = source.selector or source.metric_selector
    return WireSource(
        name=source.name,
        container=source.container,
        metric=WireMetricName(name=source.metric_name, selector=selector) if source.metric_name else None,
        described_object=source.target,
        target=WireTarget(
            value=source.target_value,
            average_value=source.target_average_value or source.average_value,
            average_utilization=source.target_average_utilization,
        ),
        current=WireTarget(
            value=source.current_value,
            average_value=source.current_average_value or source.average_value,
            average_utilization=source.current_average_utilization,
        ),
    )
