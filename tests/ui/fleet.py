"""A small fleet with everything that can be wrong on it, for the UI tests: stores only, no network."""

from __future__ import annotations

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store, Usage
from edgetui.model.kinds import KINDS, row_of
from tests.unit.model.factories import (
    NOW,
    Json,
    announced,
    autoscaler,
    cond,
    crashing,
    daemon_set,
    deployment,
    endpoint_slice,
    event,
    image_pull,
    meta,
    node,
    pod,
    pods_of,
    replica_set,
    service,
    stateful_set,
    store_of,
)

DAY = 86400


def plant() -> Store:
    """A factory: one bad image, one crash, one silent node, one limited autoscaler."""
    oven, oven_pods = healthy("oven", "line-1", 3, "registry.local/oven:4.2")
    bad = deployment(
        "press",
        "line-2",
        replicas=6,
        updated=2,
        current=7,
        ready=5,
        available=5,
        revision=8,
        generation=9,
        image="registry.local/press:2.1",
        progressing=("True", "ReplicaSetUpdated"),
        created=NOW - 40 * DAY,
    )
    new = replica_set(
        bad, "7f9c66", revision=8, replicas=2, ready=0, image="registry.local/press:2.1", created=NOW - 130
    )
    old = replica_set(
        bad, "66d8c4", revision=7, replicas=5, image="registry.local/press:2.0", created=NOW - 3 * DAY
    )
    older = replica_set(
        bad, "5b6f77", revision=6, replicas=0, image="registry.local/press:1.9", created=NOW - 9 * DAY
    )
    bad_pods = pods_of(
        new, 2, build=image_pull, image="registry.local/press:2.1", created=NOW - 125, node="plant-agent-2"
    )
    old_pods = pods_of(
        old, 5, created=NOW - 3 * DAY, node="plant-agent-1", images=("registry.local/press:2.0",)
    )
    weld = deployment("weld", "line-2", replicas=2, ready=1, available=1, revision=3, created=NOW - 12 * DAY)
    weld_set = replica_set(weld, "5d4b8", revision=3, replicas=2, ready=1, created=NOW - 12 * DAY)
    weld_pods = [
        pod("weld-5d4b8-qq9rm", "line-2", statuses=[crashing(137, "OOMKilled", restarts=14)], owner=weld_set,
            labels={"pod-template-hash": "5d4b8"}, created=NOW - 1900, node="plant-agent-1"),
        pod("weld-5d4b8-tk2vb", "line-2", owner=weld_set, labels={"pod-template-hash": "5d4b8"},
            created=NOW - 12 * DAY, node="plant-agent-1"),
    ]  # fmt: skip
    agent = daemon_set("node-exporter", "monitoring", desired=4, ready=3, available=3, created=NOW - 90 * DAY)
    base = stateful_set(
        "historian", "data", replicas=2, created=NOW - 90 * DAY, image="timescale/timescaledb:2.17"
    )
    store = store_of(
        node("plant-server-1", roles=("control-plane", "etcd"), created=NOW - 200 * DAY),
        node("plant-agent-1", created=NOW - 200 * DAY),
        node("plant-agent-2", created=NOW - 200 * DAY, cordoned=True),
        node("plant-agent-3", ready="Unknown", reason="NodeStatusUnknown", heartbeat=NOW - 760, created=NOW - 30 * DAY),
        *oven, *oven_pods, bad, new, old, older, *bad_pods, *old_pods, weld, weld_set, *weld_pods,
        agent, *pods_of(agent, 4, label="76b7", labels={"pod-template-generation": "1"}, created=NOW - 90 * DAY),
        base, *pods_of(base, 2, label="press-a", created=NOW - 90 * DAY, node="plant-server-1"),
        autoscaler("press", "line-2", target=("Deployment", "press"), bounds=(2, 6), current=6, desired=6, cpu=93,
                   conditions=LIMITED, created=NOW - 40 * DAY),
        autoscaler("oven", "line-1", target=("Deployment", "oven"), bounds=(2, 8), current=3, desired=3, cpu=58,
                   created=NOW - 40 * DAY),
        service("press", "line-2"),
        service("dashboard", "line-1", type_="LoadBalancer"),
        endpoint_slice("press", "line-2", ready=4, waiting=2),
        endpoint_slice("dashboard", "line-1", ready=1),
        service("scada", "line-1", type_="LoadBalancer", ips=("192.0.2.20",)),
        endpoint_slice("scada", "line-1", ready=3, on=("plant-agent-1", "plant-agent-2", "plant-agent-3")),
        announced("ServiceL2Status", "scada", "plant-agent-1", "line-1"),
        service("recipes", "line-1"),
        endpoint_slice("recipes", "line-1", ready=2, on=("plant-agent-1",)),
        event(bad_pods[0], "Failed", "Failed to pull image registry.local/press:2.1: not found", type_="Warning",
              count_=7, last=NOW - 12),
        event(bad, "ScalingReplicaSet", "Scaled up replica set press-7f9c66 from 0 to 2", last=NOW - 130),
    )  # fmt: skip
    store.set_version("v1.33.4+k3s1")
    store.set_metrics(
        "Node",
        {
            ("", "plant-server-1"): Usage(830, 2_400_000_000),
            ("", "plant-agent-1"): Usage(3100, 3_300_000_000),
            ("", "plant-agent-2"): Usage(120, 700_000_000),
        },
        True,
    )
    return store


