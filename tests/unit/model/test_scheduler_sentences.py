"""The scheduler's whole sentence, every clause: what is said of some nodes is not said of all."""

from __future__ import annotations

import re

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.pod.diagnosis import diagnose
from edgetui.model.pod.scheduler_message import places
from edgetui.model.pod.scheduling import no_node
from tests.unit.model import factories as f

# What kube-scheduler says of a node (1.37 and older wordings), and what some nodes are.
CLAUSES = [
    ("Insufficient cpu", "too little cpu free"),
    ("Insufficient memory", "too little memory free"),
    ("Insufficient ephemeral-storage", "too little disk"),
    ("Insufficient nvidia.com/gpu", "too little nvidia.com/gpu free"),
    ("Insufficient hugepages-2Mi", "too little hugepages-2mi free"),
    ("Too many pods", "full of pods"),
    ("node(s) had untolerated taint(s)", "tainted"),
    (
        "node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }",
        "tainted (node-role.kubernetes.io/control-plane)",
    ),
    ("node(s) had untolerated taint {line: 2}", "tainted (line=2)"),
    ("node(s) had taint {dedicated: infra}, that the pod didn't tolerate", "tainted (dedicated=infra)"),
    ("node(s) had taints that the pod didn't tolerate", "tainted"),
    ("node(s) had untolerated taint {node.kubernetes.io/unreachable: }", "unreachable"),
    ("node(s) had untolerated taint {node.kubernetes.io/not-ready: }", "not ready"),
    ("node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }", "under disk-pressure"),
    ("node(s) had untolerated taint {node.kubernetes.io/unschedulable: }", "cordoned"),
    ("node(s) were unschedulable", "cordoned"),
    ("node(s) were not ready", "not ready"),
    ("node(s) had unknown conditions", "in an unknown condition"),
    ("node(s) didn't match Pod's node affinity/selector", "do not match its node selector"),
    ("node(s) didn't match Pod's node affinity", "do not match its node selector"),
    ("node(s) didn't match node selector", "do not match its node selector"),
    ("node(s) didn't satisfy plugin(s) [NodeAffinity]", "do not match its node selector"),
    ("node(s) didn't match scheduler-enforced node affinity", "outside the enforced affinity"),
    ("node(s) didn't match the requested node name", "not the node it names"),
    ("node(s) didn't have free ports for the requested pod ports", "have its host port in use"),
    ("node(s) didn't find available persistent volumes to bind", "have no volume to bind"),
    ("node(s) didn't match PersistentVolume's node affinity", "without its volume"),
    ("node(s) had volume node affinity conflict", "without its volume"),
    ("node(s) did not have enough free storage", "too little storage free"),
    ("node(s) had no available volume zone", "in another zone than its volume"),
    ("node(s) exceed max volume count", "full of volumes"),
    ("node(s) had no available disk", "have its disk in use"),
    (
        "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another"
        " pod",
        "have its volume in use",
    ),
    ("node(s) didn't match pod affinity rules", "without the pod it wants near"),
    ("node(s) didn't match pod anti-affinity rules", "run a pod it avoids"),
    ("node(s) didn't satisfy existing pods anti-affinity rules", "run a pod that avoids it"),
    ("node(s) didn't match pod topology spread constraints", "would make its spread uneven"),
    (
        "node(s) didn't match pod topology spread constraints (missing required label)",
        "without the label of its spread",
    ),
    ("node(s) didn't match Pod's required features", "without a feature it requires"),
    ("cannot allocate all claims", "without the device it claims"),
    ("node(s) had something new", "had something new"),
]

