"""Walks through the screens: the lines that each key changes, on terminals of several sizes.

`pytest tests/ui/test_walks.py --snapshot-update` takes what is shown now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.ui.flows import Flows
from edgetui.ui.layout import Layout, PaneLayout, Remembered
from tests.unit.model import factories as f

from .driving import Screen, running
from .fleet import farm, plant, vehicle


@pytest.fixture(autouse=True)
def no_rights_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)


class Walk:
    """What was seen on the way: at each step the lines that are not as they were before."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self.seen: list[str] = []
        self._before: list[str] = []
        self.look("begins")

    def look(self, step: str) -> None:
        lines = self.screen.text().splitlines()
        before = self._before + [""] * (len(lines) - len(self._before))
        self.seen.append(f"-- {step}")
        self.seen += [f"{at:>2} {line}" for at, line in enumerate(lines) if line != before[at]]
        self._before = lines

    async def go(self, keys: Sequence[str]) -> None:
        for key in keys:
            await self.screen.pilot.press(key)
            await self.screen.settled()
            self.look(key)


def small() -> Store:
    """A cluster with a few rows in every pane."""
    press = f.deployment("press", "line-2", replicas=2, ready=1, available=1, revision=3)
    press_set = f.replica_set(press, "5d4b8", revision=3, replicas=2, ready=1)
    oven = f.deployment("oven", "line-1", replicas=1, ready=1, available=1, revision=1)
    store = f.store_of(
        f.node("edge-1"),
        f.node("edge-2", ready="Unknown"),
        press,
        press_set,
        *f.pods_of(press_set, 2),
        oven,
        f.autoscaler("press", "line-2"),
    )
    store.set_version("v1.33.1")
    return store


async def test_one_pane_at_a_time(snapshot: SnapshotAssertion) -> None:
    async with running([small(), vehicle()], size=(80, 14)) as screen:
        walk = Walk(screen)
        await walk.go(
            [
                "tab",
                "tab",
                "shift+tab",
                "6",
                "tab",
                "shift+tab",
                "5",
                "escape",
                "2",
                "slash",
                "o",
                "v",
                "enter",
            ]
        )
        await walk.go(
            [
                "tab",
                "2",
                "escape",
                "m",
                "m",
                "M",
                "w",
                "o",
                "O",
                "z",
                "escape",
                "space",
                "c",
                "escape",
                "space",
            ]
        )
        await walk.go(["y", "escape", "enter", "escape", "h", "escape"])
        for namespace in ("line-2", ""):
            screen.app.main.narrow_to(namespace)
            await screen.pilot.pause()
            walk.look(f"in {namespace or 'all'}")
    assert "\n".join(walk.seen) == snapshot


@pytest.mark.parametrize("size", [(119, 40), (120, 35), (120, 36), (175, 36), (176, 36)])
async def test_panes_where_there_is_room(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with running([small()], size=size) as screen:
        walk = Walk(screen)
        if size == (120, 36):
            await walk.go(
                [
                    "tab",
                    "z",
                    "z",
                    "6",
                    "escape",
                    "4",
                    "slash",
                    "p",
                    "enter",
                    "escape",
                    "z",
                    "escape",
                    "escape",
                ]
            )
    assert "\n".join(walk.seen) == snapshot


async def test_another_size_has_room_for_other_panes(snapshot: SnapshotAssertion) -> None:
    async with running([small()], size=(120, 36)) as screen:
        walk = Walk(screen)
        for size in ((176, 40), (80, 12), (120, 36)):
            await screen.pilot.resize_terminal(*size)
            for _ in range(3):
                await screen.pilot.pause()
            walk._before = []
            walk.look(f"{size}")
    assert "\n".join(walk.seen) == snapshot


@pytest.mark.parametrize(
    "layout",
    [
        Layout(pane="rollouts", zoomed=True, panes={"rollouts": PaneLayout("name", reverse=True, wide=True)}),
        Layout(pane="events", panes={"pods": PaneLayout("name")}),
        Layout(pane="no such pane"),
    ],
    ids=["rollouts, large", "a pane on demand", "unknown"],
)
async def test_a_screen_as_it_was_left(layout: Layout, snapshot: SnapshotAssertion) -> None:
    async with running([small()], size=(120, 36), remembered=Remembered(layout)) as screen:
        walk = Walk(screen)
        await walk.go(["2"])
    assert "\n".join(walk.seen) == snapshot


async def test_what_comes_while_a_person_looks(snapshot: SnapshotAssertion) -> None:
    store = small()
    async with running([store, farm()], size=(80, 14)) as screen:
        walk = Walk(screen)
        for step, made in {
            "a node is lost": f.node("edge-1", ready="Unknown", version="v2"),
            "another pane": f.deployment("oven", "line-1", replicas=4, ready=1, available=1),
        }.items():
            store.apply(made["kind"], row_of(made["kind"], made))
            await screen.changed()
            walk.look(step)
        await walk.go(["4"])
        screen.clock.advance(75)
        screen.app.main.tick()
        await screen.pilot.pause()
        walk.look("75 s later")
        await walk.go(["h", "escape"])
    assert "\n".join(walk.seen) == snapshot


async def test_one_object_and_what_is_around_it(snapshot: SnapshotAssertion) -> None:
    async with running([small()], size=(80, 20)) as screen:
        walk = Walk(screen)
        screen.app.open_detail(ObjectKey("plant", "Deployment", "line-2", "press"))
        await screen.settled()
        walk.look("details")
        await walk.go(
            ["d", "y", "q", "f", "left_square_bracket", "ctrl+y", "question_mark", "escape", "escape"]
        )
        screen.app.open_detail(ObjectKey("plant", "Pod", "line-9", "gone"))
        await screen.settled()
        walk.look("what is gone")
        await walk.go(["s", "x", "full_stop", "escape"])
    assert "\n".join(walk.seen) == snapshot


@pytest.mark.parametrize("stores", [[plant()], [plant(), vehicle(), farm()]], ids=["one", "three"])
async def test_the_list_of_clusters(stores: list[Store], snapshot: SnapshotAssertion) -> None:
    async with running(stores, size=(80, 24)) as screen:
        walk = Walk(screen)
        await walk.go(["c", "v", "p", "escape", "escape"])
    assert "\n".join(walk.seen) == snapshot


async def test_help_keeps_keys_and_commands_apart_from_what_they_do(snapshot: SnapshotAssertion) -> None:
    async with running([small()], size=(100, 30)) as screen:
        await screen.press("space", "question_mark")
        front: Any = screen.app.screen
        assert "\n".join("".join(span.text for span in one) for one in front.lines()) == snapshot
