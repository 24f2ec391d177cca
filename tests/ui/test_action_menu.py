"""The menu of actions: every action on one object, each with its letter, greyed with what it lacks."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.kinds import row_of
from edgetui.ui.dialogs.action_menu import ActionMenu
from edgetui.ui.flows import Flows
from tests.unit.model.factories import NOW, crashing, pod

from .driving import Screen, running
from .fleet import many_pods, plant
from .test_commands import _session
from .test_made_anew import made_anew


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was begun, by action and object."""
    found: list[tuple[str, str]] = []

    def begin(flows: Flows, action: str, *refs: Any, typed: str = "") -> None:
        found.append((action, refs[0].key.name))

    monkeypatch.setattr(Flows, "begin", begin)
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    return found


async def opened(screen: Screen, pane: str) -> None:
    await screen.press(pane, "full_stop")
    await screen.wait_for(lambda: isinstance(screen.app.screen, ActionMenu), "the menu")


async def test_a_letter_begins_its_action_on_the_object_under_the_cursor(
    begun: list[tuple[str, str]],
) -> None:
    async with running([plant()], sessions={"plant": _session()}) as screen:
        await screen.press("1")
        name = screen.app.main.current.table.cursor.name
        await opened(screen, "1")
        assert f"Actions on node {name} on plant" in screen.text()
        await screen.press("d")
        await screen.wait_for(lambda: begun)
        assert begun == [("drain", name)]


async def test_the_cursor_chooses_too_and_escape_begins_nothing(begun: list[tuple[str, str]]) -> None:
    async with running([plant()], sessions={"plant": _session()}) as screen:
        await opened(screen, "4")
        await screen.press("escape")
        await screen.wait_for(lambda: screen.app.screen is screen.app.main)
        await opened(screen, "4")
        await screen.press("enter")
        await screen.wait_for(lambda: begun)
        assert begun[0][0] == "scale"


async def test_a_row_that_changed_behind_the_menu_gets_nothing_of_what_is_chosen_there(
    begun: list[tuple[str, str]],
) -> None:
    for change in ("gone", "made anew", "another is worse"):
        store = many_pods(20)
        async with running([store], sessions={"plant": _session()}) as screen:
            await opened(screen, "2")
            key = screen.app.main.current.table.cursor
            assert key is not None
            if change == "gone":
                store.delete("Pod", key.namespace, key.name, "")
            elif change == "made anew":
                made_anew(store, key)
            else:
                broken = pod("broken", "ns-9", statuses=[crashing()], created=NOW - 4000)
                store.apply("Pod", row_of("Pod", broken))
            await screen.changed()
            screen.clock.advance(5)
            await screen.press("s")
            await screen.wait_for(lambda: screen.app.screen is screen.app.main, "the pane")
            assert f"The cursor is no longer on pod {key.name}" in screen.text()
            assert begun == []


@pytest.mark.parametrize("height", [12, 24])
async def test_what_is_chosen_for_stays_in_sight_while_the_list_scrolls(height: int) -> None:
    async with running([plant()], sessions={"plant": _session()}, size=(80, height)) as screen:
        await opened(screen, "4")
        menu = screen.app.screen
        assert isinstance(menu, ActionMenu)
        count = len(menu.body.lines)
        inside = menu.body.size.height
        assert f"↓ {count - inside} more line" in screen.text() and "↑" not in screen.text().split("↓")[0]
        for at in range(1, count):
            await screen.press("down")
            await screen.wait_for(lambda at=at: f"> {_letter(menu, at)} " in screen.text(), f"choice {at}")
            assert "Actions on " in screen.text() and menu._entries[at].help[:40] in screen.text()
        await screen.wait_for(lambda: f"↑ {count - inside} more line" in screen.text(), "what is above")
        assert "more line" not in screen.text().replace(f"↑ {count - inside} more line", "")


def _letter(menu: ActionMenu, at: int) -> str:
    return menu._entries[at].letter


async def test_what_does_not_work_says_why_and_is_refused_as_its_key_is(begun: list[tuple[str, str]]) -> None:
    async with running([plant()], sessions={"plant": _session()}, read_only=True) as screen:
        await opened(screen, "4")
        assert screen.text().count("read-only") >= 10
        await screen.press("s")
        await screen.wait_for(lambda: "edgetui was started read-only" in screen.text())
        await screen.press("s")
        assert "edgetui was started read-only" in screen.text()
        assert begun == []


async def test_every_action_can_be_typed(begun: list[tuple[str, str]]) -> None:
    async with running([plant()], sessions={"plant": _session()}) as screen:
        await screen.press("1")
        screen.app.command_line.run("cordon")
        await screen.wait_for(lambda: begun)
        assert begun[0][0] == "cordon"
        screen.app.command_line.run("rollback")
        await screen.wait_for(lambda: "does not work on node" in screen.text())


@pytest.mark.parametrize(
    "kind", ["Node", "Pod", "Deployment", "StatefulSet", "DaemonSet", "HorizontalPodAutoscaler"]
)
def test_no_two_actions_on_a_kind_have_one_letter(kind: str) -> None:
    taken_back = {action.turns[1] for action in ACTIONS.values()}
    shown = [one for one in ACTIONS.values() if one.works_on(kind) and one.id not in taken_back]
    letters = [one.key or one.letter for one in shown]
    assert all(letters)
    assert len(set(letters)) == len(letters)
