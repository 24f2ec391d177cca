"""What becomes of the pods on a node that is lost: who is evicted when, and where the successors fit.

Nothing ends on a node that nobody reaches. Its pods are marked for deletion once their toleration of the taint is over
(pkg/controller/tainteviction); a ReplicaSet or a Job then has a new pod made, a StatefulSet waits for ever for the old.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

from msgspec.structs import replace

from edgetui.model.kinds.node import OUT_OF_SERVICE, UNREACHABLE
from edgetui.model.node.demand import Demand, Taint
from edgetui.model.node.fits import Floor
from edgetui.model.node.forecast import Cluster

NOT_READY = "node.kubernetes.io/not-ready"
NO_EXECUTE = "NoExecute"
EVICTS = (UNREACHABLE, NOT_READY)
"""The taints that the node lifecycle controller gives to nodes that are not Ready."""
POWERED_OFF = Taint(OUT_OF_SERVICE, NO_EXECUTE, "nodeshutdown")
"""The taint by which somebody says so; its value is a free word, this one is that of the documentation."""


class After(Enum):
    """What becomes of a pod on a node that is lost."""

    MOVES = "moves"
    NOWHERE = "cannot move"
    NEVER = "never moves by itself"
    LOST = "is not made anew"
    RETURNS = "comes again with the node"
    STAYS = "stays"


class Prospect(NamedTuple):
    """One pod of a lost node. `at` is when it is evicted (Unix s), None where that is not to come or not known.

    `done` says that it was evicted already. `fits` are the nodes that take its successor. `why` explains.
    """

    pod: Demand
    after: After
    at: float | None = None
    done: bool = False
    fits: tuple[str, ...] = ()
    why: str = ""


def tolerates(pod: Demand, taints: Sequence[Taint]) -> float | None:
    """For how many seconds a pod stays under these NoExecute taints; None for ever."""
    least: float | None = None
    for taint in taints:
        found = [one for one in pod.tolerations if one.covers(taint.key, taint.value, taint.effect)]
        if not found:
            return 0.0
        limits = [max(0, one.seconds) for one in found if one.seconds is not None]
        least = min([*limits, *([] if least is None else [least])], default=least)
    return least


def evicting(taints: Sequence[Taint]) -> list[Taint]:
    """Those among the taints of a node that evict pods."""
    return [one for one in taints if one.effect == NO_EXECUTE]


def prospects(cluster: Cluster, node: str, *, suspended: bool) -> list[Prospect]:
    """What becomes of each pod of this node; `suspended` is whether it gets no taint that evicts for now."""
    offer = next((one for one in cluster.offers if one.name == node), None)
    if offer is None:
        return []
    if any(one.key == OUT_OF_SERVICE for one in offer.taints):
        return [*forced(cluster, node), *_left(cluster, node)]
    there = evicting(offer.taints)
    coming = there or [Taint(UNREACHABLE, NO_EXECUTE)]
    floor = Floor(cluster.offers, cluster.pods, cluster.volumes)
    since = max((one.since for one in there), default=0)
    found = []
    for pod in cluster.on({node}):
        if pod.finished:
            continue
        seconds = tolerates(pod, coming)
        at = since + seconds if seconds is not None and since else None
        done = bool(pod.deleting)
        found.append(_prospect(floor, pod, seconds, pod.evicted or pod.deleting if done else at, done))
    held = "evictions are suspended"
    return [
        one
        if one.done or one.at is not None or one.after is After.STAYS or not suspended
        else one._replace(why=held)
        for one in found
    ]


def leaves(pod: Demand) -> bool:
    """Whether a pod is deleted by force once its node is out of service: evicted by the taint, or on its way already
    (pkg/controller/podgc: gcTerminating).
    """
    return not (pod.finished or pod.static) and (
        bool(pod.deleting) or tolerates(pod, [POWERED_OFF]) is not None
    )


def forced(cluster: Cluster, node: str) -> list[Prospect]:
    """What becomes of the pods that leave a node once it is out of service: a StatefulSet's are made anew, too."""
    floor = Floor(cluster.offers, cluster.pods, cluster.volumes)
    found = []
    for pod in cluster.on({node}):
        if not leaves(pod):
            continue
        if pod.daemon:
            found.append(Prospect(pod, After.RETURNS, why=f"of daemonset {pod.owner_name}"))
            continue
        floor.take(pod)
        made = bool(pod.deleting) and not pod.numbered  # its owner has not waited for its end
        found.append(_successor(floor, pod, pod.evicted or pod.deleting if made else None, made))
    return found


def _left(cluster: Cluster, node: str) -> list[Prospect]:
    """The pods that stay on a node that is out of service."""
    pods = (pod for pod in cluster.on({node}) if not (pod.finished or leaves(pod)))
    why = {True: "a static pod of the node", False: "tolerates every taint"}
    return [Prospect(pod, After.STAYS, why=why[pod.static]) for pod in pods]


def _prospect(floor: Floor, pod: Demand, seconds: float | None, at: float | None, done: bool) -> Prospect:
    if pod.static:
        return Prospect(pod, After.STAYS, why="a static pod of the node")
    if pod.daemon:
        return Prospect(pod, After.STAYS, why=f"of daemonset {pod.owner_name}")
    if seconds is None and not done:
        return Prospect(pod, After.STAYS, why="tolerates a lost node for ever")
    if pod.numbered:
        why = f"statefulset {pod.owner_name} makes no second {pod.name} while this one may still run"
        return Prospect(pod, After.NEVER, at, done, why=why)
    return _successor(floor, pod, at, done)


def _successor(floor: Floor, pod: Demand, at: float | None, done: bool) -> Prospect:
    """What is made in the place of a pod, and where that fits."""
    if pod.bare:
        return Prospect(pod, After.LOST, at, done, why="nothing makes it anew")
    if done:
        return Prospect(pod, After.MOVES, at, done)
    fits = [one for one in floor.fitting(pod) if one != pod.node]
    if not fits:
        return Prospect(pod, After.NOWHERE, at, done, why=floor.why_not(pod, {pod.node}))
    floor.put(replace(pod, uid=f"after {pod.uid}", node=fits[0]), fits[0])
    return Prospect(pod, After.MOVES, at, done, tuple(fits))
