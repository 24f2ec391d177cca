"""Argo Rollouts and Flagger's Canaries on the screen: their rows, and the page of each."""

from __future__ import annotations

import pytest

from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary, serving
from tests.unit.model.test_rollout_kind import rollout

from .driving import running


@pytest.mark.parametrize(
    ("object_", "row", "page"),
    [
        (rollout(), "paused 1/5 20%", "1 of 5 done, now pause until promoted"),
        (canary(), "progressing 20%", "deployment press; press-primary serves"),
    ],
)
async def test_a_row_and_its_page(object_: dict[str, object], row: str, page: str) -> None:
    store = serving(object_, f.deployment("oven", "line-2"))
    async with running([store]) as screen:
        await screen.press("4")
        assert row in screen.text()
        await screen.press("slash", *"press", "enter", "enter")
        assert page in screen.text()
