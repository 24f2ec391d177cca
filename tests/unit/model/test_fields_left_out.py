"""What every reader of an object makes of fields that are left out, null, too long or too large.

What it makes is what its type says, null is what is left out, and no text is longer than its reader keeps.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import NotReadable
from edgetui.model.lease import lease_of
from edgetui.model.node.demand import demand_of, offer_of
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import FAILED, job
from tests.unit.model.test_rollout_kind import rollout

Json = dict[str, Any]
Read = Callable[[Json], Any]
LONG, LARGE = "w" * 3000, 10**30
TERMS = {
    "requiredDuringSchedulingIgnoredDuringExecution": {
        "nodeSelectorTerms": [{"matchExpressions": [{"key": "site", "operator": "In", "values": ["a"]}]}]
    }
}
APART = {
    "requiredDuringSchedulingIgnoredDuringExecution": [
        {"labelSelector": {"matchLabels": {"app": "press"}}, "topologyKey": "kubernetes.io/hostname"}
    ]
}


def full_pod() -> Json:
    """A pod with everything that its scheduling asks for."""
    made = f.pod("press", owner=f.replica_set(f.deployment("press"), "7f"))
    container = made["spec"]["containers"][0]
    container["resources"] = {"requests": {"cpu": "250m", "memory": "64Mi"}, "limits": {"cpu": "1"}}
    container["ports"] = [{"containerPort": 80, "hostPort": 8080, "protocol": "UDP"}]
    made["spec"] |= {
        "affinity": {"nodeAffinity": TERMS, "podAntiAffinity": APART},
        "nodeSelector": {"site": "a"},
        "overhead": {"cpu": "10m"},
        "resources": {"requests": {"memory": "128Mi"}},
        "tolerations": [
            {"key": "line", "operator": "Equal", "value": "2", "effect": "NoExecute", "tolerationSeconds": 60}
        ],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "press"}},
            {"name": "tmp", "emptyDir": {}},
            {"name": "own", "ephemeral": {"volumeClaimTemplate": {}}},
        ],
    }
    made["status"]["conditions"].append(f.cond("DisruptionTarget", "True", "EvictionByEvictionAPI"))
    return made


def full_node() -> Json:
    taint = {"key": "line", "value": "2", "effect": "NoExecute", "timeAdded": f.stamp(f.NOW - 90)}
    return f.node("edge-1", roles=("control-plane",), taints=[taint], cordoned=True)


def rows(kind: str) -> Read:
    return lambda document: row_of(kind, document)


READERS: dict[str, tuple[Read, Json]] = {
    "pod": (rows("Pod"), f.pod("press", statuses=[f.crashing(137, "OOMKilled", restarts=14)])),
    "node": (rows("Node"), full_node()),
    "deployment": (
        rows("Deployment"),
        f.deployment("press", progressing=("False", "ProgressDeadlineExceeded")),
    ),
    "replica set": (rows("ReplicaSet"), f.replica_set(f.deployment("press"), "7f")),
    "stateful set": (rows("StatefulSet"), f.stateful_set("historian", partition=1)),
    "daemon set": (rows("DaemonSet"), f.daemon_set("agent")),
    "autoscaler": (rows("HorizontalPodAutoscaler"), f.autoscaler("press")),
    "service": (
        rows("Service"),
        f.service("web", type_="LoadBalancer", ips=["192.0.2.7"])
        | {
            "spec": f.service("web")["spec"] | {"externalIPs": ["192.0.2.9"], "externalName": "x.example.com"}
        },
    ),
    "slice": (rows("EndpointSlice"), f.endpoint_slice("web", ready=2, waiting=1, on=("edge-1",))),
    "event": (rows("Event"), f.event(f.pod("press"), "BackOff", "Back-off", type_="Warning", count_=7)),
    "job": (rows("Job"), job("press", FAILED, failed=7)),
    "cron job": (rows("CronJob"), cron_job("night", lastScheduleTime=f.stamp(f.NOW - 400))),
    "rollout": (rows("Rollout"), rollout()),
    "canary": (rows("Canary"), canary({"failedChecks": 2})),
    "plan": (rows("Plan"), u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",))),
    "plan of k0s": (rows("AutopilotPlan"), u.autopilot("ApplyFailed", "SignalApplyFailed", said="no")),
    "upgrade of KubeEdge": (rows("NodeUpgradeJob"), u.edge_job("Failure", edge_1=u.GOOD, edge_2=u.LOST)),
    "upgrade of Kairos": (rows("NodeOpUpgrade"), u.kairos("Failed", edge_2=("Failed", "", "no space"))),
    "upgrade of Talos": (
        rows("TalosUpgrade"),
        u.talos("Failed", failedNodes=[{"nodeName": "edge-2", "retries": 2, "lastError": "no"}]),
    ),
    "upgrade of Kubernetes": (rows("KubernetesUpgrade"), u.kubernetes("Failed", lastError="no")),
    "bundle": (
        rows("Bundle"),
        u.bundle(state="ErrApplied", failing={"name": "a/b", "message": "no"}, ready=1),
    ),
    "announced by MetalLB": (rows("ServiceL2Status"), f.announced("ServiceL2Status", "web", "edge-2")),
    "demand": (demand_of, full_pod()),
    "offer": (offer_of, full_node()),
    "lease": (
        lease_of,
        {
            "metadata": {"name": "edge-1"},
            "spec": {
                "holderIdentity": "edge-1",
                "leaseDurationSeconds": 40,
                "leaseTransitions": 3,
                "renewTime": f.stamp(f.NOW - 9),
            },
        },
    ),
}
RAW = ("demand", "offer")
"""Readers that take the types of an API server for granted."""
ODD = (NotReadable, LookupError, TypeError, AttributeError, ValueError)
"""What a reader raises for what is no object of its kind."""


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    for name, part in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(part, (*path, name))


def put(document: Json, path: tuple[str | int, ...], value: Any) -> Json:
    made = copy.deepcopy(document)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def read(reader: Read, document: Json) -> Any:
    """What is made of it; None for what its reader refuses."""
    try:
        return reader(document)
    except ODD:
        return None


def fits(made: Any) -> bool:
    """Whether each of its fields is what its type says."""
    try:
        msgspec.convert(msgspec.to_builtins(made), type(made))
    except msgspec.ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", READERS)
def test_what_is_made_fits_its_type_and_null_is_what_is_left_out(kind: str) -> None:
    reader, document = READERS[kind]
    whole = reader(document)
    for path in places(document):
        left_out = read(reader, put(document, path, ...))
        null = read(reader, put(document, path, None))
        assert left_out is None or fits(left_out), path
        if kind not in RAW:
            assert null is None or fits(null), path
        if kind not in RAW and not isinstance(path[-1], int):
            assert null == left_out, path
    assert fits(whole)


def lengths(made: Any, name: str = "") -> Iterator[tuple[str, int]]:
    """How long the texts of something are that came of a long one."""
    if isinstance(made, msgspec.Struct):
        for field in made.__struct_fields__:
            yield from lengths(getattr(made, field), f"{name}.{field}" if name else field)
    elif isinstance(made, dict):
        for key, one in made.items():
            yield from lengths(key, f"{name}.key")
            yield from lengths(one, name)
    elif isinstance(made, tuple | list | frozenset):
        for one in made:
            yield from lengths(one, name)
    elif isinstance(made, str) and "www" in made:
        yield name, len(made)


@pytest.mark.parametrize("kind", READERS)
def test_no_text_is_longer_than_is_kept(kind: str, snapshot: SnapshotAssertion) -> None:
    reader, document = READERS[kind]
    found = set()
    for path in places(document):
        made = read(reader, put(document, path, LONG))
        found |= {f"{'.'.join(map(str, path))}: {name} {size}" for name, size in lengths(made)}
    assert sorted(found) == snapshot


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("value", [LARGE, -LARGE, "9" * 25, "٣", float("1e300"), True, -1, "", [], {}, "x"])
def test_an_odd_value_costs_its_field_or_its_object(kind: str, value: Any) -> None:
    reader, document = READERS[kind]
    for path in places(document):
        made = read(reader, put(document, path, value))
        assert made is None or kind in RAW or fits(made), path
