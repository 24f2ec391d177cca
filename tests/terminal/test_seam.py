"""What is known of Textual's insides: its keys, its frames as cells, its way to the driver, its palette left out."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import pytest
from rich.segment import Segment
from textual import events, timer
from textual._compositor import ChopsUpdate, InlineUpdate, LayoutUpdate
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static

from edgetui.terminal import no_palette
from edgetui.terminal.profile import choose
from edgetui.terminal.textual_seam import (
    DrawnApp,
    FittedScreen,
    KeyParser,
    Punctual,
    event_clock,
    put_update,
    screen_text,
)


def told(found: Iterable[Message]) -> list[str]:
    return [one.key if isinstance(one, events.Key) else type(one).__name__ for one in found]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("q", ["q"]),
        ("\x1bq", ["escape", "q"]),
        ("\x1b\r", ["escape", "enter"]),
        *((f"\x1b{digit}", ["escape", digit]) for digit in "1234567890"),
        ("\x1b-", ["escape", "minus"]),
        ("\x1b=", ["escape", "equals_sign"]),
        ("\x1b§", ["escape", "section_sign"]),
        ("\x1b[1;5A", ["ctrl+up"]),
        ("\x1b[?2026;2$y", ["SyncSupported"]),
        ("\x1b[?2026;0$y", []),
        ("\x1b[?2048;1$y", []),
    ],
)
def test_what_a_terminal_sends_is_keys_and_an_escape_before_one_is_a_key_of_its_own(
    text: str, keys: list[str]
) -> None:
    parser = KeyParser()
    assert [*told(parser.feed(text)), *told(parser.nothing_follows())] == keys
    assert not parser.waiting
    assert told(parser.nothing_follows()) == []


@pytest.mark.parametrize(
    ("begun", "keys"),
    [("\x1b", ["escape"]), ("\x1b[", ["escape", "left_square_bracket"]), ("\x1bO", ["escape", "O"])],
)
def test_what_is_waited_for_in_vain_is_taken_for_what_it_is(begun: str, keys: list[str]) -> None:
    parser = KeyParser()
    assert told(parser.feed(begun)) == []
    assert parser.waiting
    assert told(parser.nothing_follows()) == keys
    assert not parser.waiting
    assert told(parser.feed("[A")) == ["left_square_bracket", "A"]


class Cells:
    """Notes what is put where."""

    def __init__(self) -> None:
        self.puts: list[tuple[Any, ...]] = []

    def put(self, *given: Any) -> None:
        self.puts.append(given)


def strip(text: str) -> Strip:
    return Strip([Segment(text)])


def put(update: Any) -> list[tuple[Any, ...]]:
    cells: Any = Cells()
    put_update(cells, update)
    return [(x, y, "".join(part.text for part in parts), *end) for x, y, parts, *end in cells.puts]


def test_a_whole_frame_is_put_line_by_line_from_where_it_begins() -> None:
    lines: Any = [[strip("ab"), strip("漢字"), strip("c")], [], [strip("d")]]
    assert put(LayoutUpdate(lines, Region(3, 5, 7, 3))) == [
        (3, 5, "ab"),
        (5, 5, "漢字"),
        (9, 5, "c"),
        (3, 7, "d"),
    ]


@pytest.mark.parametrize(
    ("start", "stop", "parts"),
    [
        (0, 12, [(0, "abcd", 4), (4, "efgh", 8), (10, "kl", 12)]),
        (4, 8, [(4, "efgh", 8)]),
        (3, 8, [(0, "abcd", 4), (4, "efgh", 8)]),
        (5, 6, [(4, "efgh", 6)]),
        (4, 9, [(4, "efgh", 8)]),
        (8, 10, []),
        (8, 11, [(10, "kl", 11)]),
        (11, 12, [(10, "kl", 12)]),
        (0, 1, [(0, "abcd", 1)]),
    ],
)
def test_of_a_partial_frame_what_reaches_into_the_span_is_put_up_to_its_end(
    start: int, stop: int, parts: list[tuple[int, str, int]]
) -> None:
    chops: Any = [{}, {0: strip("abcd"), 4: strip("efgh"), 8: None, 10: strip("kl")}]
    update = ChopsUpdate(chops, [(1, start, stop)], [[], [4, 8, 10, 12, 99]])
    assert put(update) == [(x, 1, text, end) for x, text, end in parts]


def test_another_kind_of_frame_is_not_put() -> None:
    assert put(InlineUpdate([])) == []


class Driver:
    def __init__(self) -> None:
        self.told: list[Any] = []

    def draw(self, frame: Any) -> None:
        self.told.append(frame)

    def when_drawn(self, tell: Callable[[], None]) -> None:
        self.told.append(tell)

    def lent(self, borrower: Any) -> Any:
        return f"lent to {borrower}"


FRAME = LayoutUpdate([], Region(0, 0, 0, 0))


@pytest.mark.parametrize(
    ("frame", "running", "closed", "batches", "drawn"),
    [
        (FRAME, True, False, 0, True),
        (FRAME, False, False, 0, False),
        (FRAME, True, True, 0, False),
        (FRAME, True, False, 1, False),
        ("text", True, False, 0, False),
        (None, True, False, 0, False),
    ],
)
def test_a_frame_of_an_app_that_runs_goes_to_the_driver_as_cells(
    monkeypatch: pytest.MonkeyPatch, frame: Any, running: bool, closed: bool, batches: int, drawn: bool
) -> None:
    app: Any = DrawnApp()
    driver = app._driver = Driver()
    app._running, app._closed, app._batch_count = running, closed, batches
    as_ever: list[Any] = []
    monkeypatch.setattr(App, "_display", lambda *given: as_ever.append(given))
    app._display(None, frame)
    assert (driver.told, as_ever) == ([frame] if drawn else [], [])
    app._driver = SimpleNamespace()
    app._display("screen", frame)
    assert as_ever == [(app, "screen", frame)], "a driver that draws no cells gets it as ever"


def test_a_driver_that_can_is_asked_and_one_that_cannot_has_drawn_everything_and_lends_nothing() -> None:
    app: Any = DrawnApp()
    driver = app._driver = Driver()
    heard: list[str] = []

    def tell() -> None:
        heard.append("drawn")

    app.when_drawn(tell)
    assert (driver.told, heard) == ([tell], [])
    assert app.lend_terminal("vi") == "lent to vi"
    for none in (SimpleNamespace(), None):
        heard.clear()
        app._driver = none
        app.when_drawn(tell)
        assert heard == ["drawn"]
        assert app.lend_terminal("vi") is None


def test_an_app_has_two_seconds_to_leave_and_takes_a_changed_link_calmly() -> None:
    app = DrawnApp()
    assert app.exit_limit == 2.0
    app.link_changed(choose({}))


async def test_what_was_to_be_done_next_finds_no_screen_that_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app: Any = DrawnApp()
    found: list[Any] = []

    async def shutdown(self: Any) -> None:
        found.append((self._exit, list(self._next_callbacks)))

    monkeypatch.setattr(App, "_shutdown", shutdown)
    app._next_callbacks.append("something")
    await app._shutdown()
    assert found == [(True, [])]


class Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("[b]press[/b] 漢  ready   ", id="one")
        yield Static("  oven")


async def test_the_screen_as_text_is_its_lines_without_colours_or_blanks_behind_them() -> None:
    app = Lines()
    async with app.run_test(size=(24, 4)) as pilot:
        await pilot.pause()
        assert screen_text(app) == ["press 漢  ready", "  oven", "", ""]


def test_the_palettes_place_is_taken_by_empty_classes_where_it_is_not_loaded_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loaded = sys.modules[no_palette.MODULE]
    no_palette.leave_out()
    assert sys.modules[no_palette.MODULE] is loaded
    monkeypatch.delitem(sys.modules, no_palette.MODULE)
    no_palette.leave_out()
    stand_in = sys.modules[no_palette.MODULE]
    classes = {name: one for name, one in vars(stand_in).items() if isinstance(one, type)}
    assert sorted(classes) == [
        "CommandListItem",
        "CommandPalette",
        "DiscoveryHit",
        "Hit",
        "Hits",
        "Provider",
        "SimpleProvider",
    ]
    for name, one in classes.items():
        assert (one.__name__, one.__module__, one.__bases__) == (name, "textual.command", (object,))
    no_palette.leave_out()
    assert sys.modules[no_palette.MODULE] is stand_in


class Bar(Punctual, Static):
    """A widget with timers."""


async def test_a_timer_comes_however_late_it_begins_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a process may stand still between any two looks at the clock."""
    looks, late = 0, 0.0

    def late_at_the_second_look() -> float:
        nonlocal looks, late
        looks += 1
        late += looks == 2
        return event_clock() + late

    async with DrawnApp().run_test() as pilot:
        bar = Bar()
        await pilot.app.mount(bar)
        monkeypatch.setattr(timer, "_time", SimpleNamespace(get_time=late_at_the_second_look))
        for node in (pilot.app, bar):
            came, looks = asyncio.Event(), 0
            node.set_timer(0.02, came.set)
            await asyncio.wait_for(came.wait(), 60)


