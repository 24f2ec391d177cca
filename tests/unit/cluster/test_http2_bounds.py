"""HTTP/2 frame by frame, at the bounds of RFC 9113 and our own: the last value that is taken, the first that is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pytest

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.http2 import PREFACE, Ended, Event, Frames
from edgetui.cluster.http.protocol import Body, Head
from tests.unit.cluster.test_http2 import GET, OK, SETTINGS, frame

DATA, HEADERS, RST, SET, PING, GOAWAY, WINDOW, CONTINUATION = 0, 1, 3, 4, 6, 7, 8, 9
KIB, MIB = 1024, 1024 * 1024
MOST = 2**31 - 1


class Sent(NamedTuple):
    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.payload, "big")


class Us:
    """Our frames alone, after the settings of the peer; `asked` requests are open."""

    def __init__(self, asked: int = 1, peer: bytes = SETTINGS) -> None:
        self.now = 100.0
        self.told: list[tuple[int, Event]] = []
        self.frames = Frames(lambda number, event: self.told.append((number, event)), lambda: self.now)
        self.hello = self.sent()
        self.frames.feed(peer)
        for _ in range(asked):
            self.frames.request(GET, None)
        self.sent()

    def sent(self) -> list[Sent]:
        """What was sent since this was last asked."""
        out = bytes(self.frames.out).removeprefix(PREFACE)
        self.frames.out.clear()
        found = []
        while out:
            size = int.from_bytes(out[:3], "big")
            found.append(Sent(out[3], out[4], int.from_bytes(out[5:9], "big"), out[9 : 9 + size]))
            out = out[9 + size :]
        return found

    def feed(self, *frames: bytes) -> list[Sent]:
        for one in frames:
            self.frames.feed(one)
        return self.sent()

    def ends(self) -> list[tuple[int, Ended]]:
        return [(number, event) for number, event in self.told if isinstance(event, Ended)]


def head(stream: int = 1, *, last: bool = False) -> bytes:
    return frame(HEADERS, 5 if last else 4, stream, OK)


def body(size: int, stream: int = 1) -> bytes:
    return frame(DATA, 0, stream, bytes(size))


def four(value: int) -> bytes:
    return value.to_bytes(4, "big")


def setting(name: int, value: int) -> bytes:
    return frame(SET, 0, 0, name.to_bytes(2, "big") + four(value))


def test_what_is_said_first() -> None:
    settings, window = Us().hello
    assert (settings.kind, settings.flags, settings.stream) == (SET, 0, 0)
    parts = [settings.payload[at : at + 6] for at in range(0, len(settings.payload), 6)]
    told = {int.from_bytes(one[:2], "big"): int.from_bytes(one[2:], "big") for one in parts}
    assert told == {2: 0, 4: 16 * KIB, 5: 16 * KIB}  # no push, a window, the largest frame
    assert (window.kind, window.stream, window.number) == (WINDOW, 0, 16 * MIB - 65_535)


@pytest.mark.parametrize(("size", "more"), [(8 * KIB - 1, []), (8 * KIB, [8 * KIB]), (9000, [9000])])
def test_a_window_is_filled_up_once_half_of_it_is_used(size: int, more: list[int]) -> None:
    us = Us()
    us.feed(head())
    us.now += 1.0
    assert us.feed(body(size)) == [Sent(WINDOW, 0, 1, four(size)) for size in more]


@pytest.mark.parametrize(("seconds", "grows"), [(0.0, True), (0.0999, True), (0.1001, False)])
def test_a_window_that_fills_within_a_tenth_of_a_second_is_made_four_times_as_large(
    seconds: float, grows: bool
) -> None:
    us = Us()
    us.feed(head())
    us.now += 5.0
    us.feed(body(8 * KIB))  # slow; from here on the time counts
    us.now += seconds
    (update,) = us.feed(body(8 * KIB))
    assert update.number == 8 * KIB + (3 * 16 * KIB if grows else 0)


def test_windows_grow_to_four_megabytes() -> None:
    us = Us()
    us.feed(head())
    window, updates = 16 * KIB, []
    for _ in range(12):
        sent: list[Sent] = []
        for _ in range(window // 2 // (8 * KIB)):
            sent += [one for one in us.feed(body(8 * KIB)) if one.stream]
        (update,) = sent
        updates.append(update.number)
        window += update.number - window // 2
    assert window == 4 * MIB
    assert updates[:5] == [
        8 * KIB + 48 * KIB,
        32 * KIB + 192 * KIB,
        128 * KIB + 768 * KIB,
        512 * KIB + 3 * MIB,
        2 * MIB,
    ]


@pytest.mark.parametrize("over", [0, 1])
def test_no_more_than_a_window_may_come(over: int) -> None:
    us = Us()
    us.feed(head())
    us.now += 1.0
    us.feed(body(8 * KIB - 1))
    if over:
        with pytest.raises(ProtocolError, match="more came than was allowed"):
            us.feed(body(8 * KIB + 2))
    else:
        (update,) = us.feed(body(8 * KIB + 1))
        assert update.number == 16 * KIB


def test_the_window_of_all_is_filled_up_once_half_of_it_is_used_whoever_used_it() -> None:
    us = Us(asked=1)
    us.feed(head())
    us.frames.cancel(1)
    us.sent()
    pieces = 8 * MIB // (16 * KIB)
    for _ in range(2):
        for _ in range(pieces - 1):
            assert us.feed(body(16 * KIB)) == []
        assert us.feed(body(16 * KIB - 1)) == []
        assert us.feed(body(1)) == [Sent(WINDOW, 0, 0, four(8 * MIB))]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (frame(99, 0, 0, bytes(16 * KIB)), ""),
        (frame(99, 0, 0, bytes(16 * KIB + 1)), "a frame is too large"),
        (setting(5, 16 * KIB - 1), "a frame size that is not allowed"),
        (setting(5, 16 * KIB), ""),
        (setting(5, 2**24 - 1), ""),
        (setting(5, 2**24), "a frame size that is not allowed"),
        (setting(4, MOST), ""),
        (setting(4, MOST + 1), "a window that is too large"),
        (frame(WINDOW, 0, 0, four(MOST - 65_535)), ""),
        (frame(WINDOW, 0, 0, four(MOST - 65_534)), "a window that is too large"),
        (frame(WINDOW, 0, 1, four(MOST - 65_535)), ""),
        (frame(WINDOW, 0, 1, four(MOST - 65_534)), "a window that is too large"),
        (frame(WINDOW, 0, 9, four(MOST)), ""),
        (frame(SET, 0, 1), "settings"),
        (frame(SET, 0, 0, bytes(5)), "settings"),
        (frame(SET, 1, 0, bytes(6)), "settings"),
        (frame(SET, 1, 0), ""),
        (frame(PING, 0, 0, bytes(7)), "a ping"),
        (frame(PING, 0, 0, bytes(9)), "a ping"),
        (frame(RST, 0, 1, four(8)), ""),
        (frame(RST, 0, 2, four(8)), "an answer to nothing"),
        (frame(RST, 0, 3, four(8)), "an answer to nothing"),
        (frame(DATA, 0, 3, b"x"), "an answer to nothing"),
        (frame(DATA, 0, 0, b"x"), "an answer to nothing"),
        (frame(HEADERS, 0, 1, OK) + frame(CONTINUATION, 4, 1), ""),
        (frame(HEADERS, 0, 1, OK) + frame(CONTINUATION, 4, 3), "header frames are interrupted"),
        (frame(HEADERS, 0, 1, OK) + frame(DATA, 0, 1), "header frames are interrupted"),
        (frame(HEADERS, 0, 1, OK) + frame(99, 0, 1), "header frames are interrupted"),
        (frame(CONTINUATION, 4, 1), "a continuation of nothing"),
        (head(3), "an answer to nothing"),
        (head(2), "an answer to nothing"),
        (head() + frame(DATA, 1, 1, b"x") + frame(DATA, 0, 1, b"late"), ""),
        (head(last=True) + head(), ""),
        (b"".join(frame(HEADERS, 4, 1, b"\x08\x03103") for _ in range(16)), ""),
        (b"".join(frame(HEADERS, 4, 1, b"\x08\x03103") for _ in range(17)), "too many interim"),
    ],
)
def test_what_is_taken_and_what_is_not(data: bytes, why: str) -> None:
    us = Us()
    if why:
        with pytest.raises(ProtocolError, match=why):
            us.feed(data)
    else:
        us.feed(data)


@pytest.mark.parametrize("over", [0, 1])
def test_a_head_may_have_64_kib_as_it_is_sent(over: int) -> None:
    us = Us()
    block = bytearray(OK)
    # A literal without indexing, whose value fills the block.
    block += b"\x00\x01a\x7f" + _integer(64 * KIB - len(OK) - 4 - 3 + over - 127)
    block += b"v" * (64 * KIB + over - len(block))
    parts = [bytes(block[at : at + 16 * KIB]) for at in range(0, len(block), 16 * KIB)]
    frames = [frame(HEADERS, 0, 1, parts[0]), *(frame(CONTINUATION, 0, 1, one) for one in parts[1:])]
    if over:
        with pytest.raises(ProtocolError, match="a head is too large"):
            us.feed(*frames)
    else:
        us.feed(*frames)


def _integer(value: int) -> bytes:
    """The rest of an integer of HPACK (RFC 7541 section 5.1)."""
    out = bytearray()
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes((*out, value))


@pytest.mark.parametrize(
    ("length", "clean"),
    [("3", True), ("4", False), ("2", False), ("9" * 18, False), ("9" * 19, True), ("x", True), ("٣", True)],
)
def test_a_length_that_was_said_is_kept_to_where_it_is_a_number(length: str, clean: bool) -> None:
    us = Us()
    value = length.encode()
    us.feed(frame(HEADERS, 4, 1, OK + b"\x0f\x0d" + bytes((len(value),)) + value))
    us.feed(frame(DATA, 1, 1, b"abc"))
    assert us.ends() == [(1, Ended(clean=clean))]


@pytest.mark.parametrize(
    ("last", "unseen"), [(0, [1, 3, 5]), (1, [3, 5]), (3, [5]), (4, [5]), (5, []), (MOST, [])]
)
def test_who_goes_away_has_not_seen_what_is_beyond_the_last_that_it_names(
    last: int, unseen: list[int]
) -> None:
    us = Us(asked=3)
    assert us.frames.takes_more
    us.feed(frame(GOAWAY, 0, 0, four(last) + four(0)))
    assert us.ends() == [(number, Ended(clean=False, unseen=True)) for number in unseen]
    assert us.frames.active == 3 - len(unseen)
    assert not us.frames.takes_more


@pytest.mark.parametrize(("code", "begun", "unseen"), [(7, False, True), (7, True, False), (8, False, False)])
def test_a_stream_that_is_reset_was_not_seen_only_where_it_was_refused_before_its_head(
    code: int, begun: bool, unseen: bool
) -> None:
    us = Us()
    us.feed(*([head()] if begun else []), frame(RST, 0, 1, four(code)))
    assert us.ends() == [(1, Ended(clean=False, unseen=unseen))]


def test_an_answer_is_given_up_once() -> None:
    us = Us(asked=2)
    us.frames.cancel(1)
    assert us.sent() == [Sent(RST, 0, 1, four(8))]
    for number in (1, 5):
        us.frames.cancel(number)
    assert us.sent() == []
    assert us.feed(head(), body(3)) == []
    assert (us.told, us.frames.active) == ([], 1)


def test_a_ping_is_answered_with_its_own_bytes_and_an_answer_is_not() -> None:
    us = Us()
    assert us.feed(frame(PING, 0, 0, b"12345678")) == [Sent(PING, 1, 0, b"12345678")]
    assert us.feed(frame(PING, 1, 0, b"12345678")) == []
    us.frames.ping()
    (ours,) = us.sent()
    assert (ours.kind, ours.flags, ours.stream, len(ours.payload)) == (PING, 0, 0, 8)


def test_settings_are_acknowledged_once_however_many_they_are() -> None:
    us = Us()
    many = frame(SET, 0, 0, b"".join((setting(3, 7)[9:], setting(4, 100)[9:])))
    assert us.feed(many) == [Sent(SET, 1, 0, b"")]
    assert us.frames.capacity == 7
    assert us.feed(frame(SET, 1, 0)) == []


class TestBodies:
    """What goes out, by the windows that the peer gives."""

    def sizes(self, sent: Sequence[Sent]) -> list[tuple[int, int, int]]:
        return [(one.stream, len(one.payload), one.flags) for one in sent if one.kind == DATA]

    def test_it_goes_in_frames_of_16_kib_as_far_as_the_window_allows(self) -> None:
        us = Us(asked=0)
        us.frames.request(GET, bytes(70_000))
        sent = us.sent()
        assert (sent[0].kind, sent[0].flags) == (HEADERS, 4)
        assert self.sizes(sent) == [(1, 16_384, 0)] * 3 + [(1, 65_535 - 3 * 16_384, 0)]
        assert self.sizes(us.feed(frame(WINDOW, 0, 1, four(1)))) == []  # that of all is used up as well
        assert self.sizes(us.feed(frame(WINDOW, 0, 0, four(10_000)))) == [(1, 1, 0)]
        assert self.sizes(us.feed(frame(WINDOW, 0, 1, four(100_000)))) == [(1, 70_000 - 65_536, 1)]

    def test_one_that_waits_holds_up_no_other(self) -> None:
        us = Us(asked=0, peer=setting(4, 10))
        us.frames.request(GET, bytes(15))
        us.frames.request(GET, bytes(8))
        us.frames.request(GET, bytes(11))
        assert self.sizes(us.sent()) == [(1, 10, 0), (3, 8, 1), (5, 10, 0)]
        assert self.sizes(us.feed(frame(WINDOW, 0, 5, four(1)))) == [(5, 1, 1)]
        assert self.sizes(us.feed(setting(4, 12))) == [(1, 2, 0)]
        us.frames.cancel(1)
        us.sent()
        assert self.sizes(us.feed(frame(WINDOW, 0, 0, four(100)))) == []

    def test_an_answer_that_comes_before_the_whole_body_was_sent_ends_it(self) -> None:
        us = Us(asked=0, peer=setting(4, 10))
        us.frames.request(GET, bytes(15))
        us.sent()
        assert us.feed(head(last=True)) == [Sent(RST, 0, 1, four(0))]
        assert us.ends() == [(1, Ended(clean=True))]

    def test_a_long_head_goes_in_parts(self) -> None:
        us = Us(asked=0)
        us.frames.request([*GET, ("x", "ä" * 30_000)], None)
        parts = us.sent()
        assert [one.kind for one in parts] == [HEADERS, *[CONTINUATION] * (len(parts) - 1)]
        assert [one.flags for one in parts] == [1, *[0] * (len(parts) - 2), 4]
        assert all(len(one.payload) == 16 * KIB for one in parts[:-1])
        assert len(parts) > 2


def test_what_is_padded_or_prioritized_is_what_is_within() -> None:
    us = Us()
    us.feed(frame(HEADERS, 4 | 8 | 0x20, 1, b"\x02" + bytes(5) + OK + bytes(2)))
    us.feed(frame(DATA, 8, 1, b"\x03abc" + bytes(3)), frame(DATA, 1, 1, b""))
    assert [event for _, event in us.told] == [Head(200, {}), Body(b"abc"), Ended(clean=True)]
