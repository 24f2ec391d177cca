"""What each key, and each line behind `:`, changes on the dashboard and on an open object.

`pytest tests/ui/test_every_key.py --snapshot-update` takes what they do now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.identity import ObjectKey
from edgetui.model.panes import PANES
from edgetui.ui.command_line.commands import COMMANDS
from edgetui.ui.flows import Flows
from edgetui.ui.keymap import LOOKING

from .driving import Screen, running
from .fleet import plant, vehicle

LEFT_OUT = {"quit", "retry", "dump", "notify"}
"""Lines that end the program, tell nothing here, write a file or leave something running."""
LEAVE = {"q", "ctrl+c", "ctrl+q", "ctrl+z"}
KEYS = sorted(
    {
        *(name for key in LOOKING for name in key.keys.split(",") if name),
        *(action.key for action in ACTIONS.values() if action.key),
        *(
            "up",
            "down",
            "j",
            "k",
            "pageup",
            "pagedown",
            "home",
            "end",
            "left",
            "right",
            "enter",
            "1",
            "2",
            "3",
            "4",
            "5",
        ),
        *("6", "7", "0", "delete", "f1", "Z"),
    }
    - LEAVE
)


@pytest.fixture(autouse=True)
def no_rights_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)


def state(screen: Screen) -> dict[str, Any]:
    """All that a key may change."""
    app, main = screen.app, screen.app.main
    front, pane = app.screen, main.current
    return {
        "in front": f"{type(front).__name__} {getattr(getattr(front, 'key', None), 'name', '')}".strip(),
        "pane": pane.pane.id,
        "filter": pane.filter_text,
        "namespace": main.namespace,
        "cursor": pane.table.cursor.name.partition(".")[0] if pane.table.cursor is not None else "",
        "top": pane.table.top,
        "sort": pane.table.sort,
        "wide": pane.table.columns.wide,
        "columns": pane.table.columns.shift,
        "marks": len(pane.table.marks),
        "zoomed": main.zoomed,
        "frozen": app.frozen,
        "theme": app.theme_name,
        "says": app._footer.message,
        "asks": main.filter_bar.display or any(bar.display for bar in app.screen.query("CommandBar")),
        "copied": app.clipboard,
    }


async def at_rest(screen: Screen, pane: str, row: int = 1) -> None:
    """The dashboard as it was: one pane, all rows, no dialog, the cursor on the same object."""
    app, main = screen.app, screen.app.main
    while app.screen is not main:
        app.pop_screen()
    if app.frozen:
        app.action_freeze()
    for bar in app.main.query("CommandBar"):
        bar.display = False
    main.filter_bar.display = False
    main.show_pane(pane)
    main.narrow_to("")
    table = main.current.table
    table.marks.clear()
    main.current._sort(None, False)
    main.current.set_filter("")
    table.show_wide(False)
    main.zoomed = False
    app.set_look("ansi")
    app._clipboard = ""
    table.go_to(table.view.keys[row])
    main.footer.clear()
    await screen.pilot.pause()


def told(before: dict[str, Any], after: dict[str, Any]) -> str:
    changed = [f"{name} {after[name]}" for name in before if before[name] != after[name]]
    return "; ".join(changed) or "nothing"


class Trial:
    """Does one thing after the other, each from the same state."""

    def __init__(self, screen: Screen, pane: str, key: ObjectKey | None = None) -> None:
        self.screen, self.pane, self.key = screen, pane, key
        self.before: dict[str, Any] = {}
        self.found: list[str] = []

    async def of(self, name: str, deed: Callable[[], Awaitable[None] | None]) -> None:
        if not self.before:
            await at_rest(self.screen, self.pane)
            if self.key is not None:
                self.screen.app.open_detail(self.key)
                await self.screen.pilot.pause()
            self.before = state(self.screen)
        else:
            self.screen.app.hush()
        done = deed()
        if done is not None:
            await done
        await self.screen.settled()
        after = state(self.screen)
        self.found.append(f"{name}: {told(self.before, after)}")
        if after | {"says": ""} != self.before:
            self.before = {}


@pytest.mark.parametrize("pane", ["pods", "rollouts"])
async def test_keys_on_the_dashboard(pane: str, snapshot: SnapshotAssertion) -> None:
    async with running([plant(), vehicle()]) as screen:
        trial = Trial(screen, pane)
        for key in KEYS:
            await trial.of(key, partial(screen.pilot.press, key))
    assert "\n".join(trial.found) == snapshot


@pytest.mark.parametrize("kind", ["Pod", "Deployment"])
async def test_keys_on_an_open_object(kind: str, snapshot: SnapshotAssertion) -> None:
    store = plant()
    row = min(store.rows(kind), key=lambda one: one.name)
    async with running([store]) as screen:
        trial = Trial(screen, "pods", ObjectKey("plant", kind, row.namespace, row.name))
        for key in KEYS:
            await trial.of(key, partial(screen.pilot.press, key))
    assert "\n".join(trial.found) == snapshot


async def test_lines_behind_the_colon(snapshot: SnapshotAssertion) -> None:
    panes = ["po", "pods", "deploy line-2", "rs x", "nodes line-2 x", "events weld", "services -n line-2 /x"]
    others = [name for name in COMMANDS if name not in PANES and name not in LEFT_OUT]
    async with running([plant(), vehicle()]) as screen:
        trial = Trial(screen, "rollouts")
        for line in [*panes, *others, "cm", "nothing line-2", "scal 3", "roll", "ns line-2", "ns nowhere", "theme dark",
                     "theme x", "clusters van-17", "clusters x", "scale 1x", "scale 1234567890", "unplug van-17",
                     "unplug x", "control-plane van-17", "control-plane x", "help me", "logs x"]:  # fmt: skip
            await trial.of(line, partial(screen.app.command_line.run, line))
    assert "\n".join(trial.found) == snapshot
