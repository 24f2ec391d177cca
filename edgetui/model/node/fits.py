"""Which nodes a pod fits, by the filters of the scheduler that the API's objects answer.

These are: unschedulable, taints, node selector and required node affinity, requests, host ports, the node affinity of
volumes, and required anti-affinity between pods. Not looked at: topology spread, affinity to other pods, preemption,
limits on attached volumes, device claims, and what other schedulers do.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from edgetui.model.autoscaling.limits import holds, selects
from edgetui.model.node.demand import Apart, Demand, Offer
from edgetui.model.text import plural

Json = dict[str, Any]
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
_REFUSING = ("NoSchedule", "NoExecute")
_OF_LABELS = ("In", "NotIn", "Exists", "DoesNotExist")
"""Operators of a node selector that label selectors have, too."""
_SLACK = 1e-6
"""Of sums of quantities, which are not exact."""
_NOT_SELECTED, _VOLUME = "not selected", "volume elsewhere"
_ELSEWHERE = frozenset({_NOT_SELECTED, _VOLUME})
"""Reasons that stay, whatever else changes on a node."""
_SAID = {"cpu": "too little cpu", "memory": "too little memory", "pods": "no room for another pod"}


class Floor:
    """The nodes of a cluster with what runs on them; pods are put there and taken away.

    `volumes` are the alternatives of the required node affinity of the volumes that a claim is bound to, by namespace
    and name; claims that are not bound hold nobody.
    """

    def __init__(
        self,
        offers: Iterable[Offer],
        pods: Iterable[Demand],
        volumes: Mapping[tuple[str, str], Sequence[Json]] | None = None,
    ) -> None:
        self.offers = {one.name: one for one in offers}
        self._volumes = volumes or {}
        self._on: dict[str, dict[str, Demand]] = {name: {} for name in self.offers}
        for pod in pods:
            if not pod.finished and pod.node in self._on:
                self._on[pod.node][pod.uid] = pod

    def put(self, pod: Demand, node: str) -> None:
        """Let a pod run on a node."""
        self._on[node][pod.uid] = pod

    def take(self, pod: Demand) -> None:
        """A pod is gone from its node."""
        self._on.get(pod.node, {}).pop(pod.uid, None)

    def free(self, node: str, resource: str) -> float:
        """What a node has left of a resource."""
        used = sum(one.asks.get(resource, 0.0) for one in self._on[node].values())
        return self.offers[node].room.get(resource, 0.0) - used

    def fitting(self, pod: Demand) -> list[str]:
        """The nodes that a pod fits, those with the most room first."""
        found = [name for name in self.offers if not self.against(pod, name)]
        return sorted(found, key=lambda name: (-self._share_free(name), name))

    def against(self, pod: Demand, node: str) -> str:
        """Why a node does not take a pod, in a few words; empty where it does."""
        offer = self.offers[node]
        if offer.cordoned and not any(one.covers(UNSCHEDULABLE, "", "NoSchedule") for one in pod.tolerations):
            return "cordoned"
        for taint in offer.taints:
            refuses = taint.effect in _REFUSING
            if refuses and not any(
                one.covers(taint.key, taint.value, taint.effect) for one in pod.tolerations
            ):
                return "not Ready" if not offer.ready else f"taint {taint.key}"
        if why := self._elsewhere(pod, offer):
            return why
        for resource, amount in pod.asks.items():
            if amount > self.free(node, resource) + _SLACK:
                return _SAID.get(resource, f"too little {resource}")
        if any(port in one.ports for one in self._on[node].values() for port in pod.ports):
            return "port taken"
        return "another of its kind is there" if self._apart(pod, offer) else ""

    def _elsewhere(self, pod: Demand, offer: Offer) -> str:
        """Why a pod can never run on a node, whatever else changes there."""
        if not chosen(pod, offer):
            return _NOT_SELECTED
        terms = [self._volumes.get((pod.namespace, claim)) for claim in pod.claims]
        return _VOLUME if any(one is not None and not matches(one, offer) for one in terms) else ""

    def why_not(self, pod: Demand, without: Collection[str] = ()) -> str:
        """Why no node but those left out takes a pod: "2 nodes: cordoned, 1 node: port taken", "only edge-1 fits"."""
        counted: dict[str, int] = {}
        for name in self.offers:
            if name not in without:
                why = self.against(pod, name)
                counted[why] = counted.get(why, 0) + 1
        if not counted:
            return "there is no other node"
        home = self.offers.get(pod.node)
        if home is not None and _ELSEWHERE.issuperset(counted) and not self._elsewhere(pod, home):
            return f"only {pod.node} fits"
        ranked = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
        return ", ".join(f"{plural(count, 'node')}: {why}" for why, count in ranked)

    def _share_free(self, node: str) -> float:
        """How much of cpu and memory is left, on average, as the scheduler's LeastAllocated scores it."""
        offer = self.offers[node]
        shares = [
            self.free(node, one) / offer.room[one]
            for one in ("cpu", "memory")
            if offer.room.get(one, 0.0) > 0
        ]
        return sum(shares) / len(shares) if shares else 0.0

    def _apart(self, pod: Demand, offer: Offer) -> bool:
        """Whether a pod and one that runs keep each other away from this node."""
        for name, there in self._on.items():
            place = self.offers[name]
            for other in there.values():
                rules = ((pod.apart, other), (other.apart, pod))
                if any(
                    _same_place(one, offer, place) and _means(one, met) for mine, met in rules for one in mine
                ):
                    return True
        return False


def _same_place(rule: Apart, one: Offer, other: Offer) -> bool:
    place = one.labels.get(rule.topology)
    return place is not None and place == other.labels.get(rule.topology)


def _means(rule: Apart, pod: Demand) -> bool:
    return pod.namespace in rule.namespaces and selects(rule.selector, pod.labels)


def chosen(pod: Demand, offer: Offer) -> bool:
    """Whether a pod's node selector and its required node affinity take a node."""
    if any(offer.labels.get(key) != value for key, value in pod.selector.items()):
        return False
    return pod.terms is None or matches(pod.terms, offer)


def matches(terms: Sequence[Json], offer: Offer) -> bool:
    """Whether any of the alternatives of a node selector takes a node; an empty one takes none."""
    return any(_matches(term, offer) for term in terms)


def _matches(term: Json, offer: Offer) -> bool:
    expressions, fields = term.get("matchExpressions") or (), term.get("matchFields") or ()
    if not (expressions or fields):
        return False
    return all(_holds(one, offer.labels) for one in expressions) and all(
        _holds(one, {"metadata.name": offer.name}) for one in fields
    )


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    operator, key, values = (
        expression.get("operator"),
        expression.get("key") or "",
        expression.get("values") or (),
    )
    if operator in ("Gt", "Lt"):
        return _compared(labels.get(key), values, operator)
    return operator in _OF_LABELS and holds(operator, key, values, labels)


def _compared(value: str | None, values: Sequence[str], operator: str) -> bool:
    """Whether a whole number is greater or less than the one that is named."""
    try:
        mine, theirs = int(value or ""), int(values[0])
    except (ValueError, IndexError):
        return False
    return mine > theirs if operator == "Gt" else mine < theirs
