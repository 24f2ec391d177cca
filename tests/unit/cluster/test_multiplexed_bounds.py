"""A shared connection without a socket: when its frames go out, who hears what, and when it may be used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http import multiplexed
from edgetui.cluster.http.http2 import PREFACE
from edgetui.cluster.http.multiplexed import Call, Multiplexed
from edgetui.cluster.http.request import Request
from tests.unit.cluster.test_exchange import Line, Sink
from tests.unit.cluster.test_http2 import OK, SETTINGS, frame
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

GET = Request("GET", "/x", "h")
HEAD, LAST_HEAD = frame(1, 4, 1, OK), frame(1, 5, 1, OK)
PONG = frame(6, 1, 0, bytes(8))


class Socket(Line):
    """Also notes what frames are sent, and is of this context."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: list[list[tuple[int, int]]] = []
        context: Any = "context"
        self.context = context

    def send(self, data: bytes) -> None:
        out, found = data.removeprefix(PREFACE), []
        while out:
            found.append((out[3], int.from_bytes(out[5:9], "big")))
            out = out[9 + int.from_bytes(out[:3], "big") :]
        self.frames.append(found)

    def rouse(self) -> None:
        self.done.append("rouse")


class Site:
    def __init__(self, loop: VirtualLoop) -> None:
        self.loop, self.socket = loop, Socket()
        self.answered = self.idle = 0
        self.shared = Multiplexed(self.socket, loop, self._on_answer, self._on_idle)
        assert self.socket.told is not None
        self.give, self.lose = self.socket.told

    def _on_answer(self, shared: Multiplexed) -> None:
        assert shared is self.shared
        self.answered += 1

    def _on_idle(self, shared: Multiplexed) -> None:
        assert shared is self.shared
        self.idle += 1

    def ask(self, sink: Sink | None = None) -> Call:
        call = Call(self.shared, sink or Sink(), reused=False, where="h:1")
        call.start(GET)
        return call

    def sent(self) -> list[list[tuple[int, int]]]:
        found, self.socket.frames = self.socket.frames, []
        return found

    async def begun(self) -> None:
        """The settings of both are there, and nothing is left to send."""
        self.give(SETTINGS)
        await asyncio.sleep(1)
        self.sent()


def on_site(test: Callable[[Site], Any]) -> Callable[[], None]:
    def run() -> None:
        async def main(loop: VirtualLoop) -> None:
            await test(Site(loop))

        on_virtual_time(main)

    return run


def test_the_bounds_are_those_that_are_told() -> None:
    assert (multiplexed.PATIENCE, multiplexed.SOON) == (5.0, 0.02)
    shared: Any = None
    assert not Call(shared, Sink(), reused=False, where="h:1").over


@on_site
async def test_its_preface_goes_out_with_what_is_asked_first_or_soon_by_itself(site: Site) -> None:
    assert (site.sent(), site.shared.heard) == ([], 1000.0)
    await asyncio.sleep(0.0199)
    assert site.sent() == []
    await asyncio.sleep(0.0002)
    assert site.sent() == [[(4, 0), (8, 0)]]
    other = Site(site.loop)
    other.ask()
    other.ask()
    assert other.sent() == []
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert other.sent() == [[(4, 0), (8, 0), (1, 1), (1, 3)]]
    await asyncio.sleep(1)
    assert other.sent() == []


@on_site
async def test_giving_an_answer_up_waits_for_a_request_but_not_long(site: Site) -> None:
    await site.begun()
    first, second = site.ask(), site.ask()
    await asyncio.sleep(0.01)
    assert site.sent() == [[(1, 1), (1, 3)]]
    first.abort()
    second.abort()
    assert (site.shared.active, site.idle) == (0, 1)
    await asyncio.sleep(0.0199)
    assert site.sent() == []
    site.ask()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert site.sent() == [[(3, 1), (3, 3), (1, 5)]]
    site.ask().abort()
    await asyncio.sleep(0.03)
    assert [kind for each in site.sent() for kind, _ in each] == [1, 3]


@on_site
async def test_an_answer_is_heard_by_who_asked_and_the_last_end_makes_it_idle(site: Site) -> None:
    await site.begun()
    sink, other = Sink(), Sink()
    site.ask(sink)
    site.ask(other)
    assert (site.shared.active, site.shared.used) == (2, True)
    await asyncio.sleep(3)
    site.give(HEAD + frame(0, 0, 1, b"abc"))
    assert site.shared.heard == site.loop.time()
    assert (site.answered, site.idle) == (1, 0)
    site.give(frame(0, 1, 1, b"d"))
    assert sink.heard == ["head 200", "data b'abc'", "data b'd'", "end clean"]
    assert (site.shared.active, site.idle) == (1, 0)
    site.give(frame(1, 5, 3, OK))
    assert other.heard == ["head 200", "end clean"]
    assert (site.shared.active, site.answered, site.idle) == (0, 2, 1)
    assert not site.shared.closed


