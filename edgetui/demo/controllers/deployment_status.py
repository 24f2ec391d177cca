"""The status of a Deployment: counts, conditions and the progress deadline (`progress.go`)."""

from __future__ import annotations

from edgetui.demo.resources import DEPLOYMENTS, PODS
from edgetui.demo.storage import Object
from edgetui.demo.times import seconds

from .manager import Manager, set_condition
from .pods import count

_DONE, _LATE = "NewReplicaSetAvailable", "ProgressDeadlineExceeded"


def report(manager: Manager, deployment: Object, new: Object | None, sets: list[Object]) -> float | None:
    """Writes the status; returns the time (Unix s) at which the progress deadline has to be looked at."""
    before = deployment.get("status") or {}
    status = _counts(manager, deployment, new, sets)
    status["conditions"] = [dict(condition) for condition in before.get("conditions") or ()]
    _availability(manager, deployment, status)
    due = _progress(manager, deployment, new, before, status)
    deployment["status"] = status
    deployment.update(manager.storage.update(DEPLOYMENTS, deployment, keep_generation=True))
    return due


def created_set(manager: Manager, deployment: Object, new: Object) -> None:
    """A new ReplicaSet starts the clock again."""
    status = deployment.setdefault("status", {})
    message = f'Created new replica set "{new["metadata"]["name"]}"'
    set_condition(
        status, "Progressing", "True", "NewReplicaSetCreated", message, manager.now(), update_time=True
    )


def complete(deployment: Object) -> bool:
    return _complete(deployment["spec"]["replicas"], deployment["status"])


def _counts(manager: Manager, deployment: Object, new: Object | None, sets: list[Object]) -> Object:
    def total(field: str) -> int:
        return sum(int((rs.get("status") or {}).get(field, 0)) for rs in sets)

    terminating = sum(manager.storage.terminating(PODS, rs["metadata"]["uid"]) for rs in sets)
    counts = {
        "replicas": total("replicas"),
        "updatedReplicas": int(((new or {}).get("status") or {}).get("replicas", 0)),
        "readyReplicas": total("readyReplicas"),
        "availableReplicas": total("availableReplicas"),
        "unavailableReplicas": max(total("replicas") - total("availableReplicas"), 0),
    }
    status: Object = {"observedGeneration": deployment["metadata"]["generation"]}
    status |= {field: value for field, value in counts.items() if value}
    return status | {"terminatingReplicas": terminating}


def _availability(manager: Manager, deployment: Object, status: Object) -> None:
    wanted = deployment["spec"]["replicas"]
    rolling = deployment["spec"]["strategy"].get("rollingUpdate") or {}
    spare = count(rolling.get("maxUnavailable", 0), wanted, up=False) if rolling else 0
    spare = spare or (0 if count(rolling.get("maxSurge", 0), wanted, up=True) else int(bool(rolling)))
    if status.get("availableReplicas", 0) >= wanted - spare:
        value, reason, text = "True", "MinimumReplicasAvailable", "Deployment has minimum availability."
    else:
        value, reason, text = (
            "False",
            "MinimumReplicasUnavailable",
            "Deployment does not have minimum availability.",
        )
    old = _condition(status, "Available")
    if old is None or old["status"] != value:
        set_condition(status, "Available", value, reason, text, manager.now(), update_time=True)


def _progress(
    manager: Manager, deployment: Object, new: Object | None, before: Object, status: Object
) -> float | None:
    now, name = manager.now(), (new or {}).get("metadata", {}).get("name", "")
    old = _condition(status, "Progressing")
    reason = (old or {}).get("reason", "")
    if deployment["spec"].get("paused"):
        if reason != "DeploymentPaused":
            text = "Deployment is paused"
            set_condition(status, "Progressing", "Unknown", "DeploymentPaused", text, now, update_time=True)
        return None
    if reason == "DeploymentPaused":
        text = "Deployment is resumed"
        set_condition(status, "Progressing", "Unknown", "DeploymentResumed", text, now, update_time=True)
        return None
    settled = reason == _DONE and status.get("replicas", 0) == status.get("updatedReplicas", 0)
    if settled or new is None:
        return None
    if _complete(deployment["spec"]["replicas"], status):
        text = f'ReplicaSet "{name}" has successfully progressed.'
        set_condition(status, "Progressing", "True", _DONE, text, now, update_time=True)
        return None
    if _moved(before, status):
        text = f'ReplicaSet "{name}" is progressing.'
        set_condition(status, "Progressing", "True", "ReplicaSetUpdated", text, now, update_time=True)
    elif old is None:
        text = f'Found new replica set "{name}"'
        set_condition(status, "Progressing", "True", "FoundNewReplicaSet", text, now, update_time=True)
    elif reason not in (_DONE, _LATE):
        due = seconds(old["lastUpdateTime"]) + float(deployment["spec"]["progressDeadlineSeconds"])
        if now <= due:
            return due + 1.0
        text = f'ReplicaSet "{name}" has timed out progressing.'
        set_condition(status, "Progressing", "False", _LATE, text, now, update_time=True)
        return None
    current = _condition(status, "Progressing")
    if current is None or current["reason"] in (_DONE, _LATE):
        return None
    return seconds(current["lastUpdateTime"]) + float(deployment["spec"]["progressDeadlineSeconds"]) + 1.0


def _moved(before: Object, status: Object) -> bool:
    """Whether the rollout got anywhere since the last status."""

    def old_pods(counts: Object) -> int:
        return int(counts.get("replicas", 0)) - int(counts.get("updatedReplicas", 0))

    grown = any(
        status.get(field, 0) > before.get(field, 0)
        for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    return grown or old_pods(status) < old_pods(before)


def _complete(wanted: int, status: Object) -> bool:
    return bool(
        status.get("updatedReplicas", 0)
        == status.get("replicas", 0)
        == status.get("availableReplicas", 0)
        == wanted
    )


def _condition(status: Object, kind: str) -> Object | None:
    return next((c for c in status.get("conditions") or () if c["type"] == kind), None)
