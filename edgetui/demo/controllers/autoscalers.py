"""HorizontalPodAutoscalers on cpu utilisation: tolerance, scale-up limit, stabilisation, and why (autoscaling/v2)."""

from __future__ import annotations

import math
from collections import deque

from edgetui.demo.metrics import milli, requested
from edgetui.demo.resources import AUTOSCALERS, DEPLOYMENTS, STATEFULSETS, Resource
from edgetui.demo.storage import Object
from edgetui.demo.times import stamp

from .manager import Manager, set_condition

SYNC_SECONDS = 15.0
TOLERANCE = 0.1
DEFAULT_WINDOW = 300
_SOURCE = "horizontal-pod-autoscaler"
_TARGETS = {DEPLOYMENTS.kind: DEPLOYMENTS, STATEFULSETS.kind: STATEFULSETS}


class Autoscalers:
    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._history: dict[str, deque[tuple[float, int]]] = {}
        """Recommendations by autoscaler uid, for stabilisation."""

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is not AUTOSCALERS or kind == "DELETED":
            return
        if old is None or obj["spec"] != old["spec"]:
            self._manager.enqueue(self, (obj["metadata"]["namespace"], obj["metadata"]["name"]))

    def start(self) -> None:
        self._manager.every(SYNC_SECONDS, self.sync)

    def sync(self) -> None:
        for namespace, name in tuple(self._manager.storage.collections[AUTOSCALERS].entries):
            self.reconcile(namespace, name)

    def reconcile(self, namespace: str, name: str) -> None:
        scaler = self._manager.storage.find(AUTOSCALERS, namespace, name)
        if scaler is None:
            return
        wanted = scaler["spec"]["scaleTargetRef"]
        resource = _TARGETS.get(wanted["kind"])
        target = self._manager.storage.find(resource, namespace, wanted["name"]) if resource else None
        if resource is None or target is None:
            text = f'the HPA controller was unable to get the target\'s current scale: "{wanted["name"]}" not found'
            self._condition(scaler, "AbleToScale", False, "FailedGetScale", text)
        else:
            self._decide(scaler, resource, target)
        self._manager.storage.update(AUTOSCALERS, scaler)

    def _decide(self, scaler: Object, resource: Resource, target: Object) -> None:
        spec, replicas = scaler["spec"], int(target["spec"]["replicas"])
        status = scaler.setdefault("status", {})
        status["currentReplicas"] = int((target.get("status") or {}).get("replicas", 0))
        if replicas == 0:
            text = "scaling is disabled since the replica count of the target is zero"
            self._condition(scaler, "ScalingActive", False, "ScalingDisabled", text)
            status["desiredReplicas"] = 0
            return
        low, high = spec.get("minReplicas", 1), spec["maxReplicas"]
        self._condition(
            scaler,
            "AbleToScale",
            True,
            "SucceededGetScale",
            "the HPA controller was able to get the target's current scale",
        )
        utilisation, why = self._utilisation(scaler, target)
        if utilisation is None:
            reason = "FailedGetResourceMetric"
            text = f"the HPA was unable to compute the replica count: {why}"
            self._condition(scaler, "ScalingActive", False, reason, text)
            self._manager.event(AUTOSCALERS, scaler, reason, why, _SOURCE, warn=True)
            desired = min(max(replicas, low), high)
        else:
            text = "the HPA was able to successfully calculate a replica count from cpu resource utilization"
            self._condition(
                scaler, "ScalingActive", True, "ValidMetricFound", f"{text} (percentage of request)"
            )
            desired = self._bounded(scaler, replicas, utilisation, low, high)
        status["desiredReplicas"] = desired
        if desired != replicas:
            self._rescale(scaler, resource, target, desired, above=desired > replicas)

    def _utilisation(self, scaler: Object, target: Object) -> tuple[int | None, str]:
        """Average percent of the request over the running pods, or None and the reason."""
        labels = target["spec"]["selector"]["matchLabels"]
        pods = self._manager.metrics.pods_of(target["metadata"]["namespace"], labels)
        request = requested(target["spec"]["template"]["spec"], "cpu")
        if not request:
            container = target["spec"]["template"]["spec"]["containers"][0]["name"]
            pod = pods[0].name if pods else target["metadata"]["name"]
            return (
                None,
                f"failed to get cpu utilization: missing request for cpu in container {container} of Pod {pod}",
            )
        if not pods:
            head = "failed to get cpu utilization: unable to get metrics for resource cpu: "
            return None, f"{head}no metrics returned from resource metrics API"
        average = sum(self._manager.metrics.pod_cpu(pod) for pod in pods) // len(pods)
        percent = average * 100 // milli(request)
        current = {"averageUtilization": percent, "averageValue": f"{average}m"}
        scaler["status"]["currentMetrics"] = [
            {"type": "Resource", "resource": {"name": "cpu", "current": current}}
        ]
        return percent, ""

    def _bounded(self, scaler: Object, replicas: int, utilisation: int, low: int, high: int) -> int:
        goal = scaler["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"]
        ratio = utilisation / goal
        wanted = replicas if abs(ratio - 1) <= TOLERANCE else math.ceil(replicas * ratio)
        stable = self._stabilised(scaler, wanted)
        if stable > wanted:
            text = "recent recommendations were higher than current one, applying the highest recent recommendation"
            self._condition(scaler, "AbleToScale", True, "ScaleDownStabilized", text)
        elif stable == replicas:
            text = "recommended size matches current size"
            self._condition(scaler, "AbleToScale", True, "ReadyForNewScale", text)
        fastest = max(2 * replicas, replicas + 4)
        if stable > high:
            self._limited(
                scaler,
                True,
                "TooManyReplicas",
                "the desired replica count is more than the maximum replica count",
            )
        elif stable > fastest:
            self._limited(
                scaler,
                True,
                "ScaleUpLimit",
                "the desired replica count is increasing faster than the maximum scale rate",
            )
        elif stable < low:
            self._limited(
                scaler,
                True,
                "TooFewReplicas",
                "the desired replica count is less than the minimum replica count",
            )
        else:
            self._limited(
                scaler, False, "DesiredWithinRange", "the desired count is within the acceptable range"
            )
        return max(min(stable, fastest, high), low)

    def _stabilised(self, scaler: Object, wanted: int) -> int:
        """The highest recommendation within the scale-down window."""
        now = self._manager.now()
        behaviour = (scaler["spec"].get("behavior") or {}).get("scaleDown") or {}
        window = behaviour.get("stabilizationWindowSeconds", DEFAULT_WINDOW)
        history = self._history.setdefault(scaler["metadata"]["uid"], deque(maxlen=256))
        history.append((now, wanted))
        return max(count for when, count in history if when >= now - window)

    def _rescale(
        self, scaler: Object, resource: Resource, target: Object, desired: int, *, above: bool
    ) -> None:
        target["spec"]["replicas"] = desired
        self._manager.storage.update(resource, target)
        scaler["status"]["lastScaleTime"] = stamp(self._manager.now())
        text = f"the HPA controller was able to update the target scale to {desired}"
        self._condition(scaler, "AbleToScale", True, "SucceededRescale", text)
        cause = (
            "cpu resource utilization (percentage of request) above target"
            if above
            else "All metrics below target"
        )
        self._manager.event(
            AUTOSCALERS, scaler, "SuccessfulRescale", f"New size: {desired}; reason: {cause}", _SOURCE
        )

    def _limited(self, scaler: Object, value: bool, reason: str, text: str) -> None:
        self._condition(scaler, "ScalingLimited", value, reason, text)

    def _condition(self, scaler: Object, kind: str, value: bool, reason: str, text: str) -> None:
        status = scaler.setdefault("status", {})
        set_condition(status, kind, "True" if value else "False", reason, text, self._manager.now())