class BusyScreen(FittedScreen[None]):
    """Takes no second message before `free` is set, counts the sizes that it is told, and has more to do for each."""

    def __init__(self) -> None:
        super().__init__()
        self.busy, self.free = asyncio.Event(), asyncio.Event()
        self.told = 0

    async def on_key(self) -> None:
        self.busy.set()
        await self.free.wait()

    def on_resize(self) -> None:
        self.told += 1
        self.call_later(lambda: None)
        if self.told > 50:
            self.stack_updates = (
                0  # laid out no more: nothing else would have its turn again, and the test no end
            )

    async def work_off(self) -> None:
        """What waits now has been taken."""
        taken = asyncio.Event()
        self.call_later(taken.set)
        await asyncio.wait_for(taken.wait(), 60)


class BusyApp(DrawnApp):
    def get_default_screen(self) -> BusyScreen:
        return BusyScreen()


async def test_two_sizes_that_wait_with_a_key_between_them_end_on_the_last() -> None:
    async with BusyApp().run_test(size=(80, 24)) as pilot:
        app, screen = pilot.app, pilot.app.screen
        assert isinstance(screen, BusyScreen)
        before = screen.told
        screen.post_message(events.Key("down", None))
        await asyncio.wait_for(screen.busy.wait(), 60)
        for waiting, size in ((1, Size(40, 24)), (3, Size(120, 30))):
            app.post_message(events.Resize(size, size))
            while screen.message_queue_size < waiting:
                await asyncio.sleep(0)
            screen.post_message(events.Key("down", None))
        screen.free.set()
        for _ in range(3):
            await screen.work_off()
        assert screen.size == app.size == (120, 30)
        assert screen.told - before == 3, "both sizes waited, and the last was told once more"
