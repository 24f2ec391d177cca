"""Reads, reviews and writes: what is repeated, what never is, and what is known afterwards."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable

import pytest

from edgetui.cluster.api.client import METADATA_ONLY, PRINTED, Answer, Api, WritePermit
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import (
    ApiError,
    Conflict,
    EdgetuiError,
    Forbidden,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ProtocolError,
    ServerFailure,
    TlsError,
    Unauthorized,
)
from edgetui.cluster.http.client import Transport

from .wire import (
    CHUNKED,
    Close,
    Request,
    Reset,
    Script,
    Stall,
    chunk,
    closed_port,
    connected,
    ok,
    serving,
    target,
    until,
)

PERMIT = WritePermit("scale", "plant")
PATH = "/apis/apps/v1/namespaces/line/deployments/press/scale"


class Renewing:
    """Credentials with a second token, given out after a refresh."""

    def __init__(self, context: ssl.SSLContext, *tokens: str) -> None:
        self._context = context
        self.tokens = list(tokens)
        self.refreshed = 0
        self.generation = 0

    async def headers(self) -> list[tuple[str, str]]:
        return [("Authorization", f"Bearer {self.tokens[0]}")]

    def ssl_context(self) -> ssl.SSLContext:
        return self._context

    async def refresh(self, since: int | None = None) -> bool:
        self.refreshed += 1
        if len(self.tokens) > 1:
            self.tokens.pop(0)
            return True
        return False


def client(transport: Transport, *tokens: str) -> tuple[Api, Renewing]:
    credentials = Renewing(transport.credentials.ssl_context(), *tokens)
    return Api(transport.sibling(credentials), credentials), credentials


def failed(code: int, reason: str = "", message: str = "no") -> Script:
    body = {"kind": "Status", "status": "Failure", "message": message, "reason": reason, "code": code}
    return [ok(json.dumps(body).encode(), "Content-Type: application/json", status=f"{code} {reason}")]


def only(token: str) -> Callable[[Request], Script]:
    """A server that accepts one token."""

    def answer(request: Request) -> Script:
        return [ok(b'{"ok":1}')] if request.headers["authorization"] == [f"Bearer {token}"] else failed(401)

    return answer


# Reads


async def test_get_gives_the_decoded_answer() -> None:
    async with connected([ok(b'{"gitVersion":"v1.37.2"}')]) as (server, transport):
        api, _ = client(transport, "one")
        assert await api.get("/version", {"a": "b"}) == {"gitVersion": "v1.37.2"}
        assert server.requests[0].target == "/version?a=b"
        api.close()


async def test_get_bytes_gives_the_answer_as_it_is() -> None:
    async with connected([ok(b"raw\n")]) as (server, transport):
        api, _ = client(transport, "one")
        assert await api.get_bytes("/x", headers={"Accept": "application/json;as=Table"}) == b"raw\n"
        assert server.requests[0].headers["accept"] == ["application/json;as=Table"]
        api.close()


@pytest.mark.parametrize("body", [b"<html>login</html>", b"{", b"\xff", b"[" * 100_000])
async def test_success_that_is_no_json_is_no_api_server(body: bytes) -> None:
    async with connected([ok(body, "Content-Type: text/html")]) as (_, transport):
        api, _ = client(transport, "one")
        with pytest.raises(ProtocolError, match="not a Kubernetes API server"):
            await api.get("/version")
        api.close()


async def test_a_401_renews_the_credentials_once() -> None:
    async with connected(answer=only("two")) as (server, transport):
        api, credentials = client(transport, "one", "two", "three")
        assert await api.get("/version") == {"ok": 1}
        assert credentials.refreshed == 1
        assert len(server.requests) == 2
        assert await api.review("SelfSubjectReview", {}) == {"ok": 1}
        assert credentials.refreshed == 1
        api.close()


async def test_a_second_401_is_final() -> None:
    async with connected(answer=only("nobody's")) as (server, transport):
        api, credentials = client(transport, "one", "two", "three")
        with pytest.raises(Unauthorized):
            await api.get("/version")
        assert (credentials.refreshed, len(server.requests)) == (1, 2)
        api.close()


async def test_a_401_with_nothing_new_to_try_is_final_at_once() -> None:
    async with connected(answer=only("nobody's")) as (server, transport):
        api, credentials = client(transport, "one")
        with pytest.raises(Unauthorized):
            await api.get("/version")
        assert (credentials.refreshed, len(server.requests)) == (1, 1)
        api.close()


@pytest.mark.parametrize(("code", "kind"), [(403, Forbidden), (404, NotFound), (503, ServerFailure)])
async def test_an_error_answer_is_raised(code: int, kind: type[ApiError]) -> None:
    async with connected(failed(code, "Why", "words of the server")) as (_, transport):
        api, _ = client(transport, "one")
        with pytest.raises(kind, match="words of the server"):
            await api.get("/x")
        api.close()


@pytest.mark.parametrize(("code", "fine"), [(200, True), (299, True), (300, False), (302, False)])
async def test_only_what_is_in_the_two_hundreds_is_success(code: int, fine: bool) -> None:
    async with connected(failed(code)) as (_, transport):
        api, _ = client(transport, "one")
        if fine:
            assert (await api.get_bytes("/x")) is not None
        else:
            with pytest.raises(ApiError):
                await api.get_bytes("/x")
        api.close()


async def test_a_review_says_its_kind_and_is_repeated_on_a_dead_connection() -> None:
    async with connected([ok()], [Close()], [ok(b'{"status":{}}')]) as (server, transport):
        api, _ = client(transport, "one")
        await api.get("/version")
        assert await api.review("SelfSubjectRulesReview", {}, "line") == {"status": {}}
        asked = server.requests[-1]
        assert (asked.method, asked.target) == (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        )
        assert json.loads(asked.body) == {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectRulesReview",
            "spec": {"namespace": "line"},
        }
        api.close()


# Writes


async def test_a_write_carries_its_body_once() -> None:
    async with connected([ok(b'{"kind":"Scale"}')]) as (server, transport):
        api, _ = client(transport, "one")
        body = [{"op": "replace", "path": "/spec/replicas", "value": 3}]
        patch = "application/json-patch+json"
        answer = await api.write(PERMIT, "PATCH", PATH, body, query={"dryRun": "All"}, content_type=patch)
        assert answer == {"kind": "Scale"}
        api.close()
    sent = server.requests[0]
    assert (sent.method, sent.target) == ("PATCH", f"{PATH}?dryRun=All")
    assert sent.headers["content-type"] == [patch]
    assert json.loads(sent.body) == body


@pytest.mark.parametrize(
    ("answer", "accept", "target"),
    [
        ("metadata", METADATA_ONLY["Accept"], PATH),
        ("object", "application/json", PATH),
        ("printed", f"{PRINTED},application/json", f"{PATH}?includeObject=None&-=true"),
    ],
)
async def test_a_patch_says_what_it_is_to_be_answered_by(answer: Answer, accept: str, target: str) -> None:
    async with connected([ok(b"{}")]) as (server, transport):
        api, _ = client(transport, "one")
        await api.write(PERMIT, "PATCH", PATH, {}, answer=answer)
        api.close()
    assert (server.requests[0].headers["accept"], server.requests[0].target) == ([accept], target)


async def test_a_write_without_a_body() -> None:
    async with connected([ok(b"")]) as (server, transport):
        api, _ = client(transport, "one")
        assert await api.write(PERMIT, "DELETE", PATH, None) == {}
        api.close()
    assert "content-type" not in server.requests[0].headers


async def test_a_write_needs_a_permit_for_this_cluster() -> None:
    async with connected() as (server, transport):
        api, _ = client(transport, "one")
        with pytest.raises(TypeError):
            await api.write(object(), "PATCH", PATH, {})  # type: ignore[arg-type]
        with pytest.raises(TypeError):
            await api.write(WritePermit("scale", "another"), "PATCH", PATH, {})
        with pytest.raises(ValueError, match="GET"):
            await api.write(PERMIT, "GET", PATH, {})
        await api.write(PERMIT, "PATCH", PATH, {})
        api.close()
    assert len(server.requests) == 1


async def test_a_401_on_a_write_is_not_repeated() -> None:
    async with connected(answer=only("two")) as (server, transport):
        api, credentials = client(transport, "one", "two")
        with pytest.raises(Unauthorized):
            await api.write(PERMIT, "PATCH", PATH, {})
        assert (credentials.refreshed, len(server.requests)) == (0, 1)
        api.close()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([Close()], id="closed before the head"),
        pytest.param([Reset()], id="reset before the head"),
        pytest.param([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", Close()], id="closed in the body"),
        pytest.param([CHUNKED + chunk(b"{"), Stall()], id="stalled in the body"),
        pytest.param([Stall()], id="never answered"),
        pytest.param([b"garbage\r\n"], id="garbage"),
        pytest.param([ok(b"not json")], id="unreadable success"),
        pytest.param(failed(504, "Timeout", "request did not complete"), id="504"),
        pytest.param([ok(b"<html>", status="502 Bad Gateway")], id="502 of a proxy"),
        pytest.param(failed(500, "InternalError", "etcdserver: request timed out"), id="500 of the storage"),
        pytest.param(failed(500, "ServerTimeout", "try again"), id="500 ServerTimeout"),
    ],
)
async def test_a_write_whose_answer_is_lost_has_an_unknown_outcome(script: Script) -> None:
    async with connected(script) as (server, transport):
        api, _ = client(transport, "one")
        with pytest.raises(OutcomeUnknown) as caught:
            await api.write(PERMIT, "PATCH", PATH, {}, timeout=5.0)
        assert caught.value.next_step
        assert len(server.requests) == 1
        api.close()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (failed(409, "Conflict"), Conflict),
        (failed(403, "Forbidden"), Forbidden),
        (failed(503, "ServiceUnavailable"), ServerFailure),
        (
            failed(500, "InternalError", 'failed calling webhook "x": context deadline exceeded'),
            ServerFailure,
        ),
    ],
    ids=["409", "403", "503", "500 of a webhook"],
)
async def test_a_write_that_was_refused_is_known_to_be(script: Script, kind: type[EdgetuiError]) -> None:
    async with connected(script) as (_, transport):
        api, _ = client(transport, "one")
        with pytest.raises(kind):
            await api.write(PERMIT, "PATCH", PATH, {})
        api.close()


async def test_a_write_that_never_left_says_so() -> None:
    cluster = target(f"https://127.0.0.1:{closed_port()}")
    api = Api(Transport(cluster, Credentials(cluster)), Credentials(cluster))
    with pytest.raises(LinkError) as caught:
        await api.write(PERMIT, "PATCH", PATH, {})
    assert "refuses connections" in caught.value.sentence
    assert caught.value.outcome == "Nothing was sent."
    api.close()


async def test_a_write_to_something_that_is_no_api_server_never_left() -> None:
    async with serving(tls=False) as server:
        cluster = target(f"https://127.0.0.1:{server.port}")
        api = Api(Transport(cluster, Credentials(cluster)), Credentials(cluster))
        with pytest.raises((ProtocolError, LinkError, TlsError)):
            await api.write(PERMIT, "PATCH", PATH, {}, timeout=0.2)
        api.close()
    assert not server.requests


async def test_a_write_that_cannot_connect_in_time_never_left() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        cluster = target(f"https://127.0.0.1:{silent.getsockname()[1]}")
        api = Api(Transport(cluster, Credentials(cluster)), Credentials(cluster))
        with pytest.raises(LinkError, match="TLS handshake") as caught:
            await api.write(PERMIT, "PATCH", PATH, {}, timeout=0.1)
        assert caught.value.outcome == "Nothing was sent."
        api.close()


async def test_a_second_client_has_its_own_connections_and_credentials() -> None:
    async with connected(answer=only("two")) as (server, transport):
        api, first = client(transport, "one")
        second = api.on_fresh_connection(Renewing(first.ssl_context(), "two"))
        assert await second.get("/version") == {"ok": 1}
        second.close()
        await until(lambda: server.open == 0)
        with pytest.raises(Unauthorized):
            await api.get("/version")
        assert server.connections == 2
        api.close()


def test_a_permit_says_what_it_is_for() -> None:
    assert repr(PERMIT) == "WritePermit('scale', 'plant')"
