"""Pods: what is decoded of one, the row that is kept, and the status word that kubectl prints."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.base import Kind, Row, Watched
from edgetui.model.kinds.podstatus import (
    FINISHED,
    PrintedStatus,
    WireContainer,
    WireContainerStatus,
    WirePodSpec,
    WirePodStatus,
    printed_status,
    unmet,
    worst,
)
from edgetui.model.kinds.wire import Meta, OwnerReference, Wire, controller, number, shared
from edgetui.model.labels import UNKNOWN, kept, read, share, value_of
from edgetui.model.text import MAX_MESSAGE, clean, elide_middle, parse_cpu, unix, whole

POD = "Pod"

__all__ = [
    "KIND",
    "POD",
    "PodProblem",
    "PodRow",
    "WireContainer",
    "WireContainerStatus",
    "WirePod",
    "project",
]


class WirePod(Wire):
    """A Pod as it arrives."""

    metadata: Meta | None = None
    spec: WirePodSpec | None = None
    status: WirePodStatus | None = None


class PodProblem(msgspec.Struct, gc=False, frozen=True):
    """What is or was wrong with a pod; most pods have none.

    `reason` and `message` are the worst container's own words ("ImagePullBackOff", "…: not found"), or the
    pod's (an eviction, a scheduling failure); empty when only `restarted` is told. `image` is the image of
    that container, `container` its name. `exit_code` and `exit_reason` are its last end (-1 none).
    `restarted` is when a container last ended (Unix s, 0 never). `cpu` (millicores) and `memory` (bytes) are
    what the pod asks of a node, told only while none takes it.
    """

    reason: str = ""
    message: str = ""
    container: str = ""
    image: str = ""
    exit_code: int = -1
    exit_reason: str = ""
    restarted: int = 0
    cpu: int = 0
    memory: int = 0


GATES = "ReadinessGatesNotReady"
"""The kubelet's own reason; the message are the gates that are not met."""

SUMMARY_ONLY = "summary"
"""The condition of a pod that was read from a Table: its cells count containers, which a dead node leaves ready."""


class PodRow(Row):
    """A pod.

    `status` is the word that `kubectl get pods` prints; `ready` of `containers` are its READY column.
    `condition` is the status of the Ready condition ("True", "False", "Unknown", "" none, or SUMMARY_ONLY): the truth
    about readiness, because container statuses stay ready on a dead node. `template` is the pod-template-hash or
    controller-revision-hash. `ready_after` is how many seconds after `created` the Ready condition last changed.
    """

    node: str = ""
    phase: str = ""
    status: str = ""
    ready: int = 0
    containers: int = 0
    restarts: int = 0
    condition: str = ""
    ready_after: int = 0
    template: str = ""
    problem: PodProblem | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it counts as ready for its owner."""
        return self.condition == "True"

    @property
    def ordinal(self) -> str:
        """The number that ends the name of a StatefulSet's pod."""
        return self.name.rpartition("-")[2]

    @property
    def generation(self) -> int:
        """The pod-template-generation of a DaemonSet's pod, 0 for none."""
        return number(value_of(self, "pod-template-generation"))

    @property
    def summary_only(self) -> bool:
        """Whether only the cells that the server prints are known of it."""
        return self.condition == SUMMARY_ONLY

    @property
    def ready_since(self) -> int:
        """When the Ready condition last changed (Unix s)."""
        return self.created + self.ready_after

    @property
    def ended(self) -> bool:
        """Whether all its containers have ended for good."""
        return self.phase in FINISHED

    def restarted_since(self, moment: float) -> bool:
        """Whether a container restarted after a moment (Unix s); an unknown end is dated by its return to ready."""
        return self.restarts > 0 and (self.restarted or self.ready_since) > moment

    @property
    def restarted(self) -> int:
        """When a container last ended (Unix s, 0 never)."""
        return self.problem.restarted if self.problem else 0


MOST_SCHEDULING = 800
"""Characters of the scheduler's sentence: it has a clause for each reason, and the last may be the one that counts."""
_NO_OWNER = OwnerReference()
_DONE = frozenset({"Completed", "Succeeded"})
_HEALTHY = frozenset({"Running", "Completed", "Succeeded"})


def project(pod: WirePod) -> PodRow:
    """The row of a pod. The busiest function of a session: it runs for every pod event."""
    meta = pod.metadata or Meta()
    spec = pod.spec or WirePodSpec()
    status = pod.status or WirePodStatus()
    labels = read(meta.labels)
    owner = (controller(meta) if meta.owner_references else None) or _NO_OWNER
    columns = printed_status(spec, status, meta.deletion_timestamp is not None)
    created = unix(meta.creation_timestamp)
    row = PodRow(
        namespace=share(meta.namespace or ""),
        name=meta.name or "",
        uid=meta.uid or "",
        resource_version=meta.resource_version or "",
        created=created,
        deleting=unix(meta.deletion_timestamp) if meta.deletion_timestamp else 0,
        owner_uid=share(owner.uid or ""),
        owner_kind=share(owner.id),
        owner_name=share(owner.name or ""),
        node=share(spec.node_name or ""),
        phase=share(status.phase or ""),
        status=share(columns.status),
        ready=columns.ready,
        containers=columns.containers,
        restarts=columns.restarts,
        condition=share(columns.condition),
        ready_after=max(0, unix(columns.ready_since) - created) if columns.ready_since else 0,
        template=labels.template,
        problem=_problem(spec, status, columns),
    )
    row.labels = kept(labels, row)
    return row


