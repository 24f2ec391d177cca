"""HTTP/2 frames against the library h2 as the server: any cut of the bytes, any order of answers, every window."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http import http2
from edgetui.cluster.http.http2 import Ended, Event, Frames, fields_of
from edgetui.cluster.http.protocol import Body, Head

GET = fields_of("GET", "plant:6443", "/version", [("Accept", "application/json")])


def answer_head(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(":status", "200"), ("content-type", "application/json"), *more]


@dataclass
class Pair:
    """Our frames and h2 as the server, with nothing but bytes between them."""

    now: float = 0.0
    told: list[tuple[int, Event]] = field(default_factory=list)
    asked: list[h2.events.Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.frames = Frames(lambda number, event: self.told.append((number, event)), lambda: self.now)
        self.server = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=False, header_encoding="utf-8")
        )
        self.server.initiate_connection()
        self.exchange()

    def exchange(self, cuts: random.Random | None = None) -> None:
        """Let both say what they have to, until both are silent."""
        while True:
            ours, theirs = bytes(self.frames.out), self.server.data_to_send()
            if not ours and not theirs:
                return
            del self.frames.out[:]
            if ours:
                self.asked += self.server.receive_data(ours)
            while theirs:
                size = cuts.randint(1, len(theirs)) if cuts else len(theirs)
                self.frames.feed(theirs[:size])
                theirs = theirs[size:]

    def body(self, number: int) -> bytes:
        return b"".join(e.data for n, e in self.told if n == number and isinstance(e, Body))

    def ends(self, number: int) -> list[Ended]:
        return [e for n, e in self.told if n == number and isinstance(e, Ended)]

    def send(self, number: int, data: bytes, *, last: bool = True) -> None:
        """The server sends a body as its windows allow."""
        while data or last:
            size = min(
                len(data), self.server.local_flow_control_window(number), self.server.max_outbound_frame_size
            )
            if data and not size:
                self.exchange()
                continue
            self.server.send_data(number, data[:size], end_stream=last and size == len(data))
            data = data[size:]
            if not data:
                break
        self.exchange()


@given(seed=st.integers(0, 2**32), bodies=st.lists(st.integers(0, 70_000), min_size=1, max_size=5))
def test_answers_come_whole_at_any_cut_and_in_any_order(seed: int, bodies: list[int]) -> None:
    rng, pair = random.Random(seed), Pair()
    wanted = {pair.frames.request(GET, None): rng.randbytes(size) for size in bodies}
    pair.exchange(rng)
    assert [e.stream_id for e in pair.asked if isinstance(e, h2.events.RequestReceived)] == list(wanted)
    for number in rng.sample(list(wanted), len(wanted)):
        pair.server.send_headers(number, answer_head())
        pair.exchange(rng)
        pair.send(number, wanted[number])
    for number, data in wanted.items():
        assert pair.body(number) == data
        assert pair.ends(number) == [Ended(clean=True)]
    assert pair.frames.active == 0


def test_a_request_arrives_with_its_fields_and_its_body() -> None:
    pair = Pair()
    body = bytes(range(256)) * 1000  # more than the window that a server gives at first
    fields = fields_of(
        "PUT", "plant:6443", "/a?b=c", [("Authorization", "Bearer x"), ("Host", "no"), ("Connection", "no")]
    )
    number = pair.frames.request(fields, body)
    pair.exchange()
    (request,) = [e for e in pair.asked if isinstance(e, h2.events.RequestReceived)]
    assert request.headers == [
        (":method", "PUT"),
        (":scheme", "https"),
        (":authority", "plant:6443"),
        (":path", "/a?b=c"),
        ("authorization", "Bearer x"),
    ]
    came = b""
    while len(came) < len(body):
        pieces = [e for e in pair.asked if isinstance(e, h2.events.DataReceived)]
        pair.asked.clear()
        came += b"".join(e.data for e in pieces)
        for piece in pieces:
            pair.server.acknowledge_received_data(piece.flow_controlled_length, number)
        pair.exchange()
    assert came == body


def test_what_is_on_the_way_of_one_answer_is_bounded_and_grows_where_the_link_is_quick() -> None:
    pair = Pair()
    number = pair.frames.request(GET, None)
    pair.exchange()
    pair.server.send_headers(number, answer_head())
    assert pair.server.local_flow_control_window(number) == http2.FIRST_WINDOW
    slow = 0
    for _ in range(20):
        pair.now += 1.0
        pair.server.send_data(number, bytes(8 * 1024))
        pair.exchange()
        slow = max(slow, pair.server.local_flow_control_window(number))
    assert slow == http2.FIRST_WINDOW
    pair.send(number, bytes(20 * 1024 * 1024), last=False)
    assert pair.server.local_flow_control_window(number) > 1024 * 1024


def test_a_cancelled_answer_says_nothing_more_and_the_others_go_on() -> None:
    pair = Pair()
    first, second = pair.frames.request(GET, None), pair.frames.request(GET, None)
    pair.exchange()
    for number in (first, second):
        pair.server.send_headers(number, answer_head())
        pair.server.send_data(number, b"one")
    late = pair.server.data_to_send()
    pair.frames.cancel(first)
    pair.frames.feed(late)
    pair.exchange()
    pair.send(second, b"two")
    assert [e.error_code for e in pair.asked if isinstance(e, h2.events.StreamReset)] == [
        h2.errors.ErrorCodes.CANCEL
    ]
    assert pair.body(first) == b""
    assert pair.body(second) == b"onetwo"


def test_a_peer_that_goes_away_ends_what_it_has_begun_and_promises_the_rest_was_not_seen() -> None:
    pair = Pair()
    first = pair.frames.request(GET, None)
    pair.exchange()
    second = pair.frames.request(GET, None)
    pair.server.send_headers(first, answer_head())
    pair.server.close_connection(last_stream_id=first)
    pair.frames.feed(pair.server.data_to_send())
    assert not pair.frames.takes_more
    assert pair.ends(second) == [Ended(clean=False, unseen=True)]
    assert pair.ends(first) == []


@pytest.mark.parametrize(("code", "unseen"), [(7, True), (8, False), (2, False)])
def test_only_a_refused_stream_was_not_seen(code: int, unseen: bool) -> None:
    pair = Pair()
    number = pair.frames.request(GET, None)
    pair.exchange()
    pair.server.reset_stream(number, code)
    pair.exchange()
    assert pair.ends(number) == [Ended(clean=False, unseen=unseen)]


def test_as_many_are_begun_as_the_peer_takes() -> None:
    pair = Pair()
    pair.server.update_settings({h2.settings.SettingCodes.MAX_CONCURRENT_STREAMS: 2})
    pair.exchange()
    pair.frames.request(GET, None)
    assert pair.frames.takes_more
    number = pair.frames.request(GET, None)
    assert not pair.frames.takes_more
    pair.frames.cancel(number)
    assert pair.frames.takes_more


def test_interim_answers_trailers_large_heads_and_a_ping() -> None:
    pair = Pair()
    number = pair.frames.request(GET, None)
    pair.exchange()
    pair.server.send_headers(number, [(":status", "103")])
    pair.server.send_headers(number, answer_head(("warning", "w" * 30_000), ("warning", "two")))
    pair.server.send_data(number, b"x", pad_length=9)
    pair.server.send_headers(number, [("grpc-status", "0")], end_stream=True)
    pair.server.ping(b"12345678")
    pair.exchange()
    (head,) = [e for _, e in pair.told if isinstance(e, Head)]
    assert (head.status, head.headers["warning"]) == (200, "w" * 30_000 + ", two")
    assert pair.body(number) == b"x"
    assert pair.ends(number) == [Ended(clean=True)]
    assert any(isinstance(e, h2.events.PingAckReceived) for e in pair.asked)
    pair.frames.ping()
    pair.exchange()


def test_a_body_of_another_length_than_was_said_is_not_whole() -> None:
    pair = Pair()
    number = pair.frames.request(GET, None)
    pair.exchange()
    pair.server.config.validate_outbound_headers = False
    pair.server.send_headers(number, answer_head(("content-length", "5")))
    pair.server.send_data(number, b"abc", end_stream=True)
    pair.exchange()
    assert pair.ends(number) == [Ended(clean=False)]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


SETTINGS = frame(4, 0, 0)
OK = bytes((0x88,))


BROKEN = [
    b"HTTP/1.1 400 Bad Request\r\n\r\n",
    b"\x15\x03\x01\x00\x02\x02\x28 what a TLS alert looks like",
    frame(0, 0, 1, b"x"),  # not settings first
    SETTINGS + b"\xff\xff\xff" + bytes(6),  # a frame of 16 MB
    SETTINGS + frame(0, 0, 1, b"x"),  # a body without a head
    SETTINGS + frame(1, 4, 3, OK),  # an answer to nothing
    SETTINGS + frame(1, 4, 2, OK),  # a stream of the server's
    SETTINGS + frame(1, 4, 1, b"\x82"),  # :method in an answer
    SETTINGS + frame(1, 4, 1, b""),  # no status
    SETTINGS + frame(1, 0, 1, OK) + frame(6, 0, 0, bytes(8)),  # something between the parts of a head
    SETTINGS + frame(9, 4, 1, OK),  # a continuation of nothing
    SETTINGS + (frame(1, 0, 1, OK) + b"".join(frame(9, 0, 1, bytes(16_000)) for _ in range(6))),  # endless
    SETTINGS + frame(5, 4, 1, bytes(4) + OK),  # a push
    SETTINGS + frame(6, 0, 0, b"short"),
    SETTINGS + frame(7, 0, 0, b"abc"),
    SETTINGS + frame(8, 0, 0, b"\x7f\xff\xff\xff"),
    SETTINGS + frame(4, 0, 0, b"12345"),
    SETTINGS + frame(4, 1, 0, bytes(6)),
    SETTINGS + frame(4, 0, 0, b"\x00\x04\xff\xff\xff\xff"),
    SETTINGS + frame(4, 0, 0, b"\x00\x05\x00\x00\x00\x01"),
    SETTINGS + frame(1, 4, 1, OK) + frame(0, 8, 1, b"\x05abc"),  # more padding than there is
    SETTINGS + frame(1, 4, 1, OK) + frame(1, 4, 1, OK),  # trailers that do not end
    SETTINGS
    + frame(1, 4, 1, OK)
    + frame(0, 0, 1, bytes(8_000))
    + frame(0, 0, 1, bytes(16_384)),  # more than the window
    SETTINGS + b"".join(frame(1, 4, 1, b"\x08\x03103") for _ in range(20)),  # interim without end
]


@pytest.mark.parametrize("data", BROKEN, ids=range(len(BROKEN)))
def test_what_breaks_the_protocol_is_refused_in_a_sentence(data: bytes) -> None:
    seconds = iter(range(1000))  # nothing comes quickly, so no window grows
    frames = Frames(lambda _number, _event: None, lambda: next(seconds))
    frames.request(GET, None)
    with pytest.raises(ProtocolError) as caught:
        frames.feed(data)
    assert caught.value.sentence.endswith(".")


@given(seed=st.integers(0, 2**32))
def test_damaged_bytes_end_in_a_typed_error_or_nothing(seed: int) -> None:
    rng, pair = random.Random(seed), Pair()
    number = pair.frames.request(GET, None)
    pair.exchange()
    pair.server.send_headers(number, answer_head())
    pair.server.send_data(number, b"{}" * 100, end_stream=True)
    data = bytearray(pair.server.data_to_send())
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    try:
        pair.frames.feed(bytes(data))
    except ProtocolError as error:
        assert error.sentence.endswith(".")
