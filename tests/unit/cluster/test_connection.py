"""One connection, read by read and write by write, on a socket that a test plays: what TLS wants, waits
and ends.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.http import connection as module
from edgetui.cluster.http.connection import Connection
from edgetui.cluster.http.traffic import Counters

READ, WRITE = ssl.SSLWantReadError, ssl.SSLWantWriteError
KIB = 1024
BUDGET = 64 * KIB


class Plain:
    """A socket that gives these when it is read, and takes so much when it is written to."""

    def __init__(self) -> None:
        self.gives: list[Any] = []
        self.takes: list[Any] = []
        self.took, self.waiting, self.shut = b"", 0, 0
        self.options: list[tuple[int, int, int]] = []

    def __del__(self) -> None:
        """There is none of the system's."""

    def __repr__(self) -> str:
        return "a socket"

    def fileno(self) -> int:
        return 7

    def recv_into(self, buffer: Any, *_: Any) -> int:
        given = self.gives.pop(0) if self.gives else READ
        if not isinstance(given, bytes):
            raise given
        size = min(len(given), len(buffer))
        buffer[:size] = given[:size]
        if size < len(given):
            self.gives.insert(0, given[size:])
        return size

    def send(self, data: Any, *_: Any) -> int:
        taken = self.takes.pop(0) if self.takes else len(data)
        if not isinstance(taken, int):
            raise taken
        self.took += bytes(data[:taken])
        return taken

    def pending(self) -> int:
        return self.waiting

    def close(self) -> None:
        self.shut += 1

    def setsockopt(self, *option: Any) -> None:
        self.options.append(option)

    def selected_alpn_protocol(self) -> str | None:
        return "h2"

    session: Any = None
    session_reused: Any = False


class Socket(Plain, ssl.SSLSocket):
    """The same with TLS, as a connection can tell."""


class Loop:
    """An event loop that only notes what it is to wait for, and what it is to call."""

    def __init__(self) -> None:
        self.reads: Callable[[], None] | None = None
        self.writes: Callable[[], None] | None = None
        self.later: list[tuple[float, Callable[[], None], Any]] = []

    def add_reader(self, descriptor: int, call: Callable[[], None]) -> None:
        assert descriptor == 7
        self.reads = call

    def add_writer(self, descriptor: int, call: Callable[[], None]) -> None:
        assert descriptor == 7
        self.writes = call

    def remove_reader(self, descriptor: int) -> None:
        self.reads = None

    def remove_writer(self, descriptor: int) -> None:
        self.writes = None

    def call_soon(self, call: Callable[[], None]) -> Any:
        return self.call_later(0.0, call)

    def call_later(self, seconds: float, call: Callable[[], None]) -> Any:
        entry: Any = (seconds, call, Handle())
        self.later.append(entry)
        return entry[2]

    @property
    def due(self) -> list[float]:
        """When something is still to be called."""
        return [seconds for seconds, _, handle in self.later if not handle.cancelled]

    def run(self) -> None:
        """Call the one that is due."""
        ((_, call, _),) = [entry for entry in self.later if not entry[2].cancelled]
        self.later.clear()
        call()


class Handle:
    cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Here:
    """A connection on a played socket; `heard` is what came of it, each end among it."""

    def __init__(self, sock: Plain | None = None, *, attached: bool = True) -> None:
        self.sock: Plain = sock or Socket()
        self.loop, self.counters = Loop(), Counters()
        self.heard: list[Any] = []
        loop: Any = self.loop
        context: Any = "context"
        played: Any = self.sock
        self.line = Connection(played, context, loop, self.counters)
        if attached:
            self.line.attach(self.heard.append, lambda failure: self.heard.append(("lost", failure)))

    def ready(self) -> None:
        assert self.loop.reads is not None
        self.loop.reads()

    def room(self) -> None:
        assert self.loop.writes is not None
        self.loop.writes()


def test_the_bounds_are_those_that_are_told() -> None:
    assert Here().line.unsent == 0
    assert (module.READ_BUDGET, module.MUCH) == (BUDGET, 16 * KIB)


@pytest.mark.parametrize("kind", [Socket, Plain])
def test_what_a_connection_says_of_itself(kind: type[Plain]) -> None:
    here = Here(kind())
    secured = kind is Socket
    assert here.line.protocol == ("h2" if secured else "")
    here.sock.selected_alpn_protocol = lambda: None  # type: ignore[method-assign]
    assert here.line.protocol == ""
    here.sock.session_reused = True
    assert here.line.resumed is secured
    here.sock.session_reused = False
    assert here.line.resumed is False
    for ticket in (True, False, None):
        here.sock.session = None if ticket is None else type("Session", (), {"has_ticket": ticket})()
        assert here.line.session is (here.sock.session if secured and ticket else None)
    assert not here.line.closed
    here.line.close()
    assert here.line.closed
    assert (here.line.protocol, here.line.resumed, here.line.session) == ("", False, None)


