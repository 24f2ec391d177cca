"""API objects as the server writes them, for tests: plain JSON data with everything that matters.

Every function takes what a test cares about and fills in the rest; uids follow from kind, namespace and name
unless given. Times are Unix seconds.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of

NOW = 1_790_000_000
Json = dict[str, Any]
_versions = count(1000)


def stamp(moment: float) -> str:
    """RFC 3339 as the API server writes it."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def uid_of(kind: str, namespace: str, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{kind}/{namespace}/{name}"))


def meta(
    kind: str,
    name: str,
    namespace: str = "default",
    *,
    uid: str = "",
    version: int | str = 0,
    created: float = NOW - 3600,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    owner: Json | None = None,
    deleting: float = 0,
    generation: int = 0,
) -> Json:
    """`metadata`; `owner` is a whole object made by one of the functions below."""
    data: Json = {
        "name": name,
        "uid": uid or uid_of(kind, namespace, name),
        "resourceVersion": str(version or next(_versions)),
        "creationTimestamp": stamp(created),
        "managedFields": [{"manager": "kubectl", "operation": "Update", "apiVersion": "v1"}],
    }
    if namespace:
        data["namespace"] = namespace
    if labels:
        data["labels"] = dict(labels)
    if annotations:
        data["annotations"] = dict(annotations)
    if generation:
        data["generation"] = generation
    if deleting:
        data["deletionTimestamp"] = stamp(deleting)
        data["deletionGracePeriodSeconds"] = 30
    if owner:
        data["ownerReferences"] = [
            {
                "apiVersion": owner.get("apiVersion", "v1"),
                "kind": owner["kind"],
                "name": owner["metadata"]["name"],
                "uid": owner["metadata"]["uid"],
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ]
    return data


def cond(type_: str, status: str, reason: str = "", message: str = "", at: float = NOW - 60) -> Json:
    """A condition with all the times any kind has."""
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": stamp(at),
        "lastUpdateTime": stamp(at),
        "lastHeartbeatTime": stamp(at),
    }


def running(name: str = "app", *, ready: bool = True, restarts: int = 0, image: str = "press:1") -> Json:
    """A container status that runs."""
    return {
        "name": name,
        "image": image,
        "ready": ready,
        "started": True,
        "restartCount": restarts,
        "state": {"running": {"startedAt": stamp(NOW - 600)}},
        "lastState": {},
    }


def waiting(
    reason: str, message: str = "", *, name: str = "app", image: str = "press:2", restarts: int = 0
) -> Json:
    """A container status that waits."""
    return {
        "name": name,
        "image": image,
        "ready": False,
        "started": False,
        "restartCount": restarts,
        "state": {"waiting": {"reason": reason, "message": message}},
        "lastState": {},
    }


def ended(
    exit_code: int,
    reason: str = "",
    *,
    name: str = "app",
    image: str = "press:2",
    signal: int = 0,
    at: float = NOW - 30,
) -> Json:
    """A container status that has ended."""
    state: Json = {"exitCode": exit_code, "finishedAt": stamp(at), "startedAt": stamp(at - 5)}
    if reason:
        state["reason"] = reason
    if signal:
        state["signal"] = signal
    return {
        "name": name,
        "image": image,
        "ready": False,
        "started": False,
        "restartCount": 0,
        "state": {"terminated": state},
        "lastState": {},
    }


def crashing(exit_code: int = 1, reason: str = "Error", *, name: str = "app", restarts: int = 5) -> Json:
    """A container status in CrashLoopBackOff."""
    status = waiting(
        "CrashLoopBackOff", "back-off 40s restarting failed container", name=name, restarts=restarts
    )
    status["lastState"] = ended(exit_code, reason, name=name)["state"]
    return status


