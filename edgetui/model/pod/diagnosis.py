"""What is wrong with a pod, in the words of the person who has to mend it.

A kubelet's reason is not enough: ImagePullBackOff stands for a wrong image name and for a dead link alike,
and only the message tells them apart.
"""

from __future__ import annotations

import re

import msgspec

from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import GATES, PodProblem, PodRow
from edgetui.model.text import clean


class Diagnosis(msgspec.Struct, frozen=True, gc=False):
    """One finding.

    `code` is stable and for programs: image-missing, image-denied, image-name, image-link, image, config,
    start, memory, crash, no-node, gated, evicted, node-silent, gate, not-ready, failed. `short` fits a cell,
    `sentence` is for a line of its own. `hard` is false for states that a starting pod passes through.
    """

    code: str
    short: str
    sentence: str
    hard: bool = True


PULLS = {"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable", "ErrImageNeverPull"}
NEVER_PULLED = {"InvalidImageName", "ErrImageNeverPull"}
"""What a kubelet says of an image that it does not try again."""
STARTS = {
    "CreateContainerError",
    "RunContainerError",
    "StartError",
    "ContainerCannotRun",
    "PreStartHookError",
}
_LINK = re.compile(
    r"timeout|timed out|deadline ?exceeded|no such host|connection refused|connection reset|no route to host"
    r"|network is unreachable|dial tcp|temporary failure|unexpected eof|\beof\b|broken pipe"
)
_TIMEOUT = re.compile(r"timeout|timed out|deadline ?exceeded")
_CUT = re.compile(r"\S*…\S*")
_DENIED = re.compile(r"unauthorized|denied|forbidden|authentication required|no basic auth|\b40[13]\b")
_MISSING = re.compile(r"not ?found|manifest unknown|name unknown|does not exist|\b404\b")
_EXITS = {
    126: "the command is not executable",
    127: "the command does not exist",
    134: "it aborted",
    137: "it was killed",
    139: "a memory fault",
    143: "it was told to stop",
}


def diagnose(pod: PodRow, node: NodeRow | None = None) -> Diagnosis | None:
    """What is wrong with a pod, None when nothing is. `node` is the node that carries it, if known."""
    if pod.deleting:
        return None
    trouble = pod.problem or PodProblem()
    if trouble.reason in PULLS or trouble.reason in NEVER_PULLED:
        return pull(trouble)
    if trouble.reason == "CreateContainerConfigError":
        text = trouble.message or "a ConfigMap or Secret that it needs is missing"
        return Diagnosis("config", "config missing", f"cannot start: {text}")
    if trouble.reason in STARTS:
        return Diagnosis(
            "start", "cannot start", f"the container cannot start: {trouble.message}".rstrip(": ")
        )
    if trouble.reason == "Unschedulable":
        from edgetui.model.pod.scheduling import no_node  # only where a pod is pending

        return Diagnosis("no-node", *no_node(trouble.message, trouble.cpu, trouble.memory))
    if trouble.reason == "SchedulerError":
        return Diagnosis("no-node", "scheduler error", f"the scheduler fails: {trouble.message}".rstrip(": "))
    if trouble.reason == "SchedulingGated":
        return Diagnosis("gated", "held by a gate", "held back by a scheduling gate", hard=False)
    if trouble.reason == "Evicted":
        return Diagnosis("evicted", "evicted", f"evicted: {trouble.message}".rstrip(": "))
    if (ended := _ended(pod, trouble)) is not None or pod.ended:
        return ended
    if _silent(pod, node):
        name = pod.node or "its node"
        return Diagnosis(
            "node-silent", "node NotReady", f"{name} does not answer; what runs there is not known"
        )
    return _waiting(pod, trouble)


def _silent(pod: PodRow, node: NodeRow | None) -> bool:
    """Whether nothing newer than this is known of it, because its node does not answer now."""
    if node is not None:
        return node.silent and pod.condition in ("False", "Unknown")
    return pod.status in ("NodeLost", "Unknown")


