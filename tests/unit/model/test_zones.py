"""Whether pods are evicted from nodes that are not Ready, by the rules of the node lifecycle controller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NodeRow
from edgetui.model.node.zones import RATE, REDUCED_RATE, ZoneState, evictions, state_of, zone_of
from tests.unit.model import factories as f

ZONE, REGION = "topology.kubernetes.io/zone", "topology.kubernetes.io/region"
OLD_ZONE = "failure-domain.beta.kubernetes.io/zone"


def node(name: str, ready: bool = True, **labels: str) -> NodeRow:
    row = row_of("Node", f.node(name, ready="True" if ready else "Unknown", labels=labels))
    assert isinstance(row, NodeRow)
    return row


def site(nodes: int, silent: int, zone: str = "") -> list[NodeRow]:
    """So many nodes of a zone, the first of which are silent."""
    labels = {ZONE: zone} if zone else {}
    return [node(f"edge-{zone}{at}", at >= silent, **labels) for at in range(nodes)]


@pytest.mark.parametrize(
    ("nodes", "silent", "rate"),
    [
        (1, 1, 0.0),
        (2, 1, RATE),
        (2, 2, 0.0),
        (3, 2, RATE),
        (4, 3, 0.0),
        (5, 2, RATE),
        (5, 3, 0.0),
        (6, 3, RATE),
        (20, 10, RATE),
        (20, 11, 0.0),
        (50, 30, 0.0),
        (51, 30, REDUCED_RATE),
        (51, 51, 0.0),
    ],
)
def test_evictions_go_on_are_slowed_or_suspended_by_how_much_of_a_zone_is_silent(
    nodes: int, silent: int, rate: float
) -> None:
    found = evictions(site(nodes, silent), node("edge-0", False))
    assert (found.rate, found.silent, found.nodes) == (rate, silent, nodes)
    assert found.words == (
        f"evictions suspended: {silent} of {nodes} host{'s' * (nodes > 1)} silent" if not rate else ""
    )


def test_a_zone_that_is_lost_as_a_whole_is_evicted_as_usual_while_another_is_there() -> None:
    every = [*site(3, 3, "barn"), *site(3, 0, "field")]
    assert evictions(every, every[0]).rate == RATE
    every = [*site(3, 3, "barn"), *site(1, 1, "field")]
    found = evictions(every, every[0])
    assert (found.rate, found.everywhere, found.words) == (
        0.0,
        True,
        "evictions suspended: 4 of 4 hosts silent",
    )


def test_each_zone_is_judged_by_itself() -> None:
    every = [*site(5, 3, "barn"), *site(5, 1, "field")]
    assert (evictions(every, every[0]).rate, evictions(every, every[5]).rate) == (0.0, RATE)


def test_a_node_that_is_excluded_does_not_count() -> None:
    spare = node("spare", False, **{"node.kubernetes.io/exclude-disruption": ""})
    assert evictions([*site(4, 2), spare], spare).rate == RATE
    assert evictions(
        [*site(1, 1), node("spare", True, **{"node.kubernetes.io/exclude-disruption": ""})], spare
    ).suspended


def test_the_label_of_old_names_the_zone_and_a_region_tells_zones_apart() -> None:
    assert zone_of(node("a", **{ZONE: "new", OLD_ZONE: "old"})) == ("", "old")
    assert zone_of(node("a", **{ZONE: "z", REGION: "r"})) == ("r", "z")


@given(st.integers(0, 120), st.integers(0, 120))
def test_a_state_is_what_the_controllers_own_sum_makes_it(ready: int, silent: int) -> None:
    if ready == 0 and silent > 0:
        wanted = ZoneState.FULL
    elif silent > 2 and silent / (silent + ready) >= 0.55:
        wanted = ZoneState.PARTIAL
    else:
        wanted = ZoneState.NORMAL
    assert state_of(ready, silent) is wanted
