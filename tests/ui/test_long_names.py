"""Rows of clusters and namespaces with long names can be told apart at 80 columns, and stay so when others come."""

from __future__ import annotations

import pytest

from edgetui.cluster.kubeconfig.names import name_fleet
from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from tests.unit.cluster.test_naming import FLEETS, target
from tests.unit.model.factories import deployment, pod, store_of

from .driving import Screen, running


def stores(contexts: list[str]) -> list[Store]:
    return [
        store_of(deployment("press", "line"), pod("press-7f9c66-x2k4q", "line"), cluster=one.name)
        for one in name_fleet([target(context) for context in contexts])
    ]


def rows(screen: Screen) -> list[str]:
    return [line[2:] for line in screen.text().splitlines() if "press" in line]


@pytest.mark.parametrize("pane", ["2", "4"])
@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("contexts", FLEETS.values(), ids=FLEETS.keys())
async def test_no_two_rows_read_the_same(contexts: list[str], width: int, pane: str) -> None:
    some = contexts[:8]
    async with running(stores(some), size=(width, 24)) as screen:
        await screen.press(pane)
        assert len(rows(screen)) == len(set(rows(screen))) == len(some)


async def test_what_a_person_called_the_cluster_is_read_in_full_at_eighty_columns() -> None:
    async with running(stores(FLEETS["eks"])) as screen:
        assert "shop-floor-line-1 live · shop-floor-line-2 live" in screen.text()
        for pane in ("2", "4"):
            await screen.press(pane)
            assert [row.split()[0] for row in rows(screen)] == ["shop-floor-line-1", "shop-floor-line-2"]


async def test_a_namespace_that_comes_later_is_told_apart_from_those_that_are_there() -> None:
    store = store_of(pod("press-7f9c66-x2k4q", "production-of-the-plant-in-frankfurt-line-1"))
    async with running([store], size=(60, 24)) as screen:
        await screen.press("2")
        store.apply(
            "Pod", row_of("Pod", pod("press-7f9c66-x2k4q", "production-of-the-plant-in-frankfurt-line-2"))
        )
        await screen.changed()
        assert len(rows(screen)) == len(set(rows(screen))) == 2