def pod(
    name: str,
    namespace: str = "default",
    *,
    node: str = "node-1",
    phase: str = "",
    ready: str | None = None,
    statuses: Iterable[Json] | None = None,
    init_statuses: Iterable[Json] = (),
    init_containers: Iterable[Json] = (),
    conditions: Iterable[Json] = (),
    reason: str = "",
    message: str = "",
    images: Iterable[str] = ("press:1",),
    ready_at: float = 0,
    **metadata: Any,
) -> Json:
    """A pod; running and ready unless its statuses say otherwise. `ready` is that of the Ready condition."""
    states = [running(image=next(iter(images)))] if statuses is None else list(statuses)
    init = list(init_statuses)
    up = bool(states) and all(one["ready"] for one in states)
    begun = any("running" in one["state"] or one["restartCount"] for one in states)
    data_meta = meta("Pod", name, namespace, **metadata)
    at = ready_at or datetime.fromisoformat(data_meta["creationTimestamp"]).timestamp() + 2
    status: Json = {
        "phase": phase or ("Running" if begun else "Pending"),
        "conditions": [
            cond("PodScheduled", "True" if node else "False", at=at),
            cond("Ready", ready or ("True" if up else "False"), at=at),
        ],
        "hostIP": "10.0.0.1",
        "qosClass": "BestEffort",
    }
    extra = list(conditions)
    status["conditions"] = [
        one for one in status["conditions"] if one["type"] not in {other["type"] for other in extra}
    ] + extra
    if states:
        status["containerStatuses"] = states
    if init:
        status["initContainerStatuses"] = init
    if reason:
        status["reason"] = reason
    if message:
        status["message"] = message
    names = [one["name"] for one in states] or ["app"]
    spec: Json = {
        "containers": [
            {"name": one, "image": image, "resources": {}}
            for one, image in zip(names, [*images, *["side:1"] * len(names)], strict=False)
        ],
        "restartPolicy": "Always",
        "tolerations": [],
    }
    if node:
        spec["nodeName"] = node
    if init_containers:
        spec["initContainers"] = list(init_containers)
    return {"apiVersion": "v1", "kind": "Pod", "metadata": data_meta, "spec": spec, "status": status}


def image_pull(
    name: str, namespace: str = "default", *, image: str = "press:2", why: str = "not found", **more: Any
) -> Json:
    """A pod whose image cannot be pulled; `why` ends the kubelet's message."""
    message = (
        f'Back-off pulling image "{image}": ErrImagePull: failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: {why}'
    )
    return pod(
        name, namespace, statuses=[waiting("ImagePullBackOff", message, image=image)], images=(image,), **more
    )


def node(
    name: str,
    *,
    ready: str = "True",
    reason: str = "KubeletReady",
    version: str = "v1.33.4+k3s1",
    roles: Iterable[str] = (),
    pressures: Iterable[str] = (),
    conditions: Iterable[Json] = (),
    cordoned: bool = False,
    taints: Iterable[Json] = (),
    cpu: str = "4",
    memory: str = "4Gi",
    heartbeat: float = NOW - 30,
    provider: str = "",
    os_image: str = "Debian GNU/Linux 12",
    **metadata: Any,
) -> Json:
    """A node; ready unless said otherwise."""
    labels = {f"node-role.kubernetes.io/{role}": "true" for role in roles} | metadata.pop("labels", {})
    bad = set(pressures)
    states = [
        cond(one, "True" if one in bad else "False", at=heartbeat)
        for one in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    states.append(cond("Ready", ready, reason, "kubelet is posting ready status", at=heartbeat))
    spec: Json = {"podCIDR": "10.42.0.0/24"}
    if cordoned:
        spec["unschedulable"] = True
    if taints:
        spec["taints"] = list(taints)
    if provider:
        spec["providerID"] = provider
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": meta("Node", name, "", labels=labels, **metadata),
        "spec": spec,
        "status": {
            "conditions": states + list(conditions),
            "addresses": [
                {"type": "InternalIP", "address": "10.0.0.7"},
                {"type": "Hostname", "address": name},
            ],
            "capacity": {"cpu": cpu, "memory": memory, "pods": "110"},
            "allocatable": {"cpu": cpu, "memory": memory, "pods": "110"},
            "nodeInfo": {
                "kubeletVersion": version,
                "operatingSystem": "linux",
                "architecture": "arm64",
                "osImage": os_image,
                "kernelVersion": "6.1.0",
                "containerRuntimeVersion": "containerd://2.0",
            },
            "images": [{"names": ["press:1"], "sizeBytes": 1000}],
        },
    }


