"""Every request of an API client as the transport has it, and what is made of every answer.

`pytest tests/unit/cluster/test_api_client.py --snapshot-update` takes what happens now; look at what differs first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import errors
from edgetui.cluster.api import versions
from edgetui.cluster.api.client import Api, WritePermit
from edgetui.cluster.api.leases import read_lease
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.client import Delivery, Response
from edgetui.model.kinds import Kinds
from edgetui.model.kinds.autoscaler import AUTOSCALER
from tests.unit.cluster.every_value import encoded, report, said
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

PERMIT = WritePermit("scale press", "plant")
PATH = "/api/v1/nodes/n0"


class Answers:
    """A transport and its credentials: gives these answers in turn, the last one for ever; errors are raised."""

    def __init__(self, *answers: Response | EdgetuiError, renews: bool = False, sent: bool = True) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.renews, self.sent, self.takes = renews, sent, 0.0
        self.generation = 3
        self.target = SimpleNamespace(name="plant")
        self.endpoint = SimpleNamespace(tls=True)
        self.counters = SimpleNamespace(handshake=0.1)
        self.shared = True
        self.closed = 0

    async def request(
        self,
        method: str,
        path: str,
        query: Any = None,
        headers: Any = None,
        body: bytes | None = None,
        *,
        timeout: float,
        fresh: bool = False,
        repeatable: bool = False,
        delivery: Delivery | None = None,
    ) -> Response:
        parts = [method, path, query, headers, body, f"within {timeout:g} s"]
        parts += ["on a fresh connection"] * fresh + ["repeatable"] * repeatable
        self.asked.append(" ".join(str(one) for one in parts if one is not None))
        if delivery is not None:
            delivery.sent = self.sent
        await asyncio.sleep(self.takes)
        found = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(found, EdgetuiError):
            raise found
        return found

    async def connect(self, timeout: float) -> None:
        self.asked.append(f"connect within {timeout:g} s")

    async def refresh(self, since: int | None = None) -> bool:
        self.asked.append(f"renew what is newer than {since}")
        return self.renews

    def open_stream(self, path: str, query: Any, sink: Any, **options: Any) -> Answers:
        self.asked.append(f"watch {path} {dict(query)} {dict(sorted(options.items()))}")
        self.sink = sink
        return self

    def close(self) -> None:
        self.closed += 1

    def sibling(self, credentials: Any) -> Answers:
        return Answers(*self.answers)

    def api(self) -> Api:
        here: Any = self
        return Api(here, here)


def ok(document: Any = None, **more: str) -> Response:
    return Response(200, more, b"" if document is None else encoded(document))


def status(code: int, message: str = "told so", reason: str = "", **headers: str) -> Response:
    return Response(code, headers, encoded({"kind": "Status", "message": message, "reason": reason}))


CODES = (
    199,
    200,
    204,
    299,
    300,
    304,
    400,
    401,
    403,
    404,
    406,
    408,
    409,
    410,
    422,
    429,
    499,
    500,
    502,
    503,
    504,
)
ERRORS: dict[str, EdgetuiError] = {
    "link": errors.LinkError("Reset.", "Wait."),
    "certificate": errors.TlsError("Not trusted.", "Check."),
    "protocol": errors.ProtocolError("Garbage.", "Look."),
    "credentials": errors.CredentialError("No token.", "Sign in."),
}


def answers() -> Iterator[tuple[str, Response | EdgetuiError]]:
    for code in CODES:
        yield f"{code}", status(code)
    yield "200, nothing", ok()
    yield "200, a list", ok([1])
    yield "200, a text", ok("x")
    yield "200, null", ok(None)
    yield "200, no object in it", ok({})
    yield "200, no JSON", Response(200, {"content-type": "text/html; charset=x"}, b"<html>")
    yield "201, no UTF-8", Response(201, {}, b'"\xff"')
    yield "with a tag", ok({"a": 1}, etag='"new"')
    yield from ERRORS.items()


Ask = Callable[[Api], Awaitable[object]]


async def found_by(ask: Ask, transport: Answers) -> str:
    try:
        found = str(await ask(transport.api()))
    except EdgetuiError as error:
        found = said(error)
        if error.__cause__ is not None:
            found += f" (from {type(error.__cause__).__name__})"
    return f"{found} <= {' | '.join(transport.asked)}"


READS: dict[str, Ask] = {
    "get": lambda api: api.get(PATH, {"a": "b"}),
    "get on a fresh connection": lambda api: api.get(PATH, fresh=True, timeout=7.0),
    "get bytes": lambda api: api.get_bytes(PATH, {"a": "b"}, headers={"Accept": "x"}),
    "get bytes of 404, too": lambda api: api.get_bytes(PATH, timeout=7.0, also=(404, 304)),
    "get metadata": lambda api: api.get_metadata(PATH),
    "get tagged": lambda api: api.get_tagged(PATH, '"old"', {"Accept": "x"}),
    "get tagged for the first time": lambda api: api.get_tagged(PATH, "", {"Accept": "x"}, timeout=7.0),
    "who am I": lambda api: api.review("SelfSubjectReview", {}, "line"),
    "may I": lambda api: api.review("SelfSubjectAccessReview", {"verb": "get"}, "line", timeout=7.0),
    "which rules": lambda api: api.review("SelfSubjectRulesReview", {}, "line"),
    "which rules elsewhere": lambda api: api.review("SelfSubjectRulesReview", {"namespace": "x"}, "line"),
    "which rules, nowhere": lambda api: api.review("SelfSubjectRulesReview", {}),
    "a lease": lambda api: read_lease(api, "kube-node-lease", "n0"),
}


@pytest.mark.parametrize("read", READS)
async def test_what_a_read_asks_for_and_makes_of_each_answer(read: str, snapshot: SnapshotAssertion) -> None:
    told = [(name, await found_by(READS[read], Answers(answer))) for name, answer in answers()]
    told += [
        ("401 and renewed", await found_by(READS[read], Answers(status(401), ok({"a": 1}), renews=True)))
    ]
    told += [("401 again", await found_by(READS[read], Answers(status(401), status(401), renews=True)))]
    assert report(told) == snapshot


WRITES: dict[str, Ask] = {
    "post": lambda api: api.write(PERMIT, "POST", PATH, {"a": 1}),
    "put": lambda api: api.write(PERMIT, "PUT", PATH, {"a": 1}, query={"dryRun": "All"}),
    "patch": lambda api: api.write(PERMIT, "PATCH", PATH, [1], content_type="application/x", timeout=7.0),
    "patch for an object": lambda api: api.write(PERMIT, "PATCH", PATH, {}, answer="object"),
    "patch for a row": lambda api: api.write(PERMIT, "PATCH", PATH, {}, answer="printed"),
    "post for a row": lambda api: api.write(PERMIT, "POST", PATH, {}, answer="printed"),
    "delete": lambda api: api.write(PERMIT, "DELETE", PATH, None),
}


@pytest.mark.parametrize("sent", [True, False])
@pytest.mark.parametrize("write", WRITES)
async def test_what_a_write_asks_for_and_makes_of_each_answer(
    write: str, sent: bool, snapshot: SnapshotAssertion
) -> None:
    told = [(name, await found_by(WRITES[write], Answers(answer, sent=sent))) for name, answer in answers()]
    more = [("etcd", status(500, "etcdserver: no leader")), ("a time", status(500, "x", "Timeout"))]
    more += [
        ("a webhook", status(500, "failed calling webhook: timed out")),
        ("a wait", status(403, "timeout")),
    ]
    told += [(name, await found_by(WRITES[write], Answers(answer, sent=sent))) for name, answer in more]
    assert report(told) == snapshot


async def test_a_write_needs_a_permit_for_this_cluster_and_a_verb_that_writes() -> None:
    api = Answers(ok({})).api()
    for permit in (WritePermit("scale", "other"), None, "scale"):
        wrong: Any = permit
        with pytest.raises(TypeError, match="needs a permit of the gate"):
            await api.write(wrong, "PUT", PATH, {})
    for verb in ("GET", "put", ""):
        with pytest.raises(ValueError, match=f"{verb} is no write"):
            await api.write(PERMIT, verb, PATH, {})
    assert repr(PERMIT) == "WritePermit('scale press', 'plant')"


# Over a link on which bytes count


def stream_of(*events: tuple[str, Any], code: int = 200, packed: bool = True) -> Callable[[Any], None]:
    def play(sink: Any) -> None:
        sink.on_head(code, {"content-encoding": "gzip"} if packed else {})
        for change, thing in events:
            sink.on_data(encoded({"type": change, "object": thing}) + b"\n")

    return play


def thing(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name}}


END = (
    "BOOKMARK",
    {"metadata": {"resourceVersion": "9", "annotations": {"k8s.io/initial-events-end": "true"}}},
)
MARK = ("BOOKMARK", {"metadata": {"resourceVersion": "8"}})


def _nonsense(sink: Any) -> None:
    sink.on_head(200, {})
    sink.on_data(b"nonsense\n")


def _over(sink: Any) -> None:
    sink.on_head(200, {})
    sink.on_end(True)


STREAMS: dict[str, Callable[[Any], None]] = {
    "whole": stream_of(("ADDED", thing("a")), MARK, ("ADDED", thing("b")), END, ("ADDED", thing("late"))),
    "not compressed": stream_of(("ADDED", thing("a")), END, packed=False),
    "empty": stream_of(END),
    "refused": stream_of(code=422),
    "changed under way": stream_of(("ADDED", thing("a")), ("MODIFIED", thing("a")), END),
    "nonsense": _nonsense,
    "over at once": _over,
    "broken": lambda sink: sink.on_error(errors.LinkError("Reset.")),
    "silent after a while": stream_of(("ADDED", thing("a"))),
}  # fmt: skip
LOOKS: dict[str, Ask] = {
    "a list": lambda api: api.read("/api/v1/nodes", query={"labelSelector": "x"}),
    "one of them at most": lambda api: api.read("/api/v1/nodes", most=1),
    "two of them at most": lambda api: api.read("/api/v1/nodes", most=2),
    "an object": lambda api: api.read("/api/v1/nodes", "a"),
}


@pytest.mark.parametrize("stream", STREAMS)
def test_what_is_read_over_a_far_link(stream: str, snapshot: SnapshotAssertion) -> None:
    lines: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for name, look in LOOKS.items():
            transport = Answers(ok({"items": "as ever"}))
            transport.counters.handshake = 0.11
            api = transport.api()

            async def answer(transport: Answers = transport) -> None:
                while not hasattr(transport, "sink"):
                    await asyncio.sleep(0.1)
                STREAMS[stream](transport.sink)

            answering = asyncio.create_task(answer())
            began = loop.time()
            first = await look(api)
            again = await look(api) if api._compressed_lists.there is False else "compressed"
            lines.append(f"{name}: {first} after {loop.time() - began:.1f} s, then {again}")
            lines.extend(f"  {asked}" for asked in transport.asked)
            lines.append(f"  closed {transport.closed}")
            await answering

    on_virtual_time(main)
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("tls", "handshake", "far"), [(True, 0.1, False), (True, 0.1001, True), (False, 9.0, False)]
)
async def test_a_link_is_far_where_connecting_takes_longer_than_a_tenth_of_a_second(
    tls: bool, handshake: float, far: bool
) -> None:
    transport = Answers(ok({}))
    transport.endpoint.tls, transport.counters.handshake = tls, handshake
    api = transport.api()
    assert await api.is_far() is far
    assert await api.compresses() is far
    assert transport.asked == ["connect within 15 s"] * (2 if tls else 0)
    if not far:
        async with api.following("/api/v1/nodes", "n0") as followed:
            assert followed is None


async def test_nothing_is_followed_on_a_connection_of_its_own() -> None:
    transport = Answers(ok({}))
    transport.counters.handshake, transport.shared = 1.0, False
    async with transport.api().following("/api/v1/nodes", "n0") as followed:
        assert followed is None


@pytest.mark.parametrize("columns", [(), ("Name", "Ready")])
async def test_what_is_followed_over_a_far_link(
    columns: tuple[str, ...], snapshot: SnapshotAssertion
) -> None:
    transport = Answers(ok({}))
    transport.counters.handshake = 1.0
    lines = []

    async def tell() -> None:
        while not hasattr(transport, "sink"):
            await asyncio.sleep(0)
        definitions = None if columns else [{"name": "Name"}, {"name": "Ready"}]
        table = {"kind": "Table", "columnDefinitions": definitions, "rows": [{"cells": ["n0", "1/1"]}]}
        for change in ("ADDED", "BOOKMARK"):
            transport.sink.on_data(encoded({"type": change, "object": table}) + b"\n")

    telling = asyncio.create_task(tell())
    async with transport.api().following("/api/v1/nodes", "n0", columns) as followed:
        assert followed is not None
        lines.append(f"{followed.cells}, alive {followed.alive}, over {followed.over}")
    lines += [f"closed {transport.closed}, alive {followed.alive}, over {followed.over}", *transport.asked]
    await telling
    assert "\n".join(lines) == snapshot


def test_how_long_an_answer_has_been_owed() -> None:
    async def main(loop: VirtualLoop) -> None:
        transport = Answers(ok({}))
        transport.takes = 10.0
        api = transport.api()
        assert api.silence() == 0.0
        first = asyncio.create_task(api.get(PATH))
        await asyncio.sleep(3.0)
        second: asyncio.Task[Any] = asyncio.create_task(api.write(PERMIT, "PUT", PATH, {}))
        await asyncio.sleep(2.0)
        assert api.silence() == pytest.approx(5.0)
        api._owed[0][1].heard = loop.time() - 1.0
        assert api.silence() == pytest.approx(2.0)
        await first
        assert api.silence() == pytest.approx(7.0)
        await second
        assert api.silence() == 0.0

    on_virtual_time(main)


def test_a_second_client_has_the_same_kinds() -> None:
    transport = Answers(ok({}))
    kinds = Kinds()
    here: Any = transport
    api = Api(here, here, kinds)
    other = api.on_fresh_connection(here)
    assert other.kinds is kinds
    assert other.transport is not api.transport
    api.close()
    assert transport.closed == 1


# Versions


GROUP = {"name": "autoscaling", "versions": [{"version": "v1"}, {"version": "v2beta2"}]}
FOUND: dict[str, tuple[Response | EdgetuiError, ...]] = {
    "there is the object": (ok({"a": 1}),),
    "the group has older ones": (status(404), ok(GROUP), ok({"a": 1})),
    "the group has the same": (status(404), ok({"versions": [{"version": "v2"}]}), ok({"a": 1})),
    "the group has others": (status(404), ok({"versions": [{"version": "v9"}]}), ok({"a": 1})),
    "the groups have older ones": (status(404), status(404), ok({"groups": [GROUP]}), ok({"a": 1})),
    "the groups have others": (status(404), status(404), ok({"groups": []}), ok({"a": 1})),
    "nobody tells": (status(404), errors.LinkError("Reset.")),
    "it may not be read": (status(403),),
}


@pytest.mark.parametrize("name", ["", "press"])
async def test_an_object_is_read_in_the_best_version_that_is_served(
    name: str, snapshot: SnapshotAssertion
) -> None:
    lines = []
    for what, given in FOUND.items():
        for kind in (AUTOSCALER, "Pod"):
            transport = Answers(*given)
            transport.endpoint.tls = False

            async def look(api: Api, kind: str = kind) -> object:
                return await versions.get(api, kind, "line", name)

            lines.append(f"{what}, {kind}: {await found_by(look, transport)}")
    assert "\n".join(lines) == snapshot
