"""What every field of an object does to its row: the fields that are kept, and what is worked out of them.

`pytest tests/unit/model/test_every_field_of_a_row.py --snapshot-update` takes what is made now; look at what differs
first.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import Kind, NotReadable
from tests.ui.test_every_field import differences, variants_of
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_canary import canary
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_fields_left_out import full_node, full_pod
from tests.unit.model.test_job import COMPLETE, FAILED, job
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY, MOVING, RUNS, rollout

Json = dict[str, Any]
METADATA = {"name": "x", "namespace": "d", "uid": "u", "resourceVersion": "1"}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
HELM = {"meta.helm.sh/release-name": "press", "meta.helm.sh/release-namespace": "line-2"}


def waits_for_its_gates() -> Json:
    made = f.pod("press", ready="False")
    made["spec"]["readinessGates"] = [{"conditionType": "a.example/open"}, {"conditionType": "Ready"}]
    return made


def with_sidecar(*init: Json, **more: Any) -> Json:
    """A pod with a sidecar and an init container."""
    containers = [
        {"name": "proxy", "image": "proxy:1", "restartPolicy": "Always"},
        {"name": "setup", "image": "setup:1"},
    ]
    return f.pod("press", init_containers=containers, init_statuses=init, **more)


def pressed_node() -> Json:
    return f.node(
        "edge-1",
        ready="Unknown",
        roles=("control-plane", "etcd"),
        pressures=("DiskPressure",),
        conditions=[f.cond("NetworkUnavailable", "True"), f.cond("EtcdIsVoter", "True")],
        taints=[
            {
                "key": "node.kubernetes.io/unreachable",
                "effect": "NoExecute",
                "timeAdded": f.stamp(f.NOW - 90),
            },
            {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"},
        ],
        provider="k3s://edge-1",
        labels={"topology.kubernetes.io/zone": "a", "kubernetes.io/hostname": "edge-1"},
    )


def full_service() -> Json:
    made = f.service("web", type_="LoadBalancer", ips=["192.0.2.7"])
    made["metadata"]["annotations"] = {"kube-vip.io/vipHost": "edge-1"}
    made["spec"] |= {
        "externalIPs": ["192.0.2.9"],
        "externalTrafficPolicy": "Local",
        "internalTrafficPolicy": "Local",
        "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 60}},
        "trafficDistribution": "PreferClose",
        "publishNotReadyAddresses": True,
    }
    ingress = made["status"]["loadBalancer"]["ingress"]
    ingress[0]["ipMode"] = "VIP"
    ingress += [{"ip": "192.0.2.8", "ipMode": "Proxy"}, {"hostname": "web.example"}]
    return made


def named(name: str, document: Json) -> Json:
    """The object under a name of its own: that of an event counts what was made before it."""
    document["metadata"]["name"] = name
    return document


EXTERNAL: Json = {
    "type": "External",
    "external": {"metric": {"name": "queue"}, "target": {"type": "Value", "value": "30"}},
}
AT: Json = {"type": "External", "external": {"metric": {"name": "queue"}, "current": {"value": "45"}}}
OF_CONTAINER: Json = {
    "type": "ContainerResource",
    "containerResource": {
        "name": "memory",
        "container": "app",
        "target": {"type": "AverageValue", "averageValue": "100Mi"},
    },
}
AT_CONTAINER: Json = {
    "type": "ContainerResource",
    "containerResource": {"name": "memory", "container": "app", "current": {"averageValue": "80Mi"}},
}
BEHAVIOR: Json = {
    "scaleUp": {"stabilizationWindowSeconds": 30, "selectPolicy": "Max"},
    "scaleDown": {"stabilizationWindowSeconds": 60, "selectPolicy": "Disabled"},
}
OBJECTS: dict[str, Json] = {
    "pod": f.pod("press", owner=f.stateful_set("press"), labels={"controller-revision-hash": "press-a"}),
    "pod with everything": full_pod(),
    "pod that crashes": f.pod("press", statuses=[f.crashing(137, "OOMKilled", restarts=14)]),
    "pod without its image": f.image_pull("press"),
    "pod that ended": f.pod("press", phase="Failed", statuses=[f.ended(3, "Error", signal=9)]),
    "pod that was evicted": f.pod("press", phase="Failed", reason="Evicted", message="low", statuses=[]),
    "pod without a node": f.pod(
        "press",
        node="",
        statuses=[],
        conditions=[f.cond("PodScheduled", "False", "Unschedulable", "0/2 nodes are available")],
    ),
    "pod that waits for its gates": waits_for_its_gates(),
    "pod that begins": with_sidecar(
        f.running("proxy", restarts=2), f.waiting("PodInitializing", name="setup"), statuses=[]
    ),
    "pod whose setup fails": with_sidecar(
        f.running("proxy"), f.ended(1, "Error", name="setup"), statuses=[f.waiting("PodInitializing")]
    ),
    "pod with a sidecar": with_sidecar(f.running("proxy", restarts=1), f.ended(0, "Completed", name="setup")),
    "node": full_node(),
    "node that is lost": pressed_node(),
    "deployment": f.deployment("press", min_ready=5, annotations=HELM),
    "deployment that is stuck": f.deployment(
        "press",
        paused=True,
        progressing=("False", "ProgressDeadlineExceeded"),
        conditions=[f.cond("ReplicaFailure", "True", "FailedCreate", "exceeded quota")],
        labels=FLUX,
    ),
    "replica set": f.replica_set(
        f.deployment("press"), "7f", annotations={"kubernetes.io/change-cause": "new"}
    ),
    "stateful set": f.stateful_set("historian", partition=1, update_revision="press-b"),
    "daemon set": f.daemon_set(
        "agent", misscheduled=1, annotations={"apps.openyurt.io/update-strategy": "OTA"}
    ),
    "autoscaler": f.autoscaler("press", behavior=BEHAVIOR),
    "autoscaler on other metrics": f.autoscaler(
        "press", metrics=[EXTERNAL, OF_CONTAINER], readings=[AT, AT_CONTAINER]
    ),
    "service": full_service(),
    "service elsewhere": f.service("web") | {"spec": {"type": "ExternalName", "externalName": "x.example"}},
    "slice": f.endpoint_slice("web", ready=2, waiting=1, draining=1, on=("edge-1", "edge-2")),
    "event": named("press.1", f.event(f.pod("press"), "BackOff", "Back-off", type_="Warning", count_=7)),
    "job that failed": job("press", FAILED, failed=7, completedIndexes="1-3", failedIndexes="4"),
    "job that is complete": job("press", *COMPLETE, succeeded=1, completionTime=f.stamp(f.NOW - 9)),
    "cron job": cron_job("night", lastScheduleTime=f.stamp(f.NOW - 400), active=[{"name": "night-1"}]),
    "rollout": rollout(),
    "rollout that is healthy": rollout(HEALTHY),
    "rollout that was aborted": rollout(ABORTED),
    "rollout with an analysis": rollout(MOVING | {"currentStepIndex": 4, "canary": RUNS}),
    "canary": canary({"failedChecks": 2}),
    "plan": u.plan("k3s", *u.whole(*u.FAILED), applying=("edge-2",)),
    "plan of k0s": u.autopilot("ApplyFailed", "SignalApplyFailed", said="no"),
    "upgrade of KubeEdge": u.edge_job("Failure", edge_1=u.GOOD, edge_2=u.LOST),
    "upgrade of Kairos": u.kairos("Failed", edge_1=("Completed",), edge_2=("Failed", "", "no space")),
    "upgrade of Talos": u.talos(
        "Rebooting",
        completedNodes=["edge-1"],
        currentNodes=["edge-2"],
        rebootingNodes=[{"nodeName": "edge-3"}],
        failedNodes=[{"nodeName": "edge-4", "retries": 2, "lastError": "no"}],
        prePulledNodes=[{"nodeName": "edge-5"}],
        prePullFailure={"lastError": "no such image"},
    ),
    "upgrade of Kubernetes": u.kubernetes("Upgrading", controllerNode="cp-1", lastError="no"),
    "bundle": u.bundle(state="ErrApplied", failing={"name": "a/b", "message": "no"}, ready=1),
    "pre-pull of KubeEdge": u.prepull(
        "Failed",
        "NotReady",
        edge_1={"phase": "Successful", "imageStatus": u._images("True", "True")},
        edge_2={"phase": "Failed", "reason": "x", "imageStatus": u._images("True", "False", why=u.NO_SUCH)},
    ),
    "older pre-pull of KubeEdge": u.older_prepull(
        "Failed",
        edge_1={"state": "Successful", "images": u._images("Successful", "Successful", key="state")},
        edge_2={"state": "Failed", "images": u._images("Failed", "Successful", key="state", why=u.NO_SUCH)},
    ),
    "announced by MetalLB": f.announced("ServiceL2Status", "web", "edge-2"),
    "announced over BGP": f.announced("ServiceBGPStatus", "web", "edge-2", labels_only=True),
}


WITH_METADATA = (
    "pod with everything",
    "deployment",
    "deployment that is stuck",
    "daemon set",
    "replica set",
    "service",
    "upgrade of Talos",
)
"""Those whose metadata are changed, too: most kinds read them in the same way."""
LEFT_OUT = ("uid", "resource_version", "owner_uid")


def fields(row: Any) -> Iterator[str]:
    """Everything that can be asked of a row."""
    for name in row.__struct_fields__:
        if name not in LEFT_OUT:
            yield f"{name}: {getattr(row, name)!r}"
    for name in sorted(dir(type(row))):
        if isinstance(getattr(type(row), name), property):
            yield f".{name}: {getattr(row, name)!r}"


def said(kind: str, row: Any) -> Iterator[str]:
    """What the page of a row says of it, and what of it is not kept on a disk."""
    known = KINDS[kind]
    for fact in known.facts(row, float(f.NOW)) if known.facts is not None else ():
        yield f"{'!' if fact.bad else '-'} {fact.label}: {fact.text}"
    kept = known.snapshot(row) if known.snapshot is not None else row
    for name in row.__struct_fields__:
        if getattr(kept, name) != getattr(row, name):
            yield f"kept {name}: {getattr(kept, name)!r}"


def made(kind: str, document: Json) -> list[str]:
    try:
        row = row_of(kind, document)
        return [*fields(row), *said(kind, row)]
    except NotReadable as problem:
        return [f"not readable: {problem}"]


@pytest.mark.parametrize("name", OBJECTS)
def test_what_every_field_does_to_a_row(name: str, snapshot: SnapshotAssertion) -> None:
    document = OBJECTS[name]
    kind = u.id_of(document)
    usual, found = made(kind, document), dict[tuple[str, ...], list[str]]()
    for what, one in variants_of(document):
        if what.startswith("metadata") and name not in WITH_METADATA:
            continue
        if lines := differences(usual, made(kind, one)):
            now = tuple(line.removeprefix("+") for line in lines if not line.startswith("-"))
            found.setdefault(now, []).append(what)
    parts = [f"# {', '.join(by)}\n{' | '.join(lines) or 'less'}" for lines, by in found.items()]
    assert "\n".join([*usual, *parts]) == snapshot


@pytest.mark.parametrize("engine", u.SEQUENCES)
def test_every_recorded_step_of_an_update(engine: str, snapshot: SnapshotAssertion) -> None:
    """What each step leads to beside the one before."""
    lines, before = list[str](), list[str]()
    for at, step in enumerate(u.SEQUENCES[engine]):
        for document in step.objects:
            if (kind := u.id_of(document)) not in ("Node", "Job", "Pod"):
                now = made(kind, document)
                lines += [f"# step {at}", *(line for line in now if line not in before)]
                before = now
    assert "\n".join(lines) == snapshot


def test_every_field_of_an_autoscaler_of_v1(snapshot: SnapshotAssertion) -> None:
    metrics = [
        {"type": "Pods", "pods": {"metricName": "queue", "targetAverageValue": "10"}},
        {"type": "Resource", "resource": {"name": "memory", "targetAverageUtilization": 70}},
        {
            "type": "External",
            "external": {"metricName": "lag", "metricSelector": {"a": "b"}, "targetValue": "5"},
        },
    ]
    measured = [
        {"type": "Pods", "pods": {"metricName": "queue", "currentAverageValue": "17"}},
        {"type": "Resource", "resource": {"name": "memory", "currentAverageUtilization": 35}},
        {
            "type": "External",
            "external": {"metricName": "lag", "metricSelector": {"a": "b"}, "currentValue": "4"},
        },
    ]
    behavior = {
        "ScaleDown": {"StabilizationWindowSeconds": 60, "SelectPolicy": "Disabled"},
        "ScaleUp": {"StabilizationWindowSeconds": 5},
    }
    conditions = [f.cond("ScalingActive", "True", "ValidMetricFound", "its words")]
    notes = {
        f"autoscaling.alpha.kubernetes.io/{name}": json.dumps(value)
        for name, value in (
            ("metrics", metrics),
            ("current-metrics", measured),
            ("conditions", conditions),
            ("behavior", behavior),
        )
    }
    document = {
        "apiVersion": "autoscaling/v1",
        "kind": "HorizontalPodAutoscaler",
        "metadata": f.meta("HorizontalPodAutoscaler", "press", annotations=notes),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"},
            "minReplicas": 2,
            "maxReplicas": 8,
            "targetCPUUtilizationPercentage": 60,
        },
        "status": {
            "currentReplicas": 3,
            "desiredReplicas": 4,
            "currentCPUUtilizationPercentage": 90,
            "lastScaleTime": f.stamp(f.NOW - 60),
        },
    }
    usual, lines = made("HorizontalPodAutoscaler", document), list[str]()
    for what, one in variants_of(document):
        if not what.startswith("metadata") or "annotations" in what:
            found = [
                line
                for line in differences(usual, made("HorizontalPodAutoscaler", one))
                if not line.startswith("-")
            ]
            lines += [f"# {what}", *found]
    assert "\n".join([*usual, *lines]) == snapshot


NOTHING = (": 0", ": 0.0", ": ''", ": ()", ": {}", ": None", ": False", ": frozenset()")


def words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: words(one) for key, one in value.items()}
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_and_the_row_of_an_object_that_says_nothing(name: str, snapshot: SnapshotAssertion) -> None:
    kind = KINDS[name]
    assert isinstance(kind, Kind)
    needed = {"spec": {"maxReplicas": 0}} if name == "HorizontalPodAutoscaler" else {}
    told_of_it = [f"{one}: {words(getattr(kind, one))}" for one in kind.__struct_fields__]
    lines = [*told_of_it, *made(name, {"metadata": METADATA, **needed})]
    assert "\n".join(line for line in lines if not line.endswith(NOTHING)) == snapshot
