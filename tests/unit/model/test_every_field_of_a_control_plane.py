"""What every field of a control plane's objects does to what is said of it.

`pytest tests/unit/model/test_every_field_of_a_control_plane.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.control_plane.budgets import Standing, standing_of, worst_first
from edgetui.model.control_plane.checks import checks_of
from edgetui.model.control_plane.findings import Seen, findings
from edgetui.model.control_plane.leases import leaders_of, read_leases, servers_of
from edgetui.model.control_plane.voters import Voters, hidden, of_members, of_nodes, of_pods
from tests.ui.test_every_field import differences, variants_of
from tests.unit.model import factories as f
from tests.unit.model.test_control_plane import (
    READY,
    budget,
    counted,
    etcd_node,
    etcd_pod,
    identity,
    leader,
    member,
)

Json = dict[str, Any]
NOW = float(f.NOW)
ODD = (LookupError, TypeError, AttributeError, ValueError)
UP = {"a": True, "b": True, "c": True}


def of_voters(found: Voters) -> Iterator[str]:
    """What is said of a datastore."""
    yield f"{found.what}: {found.words}"
    yield f"needed {found.needed}, healthy {found.healthy}, spare {found.spare}, alone {found.alone!r}"
    yield from (f"voter {one.name} {one.healthy} {one.why}".rstrip() for one in found.voters)
    yield f"learners {' '.join(found.learners)}"
    yield from (f"{'!' if one.bad else ' '} {one.words}" for one in findings(Seen(at=NOW, voters=found), NOW))


def of_leases(objects: Sequence[Json]) -> Iterator[str]:
    """What is said of the API servers and leaders."""
    held = read_leases(objects)
    seen = Seen(at=NOW, leases=held, addresses=("10.0.0.1",))
    yield from (f"server {one.name} {one.renewed - NOW:g} {one.alive}" for one in servers_of(held, NOW))
    for one in leaders_of(held, NOW):
        often = "" if one.a_day is None else f" {one.a_day:.2f} a day"
        yield f"leader {one.name} {one.holder} over {one.over} restless {one.restless}{often}"
    yield f"drift {seen.drift:g}"
    yield from (f"{'!' if one.bad else ' '} {one.words}" for one in findings(seen, NOW))


def of_budgets(objects: Sequence[Json]) -> Iterator[str]:
    """What is said of the budgets."""
    found = worst_first(standing_of(one) for one in objects)
    yield from (f"{one.namespace}/{one.name} {one.blocks} {one.never} {one.words}" for one in found)
    yield from (one.words for one in findings(Seen(at=NOW, budgets=found), NOW))


SERVER: Json = {
    "metadata": {
        "name": "edge-1",
        "annotations": {"k3s.io/node-args": '["server","--datastore-endpoint","x"]'},
    }
}
FAILED = {"type": "DisruptionAllowed", "reason": "SyncFailed", "message": "pods has no scale"}
SCENES: dict[str, tuple[Callable[[Sequence[Json]], Iterator[str]], list[Json]]] = {
    "etcd of RKE2": (
        lambda objects: of_voters(of_nodes(objects, UP, "RKE2")),
        [
            etcd_node("c", "False", "Unhealthy", "Node is unhealthy"),
            etcd_node("a"),
            etcd_node("b", "False", "MemberIsLearner"),
            etcd_node("out", "False", "NotAMember"),
            etcd_node("off"),
        ],
    ),
    "etcd of kubeadm": (
        lambda objects: of_voters(of_pods(objects, {"cp-3": False})),
        [etcd_pod("cp-2", "False"), etcd_pod("cp-1"), etcd_pod("cp-3")],
    ),
    "etcd of k0s": (
        lambda objects: of_voters(of_members(objects, {"c0": True, "c1": False, "c3": True})),
        [member("c3"), member("c1"), member("c0"), member("old", "False")],
    ),
    "a member of k0s that nobody knows": (
        lambda objects: of_voters(of_members(objects, {"c0": True})),
        [member("c0"), member("c1")],
    ),
    "one voter": (lambda objects: of_voters(of_nodes(objects, {"a": True}, "")), [etcd_node("a")]),
    "one server of K3s": (lambda objects: of_voters(hidden("K3s", objects)), [SERVER]),
    "two servers of K3s": (
        lambda objects: of_voters(hidden("K3s", objects)),
        [{"metadata": {"name": "edge-1"}}, {"metadata": {"name": "edge-2", "annotations": None}}],
    ),
    "leases": (
        of_leases,
        [
            identity("edge-1", 4),
            identity("edge-2", 31),
            leader("kube-scheduler", "edge-1_0f5c", 1, transitions=40, age=86400.0),
            leader("kube-controller-manager", "edge-2_1f5c", 20, transitions=4),
            leader("k3s-cloud-controller-manager", "edge-1", 2),
            leader("vpa-updater", "pod-1", 1),
            leader("rke2", "edge-1", 16),
        ],
    ),
    "leases of one server": (of_leases, [identity("edge-1", 30)]),
    "leases of a clock that is behind": (
        of_leases,
        [identity("edge-1", -300), leader("kube-scheduler", "a", -200)],
    ),
    "leases that nobody renews": (of_leases, [identity("edge-1", 31), leader("kube-scheduler", "a", 40)]),
    "no lease": (of_leases, []),
    "budgets": (
        of_budgets,
        [
            counted("fine", 1, 3, 2, 3),
            counted("empty", 0, 0, 1, 0),
            counted("now", 0, 2, 2, 3),
            counted("lone", 0, 1, 1, 1),
            budget("new"),
            budget(
                "odd",
                disruptionsAllowed=0,
                expectedPods=0,
                conditions=[{"type": "Other", "reason": "x"}, FAILED],
            ),
        ],
    ),
    "one budget": (of_budgets, [counted("ever", 0, 2, 2, 2)]),
}


def told(of: Callable[[Sequence[Json]], Iterator[str]], objects: Sequence[Json]) -> list[str]:
    try:
        return list(of(objects))
    except ODD as problem:
        return [type(problem).__name__]


@pytest.mark.parametrize("scene", SCENES)
def test_what_every_field_does_to_what_is_said(scene: str, snapshot: SnapshotAssertion) -> None:
    of, objects = SCENES[scene]
    usual = told(of, objects)
    found: dict[tuple[str, ...], list[str]] = {}
    for at, one in enumerate(objects):
        for what, variant in variants_of(one):
            if lines := differences(usual, told(of, [*objects[:at], variant, *objects[at + 1 :]])):
                found.setdefault(tuple(lines), []).append(f"{one['metadata']['name']}: {what}")
    parts = ["\n".join([*(f"# {what}" for what in by), *lines]) for lines, by in found.items()]
    assert "\n\n".join(["\n".join(usual), *parts]) == snapshot


@pytest.mark.parametrize(
    ("distribution", "what", "words"),
    [
        ("MicroK8s", "dqlite", "its voters are not in the API: `microk8s status` on a host names them"),
        ("k0s", "SQL behind kine", "k0s has no EtcdMembers here: its database is not in the API"),
        ("Talos", "etcd of Talos", "it runs outside Kubernetes: `talosctl etcd members` lists it"),
        ("K3s", "SQL behind kine", "it is not in the API"),
        ("", "datastore", "the API does not tell what it is, nor who votes in it"),
        ("kind", "datastore", "the API does not tell what it is, nor who votes in it"),
    ],
)
def test_a_datastore_that_the_api_does_not_tell_is_said_to_be_elsewhere(
    distribution: str, what: str, words: str
) -> None:
    found = hidden(distribution)
    assert (found.what, found.words, found.voters, found.alone) == (what, words, (), "")
    assert list(findings(Seen(at=NOW, voters=found), NOW)) == []


@pytest.mark.parametrize("known", ["allowed", "healthy", "wanted", "expected"])
def test_a_number_of_a_budget_that_is_not_told_is_not_made_up(known: str) -> None:
    whole = Standing("line-1", "press", allowed=1, healthy=2, wanted=1, expected=3)
    said = {
        "allowed": "not counted by its controller yet",
        "healthy": "1 allowed",
        "wanted": "1 allowed",
        "expected": "1 allowed",
    }
    assert whole.words == "1 allowed: 2 of 3 pods healthy, 1 needed"
    assert whole._replace(**{known: None}).words == said[known]
    assert standing_of(budget("odd", disruptionsAllowed=True, expectedPods="3")) == Standing("line-1", "odd")


def test_two_checks_that_fail_are_both_named() -> None:
    text = f"{READY}[-]informer-sync failed: reason withheld\n"
    (one,) = findings(Seen(at=NOW, checks=checks_of(text)), NOW)
    assert one == ("The API server that answers is not ready: etcd, informer-sync fail.", True)


def test_the_worst_is_said_first() -> None:
    seen = Seen(
        at=NOW,
        leases=read_leases([identity("edge-1", 1), leader("kube-scheduler", "", 1)]),
        voters=of_nodes([etcd_node("a")], {"a": True}, "K3s"),
        budgets=[standing_of(counted("ever", 0, 2, 2, 2))],
        checks=checks_of(READY),
    )
    assert [(one.bad, one.words.split()[0]) for one in findings(seen, NOW)] == [
        (True, "The"),
        (True, "Nobody"),
        (False, "a"),
        (False, "One"),
        (False, "1"),
    ]
