"""On which nodes a Service stands, who holds its address, and what a node that is not Ready takes from it."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.panes import PANES
from edgetui.ui.details import detail
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

PANE = PANES["services"]
Json = dict[str, Any]
L2, BGP = "ServiceL2Status", "ServiceBGPStatus"


def a_service(**more: Any) -> Json:
    return f.service("web", type_="LoadBalancer", ips=["192.0.2.7"], **more)


def nodes(*silent: str, count: int = 3) -> list[Json]:
    names = [f"edge-{at}" for at in range(1, count + 1)]
    return [f.node(name, ready="Unknown" if name in silent else "True") for name in names]


def data(store: Store) -> Json:
    row = store.get("Service", "default", "web")
    assert row is not None
    return PANE.json(PANE.build(store, "Service", row, f.NOW), f.NOW)


def text(store: Store, column: str) -> str:
    row = store.get("Service", "default", "web")
    assert row is not None
    made = PANE.build(store, "Service", row, f.NOW)
    return PANE.columns[PANE.index[column]].text(PANE.value(made, column), f.NOW)


ON_TWO, ON_ONE = {"ready": 2, "on": ["edge-1", "edge-2"]}, {"ready": 2, "on": ["edge-1"]}
STATES: list[tuple[str, Json, list[Json], tuple[str, str, list[str], str | None]]] = [
    ("on two hosts", ON_TWO, nodes(), ("fine", "2 of 2 ready", ["edge-1", "edge-2"], "0/2")),
    ("two on one host", ON_ONE, nodes(), ("watch", "one host", ["edge-1"], "0/2")),
    ("one on one host", {**ON_ONE, "ready": 1}, nodes(), ("fine", "1 of 1 ready", ["edge-1"], "0/1")),
    ("there is but one host", ON_ONE, nodes(count=1), ("fine", "2 of 2 ready", ["edge-1"], "0/2")),
    ("on no host", {"ready": 2}, nodes(), ("fine", "2 of 2 ready", [""], "0/2")),
    ("one host silent", ON_TWO, nodes("edge-2"), ("bad", "1 of 2 silent", ["edge-1", "edge-2"], "1/2")),
    ("another host silent", ON_TWO, nodes("edge-3"), ("fine", "2 of 2 ready", ["edge-1", "edge-2"], "0/2")),
    ("all silent", ON_ONE, nodes("edge-1"), ("bad", "2 of 2 silent", ["edge-1"], "2/2")),
    ("marked not ready in time", {"ready": 1, "waiting": 1, "on": ["edge-1", "edge-2"]}, nodes("edge-2"),
     ("watch", "1 of 2 ready", ["edge-1"], "0/1")),
    ("terminating on a silent host", {"draining": 1, "on": ["edge-2"]}, nodes("edge-2"),
     ("bad", "1 of 1 silent", ["edge-2"], "1/1")),
    ("nothing serves", {"waiting": 2, "on": ["edge-1"]}, nodes("edge-1"), ("bad", "0 of 2 ready", [], "0/0")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("slice_", "there", "says"), [one[1:] for one in STATES], ids=[one[0] for one in STATES]
)
def test_a_service_says_on_how_many_hosts_it_stands_and_how_many_of_them_are_silent(
    slice_: Json, there: list[Json], says: tuple[str, str, list[str], str | None]
) -> None:
    found = data(f.store_of(f.service("web"), f.endpoint_slice("web", **slice_), *there))
    assert (found["severity"], found["state"], list(found["hosts"]), found["silent"]) == says


def test_who_may_not_see_nodes_is_told_so_and_not_that_none_is_silent() -> None:
    store = f.store_of(f.service("web"), f.endpoint_slice("web", **ON_TWO))
    store.set_freshness("Node", Freshness(Sync.FORBIDDEN))
    assert (text(store, "silent"), text(store, "hosts"), data(store)["silent"]) == ("-", "2", None)


KUBE_VIP = {"annotations": {"kube-vip.io/vipHost": "edge-2"}}
HOLDERS: list[tuple[str, list[Json], tuple[str, list[str], list[str], str, str]]] = [
    ("K3s", f.service_lb("web", "edge-1", "edge-2"), ("ServiceLB", ["edge-1", "edge-2"], [], "", "2 nodes")),
    ("K3s, none ready", f.service_lb("web", "edge-1", ready="False"), ("ServiceLB", [], [], "nobody", "nobody")),
    ("K3s for another", f.service_lb("oven", "edge-1"), ("", [], [], "not visible", "not visible")),
    ("MetalLB", [f.announced(L2, "web", "edge-2")], ("MetalLB L2", ["edge-2"], [], "", "edge-2")),
    ("MetalLB by labels", [f.announced(L2, "web", "edge-2", labels_only=True)],
     ("MetalLB L2", ["edge-2"], [], "", "edge-2")),
    ("MetalLB to routers", [f.announced(BGP, "web", name) for name in ("edge-3", "edge-1")],
     ("MetalLB BGP", ["edge-1", "edge-3"], ["edge-3"], "", "2 nodes")),
    ("MetalLB elsewhere", [f.announced(L2, "web", "edge-2", "line-2")], ("", [], [], "not visible", "not visible")),
    ("a cloud", [], ("", [], [], "not visible", "not visible")),
]  # fmt: skip


@pytest.mark.parametrize(("there", "says"), [one[1:] for one in HOLDERS], ids=[one[0] for one in HOLDERS])
def test_an_address_says_which_nodes_hold_it(
    there: list[Json], says: tuple[str, list[str], list[str], str, str]
) -> None:
    store = f.store_of(a_service(), f.endpoint_slice("web", **ON_TWO), *nodes("edge-3"), *there)
    held = data(store)["holder"]
    found = held["by"], list(held["nodes"]), list(held["silent"]), held["why"], text(store, "holder")
    assert found == says


def test_kube_vip_says_in_an_annotation_who_holds_an_address() -> None:
    store = f.store_of(a_service(**KUBE_VIP), f.endpoint_slice("web", **ON_TWO), *nodes())
    assert (text(store, "holder"), data(store)["holder"]["by"]) == ("edge-2", "kube-vip")
    store = f.store_of(a_service(**KUBE_VIP), f.endpoint_slice("web", **ON_ONE), *nodes("edge-2"))
    assert (data(store)["severity"], data(store)["state"]) == ("bad", "holder silent")


@pytest.mark.parametrize("kind", [L2, BGP, "DaemonSet", "Pod"])
@pytest.mark.parametrize(
    ("sync", "words"), [(Sync.FORBIDDEN, "not allowed"), (Sync.SYNCING, "?"), (Sync.ABSENT, "not visible")]
)
def test_why_nobody_is_known_to_hold_an_address(kind: str, sync: Sync, words: str) -> None:
    store = f.store_of(a_service(), f.endpoint_slice("web", **ON_TWO), *nodes())
    store.set_freshness(kind, Freshness(sync))
    assert text(store, "holder") == words


@pytest.mark.parametrize("type_", ["ClusterIP", "NodePort"])
def test_what_has_no_address_of_a_balancer_is_held_by_nobody(type_: str) -> None:
    store = f.store_of(f.service("web", type_=type_), f.endpoint_slice("web", **ON_TWO), *nodes())
    assert (text(store, "holder"), data(store)["holder"]) == ("-", None)


@pytest.mark.parametrize(
    ("there", "line"),
    [
        ([f.announced(L2, "web", "edge-3")], "held by     edge-3 (MetalLB L2): not Ready, nobody may answer"),
        (
            f.service_lb("web", "edge-1", "edge-3"),
            "held by     edge-1, edge-3 (ServiceLB); edge-3 is not Ready",
        ),
        (
            [],
            "held by     not visible here: what gave this address does not tell the API who holds it",
        ),
    ],
)
def test_the_page_says_who_holds_the_address(there: list[Json], line: str) -> None:
    store = f.store_of(a_service(), f.endpoint_slice("web", **ON_TWO), *nodes("edge-3"), *there)
    row = store.get("Service", "default", "web")
    assert row is not None
    made = PANE.build(store, "Service", row, f.NOW)
    page = [plain(one).strip() for one in detail(store, made.key, row, f.NOW, 80, (), "")]
    assert line in page
