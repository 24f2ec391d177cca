"""How long each question to an API server waits for its answer, and what a write is said to have come to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.api.client import Api
from edgetui.cluster.errors import EdgetuiError, LinkError, OutcomeUnknown
from tests.unit.cluster.test_api import PERMIT
from tests.unit.cluster.test_api_errors import status
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.cluster.wire import Stall, connected, ok

READS: dict[str, Callable[[Api], Awaitable[Any]]] = {
    "get": lambda api: api.get("/version"),
    "get_bytes": lambda api: api.get_bytes("/version"),
    "get_tagged": lambda api: api.get_tagged("/apis", "tag", {}),
    "read": lambda api: api.read("/api/v1/nodes"),
    "review": lambda api: api.review("SelfSubjectReview", {}),
}
WRITES: dict[str, Callable[[Api], Awaitable[Any]]] = {
    method: lambda api, method=method: api.write(PERMIT, method, "/api/v1/nodes/edge-1", {})  # type: ignore[misc]
    for method in ("POST", "PUT", "PATCH", "DELETE")
}


@pytest.mark.parametrize("name", [*READS, *WRITES])
def test_a_silent_server_is_waited_for_so_long(name: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        async with connected(tls=False, answer=lambda asked: [Stall()]) as (server, transport):
            api = Api(transport, transport.credentials)  # type: ignore[arg-type]
            with pytest.raises(EdgetuiError) as caught:
                await (READS | WRITES)[name](api)
            assert loop.time() - 1000 == pytest.approx(15 if name in READS else 35, abs=0.01)
            assert isinstance(caught.value, LinkError if name in READS else OutcomeUnknown)
            assert len(server.requests) == 1

    on_virtual_time(main)


REFUSALS: dict[str, tuple[str, str]] = {
    "it failed": ("it failed", ""),
    "a reason of time": ("it failed", "Timeout"),
    "a reason of the server's time": ("it failed", "ServerTimeout"),
    "its storage": ("etcdserver: request timed out", ""),
    "a call to it": ("rpc error: code = Unavailable", ""),
    "a deadline": ("Internal error occurred: context Deadline Exceeded", ""),
    "a webhook": ('failed calling webhook "x": context deadline exceeded', ""),
}


@pytest.mark.parametrize("why", REFUSALS)
async def test_what_a_write_came_to_is_said_by_its_refusal(why: str, snapshot: SnapshotAssertion) -> None:
    codes = [400, 403, 404, 408, 409, 422, 429, 499, 500, 502, 503, 504]
    bodies = [ok(status(code, *REFUSALS[why]), status=f"{code} No") for code in codes]
    lines = []
    async with connected(*([body] for body in bodies), tls=False) as (server, transport):
        api = Api(transport, transport.credentials)  # type: ignore[arg-type]
        for code in codes:
            with pytest.raises(EdgetuiError) as caught:
                await api.write(PERMIT, "PATCH", "/api/v1/nodes/edge-1", {})
            found = caught.value
            lines.append(
                " | ".join(filter(None, (f"{code} {type(found).__name__}", found.sentence, found.next_step)))
            )
        assert len(server.requests) == len(codes)
    assert re.sub(r"127\.0\.0\.1:\d+", "the server", "\n".join(lines)) == snapshot
