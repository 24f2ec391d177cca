"""What is read of a control plane: every part, every way in which it is not told, and every distribution.

`pytest tests/unit/actions/test_what_is_read_of_a_control_plane.py --snapshot-update` takes what is
so now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.nodes.control_plane import look
from edgetui.actions.nodes.image_pulls import read_pulls
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, LinkError, NotFound, ServerFailure
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from tests.ui.test_every_field import differences
from tests.unit.model import factories as f
from tests.unit.model.test_control_plane import (
    NOW,
    READY,
    counted,
    etcd_node,
    etcd_pod,
    identity,
    leader,
    member,
)

from .as_text import as_text
from .site import Json, Site
from .test_every_field_of_an_action import Direct

LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases"
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
READYZ = "/readyz"
BUDGETS = "/apis/policy/v1/poddisruptionbudgets"
PODS = "/api/v1/namespaces/kube-system/pods"
NODES = "/api/v1/nodes"
MEMBERS = "/apis/etcd.k0sproject.io/v1beta1/etcdmembers"
ETCD, SERVERS = "node-role.kubernetes.io/etcd", "node-role.kubernetes.io/control-plane"


def endpoints(*addresses: str, ready: bool = True) -> Json:
    made = f.endpoint_slice("kubernetes", "default", ready=len(addresses))
    for one, address in zip(made["endpoints"], addresses, strict=True):
        one["addresses"], one["conditions"]["ready"] = [address], ready
    return made


def ready(made: Json) -> Json:
    """The same, of a node that is Ready."""
    made["status"]["conditions"].append(f.cond("Ready", "True"))
    return made


def listed(*found: Any) -> Json:
    return {"items": list(found)}


def controller_lease(renewed: float) -> Json:
    made = leader("k0s-ctrl", "c", renewed)
    made["spec"]["leaseDurationSeconds"] = 60
    return made


ANSWERS: dict[str, Any] = {
    LEASES: listed(
        identity("edge-1", 3), identity("edge-2", 700), leader("kube-scheduler", "edge-1", 1), {"metadata": 5}
    ),
    SLICES: listed(
        endpoints("10.0.0.2", "10.0.0.1"), endpoints("10.0.0.1"), endpoints("10.0.0.9", ready=False)
    ),
    READYZ: READY,
    BUDGETS: listed(counted("fine", 1, 3, 2, 3), counted("press", 0, 2, 2, 2), {"spec": 7}),
    PODS: listed(etcd_pod("a"), etcd_pod("b", "False")),
    NODES: listed(),
    f"{NODES} {ETCD}": listed(
        ready(etcd_node("a")), etcd_node("b"), {"metadata": {"name": "odd"}, "spec": 3}
    ),
    f"{NODES} {SERVERS}": listed(etcd_node("a")),
    MEMBERS: listed(member("c0"), member("c1"), member("c2")),
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/k0s-ctrl-c0": controller_lease(5),
    "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/k0s-ctrl-c1": controller_lease(500),
}


class Plant(Direct):
    """A session on a cluster that answers so; what is asked is kept, with its query."""

    def __init__(self, store: Store | None = None, answers: Mapping[str, Any] | None = None) -> None:
        super().__init__(Site())
        self.store = store
        self.answers = {**ANSWERS, **(answers or {})}
        self.asked: list[str] = []
        self.api.get_bytes = self._bytes  # type: ignore[method-assign]

    async def _get(self, path: str, query: Json | None = None, **more: Any) -> Any:
        query = dict(query or {})
        told = "".join(f" {name}={value}" for name, value in sorted((query | more).items()))
        self.asked.append(f"{path}{told}")
        labels = query.get("labelSelector", "") if path == NODES else ""
        answer = self.answers.get(f"{path} {labels}".strip(), NotFound("not here", code=404))
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _bytes(self, path: str, *more: Any, **options: Any) -> bytes:
        return bytes((await self._get(path, *more, **options)).encode())


def watched(*nodes: Json, version: str = "", live: bool = True) -> Store:
    store = f.store_of(*nodes)
    store.set_version(version)
    if not live:
        store.set_freshness("Node", Freshness(Sync.FORBIDDEN))
    return store


async def told(plant: Plant) -> str:
    """All that one look finds, and what it asks for."""
    try:
        seen = await look(plant, lambda: NOW)
    except LinkError as lost:
        return "\n".join([f"LinkError: {lost}", *sorted(plant.asked)])
    parts = [f"{name}: {as_text(getattr(seen, name))}" for name in seen.__struct_fields__]
    return "\n".join([*parts, *sorted(plant.asked)])


PARTS = {"leases": LEASES, "endpoints": SLICES, "checks": READYZ, "budgets": BUDGETS, "voters": PODS}
FAILS: dict[str, Callable[[], EdgetuiError]] = {
    "forbidden": lambda: Forbidden("no", code=403),
    "not served": lambda: NotFound("not here", code=404),
    "no answer": lambda: LinkError("The link is down."),
    "a failure": lambda: ServerFailure("The server failed.", code=500),
    "an error": lambda: ApiError("It is odd.", code=400),
}


async def test_all_that_a_control_plane_tells(snapshot: SnapshotAssertion) -> None:
    assert await told(Plant()) == snapshot


@pytest.mark.parametrize("fails", FAILS.values(), ids=FAILS)
@pytest.mark.parametrize("path", PARTS.values(), ids=PARTS)
async def test_a_part_that_is_not_told(
    path: str, fails: Callable[[], EdgetuiError], snapshot: SnapshotAssertion
) -> None:
    usual, now = (await told(Plant())).splitlines(), await told(Plant(None, {path: fails()}))
    assert differences(usual, now.splitlines()) == snapshot


@pytest.mark.parametrize(("lost", "raised"), [(2, False), (3, False), (4, True), (5, True)])
async def test_a_server_that_answers_nothing_is_an_error_and_not_a_page_of_them(
    lost: int, raised: bool
) -> None:
    down = {path: LinkError(f"{name} is down.") for name, path in list(PARTS.items())[:lost]}
    found = await told(Plant(None, down))
    assert found.startswith("LinkError: ") is raised
    assert not raised or found.startswith("LinkError: leases is down.")


PLAIN = "v1.37.2"
NODE_A = f.node("a", roles=("etcd",), version=PLAIN)
NODE_B = f.node("b", roles=("etcd",), version=PLAIN, ready="Unknown")
DISTRIBUTIONS: dict[str, Callable[[], Plant]] = {
    "pods of etcd, and nodes that are watched": lambda: Plant(watched(NODE_A, NODE_B)),
    "pods of etcd, and nodes that may not be": lambda: Plant(watched(NODE_A, live=False)),
    "no pods of etcd": lambda: Plant(watched(), {PODS: listed()}),
    **{
        version: lambda version=version: Plant(watched(NODE_A, NODE_B, version=version))  # type: ignore[misc]
        for version in ("v1.37.2+k3s1", "v1.37.2+rke2r1", "v1.37.2+k0s.0", PLAIN)
    },
    "K3s, and nodes that are not watched": lambda: Plant(watched(version="v1.37.2+k3s1", live=False)),
    "K3s that its nodes tell": lambda: Plant(watched(f.node("a", version="v1.37.2+k3s1"))),
    "K3s on a database": lambda: Plant(watched(version="v1.37.2+k3s1"), {f"{NODES} {ETCD}": listed()}),
    "K3s that shows no nodes": lambda: Plant(
        watched(version="v1.37.2+k3s1"), {f"{NODES} {ETCD}": Forbidden("no", code=403)}
    ),
    "RKE2 that shows no nodes": lambda: Plant(
        watched(version="v1.37.2+rke2r1"), {f"{NODES} {ETCD}": Forbidden("no", code=403)}
    ),
    "Talos": lambda: Plant(watched(f.node("a", version=PLAIN, os_image="Talos (v1.9.0)"))),
    "MicroK8s": lambda: Plant(
        watched(f.node("a", version=PLAIN, labels={"microk8s.io/cluster": "true"})),
    ),
    "k0s without members": lambda: Plant(watched(version="v1.37.2+k0s.0"), {MEMBERS: listed()}),
    "k0s that serves no members": lambda: Plant(
        watched(version="v1.37.2+k0s.0"), {MEMBERS: NotFound("not here", code=404)}
    ),
    "k0s that shows no members": lambda: Plant(
        watched(version="v1.37.2+k0s.0"), {MEMBERS: Forbidden("no", code=403)}
    ),
    "k0s whose clock is wrong": lambda: Plant(
        watched(version="v1.37.2+k0s.0"), {LEASES: listed(identity("edge-1", 490))}
    ),
}


@pytest.mark.parametrize("plant", DISTRIBUTIONS.values(), ids=DISTRIBUTIONS)
async def test_who_votes_in_each_distribution(
    plant: Callable[[], Plant], snapshot: SnapshotAssertion
) -> None:
    lines = (await told(plant())).splitlines()
    wanted = (
        "voters:",
        "no_voters:",
        NODES,
        PODS,
        MEMBERS,
        "/apis/coordination.k8s.io/v1/namespaces/kube-node",
    )
    assert "\n".join(line for line in lines if line.startswith(wanted)) == snapshot


# -- where the images of an update are


PULLED = f.event(f.pod("press-x", "line-2"), "Pulled")
PULLED["metadata"]["name"] = "press-x.pulled"
EVENTS = "/api/v1/namespaces/line-2/events"
IMAGES = {
    "both are read": (
        "line-2",
        {NODES: listed(NODE_A), EVENTS: listed(PULLED, {"metadata": 3})},
    ),
    "no namespace": ("", {NODES: listed(NODE_A)}),
    "no nodes": ("line-2", {NODES: Forbidden("no", code=403), EVENTS: listed(PULLED)}),
    "no events": ("line-2", {EVENTS: Forbidden("You may not list events.", code=403)}),
    "nothing": ("line-2", {NODES: LinkError("It is down."), EVENTS: LinkError("It is down.")}),
}


@pytest.mark.parametrize(("namespace", "answers"), IMAGES.values(), ids=IMAGES)
async def test_what_tells_where_images_are(
    namespace: str, answers: dict[str, Any], snapshot: SnapshotAssertion
) -> None:
    plant = Plant(None, answers)
    found = await read_pulls(plant, namespace)
    assert "\n".join([as_text(found), *sorted(plant.asked)]) == snapshot
