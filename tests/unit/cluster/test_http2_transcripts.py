"""What HTTP/2 makes of every two frames in a row, and of numbers that fill all of their bytes.

`pytest tests/unit/cluster/test_http2_transcripts.py --snapshot-update` takes what is done now; look at
what differs first.
"""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.http2 import Ended, Event, _four, _head, _unpadded, fields_of
from edgetui.cluster.http.protocol import Body, Head
from tests.unit.cluster.test_http2 import GET, OK, SETTINGS, frame
from tests.unit.cluster.test_http2_bounds import (
    CONTINUATION,
    DATA,
    GOAWAY,
    HEADERS,
    MOST,
    PING,
    RST,
    SET,
    WINDOW,
    Sent,
    Us,
    four,
    head,
    setting,
)

CODED_LENGTH_3 = OK + b"\x0f\x0d\x013"
FRAMES = {
    "head 1": head(1),
    "head 1, no body": head(1, last=True),
    "head 1 of 3 bytes": frame(HEADERS, 4, 1, CODED_LENGTH_3),
    "head 3": head(3),
    "head 3, no body": head(3, last=True),
    "half a head 1": frame(HEADERS, 0, 1, OK[:0]),
    "half a head 1, no body": frame(HEADERS, 1, 1, OK[:0]),
    "the rest of a head 1": frame(CONTINUATION, 4, 1, OK),
    "interim 1": frame(HEADERS, 4, 1, b"\x08\x03103"),
    "trailers 1": frame(HEADERS, 5, 1, b"\x00\x01a\x01b"),
    "body 1": frame(DATA, 0, 1, b"abc"),
    "last body 1": frame(DATA, 1, 1, b"abc"),
    "nothing but padding 1": frame(DATA, 8, 1, b"\x02\0\0"),
    "last body 3": frame(DATA, 1, 3, b"xy"),
    "reset 1": frame(RST, 0, 1, four(8)),
    "refuse 1": frame(RST, 0, 1, four(7)),
    "refuse 3": frame(RST, 0, 3, four(7)),
    "go away from all": frame(GOAWAY, 0, 0, four(0) + four(0)),
    "go away after 1": frame(GOAWAY, 0, 0, four(1) + four(0)),
    "window of all": frame(WINDOW, 0, 0, four(5)),
    "window of 3": frame(WINDOW, 0, 3, four(2)),
    "larger windows": setting(4, 13),
    "smaller windows": setting(4, 4),
    "one at a time": setting(3, 1),
    "no table": setting(1, 0),
    "what is not known": setting(99, 1),
    "settings taken": frame(SET, 1, 0),
    "ping": frame(PING, 0, 0, b"12345678"),
    "pong": frame(PING, 1, 0, b"12345678"),
    "a frame of another kind": frame(99, 0, 7, b"?"),
}
KINDS = ("DATA", "HEADERS", "PRIORITY", "RST", "SETTINGS", "PUSH", "PING", "GOAWAY", "WINDOW", "CONTINUATION")


def told(number: int, event: Event) -> str:
    if isinstance(event, Head):
        return f"head {number} {event.status} {event.headers}"
    if isinstance(event, Body):
        return f"body {number} {event.data!r}"
    return f"end {number}{' whole' * event.clean}{' unseen' * event.unseen}"


def sent(one: Sent) -> str:
    return f"{KINDS[one.kind]} {one.flags} {one.stream} {one.payload.hex()}".strip()


def played(*frames: bytes) -> str:
    """What comes of these, where 1 has no body to send and 3 waits with a half of its own."""
    us = Us(asked=0, peer=setting(4, 10))
    us.frames.request(GET, None)
    us.frames.request(GET, b"0123456789abcde")
    us.sent()
    lines = []
    try:
        lines += [f"> {sent(one)}" for data in frames for one in us.feed(data)]
        state = f"{us.frames.active} open{', takes more' * us.frames.takes_more}"
    except ProtocolError as error:
        state = error.sentence
    return "; ".join([*(told(*one) for one in us.told), *lines, state])


@pytest.mark.parametrize("first", FRAMES)
def test_what_comes_of_every_two_frames(first: str, snapshot: SnapshotAssertion) -> None:
    alone = played(FRAMES[first])
    lines = [alone]
    if "not valid" not in alone:
        lines += [f"{second}: {played(FRAMES[first], data)}" for second, data in FRAMES.items()]
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize("number", [1, 255, 2**16 + 1, 2**24 + 1, 0x01020305, MOST - 2])
def test_a_stream_may_have_any_number(number: int) -> None:
    us = Us(asked=0)
    us.frames._next = number
    assert us.frames.takes_more
    assert us.frames.request(GET, b"x") == number
    assert [(one.kind, one.stream) for one in us.sent()] == [(HEADERS, number), (DATA, number)]
    assert us.frames.takes_more is (number < MOST - 2)
    marked = (number | 1 << 31).to_bytes(4, "big")
    for data in (head(number), frame(DATA, 0, number, b"abc")):
        us.feed(data[:5] + marked + data[9:])  # the first bit means nothing
    assert us.told == [(number, Head(200, {})), (number, Body(b"abc"))]
    us.frames.cancel(number)
    assert us.sent() == [Sent(RST, 0, number, four(8))]
    assert us.frames.active == 0


