"""Following a log over every kind of end, on scripted servers; what a real kubelet does is in tests/controlplane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edgetui.cluster.api import logs
from edgetui.cluster.api.logs import Hearing, PodLog
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport
from tests.unit.model.factories import crashing, image_pull, pod

from .logsite import HEAD, KUBELET, LAST, Site, Source, said, status
from .wire import Close, Pause, Reset, chunk, ok, serving


class Reading:
    """One log that is being read, and waiting for facts about it."""

    def __init__(self, log: PodLog, source: Source, moved: asyncio.Event) -> None:
        self.log, self.source, self._moved = log, source, moved

    @property
    def lines(self) -> list[str]:
        return [self.log.buffer.text(n) for n in range(self.log.buffer.first, self.log.buffer.end)]

    async def until(self, fact: Callable[[], Any]) -> None:
        async with asyncio.timeout(60):
            while not fact():
                self._moved.clear()
                await self._moved.wait()

    async def hears(self, hearing: Hearing) -> None:
        await self.until(lambda: self.log.state.hearing is hearing)


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SHORTEST_PAUSE", 0.0)
    monkeypatch.setattr(logs.backoff, "delay", lambda failures, rng: 0.001)


@asynccontextmanager
async def reading(site: Site, **options: Any) -> AsyncIterator[Reading]:
    async with serving(answer=site, tls=False) as server:
        source, moved = Source(f"http://127.0.0.1:{server.port}"), asyncio.Event()
        log = PodLog(source, "line-1", "web-1", changed=moved.set, **options)
        task: asyncio.Future[None] = asyncio.ensure_future(log.run())
        try:
            yield Reading(log, source, moved)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            source.transport.close()


async def test_it_begins_with_the_last_lines_and_follows() -> None:
    more = Pause()
    site = Site([HEAD, chunk(said(1, "one") + said(2, "t")[:-5]), more, chunk(said(2, "t")[-5:])])
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one"])
        assert on.log.state.hearing is Hearing.LIVE
        more.until.set()
        await on.until(lambda: on.lines == ["one", "t"])
    assert site.asked == [{"container": "app", "timestamps": "true", "follow": "true", "tailLines": "300"}]


async def test_silence_before_the_first_line_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kubelet sends no head before the container has written something, so the head has all the time it wants."""
    patience: list[float] = []
    real = Transport.open_stream

    def open_stream(self: Transport, *args: Any, **options: Any) -> Any:
        patience.append(options["head_timeout"])
        return real(self, *args, **options)

    monkeypatch.setattr(Transport, "open_stream", open_stream)
    written = Pause()
    async with reading(Site([written, HEAD, chunk(said(1, "one"))])) as on:
        await on.until(lambda: patience)
        assert on.log.state.hearing is Hearing.ASKING
        written.until.set()
        await on.until(lambda: on.lines == ["one"])
    assert len(patience) == 1 and patience[0] >= 86_400


@pytest.mark.parametrize("end", [Reset(), Close()], ids=["reset", "closed"])
async def test_a_cut_stream_goes_on_without_a_line_lost_or_twice(end: Reset | Close) -> None:
    site = Site(
        [HEAD, chunk(said(1, "one") + said(2, "two") + b"2026-11-24T15:00:02.5Z half a li"), end],
        [HEAD, chunk(said(1, "one") + said(2, "two") + said(2, "half a line") + said(3, "three")), Pause()],
    )
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one", "two", "half a line", "three"])
        assert on.log.state.hearing is Hearing.LIVE
    assert site.asked[1]["sinceTime"] == "2026-11-24T15:00:01Z"
    assert "tailLines" not in site.asked[1]
    assert site.looks == 1


async def test_while_the_link_is_down_nothing_is_asked() -> None:
    site = Site(
        [HEAD, chunk(said(1, "one")), Pause()], [HEAD, chunk(said(1, "one") + said(2, "two")), Pause()]
    )
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one"])
        on.source.lower()
        await on.hears(Hearing.CUT)
        assert on.log.state.sentence == "The link is down."
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(site.asked) == 1
        on.source.lift()
        await on.until(lambda: on.lines == ["one", "two"])