def template(image: str = "press:1", hash_: str = "") -> Json:
    labels = {"app": "press"} | ({"pod-template-hash": hash_} if hash_ else {})
    return {
        "metadata": {"creationTimestamp": None, "labels": labels},
        "spec": {"containers": [{"name": "app", "image": image, "resources": {}}]},
    }


def deployment(
    name: str,
    namespace: str = "default",
    *,
    replicas: int = 3,
    updated: int | None = None,
    current: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    observed: int | None = None,
    generation: int = 1,
    revision: int = 1,
    image: str = "press:1",
    progressing: tuple[str, str] = ("True", "NewReplicaSetAvailable"),
    conditions: Iterable[Json] = (),
    paused: bool = False,
    min_ready: int = 0,
    deadline: int = 600,
    **metadata: Any,
) -> Json:
    """A Deployment; rolled out completely unless its counters say otherwise."""
    notes = {"deployment.kubernetes.io/revision": str(revision)} | metadata.pop("annotations", {})
    status = {
        "observedGeneration": generation if observed is None else observed,
        "replicas": replicas if current is None else current,
        "updatedReplicas": replicas if updated is None else updated,
        "readyReplicas": replicas if ready is None else ready,
        "availableReplicas": replicas if available is None else available,
        "terminatingReplicas": 0,
    }
    data: Json = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": meta("Deployment", name, namespace, generation=generation, annotations=notes, **metadata),
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "press"}},
            "template": template(image),
            "strategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
            },
            "revisionHistoryLimit": 10,
            "progressDeadlineSeconds": deadline,
        },
        "status": {key: value for key, value in status.items() if value}
        | {"conditions": [cond("Progressing", *progressing), *conditions]},
    }
    if paused:
        data["spec"]["paused"] = True
    if min_ready:
        data["spec"]["minReadySeconds"] = min_ready
    return data


def replica_set(
    deployed: Json,
    hash_: str,
    *,
    revision: int = 1,
    replicas: int = 3,
    ready: int | None = None,
    available: int | None = None,
    image: str = "press:1",
    **metadata: Any,
) -> Json:
    """A ReplicaSet of a Deployment made above."""
    owner = deployed["metadata"]
    notes = {
        "deployment.kubernetes.io/revision": str(revision),
        "deployment.kubernetes.io/desired-replicas": "3",
        "deployment.kubernetes.io/max-replicas": "4",
    } | metadata.pop("annotations", {})
    up = replicas if ready is None else ready
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": meta(
            "ReplicaSet",
            f"{owner['name']}-{hash_}",
            owner["namespace"],
            owner=deployed,
            labels={"app": "press", "pod-template-hash": hash_},
            annotations=notes,
            **metadata,
        ),
        "spec": {"replicas": replicas, "template": template(image, hash_)},
        "status": {
            "replicas": replicas,
            "readyReplicas": up,
            "availableReplicas": up if available is None else available,
            "observedGeneration": 1,
        },
    }


def stateful_set(
    name: str,
    namespace: str = "default",
    *,
    replicas: int = 3,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    current_replicas: int | None = None,
    observed: int | None = None,
    generation: int = 1,
    partition: int | None = 0,
    strategy: str = "RollingUpdate",
    management: str = "OrderedReady",
    current_revision: str = "press-a",
    update_revision: str = "press-a",
    image: str = "press:1",
    **metadata: Any,
) -> Json:
    """A StatefulSet; `partition` None leaves the rollingUpdate block out."""
    update: Json = {"type": strategy}
    if partition is not None and strategy == "RollingUpdate":
        update["rollingUpdate"] = {"partition": partition}
    up = replicas if ready is None else ready
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": meta("StatefulSet", name, namespace, generation=generation, **metadata),
        "spec": {
            "replicas": replicas,
            "serviceName": name,
            "podManagementPolicy": management,
            "updateStrategy": update,
            "template": template(image),
        },
        "status": {
            "observedGeneration": generation if observed is None else observed,
            "replicas": replicas,
            "readyReplicas": up,
            "availableReplicas": up if available is None else available,
            "updatedReplicas": replicas if updated is None else updated,
            "currentReplicas": replicas if current_replicas is None else current_replicas,
            "currentRevision": current_revision,
            "updateRevision": update_revision,
        },
    }


