"""Objects of each kind as a server sends them, and every way of giving one value in them another type."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import FAILED, job
from tests.unit.model.test_rollout_kind import rollout

Json = dict[str, Any]

DEPLOYMENT = f.deployment("press", conditions=[f.cond("ReplicaFailure", "True", "Quota", "full")])
REPLICA_SET = f.replica_set(DEPLOYMENT, "abc")
POD = f.pod("press-0", owner=REPLICA_SET, statuses=[f.crashing(), f.waiting("ImagePullBackOff")])
TAINT = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "2026-11-20T10:00:00Z"}

OBJECTS: dict[str, Json] = {
    "Node": f.node("van-17", roles=("worker",), pressures=("DiskPressure",), taints=[TAINT]),
    "Pod": POD,
    "Deployment": DEPLOYMENT,
    "StatefulSet": f.stateful_set("camera"),
    "DaemonSet": f.daemon_set("agent"),
    "ReplicaSet": REPLICA_SET,
    "HorizontalPodAutoscaler": f.autoscaler("press", behavior={"scaleDown": {"selectPolicy": "Max"}}),
    "Service": f.service("press", type_="LoadBalancer", ips=("192.0.2.7",)),
    "EndpointSlice": f.endpoint_slice("press", ready=1, waiting=1, draining=1),
    "ServiceL2Status": f.announced("ServiceL2Status", "press", "edge-1"),
    "ServiceBGPStatus": f.announced("ServiceBGPStatus", "press", "edge-1"),
    "Event": f.event(POD, "BackOff"),
    "Job": job("press", FAILED, failed=7),
    "CronJob": cron_job(),
    "Plan": u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",), window={"days": ["su"]}),
    "AutopilotPlan": u.K0S[4].objects[0],
    "NodeUpgradeJob": u.KUBEEDGE[4].objects[0],
    "NodeOpUpgrade": u.KAIROS[5].objects[0],
    "ImagePrePullJob": u.prepull("Failed", "no space", edge_1={"phase": "Failed", "reason": "no space"}),
    "TalosUpgrade": u.TALOS[7].objects[0],
    "KubernetesUpgrade": u.KUBERNETES[3].objects[0],
    "Bundle": u.FLEET[2].objects[0],
    "Rollout": rollout(),
    "Canary": canary(),
}

DEEP = "deep"
ODD: tuple[Any, ...] = (None, True, -1, 10**30, "x", [], {}, [None], ["x"], {"x": 1}, DEEP)


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value in a document stands, the document itself first."""
    yield at
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from paths(inner, (*at, key))


def changed(document: Any, path: tuple[Any, ...], odd: Any) -> bytes:
    """The document with another value at a path, as JSON; DEEP is nested beyond what any decoder follows."""
    made = json.loads(json.dumps(document))
    if not path:
        made = odd
    else:
        place = made
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = odd
    text = json.dumps(made, separators=(",", ":")).encode()
    return text.replace(b'"deep"', b"[" * 2000 + b"]" * 2000)
