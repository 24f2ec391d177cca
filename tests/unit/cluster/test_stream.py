"""An open stream without a socket: what it takes, when it is late or asked again, and what its reader
hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.errors import CredentialError, EdgetuiError, LinkError
from edgetui.cluster.http import stream
from edgetui.cluster.http.endpoint import parse
from edgetui.cluster.http.exchange import Exchange, Sink
from edgetui.cluster.http.failures import Dropped
from edgetui.cluster.http.request import Request
from edgetui.cluster.http.stream import StreamHandle
from edgetui.cluster.http.traffic import Counters
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

GET = Request("GET", "/x", "h")


class Carried:
    """An exchange that only notes what is done with it."""

    def __init__(self, site: Site, connection: str, sink: Sink, *, reused: bool) -> None:
        self.site, self.connection, self.sink, self.reused = site, connection, sink, reused

    def start(self, request: Request) -> None:
        self.site.done.append(f"ask {request.target} on {self.connection}{' again' * self.reused}")

    def abort(self) -> None:
        self.site.done.append(f"abort on {self.connection}")

    def rest(self, seconds: float) -> None:
        self.site.done.append(f"rest {seconds:.3f}")

    def fail(self, error: EdgetuiError) -> None:
        self.abort()
        self.sink.on_error(error)


class Site:
    """What a stream needs of its connections; `kept` and `proved` are what there is already."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.loop, self.endpoint, self.counters = loop, parse("https://h"), Counters()
        self.kept: str | None = None
        self.proved: str | None = None
        self.fails: Exception | None = None
        self.done: list[str] = []
        self.heard: list[str] = []
        self.carried: list[Carried] = []
        self.open_streams: set[StreamHandle] = set()
        self.stops = ""
        self.tickets = self
        connections: Any = self
        self.handle = StreamHandle(
            connections, self, 9.0, 30.0, self.open_streams, lambda: self.heard.append("sent")
        )

    def take(self, youngest: float) -> str | None:
        self.done.append(f"take {youngest:g}")
        return self.kept

    async def proven(self) -> str | None:
        self.done.append("prove")
        return self.proved

    async def open(self, timeout: float) -> str:
        self.done.append(f"open {timeout:g}")
        await asyncio.sleep(1)
        if self.fails is not None:
            raise self.fails
        return "a new one"

    def exchange(self, connection: str, method: str, sink: Sink, *, reused: bool) -> Carried:
        assert method == "GET"
        self.carried.append(Carried(self, connection, sink, reused=reused))
        return self.carried[-1]

    def drop_idle(self) -> None:
        self.done.append("drop idle")

    def remember(self, connection: str, now: float) -> None:
        self.done.append(f"ticket of {connection} at {now - 1000:g}")

    # the reader

    def _note(self, words: str) -> None:
        self.heard.append(words)
        if words.split()[0] == self.stops:
            self.handle.close()

    def on_head(self, status: int, headers: dict[str, str]) -> None:
        self._note(f"head {status}")

    def on_data(self, data: bytes) -> None:
        self._note(f"data {data!r}")

    def on_end(self, clean: bool) -> None:
        self._note("end clean" if clean else "end cut")

    def on_error(self, error: EdgetuiError) -> None:
        self._note(f"{type(error).__name__} {error.sentence}")

    async def started(self, fails: Exception | None = None) -> Sink:
        """Ask, and give what hears of the answer."""

        async def message() -> Request:
            if fails is not None:
                raise fails
            return GET

        self.handle.start(message)
        assert self.open_streams == {self.handle}
        await asyncio.sleep(2)
        return self.handle


def on_site(test: Callable[[Site], Any]) -> Callable[[], None]:
    """A test on virtual time that gets a site."""

    def run() -> None:
        async def main(loop: VirtualLoop) -> None:
            await test(Site(loop))

        on_virtual_time(main)

    return run


def test_the_bounds_are_those_that_are_told() -> None:
    assert stream._current_task() is None
    assert (stream.SETTLED, stream.RHYTHM) == (5.0, 1 / 3)


