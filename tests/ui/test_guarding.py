"""A guard on the screen: its plan, its countdown in the header, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.guard import Guard
from edgetui.cluster.watch.partition import Selector
from edgetui.cluster.watch.scoped_informer import ScopedStore
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.rollout.guard import Terms
from edgetui.ui.background.long_running import LongRunningJob
from edgetui.ui.widgets.bars import KeyHint
from tests.unit.actions.scripted import Answer, Connected, Request, scripted
from tests.unit.model import factories as f

from .driving import Screen, running
from .fleet import NOW, plant


class Site(Connected):
    """A session on a scripted server, beside the rows of a store."""

    def need(self, kind: str, needed: bool) -> None:
        """ReplicaSets are there already."""

    def scoped_store(self, parts: Mapping[str, Selector]) -> ScopedStore:
        """The rows are there already."""
        assert self.store is not None
        return ScopedStore(self.store, asyncio.Event())

    def look_at_kinds(self, kinds: Iterable[str], beside: str = "") -> None:
        """Nobody measures anything here."""


def answer(request: Request) -> Answer:
    """The press and the oven of the plant, and the revisions of the press."""
    made = f.deployment(
        "press", "line-2", replicas=6, revision=8, generation=9, image="registry.local/press:2.1"
    )
    if request.path.endswith("/press"):
        return 200, made
    if request.path.endswith("/oven"):
        return 200, f.deployment("oven", "line-1")
    if request.path.endswith("line-1/replicasets"):
        return 200, {"items": []}
    if request.path.endswith("line-2/replicasets"):
        new = f.replica_set(made, "7f9c66", revision=8, replicas=2, ready=0, image="registry.local/press:2.1")
        old = f.replica_set(made, "66d8c4", revision=7, replicas=5, image="registry.local/press:2.0")
        return 200, {"items": [new, old]}
    return 404, {"kind": "Status", "reason": "NotFound", "code": 404}


@asynccontextmanager
async def on_press(tmp_path: Path, name: str = "press") -> AsyncIterator[Screen]:
    """The cursor on the press, or another machine, in the rollouts pane."""
    store = plant()
    async with scripted(answer) as (_, there):
        session = Site(there.target.server, store)
        async with running([store], sessions={"plant": session}, audit=tmp_path / "audit.jsonl") as screen:
            await screen.press("4", "slash", *name, "enter")
            yield screen
        session.api.close()


async def until_shown(screen: Screen, words: str) -> None:
    """Wait until these words are on the screen."""
    for _ in range(2000):
        await screen.pilot.pause(0.01)
        screen.app.main.update_header()
        if words in screen.text():
            return
    raise AssertionError(f"{words!r} is not on the screen:\n{screen.text()}")


async def guarded(screen: Screen) -> None:
    """Press g, leave the times as they are, and agree."""
    await screen.press("g", "enter")
    await until_shown(screen, "back to")
    await screen.press("right", "enter")
    await until_shown(screen, "GUARD press")


async def test_the_plan_says_when_and_to_what_and_that_it_ends_with_the_screen(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await screen.press("g", "enter")
        await until_shown(screen, "back to")
        text = screen.text()
        assert "revision 7, registry.local/press:2.0" in screen.line("back to")
        assert "fail for 2m" in text
        assert "ends with this screen and its SSH session" in text
        assert "more lines" not in text
        await screen.press("enter")
        assert not screen.app.flows.jobs


async def test_the_times_are_chosen_before_the_plan_and_are_what_it_counts_by(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await screen.press("g", "backspace")
        await screen.press("x")
        assert "“x” is not a span of time such as 90s, 5m or 1h30m" in screen.text()
        await screen.press("enter", "backspace", *"5s", "enter")
        assert "Less than 10s proves nothing" in screen.text()
        await screen.press("home", "4", "tab", *"1m", "enter")
        await until_shown(screen, "back to")
        assert "fail for 45s" in screen.text()
        assert "complete for 1m without a failure" in screen.text()
        await screen.press("right", "enter")
        await until_shown(screen, "GUARD press 4")
        (job,) = screen.app.flows.jobs
        assert isinstance(job, LongRunningJob) and isinstance(job.work, Guard)
        assert job.work.terms == Terms(45.0, 60.0)
    recorded = (tmp_path / "audit.jsonl").read_text()
    assert '"for":45.0' in recorded
    assert '"after":60.0' in recorded


async def test_no_guard_without_times(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await screen.press("g", "escape")
        assert "observe after success" not in screen.text()
        assert not screen.app.flows.jobs


async def test_it_counts_down_in_the_header_and_in_the_details(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await guarded(screen)
        await until_shown(screen, "GUARD press 1m")
        await screen.press("enter")
        await until_shown(screen, "guard, g cancels it: rolls back in 1m")


async def test_the_same_key_cancels_after_a_question_and_so_does_escape(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await guarded(screen)
        await screen.press("g")
        await until_shown(screen, "Cancel the guard")
        assert "Guard of deployment press on plant" in screen.text()
        await screen.press("enter")
        assert len(screen.app.flows.jobs) == 1
        await until_shown(screen, "GUARD press 1m")
        await screen.press("escape")  # the filter
        press = screen.app.main.current.table.cursor
        assert KeyHint("g", "cancel guard") in screen.app.action_keys.hints(press, ())
        await screen.press("escape")
        await until_shown(screen, "Now: rolls back in")
        await screen.press("right", "enter")
        await until_shown(screen, "was cancelled")
        assert screen.app.badges == []
    last = (tmp_path / "audit.jsonl").read_text().splitlines()[-1]
    assert '"state":"cancelled"' in last


async def test_leaving_with_a_guard_asks_first(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await guarded(screen)
        await screen.press("q")
        await until_shown(screen, "A guard ends with this screen")
        assert "Guard of deployment press on plant" in screen.text()
        await screen.press("right", "enter")
        assert screen.app.return_code == 0
    assert AuditLog(tmp_path / "audit.jsonl").verify().broken == ()


async def test_what_it_cannot_judge_is_said(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await guarded(screen)
        store = screen.app.stores[0]
        store.set_link(LinkState(Link.STALE, since=NOW, heard=NOW))
        await until_shown(screen, "GUARD press?")


async def test_where_all_is_well_it_waits_for_the_next_release(tmp_path: Path) -> None:
    async with on_press(tmp_path, "oven") as screen:
        await screen.press("g", "enter")
        await until_shown(screen, "requests")
        await screen.press("right", "enter")
        await until_shown(screen, "GUARD oven")
        await screen.press("enter")
        await until_shown(screen, "guard, g cancels it: waiting for the next release")


async def test_an_end_that_came_by_itself_waits_to_be_read(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await guarded(screen)
        await screen.press("question_mark")
        press = screen.app.stores[0].get("Deployment", "line-2", "press")
        assert press is not None
        screen.app.stores[0].delete("Deployment", "line-2", "press", press.uid)
        await screen.wait_for(lambda: screen.app.badges == ["1 RESULT"], "the end as a badge")
        await screen.press("escape", "R")
        await until_shown(screen, "The guard of deployment press ended: it no longer exists")


async def test_home_is_the_first_row_and_g_is_not(tmp_path: Path) -> None:
    async with on_press(tmp_path) as screen:
        await screen.press("escape", "end")
        last = screen.app.main.target
        await screen.press("home")
        first = screen.app.main.target
        assert first is not None and last is not None
        assert first.key != last.key
        await screen.press("1", "end", "g")
        assert screen.app.main.target is not None
        assert "does not work on node" in screen.text()
