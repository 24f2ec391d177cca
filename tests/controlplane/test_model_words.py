"""The words of the model against those of the real thing: kubectl and the API server print, we compare."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest

from edgetui.model.autoscaling.explain import last_scale, why
from edgetui.model.autoscaling.hpa import headline, meets
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.panes import PANES
from edgetui.model.rollout.status import verdict
from edgetui.model.view.fleet import FleetView
from tests.unit.model import factories
from tests.unit.model.test_pod import WORDS

from . import workloads
from .api import STRATEGIC_MERGE_PATCH
from .cluster import ControlPlane, KubectlError
from .waiting import eventually

Json = dict[str, Any]
FINALIZER = "example.com/held"


OWN = [id for id, kind in KINDS.items() if "." not in kind.group or kind.group.endswith(".k8s.io")]
"""The kinds that Kubernetes serves itself; others come with a CustomResourceDefinition."""


def listed(cluster: ControlPlane, kind: str, namespace: str = "") -> list[Json]:
    return list(cluster.api.get(KINDS[kind].path(namespace))["items"])


def store_of(cluster: ControlPlane, namespace: str) -> Store:
    """Everything in a namespace, as a session would know it."""
    store = Store(cluster.layout.name)
    for kind in OWN:
        items = listed(cluster, kind, namespace if KINDS[kind].namespaced else "")
        store.replace(kind, [row_of(kind, item) for item in items])
        store.set_freshness(kind, Freshness(Sync.LIVE, heard=1.0))
    return store


# -- pods


def posed(name: str, arguments: Json) -> tuple[Json, Json]:
    """A pod that no scheduler and no kubelet touches, and the status it is to have."""
    wanted = factories.pod(name, **{**arguments, "node": "", "deleting": 0})
    spec = wanted["spec"] | {"schedulerName": "nobody"}
    if arguments.get("deleting"):
        # The collector of the controller manager fails pods that are being deleted and never had a node.
        spec["nodeName"] = "nowhere"
    init = [{"image": "init:1", **one} for one in spec.pop("initContainers", [])]
    meta: Json = {"name": name, "finalizers": [FINALIZER]}
    made: Json = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": spec | {"initContainers": init},
    }
    status = wanted["status"]
    del status["hostIP"], status["qosClass"]
    return made, status


@contextmanager
def posing(cluster: ControlPlane, namespace: str) -> Iterator[None]:
    """Pods in every state that printPod knows, let go of at the end."""
    path = KINDS["Pod"].path(namespace)
    try:
        for number, (_name, arguments, *_rest) in enumerate(WORDS):
            made, status = posed(f"pod-{number:02d}", arguments)
            cluster.api.create(path, made)
            cluster.api.patch(f"{path}/pod-{number:02d}/status", {"status": status})
            if arguments.get("deleting"):
                cluster.api.delete(f"{path}/pod-{number:02d}")
        yield
    finally:
        for item in listed(cluster, "Pod", namespace):
            cluster.api.patch(f"{path}/{item['metadata']['name']}", {"metadata": {"finalizers": None}})


def printed_pods(cluster: ControlPlane, namespace: str) -> dict[str, tuple[str, str, str]]:
    """READY, STATUS and the number of RESTARTS by name, as kubectl prints them."""
    lines = cluster.kubectl("get", "pods", "-n", namespace, "--no-headers").splitlines()
    cells = [line.split() for line in lines]
    return {cell[0]: (cell[1], cell[2], cell[3]) for cell in cells}


def our_pods(cluster: ControlPlane, namespace: str) -> dict[str, tuple[str, str, str]]:
    rows = [row_of("Pod", item) for item in listed(cluster, "Pod", namespace)]
    return {
        row.name: (f"{row.ready}/{row.containers}", row.status, str(row.restarts))
        for row in rows
        if isinstance(row, PodRow)
    }


def test_pods_are_worded_as_kubectl_words_them(cluster: ControlPlane, namespace: str) -> None:
    with posing(cluster, namespace):
        ours, theirs = our_pods(cluster, namespace), printed_pods(cluster, namespace)
    assert ours == theirs
    assert len(ours) == len(WORDS)
    assert {status for _ready, status, _restarts in theirs.values()} >= {
        "Init:1/2",
        "Init:CrashLoopBackOff",
        "NotReady",
        "Terminating",
        "SchedulingGated",
        "ExitCode:3",
        "Signal:9",
    }


def test_nodes_are_worded_as_kubectl_words_them(cluster: ControlPlane) -> None:
    cluster.kubectl("cordon", "node-0")
    try:
        lines = cluster.kubectl("get", "nodes", "--no-headers").splitlines()
        rows = [row_of("Node", item) for item in listed(cluster, "Node")]
    finally:
        cluster.kubectl("uncordon", "node-0")
    theirs = {line.split()[0]: (line.split()[1], line.split()[2], line.split()[4]) for line in lines}
    ours = {
        row.name: (row.status, ",".join(row.roles) or "<none>", row.version)
        for row in rows
        if isinstance(row, NodeRow)
    }
    assert ours == theirs
    assert any("SchedulingDisabled" in words[0] for words in theirs.values())


# -- rollouts

PLURALS = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


class Follower:
    """Follows one workload with `kubectl rollout status` and compares it with the verdict on the same version."""

    def __init__(self, cluster: ControlPlane, namespace: str, kind: str, name: str) -> None:
        self.cluster, self.namespace, self.kind, self.name = cluster, namespace, kind, name
        self.path = KINDS[kind].path(namespace, name)

    def patch(self, spec: Json) -> None:
        self.cluster.api.patch(self.path, {"spec": spec}, STRATEGIC_MERGE_PATCH)

    def image(self, image: str) -> None:
        container = {"name": "app", "image": f"{workloads.REGISTRY}/{image}"}
        self.patch({"template": {"spec": {"containers": [container]}}})

    def look(self) -> str:
        """What kubectl says of one version of the object, once we have said the same."""
        before = self.cluster.api.get(self.path)
        target = f"{PLURALS[self.kind]}/{self.name}"
        arguments = ("rollout", "status", target, "-n", self.namespace, "--watch=false")
        try:
            printed, failed = self.cluster.kubectl(*arguments).strip(), False
        except KubectlError as error:
            printed, failed = str(error).partition("error: ")[2].strip(), True
        after = self.cluster.api.get(self.path)
        if before["metadata"]["resourceVersion"] != after["metadata"]["resourceVersion"]:
            return ""
        row = row_of(self.kind, after)
        assert isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow)
        ours = verdict(row)
        assert (ours.text, ours.failed) == (printed, failed and "only available" not in printed)
        return printed

    def until(self, part: str) -> None:
        eventually(lambda: part in self.look(), within=40, what=f"{self.name}: {part}")


# -- the panes on real failures

CODES = {
    "bad": ("ImagePullBackOff", "image not found"),
    "timeout": ("ImagePullBackOff", "pull timed out"),
    "crash": ("CrashLoopBackOff", "crash, exit 1"),
    "oom": ("CrashLoopBackOff", "out of memory"),
}


def test_real_failures_are_explained_in_plain_words(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, *[workloads.deployment(name, f"r/{name}:1", replicas=1) for name in CODES])

    def explained() -> bool:
        view = FleetView(PANES["pods"], [store_of(cluster, namespace)])
        view.rebuild(0.0)
        rows = [row for key in view.keys if (row := view.row(key)) is not None]
        told = {
            row.key.name.partition("-")[0]: (
                PANES["pods"].value(row, "state").words,
                PANES["pods"].value(row, "why"),
            )
            for row in rows
        }
        return told == CODES

    eventually(explained, within=30, what="all four failures in words")
    rollouts = FleetView(PANES["rollouts"], [store_of(cluster, namespace)])
    rollouts.rebuild(0.0)
    assert rollouts.bad == len(CODES)
    assert rollouts.summary() == "4 stuck"


def test_the_bar_counts_what_the_cluster_has(cluster: ControlPlane, namespace: str) -> None:
    cluster.create(namespace, workloads.deployment("web", replicas=4))
    web = Follower(cluster, namespace, "Deployment", "web")
    web.until("successfully rolled out")
    web.image("bad:2")
    pane = PANES["rollouts"]

    def data() -> Json:
        store = store_of(cluster, namespace)
        row = store.get("Deployment", namespace, "web")
        assert row is not None
        return pane.json(pane.build(store, "Deployment", row, 0.0), 0.0)

    def stuck() -> Json | None:
        now = data()
        settled = now["progress"]["terminating"] == 0 and "(2 pods)" in now["reason"]
        return now if settled and now["state"] == "stuck: image not found" else None

    seen = eventually(stuck, within=30, what="a stuck rollout")
    assert seen is not None
    progress = seen["progress"]
    assert (progress["updated_available"], progress["old"], progress["wanted"]) == (0, 3, 4)
    assert progress["updated_unready"] == 2
    assert seen["reason"] == "image registry.local/bad:2 not found (2 pods)"
    web.image("good:3")
    eventually(lambda: data()["progress"]["updated_available"] == 4, within=30, what="a complete bar")
    assert data()["state"] == "complete"


def rollout(cluster: ControlPlane, namespace: str, kind: str, name: str) -> Json:
    """The rollouts row of one workload, as scripts get it."""
    store, pane = store_of(cluster, namespace), PANES["rollouts"]
    row = store.get(kind, namespace, name)
    assert row is not None
    return pane.json(pane.build(store, kind, row, time.time()), time.time())


def test_an_ordered_stateful_set_in_its_trap_names_the_broken_pod(
    cluster: ControlPlane, namespace: str
) -> None:
    """After a bad image and its undo the controller waits for ever for a pod of the revision it left (KEP-3541)."""
    cluster.create(namespace, workloads.statefulset("db"))
    db = Follower(cluster, namespace, "StatefulSet", "db")
    db.until("roll out complete")

    def state() -> str:
        return str(rollout(cluster, namespace, "StatefulSet", "db")["state"])

    db.image("bad:2")
    eventually(lambda: state() == "stuck: image not found", within=20, what="the bad image")
    cluster.kubectl("rollout", "undo", "statefulset/db", "-n", namespace)
    eventually(lambda: state() == "stuck: blocked by db-2", within=20, what="the trap")
    cluster.kubectl("delete", "pod", "db-2", "-n", namespace, "--wait=false")
    eventually(lambda: state() == "complete", within=20, what="recovery")


def test_a_dead_node_is_told_where_counters_and_containers_look_healthy(
    cluster: ControlPlane, namespace: str
) -> None:
    """Pods on a dead node keep their ready containers, and it leaves a DaemonSet's desired number."""
    cluster.create(namespace, workloads.daemonset("agent"))
    agent = Follower(cluster, namespace, "DaemonSet", "agent")
    agent.until("successfully rolled out")
    cluster.kill_node("node-2")
    try:
        cluster.await_node("node-2", ready=False)
        pods = PANES["pods"]

        def silent() -> list[Json]:
            store = store_of(cluster, namespace)
            rows = [pods.json(pods.build(store, "Pod", row, time.time()), 0.0) for row in store.rows("Pod")]
            return [row for row in rows if row["why"] == "node NotReady"]

        (row,) = eventually(silent, within=30, what="the pod on the dead node")
        assert (row["node"], row["ready"]) == ("node-2", "1/1")
        agent.image("good:2")

        def blocked() -> bool:
            now = rollout(cluster, namespace, "DaemonSet", "agent")
            return (
                now["state"] == "stuck: node NotReady"
                and "cannot finish until it returns (node-2)" in now["reason"]
            )

        eventually(blocked, within=30, what="the blocked rollout")
    finally:
        cluster.revive_node("node-2")
        cluster.await_node("node-2", ready=True)
    agent.until("successfully rolled out")


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind != "Event"])
def test_every_object_of_a_real_cluster_has_a_row(cluster: ControlPlane, kind: str) -> None:
    """Server objects, with all their fields, decode and are the same from bytes and from data."""
    for item in listed(cluster, kind):
        known = KINDS[kind]
        row = known.project(msgspec.json.decode(json.dumps(item).encode(), type=known.wire))
        assert row == row_of(kind, item)
        assert (row.name, row.uid) == (item["metadata"]["name"], item["metadata"]["uid"])


