"""Nodes: readiness, pressure, cordon, versions, room, and which distribution runs there."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from edgetui.model.kinds.base import Kind, Row, Watched, unchanged
from edgetui.model.kinds.wire import Meta, Wire, WireCondition, labelled, shared
from edgetui.model.labels import read
from edgetui.model.text import clean, parse_cpu, unix, whole

NODE = "Node"

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
"""The conditions that are bad news when True. Others (EtcdIsVoter) may be True on a healthy node."""

UNREACHABLE = "node.kubernetes.io/unreachable"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
"""With this taint the pods of a node that is powered off for certain are deleted by force (KEP-2268)."""
_ROLE = "node-role.kubernetes.io/"
_MAX_HINT = 40
PROXY_OFF, PROXY_FILE = "off", "file"
_ARGUMENTS = ("k3s.io/node-args", "rke2.io/node-args")


class NodeMeta(Meta):
    annotations: dict[str, str] | None = None


class WireTaint(Wire):
    key: str | None = None
    value: str | None = None
    effect: str | None = None
    time_added: str | None = None


class WireNodeSpec(Wire):
    unschedulable: bool | None = None
    taints: list[WireTaint] | None = None
    provider_id: str | None = msgspec.field(name="providerID", default=None)


class WireAddress(Wire):
    type: str | None = None
    address: str | None = None


class WireNodeInfo(Wire):
    kubelet_version: str | None = None
    operating_system: str | None = None
    architecture: str | None = None
    os_image: str | None = None
    kernel_version: str | None = None
    container_runtime_version: str | None = None


class WireNodeStatus(Wire):
    conditions: list[WireCondition] | None = None
    addresses: list[WireAddress] | None = None
    node_info: WireNodeInfo | None = None
    allocatable: dict[str, str] | None = None


class WireNode(Wire):
    """A Node as it arrives."""

    metadata: NodeMeta | None = None
    spec: WireNodeSpec | None = None
    status: WireNodeStatus | None = None


class Taint(msgspec.Struct, gc=False, frozen=True):
    """A taint; `since` (Unix s, 0 unknown) is when it was added, the start of an eviction countdown."""

    key: str
    effect: str
    value: str = ""
    since: int = 0


class NodeRow(Row):
    """A node.

    `ready` is the status of its Ready condition ("True", "False", "Unknown", "" none yet), `reason` and
    `message` its explanation while it is not True, `since` its last transition (Unix s). `heartbeat` is the
    newest heartbeat of any condition (Unix s); kubelets renew it every few minutes only, so its age alone is
    no alarm. cpu is in thousandths of a core, memory in bytes, None while the node does not tell. `distribution` is
    "K3s", "MicroK8s", … or "" when it is not recognised. `proxy` is the mode of its kube-proxy, with IPVS also the
    scheduler ("ipvs sh"), `PROXY_OFF` where none is run and `PROXY_FILE` where a file on the node says it; "" where
    nothing of the node tells.
    """

    ready: str = ""
    reason: str = ""
    message: str = ""
    since: int = 0
    heartbeat: int = 0
    roles: tuple[str, ...] = ()
    version: str = ""
    pressures: tuple[str, ...] = ()
    cordoned: bool = False
    taints: tuple[Taint, ...] = ()
    cpu_allocatable: int | None = None
    memory_allocatable: int | None = None
    pods_allocatable: int | None = None
    distribution: str = ""
    proxy: str = ""
    os: str = ""
    arch: str = ""
    os_image: str = ""
    kernel: str = ""
    runtime: str = ""
    internal_ip: str = ""

    @property
    def is_ready(self) -> bool:
        return self.ready == "True"

    @property
    def silent(self) -> bool:
        """Whether its kubelet has stopped to tell of itself."""
        return self.ready == "Unknown"

    @property
    def unreachable(self) -> bool:
        """Whether the control plane has lost the node."""
        return any(taint.key == UNREACHABLE for taint in self.taints)

    @property
    def out_of_service(self) -> bool:
        """Whether somebody has said that it is powered off."""
        return any(taint.key == OUT_OF_SERVICE for taint in self.taints)

    @property
    def in_service(self) -> bool:
        """Whether nothing says that it may be powered off: it is Ready, or has told nothing yet."""
        return self.ready in ("", "True") and not self.out_of_service

    @property
    def status(self) -> str:
        """The words of `kubectl get nodes`: "Ready", "NotReady,SchedulingDisabled", "Unknown"."""
        word = ("Ready" if self.is_ready else "NotReady") if self.ready else "Unknown"
        return f"{word},SchedulingDisabled" if self.cordoned else word


def project(node: WireNode) -> NodeRow:
    """The row of a node."""
    meta = node.metadata or NodeMeta()
    spec = node.spec or WireNodeSpec()
    status = node.status or WireNodeStatus()
    info = status.node_info or WireNodeInfo()
    allocatable = status.allocatable or {}
    labels = read(meta.labels).values()
    ready = WireCondition()
    pressures = []
    heartbeat = 0
    for one in status.conditions or ():
        heartbeat = max(heartbeat, unix(one.last_heartbeat_time))
        if one.type == "Ready":
            ready = one
        elif one.type in PRESSURES and one.status == "True":
            pressures.append(one.type)
    fine = ready.status == "True"
    return NodeRow(
        **labelled(meta),
        ready=shared(ready.status),
        reason="" if fine else shared(clean(ready.reason)),
        message="" if fine else clean(ready.message),
        since=unix(ready.last_transition_time),
        heartbeat=heartbeat,
        roles=roles(labels),
        version=shared(clean(info.kubelet_version, _MAX_HINT)),
        pressures=tuple(pressures),
        cordoned=bool(spec.unschedulable),
        taints=tuple(
            Taint(shared(one.key), shared(one.effect), clean(one.value, _MAX_HINT), unix(one.time_added))
            for one in spec.taints or ()
        ),
        cpu_allocatable=parse_cpu(allocatable.get("cpu")),
        memory_allocatable=whole(allocatable.get("memory")),
        pods_allocatable=whole(allocatable.get("pods")),
        distribution=distribution(node, labels),
        proxy=shared(proxy(meta.annotations or {})),
        os=shared(clean(info.operating_system, _MAX_HINT)),
        arch=shared(clean(info.architecture, _MAX_HINT)),
        os_image=shared(clean(info.os_image, 80)),
        kernel=shared(clean(info.kernel_version, 80)),
        runtime=shared(clean(info.container_runtime_version, 80)),
        internal_ip=_internal_ip(status),
    )


def _internal_ip(status: WireNodeStatus) -> str:
    for one in status.addresses or ():
        if one.type == "InternalIP":
            return clean(one.address, 60)
    return ""


def roles(labels: Mapping[str, str]) -> tuple[str, ...]:
    """The roles that kubectl prints, sorted."""
    found = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE) and key != _ROLE}
    if labels.get("kubernetes.io/role"):
        found.add(labels["kubernetes.io/role"])
    return tuple(shared(clean(role, _MAX_HINT)) for role in sorted(found))


def distribution(node: WireNode, labels: Mapping[str, str]) -> str:
    """The distribution a node runs, by its version, labels, annotations and image; "" unknown."""
    meta = node.metadata or NodeMeta()
    info = (node.status.node_info if node.status else None) or WireNodeInfo()
    version, image = info.kubelet_version or "", info.os_image or ""
    notes = meta.annotations or {}
    provider = (node.spec.provider_id if node.spec else None) or ""
    tests: tuple[tuple[str, bool], ...] = (
        ("KubeEdge", "-kubeedge-" in version),
        ("OpenYurt", "openyurt.io/is-edge-worker" in labels),
        ("SuperEdge", "superedge.io/node-edge" in labels),
        ("K3s", "+k3s" in version or "k3s.io/node-args" in notes),
        ("RKE2", "+rke2" in version or "rke2.io/node-args" in notes),
        ("k0s", "+k0s" in version or "node.k0sproject.io/role" in labels),
        ("MicroK8s", "microk8s.io/cluster" in labels or "node.kubernetes.io/microk8s-controlplane" in labels),
        ("Talos", image.startswith("Talos (")),
        ("kind", provider.startswith("kind://")),
    )
    return next((name for name, found in tests if found), "")


def proxy(notes: Mapping[str, str]) -> str:
    """What the arguments that K3s and RKE2 note on their nodes say of kube-proxy, see `NodeRow`.

    They run it in iptables mode where nothing else is said (k3s, pkg/daemons/agent). Each `--flag=value` of theirs is
    noted as two words.
    """
    noted = next((notes[key] for key in _ARGUMENTS if key in notes), None)
    if noted is None:
        return ""
    try:
        words = msgspec.json.decode(noted, type=list[str])
    except msgspec.DecodeError:
        return ""
    told = {}
    for at, word in enumerate(words):
        flag, equals, value = word.lstrip("-").partition("=")
        following = value if equals else "".join(words[at + 1 : at + 2])
        if flag == "disable-kube-proxy" and value != "false" and following != "false":
            return PROXY_OFF
        if flag == "kube-proxy-arg":
            for one in following.split(","):
                name, _, chosen = one.lstrip("-").partition("=")
                told[name] = clean(chosen, _MAX_HINT)
    if "config" in told:
        return PROXY_FILE
    mode, scheduler = told.get("proxy-mode") or "iptables", told.get("ipvs-scheduler") or "rr"
    return f"{mode} {scheduler}" if mode == "ipvs" else mode


KIND = Kind(
    name=NODE,
    plural="nodes",
    group="",
    version="v1",
    namespaced=False,
    wire=WireNode,
    row=NodeRow,
    project=project,
    short_names=("no",),
    watched=Watched.ALWAYS,
    metered=True,
    snapshot=unchanged,
)
