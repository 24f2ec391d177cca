"""A cluster that does not answer holds no key, and what it says late stands between no two of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events

from edgetui.actions.guard import guard
from edgetui.actions.guard.record import Past
from edgetui.ui.background import action
from edgetui.ui.background.action import ActionJob
from edgetui.ui.dialogs.form import FormScreen
from edgetui.ui.flows import Flows
from edgetui.ui.text import clusters
from tests.unit.actions.scripted import Answer, Request, scripted
from tests.unit.model import factories as f
from tests.unit.model.factories import store_of

from .driving import Screen, running
from .fleet import plant
from .test_guarding import Site, on_press, until_shown

NAMES = ("plant", "van-17")


class Slow:
    """An API whose reads wait until `go`; `asked` counts them."""

    def __init__(self, real: Any) -> None:
        self.go = asyncio.Event()
        self.asked = 0
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    async def get(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        await self.go.wait()
        return await self._real.get(*args, **more)

    async def read(self, *args: Any, **more: Any) -> Any:
        self.asked += 1
        await self.go.wait()
        return await self._real.read(*args, **more)


def answer(request: Request) -> Answer:
    """The press, and nothing else."""
    if request.path.endswith("/press"):
        return 200, f.deployment("press", "line-2", replicas=6, revision=8, generation=9)
    return 200, {"items": []}


@asynccontextmanager
async def slow_press(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[tuple[Screen, Slow]]:
    """The cursor on the press of a cluster that does not answer."""
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    store = plant()
    async with scripted(answer) as (_, there):
        session = Site(there.target.server, store)
        session.api = slow = Slow(session.api)  # type: ignore[assignment]
        async with running([store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *"press", "enter")
            yield screen, slow
        slow.close()


@pytest.mark.parametrize("key", ["escape", "ctrl+c"])
async def test_escape_and_ctrl_c_end_the_read(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        assert "esc cancels" in screen.text()
        await screen.press(key)
        await screen.wait_for(lambda: not screen.app.flows.jobs, "the end of it")
        assert "Cancelled: nothing was changed." in screen.text()
        assert screen.app.is_running
        assert screen.app.main.current.filter_text == "press", "escape did one thing"


async def test_how_long_a_read_has_run_is_said_once_that_is_long(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        (job,) = screen.app.flows.jobs
        assert isinstance(job, ActionJob)
        for passed, words in ((1.5, ""), (2.0, " 2 s"), (12.0, " 12 s")):
            at = job._asked_at + passed
            monkeypatch.setattr(type(job), "_now", staticmethod(lambda at=at: at))
            job.tick()
            await screen.pilot.pause()
            said = screen.line("esc cancels")
            assert words in said
            assert (" s" in said.replace("esc cancels", "")) is bool(words), said
        job.leave()
        screen.app.flash("Something else.")
        job.tick()
        await screen.pilot.pause()
        assert "Something else." in screen.text()


async def test_every_key_works_while_a_read_runs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        main = screen.app.main
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        await screen.press("2")
        await screen.wait_for(lambda: main.current.pane.id == "pods")
        await screen.press("slash", *"we", "enter")
        await screen.wait_for(lambda: main.current.filter_text == "we")
        await screen.press("question_mark")
        await screen.wait_for(lambda: screen.app.screen is not main)
        await screen.press("escape")
        await screen.wait_for(lambda: screen.app.screen is main)
        await screen.press("q")
        await screen.wait_for(lambda: "Still running:" in screen.text())
        assert "Set image: deployment press in line-2 on plant  reading" in screen.text()
        await screen.press("tab", "enter")
        assert screen.app.return_code == 0


async def test_what_is_read_late_is_a_badge_and_not_a_dialog_over_what_is_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        await screen.press("down", "slash", "p")
        await screen.wait_for(lambda: screen.app.main.filter_bar.input.value == "p", "the filter")
        slow.go.set()
        await screen.wait_for(lambda: screen.app.badges == ["1 QUESTION"], "a badge")
        await screen.press("r", "e")
        assert screen.app.main.filter_bar.input.value == "pre"
        assert "R shows what waits for you: Set image: deployment press" in screen.text()
        await screen.press("enter", "R")
        await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen), "the dialog")
        assert screen.app.badges == []


async def test_who_waits_for_a_slow_read_gets_the_dialog_with_no_further_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        slow.go.set()
        await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen), "the dialog")


@pytest.mark.parametrize("key", ["s", "i", "b", "r", "p", "g", "y", "enter"])
async def test_the_end_of_the_screen_while_a_read_runs_is_no_defect(
    key: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press(key)
        await screen.wait_for(lambda: slow.asked)


async def test_a_dialog_that_comes_soon_gets_what_was_typed_for_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(action, "HOLD", 60.0)  # what comes soon is late on a busy machine
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        slow.go.set()
        for key in "s7":
            screen.app.post_message(events.Key(key, key))
        await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen))
        dialog = screen.app.screen
        assert isinstance(dialog, FormScreen)
        await screen.wait_for(lambda: "replicas > 7" in screen.text(), "a 7 in the field")
        assert screen.app.main.current.pane.id == "rollouts"


async def test_an_escape_behind_the_key_ends_what_it_began_and_forgets_what_was_between(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, _):
        for key in ("s", "5", "escape", "2"):
            screen.app.post_message(events.Key(key, None))
        await screen.wait_for(lambda: screen.app.main.current.pane.id == "pods")
        await screen.wait_for(lambda: not screen.app.flows.jobs)


async def test_the_same_key_again_is_no_second_action(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async with slow_press(monkeypatch, tmp_path) as (screen, slow):
        await screen.press("i")
        await screen.wait_for(lambda: slow.asked)
        await screen.press("i")
        await screen.wait_for(lambda: not screen.app.flows.holds_keys)
        await screen.press("i")
        assert len(screen.app.flows.jobs) == 1
        slow.go.set()
        await screen.wait_for(lambda: isinstance(screen.app.screen, FormScreen), "the dialog")


async def test_a_guard_that_is_being_set_is_one_guard_however_often_the_key_is_pressed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Between the yes and the registered guard the whole audit record is read, and that takes its time."""
    go = asyncio.Event()
    loop = asyncio.get_running_loop()

    def past(*_: Any) -> Past:
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        return real(*_)

    real: Callable[..., Past] = guard.past
    monkeypatch.setattr(guard, "past", past)
    async with on_press(tmp_path) as screen:
        await screen.press("g", "enter")
        await until_shown(screen, "back to")
        await screen.press("right", "enter")
        await screen.wait_for(lambda: screen.app.badges == ["1 RUNNING"], "a badge")
        await screen.press("g", "enter", "right", "enter", "g")
        assert len(screen.app.flows.jobs) == 1
        go.set()
        await until_shown(screen, "GUARD press")
        assert [job.title for job in screen.app.flows.jobs] == ["Guard of deployment press on plant"]
    assert (tmp_path / "audit.jsonl").read_text().count('"state":"started"') == 1