@on_site
async def test_settings_and_pings_are_answered_at_once(site: Site) -> None:
    site.give(SETTINGS)
    assert site.sent() == [[(4, 0), (8, 0), (4, 0)]]
    site.give(frame(6, 0, 0, bytes(8)))
    assert site.sent() == [[(6, 0)]]
    site.give(PONG)
    await asyncio.sleep(1)
    assert site.sent() == []


@pytest.mark.parametrize("gives", [PONG, frame(6, 0, 0, bytes(8))])
def test_anything_at_all_is_an_answer_to_a_ping(gives: bytes) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.begun()
        site.socket.done.clear()
        asking = [asyncio.create_task(site.shared.answers(3.0)) for _ in range(2)]
        await asyncio.sleep(2.9)
        assert (site.sent(), site.socket.done) == ([[(6, 0)]], ["rouse"])
        site.give(gives)
        assert await asyncio.gather(*asking) == [True, True]
        assert loop.time() == pytest.approx(1003.9)
        site.sent()
        assert not await site.shared.answers(3.0)
        assert loop.time() == pytest.approx(1006.9)
        assert site.sent() == [[(6, 0)]]
        late = asyncio.create_task(site.shared.answers(1.0))
        await asyncio.sleep(0.5)
        assert site.sent() == [], "one ping is on its way"
        site.lose(None)
        site.socket.is_closed = True
        site.give(PONG)
        assert await late is False

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("context", "full", "closed", "used", "usable"),
    [
        ("context", False, False, False, True),
        ("context", False, False, True, True),
        ("other", False, False, False, False),
        ("context", True, False, False, False),
        ("context", True, False, True, False),
        ("context", False, True, False, True),
        ("context", False, True, True, False),
        ("other", False, True, False, False),
    ],
)
def test_who_may_use_it(context: str, full: bool, closed: bool, used: bool, usable: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.shared.used = used
        site.shared._frames.capacity = 0 if full else 9
        site.socket.is_closed = closed
        given: Any = context
        assert site.shared.usable(given) is usable
        assert site.shared.takes_more is not (full or closed)

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("ages", "rests"), [([], True), ([5.0], True), ([4.99], False), ([9.0, 5.0], True), ([9.0, 4.0], False)]
)
def test_it_rests_only_where_nobody_asked_a_moment_ago(ages: list[float], rests: bool) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.begun()
        for age in ages:
            site.ask().began = loop.time() - age
        site.socket.done.clear()
        site.shared.rest(0.5)
        assert site.socket.done == (["rest 0.5"] if rests else [])

    on_virtual_time(main)


@on_site
async def test_what_breaks_the_protocol_ends_all_that_it_carries(site: Site) -> None:
    await site.begun()
    sinks = [Sink(), Sink()]
    for sink in sinks:
        site.ask(sink)
    site.give(frame(6, 0, 0, b"short"))
    said = "ProtocolError The server's answer is not valid HTTP: a ping. "
    assert [sink.heard for sink in sinks] == [
        [said + "Check the server address and port in the kubeconfig."]
    ] * 2
    assert site.socket.is_closed
    assert (site.shared.active, site.idle) == (0, 0)
    await asyncio.sleep(1)
    assert site.sent() == []


@on_site
async def test_a_defect_ends_all_that_it_carries_and_is_raised(site: Site) -> None:
    await site.begun()
    sink = Sink()
    site.ask(sink)

    def fail(data: bytes) -> None:
        raise KeyError("defect")

    site.shared._frames.feed = fail  # type: ignore[method-assign]
    with pytest.raises(KeyError):
        site.give(b"x")
    assert sink.heard == [
        "EdgetuiError edgetui could not handle an answer: this is a defect. Please report it."
    ]
    assert site.socket.is_closed


@pytest.mark.parametrize("failure", [None, ConnectionResetError()])
def test_a_lost_connection_is_told_to_all_and_kept_for_who_comes_later(failure: OSError | None) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        await site.begun()
        sinks = [Sink(), Sink()]
        for sink in sinks:
            site.ask(sink)
        site.lose(failure)
        assert site.shared.failure is failure
        words = "closed the connection without an answer" if failure is None else "broke the connection off"
        assert [words in sink.heard[0] and len(sink.heard) for sink in sinks] == [1, 1]
        assert (site.shared.active, site.idle) == (0, 0)

    on_virtual_time(main)


@on_site
async def test_closing_it_is_silent(site: Site) -> None:
    sink = Sink()
    site.ask(sink)
    site.shared.close()
    assert (site.socket.is_closed, site.shared.closed, site.shared.active) == (True, True, 0)
    await asyncio.sleep(1)
    assert (site.sent(), sink.heard) == ([], [])


@on_site
async def test_what_cannot_be_sent_leaves_nothing_behind(site: Site) -> None:
    call = Call(site.shared, Sink(), reused=False, where="h:1")
    with pytest.raises(ProtocolError):
        call.start(Request("GET", "/a b", "h"))
    assert (site.shared.active, site.shared.used, call.sent) == (0, False, False)
    call.abort()
    assert site.idle == 0
    call = Call(site.shared, Sink(), reused=False, where="h:1")
    await asyncio.sleep(1)
    call.start(GET)
    assert call.began == 1001.0
    call.rest(0.25)
    assert "rest 0.25" not in site.socket.done