def daemon_set(
    name: str,
    namespace: str = "default",
    *,
    desired: int = 3,
    updated: int | None = None,
    ready: int | None = None,
    available: int | None = None,
    misscheduled: int = 0,
    observed: int | None = None,
    generation: int = 1,
    strategy: str = "RollingUpdate",
    template_generation: int = 1,
    image: str = "press:1",
    **metadata: Any,
) -> Json:
    """A DaemonSet; its pods carry the label pod-template-generation."""
    notes = {"deprecated.daemonset.template.generation": str(template_generation)}
    up = desired if ready is None else ready
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": meta(
            "DaemonSet",
            name,
            namespace,
            generation=generation,
            annotations=notes | metadata.pop("annotations", {}),
            **metadata,
        ),
        "spec": {
            "template": template(image),
            "updateStrategy": {"type": strategy, "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0}},
        },
        "status": {
            "observedGeneration": generation if observed is None else observed,
            "desiredNumberScheduled": desired,
            "currentNumberScheduled": desired,
            "numberMisscheduled": misscheduled,
            "numberReady": up,
            "numberAvailable": up if available is None else available,
            "updatedNumberScheduled": desired if updated is None else updated,
        },
    }


def autoscaler(
    name: str,
    namespace: str = "default",
    *,
    target: tuple[str, str] = ("Deployment", "press"),
    bounds: tuple[int, int] = (2, 8),
    current: int = 3,
    desired: int = 3,
    metrics: Iterable[Json] | None = None,
    readings: Iterable[Json] | None = None,
    cpu: int | None = 60,
    cpu_target: int = 60,
    conditions: Iterable[Json] | None = None,
    behavior: Json | None = None,
    scaled: float = NOW - 180,
    **metadata: Any,
) -> Json:
    """An autoscaler on cpu utilisation, steady unless said otherwise; `cpu` None leaves the reading out."""
    wanted = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": cpu_target}},
    }
    reading = {
        "type": "Resource",
        "resource": {"name": "cpu", "current": {"averageUtilization": cpu, "averageValue": "60m"}},
    }
    spec: Json = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": target[0], "name": target[1]},
        "minReplicas": bounds[0],
        "maxReplicas": bounds[1],
        "metrics": [wanted] if metrics is None else list(metrics),
    }
    if behavior:
        spec["behavior"] = behavior
    if readings is None:
        readings = [] if cpu is None else [reading]
    if conditions is None:
        conditions = [
            cond("AbleToScale", "True", "ReadyForNewScale", "recommended size matches current size"),
            cond(
                "ScalingActive", "True", "ValidMetricFound", "the HPA was able to compute the replica count"
            ),
            cond("ScalingLimited", "False", "DesiredWithinRange", "the desired count is within the range"),
        ]
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": meta("HorizontalPodAutoscaler", name, namespace, **metadata),
        "spec": spec,
        "status": {
            "currentReplicas": current,
            "desiredReplicas": desired,
            "currentMetrics": list(readings) or None,
            "lastScaleTime": stamp(scaled) if scaled else None,
            "conditions": list(conditions),
        },
    }


