"""HTTP/2: what the server library h2 says for a few answers, damaged, at any cut."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import h2.config
import h2.connection

from edgetui.cluster.errors import ProtocolError
from edgetui.cluster.http.http2 import Event, Frames, fields_of

from . import corpus, mutate
from .targets import KIB, Target

ASKED = 3
GET = fields_of("GET", "plant:6443", "/api/v1/pods", [("Authorization", "Bearer t0ken")])


@lru_cache(maxsize=64)
def answers(seed: int) -> bytes:
    """All that a server sends for three requests: settings, heads and bodies in any order."""
    rng = Random(seed)
    frames = Frames(lambda _number, _event: None, lambda: 0.0)
    numbers = [frames.request(GET, None) for _ in range(ASKED)]
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(bytes(frames.out))
    for number in rng.sample(numbers, ASKED):
        headers = [
            (":status", "200"),
            ("content-type", "application/json"),
            ("audit-id", "x" * rng.randrange(90)),
        ]
        server.send_headers(number, headers)
        body = rng.choice(corpus.answers()).wire[: rng.randrange(4000)]
        server.send_data(number, body, end_stream=rng.random() < 0.8)
    if rng.random() < 0.2:
        server.ping(b"12345678")
    if rng.random() < 0.2:
        server.close_connection(last_stream_id=rng.choice(numbers))
    return bytes(server.data_to_send())


class Http2(Target):
    """The frames of HTTP/2, and HPACK within them."""

    name = "http2"
    least, each = 1024 * KIB, 40

    def make(self, rng: Random) -> bytes:
        data = answers(rng.randrange(64))
        return data if rng.random() < 0.05 else mutate.blind(data, rng, [answers(n) for n in range(4)])

    def check(self, data: bytes, rng: Random) -> None:
        whole, pieces = self._heard([data]), self._heard(mutate.cut(data, rng))
        assert whole == pieces, "another cut of the same bytes says something else"

    def weigh(self, data: bytes, rng: Random) -> None:
        self._heard(mutate.cut(data, rng))

    def _heard(self, pieces: list[bytes]) -> tuple[dict[int, str], str]:
        """What was told of each stream, pieces of a body joined, and how it ended."""
        told: dict[int, str] = {}

        def tell(number: int, event: Event) -> None:
            said = getattr(event, "data", None)
            told[number] = told.get(number, "") + (
                said.decode("latin-1") if said is not None else repr(event)
            )

        frames = Frames(tell, lambda: 0.0)
        for _ in range(ASKED):
            frames.request(GET, None)
        try:
            for piece in pieces:
                frames.feed(piece)
        except ProtocolError as error:
            assert len(error.sentence) < 512, "a sentence without end"
            return told, error.sentence
        return told, ""


TARGETS = (Http2(),)
