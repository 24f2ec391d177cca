"""Logs on the screen: what is said in every state, following and standing still, search, other pods and containers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.ui.screens.help import HelpScreen
from edgetui.ui.screens.logs import LogScreen
from edgetui.ui.widgets.log_view import LogView
from tests.unit.cluster.logsite import HEAD, LAST, Site, Source, said, status
from tests.unit.cluster.wire import Pause, chunk, serving
from tests.unit.model.factories import crashing, pod
from tests.unit.model.factories import running as runs

from .driving import Screen, running
from .fleet import plant


class Logs(Screen):
    """The running app with a log in front."""

    site: Site
    source: Source

    async def until(self, fact: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not fact():
                await self.pilot.pause(0.01)

    async def says(self, *words: str) -> None:
        try:
            await self.until(lambda: all(one in self.text() for one in words))
        except TimeoutError:
            raise AssertionError(f"{words} are not on the screen:\n{self.text()}") from None

    @property
    def logs(self) -> LogScreen:
        assert isinstance(self.app.screen, LogScreen)
        return self.app.screen


OVEN = ObjectKey("plant", "Pod", "line-1", "oven-6b7f9-00000")
PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


@asynccontextmanager
async def looking(
    site: Site,
    key: ObjectKey = OVEN,
    *,
    size: tuple[int, int] = (80, 24),
    at_once: Callable[[Screen], object] = lambda screen: None,
) -> AsyncIterator[Logs]:
    """The plant with a session to `site`, and the log of `key` in front; `at_once` happens while it opens."""
    async with serving(answer=site, tls=False) as server:
        source = Source(f"http://127.0.0.1:{server.port}")
        try:
            async with running([plant()], sessions={"plant": source}, size=size) as screen:
                logs = Logs(screen.app, screen.pilot, screen.clock)
                logs.site, logs.source = site, source
                screen.app.open_logs(key)
                at_once(screen)
                await logs.until(lambda: isinstance(screen.app.screen, LogScreen))
                yield logs
        finally:
            source.transport.close()


def lines(count: int, start: int = 0) -> bytes:
    return b"".join(said(at % 60, f"line {at}") for at in range(start, start + count))


async def test_a_pod_is_followed_under_a_title_that_names_it() -> None:
    more = Pause()
    async with looking(Site([HEAD, chunk(lines(3)), more, chunk(said(9, "new"))])) as on:
        await on.says("line 2", "following")
        shown = on.text().splitlines()
        assert shown[1].startswith("logs oven-6b7f9-00000 · container app · line-1 · plant")
        assert [one.rstrip() for one in shown[2:5]] == ["line 0", "line 1", "line 2"]
        assert shown[23].endswith("esc back")
        more.until.set()
        await on.says("new")
        await on.press("escape")
        assert on.app.screen is on.app.main
        await on.until(lambda: not on.source.transport._streams)


async def test_a_change_that_comes_while_it_opens_asks_for_no_second_log() -> None:
    def changes(screen: Screen) -> None:
        store = screen.app.fleet.stores["plant"]
        assert isinstance(screen.app.screen, LogScreen)
        assert store.apply("Pod", replace(store.get(*OVEN[1:]), restarts=7, resource_version="900000"))
        screen.app.feed._flush()

    site = Site([HEAD, chunk(lines(3)), Pause()])
    async with looking(site, at_once=changes) as on:
        await on.says("line 2", "following")
        assert len(site.asked) == 1


async def test_a_flood_is_painted_no_faster_than_the_profile_allows(monkeypatch: pytest.MonkeyPatch) -> None:
    paints: list[float] = []
    real = LogScreen._paint
    monkeypatch.setattr(LogScreen, "_paint", lambda self: (paints.append(time.monotonic()), real(self)))
    site = Site([HEAD, *(chunk(lines(200, at)) for at in range(0, 60_000, 200))])
    async with looking(site) as on:
        await on.until(lambda: on.logs.tail is not None and on.logs.tail.buffer.end == 60_000)
        await on.says("line 59999", "50,000 older lines dropped")
        allowed = (paints[-1] - paints[0]) / on.app.options.profile.flush
        assert 2 <= len(paints) <= allowed + 2


async def test_scrolling_up_stops_following_and_counts_what_comes() -> None:
    more = Pause()
    async with looking(Site([HEAD, chunk(lines(60)), more, chunk(lines(34, 60))])) as on:
        await on.says("line 59")
        await on.press("pageup")
        await on.says("paused")
        top = on.text().splitlines()[2]
        more.until.set()
        await on.says("paused, 34 new lines below")
        assert on.text().splitlines()[2] == top
        await on.press("f")
        await on.says("line 93", "following")
        await on.press("home")
        await on.says("line 0", "paused")
        await on.press("end")
        await on.says("line 93", "following")
        await on.press("up", "down")
        await on.says("following")


async def test_lines_that_come_below_paint_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    more = Pause()
    painted: list[int] = []
    real = LogView.render_line
    async with looking(Site([HEAD, chunk(lines(60)), more, chunk(lines(34, 60))])) as on:
        await on.says("line 59")
        await on.press("home")
        await on.says("line 0")
        monkeypatch.setattr(LogView, "render_line", lambda self, y: painted.append(y) or real(self, y))
        more.until.set()
        await on.says("34 new lines below")
        assert painted == []


async def test_lines_that_still_fit_paint_themselves_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    more = Pause()
    painted: list[int] = []
    real = LogView.render_line
    async with looking(Site([HEAD, chunk(lines(5)), more, chunk(lines(2, 5))])) as on:
        await on.says("line 4")
        monkeypatch.setattr(LogView, "render_line", lambda self, y: painted.append(y) or real(self, y))
        more.until.set()
        await on.until(lambda: "line 6" in on.logs.view.rows[-1].text)
        await on.pilot.pause()
        assert sorted(set(painted)) == [5, 6]


async def test_a_worse_pod_of_a_rollout_comes_first_and_tab_goes_on() -> None:
    site = Site(*[[HEAD, chunk(said(1, words)), Pause()] for words in ("pumps on", "pumps off")])
    async with looking(site, PRESS) as on:
        await on.says("pumps on", "pod 1 of 7")
        assert on.text().splitlines()[1].startswith("logs press-7f9c66-")
        await on.press("tab")
        await on.says("pumps off", "pod 2 of 7")
        await on.press("shift+tab")
        await on.says("pod 1 of 7")
        assert on.source.needed == [("ReplicaSet", True)]
        await on.press("escape")
        assert on.source.needed == [("ReplicaSet", True), ("ReplicaSet", False)]


async def test_the_instance_before_and_the_other_containers() -> None:
    two = pod(
        "oven", "line-1", statuses=[runs(name="app"), crashing(137, name="side")],
        init_containers=[{"name": "migrate"}],
    )  # fmt: skip
    site = Site(*[[HEAD, chunk(said(1, words)), LAST] for words in ("dead", "before", "init")], pods=[two])
    async with looking(site) as on:
        await on.says("container side · line-1", "dead", "the container ended", "exit 137")
        await on.press("p")
        await on.says("container side · previous instance", "before", "this instance ended", "exit 137")
        await on.press("c")
        await on.says("init container migrate", "init")
    assert [one.get("previous") for one in site.asked] == [None, "true", None]


async def test_a_cut_is_said_in_one_line_and_the_lines_stay() -> None:
    async with looking(Site([HEAD, chunk(lines(3)), Pause()])) as on:
        await on.says("line 2")
        on.source.lower()
        await on.says("The link is down.", "line 2")
        on.source.lift()


async def test_a_container_that_waits_says_why_and_what_is_wrong_with_the_pod() -> None:
    refusal = status(400, b'container \\"app\\" in pod \\"x\\" is waiting to start: image can\'t be pulled')
    site = Site([refusal], [refusal], [refusal], [refusal])
    async with looking(site, PRESS) as on:
        await on.says("is waiting to start", "image registry.local/press:2.1 not found")


async def test_a_missing_right_is_named() -> None:
    async with looking(Site([status(403, b"no", b"Forbidden")])) as on:
        await on.says("the right get pods/log is missing", "Ask whoever runs the cluster")


async def test_the_key_works_on_rows_and_in_details_and_says_where_it_does_not() -> None:
    async with running([plant()]) as screen:
        await screen.press("l")
        assert "has no log; pods and rollouts have" in screen.text()
        await screen.press("2", "l")
        assert screen.text().splitlines()[1].startswith("logs press-7f9c66-")
        assert "plant is not connected" in screen.text()
        await screen.press("escape", "enter", "l")
        assert screen.text().splitlines()[1].startswith("logs press-7f9c66-")


async def test_a_key_that_leads_nowhere_says_so() -> None:
    async with looking(Site([HEAD, chunk(lines(3))])) as on:
        await on.says("line 2")
        for key, words in (
            ("p", "This container has not run before."),
            ("c", "This pod has one container."),
            ("tab", "There is no other pod here."),
            ("shift+tab", "There is no other pod here."),
            ("n", "Nothing is found; / searches."),
            ("N", "Nothing is found; / searches."),
        ):
            await on.press(key)
            assert words in on.text().splitlines()[-1], key


async def test_search_counts_goes_on_and_stays_exact_while_lines_come() -> None:
    more = Pause()
    site = Site([HEAD, chunk(lines(60)), more, chunk(said(1, "LINE 7 again"))])
    async with looking(site) as on:
        await on.says("line 59")
        await on.press("slash", *"line 7", "enter")
        await on.says("/line 7 1 of 1", "line 7")
        more.until.set()
        await on.says("/line 7 1 of 2")
        await on.press("n")
        await on.says("/line 7 2 of 2", "LINE 7 again")
        await on.press("n")
        await on.says("/line 7 1 of 2")
        await on.press("N")
        await on.says("/line 7 2 of 2")
        await on.press("escape")
        await on.until(lambda: "/line 7" not in on.text())
        await on.press("slash", *"nowhere", "enter")
        await on.says("/nowhere not found")


async def test_long_lines_wrap_or_are_cut_and_times_are_shown() -> None:
    site = Site([HEAD, chunk(said(1, "x" * 100 + "end") + said(2, "after"))])
    async with looking(site) as on:
        await on.says("after")
        assert on.text().splitlines()[3] == "x" * 20 + "end"
        await on.press("w")
        assert on.text().splitlines()[2] == "x" * 79 + "…"
        assert on.text().splitlines()[3] == "after"
        await on.press("i")
        assert on.text().splitlines()[3] == "11-24 15:00:02 after"
        await on.press("question_mark")
        assert isinstance(on.app.screen, HelpScreen)
        assert "keys in the logs" in on.app.screen.body.text


async def test_what_the_ring_dropped_is_counted() -> None:
    flood = b"".join(said(1, f"flood {at}") for at in range(10_500))
    async with looking(Site([HEAD, chunk(flood)])) as on:
        await on.says("flood 10499", "500 older lines dropped")
        await on.press("home")
        await on.says("flood 500", "paused")


async def test_the_log_goes_on_when_the_pod_is_said_to_run_again() -> None:
    dead = pod("oven-6b7f9-00000", "line-1", statuses=[crashing(1)])
    alive = pod("oven-6b7f9-00000", "line-1")
    site = Site([HEAD, chunk(said(1, "one")), LAST], [HEAD, chunk(said(5, "two"))], pods=[alive, dead, alive])
    async with looking(site) as on:
        await on.says("one", "the container ended")
        store = on.app.stores[0]
        store.apply(
            "Pod", row_of("Pod", pod("oven-6b7f9-00000", "line-1", statuses=[crashing(1)], version=99_999))
        )
        await on.changed()
        await on.says("one", "two", "following")


async def test_everything_fits_the_screen_at_any_size() -> None:
    for size in ((40, 12), (120, 36)):
        async with looking(Site([HEAD, chunk(lines(90) + "漢字".encode() * 60 + b"\n")]), size=size) as on:
            await on.says("line 89")
            for key in ("w", "i", "pageup"):
                await on.press(key)
                strips = on.app.screen._compositor.render_strips(on.app.size)
                assert {strip.cell_length for strip in strips} == {size[0]}, (size, key)


@pytest.mark.parametrize("size", [(80, 24), (40, 4)])
async def test_an_empty_log_can_be_scrolled(size: tuple[int, int]) -> None:
    async with looking(Site([HEAD]), size=size) as on:
        for key in ("pageup", "up", "home", "pagedown", "down", "end", "w", "pageup"):
            await on.press(key)
        assert on.app.failure is None
        assert isinstance(on.app.screen, LogScreen)
