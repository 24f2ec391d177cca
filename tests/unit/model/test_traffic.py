"""Who gets new connections to a Service, as the page of the Service says it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.service import ServiceRow
from edgetui.ui.details.traffic import traffic_lines
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

Json = dict[str, Any]
READY = {"ready": True, "serving": True, "terminating": False}
WAITING = {"ready": False, "serving": False, "terminating": False}
ENDING = {"ready": False, "serving": True, "terminating": True}


def service(**spec: Any) -> Json:
    made = f.service("web", type_=spec.pop("type", "ClusterIP"))
    made["spec"] |= spec
    return made


def endpoint(number: int, node: str, conditions: Json = READY, **more: Any) -> Json:
    target = {"kind": "Pod", "name": f"web-{number}"}
    return {
        "addresses": [f"10.42.0.{number}"],
        "nodeName": node,
        "conditions": conditions,
        "targetRef": target,
        **more,
    }


def slices(*endpoints: Json) -> Json:
    return f.endpoint_slice("web") | {"endpoints": list(endpoints)}


def silent(name: str) -> Json:
    return f.node(name, ready="Unknown", reason="NodeStatusUnknown")


def page(*objects: Json) -> list[str]:
    store: Store = f.store_of(*objects)
    row = store.get("Service", "default", "web")
    assert isinstance(row, ServiceRow)
    return [" ".join(plain(one).split()) for one in traffic_lines(store, row, f.NOW)]


THREE = [f.node(f"edge-{number}") for number in (1, 2, 3)]
PAIR = slices(endpoint(1, "edge-1"), endpoint(2, "edge-2"))
HERE_ONLY = slices(endpoint(1, "edge-1"))

ANSWERS: list[tuple[str, Sequence[Json], str]] = [
    (
        "all nodes reach all ready endpoints",
        [service(), PAIR, *THREE],
        "in cluster from pods on any node: 2 endpoints, each gets one in 2",
    ),
    (
        "an endpoint on a silent node gets its share and answers nobody",
        [service(), PAIR, THREE[0], silent("edge-2")],
        "in cluster from pods on any node: 2 endpoints, each gets one in 2; "
        "1 on a node that is not Ready: 1 of 2 may fail",
    ),
    (
        "a node that is cut off keeps the rules that it had",
        [service(), PAIR, *THREE[:2], silent("edge-3")],
        "old rules edge-3 (30s): no contact, so pods there use what was last known there",
    ),
    (
        "a Local policy serves pods on the same node only",
        [service(internalTrafficPolicy="Local"), HERE_ONLY, *THREE],
        "in cluster from pods on edge-1: 1 endpoint (internalTrafficPolicy Local)",
    ),
    (
        "and drops those of other nodes",
        [service(internalTrafficPolicy="Local"), HERE_ONLY, *THREE],
        "in cluster from pods on edge-2, edge-3: "
        "dropped: no endpoint on the same node serves (internalTrafficPolicy Local)",
    ),
    (
        "the node port follows its own policy",
        [service(type="NodePort", externalTrafficPolicy="Local"), HERE_ONLY, *THREE],
        "external NodePort 30080 on edge-2, edge-3: "
        "dropped: no endpoint on the same node serves (externalTrafficPolicy Local)",
    ),
    (
        "terminating endpoints serve while no other is ready",
        [service(), slices(endpoint(1, "edge-1", ENDING), endpoint(2, "edge-2", WAITING)), *THREE],
        "in cluster from pods on any node: 1 terminating endpoint",
    ),
    (
        "nothing that serves means refused",
        [service(), slices(endpoint(1, "edge-1", WAITING)), *THREE],
        "in cluster from pods on any node: refused: no endpoint serves",
    ),
    (
        "a client keeps its endpoint under ClientIP",
        [service(sessionAffinity="ClientIP"), PAIR, *THREE],
        "affinity ClientIP: a client keeps its endpoint until 3h unused",
    ),
    (
        "node hints keep traffic on its node",
        [
            service(),
            slices(
                endpoint(1, "edge-1", hints={"forNodes": [{"name": "edge-1"}]}),
                endpoint(2, "edge-2", hints={"forNodes": [{"name": "edge-2"}]}),
            ),
            *THREE[:2],
        ],
        "in cluster from pods on edge-1: 1 endpoint",
    ),
    (
        "a Service on one node is a finding",
        [service(), slices(endpoint(1, "edge-1"), endpoint(2, "edge-1")), *THREE],
        "! all ready endpoints are on one node, edge-1",
    ),
    (
        "an endpoint says what is wrong with its node",
        [service(), HERE_ONLY, silent("edge-1")],
        "! 10.42.0.1 web-1 edge-1 ready, node NotReady, no heartbeat for 30s",
    ),
    (
        "where nodes may not be read, one line stands for all others",
        [service(internalTrafficPolicy="Local"), HERE_ONLY],
        "in cluster from pods on any other node: "
        "dropped: no endpoint on the same node serves (internalTrafficPolicy Local)",
    ),
    (
        "a headless Service leaves the choice to its clients",
        [service(clusterIP="None"), PAIR, *THREE],
        "headless clients choose themselves among these addresses, by DNS",
    ),
    (
        "a Ready pod that no slice names is told of",
        [service(), PAIR, f.pod("web-9", labels={"app": "web"}), *THREE],
        "! pod web-9 has been Ready for 59m, but no EndpointSlice names it",
    ),
]


@pytest.mark.parametrize(
    ("objects", "line"), [case[1:] for case in ANSWERS], ids=[case[0] for case in ANSWERS]
)
def test_the_page_of_a_service_says_who_gets_traffic(objects: Sequence[Json], line: str) -> None:
    assert line in page(*objects)


def test_ports_with_other_endpoints_have_answers_of_their_own() -> None:
    made = service(ports=[{"name": "web", "port": 80}, {"name": "metrics", "port": 9090}])
    piece = slices(endpoint(1, "edge-1")) | {"ports": [{"name": "web", "port": 8080}]}
    lines = page(made, piece, *THREE)
    assert lines.index("new connections to 80/TCP") < lines.index("new connections to 9090/TCP")
    assert lines[-1] == "! all ready endpoints are on one node, edge-1"
    assert "in cluster from pods on any node: refused: no endpoint serves" in lines


def test_nothing_is_said_while_slices_are_not_known() -> None:
    store = f.store_of(service(), *THREE)
    store.set_freshness("EndpointSlice", Freshness(Sync.FORBIDDEN))
    row = store.get("Service", "default", "web")
    assert isinstance(row, ServiceRow)
    assert traffic_lines(store, row, f.NOW) == []


def test_ports_are_named_only_where_they_lead_to_different_endpoints() -> None:
    http, https = {"name": "http", "port": 80}, {"name": "https", "port": 443}
    slice_of_both = slices(endpoint(1, "edge-1")) | {"ports": [{"name": "http", "port": 8080}]}
    assert "new connections" in page(service(), HERE_ONLY, *THREE)
    different = page(service(ports=[http, https]), slice_of_both, *THREE)
    titles = [one for one in different if one.startswith("new connections")]
    assert len(titles) == 2
    assert all(one.startswith("new connections to ") for one in titles)
