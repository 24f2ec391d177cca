"""The demo's system-upgrade-controller: a tower that is switched off keeps its turn; a node left out gives it on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from edgetui.demo import sites, upgrades
from edgetui.demo.resources import JOBS, NODES, PLANS
from edgetui.demo.simulation import Simulation
from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.panes import PANES
from tests.unit.model import factories as f

NOW = 1_790_000_000.0
OFF, NEXT = "farm-tower-4", "farm-tower-3"
LABEL = "plan.upgrade.cattle.io/k3s-agent"


@pytest.fixture
def farm() -> Iterator[Simulation]:
    site = sites.farm("farm", NOW, 3, 0).simulation
    yield site
    site.cluster.timeline.stop()


def node(site: Simulation, name: str) -> dict[str, Any]:
    return site.cluster.storage.get(NODES, "", name)


def agent(site: Simulation) -> dict[str, Any]:
    return site.cluster.storage.get(PLANS, upgrades.SPACE, "k3s-agent")


def told(site: Simulation) -> list[str]:
    """What the pane says of that Plan."""
    now, store = site.cluster.timeline.now(), f.store_of()
    assert isinstance(store, Store)
    for resource in (NODES, JOBS, PLANS):
        for one in site.cluster.storage.objects(resource):
            store.apply(resource.kind, row_of(resource.kind, one))
    row = store.get("Plan", upgrades.SPACE, "k3s-agent")
    assert row is not None
    data = PANES["updates"].json(PANES["updates"].build(store, "Plan", row, now), now)
    return [data["severity"], data["state"], data["done"], data["reason"]]


def test_the_dead_tower_holds_the_only_place(farm: Simulation) -> None:
    farm.at(NOW + 60)
    assert agent(farm)["status"]["applying"] == [OFF]
    held = "NotReady, holds the only place, 1 node waits; its Job fails after 10m"
    assert told(farm) == ["bad", f"held by {OFF}", "2/4", held]
    assert not node(farm, OFF)["spec"].get("unschedulable")


def test_its_job_fails_at_the_deadline(farm: Simulation) -> None:
    farm.at(NOW + upgrades.DEADLINE)
    assert told(farm)[:2] == ["bad", f"failed on {OFF}"]
    whole = agent(farm)["status"]["conditions"][-1]
    assert (whole["reason"], whole["status"]) == ("JobFailed", "False")


def test_a_node_that_is_left_out_gives_its_turn_on_and_the_rest_is_updated(farm: Simulation) -> None:
    farm.at(NOW + 10)
    farm.change(NODES, "", OFF, lambda one: one["metadata"]["labels"].update({LABEL: "disabled"}))
    farm.at(NOW + 20)
    assert agent(farm)["status"]["applying"] == [NEXT]
    assert node(farm, NEXT)["spec"]["unschedulable"] is True
    farm.at(NOW + 20 + upgrades.TOOK + 2 * upgrades.LOOK)
    there = node(farm, NEXT)
    assert there["status"]["nodeInfo"]["kubeletVersion"] == "v1.36.4+k3s1"
    assert "unschedulable" not in there["spec"]
    assert told(farm) == ["fine", "complete", "3/3", f"skips {OFF} (disabled)"]
