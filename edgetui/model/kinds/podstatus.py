"""What `kubectl get pods` prints about a pod: READY, STATUS and RESTARTS.

The rules are those of printPod in Kubernetes 1.37 (pkg/printers/internalversion/printers.go).
"""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.kinds.wire import Wire, WireCondition

FINISHED = ("Succeeded", "Failed")
"""Phases of a pod whose containers have all ended for good."""


class Amounts(Wire):
    """What a container asks of a node, as quantities."""

    cpu: str | None = None
    memory: str | None = None


class WireResources(Wire):
    requests: Amounts | None = None


class WireContainer(Wire):
    """`spec.containers[]` and `spec.initContainers[]`."""

    name: str | None = None
    image: str | None = None
    restart_policy: str | None = None
    resources: WireResources | None = None


class WireReadinessGate(Wire):
    condition_type: str | None = None


class WirePodSpec(Wire):
    node_name: str | None = None
    readiness_gates: list[WireReadinessGate] | None = None
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


class PrintedStatus(NamedTuple):
    """What kubectl prints, and the Ready condition.

    `ready` of `containers` is READY; `restarted` is when the last restart was, `ready_since` when the Ready
    condition last changed (both RFC 3339, "" none); `condition` is its status.
    """

    status: str
    ready: int
    containers: int
    restarts: int
    restarted: str
    condition: str
    ready_since: str


def printed_status(spec: WirePodSpec, status: WirePodStatus, deleting: bool) -> PrintedStatus:
    """What kubectl prints for this pod."""
    word = status.reason or status.phase or ""
    initialized = False
    condition, since = "", ""
    for one in status.conditions or ():
        if one.type == "Ready":
            condition, since = one.status or "", one.last_transition_time or ""
        elif one.type == "PodScheduled":
            if one.reason == "SchedulingGated":
                word = "SchedulingGated"
        elif one.type == "Initialized":
            initialized = one.status == "True"
    containers, ready, restarts, restarted = len(spec.containers or ()), 0, 0, ""
    initializing = False
    if spec.init_containers:
        begun = _initial(word, spec.init_containers, status.init_container_statuses or [])
        containers += begun.sidecars
        word, ready, initializing = begun.word, begun.ready, begun.initializing
        kept = begun.restarts if initializing and not initialized else begun.sidecar_restarts
        restarts, restarted = _restarts(kept)
    main = status.container_statuses
    if main and (initialized or not initializing):
        count, last = _restarts(main)
        restarts, restarted = restarts + count, max(restarted, last)
        word, running = _main_word(word, main, condition == "True")
        ready += running
    if deleting and status.reason == "NodeLost":
        word = "Unknown"
    elif deleting and status.phase not in FINISHED:
        word = "Terminating"
    return PrintedStatus(word, ready, containers, restarts, restarted if restarts else "", condition, since)


class _Begun(NamedTuple):
    """What the init containers say: which of them restarted counts by whether the pod is initialized."""

    word: str
    ready: int
    initializing: bool
    sidecars: int
    restarts: list[WireContainerStatus]
    sidecar_restarts: list[WireContainerStatus]


def _initial(word: str, declared: list[WireContainer], statuses: list[WireContainerStatus]) -> _Begun:
    sidecars = {one.name for one in declared if one.restart_policy == "Always"}
    seen: list[WireContainerStatus] = []
    ready = 0
    initializing = False
    for index, one in enumerate(statuses):
        seen.append(one)
        ended = one.state.terminated if one.state else None
        if ended and not ended.exit_code:
            continue
        if one.name in sidecars and one.started:
            ready += bool(one.ready)
            continue
        word = _init_word(one, index, len(declared))
        initializing = True
        break
    kept = [one for one in seen if one.name in sidecars]
    return _Begun(word, ready, initializing, len(sidecars), seen, kept)


def _restarts(statuses: list[WireContainerStatus]) -> tuple[int, str]:
    """The sum of restarts, and the latest end (RFC 3339) among them."""
    count, last = 0, ""
    for one in statuses:
        count += one.restart_count or 0
        ended = one.last_state.terminated if one.last_state else None
        if ended and ended.finished_at and ended.finished_at > last:
            last = ended.finished_at
    return count, last


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


def _main_word(word: str, statuses: list[WireContainerStatus], ready_condition: bool) -> tuple[str, int]:
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


def unmet(spec: WirePodSpec, status: WirePodStatus) -> tuple[str, ...]:
    """The readiness gates that keep the pod from being ready."""
    met = {one.type for one in status.conditions or () if one.status == "True"}
    gates = (one.condition_type or "" for one in spec.readiness_gates or ())
    return tuple(gate for gate in gates if gate and gate not in met)


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
