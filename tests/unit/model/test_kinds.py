"""The other kinds: what a row keeps of a node, a workload, an autoscaler, a service and an event."""

from __future__ import annotations

import msgspec
import pytest

from edgetui.model.autoscaling import hpa
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from tests.unit.model import factories as f

HPA = "HorizontalPodAutoscaler"


COMPLETE_ENOUGH = [kind for kind in KINDS if kind != HPA]
"""Without a maximum there is no autoscaler, and none is made up."""


@pytest.mark.parametrize("kind", COMPLETE_ENOUGH)
def test_an_empty_object_is_a_row_and_not_an_error(kind: str) -> None:
    for obj in ({}, {"metadata": {}, "spec": {}, "status": {}}, {"metadata": None}):
        assert row_of(kind, obj).name == ""


@pytest.mark.parametrize("kind", KINDS)
def test_bytes_from_the_wire_decode_with_unknown_fields_skipped(kind: str) -> None:
    line = msgspec.json.encode(
        {"metadata": {"name": "a", "x": [1]}, "spec": {"new": {}, "maxReplicas": 1}, "status": {"new": 1}}
    )
    known = KINDS[kind]
    assert known.project(msgspec.json.decode(line, type=known.wire)).name == "a"


def test_paths_are_those_of_the_api() -> None:
    assert KINDS["Pod"].path("line-1", "a") == "/api/v1/namespaces/line-1/pods/a"
    assert KINDS["Node"].path() == "/api/v1/nodes"
    assert KINDS[HPA].path("d") == "/apis/autoscaling/v2/namespaces/d/horizontalpodautoscalers"
    assert KINDS["Deployment"].path("d", "web", "scale") == "/apis/apps/v1/namespaces/d/deployments/web/scale"


def test_events_have_no_bookmarks() -> None:
    assert [kind.name for kind in KINDS.values() if not kind.bookmarks] == ["Event"]


def node(**more: object) -> NodeRow:
    row = row_of("Node", f.node("van-17", **more))  # type: ignore[arg-type]
    assert isinstance(row, NodeRow)
    return row


def test_node_basics() -> None:
    row = node(roles=("control-plane", "etcd"), labels={"kubernetes.io/role": "edge"}, heartbeat=f.NOW - 12)
    assert row.roles == ("control-plane", "edge", "etcd")
    assert (row.status, row.ready, row.is_ready, row.reason) == ("Ready", "True", True, "")
    assert (row.cpu_allocatable, row.memory_allocatable, row.pods_allocatable) == (4000, 4 << 30, 110)
    assert (row.version, row.os, row.arch, row.internal_ip) == ("v1.33.4+k3s1", "linux", "arm64", "10.0.0.7")
    assert row.heartbeat == f.NOW - 12


def test_only_known_pressures_are_bad_news() -> None:
    row = node(pressures=("DiskPressure",), conditions=[f.cond("EtcdIsVoter", "True", "MemberNotLearner")])
    assert row.pressures == ("DiskPressure",)
    assert node(conditions=[f.cond("EtcdIsVoter", "True")]).pressures == ()


def test_node_words_of_kubectl() -> None:
    assert node(ready="Unknown", cordoned=True).status == "NotReady,SchedulingDisabled"
    assert node(ready="False").status == "NotReady"
    obj = f.node("n")
    obj["status"]["conditions"] = []
    assert row_of("Node", obj).status == "Unknown"  # type: ignore[attr-defined]


def test_taints_keep_when_they_began() -> None:
    row = node(
        taints=[
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": f.stamp(f.NOW - 5)}
        ]
    )
    assert row.unreachable
    assert row.taints[0].since == f.NOW - 5


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({"version": "v1.33.4+k3s1"}, "K3s"),
        ({"version": "v1.33.4+rke2r1"}, "RKE2"),
        ({"version": "v1.33.4+k0s.0"}, "k0s"),
        ({"version": "v1.33.4", "labels": {"microk8s.io/cluster": "true"}}, "MicroK8s"),
        ({"version": "v1.29.5-kubeedge-v1.18.0"}, "KubeEdge"),
        ({"version": "v1.33.4", "labels": {"openyurt.io/is-edge-worker": "true"}}, "OpenYurt"),
        ({"version": "v1.33.4", "os_image": "Talos (v1.9.0)"}, "Talos"),
        ({"version": "v1.33.4", "provider": "kind://docker/kind/kind-control-plane"}, "kind"),
        ({"version": "v1.33.4"}, ""),
    ],
)
def test_distributions(more: dict[str, object], name: str) -> None:
    assert node(**more).distribution == name


