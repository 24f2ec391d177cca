"""Every fault of a stream or an answer, put between a session and a real API server; what servers do by themselves is
in test_fault_matrix_server.py, the same faults on virtual time in tests/unit/cluster/test_fault_matrix.py.

Each time rows change meanwhile, the store ends equal to a consistent LIST, and the attempts are counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgetui.cluster.session import FIRST_PAINT, ClusterSession
from edgetui.model.cache.freshness import Link, Sync

from . import crowd, users
from . import workloads as w
from .certs import Authority
from .changing import change
from .cluster import ControlPlane
from .conftest import Boot
from .kubeconfig import token_user
from .meddler import Answer, Asked, Meddle, Meddler, Watch, meddling
from .proxy import FaultProxy
from .watching import await_equal, await_live, until, watching

STREAMS = len(FIRST_PAINT)
MOST_ATTEMPTS = 15
"""Connections that a fault may cost in half a minute; none here lasts as long."""
MANY = 3_000
"""10,000 on virtual time: to make them on a real server takes longer than all else here."""


@pytest.fixture(scope="module")
def site(boot: Boot) -> Iterator[ControlPlane]:
    """A cluster of this module's own, with something in it."""
    cp = boot("matrix", nodes=2)
    with cp.namespace("base") as namespace:
        cp.create(namespace, w.deployment("web", replicas=3))
        users.create_operator(cp.api, "default", "watcher")
        yield cp


def kubeconfig(site: ControlPlane, meddler: Meddler, user: dict[str, str] | None = None) -> Path:
    """Of a service account, because a client certificate would end at the meddler."""
    stanza = user or token_user(users.issue_token(site.api, "default", "watcher"))
    return site.layout.write_kubeconfig(
        site.directory / "meddled.kubeconfig", "watcher", stanza, server=meddler.url
    )


Strike = Callable[[Meddler], None]


def nothing(_: Asked) -> Answer | None:
    return None


@dataclass(frozen=True)
class Fault:
    """`strike` when all is live. `enough` says when a lasting one has been met often enough to be healed."""

    strike: Strike
    enough: Callable[[Meddler, ClusterSession], bool] | None = None
    healed: Meddle = nothing


def every_watch(fault: Callable[[Watch], None]) -> Strike:
    return lambda m: m.every_watch(fault)


def inserted(line: bytes) -> Strike:
    return lambda m: m.insert(line)


def status_event(code: int) -> bytes:
    return b'{"type":"ERROR","object":{"kind":"Status","code":%d,"message":"scripted"}}\n' % code


def half_a_line(watch: Watch) -> None:
    watch.insert(b'{"type":"MODIFIED","object":{"kind":"Pod","metadata":{"name":"tr\xc3')
    watch.abort()


def refusing(answer: Answer, which: Callable[[Asked], bool] = lambda asked: True) -> Strike:
    """Every watch ends in good order; each request like `which` is answered so from then on."""

    def strike(m: Meddler) -> None:
        m.meddle = lambda asked: answer if which(asked) else None
        m.every_watch(Watch.finish)

    return strike


def answering(answer: Answer, streams: int = STREAMS) -> Strike:
    """The same for one request of so many streams."""

    def strike(m: Meddler) -> None:
        left = [answer] * streams
        m.meddle = lambda asked: left.pop() if left and asked.is_watch else None
        m.every_watch(Watch.finish)

    return strike


def gate_off(asked: Asked) -> Answer | None:
    """What a server without streaming lists says."""
    cause = {"reason": "FieldValueForbidden", "field": "sendInitialEvents"}
    return Answer(422, details={"causes": [cause]}) if "sendInitialEvents" in asked.target else None


def lists_fail(m: Meddler) -> None:
    """Nothing can be resumed, there are no streaming lists, and LIST fails."""

    def meddle(asked: Asked) -> Answer | None:
        if "limit=" in asked.target:
            return Answer(500)
        return Answer(410) if "resourceVersion=" in asked.target else gate_off(asked)

    m.meddle = meddle
    m.every_watch(Watch.finish)


def listed(m: Meddler) -> int:
    return sum("limit=" in asked.target for asked in m.asked)


def said(words: str) -> Callable[[Meddler, ClusterSession], bool]:
    return lambda m, session: words in session.store.link.sentence