def service(
    name: str,
    namespace: str = "default",
    *,
    type_: str = "ClusterIP",
    ips: Iterable[str] = (),
    **metadata: Any,
) -> Json:
    """A Service with one port."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": meta("Service", name, namespace, **metadata),
        "spec": {
            "type": type_,
            "clusterIP": "10.43.0.9",
            "ports": [
                {"port": 80, "protocol": "TCP", "targetPort": 8080}
                | ({"nodePort": 30080} if type_ != "ClusterIP" else {})
            ],
            "selector": {"app": name},
            "sessionAffinity": "None",
        },
        "status": {"loadBalancer": {"ingress": [{"ip": one} for one in ips]} if ips else {}},
    }


def endpoint_slice(
    of: str,
    namespace: str = "default",
    *,
    ready: int = 0,
    waiting: int = 0,
    draining: int = 0,
    number: int = 1,
    family: str = "IPv4",
    on: Sequence[str] = (),
    **metadata: Any,
) -> Json:
    """A slice of a Service: ready endpoints, some that are not, and some that are terminating and still serve.

    `on` are the nodes that they stand on, in turn; none is named without any.
    """
    kinds = [(ready, True, True, False), (waiting, False, False, False), (draining, False, True, True)]
    endpoints: list[Json] = [
        {"addresses": ["10.42.0.9"], "conditions": {"ready": takes, "serving": serves, "terminating": ends}}
        for count, takes, serves, ends in kinds
        for _ in range(count)
    ]
    for at, one in enumerate(endpoints if on else ()):
        one["nodeName"] = on[at % len(on)]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": meta(
            "EndpointSlice",
            f"{of}-{family.lower()}-{number}",
            namespace,
            labels={"kubernetes.io/service-name": of} if of else None,
            **metadata,
        ),
        "addressType": family,
        "endpoints": endpoints or None,
        "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
    }


def announced(
    kind: str, of: str, node: str, namespace: str = "default", *, labels_only: bool = False
) -> Json:
    """A ServiceL2Status or ServiceBGPStatus of MetalLB: a node that announces the address of a Service."""
    named = {"node": node, "service-name": of, "service-namespace": namespace}
    status = {"node": node, "serviceName": of, "serviceNamespace": namespace}
    return {
        "apiVersion": "metallb.io/v1beta1",
        "kind": kind,
        "metadata": meta(
            kind,
            f"{of}-{node}-{kind[7:10].lower()}",
            "metallb-system",
            labels={f"metallb.io/{key}": value for key, value in named.items()},
        ),
        "spec": {},
        "status": {"node": node} if labels_only else {**status, "interfaces": [{"name": "eth0"}]},
    }


def service_lb(of: str, *nodes: str, namespace: str = "default", ready: str = "True") -> list[Json]:
    """What K3s runs for the address of a Service: a DaemonSet, and a pod of it on each of these nodes."""
    labels = {
        "svccontroller.k3s.cattle.io/svcname": of,
        "svccontroller.k3s.cattle.io/svcnamespace": namespace,
    }
    up = len(nodes) if ready == "True" else 0
    balancer = daemon_set(f"svclb-{of}", "kube-system", desired=len(nodes), ready=up, labels=labels)
    pods = [
        pod(f"svclb-{of}-{node}", "kube-system", node=node, owner=balancer, labels=labels, ready=ready)
        for node in nodes
    ]
    return [balancer, *pods]


def event(
    about: Json,
    reason: str,
    message: str = "",
    *,
    type_: str = "Normal",
    count_: int = 1,
    last: float = NOW - 5,
    **metadata: Any,
) -> Json:
    """An Event about an object made above."""
    of = about["metadata"]
    name = f"{of['name']}.{next(_versions):x}"
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": meta("Event", name, of.get("namespace", "default"), **metadata),
        "involvedObject": {
            "kind": about["kind"],
            "namespace": of.get("namespace"),
            "name": of["name"],
            "uid": of["uid"],
        },
        "type": type_,
        "reason": reason,
        "message": message,
        "count": count_,
        "firstTimestamp": stamp(last - 60),
        "lastTimestamp": stamp(last),
        "eventTime": None,
        "source": {"component": "kubelet", "host": "node-1"},
        "reportingComponent": "kubelet",
        "reportingInstance": "node-1",
    }


def pods_of(owner: Json, number: int, *, label: str = "", **more: Any) -> list[Json]:
    """`number` pods of a ReplicaSet, StatefulSet or DaemonSet; `label` is their template hash or revision."""
    of = owner["metadata"]
    key = "pod-template-hash" if owner["kind"] == "ReplicaSet" else "controller-revision-hash"
    hash_ = label or of.get("labels", {}).get("pod-template-hash", "")
    labels = {"app": "press", key: hash_} | more.pop("labels", {})
    build = more.pop("build", pod)
    return [
        build(f"{of['name']}-{at:05d}", of["namespace"], owner=owner, labels=labels, **more)
        for at in range(number)
    ]


def store_of(*objects: Json, cluster: str = "plant", now: float = NOW) -> Store:
    """A live store that holds these objects."""
    store = Store(cluster)
    for kind in KINDS:
        store.set_freshness(kind, Freshness(Sync.LIVE, heard=now))
    for one in objects:
        store.apply(one["kind"], row_of(one["kind"], one))
    store.set_link(LinkState(Link.LIVE, since=now - 60, heard=now))
    store.drain()
    return store
