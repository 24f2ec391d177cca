"""The way of a node that fails, step by step with its times, and of one that comes back or joins.

Times are those that the API has: of the Lease, the Ready condition, the taint, the pods. What lies ahead is computed as
the node lifecycle and taint eviction controllers do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE, EndpointSliceRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.workload import WorkloadRow
from edgetui.model.lease import Lease
from edgetui.model.node.loss import EVICTS, NO_EXECUTE, Prospect
from edgetui.model.node.zones import Evictions, evictions
from edgetui.model.text import ago, duration, plural

RENEWED_EVERY = 10.0
"""Seconds between two renewals of a node's Lease by its kubelet."""
LATE = 1.5 * RENEWED_EVERY
GRACE, GRACE_BEFORE = 50.0, 40.0
"""Seconds without a renewal after which a node counts as lost (--node-monitor-grace-period), since 1.32 and before."""
TOLERATED = 300.0
"""Seconds that a pod stays on such a node where it says nothing else."""
RECENT = 900.0
"""Seconds for which it is told how a node joined or came back."""
MARKED = 5.0
"""Seconds after which a lost node's pods that still count as ready will stay so: they are marked one by one."""
LAST_LEASE = "last lease"
"""The first step, which a node that is well has alone."""
_MINOR = re.compile(r"v?1\.(\d+)")
_GRACE_SINCE = 32


class Step(NamedTuple):
    """One step. `at` is when it came, or with `due` when it comes (Unix s); 0 where no time is known."""

    label: str
    at: float = 0.0
    due: bool = False
    words: str = ""
    bad: bool = False


def evictions_of(store: Store, node: NodeRow) -> Evictions:
    """Whether pods are evicted from this node, by what is known of all nodes."""
    return evictions((row for row in store.rows(NODE) if isinstance(row, NodeRow)), node)


def grace_of(version: str) -> float:
    """Seconds without a renewal after which a control plane of this version gives a node up, unless set otherwise."""
    match = _MINOR.match(version)
    return GRACE if match is None or int(match[1]) >= _GRACE_SINCE else GRACE_BEFORE


def steps(
    store: Store,
    node: NodeRow,
    now: float,
    lease: Lease | None,
    foreseen: Sequence[Prospect] | None = None,
) -> list[Step]:
    """The steps of a node up to now, and those ahead. `lease` and `foreseen` are None while they are not known."""
    if node.ready == "True":
        return [*_leased(store, node, now, lease), *_arrived(store, node, now)]
    if not node.ready:
        return list(_leased(store, node, now, lease))
    how = "the control plane heard nothing" if node.silent else "its kubelet said so itself"
    return [
        *_leased(store, node, now, lease),
        Step("NotReady", node.since, words=how, bad=True),
        *_endpoints_out(store, node, now),
        *_tainted(store, node),
        *_evicted(store, node, now, foreseen),
        *_replaced(store, node),
    ]


def _leased(store: Store, node: NodeRow, now: float, lease: Lease | None) -> Iterator[Step]:
    if lease is None or not lease.renewed:
        return
    yield Step(LAST_LEASE, lease.renewed, bad=node.ready == "True" and now - lease.renewed > LATE)
    grace = grace_of(store.version)
    if node.ready == "True" and now - lease.renewed > LATE:
        words = f"unless it is heard: {duration(grace)} after its last lease, if that is not set otherwise"
        yield Step("NotReady", lease.renewed + grace, True, words, bad=True)


def _on(store: Store, node: NodeRow) -> list[PodRow]:
    return [pod for pod in store.carried_by({node.name}) if not pod.ended]


def _endpoints_out(store: Store, node: NodeRow, now: float) -> Iterator[Step]:
    """When the pods stopped to count as ready, and those that never did."""
    pods = [pod for pod in _on(store, node) if not pod.summary_only]
    out = [pod.ready_since for pod in pods if not pod.is_ready and pod.ready_since >= node.since - 1]
    still = [pod for pod in pods if pod.is_ready]
    if out and not still:
        yield Step("endpoints out", min(out), words=f"{plural(len(out), 'pod')} no longer counted as ready")
    slices = (row for row in store.rows(ENDPOINT_SLICE) if isinstance(row, EndpointSliceRow))
    used = sum(one.ready for piece in slices for one in piece.endpoints if one.node == node.name)
    known = store.freshness(ENDPOINT_SLICE).sync is Sync.LIVE
    count, what = (used, "endpoint") if known else (len(still), "pod")
    if still and count and node.silent and now - node.since > MARKED:
        words = f"{plural(count, what)} {'keeps' if count == 1 else 'keep'} getting traffic until eviction"
        yield Step("endpoints out", words=f"not: {words}, for its kubelet had said NotReady before", bad=True)


