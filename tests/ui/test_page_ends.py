"""Where the lists on pages end, and states that few objects are in, each line with its roles.

`pytest tests/ui/test_page_ends.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.objects.describe import Description, Referrer
from edgetui.model.autoscaling.samples import Sample
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.list_progress import ListProgress
from edgetui.model.cache.store import MOST_ROWS, Store, Usage
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.autoscaler import AutoscalerRow, Metric
from edgetui.model.kinds.discovered import TableRow, head_of
from edgetui.model.kinds.event import EventRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.wire import Condition
from edgetui.model.panes import PANES
from edgetui.model.rollout.history import RevisionNode
from edgetui.model.view.ownership import Owner
from edgetui.ui.details import around, autoscaler, detail
from edgetui.ui.details.common import STANDARD, condition_lines, pod_lines
from edgetui.ui.details.discovered import lines as discovered_lines
from edgetui.ui.details.pod import lines as lines_of_pod
from edgetui.ui.details.revisions import MOST, revision_lines
from edgetui.ui.details.traffic import traffic_lines
from edgetui.ui.text.cluster_details import cluster_lines
from edgetui.ui.text.clusters import notes
from edgetui.ui.text.unplug import MOST as MOST_LINES
from edgetui.ui.text.unplug import _section
from tests.unit.model import factories as f
from tests.unit.model.test_traffic import endpoint, service, silent, slices

from .test_text_grids import marked, page

NOW = float(f.NOW)


def rows_of(*objects: f.Json) -> list[PodRow]:
    rows = [row_of("Pod", one) for one in objects]
    return [row for row in rows if isinstance(row, PodRow)]


# -- pods, one line each


def test_pods_in_trouble_come_first_and_the_cells_line_up(snapshot: SnapshotAssertion) -> None:
    store = f.store_of(
        f.node("node-1"),
        f.node("lost", ready="Unknown", reason="NodeStatusUnknown", heartbeat=NOW - 760),
    )
    pods = rows_of(
        f.pod("b-fine", node="node-1"),
        f.pod("a-fine", node="node-1", statuses=[f.running(restarts=1)]),
        f.pod("not-ready", node="node-1", ready="False"),
        f.image_pull("image", node="node-1", created=NOW - 125),
        f.pod("crashes", node="node-1", statuses=[f.crashing(137, "OOMKilled", restarts=14)]),
        f.pod("cut-off", node="lost"),
        f.pod("ends-there", node="lost", deleting=NOW - 900),
        f.pod("ends-here", node="node-1", deleting=NOW - 5),
        f.pod("has-ended", node="lost", phase="Succeeded", statuses=[]),
        f.pod("nowhere", node="", phase="Pending", statuses=[]),
    )
    found = [page(pod_lines(store, pods, NOW))]
    found += [page(pod_lines(store, pods[:2], NOW, indent=4)), page(pod_lines(store, pods[:1], NOW))]
    found += [page(pod_lines(store, rows_of(f.pod("x" * 60, node="node-1")), NOW))]
    assert "\n--\n".join(found) == snapshot
    assert pod_lines(store, [], NOW) == []


@pytest.mark.parametrize(("count", "limit", "more"), [(29, 30, 0), (30, 30, 0), (31, 30, 1), (5, 2, 3)])
def test_no_more_pods_than_there_is_room_for_and_how_many_are_left_out(
    count: int, limit: int, more: int
) -> None:
    store = f.store_of(f.node("node-1"))
    pods = rows_of(*(f.pod(f"p-{at:02}", node="node-1") for at in range(count)))
    lines = pod_lines(store, pods, NOW, limit, indent=2)
    assert len(lines) == min(count, limit) + bool(more)
    if more:
        assert page(lines[-1:]) == f"<quiet>    and {more} more</>"


# -- revisions


def revision(number: int, *pods: PodRow, name: str = "", mark: str = "", **more: Any) -> RevisionNode:
    given: dict[str, Any] = {
        "images": (f"registry.local/line/press:{number}",),
        "cause": "",
        "created": int(NOW) - 3600,
    }
    return RevisionNode(number, name or f"press-{number:02}", mark, pods=pods, **given | more)


def test_a_revision_says_its_number_mark_readiness_and_why_it_was_made(snapshot: SnapshotAssertion) -> None:
    store = f.store_of(f.node("node-1"))
    pods = rows_of(
        f.pod("a", node="node-1"),
        f.pod("b", node="node-1", ready="False"),
        f.pod("c", node="node-1", deleting=NOW - 5),
    )
    branches = [
        revision(9, *pods, mark="now", cause="image press:9"),
        revision(8, mark="last good", cause="made by hand"),
        revision(7, mark="worked", cause="made by hand"),
        revision(6, mark="withdrawn", name="a-name-of-" + "x" * 40),
        revision(0, pods[0], images=(), cause="nobody knows"),
    ]
    found = [
        page(revision_lines(store, branches, NOW, said, keys))
        for said, keys in (("", ""), ("needs list on replicasets", ""), ("", "d diff"))
    ]
    found.append(page(revision_lines(store, branches[1:3], NOW, "", "")))
    found.append(page(revision_lines(store, [], NOW, "none", "")))
    assert "\n--\n".join(found) == snapshot


@pytest.mark.parametrize("count", [MOST - 1, MOST, MOST + 1, MOST + 5])
def test_of_old_revisions_without_pods_as_many_are_listed_as_kubernetes_keeps(count: int) -> None:
    store = f.store_of(f.node("node-1"))
    (pod,) = rows_of(f.pod("a", node="node-1"))
    branches = [revision(99, pod), *(revision(90 - at) for at in range(count))]
    lines = page(revision_lines(store, branches, NOW, "", "")).splitlines()
    older = count - MOST
    assert lines[-1] == (f"<quiet>  and {older} older</>" if older > 0 else lines[-1])
    assert [one.split()[0] for one in lines if one.lstrip()[:2].isdigit()] == [
        "99",
        *(str(90 - at) for at in range(min(count, MOST))),
    ]
    alone = page(revision_lines(store, branches[1:], NOW, "", "")).splitlines()
    assert [one.split()[0] for one in alone if one.lstrip()[:2].isdigit()] == [
        str(90 - at) for at in range(min(count, MOST + 1))
    ], "without any pods the newest stands for what runs"


# -- traffic


def test_more_endpoints_and_silent_nodes_than_are_named() -> None:
    gone = [silent(f"gone-{at}") for at in range(5)]
    for endpoints, more in ((30, 0), (31, 1), (33, 3)):
        one = service()
        store = f.store_of(
            one, f.node("edge-1"), *gone, slices(*(endpoint(at, "edge-1") for at in range(1, endpoints + 1)))
        )
        row = store.get("Service", one["metadata"]["namespace"], one["metadata"]["name"])
        lines = [marked(line) for line in traffic_lines(store, row, NOW)]  # type: ignore[arg-type]
        assert [line for line in lines if "more</>" in line] == (
            [f"<quiet>  and {more} more</>"] * bool(more)
        )
        (rules,) = [line for line in lines if "old rules" in line]
        assert "gone-3" in rules
        assert "gone-4" not in rules
        assert " and 1 more: no contact" in rules


# -- an object of any kind


HEAD = head_of([("Phase", "string", "", 0), ("A much longer title", "integer", "", 1)])


@pytest.mark.parametrize("created", [0, int(NOW) - 60])
@pytest.mark.parametrize("deleting", [0, int(NOW) - 5])
@pytest.mark.parametrize("labels", ["", "\x1fline=2\x1fapp=press\x1f"])
def test_what_the_server_prints_of_an_object(
    created: int, deleting: int, labels: str, snapshot: SnapshotAssertion
) -> None:
    row = TableRow(
        namespace="d", name="press", uid="u", resource_version="1", created=created, deleting=deleting, labels=labels,
        head=HEAD, cells=("Up", 3),
    )  # fmt: skip
    assert page(discovered_lines(Store("plant"), row, NOW, 80)) == snapshot


# -- a pod


USES = [Usage(250, 64 * 1024**2), Usage(None, 64 * 1024**2), Usage(250, None), Usage(0, 0), None]


def test_a_pod_says_what_it_uses_where_that_was_measured(snapshot: SnapshotAssertion) -> None:
    found = []
    states = [(USES[0], NOW - 40, "False"), *product(USES, (0.0,), ("True",)), (None, 0.0, "Unknown")]
    for usage, deleting, condition in states:
        one = f.pod("press", ready_at=NOW - 400, created=NOW - 500, deleting=deleting, node="")
        store = f.store_of(one)
        row = store.get("Pod", "default", "press")
        assert isinstance(row, PodRow)
        if usage is not None:
            store.set_metrics("Pod", {("default", "press"): usage}, True)
        shown = replace(row, condition=condition, restarts=3 if condition == "True" else 0)
        found.append(page(lines_of_pod(store, shown, NOW, 80)))
    assert "\n--\n".join(found) == snapshot


# -- an autoscaler


def scaler(**more: Any) -> AutoscalerRow:
    row = row_of("HorizontalPodAutoscaler", f.autoscaler("press", **more))
    assert isinstance(row, AutoscalerRow)
    return row


def test_an_autoscaler_says_what_it_measures_and_wants(snapshot: SnapshotAssertion) -> None:
    found = []
    for current, desired, cpu, bounds in product((3, 6), (3, 6), (None, 0, 60, 180), ((1, 6), (2, 2))):
        row = scaler(current=current, desired=desired, cpu=cpu, bounds=bounds)
        lines = autoscaler.lines(row, NOW, (), ())
        found.append(page([lines[0], *lines[3:5]]))
    unknown = replace(scaler(), current=None)
    found.append(page(autoscaler.lines(unknown, NOW, (), ())))
    assert "\n".join(dict.fromkeys(found)) == snapshot


@pytest.mark.parametrize("ratio", [None, 0.0, 0.03, 0.04, 0.5, 0.99, 1.0, 1.04, 1.9, 2.0, 7.5])
def test_a_meter_has_its_target_in_the_middle(ratio: float | None) -> None:
    shown = autoscaler._meter(ratio)
    if ratio is None:
        assert shown == f"[{' ' * 14}?{' ' * 15}]"
        return
    filled = min(30, round(ratio * 15))
    assert (
        shown == f"[{('#' * filled + '.' * (30 - filled))[:15]}|{('#' * filled + '.' * (30 - filled))[16:]}]"
    )


def test_a_metric_says_its_reading_and_its_target() -> None:
    for current, average, said in (
        ("93%", False, "93%, target 60%"),
        ("", False, "not known, target 60%"),
        ("17", True, "17, target 60% per pod"),
    ):
        metric = Metric("cpu", current, "60%", 1.0, average=average)
        assert marked(autoscaler._metric(metric)).endswith(f"]  {said}")


def test_the_curves_of_an_autoscaler_begin_with_the_second_sample() -> None:
    row = scaler(current=3, desired=3, cpu=90)
    metric = row.metrics[0].id
    made = [Sample(NOW - 60 * at, (3, 3, 1.0), ("", "", metric)) for at in (3, 2, 1)]
    for samples, curves in (((), 0), (made[:1], 0), (made[:2], 2), (made, 2)):
        lines = [marked(one) for one in autoscaler.lines(row, NOW, (), samples)]
        told = [one for one in lines if "last 3m" in one]
        assert len(told) == curves
        if curves:
            assert told[0].endswith("<quiet>  last 3m, of max 8</>")
            assert told[1].endswith("<quiet>  last 3m, ▅ is the target</>")
    unread = scaler(current=3, desired=3, cpu=None)
    assert len([one for one in autoscaler.lines(unread, NOW, (), made) if "last 3m" in marked(one)]) == 1


def rescaled(reason: str, last: float, message: str) -> EventRow:
    row = row_of("Event", f.event(f.pod("press"), reason, message, last=last))
    assert isinstance(row, EventRow)
    return row


def test_the_last_scale_has_the_reason_of_the_newest_event_about_one() -> None:
    row = scaler(scaled=NOW - 60)
    events = [
        rescaled("SuccessfulRescale", NOW - 300, "New size: 4; reason: older"),
        rescaled("SuccessfulRescale", NOW - 60, "New size: 3; reason: All metrics below target"),
        rescaled("FailedGetScale", NOW - 5, "New size: 9; reason: another"),
    ]
    (line,) = [page([one]) for one in autoscaler.lines(row, NOW, events, ()) if "last scale" in page([one])]
    assert "All metrics below target" in line or "all metrics below target" in line
    assert "older" not in line
    assert "another" not in line


# -- conditions, events, what stands around


@pytest.mark.parametrize("length", [3, 9, 10, 11, 35, 36, 37, 60])
def test_the_type_of_a_condition_has_as_many_cells_as_the_widest_up_to_36(length: int) -> None:
    made = [Condition("T" * length, "True", since=int(NOW) - 5), Condition("Ready", "True")]
    lines = [page([one]) for one in condition_lines(made, STANDARD, NOW)]
    wide = min(max(length, 10), 36)
    assert lines[1] == f"<title>{'conditions':<{wide + 2}}</><quiet>  status   since  reason</>"
    first = "T" * length if length <= 36 else "T" * 35 + "…"
    assert lines[2] == f"  {first:<{wide}}  True        5s"
    assert lines[3] == f"  {'Ready':<{wide}}  True         -"


def test_the_page_of_an_object_ends_with_its_newest_events(snapshot: SnapshotAssertion) -> None:
    store = f.store_of(f.node("node-1"))
    key, row = ObjectKey("plant", "Node", "", "node-1"), store.get("Node", "", "node-1")
    events = [
        row_of(
            "Event", f.event(f.node("node-1"), f"R-{at:02}", f"message {at}", last=NOW - at, count_=at % 3)
        )
        for at in range(42)
    ]
    made = [one for one in events if isinstance(one, EventRow)]
    lines = detail(store, key, row, NOW, 80, made[::-1], "", build=lambda *_: [])
    assert page(lines) == snapshot
    warned = row_of("Event", f.event(f.node("node-1"), "Bad", "x", type_="Warning", count_=2, last=NOW - 9))
    assert isinstance(warned, EventRow)
    found = [
        page(detail(store, key, row, NOW, 80, [warned], "they may not be read", build=lambda *_: [])),
        page(detail(store, key, None, NOW, 80, [warned], "")),
    ]
    for sync, heard in product(Sync, (0.0, NOW - 90)):
        store.set_freshness("Node", Freshness(sync, heard))
        found.append(f"{sync.value} {bool(heard)}: {page(detail(store, key, row, NOW, 80, (), '')[:2])}")
    assert "\n--\n".join(found) == snapshot(name="others")


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"about_namespace": ""},
        {"count": 1},
        {"first": 0},
        {"source": ""},
        {"host": "edge-1"},
    ],
    ids=str,
)
def test_the_page_of_an_event(change: dict[str, Any], snapshot: SnapshotAssertion) -> None:
    store = f.store_of()
    event = rescaled("BackOff", NOW - 5, "Back-off restarting failed container")
    shown = replace(event, **{"count": 7, "first": int(NOW) - 600} | change)
    key = ObjectKey("plant", "Event", "default", "press.1")
    assert page(detail(store, key, shown, NOW, 80, (), "")) == snapshot


def test_owners_stand_in_steps_and_those_of_a_pod_only_where_more_was_read(
    snapshot: SnapshotAssertion,
) -> None:
    store = f.store_of(f.pod("press"))
    row = store.get("Pod", "default", "press")
    assert row is not None
    owners = (
        Owner("ReplicaSet", "press-1", created=int(NOW) - 60),
        Owner("Pump.example.com", "west", note="is being deleted"),
    )
    assert around.owner_lines(store, row, NOW, None) == []
    assert around.owner_lines(store, row, NOW, Description(owners=())) == []
    assert page(around.owner_lines(store, row, NOW, Description(owners=owners))) == snapshot


def test_what_refers_to_an_object_and_what_was_not_looked_through(snapshot: SnapshotAssertion) -> None:
    some = (
        Referrer("PodDisruptionBudget", "press", "selects it"),
        Referrer("Service", "x" * 60, "selects it"),
        Referrer("Ingress.networking.k8s.io", "web", "names it"),
    )
    found = []
    for referrers, noted in product(((), some[:1], some), ((), ("ingresses may not be read",))):
        found.append(page(around.referrer_lines(Description(referrers=referrers, notes=noted), "")))
    found += [page(around.referrer_lines(None, heard)) for heard in ("", "nobody answers")]
    assert "\n--\n".join(found) == snapshot


# -- what a cluster lacks


def test_a_cluster_with_more_rows_than_are_held_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    store = f.store_of(f.node("edge-1"))
    monkeypatch.setattr(Store, "full", property(lambda self: self is store))
    sentence = f"more than {MOST_ROWS:,} objects: edgetui holds no more of one cluster, so some are missing"
    assert notes(PANES["nodes"], [store], 0, NOW) == (f"! {sentence}",)
    assert notes(PANES["nodes"], [store, f.store_of(cluster="van")], 0, NOW) == (f"! plant: {sentence}",)


def test_lists_that_are_on_their_way_name_up_to_three_clusters() -> None:
    stores = []
    for at in range(4):
        store = f.store_of(f.node("edge-1"), cluster=f"c{at}")
        store.set_listing("Node", ListProgress(NOW - 10, NOW - 5, 10 * (at + 1), 90))
        stores.append(store)
    assert notes(PANES["nodes"], stores[:1], 0, NOW) == (
        "~ listing nodes: 10 of 100 [##..................] about 40s left",
    )
    assert notes(PANES["nodes"], stores[:3], 5, NOW)[0].startswith(
        "~ c0, c1, c2: listing nodes: 60 of 330 [###."
    )
    assert notes(PANES["nodes"], stores, 5, NOW)[0].startswith(
        "~ 4 clusters (c0, c1, …): listing nodes: 100 of 460"
    )


@pytest.mark.parametrize("count", [0, 1, MOST_LINES - 1, MOST_LINES, MOST_LINES + 1, MOST_LINES + 9])
def test_a_section_of_what_is_lost_ends_and_says_how_much_it_leaves_out(count: int) -> None:
    lines = _section("pods", [(("line", "row"),)] * count)  # type: ignore[list-item]
    if not count:
        assert lines == []
        return
    more = count - MOST_LINES
    assert len(lines) == 2 + min(count, MOST_LINES) + (more > 0)
    if more > 0:
        assert page(lines[-1:]) == f"<quiet>  and {more} more</>"


def test_the_message_of_a_condition_is_quiet_where_all_is_well() -> None:
    made = [
        Condition("Ready", "True", "Up", "it runs", int(NOW) - 5),
        Condition("Stalled", "True", "", "it waits", int(NOW) - 5),
    ]
    assert page(condition_lines(made, STANDARD, NOW)[2:]).split("\n") == [
        "  Ready       True        5s  Up",
        "      <quiet>it runs</>",
        "! <warn>Stalled     True        5s</>",
        "      <warn>it waits</>",
    ]


@pytest.mark.parametrize(("link", "said"), [(Link.STALE, True), (Link.CONNECTING, True), (Link.LIVE, False)])
def test_when_it_is_tried_again_is_said_before_that(link: Link, said: bool) -> None:
    store = Store("plant")
    for ahead in (-1, 0, 1, 90):
        store.set_link(LinkState(link, NOW - 60, NOW - 60, retry_at=NOW + ahead))
        told = [page([one]).strip() for one in cluster_lines(store, NOW)]
        words = f"<quiet>next try in {'1s' if ahead == 1 else '1m'}</>"
        assert (words in told) == (said and ahead > 0)
        assert sum("next try" in one for one in told) == (said and ahead > 0)
