"""What one cluster costs in traffic."""

from __future__ import annotations

from collections import deque

import msgspec

WAITS = 16


class Counters(msgspec.Struct):
    """Traffic of one cluster since edgetui started.

    `bytes_in` and `bytes_out` are HTTP bytes, still compressed but without TLS and TCP. `connections` counts TCP
    connection attempts, `handshakes` TLS handshakes that were completed and `resumed` those of them that resumed a
    session, `requests` requests that were begun. `waits` has the seconds from the last requests to the heads of
    their answers: each is a round trip and what the server took. `handshake` has the seconds of the last TLS
    handshake, or of connecting where there is no TLS; 0.0 before the first.
    """

    bytes_in: int = 0
    bytes_out: int = 0
    connections: int = 0
    handshakes: int = 0
    resumed: int = 0
    requests: int = 0
    handshake: float = 0.0
    waits: deque[float] = msgspec.field(default_factory=lambda: deque(maxlen=WAITS))
