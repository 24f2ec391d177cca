"""Pages of a rollout, a node and a Service over grids of what they are made of, each line with its roles.

`pytest tests/ui/test_page_grids.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.autoscaling.samples import Sample
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.lease import Lease
from edgetui.model.node.demand import Demand
from edgetui.model.node.loss import After, Prospect
from edgetui.model.rollout.status import Segments, look
from edgetui.ui.details import autoscaler, node, service, workload
from edgetui.ui.details.traffic import traffic_lines
from tests.unit.model import factories as f
from tests.unit.model.test_traffic import ENDING, THREE, WAITING, endpoint, silent, slices
from tests.unit.model.test_traffic import service as a_service

from .test_text_grids import marked, page

NOW = float(f.NOW)


# -- rollouts


def rolling(
    *, waited: float, paused: bool = False, observed: int = 9, hard: bool = False, done: bool = False
) -> Any:
    """A Deployment of six of which two new pods have come, twenty seconds after one another."""
    more: dict[str, Any] = {"updated": 6, "current": 6} if done else {"updated": 4, "current": 8}
    press = f.deployment(
        "press", replicas=6, ready=6, available=6, revision=8, generation=9, observed=observed, paused=paused,
        progressing=("True", "ReplicaSetUpdated"), deadline=600, **more,
    )  # fmt: skip
    condition = press["status"]["conditions"][0]
    condition["lastUpdateTime"] = f.stamp(NOW - waited)
    new = f.replica_set(press, "7f9c66", revision=8, replicas=4, ready=2, created=NOW - 60)
    pods = [
        f.pod(f"press-7f9c66-{at}", owner=new, labels={"pod-template-hash": "7f9c66"}, created=NOW - 60,
              ready_at=NOW - 60 + 20 * (at + 1))
        for at in range(2)
    ]  # fmt: skip
    if hard:
        pods.append(f.image_pull("press-7f9c66-x", owner=new, labels={"pod-template-hash": "7f9c66"}))
    store = f.store_of(press, new, *pods, f.node("node-1"))
    row = store.get("Deployment", "default", "press")
    assert isinstance(row, RolloutRow)
    return store, row


def test_how_long_a_rollout_may_still_take(snapshot: SnapshotAssertion) -> None:
    found = []
    for waited, paused, observed, hard, done in product(
        (20.0, 599.0, 600.0, 700.0), (False, True), (8, 9), (False, True), (False, True)
    ):
        store, row = rolling(waited=waited, paused=paused, observed=observed, hard=hard, done=done)
        said = page(list(workload._time_left(row, look(store, row), NOW)))
        found.append(
            f"{waited:g} paused {paused:d} observed {observed} hard {hard:d} done {done:d}: {said!r}"
        )
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("partition", [None, 0, 1, 2, 3])
def test_a_stateful_set_is_rolled_out_down_to_its_partition(partition: int | None) -> None:
    made = f.stateful_set(
        "press", replicas=4, updated=2, ready=4, update_revision="press-b", current_revision="press-a",
        partition=partition or 0,
    )  # fmt: skip
    if partition is None:
        made["spec"]["updateStrategy"].pop("rollingUpdate", None)
    pods = [
        f.pod(f"press-{3 - at}", owner=made, labels={"controller-revision-hash": "press-b"}, created=NOW - 60,
              ready_at=NOW - 60 + 20 * (at + 1))
        for at in range(2)
    ]  # fmt: skip
    store = f.store_of(made, *pods, f.node("node-1"))
    row = store.get("StatefulSet", "default", "press")
    assert isinstance(row, RolloutRow)
    said = page(list(workload._time_left(row, look(store, row), NOW)))
    assert bool(said) == ((partition or 0) < 2)


@pytest.mark.parametrize("width", [60, 79, 80, 81, 99, 100, 101, 140])
def test_the_bar_of_a_rollout_is_as_wide_as_there_is_room_for(width: int) -> None:
    store, row = rolling(waited=20.0)
    bar = workload.lines(store, row, NOW, width)[0][1]
    assert len(bar.text) == max(20, min(40, width - 60))


@pytest.mark.parametrize(
    ("segments", "said"),
    [
        (Segments(wanted=0), "0 desired: none"),
        (Segments(1, 2, 3, 4, 5, 6, wanted=9), "9 desired: 1 available · 2 ready, not yet available · 3 not ready · "
         "4 old · 5 terminating · 6 missing"),
        (Segments(3, wanted=3), "3 desired: 3 available"),
    ],
)  # fmt: skip
def test_the_parts_of_a_rollout_in_words(segments: Segments, said: str) -> None:
    assert workload._parts(segments) == said


def event(reason: str, last: float, message: str = "exceeded quota: small") -> EventRow:
    row = f.store_of(f.event(f.pod("press"), reason, message, last=last)).rows("Event")
    (found,) = row
    assert isinstance(found, EventRow)
    return found


def test_why_pods_are_not_made_is_the_newest_try_that_failed() -> None:
    store, row = rolling(waited=20.0)
    view = look(store, row)
    missing = replace(view, segments=replace(view.segments, missing=2))
    none = replace(view, segments=replace(view.segments, missing=0))
    failed, later = event("FailedCreate", NOW - 60), event("SuccessfulCreate", NOW - 5)
    older, other = event("SuccessfulCreate", NOW - 90), event("BackOff", NOW - 1)
    assert workload._refusal(missing, [failed, other, older]) == "pods are refused: exceeded quota: small"
    for events in ([], [other], [failed, later], [later, failed], [older]):
        assert workload._refusal(missing, events) == ""
    assert workload._refusal(none, [failed]) == ""


def test_the_page_of_a_rollout_that_has_failed_or_is_not_healthy(snapshot: SnapshotAssertion) -> None:
    found = []
    for reason, ready, refused in product(
        ("ReplicaSetUpdated", "ProgressDeadlineExceeded"), (2, 3), (False, True)
    ):
        status = "False" if reason.endswith("Exceeded") else "True"
        press = f.deployment(
            "press",
            replicas=3,
            updated=3,
            current=3,
            ready=ready,
            available=ready,
            progressing=(status, reason),
        )
        new = f.replica_set(press, "7f9c66", replicas=3, ready=ready)
        broken = f.image_pull("press-x", owner=new, labels={"pod-template-hash": "7f9c66"})
        pods = [*f.pods_of(new, ready), *([broken] if ready < 3 else [])]
        store = f.store_of(press, new, *pods, f.node("node-1"))
        row = store.get("Deployment", "default", "press")
        events = [event("FailedCreate", NOW - 60)] if refused else []
        read = workload.Read(
            events=events, said="may not be read" if refused else "", keda="paused at 3" * refused
        )
        found.append(f"{reason} {ready} {refused}\n{page(workload.lines(store, row, NOW, 80, read))}")  # type: ignore[arg-type]
    assert "\n--\n".join(found) == snapshot


# -- nodes


POD = Demand("line-2", "press", "uid")


@pytest.mark.parametrize("after", [None, After.MOVES, After.NEVER])
@pytest.mark.parametrize("out", [False, True])
@pytest.mark.parametrize("told", ["", "needs list on pods"])
def test_a_lost_node_says_what_is_to_be_done_for_what_never_moves(
    after: After | None, out: bool, told: str, snapshot: SnapshotAssertion
) -> None:
    made = f.node("edge-1", ready="Unknown", reason="NodeStatusUnknown", heartbeat=NOW - 400)
    if out:
        made["spec"]["taints"] = [{"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"}]
    store = f.store_of(made)
    row = store.get("Node", "", "edge-1")
    assert isinstance(row, NodeRow)
    foreseen = (
        None
        if after is None and told
        else []
        if after is None
        else [Prospect(POD, after, fits=("edge-2",), why="why")]
    )
    read = node.Read(lease=Lease("edge-1", int(NOW) - 400, 40), foreseen=foreseen, not_foreseen=told)
    assert page(node.lines(store, row, NOW, 80, read)[7:14]) == snapshot


@pytest.mark.parametrize("ready", [True, False])
@pytest.mark.parametrize("lease", [None, 12])
def test_when_a_node_was_heard_is_told_by_its_lease_where_there_is_one(
    ready: bool, lease: int | None, snapshot: SnapshotAssertion
) -> None:
    store = f.store_of(f.node("edge-1") if ready else silent("edge-1"))
    row = store.get("Node", "", "edge-1")
    assert isinstance(row, NodeRow)
    found = [
        page(
            node.lines(
                store, row, NOW, 80, node.Read(lease=Lease("edge-1", int(NOW) - lease, 40) if lease else None)
            )
        ),
        page(node.lines(store, row, NOW, 80, node.Read(no_lease="needs get on leases"))[:6]),
    ]
    assert "\n--\n".join(found) == snapshot


# -- Services


SPECS: dict[str, dict[str, Any]] = {
    "plain": {},
    "sticky": {"sessionAffinity": "ClientIP", "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}}},
    "headless": {"clusterIP": "None", "clusterIPs": ["None"]},
    "headless and sticky": {
        "clusterIP": "None", "clusterIPs": ["None"], "sessionAffinity": "ClientIP",
        "sessionAffinityConfig": {"clientIP": {"timeoutSeconds": 600}},
    },
    "close": {"trafficDistribution": "PreferSameZone"},
    "unready too": {"publishNotReadyAddresses": True},
    "local": {"internalTrafficPolicy": "Local"},
}  # fmt: skip
ENDS: dict[str, list[f.Json]] = {
    "none": [],
    "one": [endpoint(1, "edge-1")],
    "two on one node": [endpoint(1, "edge-1"), endpoint(2, "edge-1")],
    "two": [endpoint(1, "edge-1"), endpoint(2, "edge-2")],
    "one without a node": [endpoint(1, "")],
    "not ready": [endpoint(1, "edge-1", WAITING), endpoint(2, "edge-2", ENDING)],
    "on a lost node": [endpoint(1, "edge-1"), endpoint(2, "lost"), endpoint(3, "lost", WAITING)],
    "all on a lost node": [endpoint(2, "lost"), endpoint(3, "lost")],
}


@pytest.mark.parametrize("spec", SPECS)
def test_who_gets_connections_to_a_service(spec: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for name, ends in ENDS.items():
        lost = [silent("lost")] if "lost" in name else []
        store = f.store_of(a_service(**SPECS[spec]), slices(*ends), *THREE, *lost)
        row = store.get("Service", "default", "web")
        assert isinstance(row, ServiceRow)
        found.append(f"{name}: {page(traffic_lines(store, row, NOW))}")
    assert "\n".join(found) == snapshot


def test_with_one_node_it_is_no_remark_that_all_endpoints_are_there() -> None:
    for nodes, remarks in ((THREE[:1], 0), (THREE[:2], 1)):
        store = f.store_of(a_service(), slices(endpoint(1, "edge-1")), *nodes)
        row = store.get("Service", "default", "web")
        said = page(traffic_lines(store, row, NOW))  # type: ignore[arg-type]
        assert said.count("all ready endpoints are on one node, edge-1") == remarks


@pytest.mark.parametrize("renewed", [5, 400])
@pytest.mark.parametrize("holder", ["edge-1", ""])
def test_who_holds_the_address_of_a_service_by_its_lease(
    renewed: int, holder: str, snapshot: SnapshotAssertion
) -> None:
    assert marked(service._leased(Lease(holder, int(NOW) - renewed, 15), NOW)) == snapshot


# -- autoscalers


def test_a_curve_is_full_at_twice_the_target_and_at_the_maximum() -> None:
    rows = f.store_of(f.autoscaler("press", bounds=(1, 4))).rows("HorizontalPodAutoscaler")
    (row,) = rows
    assert isinstance(row, AutoscalerRow)
    metric = row.metrics[0].id
    samples = [
        Sample(NOW - 600 + 20 * at, (at % 5, at % 5, at % 8 * 0.25), ("", "", metric)) for at in range(31)
    ]
    lines = [marked(one) for one in autoscaler.lines(row, NOW, (), samples) if "last 10m" in marked(one)]
    pods = "".join("▁▃▅▆█"[at % 5] for at in range(1, 31))
    load = "".join("▁▂▃▄▅▅▆▇"[at % 8] for at in range(1, 31))
    assert lines == [
        f"  <quiet>            </> {pods} <quiet>  last 10m, of max 4</>",
        f"  <quiet>            </> {load} <quiet>  last 10m, ▅ is the target</>",
    ]
    nameless = replace(row, metrics=(replace(row.metrics[0], id=""),))
    lines = [marked(one) for one in autoscaler.lines(nameless, NOW, (), samples) if "last 10m" in marked(one)]
    assert lines == [f"  <quiet>            </> {pods} <quiet>  last 10m, of max 4</>"]