def _taint_since(node: NodeRow) -> int:
    """When the taint that evicts was added; 0 while there is none."""
    return max(
        (one.since for one in node.taints if one.key in EVICTS and one.effect == NO_EXECUTE), default=0
    )


def _tainted(store: Store, node: NodeRow) -> Iterator[Step]:
    if since := _taint_since(node):
        yield Step("evicting taint", since)
        return
    found = evictions_of(store, node)
    if found.suspended:
        more = "; no node of the cluster is Ready" if found.everywhere else ""
        yield Step("evicting taint", words=f"{found.words}{more}", bad=True)
    else:
        pace = f"one node every {duration(1 / found.rate)}"
        yield Step("evicting taint", words=f"not yet: {pace} gets it")


def _evicted(store: Store, node: NodeRow, now: float, foreseen: Sequence[Prospect] | None) -> Iterator[Step]:
    since = _taint_since(node)
    if node.out_of_service:
        yield Step("out of service", words="its pods are deleted by force")
        return
    if foreseen is None:
        gone = [pod for pod in _on(store, node) if pod.deleting]
        if gone:
            yield Step("eviction", words=f"{plural(len(gone), 'pod')} evicted")
        elif since:
            words = f"of pods that tolerate it for the default {duration(TOLERATED)}"
            yield Step("first eviction", since + TOLERATED, since + TOLERATED > now, words)
        return
    leaving = sorted(one.at for one in foreseen if one.at is not None)
    if leaving:
        done = sum(one.done for one in foreseen)
        words = f"{done} of {plural(len(leaving), 'pod')} evicted" if done else plural(len(leaving), "pod")
        yield Step("first eviction", leaving[0], leaving[0] > now, words)
    elif since:
        yield Step("first eviction", words="none: every pod stays")


def _replaced(store: Store, node: NodeRow) -> Iterator[Step]:
    """The successors of evicted pods that their controllers have made elsewhere since.

    Where several nodes fail at once, which pod succeeds which is not to be told: what still lacks counts for this node.
    """
    evicted: dict[str, int] = {}
    for pod in _on(store, node):
        if pod.deleting and pod.owner_uid:
            evicted[pod.owner_uid] = evicted.get(pod.owner_uid, 0) + 1
    owners = {uid: found[1] for uid in evicted if (found := store.owner(uid)) is not None}
    wanted = {uid: row.replicas for uid, row in owners.items() if isinstance(row, WorkloadRow)}
    if not wanted:
        return
    since = _taint_since(node) or node.since
    placed = {
        uid: [pod for pod in store.pods_of(uid) if pod.node and not (pod.ended or pod.deleting)]
        for uid in wanted
    }
    gone = sum(evicted[uid] for uid in wanted)
    lacking = sum(min(evicted[uid], max(0, wanted[uid] - len(placed[uid]))) for uid in wanted)
    made = [pod for pods in placed.values() for pod in pods if pod.created >= since]
    yield Step(
        "replaced",
        max((pod.created for pod in made), default=0),
        words=f"{gone - lacking} of {plural(gone, 'pod')} made anew elsewhere",
        bad=bool(lacking),
    )
    if ready := [pod.ready_since for pod in made if pod.is_ready]:
        yield Step(
            "endpoints in", max(ready), words="" if len(ready) == len(made) else "not all of them ready"
        )


def _arrived(store: Store, node: NodeRow, now: float) -> Iterator[Step]:
    """How a node that is Ready since a short while came back, or joined."""
    joined = now - node.created <= RECENT
    if now - node.since > RECENT and not joined:
        return
    if joined:
        yield Step("joined", node.created)
    yield Step("Ready" if joined else "Ready again", node.since)
    pods = [pod for pod in _on(store, node) if not pod.summary_only]
    came = [pod.created for pod in pods if pod.created >= node.since - RECENT and joined]
    if came:
        yield Step("first pod", min(came), words=f"{plural(len(pods), 'pod')} there now")
    ready = [pod.ready_since for pod in pods if pod.is_ready and pod.ready_since >= node.since]
    if ready:
        yield Step("endpoints in", max(ready), words=f"{len(ready)} of {plural(len(pods), 'pod')} ready")


def summary(store: Store, node: NodeRow, now: float) -> str:
    """The way of a node that is not Ready in one line, from what is watched anyway."""
    told = []
    for one in steps(store, node, now, None):
        if one.label == "NotReady":
            told.append(f"NotReady for {ago(one.at, now)}")
        elif one.due:
            told.append(f"{one.label} in {duration(one.at - now)}")
        elif one.words and (one.bad or one.label in ("eviction", "replaced", "endpoints in")):
            told.append(one.words if one.label != "endpoints out" else f"endpoints out: {one.words}")
    return "; ".join(told)