@pytest.mark.parametrize(
    ("kept", "proved", "asked"),
    [
        ("kept", None, ["take 5", "ask /x on kept again"]),
        (None, "proved", ["take 5", "prove", "ask /x on proved again"]),
        (None, None, ["take 5", "prove", "open 9", "ask /x on a new one"]),
    ],
)
def test_a_kept_connection_is_taken_before_one_that_must_prove_itself_and_that_before_a_new_one(
    kept: str | None, proved: str | None, asked: list[str]
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept, site.proved = kept, proved
        await site.started()
        assert site.done == asked
        assert site.heard == ["sent"]

    on_virtual_time(main)


@on_site
async def test_an_answer_is_handed_on_and_its_head_ends_the_wait(site: Site) -> None:
    answer = await site.started()
    site.done.clear()
    answer.on_head(200, {})
    assert list(site.counters.waits) == [1.0]
    await asyncio.sleep(60)
    answer.on_data(b"a")
    assert (site.heard, site.open_streams) == (["sent", "head 200", "data b'a'"], {site.handle})
    answer.on_end(True)
    assert site.heard[3:] == ["end clean"]
    assert site.open_streams == set()
    assert "drop idle" not in site.done
    answer.on_end(True)
    answer.on_data(b"late")
    assert site.heard[4:] == []


@on_site
async def test_an_answer_that_is_cut_makes_the_others_suspect(site: Site) -> None:
    answer = await site.started()
    answer.on_head(200, {})
    site.done.clear()
    answer.on_end(False)
    assert (site.done, site.heard[2:]) == (["drop idle"], ["end cut"])


@on_site
async def test_a_head_that_does_not_come_is_late_after_thirty_seconds(site: Site) -> None:
    await site.started()
    site.done.clear()
    await asyncio.sleep(28.99)
    assert site.done == []
    await asyncio.sleep(0.02)
    assert site.done == ["abort on a new one", "drop idle"]
    assert site.heard == ["sent", "LinkError h:443 did not answer within 30 s."]
    assert site.open_streams == set()


@pytest.mark.parametrize(("since", "rests"), [(4.99, False), (5.0, True), (5.1, True), (65.2, True)])
def test_what_comes_after_five_seconds_is_read_three_times_a_second(since: float, rests: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept = "kept"
        answer = await site.started()
        answer.on_head(200, {})
        site.done.clear()
        loop.moment = 1000 + since
        answer.on_data(b"a")
        assert site.done == ([f"rest {1 / 3 - loop.time() % (1 / 3):.3f}"] if rests else [])

    on_virtual_time(main)


@on_site
async def test_a_kept_connection_that_was_closed_is_replaced_once(site: Site) -> None:
    site.kept = "kept"
    answer = await site.started()
    site.done.clear()
    answer.on_error(Dropped("Gone."))
    await asyncio.sleep(2)
    assert site.done == ["open 9", "ask /x on a new one"]
    assert site.heard == ["sent", "sent"]
    await asyncio.sleep(28.5)
    assert site.heard == ["sent", "sent"], "the wait began anew"
    answer.on_error(Dropped("Gone."))
    assert site.heard[2:] == ["Dropped Gone."]
    assert site.done[2:] == ["drop idle"]
    assert site.open_streams == set()


@pytest.mark.parametrize("closed", [False, True])
def test_a_broken_connection_is_told_and_a_stream_that_was_closed_hears_nothing(closed: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        answer = await site.started()
        site.done.clear()
        if closed:
            site.handle.close()
            site.handle.close()
        answer.on_error(LinkError("Broken."))
        answer.on_error(Dropped("Gone."))
        assert site.heard == ["sent", *([] if closed else ["LinkError Broken."])]
        assert site.done == [*["abort on a new one"] * 2 * closed, "drop idle", "drop idle"]
        assert site.open_streams == set()

    on_virtual_time(main)


@on_site
async def test_a_stream_that_is_closed_while_it_connects_asks_nothing(site: Site) -> None:
    handle = site.handle

    async def message() -> Request:
        return GET

    handle.start(message)
    await asyncio.sleep(0.5)
    handle.close()
    await asyncio.sleep(40)
    assert site.done == ["take 5", "prove", "open 9"]
    assert (site.heard, site.carried, site.open_streams) == ([], [], set())


@pytest.mark.parametrize("at", ["message", "open"])
@pytest.mark.parametrize("defect", [False, True])
def test_what_keeps_it_from_being_asked_is_told(at: str, defect: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        error = RuntimeError("defect") if defect else CredentialError("No token.")
        loop.set_exception_handler(lambda _loop, _context: None)
        if at == "open":
            site.fails = error
        await site.started(error if at == "message" else None)
        assert site.heard == [
            "EdgetuiError edgetui could not open a stream: this is a defect."
            if defect
            else "CredentialError No token."
        ]
        assert site.open_streams == set()
        task = site.handle._task
        assert task is not None
        assert isinstance(task.exception(), RuntimeError) is defect

    on_virtual_time(main)


@pytest.mark.parametrize("word", ["head", "data", "sent"])
def test_a_reader_may_close_it_from_within(word: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.stops = word
        site.handle._on_sent = lambda: site._note("sent")
        answer = await site.started()
        if word != "sent":
            answer.on_head(200, {})
            answer.on_data(b"a")
            answer.on_data(b"b")
        assert site.heard[-1].split()[0] == word
        assert site.done.count("abort on a new one") == 1
        await asyncio.sleep(60)
        assert site.heard[-1].split()[0] == word

    on_virtual_time(main)


@on_site
async def test_what_resumes_tls_is_looked_for_at_the_first_answer(site: Site) -> None:
    answer = await site.started()
    exchange = Exchange.__new__(Exchange)
    line: Any = "its connection"
    exchange.connection = line
    site.handle._exchange = exchange
    answer.on_head(200, {})
    assert site.done[-1] == "ticket of its connection at 2"
    exchange.connection = None
    answer.on_head(200, {})
    assert len([words for words in site.done if words.startswith("ticket")]) == 1