async def test_a_stream_that_delivers_through_an_outage_is_kept() -> None:
    more, yet_more = Pause(), Pause()
    site = Site([HEAD, chunk(said(1, "one")), more, chunk(said(2, "two")), yet_more, chunk(said(3, "three"))])
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one"])
        on.source.lower()
        await on.hears(Hearing.CUT)
        more.until.set()
        await on.until(lambda: on.lines == ["one", "two"])
        assert on.log.state.hearing is Hearing.LIVE
        on.source.lift()
        for _ in range(50):
            await asyncio.sleep(0)
        on.source.lower()
        await on.hears(Hearing.CUT)
        yet_more.until.set()
        await on.until(lambda: on.lines == ["one", "two", "three"])
    assert len(site.asked) == 1


async def test_the_end_of_a_container_ends_the_log_and_its_return_goes_on() -> None:
    dead = pod("web-1", "line-1", statuses=[crashing(137, "OOMKilled", restarts=3)])
    site = Site(
        [HEAD, chunk(said(1, "one") + b"2026-11-24T15:00:02.5Z no end"), LAST],
        [HEAD, chunk(said(9, "again")), Pause()],
        pods=[pod("web-1", "line-1"), dead, pod("web-1", "line-1")],
    )
    async with reading(site) as on:
        await on.hears(Hearing.ENDED)
        assert on.lines == ["one", "no end"]
        assert on.log.state.end is not None
        assert (on.log.state.end.code, on.log.state.end.reason) == (137, "OOMKilled")
        for _ in range(50):
            await asyncio.sleep(0)
        assert (len(site.asked), site.looks) == (1, 2)
        on.log.look_again()
        await on.until(lambda: on.lines == ["one", "no end", "again"])
        assert on.log.state.hearing is Hearing.LIVE


async def test_an_instance_that_came_and_went_meanwhile_is_read_too() -> None:
    first = pod("web-1", "line-1", statuses=[crashing(137, restarts=3)])
    second = pod("web-1", "line-1", statuses=[crashing(1, restarts=4)])
    site = Site(
        [HEAD, chunk(said(1, "one")), LAST],
        [HEAD, chunk(said(9, "another")), LAST],
        pods=[pod("web-1", "line-1"), first, second],
    )
    async with reading(site) as on:
        await on.hears(Hearing.ENDED)
        on.log.look_again()
        await on.until(lambda: on.lines == ["one", "another"])
        await on.until(lambda: on.log.state.end is not None and on.log.state.end.code == 1)


async def test_the_last_words_of_a_pod_that_is_gone_are_kept() -> None:
    gone = status(404, b'pods \\"web-1\\" not found', b"NotFound")
    site = Site([HEAD, chunk(said(1, "one") + said(2, "no end")[:-1]), LAST], pods=[pod("web-1"), gone])
    async with reading(site) as on:
        await on.hears(Hearing.OVER)
        assert on.lines == ["one", "no end"]
        assert on.log.state.sentence == "This pod no longer exists."


async def test_a_server_that_ends_a_living_stream_is_asked_again() -> None:
    site = Site([HEAD, chunk(said(1, "one")), LAST], [HEAD, chunk(said(2, "two")), Pause()])
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one", "two"])


async def test_a_crash_loop_is_followed_from_crash_to_crash() -> None:
    dead = pod("web-1", "line-1", statuses=[crashing(137, "OOMKilled", restarts=3)])
    site = Site(
        [HEAD, chunk(said(1, "last words")), LAST],
        [HEAD, chunk(said(9, "next try"))],
        pods=[dead, dead, pod("web-1", "line-1")],
    )
    async with reading(site) as on:
        await on.hears(Hearing.ENDED)
        assert on.lines == ["last words"]
        assert on.log.state.end is not None and on.log.state.end.code == 137
        on.log.look_again()
        await on.until(lambda: on.lines == ["last words", "next try"])