def _last_words(message: str | None) -> str:
    """What the program itself wrote before it ended, which may quote its password."""
    if not message:
        return ""
    from edgetui.model.redaction import redacted  # its patterns cost a start milliseconds

    return redacted(elide_middle(message))


def _problem(spec: WirePodSpec, status: WirePodStatus, columns: PrintedStatus) -> PodProblem | None:
    """What is wrong, or None: the message of a healthy pod is not kept."""
    restarted = unix(columns.restarted) if columns.restarted else 0
    if columns.status in _HEALTHY and columns.ready == columns.containers:
        if spec.readiness_gates and columns.condition != "True" and (gates := unmet(spec, status)):
            return PodProblem(reason=GATES, message=clean(", ".join(gates)), restarted=restarted)
        return PodProblem(restarted=restarted) if restarted else None
    reason, message = status.reason or "", status.message or ""
    for one in status.conditions or ():
        if one.type == "PodScheduled" and one.status == "False":
            reason, message = one.reason or "", one.message or ""
    container, end_code, end_reason, image = "", -1, "", ""
    bad = worst(status)
    if bad is not None:
        container, image = bad.name or "", bad.image or _image(spec, bad.name)
        state = bad.state
        if state and state.waiting:
            reason, message = state.waiting.reason or reason, elide_middle(state.waiting.message) or message
        elif state and state.terminated:
            reason = state.terminated.reason or reason
            message = _last_words(state.terminated.message) or message
        end = (state.terminated if state else None) or (bad.last_state.terminated if bad.last_state else None)
        if end is not None:
            end_code, end_reason = end.exit_code or 0, end.reason or ""
    if not (reason or message or restarted or container):
        return None
    wants = _wants(spec) if reason == "Unschedulable" else (0, 0)
    return PodProblem(
        reason=shared(clean(reason)),
        message=clean(message, MOST_SCHEDULING if reason == "Unschedulable" else MAX_MESSAGE),
        container=shared(clean(container)),
        image=shared(clean(image)),
        exit_code=end_code,
        exit_reason=shared(clean(end_reason)),
        restarted=restarted,
        cpu=wants[0],
        memory=wants[1],
    )


def _wants(spec: WirePodSpec) -> tuple[int, int]:
    """What its containers ask of a node together: millicores and bytes."""
    asked = [
        one.resources.requests for one in spec.containers or () if one.resources and one.resources.requests
    ]
    return sum(parse_cpu(one.cpu) or 0 for one in asked), sum(whole(one.memory) or 0 for one in asked)


def _image(spec: WirePodSpec, container: str | None) -> str:
    for one in (*(spec.init_containers or ()), *(spec.containers or ())):
        if one.name == container:
            return one.image or ""
    return ""


def printed(cells: Mapping[str, str], namespace: str, version: str, now: float) -> PodRow:
    """The row of a pod as the server prints it: neither uid nor owner, and nothing of its conditions."""
    from edgetui.model.kinds.cells import name, pair, restarts, when  # only thin links have rows printed

    ready, containers = pair(cells["Ready"])
    count, last = restarts(cells["Restarts"], now)
    status = clean(cells["Status"], 40)
    return PodRow(
        namespace=share(namespace),
        name=cells["Name"],
        uid="",
        resource_version=version,
        created=when(cells["Age"], now),
        node=share(name(cells.get("Node", ""))),
        phase="Succeeded" if status in _DONE else "",
        status=share(status),
        ready=ready,
        labels=UNKNOWN,
        containers=containers,
        restarts=count,
        condition=SUMMARY_ONLY,
        problem=PodProblem(restarted=last) if last else None,
    )


PRINTED_COLUMNS = (
    "Name",
    "Ready",
    "Status",
    "Restarts",
    "Age",
    "IP",
    "Node",
    "Nominated Node",
    "Readiness Gates",
)
"""What Kubernetes prints of a pod, from 1.12 on (pkg/printers/internalversion)."""
_WRITTEN_BY_KUBERNETES = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "ImageInspectError",
        "RegistryUnavailable",
        "ErrImageNeverPull",
        "InvalidImageName",
        "CrashLoopBackOff",
        "CreateContainerConfigError",
        "Unschedulable",
        "SchedulingGated",
        "Evicted",
    }
)
"""Reasons whose message comes from the kubelet or the scheduler; under any other it may be the program's own last
words, which the kubelet takes from its termination file or its log."""


def snapshot(row: PodRow) -> PodRow:
    """The row without the last words of a program."""
    problem = row.problem
    if problem is not None and problem.message and problem.reason not in _WRITTEN_BY_KUBERNETES:
        return replace(row, problem=replace(problem, message=""))
    return row


KIND = Kind(
    name=POD,
    plural="pods",
    group="",
    version="v1",
    namespaced=True,
    wire=WirePod,
    row=PodRow,
    project=project,
    short_names=("po",),
    printed=printed,
    printed_columns=PRINTED_COLUMNS,
    watched=Watched.ALWAYS,
    metered=True,
    snapshot=snapshot,
)
