"""Whether pods are evicted from nodes that are not Ready, as the node lifecycle controller decides it for each zone.

It stops where too much seems to be lost (pkg/controller/nodelifecycle: ComputeZoneState, handleDisruption): then the
control plane itself may be the part that is cut off.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from edgetui.model.kinds.node import NodeRow
from edgetui.model.labels import value_of
from edgetui.model.text import plural

UNHEALTHY_PERCENT, FEWEST_UNHEALTHY = 55, 3
"""A zone is disrupted from so many percent of its nodes, and so many of them, that are not Ready
(--unhealthy-zone-threshold)."""
SMALL = 50
"""Nodes up to which nothing is evicted in a disrupted zone (--large-cluster-size-threshold)."""
RATE, REDUCED_RATE = 0.1, 0.01
"""Nodes a second whose pods begin to be evicted: usually, and in a large zone that is disrupted."""
EXCLUDED = "node.kubernetes.io/exclude-disruption"
_ZONE, _OLD_ZONE = "topology.kubernetes.io/zone", "failure-domain.beta.kubernetes.io/zone"
_REGION, _OLD_REGION = "topology.kubernetes.io/region", "failure-domain.beta.kubernetes.io/region"


class ZoneState(Enum):
    """What the controller makes of a zone."""

    NORMAL = "normal"
    PARTIAL = "partial disruption"
    FULL = "full disruption"


class Evictions(NamedTuple):
    """Whether pods are evicted from the nodes of one zone. `silent` of its `nodes` are not Ready.

    `rate` is how many nodes a second their pods begin to be evicted from, 0.0 for none. `everywhere` is true where no
    node of the cluster is Ready: then taints that evict are taken away again, too.
    """

    silent: int
    nodes: int
    rate: float
    everywhere: bool = False

    @property
    def suspended(self) -> bool:
        """Whether no node gets the taint that evicts."""
        return self.rate == 0.0

    @property
    def words(self) -> str:
        """ "evictions suspended: 3 of 5 hosts silent"; empty while they go on."""
        return (
            f"evictions suspended: {self.silent} of {plural(self.nodes, 'host')} silent"
            if self.suspended
            else ""
        )


def zone_of(node: NodeRow) -> tuple[str, str]:
    """Region and zone of a node; the labels of old win, as for the controller."""
    return (_label(node, _OLD_REGION, _REGION), _label(node, _OLD_ZONE, _ZONE))


def _label(node: NodeRow, *keys: str) -> str:
    return next((value for key in keys if (value := value_of(node, key)) is not None), "")


def state_of(ready: int, silent: int) -> ZoneState:
    """What the controller makes of a zone with so many nodes that are Ready and that are not."""
    if silent and not ready:
        return ZoneState.FULL
    if silent >= FEWEST_UNHEALTHY and 100 * silent >= UNHEALTHY_PERCENT * (ready + silent):
        return ZoneState.PARTIAL
    return ZoneState.NORMAL


def evictions(nodes: Iterable[NodeRow], of: NodeRow) -> Evictions:
    """Whether pods are evicted from `of`, one of these nodes, which are all of the cluster."""
    zones: dict[tuple[str, str], list[bool]] = {}
    for node in nodes:
        if value_of(node, EXCLUDED) is None:
            zones.setdefault(zone_of(node), []).append(node.is_ready)
    states = {zone: state_of(sum(ready), len(ready) - sum(ready)) for zone, ready in zones.items()}
    mine = zones.get(zone_of(of), [])
    silent = len(mine) - sum(mine)
    if states and all(state is ZoneState.FULL for state in states.values()):
        every = [ready for zone in zones.values() for ready in zone]
        return Evictions(len(every), len(every), 0.0, everywhere=True)
    if states.get(zone_of(of)) is ZoneState.PARTIAL:
        return Evictions(silent, len(mine), REDUCED_RATE if len(mine) > SMALL else 0.0)
    return Evictions(silent, len(mine), RATE)
