"""The first rows stand below the first line, are drawn over in place, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os

import pyte
import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.terminal.profile import choose
from edgetui.ui.first_rows import LOOK_EVERY, FirstRows, affordable
from edgetui.ui.layout import Layout, PaneLayout
from tests.unit.model import factories as f

COLUMNS, LINES = 80, 12
AS_NEW = Layout()


class Terminal:
    """A terminal with the first line on it."""

    def __init__(self) -> None:
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.Stream(self._screen)
        self.bytes = 0
        self.write("$ edgetui\r\n edgetui  connecting to plant")
        self.bytes = 0

    def write(self, text: str) -> None:
        self.bytes += len(text)
        self._stream.feed(text)

    @property
    def lines(self) -> list[str]:
        return [line.rstrip() for line in self._screen.display]


def listed(store: Store, *names: str) -> None:
    for name in names:
        store.apply("Node", f.row_of("Node", f.node(name)))
    store.set_freshness("Node", Freshness(Sync.LIVE, heard=f.NOW))


def drawn(
    store: Store, terminal: Terminal, layout: Layout = AS_NEW, *, namespace: str = "", lines: int = LINES
) -> FirstRows:
    """What draws the first rows of a store for a screen that was left so."""
    size = os.terminal_size((COLUMNS, lines))
    return FirstRows([store], layout, namespace=namespace, size=size, write=terminal.write, now=lambda: f.NOW)


def unheard() -> Store:
    """A cluster of which nothing has been heard."""
    return Store("plant")


def test_nodes_are_drawn_below_the_first_line_and_again_in_place() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal)
    rows.look()
    assert terminal.bytes == 0
    listed(store, "node-b")
    rows.look()
    assert terminal.lines[1] == " edgetui  connecting to plant"
    assert terminal.lines[2].split()[:2] == ["NAME", "STATE"]
    assert terminal.lines[3].split()[:2] == ["node-b", "Ready"]
    assert not any(terminal.lines[4:])
    seen = terminal.bytes
    rows.look()
    assert terminal.bytes == seen
    listed(store, "node-a-longer")
    rows.look()
    assert [line.split()[:1] for line in terminal.lines[3:5]] == [["node-a-longer"], ["node-b"]]
    assert terminal.lines[1] == " edgetui  connecting to plant"


def test_they_leave_nothing_behind() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal)
    listed(store, *(f"node-{number}" for number in range(4)))
    rows.look()
    rows.clear()
    rows.clear()
    assert [line for line in terminal.lines if line] == ["$ edgetui"]


def test_of_many_nodes_the_worst_are_shown_and_the_first_line_stays() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal)
    listed(store, *(f"node-{number:02}" for number in range(50)))
    store.apply("Node", f.row_of("Node", f.node("node-99", ready="Unknown")))
    rows.look()
    assert terminal.bytes < 1024
    assert " edgetui  connecting to plant" in terminal.lines
    assert any(line.startswith("! node-99") for line in terminal.lines)
    rows.clear()
    assert not any(terminal.lines[1:])


@pytest.mark.parametrize("lines", [1, 2, 3])
def test_a_terminal_without_room_for_a_row_gets_none(lines: int) -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal, lines=lines)
    listed(store, *(f"node-{number}" for number in range(4)))
    rows.look()
    assert terminal.bytes == 0


async def test_a_fleet_that_comes_bit_by_bit_is_looked_at_less_and_less() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal)
    loop, waits = asyncio.get_running_loop(), []
    for number in range(3):
        listed(store, f"node-{number}")
        rows.look()
        now = loop.time()
        rows.start()
        assert rows._timer is not None
        waits.append(rows._timer.when() - now)
        rows._timer.cancel()
    assert LOOK_EVERY * 4 < waits[0] < waits[1] / 2 < waits[2] / 4


def test_what_is_not_known_yet_is_no_number() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal)
    listed(store, "node-a")
    rows.look()
    pods = terminal.lines[2].index("PODS") + 3
    assert terminal.lines[3][pods] == "-"


@pytest.mark.parametrize(
    ("name", "drawn"), [("local", True), ("ssh", True), ("thin", False), ("serial", False)]
)
def test_a_slow_terminal_is_spared(name: str, drawn: bool) -> None:
    assert affordable(choose({"TERM": "xterm-256color"}, name)) is drawn


def pods_listed(store: Store, *names: str) -> None:
    for name in names:
        namespace, _, own = name.partition("/")
        store.apply("Pod", f.row_of("Pod", f.pod(own, namespace)))
    store.set_freshness("Pod", Freshness(Sync.LIVE, heard=f.NOW))


@pytest.mark.parametrize(
    ("kept", "namespace", "names"),
    [
        (None, "", ["cam-1", "cam-3", "cam-2"]),
        (PaneLayout(sort="name", reverse=True), "", ["cam-3", "cam-2", "cam-1"]),
        (PaneLayout(sort="gone", reverse=False), "", ["cam-1", "cam-3", "cam-2"]),
        (None, "line-1", ["cam-1", "cam-3"]),
        (None, "line-3", []),
    ],
)
def test_they_are_the_rows_that_the_screen_begins_with(
    kept: PaneLayout | None, namespace: str, names: list[str]
) -> None:
    store, terminal = unheard(), Terminal()
    layout = Layout(pane="pods", panes={} if kept is None else {"pods": kept})
    rows = drawn(store, terminal, layout, namespace=namespace)
    listed(store, "node-a")
    rows.look()
    assert terminal.bytes == 0
    pods_listed(store, "line-1/cam-1", "line-2/cam-2", "line-1/cam-3")
    rows.look()
    assert [line.split()[1] for line in terminal.lines[3:] if line] == names


def test_a_pane_that_nobody_asks_for_yet_has_none() -> None:
    store, terminal = unheard(), Terminal()
    rows = drawn(store, terminal, Layout(pane="services"))
    listed(store, "node-a")
    pods_listed(store, "line-1/cam-1")
    rows.look()
    assert terminal.bytes == 0