LIMITED = (
    cond("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"),
    cond("ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count"),
    cond("ScalingLimited", "True", "TooManyReplicas", "the desired replica count is more than the maximum"),
)


def vehicle() -> Store:
    """A van whose link is gone for four minutes."""
    heard = NOW - 245
    drive, drive_pods = healthy("route", "default", 1, "registry.local/route:1.4", node_name="van-17")
    camera = stateful_set("camera", "default", replicas=2, created=NOW - 9 * DAY)
    store = store_of(
        node("van-17", version="v1.32.9", roles=("control-plane",), created=NOW - 80 * DAY, heartbeat=heard - 20),
        *drive, *drive_pods, camera, *pods_of(camera, 2, label="press-a", created=NOW - 9 * DAY, node="van-17"),
        cluster="van-17",
        now=heard,
    )  # fmt: skip
    store.set_version("v1.32.9")
    for kind in KINDS:
        store.set_freshness(kind, Freshness(Sync.STALE, heard=heard, reason="no answer from 10.8.0.17:16443"))
    store.set_link(
        LinkState(
            Link.STALE, since=heard + 15, heard=heard, retry_at=NOW + 9,
            sentence="No answer from 10.8.0.17:16443 since 4m.",
            next_step="Nothing to do: edgetui tries again by itself. Check the van's modem if it stays away.",
        )
    )  # fmt: skip
    store.drain()
    return store


def farm() -> Store:
    """A wind farm whose token is no longer accepted."""
    store = Store("farm")
    store.set_link(
        LinkState(
            Link.REFUSED, since=NOW - 12,
            sentence="The server does not accept the token of user farm-ops (401).",
            next_step="Get a new kubeconfig from whoever runs the cluster, then start edgetui again.",
        )
    )  # fmt: skip
    store.drain()
    return store


def healthy(
    name: str, namespace: str, replicas: int, image: str, node_name: str = "plant-agent-1"
) -> tuple[list[Json], list[Json]]:
    """A Deployment that is complete, with its ReplicaSet and pods."""
    made = deployment(name, namespace, replicas=replicas, image=image, revision=4, created=NOW - 60 * DAY)
    owned = replica_set(made, "6b7f9", revision=4, replicas=replicas, image=image, created=NOW - 12 * DAY)
    return [made, owned], pods_of(owned, replicas, created=NOW - 12 * DAY, node=node_name, images=(image,))


def many_pods(count: int, cluster: str = "plant") -> Store:
    """One cluster with many pods and nothing wrong."""
    store = Store(cluster)
    for kind in KINDS:
        store.set_freshness(kind, Freshness(Sync.LIVE, heard=NOW))
    store.set_link(LinkState(Link.LIVE, since=NOW - 60, heard=NOW))
    rows = [
        row_of(
            "Pod",
            pod(f"job-{at:05d}-x2k4q", f"ns-{at % 7}", created=NOW - 3 * DAY - at * 7, version=5000 + at),
        )
        for at in range(count)
    ]
    store.replace("Pod", rows)
    store.drain()
    return store


def fleet() -> list[Store]:
    """All three sites."""
    return [plant(), vehicle(), farm()]


__all__ = ["NOW", "farm", "fleet", "healthy", "many_pods", "meta", "plant", "vehicle"]