FAULTS: dict[str, Fault] = {
    "clean EOF": Fault(every_watch(Watch.finish)),
    "EOF without last chunk": Fault(every_watch(Watch.abort)),
    "RST": Fault(every_watch(Watch.reset)),
    "truncated line": Fault(every_watch(half_a_line)),
    "garbage line": Fault(inserted(b"<html>502 Bad Gateway</html>\n")),
    "in-stream 410": Fault(inserted(status_event(410))),
    "in-stream 500": Fault(inserted(status_event(500))),
    "HTTP 410": Fault(answering(Answer(410))),
    "401": Fault(answering(Answer(401), streams=1)),
    "403": Fault(answering(Answer(403))),
    "503": Fault(refusing(Answer(503)), said("HTTP 503")),
    "500": Fault(refusing(Answer(500)), said("HTTP 500")),
    "list 500": Fault(lists_fail, lambda m, _: listed(m) > STREAMS, gate_off),
    "TLS failure mid-stream": Fault(every_watch(Watch.garble)),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_after_each_fault_the_store_equals_a_consistent_list(site: ControlPlane, name: str) -> None:
    fault = FAULTS[name]
    async with meddling(site) as meddler, watching(kubeconfig(site, meddler)) as session:
        await await_live(session)
        told: set[Sync] = set()
        tell = session.store.set_freshness
        session.store.set_freshness = lambda kind, f: (told.add(f.sync), tell(kind, f))[1]  # type: ignore[method-assign]
        before = meddler.connections
        fault.strike(meddler)
        await asyncio.to_thread(change, site)
        if fault.enough is not None:
            enough = fault.enough
            await until(session, lambda: enough(meddler, session), within=20.0, what=f"{name} met")
            meddler.meddle = fault.healed
        await await_live(session, within=15.0)
        await await_equal(site, session)
        assert told <= {Sync.LIVE, Sync.STALE}
        assert name == "clean EOF" or Sync.STALE in told
        assert meddler.connections - before <= MOST_ATTEMPTS
        await until(session, lambda: session.store.link.link is Link.LIVE, within=2.0, what="a live link")


async def test_429_with_retry_after_is_obeyed_by_every_stream(site: ControlPlane) -> None:
    busy = Answer(429, headers=(("Retry-After", "3"),))
    async with meddling(site) as meddler, watching(kubeconfig(site, meddler)) as session:
        await await_live(session)
        before = meddler.connections
        refusing(busy)(meddler)
        await asyncio.to_thread(change, site)
        await until(session, lambda: "HTTP 429" in session.store.link.sentence, within=10.0, what="429")
        refused = len(meddler.asked)
        meddler.meddle = lambda asked: None
        await await_live(session)
        await await_equal(site, session)
        assert meddler.asked[refused].at - meddler.asked[refused - 1].at >= 2.9
        assert meddler.connections - before <= MOST_ATTEMPTS


async def test_chunk_boundaries_at_every_byte_lose_nothing(site: ControlPlane) -> None:
    async with meddling(site) as meddler:
        meddler.crumbs = 1
        async with watching(kubeconfig(site, meddler), (*FIRST_PAINT, "Event")) as session:
            await await_live(session, within=20.0)
            await asyncio.to_thread(change, site)
            await await_equal(site, session, (*FIRST_PAINT, "Event"))


async def test_a_token_file_that_is_renewed_is_read_again_after_401(site: ControlPlane) -> None:
    token = site.directory / "token"
    old, new = (users.issue_token(site.api, "default", "watcher") for _ in range(2))
    token.write_text(old)
    async with meddling(site) as meddler:
        file = kubeconfig(site, meddler, {"tokenFile": str(token)})
        async with watching(file) as session:
            await await_live(session)
            token.write_text(new)
            refusing(Answer(401), lambda asked: asked.authorization.endswith(old))(meddler)
            await asyncio.to_thread(change, site)
            await await_live(session, within=15.0)
            await await_equal(site, session)
            assert session.store.link.link is Link.LIVE


async def test_a_server_whose_authority_became_another_is_asked_rarely_and_believed_no_more(
    site: ControlPlane, tmp_path: Path
) -> None:
    other = Authority(tmp_path, "other").issue("server", "kube-apiserver", hosts=("127.0.0.1",))
    own = site.layout.authority.issue("meddler-own", "kube-apiserver", hosts=("127.0.0.1",))
    async with meddling(site) as meddler, watching(kubeconfig(site, meddler)) as session:
        await await_live(session)
        await meddler.listen(other)
        before = meddler.connections
        meddler.every_watch(Watch.reset)
        await until(session, lambda: session.store.link.link is Link.REFUSED, within=5.0, what="refused")
        assert "is not signed by a CA" in session.store.link.sentence
        assert session.store.freshness("Pod").sync is Sync.STALE
        await asyncio.to_thread(change, site)
        assert meddler.connections - before <= 3
        await meddler.listen(own)
        await session.reconnect()
        await await_live(session)
        await await_equal(site, session)


async def test_a_relist_of_thousands_with_deletes_during_the_outage(site: ControlPlane) -> None:
    with site.namespace("crowd") as namespace, FaultProxy.in_front_of(site) as proxy:
        await asyncio.to_thread(crowd.make, site, namespace, MANY)
        async with watching(site.kubeconfig(server=proxy.url), ("Service",)) as session:
            await await_live(session, ("Service",), within=30.0)
            count = session.store.count("Service")
            assert count > MANY
            proxy.cut()
            await until(
                session,
                lambda: session.store.freshness("Service").sync is Sync.STALE,
                within=2.0,
                what="stale rows",
            )
            await asyncio.to_thread(crowd.thin_out, site, namespace)
            assert session.store.count("Service") == count
            proxy.restore()
            await await_live(session, ("Service",), within=30.0)
            await await_equal(site, session, ("Service",))
            assert session.store.count("Service") == count - MANY // 10
