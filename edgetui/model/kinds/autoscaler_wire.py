"""HorizontalPodAutoscalers of autoscaling/v2 as they arrive: the fields that are used."""

from __future__ import annotations

from typing import Any

from edgetui.model.kinds.wire import Meta, Wire, WireCondition


class WireTarget(Wire):
    """`target` of a metric in the spec and `current` in the status: the same three values."""

    value: str | None = None
    average_value: str | None = None
    average_utilization: int | None = None


class WireMetricName(Wire):
    name: str | None = None
    selector: dict[str, Any] | None = None


class WireObjectReference(Wire):
    kind: str | None = None
    name: str | None = None
    api_version: str | None = None


class WireSource(Wire):
    """Any metric source: Resource, ContainerResource, Pods, Object or External."""

    name: str | None = None
    container: str | None = None
    metric: WireMetricName | None = None
    described_object: WireObjectReference | None = None
    target: WireTarget | None = None
    current: WireTarget | None = None


class WireMetric(Wire):
    resource: WireSource | None = None
    container_resource: WireSource | None = None
    pods: WireSource | None = None
    object: WireSource | None = None
    external: WireSource | None = None

    def source(self) -> WireSource | None:
        """The one source that is filled in."""
        return self.resource or self.container_resource or self.pods or self.object or self.external


class WireScalingRules(Wire):
    stabilization_window_seconds: int | None = None
    select_policy: str | None = None


class WireBehavior(Wire):
    scale_up: WireScalingRules | None = None
    scale_down: WireScalingRules | None = None


class WireAutoscalerSpec(Wire):
    scale_target_ref: WireObjectReference | None = None
    min_replicas: int | None = None
    max_replicas: int | None = None
    metrics: list[WireMetric] | None = None
    behavior: WireBehavior | None = None


class WireAutoscalerStatus(Wire):
    last_scale_time: str | None = None
    current_replicas: int | None = None
    desired_replicas: int | None = None
    current_metrics: list[WireMetric] | None = None
    conditions: list[WireCondition] | None = None


class WireAutoscaler(Wire):
    """A HorizontalPodAutoscaler as it arrives."""

    metadata: Meta | None = None
    spec: WireAutoscalerSpec | None = None
    status: WireAutoscalerStatus | None = None
