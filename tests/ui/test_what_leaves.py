"""What leaves the screen as text, for the clipboard, a file or a notice: what is seen, and nothing that acts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.unit.model.factories import crashing, deployment, pod, store_of

from .driving import Screen, running
from .fleet import many_pods

HOSTILE = "pre\x1b[2Jss\r\nrm -rf\x9b31m\u202e\u2066\x00\x07"
BIDI = "press\u202egnp"


def acts(text: str) -> bool:
    """Whether a terminal, or who reads it there, would be steered by a text."""
    return any(not one.isprintable() and one != "\n" for one in text)


async def copied(screen: Screen) -> str:
    screen.app.copy_to_clipboard("")
    await screen.press("ctrl+y")
    return screen.app.clipboard


async def test_a_copy_leaves_the_marks_alone_whatever_the_filter_hides() -> None:
    async with running([many_pods(8)]) as screen:
        await screen.press("2", "m", "m", "m", "m", "slash", *"00001", "enter")
        assert screen.app.main.current.table.marks.hidden == 3
        assert (await copied(screen)).count("\n") == 0
        marks = screen.app.main.current.table.marks
        assert (len(marks), marks.hidden) == (4, 3)
        await screen.press("escape")
        assert len((await copied(screen)).split("\n")) == len(marks) == 4


@pytest.mark.parametrize("name", [HOSTILE, BIDI, "a\u200bb", "zero\x00"])
async def test_a_name_with_what_cannot_be_seen_is_not_copied(name: str) -> None:
    store = store_of(pod(name, "line-1"), pod("press", "line-1"))
    async with running([store]) as screen:
        await screen.press("2")
        table = screen.app.main.current.table
        assert table.go_to(next(key for key in table.view.keys if key.name == name))
        assert await copied(screen) == ""
        assert "not copied" in screen.text()


@pytest.mark.parametrize("view", ["", "detail", "logs", "manifest"])
async def test_a_dump_is_what_the_cells_hold(view: str, tmp_path: Path) -> None:
    store = store_of(
        pod(HOSTILE, "line\x1b]0;x\x07", statuses=[crashing()], created=0),
        deployment(BIDI, "👩\u200d🔧", image="reg\x9b31m/press:2"),
        pod("e\u0301" * 3 + "⚠\ufe0f", "n"),
    )
    async with running([store]) as screen:
        await screen.press("2")
        key = screen.app.main.current.table.cursor
        assert key is not None
        if view:
            screen.app.navigation.open(view, key)
            await screen.pilot.pause()
        file = tmp_path / "dump"
        screen.app.command_line.run(f"dump {file}")
        text = file.read_text()
        assert "pre" in text
        assert not acts(text)
        assert len(text.splitlines()) == 24


async def test_the_notice_of_an_ended_rollout_holds_nothing_that_acts() -> None:
    sent: list[str] = []
    async with running([store_of(pod("a"))]) as screen:
        driver: Any = screen.app._driver
        driver.write = sent.append
        screen.app.ring(f"deployment {HOSTILE} has ended")
    notice = next(one for one in sent if one.startswith("\x1b]9;"))
    assert not acts(notice.removeprefix("\x1b]9;").removesuffix("\x1b\\"))