def _ended(pod: PodRow, trouble: PodProblem) -> Diagnosis | None:
    """A container that crashed, or a pod that failed as a whole."""
    ended = trouble.exit_code > 0 and (trouble.reason != "" or pod.ready < pod.containers)
    if trouble.exit_reason == "OOMKilled" and ended:
        return Diagnosis("memory", "out of memory", f"crashes: exit {trouble.exit_code}, out of memory")
    if trouble.reason == "CrashLoopBackOff" or (ended and pod.phase != "Succeeded"):
        if trouble.exit_code <= 0:
            return Diagnosis("crash", "keeps ending", "it ends by itself again and again (exit 0)")
        why = _EXITS.get(trouble.exit_code, "")
        sentence = f"crashes: exit {trouble.exit_code}{', ' + why if why else ''}"
        return Diagnosis("crash", f"crash, exit {trouble.exit_code}", sentence)
    if pod.phase == "Failed":
        text = trouble.message or trouble.reason or pod.status
        return Diagnosis("failed", clean(f"failed: {trouble.reason or pod.status}", 24), f"failed: {text}")
    return None


def _waiting(pod: PodRow, trouble: PodProblem) -> Diagnosis | None:
    """Not ready, but no container says why."""
    if pod.condition in ("", "True"):
        return None
    if trouble.reason == GATES:
        sentence = f"its containers are ready, but a readiness gate is not met: {trouble.message}"
        return Diagnosis("gate", "gate not met", sentence, hard=False)
    if pod.phase != "Running":
        return None
    if pod.containers and pod.ready == pod.containers:
        sentence = "its containers are ready, but its Ready condition is not True; nothing says why"
        return Diagnosis("not-ready", "not ready", sentence, hard=False)
    return Diagnosis("not-ready", "not ready", "runs, but its readiness check does not pass", hard=False)


def pull(trouble: PodProblem) -> Diagnosis:
    """Why an image cannot be pulled."""
    image = trouble.image or "the image"
    said = _without(image, trouble.message.lower())
    if trouble.reason == "InvalidImageName":
        return Diagnosis("image-name", "bad image name", f"{image} is not a valid image name")
    if trouble.reason == "ErrImageNeverPull":
        return Diagnosis(
            "image-missing", "image not on node", f"{image} is not on the node, and pulling is off"
        )
    if "no space left" in said:
        return Diagnosis("image", "node disk full", f"no space left on the node for {image}")
    if "x509" in said or "certificate" in said:
        return Diagnosis("image", "registry cert", f"the registry's certificate is not trusted ({image})")
    if "too many requests" in said or "toomanyrequests" in said:
        return Diagnosis(
            "image", "registry limit", f"the registry limits pulls of {image}; it will try again"
        )
    denied, missing = _DENIED.search(said), _MISSING.search(said)
    if denied and missing:
        return Diagnosis("image-denied", "image not allowed", f"{image} does not exist or needs a login")
    if denied:
        return Diagnosis(
            "image-denied", "image not allowed", f"the registry refuses the credentials for {image}"
        )
    if _LINK.search(said):
        return _link(said, image)
    if missing:
        return Diagnosis("image-missing", "image not found", f"image {image} not found")
    return Diagnosis("image", "cannot pull image", f"{image} cannot be pulled, the node does not say why")


def _without(image: str, said: str) -> str:
    """A kubelet's message without the image, whose own name may hold the words looked for ("timeout", "404")."""
    said = _CUT.sub("", said)
    name = image.lower().partition("@")[0]
    host, _, path = name.partition("/")
    repository = name.rpartition(":")[0] if ":" in path else name
    for part in (name, repository, host if path else ""):
        said = said.replace(part, "") if part else said
    return said


def _link(said: str, image: str) -> Diagnosis:
    """What a link does to a pull."""
    short, what = "no registry", "registry not reached"
    if "no such host" in said or "temporary failure" in said:
        what = "registry name not known"
    elif "refused" in said:
        what = "registry refuses connections"
    elif _TIMEOUT.search(said):
        short, what = "pull timed out", "pull timed out"
    return Diagnosis("image-link", short, f"{what}: link, not image ({image})")
