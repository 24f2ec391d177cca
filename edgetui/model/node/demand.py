"""What a pod asks of a node, and what a node offers: read from the objects as the scheduler reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from edgetui.model.autoscaling.limits import asked_by
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.podstatus import FINISHED
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.text import clean, quantity, unix

Json = dict[str, Any]
MIRROR = "kubernetes.io/config.mirror"
_REQUESTS = "requests."


class Toleration(msgspec.Struct, frozen=True):
    """A toleration; an empty `key` or `effect` means any.

    `seconds` is how long it holds under NoExecute, None for ever.
    """

    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""
    seconds: int | None = None

    def covers(self, key: str, value: str, effect: str) -> bool:
        """Whether it tolerates this taint."""
        if self.effect and self.effect != effect:
            return False
        if self.key and self.key != key:
            return False
        return self.operator == "Exists" or (bool(self.key) and self.value == value)


class Apart(msgspec.Struct, frozen=True):
    """A required anti-affinity: no pod that `selector` takes, in these namespaces, where `topology` is the same."""

    selector: Json
    topology: str
    namespaces: tuple[str, ...]


class Demand(msgspec.Struct, frozen=True):
    """A pod, as far as it says where it may run and what becomes of it.

    `asks` are its requests by resource (cores, bytes, counts). `terms` are the alternatives of its required node
    affinity, None for none. `ports` are the host ports it takes, `claims` the PersistentVolumeClaims it mounts.
    `scratch` is whether it has data in an emptyDir volume, which ends with it. `evicted` is when the taint controller
    or an eviction asked for its end (Unix s, 0 never), `deleting` when it is to be gone.
    """

    namespace: str
    name: str
    uid: str
    node: str = ""
    phase: str = ""
    ready: bool = False
    deleting: int = 0
    evicted: int = 0
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    owner_kind: str = ""
    owner_name: str = ""
    owner_uid: str = ""
    static: bool = False
    asks: Mapping[str, float] = msgspec.field(default_factory=dict)
    selector: Mapping[str, str] = msgspec.field(default_factory=dict)
    terms: tuple[Json, ...] | None = None
    tolerations: tuple[Toleration, ...] = ()
    ports: tuple[tuple[int, str], ...] = ()
    claims: tuple[str, ...] = ()
    scratch: bool = False
    apart: tuple[Apart, ...] = ()

    @property
    def words(self) -> str:
        """ "line-2/press-0"."""
        return f"{self.namespace}/{self.name}"

    @property
    def finished(self) -> bool:
        """Whether all its containers have ended for good."""
        return self.phase in FINISHED

    @property
    def daemon(self) -> bool:
        """Whether a DaemonSet wants it on that very node."""
        return self.owner_kind == DAEMON_SET

    @property
    def numbered(self) -> bool:
        """Whether it is of a StatefulSet: no second one of its name is made while the first may still run."""
        return self.owner_kind == STATEFUL_SET

    @property
    def bare(self) -> bool:
        """Whether nothing makes it anew."""
        return not self.owner_kind


class Taint(msgspec.Struct, frozen=True):
    """A taint of a node; `since` is when it was added (Unix s, 0 unknown)."""

    key: str
    effect: str
    value: str = ""
    since: int = 0


class Offer(msgspec.Struct, frozen=True):
    """A node, as far as the scheduler looks at it. `room` is what it has for pods, by resource."""

    name: str
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    taints: tuple[Taint, ...] = ()
    cordoned: bool = False
    ready: bool = True
    room: Mapping[str, float] = msgspec.field(default_factory=dict)


def demand_of(pod: Json) -> Demand:
    """A pod's demand. Raises LookupError, TypeError, AttributeError or ValueError for what is no pod."""
    meta, spec, status = pod["metadata"], pod.get("spec") or {}, pod.get("status") or {}
    owner: Json = next((one for one in meta.get("ownerReferences") or () if one.get("controller")), {})
    conditions = {one.get("type"): one for one in status.get("conditions") or ()}
    ended, ready = conditions.get("DisruptionTarget") or {}, conditions.get("Ready") or {}
    affinity = spec.get("affinity") or {}
    volumes = spec.get("volumes") or ()
    required = ((affinity.get("nodeAffinity") or {}).get(_REQUIRED) or {}).get("nodeSelectorTerms")
    return Demand(
        namespace=meta.get("namespace") or "",
        name=meta["name"],
        uid=meta.get("uid") or "",
        node=spec.get("nodeName") or "",
        phase=status.get("phase") or "",
        ready=ready.get("status") == "True",
        deleting=unix(meta.get("deletionTimestamp")),
        evicted=unix(ended.get("lastTransitionTime")) if ended.get("status") == "True" else 0,
        labels=meta.get("labels") or {},
        owner_kind=owner.get("kind") or "",
        owner_name=clean(owner.get("name")),
        owner_uid=owner.get("uid") or "",
        static=MIRROR in (meta.get("annotations") or {}),
        asks=_asks(spec),
        selector=spec.get("nodeSelector") or {},
        terms=None if required is None else tuple(required),
        tolerations=tuple(_toleration(one) for one in spec.get("tolerations") or ()),
        ports=tuple(_ports(spec)),
        claims=tuple(_claims(meta["name"], volumes)),
        scratch=any("emptyDir" in one for one in volumes),
        apart=tuple(_apart(meta.get("namespace") or "", affinity.get("podAntiAffinity") or {})),
    )


