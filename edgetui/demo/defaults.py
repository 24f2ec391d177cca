"""Defaulting and validation of the kinds that people and edgetui write; the rest is taken as it comes."""

from __future__ import annotations

from edgetui.demo import status
from edgetui.demo.resources import (
    AUTOSCALERS,
    DAEMONSETS,
    DEPLOYMENTS,
    REPLICASETS,
    SECRETS,
    STATEFULSETS,
    Resource,
)
from edgetui.demo.storage import Object

_WORKLOADS = (DEPLOYMENTS, REPLICASETS, STATEFULSETS, DAEMONSETS)


TEMPLATE_GENERATION = "deprecated.daemonset.template.generation"


def complete(resource: Resource, obj: Object, old: Object | None = None) -> None:
    """Fills in what the server decides about a workload, in place; `old` is what it was before a change."""
    if resource is SECRETS:
        obj.setdefault("type", "Opaque")
    if resource not in _WORKLOADS:
        return
    spec = obj.setdefault("spec", {})
    if resource is not DAEMONSETS and spec.get("replicas") is None:
        spec["replicas"] = 1
    if resource is DEPLOYMENTS:
        strategy = spec.setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            rolling = strategy.setdefault("rollingUpdate", {})
            rolling.setdefault("maxUnavailable", "25%")
            rolling.setdefault("maxSurge", "25%")
        spec.setdefault("revisionHistoryLimit", 10)
        spec.setdefault("progressDeadlineSeconds", 600)
    elif resource is STATEFULSETS:
        spec.setdefault("podManagementPolicy", "OrderedReady")
        spec.setdefault("revisionHistoryLimit", 10)
        _rolling(spec, {"partition": 0})
    elif resource is DAEMONSETS:
        spec.setdefault("revisionHistoryLimit", 10)
        _rolling(spec, {"maxUnavailable": 1, "maxSurge": 0})
        _count_templates(obj, old)
    pod = spec.setdefault("template", {}).setdefault("spec", {})
    pod.setdefault("restartPolicy", "Always")
    pod.setdefault("terminationGracePeriodSeconds", 30)
    pod.setdefault("dnsPolicy", "ClusterFirst")
    pod.setdefault("schedulerName", "default-scheduler")
    pod.setdefault("securityContext", {})
    for container in pod.get("containers") or ():
        container.setdefault("imagePullPolicy", "IfNotPresent")
        container.setdefault("resources", {})


def validate(resource: Resource, obj: Object, old: Object | None) -> None:
    """Raises StatusError 422 for what the simulated controllers could not work with."""
    name = obj["metadata"].get("name", "")
    spec = obj.get("spec") or {}
    if resource in _WORKLOADS:
        _validate_workload(resource, name, spec, (old or {}).get("spec"))
    if resource is AUTOSCALERS:
        low, high = spec.get("minReplicas", 1), spec.get("maxReplicas", 0)
        if high < low:
            text = f"Invalid value: {high}: must be greater than or equal to `minReplicas`"
            raise status.invalid(resource.group, resource.kind, name, "spec.maxReplicas", text)


def _validate_workload(resource: Resource, name: str, spec: Object, old: Object | None) -> None:
    def refuse(field: str, text: str, cause: str = "FieldValueInvalid") -> status.StatusError:
        return status.invalid(resource.group, resource.kind, name, field, text, cause)

    replicas = spec.get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        raise refuse("spec.replicas", f"Invalid value: {replicas}: must be greater than or equal to 0")
    containers = spec["template"]["spec"].get("containers")
    if not containers:
        raise refuse("spec.template.spec.containers", "Required value", "FieldValueRequired")
    for index, container in enumerate(containers):
        if not container.get("image"):
            raise refuse(
                f"spec.template.spec.containers[{index}].image", "Required value", "FieldValueRequired"
            )
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    labels = (spec["template"].get("metadata") or {}).get("labels") or {}
    if not wanted or any(labels.get(key) != value for key, value in wanted.items()):
        raise refuse(
            "spec.template.metadata.labels", "Invalid value: `selector` does not match template `labels`"
        )
    if old is not None and spec.get("selector") != old.get("selector"):
        raise refuse("spec.selector", "Invalid value: field is immutable")


def _count_templates(obj: Object, old: Object | None) -> None:
    """A DaemonSet's annotation that numbers its templates; its pods carry the number too."""
    notes = obj["metadata"].setdefault("annotations", {})
    if old is None:
        notes[TEMPLATE_GENERATION] = "1"
        return
    number = int((old["metadata"].get("annotations") or {}).get(TEMPLATE_GENERATION, "1"))
    notes[TEMPLATE_GENERATION] = str(number + (obj["spec"]["template"] != old["spec"]["template"]))


def _rolling(spec: Object, defaults: Object) -> None:
    strategy = spec.setdefault("updateStrategy", {})
    if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
        rolling = strategy.setdefault("rollingUpdate", {})
        for key, value in defaults.items():
            rolling.setdefault(key, value)
