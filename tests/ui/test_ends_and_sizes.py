"""The ends of lists, the sizes at which the dashboard is another one, keys that wait, and the looks of a timeline.

`pytest tests/ui/test_ends_and_sizes.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from textual import events
from textual.geometry import Size
from textual.screen import Screen as TextualScreen

from edgetui.actions.gate.handover import OUTCOMES, Act
from edgetui.model.view.timeline import TimelineEntry
from edgetui.ui.dialogs.action_menu import ActionMenu, Entry
from edgetui.ui.screens.main import GRID_HEIGHT, GRID_WIDTH, QUAD_WIDTH
from edgetui.ui.screens.rollback import RollbackScreen
from edgetui.ui.screens.timeline import TimelineScreen, _line
from edgetui.ui.type_ahead import TypeAhead

from . import test_dialogs
from .driving import running
from .fleet import plant
from .test_text_grids import marked, page

NOW = 1_000_000.0


async def test_the_cursor_of_a_list_stays_at_its_ends() -> None:
    entries = [Entry(f"act-{at}", "abc"[at], f"label {at}", "Help.", "") for at in range(3)]
    async with running([plant()], size=(100, 30)) as screen:
        for make, count in (
            (
                lambda: RollbackScreen(test_dialogs.TestRollback().view()),
                len(test_dialogs.TestRollback().view().revisions),
            ),
            (lambda: ActionMenu("press", entries), len(entries)),
        ):
            list_: Any = make()
            screen.app.push_screen(list_)
            await screen.pilot.pause()
            move = getattr(list_, "action_move", None) or list_.action_text
            for step, end in ((1, count - 1), (-1, 0)):
                for _ in range(count + 1):
                    move(step)
                assert list_._at == end
            move(10)
            assert list_._at == count - 1
            screen.app.pop_screen()


def test_the_dashboard_needs_as_much_room_as_its_panes_do() -> None:
    assert (GRID_WIDTH, GRID_HEIGHT, QUAD_WIDTH) == (120, 36, 176)


@pytest.mark.parametrize("zoomed", [False, True])
async def test_at_which_sizes_how_many_panes_there_are(zoomed: bool) -> None:
    async with running([plant()], size=(100, 30)) as screen:
        main = screen.app.main
        for width, height, layout in (
            (GRID_WIDTH - 1, GRID_HEIGHT, "single"),
            (GRID_WIDTH, GRID_HEIGHT - 1, "single"),
            (GRID_WIDTH, GRID_HEIGHT, "stacked"),
            (QUAD_WIDTH - 1, GRID_HEIGHT, "stacked"),
            (QUAD_WIDTH, GRID_HEIGHT - 1, "single"),
            (QUAD_WIDTH, GRID_HEIGHT, "quad"),
        ):
            if zoomed != main.zoomed:
                main.action_zoom()
            await screen.pilot.resize_terminal(width, height)
            await screen.wait_for(lambda size=(width, height): tuple(main.size) == size, "the size")
            await screen.pilot.pause()
            wanted = "single" if zoomed else layout
            assert [one for one in ("single", "stacked", "quad") if main.has_class(one)] == [wanted]
            shown = [name for name, pane in main.panes.items() if pane.region.height and pane.region.width]
            assert len(shown) == (1 if wanted == "single" else 4), (width, height)


class Waiting:
    """An app that takes keys where it is told that it can; `waits` are the timers that it was asked for."""

    def __init__(self) -> None:
        self.focused = None
        self.taken: list[str] = []
        self.waits: list[Any] = []
        self.ready, self.holds = True, False
        self.screen = self
        self.keys = TypeAhead(self, self._take, lambda: self.ready, lambda: self.holds)  # type: ignore[arg-type]

    @property
    def ancestors_with_self(self) -> list[Any]:
        return [self]

    async def _take(self, key: events.Event) -> None:
        assert isinstance(key, events.Key)
        self.taken.append(key.key)

    def set_timer(self, _: float, later: Any) -> None:
        self.waits.append(later)

    def call_later(self, later: Any, *given: Any) -> bool:
        self.waits.append(lambda: later(*given))
        return True

    async def type(self, *keys: str) -> None:
        for key in keys:
            await self.keys.add(events.Key(key, key if len(key) == 1 else None))

    async def go_on(self, turns: int = 20) -> None:
        for _ in range(turns):
            waits, self.waits = self.waits, []
            for one in waits:
                await one()


async def test_keys_wait_for_a_screen_that_can_take_one_and_for_the_dialog_that_they_are_meant_for() -> None:
    for ready, holds in ((False, False), (True, True), (False, True)):
        app = Waiting()
        app.ready, app.holds = ready, holds
        await app.type("a", "b")
        await app.go_on()
        assert app.taken == []
        assert len(app.waits) == 1, "it looks again"
        app.ready, app.holds = True, False
        await app.go_on()
        assert app.taken == ["a", "b"]
        assert app.waits == []


@pytest.mark.parametrize("end", ["escape", "ctrl+c"])
async def test_who_gives_a_dialog_up_in_the_same_breath_waits_for_none(end: str) -> None:
    app = Waiting()
    app.holds = True
    await app.type("a", "b", end, "c")
    await app.go_on(3)
    assert app.taken == [end], "what was typed for the dialog is forgotten"
    app.holds = False
    await app.go_on()
    assert app.taken == [end, "c"]
    app.ready = False
    app.holds = True
    await app.type("d", end)
    await app.go_on()
    assert app.taken == [end, "c"], "nothing is taken where nothing can be"


async def test_what_was_typed_for_something_that_did_not_open_is_forgotten_and_alt_is_escape() -> None:
    app = Waiting()
    app.holds = True
    await app.type("a", "b")
    app.keys.clear()
    app.holds = False
    await app.go_on()
    assert app.taken == []
    await app.type("alt+x", "y")
    await app.go_on()
    assert app.taken == ["escape", "x", "y"]


async def test_the_looks_of_a_timeline(snapshot: SnapshotAssertion) -> None:
    found = []
    for severity, kind, namespace, count in product((0, 1, 2), ("", "Pod"), ("", "line-2"), (1, 2, 5)):
        entry = TimelineEntry(NOW - 90, "plant", "failing", severity, kind, namespace, "press", count)
        found.append(marked(_line(entry, NOW, "plant")))
    async with running([plant()]) as screen:
        shown = TimelineScreen()
        screen.app.push_screen(shown)
        await screen.pilot.pause()
        for outcome, undoable, change, namespace in product(
            OUTCOMES, (False, True), ("", "replicas 3 -> 6"), ("", "d")
        ):
            act = Act("1", NOW - 90, "kim", "plant", "scale", "Deployment", namespace, "press", "scale press", change,
                      outcome, "", undoable)  # fmt: skip
            found.append(page(list(shown._act(act, NOW, "plant"))))
    assert "\n".join(dict.fromkeys(found)) == snapshot


@pytest.mark.parametrize("front", ["dashboard", "object", "text", "dialog"])
async def test_sizes_that_wait_with_something_between_them_leave_the_screen_as_large_as_the_terminal(
    front: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out: list[Size] = []
    lay_out = TextualScreen._screen_resized

    def resized(screen: TextualScreen[Any], size: Size) -> None:
        laid_out.append(size)
        if len(laid_out) < 100:  # else nothing but the screen would have its turn again
            lay_out(screen, size)

    async with running([plant()], size=(100, 30)) as screen:
        opens = {"object": "enter", "text": "question_mark", "dialog": "full_stop"}
        if front in opens:
            await screen.press(opens[front])
            assert screen.app.screen is not screen.app.main
        await screen.pilot.resize_terminal(120, 40)
        await screen.pilot.pause()
        monkeypatch.setattr(TextualScreen, "_screen_resized", resized)
        for width, height in ((40, 12), (120, 40), (80, 24), (120, 40)):
            for one in (screen.app.screen, screen.app.main):
                one.post_message(events.Resize(Size(width, height), Size(width, height)))
                one.call_later(lambda: None)
        await screen.pilot.pause()
        assert set(laid_out) <= {Size(120, 40)}
        assert len(laid_out) < 20
        assert all(tuple(one.size) == (120, 40) for one in screen.app.screen_stack)
