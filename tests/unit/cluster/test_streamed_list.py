"""Lists and objects over a slow link: compressed as a streaming list where the server does that, else as ever."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edgetui.cluster.api import client, streamed_list
from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import ApiError, NotFound

from .http2_server import Asked, multiplexed

SETS = "/apis/apps/v1/namespaces/line/replicasets"
NAMES = ("press-1", "press-2", "press-3")


def made(name: str) -> dict[str, Any]:
    return {"kind": "ReplicaSet", "metadata": {"name": name, "uid": f"uid-{name}"}}


def event(change: str, thing: Any) -> bytes:
    return json.dumps({"type": change, "object": thing}).encode() + b"\n"


MARKS = {"k8s.io/initial-events-end": "true"}
END = event("BOOKMARK", {"metadata": {"resourceVersion": "7", "annotations": MARKS}})
EARLY = event("BOOKMARK", {"metadata": {"resourceVersion": "6"}})
ADDED = {name: event("ADDED", made(name)) for name in NAMES}


def wanted(asked: Asked) -> list[bytes]:
    """The events of those that a streaming list asks for."""
    return [line for name, line in ADDED.items() if "fieldSelector" not in asked.line or name in asked.line]


def compressed(asked: Asked, *, early: bytes = b"") -> None:
    """As a server does that compresses streaming lists; the answer stays open."""
    asked.head(200, ("content-type", "application/json"), ("content-encoding", "gzip"))
    asked.data(gzip.compress(b"".join([early, *wanted(asked), END])))


def plain(asked: Asked, *pieces: bytes, last: bool = False) -> None:
    asked.head(200, ("content-type", "application/json"))
    asked.data(b"".join(pieces), last=last)


def status(asked: Asked, code: int) -> None:
    asked.head(code, ("content-type", "application/json"))
    asked.data(json.dumps({"kind": "Status", "code": code, "message": "no"}).encode(), last=True)


STREAMS: dict[str, Callable[[Asked], None]] = {
    "compressed": compressed,
    "a bookmark before the end": lambda asked: compressed(asked, early=EARLY),
    "not compressed": lambda asked: plain(asked, *wanted(asked), END),
    "without an end": lambda asked: plain(asked, *wanted(asked)),
    "refused": lambda asked: status(asked, 422),
    "forbidden": lambda asked: status(asked, 403),
    "ended early": lambda asked: plain(asked, *wanted(asked)[:1], last=True),
    "expired": lambda asked: plain(asked, event("ERROR", {"code": 410})),
    "nonsense": lambda asked: plain(asked, b"<html>\n"),
}
ENOUGH = {"compressed", "a bookmark before the end", "not compressed"}
"""What needs no second request."""


def usual(asked: Asked) -> None:
    """A GET of one object, or a LIST."""
    path = asked.headers[":path"].partition("?")[0]
    name = path.rpartition("/")[2]
    if name in NAMES:
        asked.ok(json.dumps(made(name)).encode())
    elif path == SETS:
        asked.ok(json.dumps({"items": [made(each) for each in NAMES]}).encode())
    else:
        status(asked, 404)


@asynccontextmanager
async def far(
    monkeypatch: pytest.MonkeyPatch,
    stream: Callable[[Asked], None],
    other: Callable[[Asked], None] = usual,
) -> AsyncIterator[tuple[Api, Callable[[], list[str]]]]:
    """An API over a link that counts as slow, and the paths of what was asked for; what streams have a `?watch`."""
    monkeypatch.setattr(client, "SLOW_HANDSHAKE", 0.0)
    monkeypatch.setattr(streamed_list, "END_WITHIN", 0.05 if stream is STREAMS["without an end"] else 60.0)

    def answer(asked: Asked) -> None:
        (stream if "watch=1" in asked.line else other)(asked)

    async with multiplexed(answer) as (server, transport):

        def asked() -> list[str]:
            paths = [one.headers[":path"] for one in server.requests]
            return [path.partition("?")[0] + ("?watch" if "watch=1" in path else "") for path in paths]

        yield Api(transport, transport.credentials), asked  # type: ignore[arg-type]


@pytest.mark.parametrize("name", STREAMS)
async def test_whatever_a_streaming_list_comes_to_the_list_is_whole(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with far(monkeypatch, STREAMS[name]) as (api, asked):
        for _ in range(2):
            listed = await api.read(SETS)
            assert [one["metadata"]["name"] for one in listed["items"]] == list(NAMES)
        again = STREAMS[name] is compressed or name == "a bookmark before the end"
        first = [f"{SETS}?watch"] if name in ENOUGH else [f"{SETS}?watch", SETS]
        assert asked() == [*first, f"{SETS}?watch" if again else SETS], "what does not pay is not tried again"


@pytest.mark.parametrize("name", STREAMS)
async def test_whatever_a_streaming_list_comes_to_the_one_object_is_that_one(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    async with far(monkeypatch, STREAMS[name]) as (api, _):
        assert await api.read(SETS, "press-2") == made("press-2")


async def test_an_object_that_is_not_there_is_told_by_the_server_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with far(monkeypatch, compressed) as (api, asked):
        with pytest.raises(NotFound):
            await api.read(SETS, "gone")
        assert asked() == [f"{SETS}?watch", f"{SETS}/gone"]


async def test_a_list_that_is_longer_than_anybody_wants_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with far(monkeypatch, compressed) as (api, asked):
        listed = await api.read(SETS, most=2)
        assert len(listed["items"]) == 2
        assert listed["metadata"]["continue"]
        assert not (await api.read(SETS, most=3))["metadata"]["continue"]
        assert asked() == [f"{SETS}?watch"] * 2


async def test_over_a_quick_link_the_usual_request_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SLOW_HANDSHAKE", 60.0)
    async with multiplexed(usual) as (server, transport):
        await Api(transport, transport.credentials).read(SETS, "press-1")  # type: ignore[arg-type]
        assert [one.line for one in server.requests] == [f"GET {SETS}/press-1"]
        assert transport.counters.connections == 1


async def test_what_is_asked_while_the_first_request_dials_waits_to_hear_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with far(monkeypatch, compressed) as (api, asked):
        await asyncio.gather(api.get(f"{SETS}/press-1"), api.read(SETS), api.read(SETS, "press-2"))
        assert sorted(asked()) == [f"{SETS}/press-1", f"{SETS}?watch", f"{SETS}?watch"]
        assert api.transport.counters.handshakes == 1


async def test_an_error_of_the_usual_request_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    async with far(monkeypatch, STREAMS["forbidden"]) as (api, _):
        with pytest.raises(ApiError):
            await api.read("/apis/other/v1/pumps")
