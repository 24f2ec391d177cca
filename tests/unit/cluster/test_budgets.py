"""What a pod and a stream cost in memory: bytes are counted, with room for other versions of Python and OpenSSL."""

from __future__ import annotations

import asyncio
import gc
import os
import time
import tracemalloc
from pathlib import Path

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
from edgetui.cluster.watch.events import EventDecoder
from edgetui.cluster.watch.reflector.states import Changes
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from tests.bench.core.objects import OWNED, pod
from tests.bench.core.running import Server

from .wire import Heard

ROWS, ROW_BYTES = 1000, 550
READ_LATELY = 512
STREAMS, STREAM_BYTES = 300, 48 * 1024


def put(decoder: EventDecoder, store: Store, line: bytes) -> None:
    """Bring the events of these lines into the store."""
    (changes,) = decoder.feed(line)
    assert isinstance(changes, Changes)
    for _, row in changes.items:
        store.apply("Pod", row)


def test_a_pod_costs_550_bytes_in_the_store() -> None:
    # Tables of text that all clusters share may grow while one of them is read, but not while each is.
    assert min(bytes_kept(cluster) for cluster in range(3)) / ROWS <= ROW_BYTES


def bytes_kept(cluster: int) -> int:
    """What the pods of this cluster take in a store of their own."""
    lines = [pod(cluster, number).event(b"ADDED", 1000 + number) for number in range(ROWS)]
    decoder, store = EventDecoder(KINDS["Pod"]), Store("test")
    tracemalloc.start()
    try:
        # So many labels are kept as they were read, however many pods there are.
        for template in range(READ_LATELY):
            put(decoder, Store("other"), pod(9, template * OWNED).event(b"ADDED", 1))
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for line in lines:
            put(decoder, store, line)
        store.drain()
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert store.count("Pod") == ROWS
    return kept


async def test_300_idle_streams_cost_little_memory(tmp_path: Path) -> None:
    with Server(1, 2, tmp_path) as server:
        (target,) = load_fleet(Selection(files=[server.kubeconfig]), {}, Path("/nonexistent"))
        transport = Transport(target, Credentials(target, time.time))
        query = {"watch": "1", "resourceVersion": "1000"}
        try:
            await opened(transport, query, 1)
            gc.collect()
            before = resident()
            await opened(transport, query, STREAMS)
            gc.collect()
            assert (resident() - before) / STREAMS <= STREAM_BYTES
        finally:
            transport.close()


async def opened(transport: Transport, query: dict[str, str], count: int) -> None:
    """Open so many streams and wait for the heads of their answers."""
    sinks = [Heard() for _ in range(count)]
    for sink in sinks:
        transport.open_stream("/api/v1/nodes", query, sink, connect_timeout=60, head_timeout=60)
    async with asyncio.timeout(60):
        for sink in sinks:
            await sink.headed.wait()


def resident() -> int:
    """Bytes of this process that are in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
