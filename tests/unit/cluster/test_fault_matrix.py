"""Every fault that a link or a server is known for, one by one, on virtual time.

While it lasts rows change; afterwards the store equals the server, and in between nobody dials more than the budget
allows. The same faults on a real API server: tests/controlplane/test_fault_matrix.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from edgetui.cluster.errors import LinkError, TlsError
from edgetui.cluster.http.protocol import Body, ResponseReader
from edgetui.cluster.watch.events import EventDecoder
from edgetui.cluster.watch.reflector import states as r
from edgetui.model.cache.freshness import Link, Sync
from tests.unit.cluster.simulated_server import KINDS, kind
from tests.unit.cluster.simulation import Cluster

STREAMS = 8
KINDS_WATCHED = KINDS | {name: kind(name) for name in ("Kind4", "Kind5", "Kind6", "Kind7", "Kind8")}
OUTAGE = 30.0
MOST_ATTEMPTS = 15
"""Connection attempts that half a minute of any fault may cost, however many streams there are."""
MOST_TO_RETURN = 2 * STREAMS + 2

Strike = Callable[[Cluster], None]
UTF8 = "Grüße, 世界 🚜"


def nothing(c: Cluster) -> None:
    """It passes by itself."""


@dataclass(frozen=True)
class Fault:
    """`strike` when all is live, `heal` after half a minute; equal again `within` seconds of that."""

    strike: Strike
    heal: Strike = nothing
    within: float = 3.0
    stale: bool = True
    """Whether rows must be called stale at some time before it is over."""


def on_every_stream(data: bytes) -> Strike:
    return lambda c: c.server.send(data)


def status_event(code: int) -> bytes:
    return b'{"type":"ERROR","object":{"kind":"Status","code":%d,"message":"scripted"}}\n' % code


def answered_once(code: int) -> Strike:
    """Every stream breaks off, and each gets this status when it is opened again."""

    def strike(c: Cluster) -> None:
        body = {"kind": "Status", "code": code, "message": "scripted"}
        c.server.answers += [(code, body)] * STREAMS
        c.server.end()

    return strike


def answered_always(code: int, retry_after: int = 0) -> Strike:
    def strike(c: Cluster) -> None:
        c.server.refuses, c.server.retry_after = code, retry_after
        c.server.end()

    return strike


def served_again(c: Cluster) -> None:
    c.server.refuses = 0


def token_expired(c: Cluster) -> None:
    c.server.tokens_valid = False
    c.server.end()


def truncated_line(c: Cluster) -> None:
    c.server.send(b'{"type":"MODIFIED","object":{"metadata":{"name":"p1","names')
    c.server.end(clean=False)


def lists_fail(c: Cluster) -> None:
    """Without streaming lists, after a compaction: only LIST is left, and it fails."""
    c.server.watchlist = "422"
    c.server.compact()
    c.server.refuses = 500
    c.server.end()


def cut(error: LinkError | TlsError | None = None) -> Strike:
    return lambda c: c.server.cut(error)


def mend(c: Cluster) -> None:
    c.server.mend()


def killed(c: Cluster) -> None:
    c.server.cut()
    c.server.compact()


def drained(c: Cluster) -> None:
    """SIGTERM: new connections are refused, open streams end in good order a minute later."""
    c.server.drain()
    c.world.later(60.0, lambda: c.server.end())


def drained_and_back(c: Cluster) -> None:
    c.world.run(35.0)
    c.server.compact()
    c.server.mend()


def compacted_meanwhile(c: Cluster) -> None:
    c.server.cut()
    c.world.later(10.0, c.server.compact)


def restored(c: Cluster) -> None:
    """An older copy of the datastore comes back under the same address; nothing else says so."""
    old = c.server.snapshot()
    for n in range(20):
        c.server.put("Pod", "a", f"lost-{n}", n)
    c.server.cut()
    c.server.restore(old)


def restored_elsewhere(c: Cluster) -> None:
    """Another cluster, with a history of its own that is further on."""
    c.server.cut()
    c.server.uid = "cluster-2"
    c.server.objects.clear()
    c.server.rv += 1000
    c.server.compact()


def frozen(c: Cluster) -> None:
    c.server.frozen = True
    c.world.run(60.0)


def thawed(c: Cluster) -> None:
    c.server.frozen = False
    c.server.end()


def suspended(c: Cluster) -> None:
    """The lid is closed for ten minutes; every connection is dead afterwards, and nobody was told."""
    for stream in c.server.streams:
        stream.mute = True
    c.server.kept = 0
    c.world.sleep(600.0)


def clock_jumps(c: Cluster) -> None:
    """Somebody sets the wall clock; no row may turn stale by that."""
    c.offset += 86_400.0
    c.supervisor.republish()


FAULTS: dict[str, Fault] = {
    "clean EOF": Fault(lambda c: c.server.end(), stale=False),
    "EOF without last chunk": Fault(lambda c: c.server.end(clean=False)),
    "RST": Fault(lambda c: c.server.reset()),
    "truncated line": Fault(truncated_line),
    "garbage line": Fault(on_every_stream(b"<html>502 Bad Gateway</html>\n")),
    "in-stream 410": Fault(on_every_stream(status_event(410))),
    "in-stream 500": Fault(on_every_stream(status_event(500))),
    "HTTP 410": Fault(answered_once(410)),
    "401, and new credentials help": Fault(token_expired),
    "401 that lasts": Fault(answered_always(401), served_again, within=40.0),
    "403 for a moment": Fault(answered_once(403)),
    "429 with Retry-After": Fault(answered_always(429, 20), served_again, within=45.0),
    "503": Fault(answered_always(503), served_again),
    "500": Fault(answered_always(500), served_again),
    "list 500": Fault(lists_fail, served_again),
    "half-open silence": Fault(lambda c: (c.server.vanish(), c.world.run(80.0))[0], mend, within=15.0),
    "TLS failure mid-stream": Fault(cut(LinkError("TLS refused what came.")), mend),
    "wrong CA": Fault(cut(TlsError("The certificate is not signed by a CA.")), mend, within=40.0),
    "DNS failure": Fault(cut(LinkError("The name cannot be looked up now.")), mend),
    "kill -9": Fault(killed, mend),
    "60 s drain": Fault(drained, drained_and_back),
    "compaction while disconnected": Fault(compacted_meanwhile, mend),
    "datastore restored to an older version": Fault(restored, mend),
    "another cluster at the address": Fault(restored_elsewhere, mend),
    "storage dead behind a living server": Fault(frozen, thawed, within=15.0),
    "clock jump": Fault(clock_jumps, stale=False),
    "suspend and resume": Fault(suspended),
}


@pytest.fixture
def cluster() -> Cluster:
    c = Cluster(kinds=KINDS_WATCHED)
    for n in range(12):
        c.server.put("Node", "", f"n{n}", n)
        c.server.put("Pod", "ab"[n % 2], f"p{n}", n)
    c.refresh_changes = True
    c.start(*KINDS_WATCHED)
    c.world.until(c.live, 10.0)
    c.world.run(25.0)  # until no timer of the first lists is left
    return c


def change(c: Cluster) -> None:
    """One of each: added, modified, deleted, and replaced under the same name."""
    if c.server.frozen:
        return  # no write succeeds
    c.server.put("Pod", "a", "added", 1)
    c.server.put("Node", "", "n1", 99)
    c.server.remove("Pod", "a", "p0")
    c.server.remove("Pod", "b", "p1")
    c.server.put("Pod", "b", "p1", 77)


@pytest.mark.parametrize("name", FAULTS)
def test_after_each_fault_the_store_equals_the_server(cluster: Cluster, name: str) -> None:
    fault = FAULTS[name]
    told: set[Sync] = set()
    tell = cluster.store.set_freshness
    cluster.store.set_freshness = lambda kind, f: (told.add(f.sync), tell(kind, f))[1]  # type: ignore[method-assign]
    before, began = cluster.server.connections, cluster.world.time
    fault.strike(cluster)
    cluster.world.run(OUTAGE / 2)
    change(cluster)
    cluster.world.run(OUTAGE / 2)
    spent = (cluster.world.time - began) / OUTAGE
    passed = fault.heal is nothing
    extra = STREAMS + 1 if passed else 0  # it is over already, and every stream is open again
    assert cluster.server.connections - before <= MOST_ATTEMPTS * spent + extra
    before = cluster.server.connections
    fault.heal(cluster)
    if fault.heal is not nothing:
        change(cluster)
    cluster.world.until(lambda: cluster.equal() and cluster.live(), fault.within if not passed else 0.1)
    assert cluster.server.connections - before <= MOST_TO_RETURN
    assert told <= {Sync.STALE, Sync.LIVE}
    assert (Sync.STALE in told) == fault.stale
    cluster.world.run(1.0)
    cluster.server.put("Pod", "a", "afterwards", 5)
    assert cluster.equal()
    assert cluster.store.link.link is Link.LIVE
    assert cluster.store.link.sentence == ""


@pytest.mark.parametrize("watchlist", ["yes", "422"])
def test_a_relist_of_10_000_objects_with_deletes_during_the_outage(watchlist: str) -> None:
    c = Cluster()
    c.server.watchlist, c.server.page_size = watchlist, 250
    for n in range(10_000):
        c.server.put("Pod", "a", f"p{n}", n)
    c.start()
    c.world.until(c.live, 10.0)
    c.server.cut()
    for n in range(0, 10_000, 5):
        c.server.remove("Pod", "a", f"p{n}")
    for n in range(0, 1_000, 10):
        c.server.put("Pod", "a", f"p{n}", 0)
    c.server.compact()
    c.store.drain()
    c.world.run(OUTAGE)
    c.server.mend()
    c.world.until(lambda: c.equal() and c.live(), 5.0)
    assert c.store.count("Pod") == 8_100


def response(line: bytes, chunk: int) -> bytes:
    """A watch's answer with this body, in chunks of so many bytes."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [line[at : at + chunk] for at in range(0, len(line), chunk)]
    return head + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def decoded(pieces: Iterator[bytes]) -> list[r.Input]:
    reader, decoder = ResponseReader("GET"), EventDecoder(KINDS["Pod"])
    inputs: list[r.Input] = []
    for piece in pieces:
        for event in reader.feed(piece):
            if isinstance(event, Body):
                inputs += [i for i in decoder.feed(event.data) if not isinstance(i, r.Heard)]
    return inputs


def test_split_utf8_and_chunk_boundary_at_every_offset() -> None:
    meta = {"name": UTF8, "namespace": "a", "uid": "u", "resourceVersion": "7"}
    event = {"type": "ADDED", "object": {"metadata": meta}}
    line = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    (whole,) = decoded(iter([response(line, len(line))]))
    assert isinstance(whole, r.Changes)
    assert whole.items[0][1].name == UTF8
    for chunk in range(1, len(line) + 1):  # where chunks end, within characters and everything else
        assert decoded(iter([response(line, chunk)])) == [whole]
    data = response(line, 11)
    for at in range(len(data)):  # where packets end
        assert decoded(iter([data[:at], data[at:]])) == [whole]