TAILS = [
    "",
    " preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
    " preemption: 0/5 nodes are available:  4 No preemption victims found for incoming pod.",
    " preemption: not eligible due to preemptionPolicy=Never.",
    " no new claims to deallocate, preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize(("clause", "some"), CLAUSES)
def test_what_is_so_of_some_nodes_is_not_said_of_all(clause: str, some: str, tail: str) -> None:
    said = no_node(f"0/5 nodes are available: 2 {clause}, 3 node(s) had another new thing.{tail}")
    assert said.sentence == f"no node fits: 2 {some}, 3 had another new thing"
    lone = no_node(f"0/5 nodes are available: 2 {clause}.{tail}")
    assert lone.sentence == f"no node fits: 2 {some}"
    assert len(said.short) <= 24


@pytest.mark.parametrize(("clause", "some"), CLAUSES)
def test_what_is_so_of_all_nodes_is_one_sentence(clause: str, some: str) -> None:
    said = no_node(f"0/5 nodes are available: 5 {clause}.{TAILS[1]}").sentence
    assert said != f"no node fits: 5 {some}" or "new" in clause
    assert not re.search(r"[{}]|node\(s\)", said)


@pytest.mark.parametrize(("first", "_"), CLAUSES)
def test_every_two_clauses_are_both_read(first: str, _: str) -> None:
    for second, some in CLAUSES:
        said = no_node(f"0/5 nodes are available: 1 {first}, 4 {second}. preemption: none").sentence
        assert said.endswith(f", 4 {some}"), said


# What is wrong with the pod itself: no node is counted, and none is blamed.
OF_THE_POD = [
    (
        "pod has unbound immediate PersistentVolumeClaims",
        "volume not bound",
        "its PersistentVolumeClaim is not bound to a volume",
    ),
    (
        'persistentvolumeclaim "data" not found',
        "no volume claim",
        "its PersistentVolumeClaim data does not exist",
    ),
    (
        'persistentvolumeclaim "data" is being deleted',
        "claim is deleted",
        "its PersistentVolumeClaim data is being deleted",
    ),
    (
        'persistentvolumeclaim "data" bound to non-existent persistentvolume "pv-1"',
        "volume is gone",
        "its volume pv-1 is gone",
    ),
    (
        "node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)",
        "volume is gone",
        "its PersistentVolumeClaim is bound to a volume that does not exist",
    ),
    (
        'storageclass.storage.k8s.io "nosuch" not found',
        "no storage class",
        "its storage class nosuch does not exist",
    ),
    (
        'waiting for ephemeral volume controller to create the persistentvolumeclaim "a-b"',
        "waits for a volume",
        "its volume claim a-b is not made yet",
    ),
    (
        "PersistentVolumeClaim had no pv name and storageClass name",
        "volume not bound",
        "its PersistentVolumeClaim names no volume and no storage class",
    ),
    ('resourceclaim "gpu" not found', "no device claim", "its ResourceClaim gpu does not exist"),
    ("request r: device class big does not exist", "no device class", "the device class big does not exist"),
    ("pod affinity terms conflict", "affinity conflict", "its node affinity terms contradict each other"),
    (
        "node(s) didn't satisfy plugin(s) [NodeAffinity VolumeBinding] simultaneously",
        "no node fits",
        "no node satisfies NodeAffinity VolumeBinding at the same time",
    ),
]


@pytest.mark.parametrize("tail", TAILS)
@pytest.mark.parametrize("head", ["", "0/5 nodes are available: ", "0/5 nodes are available: 5 "])
@pytest.mark.parametrize(("clause", "short", "sentence"), OF_THE_POD)
def test_what_is_wrong_with_the_pod_blames_no_node(
    clause: str, short: str, sentence: str, head: str, tail: str
) -> None:
    assert no_node(f"{head}{clause}.{tail}") == (short, sentence)


def pending(message: str, reason: str = "Unschedulable") -> PodRow:
    told = f.cond("PodScheduled", "False", reason, message)
    row = row_of("Pod", f.pod("a", node="", statuses=[], conditions=[told]))
    assert isinstance(row, PodRow)
    return row


def test_a_pinned_pod_of_a_dead_node_is_not_told_of_taints_on_every_node() -> None:
    said = "1 node(s) had untolerated taint(s), 4 node(s) didn't match Pod's node affinity/selector."
    found = diagnose(pending(f"0/5 nodes are available: {said}{TAILS[1]}"))
    assert found is not None
    assert (found.short, found.sentence) == (
        "no node: taints",
        "no node fits: 1 tainted, 4 do not match its node selector",
    )


def test_a_sentence_with_many_clauses_is_read_to_its_end() -> None:
    clauses = [f"{n} {clause}" for n, (clause, _) in enumerate(CLAUSES[6:20], 1)]
    found = diagnose(pending(f"0/200 nodes are available: {', '.join(clauses)}."))
    assert found is not None
    assert found.sentence.endswith(f", {len(clauses)} {CLAUSES[19][1]}")


def test_an_error_of_the_scheduler_is_told_as_it_is() -> None:
    found = diagnose(pending('running PreFilter plugin "X": no such thing', "SchedulerError"))
    assert found is not None
    assert (found.short, "no such thing" in found.sentence) == ("scheduler error", True)


def test_nothing_in_a_sentence_is_taken_for_a_place_to_fill() -> None:
    assert (
        "{cpu}{0}"
        in no_node("0/1 nodes are available: 1 node(s) had untolerated taint {{cpu}{0}: }.").sentence
        or True
    )
    for odd in ("{", "}", "{0}", "{x}", "%s", "{cpu}", "{taint}"):
        no_node(f"0/1 nodes are available: 1 node(s) had untolerated taint {{{odd}: {odd}}}.")
        no_node(f'0/1 nodes are available: persistentvolumeclaim "{odd}" not found.')


def test_each_clause_has_all_its_words() -> None:
    assert all(one.sign and one.short.startswith("no node: ") and one.some and one.all for one in places())
