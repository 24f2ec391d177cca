"""What `kubectl get pods` prints about a pod: READY, STATUS and RESTARTS.

The rules are those of printPod in Kubernetes 1.37 (pkg/printers/internalversion/printers.go).
"""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.kinds.wire import Wire, WireCondition


class WireContainer(Wire):
    """`spec.containers[]` and `spec.initContainers[]`."""

    name: str | None = None
    image: str | None = None
    restart_policy: str | None = None


class WirePodSpec(Wire):
    node_name: str | None = None
    containers: list[WireContainer] | None = None
    init_containers: list[WireContainer] | None = None


class Waiting(Wire):
    reason: str | None = None
    message: str | None = None


class Terminated(Wire):
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    signal: int | None = None
    finished_at: str | None = None


class Running(Wire):
    """A container that runs; nothing in it is read."""


class ContainerState(Wire):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class WireContainerStatus(Wire):
    """`status.containerStatuses[]` and `status.initContainerStatuses[]`."""

    name: str | None = None
    image: str | None = None
    ready: bool | None = None
    started: bool | None = None
    restart_count: int | None = None
    state: ContainerState | None = None
    last_state: ContainerState | None = None


class WirePodStatus(Wire):
    phase: str | None = None
    reason: str | None = None
    message: str | None = None
    conditions: list[WireCondition] | None = None
    container_statuses: list[WireContainerStatus] | None = None
    init_container_statuses: list[WireContainerStatus] | None = None


class Words(NamedTuple):
    """What kubectl prints: `ready`/`containers`, `status`, `restarts` and when (RFC 3339) the last was."""

    status: str
    ready: int
    containers: int
    restarts: int
    restarted: str


class _Restarts:
    """A sum of restarts with the latest end among them."""

    __slots__ = ("count", "last")

    def __init__(self) -> None:
        self.count = 0
        self.last = ""

    def add(self, status: WireContainerStatus) -> None:
        self.count += status.restart_count or 0
        ended = status.last_state.terminated if status.last_state else None
        if ended and ended.finished_at and ended.finished_at > self.last:
            self.last = ended.finished_at


def in_words(spec: WirePodSpec, status: WirePodStatus, deleting: bool) -> Words:
    """What kubectl prints for this pod."""
    word = status.reason or status.phase or ""
    initialized = ready_condition = False
    for one in status.conditions or ():
        if one.type == "PodScheduled" and one.reason == "SchedulingGated":
            word = "SchedulingGated"
        elif one.type == "Initialized":
            initialized = one.status == "True"
        elif one.type == "Ready":
            ready_condition = one.status == "True"
    sidecars = {one.name for one in spec.init_containers or () if one.restart_policy == "Always"}
    restarts, sidecar_restarts = _Restarts(), _Restarts()
    ready = 0
    initializing = False
    for index, init in enumerate(status.init_container_statuses or ()):
        restarts.add(init)
        if init.name in sidecars:
            sidecar_restarts.add(init)
        ended = init.state.terminated if init.state else None
        if ended and not ended.exit_code:
            continue
        if init.name in sidecars and init.started:
            ready += bool(init.ready)
            continue
        word = _init_word(init, index, len(spec.init_containers or ()))
        initializing = True
        break
    if not initializing or initialized:
        restarts = sidecar_restarts
        for main in status.container_statuses or ():
            restarts.add(main)
        word, running = _main_word(word, status.container_statuses or (), ready_condition)
        ready += running
    if deleting and status.reason == "NodeLost":
        word = "Unknown"
    elif deleting and status.phase not in ("Succeeded", "Failed"):
        word = "Terminating"
    containers = len(spec.containers or ()) + len(sidecars)
    return Words(word, ready, containers, restarts.count, restarts.last if restarts.count else "")


def _init_word(one: WireContainerStatus, index: int, total: int) -> str:
    ended = one.state.terminated if one.state else None
    if ended:
        return f"Init:{_end_word(ended)}"
    waiting = one.state.waiting if one.state else None
    if waiting and waiting.reason and waiting.reason != "PodInitializing":
        return f"Init:{waiting.reason}"
    return f"Init:{index}/{total}"


def _end_word(ended: Terminated) -> str:
    if ended.reason:
        return ended.reason
    return f"Signal:{ended.signal}" if ended.signal else f"ExitCode:{ended.exit_code or 0}"


def _main_word(
    word: str, statuses: list[WireContainerStatus] | tuple[()], ready_condition: bool
) -> tuple[str, int]:
    """The word with the main containers taken into account, and how many of them are ready and running."""
    failure, running = "", 0
    for one in reversed(statuses):
        state = one.state
        if state is None:
            continue
        if state.waiting and state.waiting.reason:
            word = state.waiting.reason
        elif state.terminated:
            word = _end_word(state.terminated)
            if state.terminated.exit_code:
                failure = word
        elif one.ready and state.running is not None:
            running += 1
    if word == "Completed":
        if running and ready_condition:
            word = "Running"
        elif failure:
            word = failure
        elif running:
            word = "NotReady"
    return word, running


def worst(status: WirePodStatus) -> WireContainerStatus | None:
    """The container that explains the pod's state: a waiting one first, then one that ended badly."""
    best: WireContainerStatus | None = None
    rank = 0
    for one in (*(status.init_container_statuses or ()), *(status.container_statuses or ())):
        state = one.state
        if state is None:
            continue
        score = 0
        if state.waiting and state.waiting.reason not in (None, "", "PodInitializing", "ContainerCreating"):
            score = 4
        elif state.terminated and state.terminated.exit_code:
            score = 3
        elif state.waiting and state.waiting.message:
            score = 2
        elif not one.ready and state.running is not None:
            score = 1
        if score > rank:
            best, rank = one, score
    return best
