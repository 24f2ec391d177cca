"""How rollouts go, well and badly: what is changed, and what must be said about it on the way."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from . import workloads as w

Json = dict[str, Any]

DEPLOYMENT, STATEFUL_SET, DAEMON_SET = KINDS = ("Deployment", "StatefulSet", "DaemonSet")
SITE = "example.com/site"
"""The label of nodes that tells the plant, which stays up, from the vehicle, whose last node loses its power."""
_SHORT = {DEPLOYMENT: "deploy", STATEFUL_SET: "sts", DAEMON_SET: "ds"}
_MAKE = {DEPLOYMENT: w.deployment, STATEFUL_SET: w.statefulset, DAEMON_SET: w.daemonset}


class Step(NamedTuple):
    """What is said at one moment, as regular expressions: by kubectl, as the state, and as the reason (None: any)."""

    kubectl: str
    state: str
    reason: str | None = "^$"


class Scenario(NamedTuple):
    """A workload that runs well, what is then changed in its spec, and what is told from then on, in this order."""

    name: str
    kind: str
    change: Json
    told: tuple[Step, ...]
    spec: Mapping[str, Any] = MappingProxyType({})
    site: str = "plant"

    @property
    def id(self) -> str:
        """The name of its object, unique among all."""
        return f"{self.name}-{_SHORT[self.kind]}"

    def object(self) -> Json:
        """The object before the change."""
        sized = {} if self.kind == DAEMON_SET else {"replicas": 2}
        made = _MAKE[self.kind](self.id, f"{w.REGISTRY}/app:1", spec={**sized, **self.spec}, cpu_request="1m")
        pods = made["spec"]["template"]["spec"]
        pods["nodeSelector"] = {SITE: self.site}
        if self.site == "vehicle" and self.kind == STATEFUL_SET:
            term = {
                "labelSelector": {"matchLabels": {"app": self.id}},
                "topologyKey": "kubernetes.io/hostname",
            }
            pods["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        return made


def image(name: str) -> Json:
    """A change of the image."""
    return {"template": {"spec": {"containers": [{"name": "app", "image": f"{w.REGISTRY}/{name}:2"}]}}}


QUICK: Json = {"progressDeadlineSeconds": 5}
LARGE: Json = {"containers": [{"name": "app", "resources": {"requests": {"memory": "100Gi"}}}]}
NO_ROOM = (
    r"^(no node has 100Gi free|no node fits: (1 tainted, )?(\d do not match its node selector, )?"
    r"[123] too little memory free(, \d do not match its node selector)?) \(1 pod\)$"
)
ON_DELETE: Json = {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}, **image("good")}

WAITING, OVERDUE = "^Waiting for ", "exceeded its progress deadline$"
MOVING = Step(WAITING, "of [23] (updated|ready|available)|old pods? terminating", None)
COMPLETE = Step("successfully rolled out$|roll out complete: [123] new", "^complete$")


def each(name: str, change: Json, *told: Step, kinds: tuple[str, ...] = KINDS) -> list[Scenario]:
    """The same scenario for several kinds."""
    return [Scenario(name, kind, change, told) for kind in kinds]


def stuck(name: str, change: Json, short: str, reason: str) -> list[Scenario]:
    """One that never completes; the Deployment passes its deadline as well."""
    step = Step(WAITING, f"^stuck: {short}$", reason)
    late = step._replace(kubectl=OVERDUE)
    return [
        Scenario(name, DEPLOYMENT, change, (step, late), QUICK),
        *each(name, change, step, kinds=(STATEFUL_SET, DAEMON_SET)),
    ]


def flapping() -> list[Scenario]:
    """It is up and down in turn: with one pod each, for several need not ever be up together."""
    told = (COMPLETE, Step(WAITING, "^stuck: crash, exit 1$", r"^crashes: exit 1 \("))
    on_one_node = image("flap")
    on_one_node["template"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "node-0"}
    return [
        *each("flap", {"replicas": 1, **image("flap")}, *told, kinds=(DEPLOYMENT, STATEFUL_SET)),
        Scenario("flap", DAEMON_SET, on_one_node, told),
    ]


def offline() -> list[Scenario]:
    """A node loses its power; the DaemonSet gets a new image after that."""
    silent = r"^node-5 does not answer; what runs there is not known \(\d pods?\)$"
    waits = r"^1 of 3 nodes unreachable: cannot finish until it returns \(node-5\)$"
    dead = Step(WAITING, "^stuck: node NotReady$", silent)
    stays = Step(WAITING, "^stuck: node NotReady$", waits)
    parallel: Json = {"replicas": 3, "podManagementPolicy": "Parallel"}
    return [
        Scenario(
            "offline", DEPLOYMENT, {}, (dead, COMPLETE._replace(reason=None)), {"replicas": 6}, "vehicle"
        ),
        Scenario("offline", STATEFUL_SET, {}, (dead, stays), parallel, "vehicle"),
        Scenario(
            "offline",
            DAEMON_SET,
            image("good"),
            (Step("successfully rolled out$", "^complete, node NotReady$", silent), stays),
            site="vehicle",
        ),
    ]


SCENARIOS = [
    *each("good", image("good"), MOVING, COMPLETE),
    *stuck("bad", image("bad"), "image not found", r"^image registry.local/bad:2 not found \(1 pod\)$"),
    *stuck("timeout", image("timeout"), "pull timed out", r"^pull timed out: link, not image \("),
    *stuck("crash", image("crash"), "crash, exit 1", r"^crashes: exit 1 \(1 pod\)$"),
    *stuck("oom", image("oom"), "out of memory", r"^crashes: exit 137, out of memory \(1 pod\)$"),
    *stuck("large", {"template": {"spec": LARGE}}, "no node: memory", NO_ROOM),
    *flapping(),
    *each("slow", image("slow"), MOVING, COMPLETE, kinds=(STATEFUL_SET, DAEMON_SET)),
    Scenario(
        "slow",
        DEPLOYMENT,
        image("slow"),
        (
            Step(
                OVERDUE,
                "^deadline passed, still progressing$",
                "^its deadline of 5s has passed, but new pods are",
            ),
            MOVING,
            COMPLETE,
        ),
        QUICK,
    ),
    Scenario(
        "quota", DEPLOYMENT, image("good"), (Step(WAITING, "^stuck: quota$", "^quota small is full: "),)
    ),
    *each("quota", image("good"), MOVING, kinds=(STATEFUL_SET, DAEMON_SET)),
    Scenario(
        "paused", DEPLOYMENT, {"paused": True, **image("good")}, (Step(WAITING, "^paused, 0 of 2 upd"),)
    ),
    Scenario(
        "partition",
        STATEFUL_SET,
        {"updateStrategy": {"rollingUpdate": {"partition": 1}}, **image("good")},
        (Step("^partitioned roll out complete: 1 new pods", "^complete up to partition 1$"),),
    ),
    *each(
        "manual",
        ON_DELETE,
        Step("^rollout status is only available for RollingUpdate", "^0 of [23] on delete$"),
        kinds=(STATEFUL_SET, DAEMON_SET),
    ),
    *each(
        "none",
        {"replicas": 0},
        Step("successfully rolled out$|roll out complete: ", "^scaled to 0$"),
        kinds=(DEPLOYMENT, STATEFUL_SET),
    ),
    *each("settling", {"minReadySeconds": 2, **image("good")}, MOVING, COMPLETE),
    *offline(),
]
