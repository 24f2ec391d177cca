"""Why a pod has no place or is refused, in plain words."""

from __future__ import annotations

import pytest

from edgetui.model.pod.scheduling import SchedulingFailure, no_node, refused, unreachable

NODES = "0/6 nodes are available: "
SCHEDULER = [
    ("6 Insufficient cpu. preemption: 0/6 nodes …", "no node: cpu", "no node has 1.5 cpu free"),
    ("6 Insufficient memory.", "no node: memory", "no node has 200Mi free"),
    ("6 Too many pods.", "no node: pods full", "every node is full of pods"),
    ("6 node(s) were unschedulable.", "no node: cordoned", "every node is cordoned"),
    (
        "1 Insufficient memory, 5 node(s) didn't match Pod's node affinity/selector.",
        "no node: memory",
        "no node fits: 1 too little memory free, 5 do not match its node selector",
    ),
    (
        "1 Insufficient memory, 5 node(s) didn't satisfy plugin(s) [NodeAffinity]. preemption: none",
        "no node: memory",
        "no node fits: 1 too little memory free, 5 do not match its node selector",
    ),
    (
        "6 node(s) didn't match Pod's node affinity/selector.",
        "no node: affinity",
        "its node selector fits no node",
    ),
    (
        "2 Insufficient cpu, 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }, 3 Too many pods.",
        "no node: cpu",
        "no node fits: 2 too little cpu free, 1 unreachable, 3 full of pods",
    ),
    ("6 node(s) had untolerated taint(s).", "no node: taints", "every node has a taint that it does not tolerate"),
    (
        "1 node(s) had volume node affinity conflict, 5 something new.",
        "no node: volume",
        "no node fits: 1 without its volume, 5 something new",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "short", "sentence"), SCHEDULER)
def test_the_scheduler_in_plain_words(message: str, short: str, sentence: str) -> None:
    assert no_node(NODES + message, 1500, 200 << 20) == SchedulingFailure(short, sentence)


def test_a_request_that_is_not_known() -> None:
    assert no_node(NODES + "6 Insufficient memory.").sentence == "no node has enough memory free"
    assert no_node("") == SchedulingFailure("no node fits", "no node fits")
    assert no_node("something new").sentence == "no node fits: something new"


def test_a_quota_that_is_used_up() -> None:
    told = 'pods "a" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4'
    assert refused(told) == SchedulingFailure("quota", "quota small is full: 4 of 4 pods used")
    two = (
        "exceeded quota: q, requested: limits.cpu=1,requests.memory=1Gi, used: limits.cpu=2,requests.memory=3Gi,"
        " limited: limits.cpu=2,requests.memory=3584Mi"
    )
    assert refused(two).sentence == "quota q is full: 2 of 2 limits.cpu used, 3Gi of 3584Mi memory used"


def test_another_refusal_is_told_as_it_is() -> None:
    assert refused("admission webhook denied it") == SchedulingFailure(
        "pods refused", "pods are refused: admission webhook denied it"
    )
    assert refused("").sentence == "pods are refused"


def test_what_dead_hosts_mean() -> None:
    assert unreachable(3, 9) == "3 of 9 nodes unreachable: cannot finish until they return"
    assert unreachable(1, 3) == "1 of 3 nodes unreachable: cannot finish until it returns"
