"""What stands around objects of any kind on a real cluster, with what kubectl says of them as the truth."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from edgetui.actions.objects.describe import Description, describe, read_object
from edgetui.cluster.api.catalog import Catalog
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.session import ClusterSession
from edgetui.model.identity import ObjectKey
from edgetui.model.text import unix

from .cluster import ControlPlane
from .custom import PUMPS, defined, definition, pump
from .users import create_if_absent
from .watching import await_live, until, watching
from .workloads import autoscaler, deployment

VALVES = definition("valves", "Valve", versions=("v1",))
FLEETS = definition("fleets", "Fleet", "factory.example", namespaced=False)
PUMP = "/apis/example.com/v1/namespaces/{}/pumps"
VALVE = "/apis/example.com/v1/namespaces/{}/valves"
FLEET = "/apis/factory.example/v1/fleets"


@pytest.fixture(scope="module")
def custom(cluster: ControlPlane) -> Iterator[ControlPlane]:
    with defined(cluster, PUMPS, VALVES, FLEETS):
        yield cluster


def reference(obj: dict[str, Any], *, controller: bool = True) -> dict[str, Any]:
    named = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "controller": controller}
    return named | {field: obj["metadata"][field] for field in ("name", "uid")}


def owned(obj: dict[str, Any], *owners: dict[str, Any]) -> dict[str, Any]:
    return {**obj, "metadata": {**obj["metadata"], "ownerReferences": list(owners)}}


def valve(name: str, *owners: dict[str, Any], **status: Any) -> dict[str, Any]:
    made = {"apiVersion": "example.com/v1", "kind": "Valve", "metadata": {"name": name}, "status": status}
    return owned(made, *owners)


async def around(session: ClusterSession, kind: str, namespace: str, name: str) -> Description:
    key = ObjectKey(session.name, kind, namespace, name)
    return await describe(
        session, session.store, key, partial(read_object, session, session.store, key), thin=False
    )


async def knows(session: ClusterSession, *words: str) -> None:
    """Have these kinds in the registry of the cluster, and their rows in its store."""
    catalog = Catalog(session, session.kinds, time.time, None)
    for word in words:
        for id in catalog.adopt(await catalog.find(word)):
            session.show(id)
            await await_live(session, (id,), within=30)


async def test_a_custom_object_that_owns_and_is_owned(custom: ControlPlane, namespace: str) -> None:
    """Fleet (of the cluster) > Pump > Valve and Deployment > ReplicaSet > Pod."""
    fleet_name = f"fleet-{namespace}"
    fleet = {"apiVersion": "factory.example/v1", "kind": "Fleet", "metadata": {"name": fleet_name}}
    fleet = custom.api.create(FLEET, fleet)
    owner = custom.api.create(PUMP.format(namespace), owned(pump("main"), reference(fleet)))
    conditions = [
        {
            "type": "Ready",
            "status": "False",
            "reason": "Worn",
            "message": "bearing",
            "lastTransitionTime": "2026-11-01T10:00:00Z",
        },
        {"type": "Synced", "status": "True"},
    ]
    custom.api.create(
        VALVE.format(namespace),
        valve("inlet", reference(owner), reference(fleet, controller=False), conditions=conditions),
    )
    custom.create(namespace, owned(deployment("press", replicas=1), reference(owner)))
    async with watching(custom.kubeconfig()) as session:
        await await_live(session, ("Deployment", "Pod", "ReplicaSet"), within=30)
        await knows(session, "valves")
        found = await around(session, "Valve.example.com", namespace, "inlet")
        assert [(one.kind, one.name) for one in found.owners] == [
            ("Pump.example.com", "main"),
            ("Fleet.factory.example", fleet_name),
            ("Fleet.factory.example", fleet_name),
        ]
        assert [one.note for one in found.owners] == ["", "", "an owner beside its controller"]
        assert found.owners[0].created == unix(owner["metadata"]["creationTimestamp"])
        told = _conditions_of_kubectl(custom, namespace)
        assert [
            (one.type, one.status, one.reason, one.message, one.since) for one in found.conditions or ()
        ] == told
        assert told[0] == ("Ready", "False", "Worn", "bearing", unix("2026-11-01T10:00:00Z"))

        pods = lambda: [one for one in session.store.rows("Pod") if one.namespace == namespace]  # noqa: E731
        await until(session, pods, within=40, what="a pod of press")
        (pod,) = pods()
        chain = (await around(session, "Pod", namespace, pod.name)).owners
        assert [one.kind for one in chain] == [
            "ReplicaSet",
            "Deployment",
            "Pump.example.com",
            "Fleet.factory.example",
        ]
        assert [one.note for one in chain] == ["", "", "", ""]


def _conditions_of_kubectl(custom: ControlPlane, namespace: str) -> list[tuple[str, str, str, str, int]]:
    obj = json.loads(custom.kubectl("get", "valve", "inlet", "-n", namespace, "-o", "json"))
    return [
        (
            one["type"],
            one["status"],
            one.get("reason", ""),
            one.get("message", ""),
            unix(one.get("lastTransitionTime")),
        )
        for one in obj["status"]["conditions"]
    ]


async def test_an_owner_that_is_not_served_or_not_to_be_read_says_so(
    custom: ControlPlane, namespace: str
) -> None:
    other = custom.api.create(PUMP.format(namespace), pump("other"))
    unserved = {
        "apiVersion": "nobody.example/v1",
        "kind": "Ghost",
        "name": "x",
        "uid": "1",
        "controller": True,
    }
    # The garbage collector deletes what only absent owners have, so each has a present one beside it.
    stays = reference(other, controller=False)
    configs = f"/api/v1/namespaces/{namespace}/configmaps"
    for name, refs in (("unserved", (unserved, stays)), ("real", (reference(other),))):
        made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        custom.api.create(configs, owned(made, *refs))
    async with watching(custom.kubeconfig(), ()) as session:
        await knows(session, "cm")
        (real,) = (await around(session, "ConfigMap", namespace, "real")).owners
        assert (real.kind, real.name, real.note) == ("Pump.example.com", "other", "")
        first = (await around(session, "ConfigMap", namespace, "unserved")).owners[0]
        assert (first.kind, first.name) == ("Ghost.nobody.example", "x")
        assert first.note == "its kind is not served here"
    rules = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "list", "watch"]}]
    role = f"{namespace}-configs"
    roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
    create_if_absent(custom.api, roles, {"metadata": {"name": role}, "rules": rules})
    file = custom.service_account_kubeconfig(namespace, "configs", role=role)
    async with watching(file, ()) as session:
        await knows(session, "cm")
        (real,) = (await around(session, "ConfigMap", namespace, "real")).owners
        assert real.note.startswith("it cannot be read") and "pumps" in real.note


async def test_what_names_a_config_map_a_secret_and_a_claim(custom: ControlPlane, namespace: str) -> None:
    core = f"/api/v1/namespaces/{namespace}"
    custom.api.create(f"{core}/configmaps", {"metadata": {"name": "conf"}, "data": {"a": "1"}})
    custom.api.create(
        f"{core}/secrets", {"metadata": {"name": "key"}, "stringData": {"password": "s3cr3t-bytes"}}
    )
    custom.api.create(
        f"{core}/persistentvolumeclaims",
        {
            "metadata": {"name": "data"},
            "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
        },
    )
    spec = {
        "volumes": [
            {"name": "etc", "configMap": {"name": "conf"}},
            {"name": "disk", "persistentVolumeClaim": {"claimName": "data"}},
        ],
        "imagePullSecrets": [{"name": "key"}],
    }
    custom.create(namespace, deployment("press", replicas=1, pod_spec=spec))
    container = {"name": "app", "image": "registry.local/x:1", "envFrom": [{"secretRef": {"name": "key"}}]}
    custom.api.create(f"{core}/pods", {"metadata": {"name": "alone"}, "spec": {"containers": [container]}})
    async with watching(custom.kubeconfig()) as session:
        await await_live(session, ("Deployment", "Pod", "ReplicaSet"), within=30)
        await knows(session, "cm", "secrets", "pvc", "sa")
        pods = lambda: [one for one in session.store.rows("Pod") if one.namespace == namespace]  # noqa: E731
        await until(session, lambda: len(pods()) == 2, within=40, what="both pods")
        config = await around(session, "ConfigMap", namespace, "conf")
        assert [tuple(one) for one in config.referrers] == [("Deployment", "press", "volume etc")]
        secret = await around(session, "Secret", namespace, "key")
        assert [tuple(one) for one in secret.referrers] == [
            ("Deployment", "press", "imagePullSecrets"),
            ("Pod", "alone", "envFrom of app"),
        ]
        assert "s3cr3t" not in repr(secret) and "czNjcjN0" not in repr(secret)
        claim = await around(session, "PersistentVolumeClaim", namespace, "data")
        assert [tuple(one) for one in claim.referrers] == [("Deployment", "press", "volume disk")]
        # kubectl describe of a claim lists the pods that use it: the one of press.
        used = re.search(r"Used By:\s+(\S+)", custom.kubectl("describe", "pvc", "data", "-n", namespace))
        assert used is not None and used[1].startswith("press-")
        account = await around(session, "ServiceAccount", namespace, "default")
        assert {one.name for one in account.referrers} == {"press", "alone"}
        nobody = await around(session, "ConfigMap", namespace, "kube-root-ca.crt")
        assert "press" not in {one.name for one in nobody.referrers}
        conf = ObjectKey(session.name, "ConfigMap", namespace, "conf")
        thin = await describe(
            session, session.store, conf, partial(read_object, session, session.store, conf), thin=True
        )
        assert thin.referrers == () and "slow" in thin.notes[0]


async def test_what_selects_the_pods_of_a_workload_and_scales_it(
    custom: ControlPlane, namespace: str
) -> None:
    core = f"/api/v1/namespaces/{namespace}"
    custom.create(namespace, deployment("press", replicas=1), autoscaler("press", low=1, high=4))
    for name, selector in (("yes", {"app": "press"}), ("no", {"app": "other"})):
        custom.api.create(
            f"{core}/services",
            {"metadata": {"name": name}, "spec": {"selector": selector, "ports": [{"port": 80}]}},
        )
        custom.api.create(
            f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets",
            {"metadata": {"name": name}, "spec": {"minAvailable": 1, "selector": {"matchLabels": selector}}},
        )
    custom.api.create(f"{core}/services", {"metadata": {"name": "all"}, "spec": {"ports": [{"port": 81}]}})
    async with watching(custom.kubeconfig()) as session:
        await await_live(session, within=30)
        mine = lambda kind: [one for one in session.store.rows(kind) if one.namespace == namespace]  # noqa: E731
        await until(
            session, lambda: mine("Pod") and mine("HorizontalPodAutoscaler"), within=40, what="its pod"
        )
        found = await around(session, "Deployment", namespace, "press")
        assert [(one.kind, one.name) for one in found.referrers] == [
            ("HorizontalPodAutoscaler", "press"),
            ("Service", "yes"),
            ("PodDisruptionBudget", "yes"),
        ]
        assert found.referrers[0].how == "scales it: 1 to 4"
        assert found.conditions is None, "its row has them"


async def test_an_object_that_is_gone_is_an_error_in_words(custom: ControlPlane, namespace: str) -> None:
    async with watching(custom.kubeconfig(), ()) as session:
        await knows(session, "cm")
        with pytest.raises(EdgetuiError, match="not found"):
            await around(session, "ConfigMap", namespace, "never")
