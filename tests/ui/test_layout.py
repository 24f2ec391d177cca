"""What a person set is there again at the next start, and no file can stop or spoil one."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster import own_file
from edgetui.model.cache.store import Store
from edgetui.terminal.profile import Profile
from edgetui.ui import layout
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.layout import Layout, PaneLayout
from edgetui.ui.options import ScreenOptions

from .driving import Screen, running
from .fleet import plant, vehicle
from .test_wire import Session

DEEP = b'{"version":1,"x":' + b"[" * 20_000 + b"]" * 20_000 + b"}"


@pytest.fixture
def file() -> Path:
    return layout.default_file()


@pytest.fixture(autouse=True)
def no_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """No second passes but those that a test counts: the layout is written by how often it was looked at."""
    monkeypatch.setattr(EdgetuiApp, "set_interval", lambda *_, **__: None)


@asynccontextmanager
async def started(
    stores: list[Store], size: tuple[int, int] = (80, 24), **more: Any
) -> AsyncIterator[Screen]:
    """The app as a start of edgetui makes it, ended as a person ends it."""
    remembered = layout.read(layout.default_file())
    options = layout.applied(ScreenOptions(**more), remembered.layout, [store.cluster for store in stores])
    chosen = {name: getattr(options, name) for name in ScreenOptions.__struct_fields__}
    async with running(stores, size=size, remembered=remembered, **chosen) as screen:
        yield screen
    if screen.app.layout_keeper is not None:
        await screen.app.layout_keeper.finish()


async def looked(screen: Screen, times: int = 2) -> None:
    """So many seconds pass for the one who writes the layout, and what was begun ends."""
    keeper = screen.app.layout_keeper
    assert keeper is not None
    for _ in range(times):
        screen.app._tick()
    if keeper._writing is not None:
        await keeper._writing


async def test_pane_sort_width_theme_and_namespace_are_there_again(file: Path) -> None:
    async with started([plant(), vehicle()]) as screen:
        await screen.press("2", "o", "O", "w", "4", "z", "T")
        screen.app.main.narrow_to("line-2")
        theme = screen.app.theme_name
    async with started([plant(), vehicle()]) as screen:
        main = screen.app.main
        assert (main.current.pane.id, main.zoomed, main.namespace) == ("rollouts", True, "line-2")
        assert screen.app.theme_name == theme != "ansi"
        assert main.panes["pods"].table.sort == ("cluster", True)
        assert main.panes["pods"].table.columns.wide and not main.panes["nodes"].table.columns.wide
        assert "rollouts" in screen.text() and "in line-2" in screen.text()
        await screen.press("2")
        assert screen.line("NAME").split()[0].endswith("↓")
    assert file.stat().st_mode & 0o777 == 0o600


async def test_a_large_screen_begins_with_the_pane_that_was_large() -> None:
    async with started([plant()], (120, 36)) as screen:
        await screen.press("2", "z")
    async with started([plant()], (120, 36)) as screen:
        assert screen.app.main.has_class("single") and screen.app.main.current.pane.id == "pods"
        await screen.press("z")
        assert not screen.app.main.has_class("single")


async def test_events_that_were_in_view_are_watched_and_shown_from_the_start() -> None:
    async with started([plant()]) as screen:
        await screen.press("6")
    shown: list[str] = []
    session: Any = Session("plant")
    session.need = lambda kind, needed: (shown.append if needed else shown.remove)(kind)
    remembered = layout.read(layout.default_file())
    async with running([plant()], sessions={"plant": session}, remembered=remembered) as screen:
        assert screen.app.main.current.pane.id == "events"
        assert shown == ["Event"] and "6 events" in screen.text()
        await screen.press("escape")
        assert shown == [] and screen.app.main.current.pane.id == "nodes"


async def test_nothing_is_written_while_nothing_changed(file: Path) -> None:
    async with started([plant()]) as screen:
        await looked(screen, 5)
        await screen.press("2", "1")
        await looked(screen, 5)
    assert not file.exists()
    async with started([plant()]) as screen:
        await screen.press("2")
        await looked(screen, 1)
        assert not file.exists()
        await looked(screen, 2)
        written = file.stat().st_ino
        await looked(screen, 5)
    assert file.stat().st_ino == written
    async with started([plant()]) as screen:
        await looked(screen, 5)
    assert file.stat().st_ino == written


async def test_the_command_line_wins_and_is_not_remembered(file: Path) -> None:
    own_file.write(
        file, b'{"version":1,"theme":"dark","namespace":"line-2","clusters":["plant"],"pane":"pods"}'
    )
    before = file.read_bytes()
    async with started([plant()], theme="light", namespace="line-1") as screen:
        assert (screen.app.theme_name, screen.app.main.namespace) == ("light", "line-1")
        await looked(screen, 3)
    assert file.read_bytes() == before
    mono = Profile("serial", "mono", False, True, 0.1, 500)
    async with started([plant()], profile=mono) as screen:
        assert screen.app.theme_name == "mono"
        await screen.press("1")
    assert layout.read(file).layout == Layout(theme="dark", namespace="line-2", clusters=("plant",))


async def test_a_namespace_is_of_the_clusters_it_was_chosen_on(file: Path) -> None:
    async with started([plant()]) as screen:
        screen.app.main.narrow_to("line-2")
    async with started([vehicle()]) as screen:
        assert screen.app.main.namespace == ""
        await screen.press("2")
    async with started([plant()]) as screen:
        assert screen.app.main.namespace == "line-2"
        screen.app.main.narrow_to("")
    assert layout.read(file).layout.namespace == ""


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[1]",
        b'{"pane":"pods"}',
        b'{"version":1,"panes":{"pods":7}}',
        b"\xff\xfe",
        DEEP,
    ],
)
async def test_a_broken_file_is_one_sentence_and_the_usual_layout(content: bytes, file: Path) -> None:
    own_file.write(file, content)
    async with started([plant()]) as screen:
        assert screen.app.main.current.pane.id == "nodes"
        assert "layout cannot be read and is not used" in screen.app.remembered.problem
        assert screen.app.remembered.problem[:40] in screen.text()
        await screen.press("2")
    assert layout.read(file).layout.pane == "pods"


async def test_a_file_of_a_newer_edgetui_is_left_alone(file: Path) -> None:
    future = b'{"version":2,"pane":["pods"]}'
    own_file.write(file, future)
    async with started([plant()]) as screen:
        assert "of a newer edgetui" in screen.app.remembered.problem
        await screen.press("2")
    assert file.read_bytes() == future


async def test_names_that_are_no_longer_there_are_passed_over(file: Path) -> None:
    own_file.write(
        file, b'{"version":1,"pane":"pumps","panes":{"pods":{"sort":"colour"},"pumps":{"wide":true}},"x":1}'
    )
    async with started([plant()]) as screen:
        assert screen.app.main.current.pane.id == "nodes"
        assert screen.app.main.panes["pods"].table.sort == (None, False)


async def test_a_pane_that_was_not_opened_stays_as_it_was(file: Path) -> None:
    own_file.write(file, b'{"version":1,"panes":{"events":{"wide":true}}}')
    async with started([plant()]) as screen:
        await screen.press("2", "w")
    assert layout.read(file).layout.panes == {"events": PaneLayout(wide=True), "pods": PaneLayout(wide=True)}


async def test_a_full_disk_is_one_sentence_and_nothing_else(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def full(*_: object) -> None:
        tries.append(1)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(own_file, "write", full)
    async with started([plant()]) as screen:
        await screen.press("2")
        await looked(screen, 3)
        assert "This layout cannot be remembered in" in screen.text()
        await screen.press("3")
        await looked(screen, 3)
    assert len(tries) == 1 and not file.exists()


async def test_a_directory_that_others_may_write_is_not_written_to(file: Path) -> None:
    file.parent.mkdir(parents=True, mode=0o777)
    file.parent.chmod(0o777)
    async with started([plant()]) as screen:
        await screen.press("2")
        await looked(screen, 3)
    assert not file.exists()


def test_what_is_written_is_what_is_read(file: Path) -> None:
    own_file.write(file, b'{"version":1,"panes":{"pods":{"sort":"name","reverse":true}}}')
    assert layout.read(file).layout == Layout(panes={"pods": PaneLayout("name", True)})