def test_nothing_is_read_before_somebody_listens() -> None:
    here = Here(attached=False)
    assert here.loop.reads is None
    here.line.attach(here.heard.append, here.heard.append)
    here.sock.gives = [b"abc", b"de"]
    here.ready()
    assert here.heard == [b"abcde"]
    assert here.counters.bytes_in == 5
    here.sock.gives = []
    here.ready()
    assert here.heard == [b"abcde"]


@pytest.mark.parametrize(
    ("gives", "heard"),
    [
        ([b""], [("lost", None)]),
        ([b"a", b""], [b"a", ("lost", None)]),
        ([ConnectionResetError], [("lost", ConnectionResetError)]),
        ([b"a", ssl.SSLEOFError], [b"a", ("lost", ssl.SSLEOFError)]),
        ([BlockingIOError], []),
        ([InterruptedError], []),
        ([b"a", READ], [b"a"]),
    ],
)
def test_how_a_read_ends(gives: list[Any], heard: list[Any]) -> None:
    here = Here()
    here.sock.gives = gives
    here.ready()
    found = [(one[0], one[1] and type(one[1])) if isinstance(one, tuple) else one for one in here.heard]
    assert found == heard
    ended = bool(heard) and isinstance(heard[-1], tuple)
    assert here.line.closed is ended
    assert here.sock.shut == ended
    assert (here.loop.reads is None) is ended


@pytest.mark.parametrize(
    ("size", "waiting", "again"),
    [(BUDGET, 1, True), (BUDGET, 0, False), (BUDGET - 1, 1, False), (BUDGET + 10, 5, True)],
)
def test_what_waits_inside_tls_is_read_in_the_next_turn(size: int, waiting: int, again: bool) -> None:
    here = Here()
    here.sock.gives, here.sock.waiting = [bytes(size)], waiting
    here.ready()
    assert [len(one) for one in here.heard] == [min(size, BUDGET)]
    assert here.loop.due == ([0.0] if again else [])
    if again:
        here.sock.waiting = 0
        here.loop.run()
        assert [len(one) for one in here.heard[1:]] == ([size - BUDGET] if size > BUDGET else [])
    plain = Here(Plain())
    plain.sock.gives, plain.sock.waiting = [bytes(size)], waiting
    plain.ready()
    assert plain.loop.due == []


def test_a_read_may_want_to_write_first_and_goes_on_when_there_is_room() -> None:
    here = Here()
    here.sock.gives = [WRITE, b"abc"]
    here.ready()
    assert here.heard == []
    here.room()
    assert here.heard == [b"abc"]
    assert here.loop.writes is None
    here.sock.gives = [b"later"]
    here.sock.takes = [WRITE]
    here.line.send(b"x")
    here.room()
    assert here.heard == [b"abc"], "a write alone reads nothing"


def test_a_write_may_want_to_read_first_and_goes_on_when_something_came() -> None:
    here = Here()
    here.sock.takes = [2, READ]
    here.line.send(b"abcd")
    assert (here.sock.took, here.loop.writes, here.line.unsent, here.line.sent) == (b"ab", None, 2, True)
    here.sock.gives = [b"?"]
    here.ready()
    assert (here.sock.took, here.line.unsent, here.heard) == (b"abcd", 0, [b"?"])
    here.ready()
    assert here.sock.took == b"abcd"


@pytest.mark.parametrize("kind", [Socket, Plain])
@pytest.mark.parametrize("stop", [WRITE, BlockingIOError, InterruptedError])
@pytest.mark.parametrize("taken", [0, 3])
def test_what_the_kernel_does_not_take_waits_for_room(
    kind: type[Plain], stop: type[OSError], taken: int
) -> None:
    here = Here(kind())
    here.sock.takes = [*([taken] if taken else []), stop]
    told: list[int] = []
    here.line.send(b"abcdef")
    here.line.when_sent(lambda: told.append(here.line.unsent))
    assert (here.sock.took, here.line.unsent, told) == (b"abcdef"[:taken], 6 - taken, [])
    assert here.counters.bytes_out == taken
    assert here.line.sent is (kind is Socket or bool(taken)), "half a record of TLS may be on its way"
    here.sock.takes = [0, stop]
    here.line.send(b"gh")
    assert here.line.unsent == 8 - taken
    here.room()
    assert (here.sock.took, here.line.unsent, told, here.line.sent) == (b"abcdefgh", 0, [0], True)
    assert here.loop.writes is None
    here.line.when_sent(lambda: told.append(7))
    assert told == [0, 7]
    here.line.send(b"i")
    assert told == [0, 7]
    assert here.counters.bytes_out == 9