@pytest.mark.parametrize("last", [0x01020303, 0x01020303 | 1 << 31])
def test_who_goes_away_names_its_last_in_all_four_bytes(last: int) -> None:
    us = Us(asked=0)
    us.frames._next = 0x01020303
    us.frames.request(GET, None)
    us.frames.request(GET, None)
    us.feed(frame(GOAWAY, 0, 0, four(last) + four(0) + b"why"))
    assert us.ends() == [(0x01020305, Ended(clean=False, unseen=True))]


@pytest.mark.parametrize("value", [0, 1, 0x0102, 0x010203, 0x01020304, 2**32 - 1])
def test_a_setting_has_four_bytes_and_its_name_two(value: int) -> None:
    us = Us()
    us.feed(setting(3, value), setting(0x0103, 7), setting(0x0300, 7))
    assert us.frames.capacity == value
    assert us.frames.takes_more is (value > 1)


@pytest.mark.parametrize("more", [1, 0x0102, 0x010203, 0x01020304])
@pytest.mark.parametrize("mark", [0, 1 << 31])
def test_a_window_grows_by_all_four_bytes(more: int, mark: int) -> None:
    us = Us(asked=0, peer=setting(4, 0))
    us.frames.request(GET, b"x")
    us.feed(frame(WINDOW, 0, 0, four(more | mark)))
    assert us.frames._send_window == 65_535 + more
    (piece,) = us.feed(frame(WINDOW, 0, 1, four(more | mark)))
    assert piece == Sent(DATA, 1, 1, b"x")
    assert us.frames._send_window == 65_535 + more - 1


@pytest.mark.parametrize("code", [7, 0x0107, 0x010007, 0x01000007])
def test_only_the_number_seven_refuses(code: int) -> None:
    us = Us()
    us.feed(frame(RST, 0, 1, four(code)))
    assert us.ends() == [(1, Ended(clean=False, unseen=code == 7))]


@pytest.mark.parametrize("size", [0x4000, 0x4001, 0x010000, 0x010001, 0xFF0000])
def test_the_length_of_a_frame_has_three_bytes(size: int) -> None:
    us = Us()
    start = size.to_bytes(3, "big") + bytes((99, 0)) + four(0)
    if size > 0x4000:
        with pytest.raises(ProtocolError, match=r"not valid HTTP: a frame is too large\."):
            us.feed(start)
        return
    us.feed(start + bytes(size))
    assert us.feed(frame(PING, 0, 0, bytes(8))) == [Sent(PING, 1, 0, bytes(8))]


@pytest.mark.parametrize(
    ("first", "taken"),
    [
        (SETTINGS, True),
        (frame(PING, 0, 0, bytes(8)), False),
        (b"HTTP/1.1 ", False),
        ((0x4001).to_bytes(3, "big") + bytes((SET, 0)) + four(0), False),
    ],
)
def test_settings_come_first(first: bytes, taken: bool) -> None:
    us = Us(asked=0, peer=b"")
    assert not us.frames.begun
    if taken:
        assert us.feed(first) == [Sent(SET, 1, 0, b"")]
    else:
        with pytest.raises(ProtocolError, match="it does not begin as HTTP/2 does"):
            us.feed(first)
    assert us.frames.begun is taken


def test_frames_are_taken_at_their_last_byte_however_they_are_cut() -> None:
    us = Us()
    whole = head() + frame(DATA, 0, 1, b"abc") + frame(DATA, 1, 1)
    ends = []
    for at in range(len(whole)):
        us.feed(whole[at : at + 1])
        ends.append(len(us.told))
    assert ends == [0] * 9 + [1] * 12 + [2] * 9 + [3]


@pytest.mark.parametrize(
    ("flags", "payload", "data"),
    [
        (0, b"", b""),
        (0, b"\x01a\0", b"\x01a\0"),
        (0x25, b"\x01a\0", b"\x01a\0"),
        (8, b"\x01a\0", b"a"),
        (8, b"\0", b""),
        (8, b"\0abc", b"abc"),
        (8, b"\x03abc", b""),
        (8, b"\x02abc", b"a"),
        (8, b"\x04abc", None),
        (8, b"", None),
    ],
)
def test_padding_is_taken_off_where_it_is_said_to_be(flags: int, payload: bytes, data: bytes | None) -> None:
    if data is None:
        with pytest.raises(ProtocolError, match="padding"):
            _unpadded(flags, payload)
    else:
        assert _unpadded(flags, payload) == data


