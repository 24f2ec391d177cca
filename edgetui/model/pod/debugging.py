"""Containers and pods to look around in, as `kubectl debug` makes them, and how far one of them is.

The fields are those of kubectl 1.37 (pkg/cmd/debug), so that what looks for its containers finds these, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

from edgetui.model.kinds.pod import POD, PodProblem
from edgetui.model.kinds.podstatus import FINISHED
from edgetui.model.pod import diagnosis
from edgetui.model.text import clean

Json = dict[str, Any]

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes makes random suffixes of (apimachinery, util/rand): no word comes of them."""
SUFFIX = 5
LONGEST_NAME = 63
"""Letters of a container's name, and of the name of a pod that is to be a label, too."""
CONTAINER = "debugger"
HOST = "/host"
"""Where the root of the node's own files is."""
MANAGED_BY = "app.kubernetes.io/managed-by"
GENERAL, BASELINE, RESTRICTED = PROFILES = ("general", "baseline", "restricted")
"""What a container may: see other processes' memory; what the Pod Security Standards of these names let through."""
_CONTEXTS: dict[str, Json] = {
    GENERAL: {"capabilities": {"add": ["SYS_PTRACE"]}},
    BASELINE: {},
    RESTRICTED: {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    },
}
_PULLING = "Pulling"


def ephemeral(name: str, image: str, argv: Sequence[str], target: str, profile: str = GENERAL) -> Json:
    """An ephemeral container with a terminal. With a `target` it sees the processes of that container."""
    return {
        **_container(name, image, argv),
        **({"targetContainerName": target} if target else {}),
        **({"securityContext": context} if (context := _CONTEXTS[profile]) else {}),
    }


def node_pod(name: str, node: str, image: str, argv: Sequence[str], seconds: int, labels: Json) -> Json:
    """A pod on a node that sees its processes, network and files. It ends by itself after so many `seconds`."""
    return {
        "apiVersion": "v1",
        "kind": POD,
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "nodeName": node,
            "hostPID": True,
            "hostNetwork": True,
            "hostIPC": True,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 1,
            "tolerations": [{"operator": "Exists"}],
            "containers": [
                {
                    **_container(CONTAINER, image, argv),
                    "volumeMounts": [{"name": "host-root", "mountPath": HOST}],
                }
            ],
            "volumes": [{"name": "host-root", "hostPath": {"path": "/"}}],
        },
    }


def _container(name: str, image: str, argv: Sequence[str]) -> Json:
    return {
        "name": name,
        "image": image,
        "stdin": True,
        "tty": True,
        "terminationMessagePolicy": "File",
        **({"command": list(argv)} if argv else {}),
    }


class Stage(Enum):
    """How far a container is. FAILING is what its kubelet tries again, DEAD what it does not."""

    WAITING = "waiting"
    FAILING = "failing"
    DEAD = "dead"
    RUNNING = "running"
    ENDED = "ended"


class Seen(NamedTuple):
    """The same with its words, as half a sentence: "is pulling the image busybox:1.37"."""

    stage: Stage
    words: str


def seen(pod: Mapping[str, Any], name: str, pulls: bool = False) -> Seen:
    """How far a container of a pod is. `pulls` is whether an event says that its image is being pulled."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    image = next((str(one.get("image", "")) for one in _each(spec, "s") if one.get("name") == name), "")
    found = next((one for one in _each(status, "Statuses") if one.get("name") == name), None)
    state: Json = (found or {}).get("state") or {}
    if "running" in state:
        return Seen(Stage.RUNNING, "runs")
    if (ended := state.get("terminated")) is not None:
        return Seen(Stage.ENDED, _ended(ended))
    if status.get("phase") in FINISHED:
        said = clean(str(status.get("message") or status.get("reason") or "nothing says why"), 200)
        return Seen(
            Stage.DEAD, f"cannot start, for its pod has ended ({status['phase']}): {said.rstrip('.')}"
        )
    if found is None:
        node = spec.get("nodeName")
        who = f"the kubelet of {node}" if node else "the scheduler, which has found no node yet"
        return Seen(Stage.WAITING, f"waits for {who}")
    waiting = state.get("waiting") or {}
    reason, message = str(waiting.get("reason") or ""), clean(str(waiting.get("message") or ""), 300)
    if reason in diagnosis.PULLS or reason in diagnosis.NEVER_PULLED:
        why = diagnosis.pull(PodProblem(reason=reason, message=message, image=image)).sentence
        return Seen(Stage.DEAD if reason in diagnosis.NEVER_PULLED else Stage.FAILING, f"cannot start: {why}")
    if reason in diagnosis.STARTS:
        return Seen(Stage.FAILING, f"cannot start: {message or reason}".rstrip(". "))
    if pulls:
        return Seen(Stage.WAITING, f"is pulling the image {image}")
    return Seen(Stage.WAITING, f"is being created{f' ({reason})' if reason else ''}")


def _each(part: Mapping[str, Any], ending: str) -> Iterable[Json]:
    """The containers, or their statuses: the ephemeral ones are among neither of the others."""
    return [one for kind in ("container", "ephemeralContainer") for one in part.get(f"{kind}{ending}") or ()]


def _ended(ended: Json) -> str:
    reason, code = str(ended.get("reason") or ""), ended.get("exitCode")
    message = clean(str(ended.get("message") or ""), 300)
    why = f": {message}" if message else f" ({reason})" if reason not in ("", "Completed", "Error") else ""
    return f"has ended with exit code {code}{why}".rstrip(". ")


def is_pulling(events: Iterable[Mapping[str, Any]], container: str) -> bool:
    """Whether the newest event about a container is that its image is being pulled."""
    about = [
        one
        for one in events
        if str((one.get("involvedObject") or {}).get("fieldPath", "")).endswith(f"{{{container}}}")
    ]
    newest = max(about, key=_when, default=None)
    return newest is not None and newest.get("reason") == _PULLING


def _when(event: Mapping[str, Any]) -> str:
    return str(event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or "")