def test_an_answer_that_came_before_a_failed_write_is_read_first() -> None:
    here = Here()
    here.sock.takes = [BrokenPipeError(errno.EPIPE, "pipe")]
    here.sock.gives = [b"answer"]
    here.line.send(b"abc")
    assert (here.heard, here.line.sent, here.loop.due) == ([], False, [0.0])
    here.loop.run()
    assert here.heard[0] == b"answer"
    assert isinstance(here.heard[1][1], BrokenPipeError)
    assert here.line.closed
    here.line.send(b"more")
    assert here.sock.took == b""


def test_nothing_is_sent_after_the_end() -> None:
    here = Here()
    here.line.close()
    here.line.send(b"abc")
    assert here.sock.took == b""
    assert here.line.sent is False


@pytest.mark.parametrize("gives", [[b"abc"], [b""], [ConnectionResetError]])
def test_what_comes_to_nobody_closes_it(gives: list[Any]) -> None:
    for idle in (True, False):
        here = Here()
        here.line.detach()
        here.sock.gives = list(gives)
        if idle:
            assert not here.line.alive()
        else:
            here.ready()
        assert here.line.closed
        assert here.heard == []


def test_an_idle_one_that_hears_nothing_is_alive() -> None:
    here = Here()
    here.line.detach()
    assert here.line.alive()
    here.line.close()
    assert not here.line.alive()


class TestRest:
    def test_it_listens_again_after_that_time(self) -> None:
        here = Here()
        here.line.rest(0.25)
        assert (here.loop.reads, here.loop.due) == (None, [0.25])
        here.line.rest(9.0)
        assert here.loop.due == [0.25]
        here.sock.gives = [b"abc"]
        here.loop.run()
        assert here.heard == [b"abc"]
        assert (here.loop.reads is not None, here.loop.due) == (True, [])

    @pytest.mark.parametrize(("size", "rests"), [(16 * KIB - 1, True), (16 * KIB, False), (BUDGET, False)])
    def test_not_while_there_is_much(self, size: int, rests: bool) -> None:
        here = Here()
        here.sock.gives = [bytes(size)]
        here.ready()
        here.line.rest(1.0)
        assert (here.loop.reads is None) is rests
        here.sock.gives = [b"x"]
        if not rests:
            here.ready()
            here.line.rest(1.0)
        assert here.loop.reads is None

    def test_who_asks_something_ends_it(self) -> None:
        here = Here()
        here.line.rest(1.0)
        here.line.rouse()
        assert here.loop.reads is not None
        here.ready()
        assert here.loop.due == [], "every such call would leave one behind"
        here.line.close()
        here.line.rest(1.0)
        here.line.rouse()
        assert here.loop.due == []
        assert self.listens(here) is False

    def listens(self, here: Here) -> bool:
        return here.loop.reads is not None

    def test_listening_is_asked_for_once(self) -> None:
        here = Here()
        here.loop.reads = None
        here.line.rouse()
        assert here.loop.reads is None


class TestHold:
    def test_nothing_is_read_until_it_goes_on(self) -> None:
        here = Here()
        here.line.hold()
        here.line.hold()
        assert here.loop.reads is None
        here.line.go_on()
        here.line.go_on()
        assert here.loop.due == [0.0]
        here.sock.gives = [b"abc"]
        here.loop.run()
        assert (here.heard, here.loop.reads is not None) == ([b"abc"], True)

    def test_it_ends_a_rest_that_would_read_by_itself(self) -> None:
        here = Here()
        here.line.rest(1.0)
        here.line.hold()
        assert (here.loop.reads, here.loop.due) == (None, [])
        here.line.close()
        here.line.hold()
        here.line.go_on()
        assert here.loop.due == []


def test_closing_forgets_everything_and_is_safe_twice() -> None:
    here = Here()
    here.sock.takes = [WRITE]
    here.line.send(b"abc")
    here.line.when_sent(lambda: here.heard.append("sent"))
    here.line.go_on()
    here.line.close()
    here.line.close()
    assert (here.sock.shut, here.line.unsent, here.loop.due) == (1, 0, [])
    assert (here.loop.reads, here.loop.writes, here.heard) == (None, None, [])


def test_the_kernel_is_told_how_much_may_wait() -> None:
    here = Here()
    here.line.narrow(4096)
    assert here.sock.options == [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]
    here.line.close()
    here.line.narrow(1)
    assert len(here.sock.options) == 1


async def test_a_socket_that_cannot_be_closed_is_let_go() -> None:
    here = Here()

    def fail() -> None:
        raise OSError

    here.sock.close = fail  # type: ignore[method-assign]
    here.line.close()
    assert here.line.closed
    await asyncio.sleep(0)