@pytest.mark.parametrize("payload", [b"", b"abc"])
def test_a_number_has_four_bytes(payload: bytes) -> None:
    with pytest.raises(ProtocolError, match="a short frame"):
        _four(payload)
    assert _four(b"\x01\x02\x03\x04\x05") == 0x01020304


@pytest.mark.parametrize(
    ("status", "more", "taken"),
    [
        ("200", [], True),
        ("999", [("a", "1"), ("b", "2"), ("a", "3")], True),
        ("20", [], False),
        ("2000", [], False),
        ("", [], False),
        ("2x0", [], False),
        ("٢٠٠", [], False),
        ("²00", [], False),
        ("200", [(":method", "GET")], False),
        ("200", [("", "empty")], True),
    ],
)
def test_a_head_has_a_status_of_three_digits_and_nothing_else_with_a_colon(
    status: str, more: list[tuple[str, str]], taken: bool
) -> None:
    fields = [(":status", status), *more]
    if not taken:
        with pytest.raises(ProtocolError, match="a status"):
            _head(fields)
        return
    joined = {name: ", ".join(value for other, value in more if other == name) for name, _ in more}
    assert _head(fields) == (int(status), joined)


@pytest.mark.parametrize("first", [99, 100, 199, 200])
def test_interim_heads_are_those_from_100_to_199(first: int) -> None:
    us = Us()
    us.feed(frame(HEADERS, 4, 1, b"\x08\x03" + b"%03d" % first))
    assert us.told == ([] if 100 <= first < 200 else [(1, Head(first, {}))])


def test_what_http_2_forbids_is_left_out_of_a_request() -> None:
    forbidden = ["Connection", "keep-alive", "Proxy-Connection", "Transfer-Encoding", "upgrade", "Host"]
    headers = [*((name, "x") for name in forbidden), ("Accept", "a"), ("accept", "b"), ("TE", "trailers")]
    assert fields_of("PUT", "plant:6443", "/a?b", headers) == [
        (":method", "PUT"),
        (":scheme", "https"),
        (":authority", "plant:6443"),
        (":path", "/a?b"),
        ("accept", "a"),
        ("accept", "b"),
        ("te", "trailers"),
    ]


@pytest.mark.parametrize("at_head", [True, False])
def test_who_gives_up_an_answer_while_its_last_piece_is_told_hears_of_no_end(at_head: bool) -> None:
    us = Us()
    heard: list[Event] = []

    def hear(number: int, event: Event) -> None:
        heard.append(event)
        us.frames.cancel(number)

    us.frames._tell = hear
    if at_head:
        sent = us.feed(head(last=True))
    else:
        us.frames._tell = lambda _number, _event: None
        us.feed(head())
        us.frames._tell = hear
        sent = us.feed(frame(DATA, 1, 1, b"abc"))
    assert heard == [Head(200, {}) if at_head else Body(b"abc")]
    assert sent == [Sent(RST, 0, 1, four(8))]


@pytest.mark.parametrize("begun", [False, True])
def test_an_answer_that_has_begun_was_seen_whatever_a_peer_says_that_goes_away(begun: bool) -> None:
    us = Us()
    us.feed(*([head()] if begun else []), frame(GOAWAY, 0, 0, four(0) + four(0)))
    assert us.ends() == [(1, Ended(clean=False, unseen=not begun))]


def test_what_a_peer_takes_is_a_hundred_until_it_says_so_and_its_table_is_kept_to() -> None:
    us = Us(asked=0)
    assert us.frames.capacity == 100
    us.frames.request(GET, None)
    (first,) = us.sent()
    us.frames.request(GET, None)
    (second,) = us.sent()
    assert len(second.payload) < len(first.payload)
    us.feed(setting(2, 0), setting(1, 0))
    us.frames.request(GET, None)
    (third,) = us.sent()
    assert third.payload == b"\x20" + first.payload


@pytest.mark.parametrize("count", [0, 1, 16, 17])
def test_an_answer_may_have_sixteen_interim_heads(count: int) -> None:
    us = Us()
    interim = frame(HEADERS, 4, 1, b"\x08\x03103") * count
    if count > 16:
        with pytest.raises(ProtocolError, match="too many interim responses"):
            us.feed(interim)
    else:
        us.feed(interim + head())
        assert us.told == [(1, Head(200, {}))]