def test_deployment() -> None:
    row = row_of(
        "Deployment",
        f.deployment(
            "press",
            replicas=6,
            updated=2,
            current=7,
            ready=5,
            available=5,
            generation=4,
            observed=3,
            revision=8,
            image="registry.local/press:2.1",
            progressing=("False", "ProgressDeadlineExceeded"),
            paused=True,
            annotations={"kubernetes.io/change-cause": "release 2.1"},
        ),
    )
    assert isinstance(row, DeploymentRow)
    assert (row.generation, row.observed, row.revision, row.cause) == (4, 3, 8, "release 2.1")
    assert (row.replicas, row.current, row.updated, row.ready, row.available) == (6, 7, 2, 5, 5)
    assert (row.paused, row.max_surge, row.max_unavailable, row.deadline) == (True, "25%", "25%", 600)
    assert row.images == ("registry.local/press:2.1",)
    assert row.progressing is not None
    assert (row.progressing.reason, row.progressing.updated) == ("ProgressDeadlineExceeded", f.NOW - 60)


def test_replicas_default_to_one_only_when_missing() -> None:
    obj = f.deployment("a", replicas=0)
    assert row_of("Deployment", obj).replicas == 0  # type: ignore[attr-defined]
    del obj["spec"]["replicas"]
    assert row_of("Deployment", obj).replicas == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("labels", "notes", "expected"),
    [
        ({}, {}, ()),
        (
            {},
            {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:d/press"},
            ("Argo CD Application plant",),
        ),
        ({"kustomize.toolkit.fluxcd.io/name": "apps"}, {}, ("Flux Kustomization apps",)),
        (
            {"helm.toolkit.fluxcd.io/name": "press"},
            {"meta.helm.sh/release-name": "press"},
            ("Flux HelmRelease press",),
        ),
        ({}, {"objectset.rio.cattle.io/owner-name": "bundle"}, ("Fleet bundle bundle",)),
        (
            {},
            {
                "objectset.rio.cattle.io/owner-name": "metrics-server",
                "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
            },
            ("K3s AddOn metrics-server",),
        ),
        (
            {"app.kubernetes.io/managed-by": "Helm"},
            {"meta.helm.sh/release-name": "press"},
            ("Helm release press",),
        ),
    ],
)
def test_who_else_writes_it(labels: dict[str, str], notes: dict[str, str], expected: tuple[str, ...]) -> None:
    row = row_of("Deployment", f.deployment("press", labels=labels, annotations=notes))
    assert tuple(one.words for one in row.managers) == expected  # type: ignore[attr-defined]


def test_stateful_set_and_its_partition() -> None:
    row = row_of(
        "StatefulSet", f.stateful_set("db", partition=2, current_revision="db-a", update_revision="db-b")
    )
    assert isinstance(row, StatefulSetRow)
    assert (row.partition, row.current_revision, row.update_revision) == (2, "db-a", "db-b")
    bare = row_of("StatefulSet", f.stateful_set("db", partition=None, strategy="OnDelete"))
    assert isinstance(bare, StatefulSetRow)
    assert (bare.partition, bare.strategy) == (None, "OnDelete")


def test_daemon_set() -> None:
    row = row_of("DaemonSet", f.daemon_set("ag", desired=5, updated=2, misscheduled=1, template_generation=3))
    assert isinstance(row, DaemonSetRow)
    assert (row.replicas, row.updated, row.misscheduled, row.template_generation) == (5, 2, 1, 3)
    assert (row.max_unavailable, row.max_surge) == ("1", "0")


def test_replica_set_is_a_revision() -> None:
    owner = f.deployment("press")
    row = row_of("ReplicaSet", f.replica_set(owner, "abc", revision=7, image="press:7"))
    assert isinstance(row, ReplicaSetRow)
    assert (row.owner_uid, row.owner_kind, row.owner_name) == (
        owner["metadata"]["uid"],
        "Deployment",
        "press",
    )
    assert (row.template, row.revision, row.images) == ("abc", 7, ("press:7",))


