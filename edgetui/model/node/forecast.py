"""What becomes of pods, Services and room when nodes are drained: foretold from what the API tells, nothing is changed.

A drain cordons the nodes and evicts their pods, as their budgets allow; the controllers of those pods make new ones,
which the scheduler puts where they fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from edgetui.model.autoscaling.limits import selects
from edgetui.model.node.demand import Demand, Offer
from edgetui.model.node.fits import Floor

Json = dict[str, Any]


class Fate(Enum):
    """What becomes of a pod."""

    MOVES = "moves"
    NOWHERE = "fits nowhere else"
    WAITS = "waits for its budget"
    STAYS = "stays"
    LOST = "is not made anew"
    ENDED = "has ended, or is going already"


class Leaving(NamedTuple):
    """One pod on a node that is drained. `fits` are the nodes that take its successor, the likeliest first.

    `why` says what holds it, or what it loses.
    """

    pod: Demand
    fate: Fate
    fits: tuple[str, ...] = ()
    why: str = ""


class Budget(msgspec.Struct, frozen=True):
    """A PodDisruptionBudget: how many of the pods that `selector` takes may be evicted now.

    `healthy` of `wanted` are ready. `unready` is whether pods that are not ready may always be evicted
    (unhealthyPodEvictionPolicy AlwaysAllow).
    """

    namespace: str
    name: str
    selector: Json | None
    allowed: int = 0
    healthy: int = 0
    wanted: int = 0
    unready: bool = False


class Cluster(msgspec.Struct, frozen=True):
    """The objects that a forecast is made of. `volumes` as for `Floor`."""

    offers: tuple[Offer, ...]
    pods: tuple[Demand, ...]
    budgets: tuple[Budget, ...] = ()
    volumes: Mapping[tuple[str, str], Sequence[Json]] = {}

    def on(self, nodes: Collection[str]) -> list[Demand]:
        """The pods on some nodes."""
        return [pod for pod in self.pods if pod.node in nodes]


class Room(NamedTuple):
    """What is left for further pods: cores and bytes, on nodes that take any."""

    nodes: int
    cpu: float
    memory: float


class Drained(NamedTuple):
    """The answer for a set of nodes: each of their pods, and the room that is left once these have moved."""

    nodes: tuple[str, ...]
    pods: tuple[Leaving, ...]
    room: Room

    def of(self, *fates: Fate) -> list[Leaving]:
        """The pods with one of these fates."""
        return [one for one in self.pods if one.fate in fates]


def budget_of(one: Json) -> Budget:
    """A budget's counts. Raises as `demand_of`."""
    meta, spec, status = one["metadata"], one.get("spec") or {}, one.get("status") or {}
    return Budget(
        meta.get("namespace") or "",
        meta["name"],
        spec.get("selector"),
        int(status.get("disruptionsAllowed") or 0),
        int(status.get("currentHealthy") or 0),
        int(status.get("desiredHealthy") or 0),
        spec.get("unhealthyPodEvictionPolicy") == "AlwaysAllow",
    )


def drained(cluster: Cluster, nodes: Collection[str]) -> Drained:
    """What a drain of these nodes, all cordoned before, does to each of their pods."""
    floor = Floor((_cordoned(one, nodes) for one in cluster.offers), cluster.pods, cluster.volumes)
    left = {(one.namespace, one.name): one.allowed for one in cluster.budgets}
    found = []
    for pod in cluster.on(nodes):
        one = _stays(pod) or _held(pod, cluster.budgets, left)
        if one is None:
            one = _moved(floor, pod, nodes)
            if pod.ready and one.fate is not Fate.MOVES:
                for budget in _budgets(pod, cluster.budgets):
                    left[budget.namespace, budget.name] -= 1  # nobody becomes ready in its place
        found.append(one)
    return Drained(tuple(nodes), tuple(found), _room(floor))


def _cordoned(offer: Offer, nodes: Collection[str]) -> Offer:
    return replace(offer, cordoned=True) if offer.name in nodes else offer


def stays(pod: Demand) -> str:
    """Why a drain leaves a pod where it is, as kubectl's filters have it; empty for one that it evicts."""
    if pod.static:
        return "a static pod of the node"
    return f"of daemonset {pod.owner_name}" if pod.daemon and not pod.finished else ""


def loses(pod: Demand) -> tuple[str, str]:
    """The option of a drain without which a pod is not evicted, and why; two empty words for any other."""
    if pod.finished:
        return "", ""
    if pod.scratch:
        return "delete_emptydir_data", "has data in an emptyDir volume"
    return ("force", "has no controller that makes it anew") if pod.bare else ("", "")


def _stays(pod: Demand) -> Leaving | None:
    if pod.finished or pod.deleting:
        return Leaving(pod, Fate.ENDED)
    why = stays(pod)
    return Leaving(pod, Fate.STAYS, why=why) if why else None


def _budgets(pod: Demand, budgets: Iterable[Budget]) -> list[Budget]:
    return [one for one in budgets if one.namespace == pod.namespace and selects(one.selector, pod.labels)]


def _held(pod: Demand, budgets: Sequence[Budget], left: Mapping[tuple[str, str], int]) -> Leaving | None:
    """A pod that the eviction API refuses, as long as nothing else changes (pkg/registry/core/pod/storage)."""
    mine = _budgets(pod, budgets)
    if not mine or pod.phase == "Pending":
        return None
    if len(mine) > 1:
        return Leaving(pod, Fate.WAITS, why="has more than one budget, which evictions do not support")
    budget = mine[0]
    if not pod.ready and (budget.unready or (budget.healthy >= budget.wanted and budget.wanted > 0)):
        return None
    if left[budget.namespace, budget.name] > 0:
        return None
    return Leaving(pod, Fate.WAITS, why=f"budget {budget.name} lets no pod go")


def _moved(floor: Floor, pod: Demand, nodes: Collection[str]) -> Leaving:
    """A pod that is evicted, and where its successor goes."""
    _, lost = loses(pod)
    floor.take(pod)
    if pod.bare:
        return Leaving(pod, Fate.LOST, why=lost)
    fits = floor.fitting(pod)
    if not fits:
        return Leaving(pod, Fate.NOWHERE, why=floor.why_not(pod, nodes))
    floor.put(replace(pod, uid=f"after {pod.uid}", node=fits[0]), fits[0])
    return Leaving(pod, Fate.MOVES, tuple(fits), lost)


def _room(floor: Floor) -> Room:
    names = [name for name, one in floor.offers.items() if one.ready and not one.cordoned]
    cpu, memory = (sum(max(0.0, floor.free(name, one)) for name in names) for one in ("cpu", "memory"))
    return Room(len(names), cpu, memory)
