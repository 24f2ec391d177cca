"""What belongs to what: owners and owned, targets and carriers; panes by a word, and what a timeline keeps."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import MOST_OWNERS, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.discovered import NO_HEAD, OwnerName, TableRow, kind_of
from edgetui.model.kinds.job import JobRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.replicaset import ReplicaSetRow
from edgetui.model.panes import PANES, Panes
from edgetui.model.panes.base import BAD, FINE, UNSURE, WATCH, BuiltRow, State
from edgetui.model.resources.served import Resource
from edgetui.model.view.fleet import Fleet
from edgetui.model.view.notices import kept_words
from edgetui.model.view.ownership import DEEPEST, MOST_CHILDREN, Owned, Owner, owned_known, owners_known
from edgetui.model.view.pane_view import SeverityChange, _turned
from edgetui.model.view.related import related
from edgetui.model.view.timeline import MOST, Timeline, TimelineEntry
from tests.unit.model import factories as f

NOW = float(f.NOW)
PUMP = Resource(group="example.com", version="v1", plural="pumps", kind="Pump", namespaced=True)
SITE = Resource(group="example.com", version="v1", plural="sites", kind="Site", namespaced=False)
PUMPS, SITES = kind_of(PUMP), kind_of(SITE)
TABLE: dict[str, Any] = {"head": NO_HEAD, "cells": ()}


def of(name: str, uid: str = "", owner: str = "", kind: str = "", **more: Any) -> dict[str, Any]:
    return {
        "namespace": "d", "name": name, "uid": uid or name, "resource_version": "1", "owner_uid": owner,
        "owner_kind": kind, "owner_name": f"name-of-{owner}" if owner else "", **more,
    }  # fmt: skip


def whole() -> Store:
    """A Deployment with a set and pods, a Job of a CronJob, an autoscaler, nodes, and objects of found kinds."""
    store = f.store_of()
    store.kinds.replace_discovered({one.id: one for one in (PUMPS, SITES)})
    rows: list[tuple[str, Row]] = [
        ("Deployment", DeploymentRow(**of("press"))),
        ("Deployment", DeploymentRow(**of("weld"))),
        ("ReplicaSet", ReplicaSetRow(**of("press-7f", owner="press", kind="Deployment"))),
        ("Pod", PodRow(**of("press-7f-b", owner="press-7f", kind="ReplicaSet"), node="edge-1")),
        ("Pod", PodRow(**of("press-7f-a", owner="press-7f", kind="ReplicaSet"), node="edge-2")),
        ("Pod", PodRow(**of("lone"), node="edge-1")),
        ("Pod", PodRow(**of("nowhere"))),
        ("Pod", PodRow(**of("of-a-job", owner="night-1", kind="Job"))),
        ("Job", JobRow(**of("night-1", owner="night", kind="CronJob"))),
        ("Job", JobRow(**of("of-nobody", owner="gone", kind="Pump"))),
        ("HorizontalPodAutoscaler", AutoscalerRow(**of("press-hpa"), target_kind="Deployment", target_name="press")),
        ("HorizontalPodAutoscaler", AutoscalerRow(**of("other"), target_kind="StatefulSet", target_name="press")),
        (
            "HorizontalPodAutoscaler",
            AutoscalerRow(**of("far", namespace="e"), target_kind="Deployment", target_name="press"),
        ),
        ("Node", NodeRow(**of("edge-1", namespace=""))),
        (PUMPS.id, TableRow(**TABLE, **of("pump-1", owner="press", kind="Deployment"))),
        (PUMPS.id, TableRow(**TABLE, **of("pump-2", owner="x"), owner=OwnerName("example.com", "Site", "x"))),
        (PUMPS.id, TableRow(**TABLE, **of("pump-3", owner="x"), owner=OwnerName("other.com", "Site", "x"))),
    ]  # fmt: skip
    for kind, row in rows:
        store.apply(kind, row)
    return store


def names(store: Store, kind: str, name: str, namespace: str = "d") -> list[str]:
    found = related(store, ObjectKey("plant", kind, namespace, name))
    assert {one.cluster for one in found} <= {"plant"}
    return [f"{one.kind} {one.namespace}/{one.name}" for one in found]


@pytest.mark.parametrize(
    ("kind", "name", "found"),
    [
        ("Deployment", "press", [
            "HorizontalPodAutoscaler d/press-hpa", "Pod d/press-7f-a", "Pod d/press-7f-b", "Pump.example.com d/pump-1"
        ]),
        ("Deployment", "weld", []),
        ("Deployment", "gone", []),
        ("ReplicaSet", "press-7f", ["Deployment d/press", "Pod d/press-7f-a", "Pod d/press-7f-b"]),
        ("Pod", "press-7f-b", ["Deployment d/press", "Node /edge-1"]),
        ("Pod", "press-7f-a", ["Deployment d/press"]),
        ("Pod", "lone", ["Node /edge-1"]),
        ("Pod", "nowhere", []),
        ("Pod", "of-a-job", ["Job d/night-1"]),
        ("Job", "night-1", ["Pod d/of-a-job"]),
        ("Job", "of-nobody", []),
        ("HorizontalPodAutoscaler", "press-hpa", ["Deployment d/press"]),
        ("HorizontalPodAutoscaler", "other", []),
        (PUMPS.id, "pump-1", ["Deployment d/press"]),
        (PUMPS.id, "pump-2", ["Site.example.com /x"]),
        (PUMPS.id, "pump-3", []),
    ],
)  # fmt: skip
def test_what_an_object_is_related_to(kind: str, name: str, found: list[str]) -> None:
    assert names(whole(), kind, name) == found


def test_a_node_is_related_to_the_pods_it_carries() -> None:
    assert names(whole(), "Node", "edge-1", "") == ["Pod d/lone", "Pod d/press-7f-b"]


def test_what_is_watched_only_while_it_is_shown_may_be_there() -> None:
    store = whole()
    store.set_freshness(SITES.id, Freshness(Sync.LIVE, NOW))
    assert names(store, PUMPS.id, "pump-2") == ["Site.example.com /x"]
    store.set_freshness("CronJob", Freshness(Sync.LIVE, NOW))
    assert names(store, "Job", "night-1") == ["Pod d/of-a-job"]
    store.set_freshness("CronJob", Freshness(Sync.HIDDEN))
    assert names(store, "Job", "night-1") == ["CronJob d/name-of-night", "Pod d/of-a-job"]
    assert names(store, "Pod", "of-a-job") == ["Job d/night-1", "CronJob d/name-of-night"]


# -- the chain of owners, and the tree of what is owned


def test_the_chain_ends_where_nothing_is_known() -> None:
    store = whole()

    def chain(kind: str, name: str) -> list[tuple[str, str, str]]:
        row = store.get(kind, "d", name)
        assert row is not None
        return [(one.kind, one.name, one.note) for one in owners_known(store, row)]

    assert chain("Pod", "press-7f-a") == [("ReplicaSet", "press-7f", ""), ("Deployment", "press", "")]
    assert chain("Pod", "of-a-job") == [("Job", "night-1", ""), ("CronJob", "name-of-night", "not seen here")]
    assert chain("Job", "of-nobody") == [("Pump", "name-of-gone", "not seen here")]
    assert chain("Deployment", "press") == []
    row = DeploymentRow(**of("late", created=7))
    store.apply("Deployment", row)
    owned = ReplicaSetRow(**of("of-late", owner="late", kind="Deployment"))
    assert owners_known(store, owned) == (Owner("Deployment", "late", 7),)


def test_a_chain_that_turns_or_never_ends_is_cut() -> None:
    store = f.store_of()
    for at in range(30):
        store.apply("Deployment", DeploymentRow(**of(f"d-{at}", f"{at}", f"{at + 1}", "Deployment")))
    row = store.get("Deployment", "d", "d-0")
    assert row is not None
    assert [one.name for one in owners_known(store, row)] == [f"d-{at}" for at in range(1, MOST_OWNERS + 1)]
    near_end = store.get("Deployment", "d", f"d-{30 - MOST_OWNERS}")
    assert near_end is not None
    found = owners_known(store, near_end)
    assert (len(found), found[-1]) == (MOST_OWNERS, Owner("Deployment", "name-of-30", 0, "not seen here"))
    turned = f.store_of()
    for name, owner in (("a", "b"), ("b", "c"), ("c", "a")):
        turned.apply("Deployment", DeploymentRow(**of(name, owner=owner, kind="Deployment")))
    row = turned.get("Deployment", "d", "a")
    assert row is not None
    assert [one.name for one in owners_known(turned, row)] == ["b", "c"]


def tree(owned: tuple[Owned, ...]) -> list[Any]:
    return [(one.kind, one.row.name, *([tree(one.children)] if one.children else [])) for one in owned]


def test_the_tree_of_what_is_owned_the_newest_first() -> None:
    store = whole()
    for at, (name, created) in enumerate((("b", 5), ("a", 5), ("c", 9))):
        store.apply(
            "ReplicaSet", ReplicaSetRow(**of(name, f"set-{at}", "weld", "Deployment", created=created))
        )
    store.apply("Pod", PodRow(**of("of-c", owner="set-2", kind="ReplicaSet")))
    store.set_freshness(PUMPS.id, Freshness(Sync.LIVE, NOW))
    owned, more = owned_known(store, "weld")
    assert (tree(owned), more) == (
        [("ReplicaSet", "c", [("Pod", "of-c")]), ("ReplicaSet", "a"), ("ReplicaSet", "b")],
        0,
    )
    assert tree(owned_known(store, "press")[0]) == [
        ("ReplicaSet", "press-7f", [("Pod", "press-7f-a"), ("Pod", "press-7f-b")]), (PUMPS.id, "pump-1")
    ]  # fmt: skip
    assert owned_known(store, "") == ((), 0)
    assert owned_known(store, "unknown") == ((), 0)


@pytest.mark.parametrize(("count", "more"), [(19, 0), (20, 0), (21, 1), (25, 5)])
def test_many_that_are_owned_are_counted(count: int, more: int) -> None:
    store = f.store_of()
    for at in range(count):
        store.apply("Pod", PodRow(**of(f"p-{at:02d}", owner="o", created=at)))
    owned, left_out = owned_known(store, "o")
    assert ([one.row.created for one in owned], left_out) == (
        list(range(count - 1, -1, -1))[:MOST_CHILDREN],
        more,
    )


def test_the_tree_is_four_deep_and_never_turns() -> None:
    store = f.store_of()
    for at in range(7):
        store.apply("Deployment", DeploymentRow(**of(f"d-{at}", f"{at}", f"{at - 1}")))
    store.apply("Deployment", DeploymentRow(**of("turned", "0", "2")))
    owned, _ = owned_known(store, "0")
    deep, names_ = owned, []
    while deep:
        names_.append(deep[0].row.name)
        deep = deep[0].children
    assert names_ == [f"d-{at}" for at in range(1, DEEPEST + 1)]


# -- panes by a word, and by a kind


@pytest.mark.parametrize(
    ("word", "id"),
    [("pods", "pods"), ("po", "pods"), ("POD", "pods"), ("svc", "services"), ("ro", "rollouts"), ("sts", "rollouts"),
     ("hpa", "autoscalers"), ("cj", "cronjobs"), ("ota", "updates"), ("plan", None), ("no", "nodes"), ("x", None),
     ("jobs", "jobs"), ("base", None), ("", None)],
)  # fmt: skip
def test_the_pane_that_a_word_means(word: str, id: str | None) -> None:
    found = PANES.named(word)
    assert (found.id if found else None) == id


def test_panes_by_their_ids_and_kinds() -> None:
    for id in ("base", "rollout_state", "no such", "../pods", "x"):
        assert id not in PANES
        with pytest.raises(KeyError, match=id):
            PANES[id]
    found = {
        kind: pane.id if (pane := PANES.of(kind)) else None
        for kind in ("Pod", "Canary", "Plan", "ReplicaSet")
    }
    assert found == {"Pod": "pods", "Canary": "rollouts", "Plan": "updates", "ReplicaSet": None}
    assert len(Panes()) == len(list(PANES)) == 9


# -- what turned


def built(severity: int, sign: str = " ", words: str = "words", name: str = "press") -> BuiltRow:
    row = PodRow(**of(name))
    key = ObjectKey("plant", "Pod", "d", name)
    values = ("plant", "d", name, State(words), (1, 1), 0, 0, "", "", None, None)
    return BuiltRow(key=key, of=row, severity=severity, sign=sign, values=values)


@pytest.mark.parametrize(
    ("before", "after", "turned"),
    [
        (built(BAD), None, True), (built(WATCH), None, False), (built(BAD), built(FINE), True),
        (built(FINE), built(BAD), True), (built(BAD), built(UNSURE, "~"), True), (built(FINE), built(FINE), False),
        (built(FINE), built(WATCH), True), (built(WATCH), built(FINE), True), (built(FINE), built(UNSURE, "~"), False),
        (built(UNSURE, "~"), built(FINE), False), (built(UNSURE, "?"), built(WATCH), False),
        (built(FINE), built(UNSURE, "?"), False), (built(BAD, "!"), built(BAD, "!"), False),
        (built(UNSURE), built(FINE), True),
    ],
)  # fmt: skip
def test_whether_a_row_is_worse_or_better_off(before: BuiltRow, after: BuiltRow | None, turned: bool) -> None:
    assert _turned(before, after) is turned


def told(timeline: Timeline) -> list[tuple[float, str, str, int, int]]:
    return [(one.time - NOW, one.name, one.words, one.severity, one.count) for one in timeline.newest_first()]


def test_what_is_news_of_a_pane() -> None:
    timeline = Timeline(NOW)
    changes = [
        (built(FINE, name="a"), built(BAD, words="broken", name="a")),
        (built(BAD, words="broken", name="b"), built(FINE, words="fine", name="b")),
        (built(BAD, words="broken", name="c"), None),
        (built(FINE, name="d"), built(WATCH, name="d")),
        (built(WATCH, name="e"), built(FINE, name="e")),
    ]
    for at, (before, after) in enumerate(changes):
        timeline.add(PANES["pods"], [SeverityChange(before.key, before, after)], NOW + at)
    assert told(timeline) == [
        (2.0, "c", "gone, was broken", FINE, 1), (1.0, "b", "fine", FINE, 1), (0.0, "a", "broken", BAD, 1)
    ]  # fmt: skip
    timeline.link("plant", "stale", False, NOW + 9)
    timeline.link("plant", "stale", False, NOW + 9)
    timeline.link("plant", "live", True, NOW + 10)
    assert told(timeline)[:3] == [
        (10.0, "", "live", FINE, 1), (9.0, "", "stale", BAD, 1), (9.0, "", "stale", BAD, 1)
    ]  # fmt: skip


def happening(timeline: Timeline, name: str, at: float, words: str = "broken", severity: int = BAD) -> None:
    before, after = (
        built(FINE if severity == BAD else BAD, name=name),
        built(severity, words=words, name=name),
    )
    timeline.add(PANES["pods"], [SeverityChange(after.key, before, after)], NOW + at)


def test_what_happens_together_is_one() -> None:
    timeline = Timeline(NOW)
    happening(timeline, "a", 0)
    happening(timeline, "b", 10)
    happening(timeline, "c", 20)
    assert told(timeline) == [(20.0, "a", "broken", BAD, 3)]
    happening(timeline, "d", 30.5)
    assert told(timeline) == [(30.5, "d", "broken", BAD, 1), (20.0, "a", "broken", BAD, 3)]
    for at in range(7):
        happening(timeline, f"e-{at}", 31, words=f"other {at}")
    happening(timeline, "f", 32)
    assert told(timeline)[0] == (32.0, "d", "broken", BAD, 2)
    happening(timeline, "g", 33, words="other 7")
    happening(timeline, "h", 34)
    assert told(timeline)[0] == (34.0, "h", "broken", BAD, 1)
    happening(timeline, "i", 35, severity=FINE)
    assert told(timeline)[0] == (35.0, "i", "broken", FINE, 1)


def test_a_timeline_keeps_the_last_three_hundred() -> None:
    timeline = Timeline(NOW)
    for at in range(MOST + 1):
        timeline.link("plant", f"{at}", True, NOW + at)
    found = timeline.newest_first()
    assert (len(found), found[0].words, found[-1].words, timeline.began) == (300, "300", "1", NOW)
    assert found[0] == TimelineEntry(NOW + 300, "plant", "300", FINE)


# -- all clusters


def test_a_fleet_drains_and_finds() -> None:
    one, two = f.store_of(f.pod("a"), cluster="one"), f.store_of(cluster="two")
    fleet = Fleet([one, two])
    assert list(fleet.stores) == ["one", "two"]
    assert fleet.drain() == {}
    two.set_version("v1.35.2")
    assert list(fleet.drain()) == ["two"]
    key = ObjectKey("one", "Pod", "default", "a")
    assert fleet.find(key) is one.get("Pod", "default", "a")
    assert fleet.find(key._replace(cluster="three")) is None
    assert fleet.find(key._replace(cluster="two")) is None
    assert fleet.view(PANES["pods"]).total == 0


def test_what_is_said_of_rows_of_an_earlier_run() -> None:
    store = f.store_of()
    assert kept_words(store, NOW) == ""
    kept = Freshness(Sync.STALE, 0.0, kept=True)
    store.set_freshness("Pod", kept)
    assert kept_words(store, NOW) == "Rows are from an earlier run (kept on this machine)"
    store.set_freshness("Node", replace(kept, heard=NOW - 3 * 3600))
    assert kept_words(store, NOW) == "Rows are from 3h ago (kept on this machine)"
    store.set_freshness("Pod", replace(kept, heard=NOW - 60))
    assert kept_words(store, NOW) == "Rows are from 1m ago (kept on this machine)"