# -- autoscalers


class Autoscaler:
    """One real autoscaler, as kubectl prints it and as we read it."""

    def __init__(self, cluster: ControlPlane, namespace: str, name: str) -> None:
        self.cluster, self.namespace, self.name = cluster, namespace, name
        self.seen: list[str] = []

    def read(self) -> AutoscalerRow:
        path = KINDS["HorizontalPodAutoscaler"].path(self.namespace, self.name)
        row = row_of("HorizontalPodAutoscaler", self.cluster.api.get(path))
        assert isinstance(row, AutoscalerRow)
        words = headline(row, time.time())[1]
        if words not in self.seen:
            self.seen.append(words)
        return row

    def at_maximum(self) -> bool:
        row = self.read()
        return row.current == row.max and row.limited is not None and row.limited.status == "True"

    def replicas(self) -> int:
        path = KINDS["Deployment"].path(self.namespace, self.name)
        return int(self.cluster.api.get(path)["spec"]["replicas"])

    def printed(self) -> tuple[str, str, str, str]:
        """TARGETS, MINPODS, MAXPODS and REPLICAS of kubectl."""
        line = self.cluster.kubectl("get", "hpa", self.name, "-n", self.namespace, "--no-headers")
        cells = line.split()
        return (f"{cells[2]} {cells[3]}", cells[4], cells[5], cells[6])

    def ours(self) -> tuple[str, str, str, str]:
        row = self.read()
        metric = row.metrics[0]
        targets = f"{metric.label}: {metric.current or '<unknown>'}/{metric.target}"
        return (targets, str(row.min), str(row.max), str(row.current))