def test_every_metric_type_has_a_name_and_a_ratio() -> None:
    wanted = [
        {
            "type": "Resource",
            "resource": {"name": "memory", "target": {"type": "AverageValue", "averageValue": "1Gi"}},
        },
        {
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": "app", "target": {"averageUtilization": 50}},
        },
        {"type": "Pods", "pods": {"metric": {"name": "qps"}, "target": {"averageValue": "1k"}}},
        {
            "type": "Object",
            "object": {
                "metric": {"name": "hits"},
                "target": {"value": "10"},
                "describedObject": {"kind": "Ingress", "name": "main"},
            },
        },
        {"type": "External", "external": {"metric": {"name": "queue"}, "target": {"averageValue": "30"}}},
    ]
    readings = [
        {"type": "Resource", "resource": {"name": "memory", "current": {"averageValue": "512Mi"}}},
        {
            "type": "ContainerResource",
            "containerResource": {
                "name": "cpu",
                "container": "app",
                "current": {"averageUtilization": 75},
            },
        },
        {"type": "Pods", "pods": {"metric": {"name": "qps"}, "current": {"averageValue": "1500"}}},
        {
            "type": "Object",
            "object": {
                "metric": {"name": "hits"},
                "describedObject": {"kind": "Ingress", "name": "main"},
                "current": {"value": "5"},
            },
        },
        {"type": ""},
    ]
    row = row_of(HPA, f.autoscaler("a", metrics=wanted, readings=readings))
    assert isinstance(row, AutoscalerRow)
    assert [(m.label, m.current, m.target, m.ratio) for m in row.metrics] == [
        ("memory", "512Mi", "1Gi", 0.5),
        ("cpu of app", "75%", "50%", 1.5),
        ("qps", "1500", "1k", 1.5),
        ("hits of Ingress/main", "5", "10", 0.5),
        ("queue", "", "30", None),
    ]


def test_unknown_desired_is_not_a_number() -> None:
    row = row_of(
        HPA,
        f.autoscaler(
            "a", cpu=None, desired=0, conditions=[f.cond("ScalingActive", "False", "FailedGetResourceMetric")]
        ),
    )
    assert isinstance(row, AutoscalerRow)
    assert (row.wants, row.metrics[0].current) == (None, "")


def test_null_utilisation_is_unknown() -> None:
    reading = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": None}}}
    row = row_of(HPA, f.autoscaler("a", readings=[reading]))
    assert isinstance(row, AutoscalerRow)
    assert (row.metrics[0].current, row.metrics[0].ratio) == ("", None)


def test_a_ratio_of_which_no_number_of_replicas_can_be_made_is_unknown() -> None:
    target = {"type": "AverageValue", "averageValue": "1e-300"}
    wanted = {"type": "Resource", "resource": {"name": "cpu", "target": target}}
    reading = {"type": "Resource", "resource": {"name": "cpu", "current": {"averageValue": "1E"}}}
    row = row_of(HPA, f.autoscaler("a", metrics=[wanted], readings=[reading]))
    assert isinstance(row, AutoscalerRow)
    assert row.metrics[0].ratio is None
    assert hpa.recommended(row) is None


def test_windows_of_an_autoscaler() -> None:
    row = row_of(HPA, f.autoscaler("a", behavior={"scaleDown": {"stabilizationWindowSeconds": 0}}))
    assert isinstance(row, AutoscalerRow)
    assert (row.down_window, row.up_window, row.down_disabled) == (0, 0, False)
    row = row_of(HPA, f.autoscaler("a", behavior={"scaleDown": {"selectPolicy": "Disabled"}}))
    assert isinstance(row, AutoscalerRow)
    assert (row.down_window, row.down_disabled) == (300, True)


def test_service_ports_and_addresses() -> None:
    row = row_of("Service", f.service("web", type_="LoadBalancer", ips=("10.0.0.9",)))
    assert isinstance(row, ServiceRow)
    assert [port.words for port in row.ports] == ["80:30080/TCP"]
    assert (row.external, row.virtual_ips, row.pending) == (("10.0.0.9",), ("10.0.0.9",), False)
    assert row_of("Service", f.service("web", type_="LoadBalancer")).pending  # type: ignore[attr-defined]


def test_event_times_come_from_whatever_is_filled_in() -> None:
    obj = f.event(f.deployment("press"), "ScalingReplicaSet", "x", last=f.NOW - 7, count_=3)
    row = row_of("Event", obj)
    assert isinstance(row, EventRow)
    assert (row.about_kind, row.about_name, row.last, row.count) == ("Deployment", "press", f.NOW - 7, 3)
    obj |= {
        "lastTimestamp": None,
        "firstTimestamp": None,
        "count": None,
        "eventTime": "2026-11-23T12:00:00.5Z",
        "series": {"count": 9, "lastObservedTime": "2026-11-23T12:05:00.000000Z"},
    }
    row = row_of("Event", obj)
    assert isinstance(row, EventRow)
    assert (row.count, row.last - row.first) == (9, 300)