async def test_a_server_that_owes_an_answer_is_said_in_the_header_until_it_gives_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    go = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await go.wait()
        writer.write(b"HTTP/1.1 404 x\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()

    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    monkeypatch.setattr(clusters, "SILENT", 0.1)
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    session = Site(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", plant())
    session.counters = session.api.transport.counters  # type: ignore[attr-defined]
    assert session.store is not None
    async with running(
        [session.store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl"
    ) as screen:
        await screen.press("4", "s")
        await until_shown(screen, "plant not answering")
        go.set()
        await until_shown(screen, "plant live")
    session.api.close()
    listening.close()


async def test_several_objects_say_which_cluster_they_wait_for_and_can_be_cancelled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(Flows, "look_up_rights", lambda *_: None)
    stores = [plant(), store_of(f.deployment("route", "default"), cluster="van-17")]
    async with scripted(answer) as (server, there):
        sessions = {name: Site(there.target.server, store) for name, store in zip(NAMES, stores, strict=True)}
        sessions["van-17"].api = slow = Slow(sessions["van-17"].api)  # type: ignore[assignment]
        async with running(stores, sessions=sessions, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press(
                "4", "slash", *"press", "enter", "m", "escape", "slash", *"route", "enter", "m", "escape"
            )
            await screen.press("r")
            await until_shown(screen, "1 of 2 ready, waiting for deployment default/route on van-17")
            await screen.press("right", "enter")
            await until_shown(screen, "Cancelled: nothing was changed.")
            assert screen.app.screen is screen.app.main
            assert not [
                request
                for request in server.requests
                if request.method != "GET" and "dryRun" not in request.query
            ]
        slow.close()
        sessions["plant"].api.close()


async def test_a_slash_with_a_filter_set_types_another_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running([plant()]) as screen:
        main = screen.app.main
        await screen.press("2", "slash", *"weld", "enter")
        assert main.current.filter_text == "weld"
        await screen.press("slash", *"press", "enter")
        assert main.current.filter_text == "press"
        await screen.press("slash", "end", *"-7f", "enter")
        assert main.current.filter_text == "press-7f"
        await screen.press("slash", "enter")
        assert main.current.filter_text == "press-7f"
        await screen.press("slash", "backspace", "enter")
        assert main.current.filter_text == ""