def test_an_autoscaler_does_what_the_model_says(cluster: ControlPlane, namespace: str) -> None:
    """It grows on real metrics, stops at its maximum for the reason shown, and undoes what it was said to undo."""
    cluster.await_metrics()
    press = workloads.deployment("press", replicas=2, cpu_request="100m", usage_cpu="90m")
    cluster.create(namespace, press, workloads.autoscaler("press", low=2, high=3))
    scaler = Autoscaler(cluster, namespace, "press")
    eventually(scaler.at_maximum, within=120, what="growth to the maximum")
    eventually(lambda: scaler.ours() == scaler.printed(), within=10, what="the numbers of kubectl")
    assert "waiting for metrics" in scaler.seen
    assert re.fullmatch(r"at max, needs \d+", scaler.seen[-1])
    told = "\n".join(one.text for one in why(scaler.read(), (), time.time()))
    assert "can compute the desired replicas" in told and "desired replicas above max 3" in told
    events = [row_of("Event", item) for item in listed(cluster, "Event", namespace)]
    (rescaled,) = [one.message for one in events if isinstance(one, EventRow) and "Rescale" in one.reason]
    assert "to 3: cpu resource utilization" in last_scale(scaler.read(), rescaled, time.time())
    for wanted in (2, 6, 1):
        warning = meets(scaler.read(), 3, wanted)
        assert warning is not None and warning.undone
        cluster.kubectl("scale", "deployment/press", f"--replicas={wanted}", "-n", namespace)
        eventually(lambda: scaler.replicas() == 3, within=20, what=f"{wanted} put back to 3")
    path = KINDS["HorizontalPodAutoscaler"].path(namespace, "press")
    cluster.api.patch(path, {"spec": {"behavior": {"scaleUp": {"selectPolicy": "Disabled"}}}})
    left = meets(scaler.read(), 3, 2)
    assert left is not None and not left.undone and "never grows" in left.text
    cluster.kubectl("scale", "deployment/press", "--replicas=2", "-n", namespace)
    eventually(lambda: scaler.read().desired == 2, within=20, what="2 looked at and left")
    assert scaler.replicas() == 2
    cluster.kubectl("scale", "deployment/press", "--replicas=0", "-n", namespace)
    eventually(
        lambda: headline(scaler.read(), time.time())[1] == "off: target is at 0",
        within=20,
        what="at 0",
    )
    assert scaler.replicas() == 0
