"""Marks are on objects: they live through sorts, filters, relists and lost links, and nobody acts on a hidden one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Receipt
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.ui import action_flow
from edgetui.ui.flows import Flows
from tests.unit.model.factories import NOW, crashing, pod

from .driving import NobodyAnswers, Screen, running
from .fleet import many_pods, plant


@pytest.fixture(autouse=True)
def no_rights_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)


def marked(screen: Screen) -> list[str]:
    """The names of the rows that have a star on the screen."""
    table = screen.app.main.current.table
    lines = screen.text().splitlines()[table.region.y + 1 :]
    stars = [y for y, line in enumerate(lines) if line[1:2] == "*"]
    return [table.view.keys[table.top + y].name for y in stars]


async def test_a_mark_stays_on_its_object_through_sort_relist_and_a_lost_link() -> None:
    store = many_pods(40)
    async with running([store]) as screen:
        await screen.press("2", "down", "m")
        name = marked(screen)[0]
        assert "*1 marked" in screen.text().splitlines()[1]
        await screen.press("o", "o", "O")
        screen.app.main.current.table.go_to(_key(store, name))
        await screen.pilot.pause()
        assert marked(screen) == [name]
        store.replace("Pod", list(store.rows("Pod")))
        store.set_freshness("Pod", Freshness(Sync.STALE, heard=NOW - 100))
        await screen.changed()
        store.set_freshness("Pod", Freshness(Sync.LIVE, heard=NOW))
        store.apply("Pod", row_of("Pod", pod("a-first", "ns-0", statuses=[crashing()], created=NOW - 4000)))
        await screen.changed()
        assert marked(screen) == [name]
        await screen.press("M")
        assert marked(screen) == []
        assert "marked" not in screen.text()


async def test_an_object_that_goes_or_is_replaced_takes_its_mark_along() -> None:
    store = many_pods(5)
    async with running([store]) as screen:
        await screen.press("2", "m", "m")
        first, second = marked(screen)
        key = _key(store, first)
        store.delete("Pod", key.namespace, key.name, "")
        await screen.changed()
        assert marked(screen) == [second]
        key = _key(store, second)
        again = pod(second, key.namespace, created=NOW, version=9_000_000)
        again["metadata"]["uid"] = "another"
        store.apply("Pod", row_of("Pod", again))
        await screen.changed()
        assert marked(screen) == []


async def test_marks_that_a_filter_hides_are_counted_and_go_before_an_action() -> None:
    async with running([plant()], sessions={"plant": _session()}) as screen:
        await screen.press("4", "m", "m", "m", "slash", *"name==press", "enter")
        assert "/name==press *3 marked, 2 of them hidden" in screen.text().splitlines()[1]
        await screen.press("b")
        assert "2 marks were hidden by the filter and taken away" in screen.text()
        assert len(screen.app.main.current.table.marks) == 1
        await screen.press("escape")
        assert marked(screen) == ["press"]


async def test_an_action_on_marked_rows_asks_about_each_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(action_flow, "flow", partial(_flow, asked=asked, end=_done))
    async with running([plant()], sessions={"plant": _session()}) as screen:
        first, second = await _mark_two_deployments(screen)
        assert await _pressed_in_turn(screen, asked) == [first, second]


async def test_the_first_no_ends_the_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(action_flow, "flow", partial(_flow, asked=asked, end=_no))
    async with running([plant()], sessions={"plant": _session()}) as screen:
        first, _ = await _mark_two_deployments(screen)
        assert await _pressed_in_turn(screen, asked) == [first]
        assert "Ended here: 1 marked object left as it was" in screen.text()


async def _mark_two_deployments(screen: Screen) -> list[str]:
    await screen.press("4", "slash", *"line-2", "enter", "m", "m")
    names = marked(screen)
    assert names == ["press", "weld"]
    return names


async def _pressed_in_turn(screen: Screen, asked: list[str]) -> list[str]:
    """Press the key of an action that asks about each, and Enter on every receipt; what was asked about."""
    await screen.press("b")
    for _ in range(10):
        await screen.pilot.pause()
    if screen.app.screen is not screen.app.main:
        assert len(asked) == 1, "the second waits for the first to be closed"
        await screen.press("enter")
        for _ in range(10):
            await screen.pilot.pause()
    return asked


async def _flow(
    job: Any, action: str, session: Any, ref: ObjectRef, asked: list[str], end: Callable[[Gate], Any]
) -> None:
    asked.append(ref.key.name)
    await job.perform(f"Scale {ref.key.name}", end)


async def _done(gate: Gate) -> Receipt:
    return Receipt("scale", "plant", None, True, ("done",))


async def _no(gate: Gate) -> Receipt:
    raise Cancelled("Cancelled: nothing was changed.")


def _session() -> Any:
    return SimpleNamespace(
        name="plant",
        identity="",
        api=NobodyAnswers(),
        target=SimpleNamespace(user_name="", context="", server=""),
        look_at_kinds=lambda *shown: None,
    )


def _key(store: Any, name: str) -> ObjectKey:
    row = next(row for row in store.rows("Pod") if row.name == name)
    return ObjectKey("plant", "Pod", row.namespace, name)
