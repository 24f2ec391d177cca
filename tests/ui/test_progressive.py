"""Argo Rollouts and Flagger's Canaries on the screen: their rows, and the page of each."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgetui.model.cache.freshness import Link, LinkState
from tests.unit.actions.every_action import argo
from tests.unit.actions.scripted import scripted
from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary, serving
from tests.unit.model.test_rollout_kind import rollout

from .driving import running
from .test_guarding import Site, until_shown


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


@pytest.mark.parametrize(("keys", "back"), [((), "aborts to"), (("tab", "tab", "down"), "back to")])
async def test_a_guard_of_a_rollout_aborts_or_puts_the_template_back(
    keys: tuple[str, ...], back: str, tmp_path: Path
) -> None:
    site = argo()
    labels = {"app": "press", "rollouts-pod-template-hash": "7f"}
    newest = next(one for one in site.objects.values() if one["metadata"]["name"] == "press-7f")
    failing = f.image_pull("press-7f-1", "line-2", owner=newest, labels=labels)
    store = serving(*site.objects.values(), failing, f.node("node-1"), f.deployment("oven", "line-2"))
    store.set_link(LinkState(Link.LIVE, since=f.NOW - 60, heard=f.NOW))
    async with scripted(site.answer) as (_, there):
        session = Site(there.target.server, store)
        async with running([store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *"press", "enter", "g")
            await until_shown(screen, "template back")
            await screen.press(*keys, "enter")
            await until_shown(screen, back)
            assert "more line" not in screen.text()
            assert "press:1" in screen.line(back)
            await screen.press("right", "enter")
            await until_shown(screen, "GUARD press")
            await screen.press("enter")
            does = "aborts" if back == "aborts to" else "rolls back"
            await until_shown(screen, f"guard, g cancels it: {does} in 2m")
        session.api.close()


async def test_a_guard_of_a_canary_is_left_to_flagger() -> None:
    async with running([serving(canary())]) as screen:
        await screen.press("4", "g")
        assert "Flagger rolls back by itself when its checks fail; a guard would fight it." in screen.text()