_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _asks(spec: Json) -> dict[str, float]:
    """Its requests and its overhead; what is asked for the pod as a whole counts in place of its containers' sum."""
    asked = asked_by(spec)
    found = {key.removeprefix(_REQUESTS): value for key, value in asked.items() if key.startswith(_REQUESTS)}
    whole = (spec.get("resources") or {}).get("requests") or {}
    found |= {name: quantity(str(amount)) or 0.0 for name, amount in whole.items()}
    for name, amount in (spec.get("overhead") or {}).items():
        found[name] = found.get(name, 0.0) + (quantity(str(amount)) or 0.0)
    return {**found, "pods": 1.0}


def _toleration(one: Json) -> Toleration:
    return Toleration(
        one.get("key") or "",
        one.get("operator") or "Equal",
        one.get("value") or "",
        one.get("effect") or "",
        one.get("tolerationSeconds"),
    )


def _ports(spec: Json) -> list[tuple[int, str]]:
    own = bool(spec.get("hostNetwork"))
    every = [port for one in spec.get("containers") or () for port in one.get("ports") or ()]
    found = [(one.get("hostPort") or (one.get("containerPort") if own else 0), one) for one in every]
    return [(number, one.get("protocol") or "TCP") for number, one in found if number]


def _claims(pod: str, volumes: Any) -> list[str]:
    """Names of its claims; one that is made for an ephemeral volume is named after pod and volume."""
    found = [(one.get("persistentVolumeClaim") or {}).get("claimName") for one in volumes]
    found += [f"{pod}-{one['name']}" for one in volumes if one.get("ephemeral")]
    return [one for one in found if one]


def _apart(namespace: str, affinity: Json) -> list[Apart]:
    return [
        Apart(
            one.get("labelSelector") or {},
            one.get("topologyKey") or "",
            tuple(one.get("namespaces") or (namespace,)),
        )
        for one in affinity.get(_REQUIRED) or ()
        if one.get("labelSelector") is not None
    ]


def offer_of(node: Json) -> Offer:
    """What a node offers. Raises as `demand_of`."""
    meta, spec, status = node["metadata"], node.get("spec") or {}, node.get("status") or {}
    ready: Json = next((one for one in status.get("conditions") or () if one.get("type") == "Ready"), {})
    return Offer(
        name=meta["name"],
        labels=meta.get("labels") or {},
        taints=tuple(
            Taint(one["key"], one.get("effect") or "", one.get("value") or "", unix(one.get("timeAdded")))
            for one in spec.get("taints") or ()
        ),
        cordoned=bool(spec.get("unschedulable")),
        ready=ready.get("status") == "True",
        room={name: quantity(str(value)) or 0.0 for name, value in (status.get("allocatable") or {}).items()},
    )
