"""The status of a pod as scheduler and kubelet write it, one function per step of its life."""

from __future__ import annotations

import hashlib

from edgetui.demo.storage import Object
from edgetui.demo.times import stamp

from .manager import set_condition


def unschedulable(pod: Object, message: str, now: float) -> None:
    set_condition(pod["status"], "PodScheduled", "False", "Unschedulable", message, now)


def scheduled(pod: Object, now: float) -> None:
    _plain(pod, "PodScheduled", True, now)


def starting(pod: Object, host_ip: str, now: float) -> None:
    """The kubelet has taken the pod and pulls its images."""
    status = pod["status"]
    status |= {"hostIP": host_ip, "hostIPs": [{"ip": host_ip}], "startTime": stamp(now)}
    _plain(pod, "PodReadyToStartContainers", False, now)
    _plain(pod, "Initialized", True, now)
    status["containerStatuses"] = [
        _waiting(container, "ContainerCreating") for container in pod["spec"]["containers"]
    ]
    unready(pod, now)


def running(pod: Object, pod_ip: str, now: float) -> None:
    """All containers run; not ready yet. Restart counts and last states stay."""
    status = pod["status"]
    status |= {"phase": "Running", "podIP": pod_ip, "podIPs": [{"ip": pod_ip}]}
    _plain(pod, "PodReadyToStartContainers", True, now)
    for container in status["containerStatuses"]:
        digest = hashlib.sha256(container["image"].encode()).hexdigest()
        container |= {
            "state": {"running": {"startedAt": stamp(now)}},
            "started": True,
            "ready": False,
            "imageID": f"{container['image'].rpartition(':')[0]}@sha256:{digest}",
            "containerID": f"containerd://{hashlib.sha256((pod_ip + digest).encode()).hexdigest()}",
        }


def now_ready(pod: Object, now: float) -> None:
    for container in pod["status"]["containerStatuses"]:
        container["ready"] = True
    _plain(pod, "ContainersReady", True, now)
    _plain(pod, "Ready", True, now)


def unready(pod: Object, now: float) -> None:
    names = " ".join(c["name"] for c in pod["status"].get("containerStatuses") or () if not c["ready"])
    message = f"containers with unready status: [{names}]"
    for kind in ("ContainersReady", "Ready"):
        set_condition(pod["status"], kind, "False", "ContainersNotReady", message, now)


def node_lost(pod: Object, now: float) -> None:
    """What the node lifecycle controller writes: only the Ready condition turns."""
    set_condition(pod["status"], "Ready", "False", "", "", now)
    for condition in pod["status"]["conditions"]:
        if condition["type"] == "Ready":
            condition.pop("reason", None)
            condition.pop("message", None)


def evicted_by_taint(pod: Object, now: float) -> None:
    message = "Taint manager: deleting due to NoExecute taint"
    set_condition(pod["status"], "DisruptionTarget", "True", "DeletionByTaintManager", message, now)


def waiting(pod: Object, index: int, reason: str, message: str, now: float) -> None:
    """One container waits: an image that does not come, or a crash loop."""
    container = pod["status"]["containerStatuses"][index]
    container |= {
        "state": {"waiting": {"reason": reason, "message": message}},
        "ready": False,
        "started": False,
    }
    unready(pod, now)


def crashed(pod: Object, index: int, code: int, reason: str, started: float, now: float) -> None:
    """One container has ended; it counts as a restart when it runs again."""
    container = pod["status"]["containerStatuses"][index]
    ended: Object = {
        "exitCode": code,
        "reason": reason,
        "startedAt": stamp(started),
        "finishedAt": stamp(now),
        "containerID": container.get("containerID", ""),
    }
    container |= {
        "state": {"terminated": ended},
        "lastState": {"terminated": ended},
        "ready": False,
        "started": False,
    }
    unready(pod, now)


def _plain(pod: Object, kind: str, value: bool, now: float) -> None:
    """Kubelet conditions without a reason."""
    conditions = pod["status"].setdefault("conditions", [])
    old = next((c for c in conditions if c["type"] == kind), None)
    text = "True" if value else "False"
    moved = old is None or old["status"] != text
    when = stamp(now) if moved or old is None else old["lastTransitionTime"]
    new = {"type": kind, "status": text, "lastProbeTime": None, "lastTransitionTime": when}
    if old is None:
        conditions.append(new)
    else:
        conditions[conditions.index(old)] = new


def _waiting(container: Object, reason: str) -> Object:
    return {
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "state": {"waiting": {"reason": reason}},
        "lastState": {},
        "ready": False,
        "started": False,
        "restartCount": 0,
    }