async def test_the_instance_before_is_read_to_its_end() -> None:
    restarted = pod("web-1", "line-1")
    restarted["status"]["containerStatuses"][0]["lastState"] = crashing(137, "OOMKilled")["lastState"]
    site = Site([HEAD, chunk(said(1, "last words")), LAST], pods=[restarted])
    async with reading(site, previous=True) as on:
        await on.hears(Hearing.OVER)
        assert on.lines == ["last words"]
        assert on.log.state.end is not None and on.log.state.end.code == 137
    assert site.asked == [{"container": "app", "timestamps": "true", "previous": "true", "tailLines": "300"}]


async def test_a_container_that_waits_is_asked_for_until_it_runs() -> None:
    words = b'container \\"app\\" in pod \\"web-1\\" is waiting to start: trying and failing to pull image'
    site = Site(
        [status(400, words, b"BadRequest")],
        [HEAD, chunk(said(1, "at last")), Pause()],
        pods=[image_pull("web-1", "line-1"), pod("web-1", "line-1")],
    )
    async with reading(site) as on:
        await on.hears(Hearing.WAITING)
        assert "trying and failing to pull image" in on.log.state.sentence
        await on.until(lambda: on.lines == ["at last"])


@pytest.mark.parametrize(
    ("answer", "hearing", "words"),
    [
        (status(403, b"no", b"Forbidden"), Hearing.OVER, "the right get pods/log is missing"),
        (status(404, b'pods \\"web-1\\" not found', b"NotFound"), Hearing.OVER, "no longer exists"),
        (status(500, KUBELET, b"InternalError"), Hearing.CUT, "of the pod's node: connection refused."),
        (status(502, b"proxy error from 127.0.0.1:6443 while dialing 10.0.0.7:10250, code 502: 502 Bad Gateway"),
         Hearing.CUT, "cannot reach the kubelet"),
        (status(503, b"No agent available", b"InternalError"), Hearing.CUT, "cannot reach the kubelet"),
        (status(401, b"Unauthorized"), Hearing.OVER, "does not accept these credentials"),
        (ok(b"<html>", "Content-Type: text/html"), Hearing.CUT, "not a Kubernetes API server"),
    ],
)  # fmt: skip
async def test_every_refusal_is_one_plain_sentence(answer: bytes, hearing: Hearing, words: str) -> None:
    site = Site(*[[answer]] * 3)
    async with reading(site) as on:
        await on.hears(hearing)
        assert words in on.log.state.sentence
        assert "http" not in on.log.state.sentence.lower().replace("http 5", "")


async def test_who_may_not_read_pods_reads_logs_all_the_same() -> None:
    site = Site([HEAD, chunk(said(1, "one")), LAST], pods=[status(403, b"no", b"Forbidden")])
    async with reading(site) as on:
        await on.hears(Hearing.OVER)
        assert on.lines == ["one"]
        assert on.log.state.sentence == "The log ends here."
    assert "container" not in site.asked[0]


async def test_other_credentials_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site([status(401, b"Unauthorized")], [HEAD, chunk(said(1, "one")), Pause()])
    renewed = 0

    async def refresh(self: Credentials, since: int | None = None) -> bool:
        nonlocal renewed
        renewed += 1
        return True

    monkeypatch.setattr(Credentials, "refresh", refresh)
    async with reading(site) as on:
        await on.until(lambda: on.lines == ["one"])
    assert renewed == 1


@pytest.mark.parametrize("end", [Close(), LAST], ids=["cut", "clean"])
async def test_a_stream_that_ends_again_and_again_is_asked_for_ever_more_slowly(
    monkeypatch: pytest.MonkeyPatch, end: Close | bytes
) -> None:
    failures: list[int] = []
    monkeypatch.setattr(logs.backoff, "delay", lambda count, rng: failures.append(count) or 0.001)
    site = Site(*[[HEAD, end]] * 4)
    async with reading(site) as on:
        await on.until(lambda: len(site.asked) == 5)
    assert failures == [4, 5, 6, 7]
