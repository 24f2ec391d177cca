"""A server that does what a test says, for faults that no real API server makes on demand, and a gate before it."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Plan, Step
from edgetui.cluster.api.client import Api
from edgetui.cluster.http.client import Transport
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.store import Store

DROP = -1
"""An answer that closes the connection instead."""


@dataclass(slots=True)
class Request:
    """What arrived."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    content_type: str = ""
    token: str = ""

    @property
    def line(self) -> str:
        """For comparing sequences: "PUT /apis/… dry"."""
        return f"{self.method} {self.path}{' dry' if self.query.get('dryRun') else ''}"


Answer = tuple[int, Any]
Streams = Callable[[str, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class Server:
    """Answers with `handler`; keeps every request, reviews apart. `headers` are lines that every answer has, too.

    It forbids a write of what it does not allow. Who asks for a WebSocket is served by `streams`, with the head that
    came.
    """

    handler: Callable[[Request], Answer]
    url: str = ""
    requests: list[Request] = field(default_factory=list)
    reviews: list[Request] = field(default_factory=list)
    denied: set[str] = field(default_factory=set)
    headers: bytes = b""
    allows: Callable[[dict[str, str]], bool] = lambda asked: True
    streams: Streams | None = None

    @property
    def lines(self) -> list[str]:
        return [request.line for request in self.requests]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if self.streams is not None and b"upgrade: websocket" in head.lower():
                    await self.streams(head.decode(), reader, writer)
                    return
                start, *headers = head.decode().split("\r\n")
                method, target, _ = start.split(" ")
                length = next(
                    (int(h.split(":")[1]) for h in headers if h.lower().startswith("content-len")), 0
                )
                raw = await reader.readexactly(length)
                parts = urlsplit(target)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                sent_as = next((h.split(":")[1] for h in headers if h.lower().startswith("content-type")), "")
                token = next((h.split()[-1] for h in headers if h.lower().startswith("authorization")), "")
                request = Request(
                    method, parts.path, query, json.loads(raw) if raw else None, sent_as.strip(), token
                )
                code, answer = self._answer(request)
                if code == DROP:
                    return
                payload = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                writer.write(
                    b"HTTP/1.1 %d x\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
                    % (code, self.headers, len(payload), payload)
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()

    def _answer(self, request: Request) -> Answer:
        if request.path.endswith("/selfsubjectaccessreviews"):
            self.reviews.append(request)
            asked = request.body["spec"]["resourceAttributes"]
            return 201, {"status": {"allowed": self.allows(asked) and asked["resource"] not in self.denied}}
        self.requests.append(request)
        if request.method != "GET" and not self._may(request):
            return 403, {"kind": "Status", "reason": "Forbidden", "message": "forbidden", "code": 403}
        return self.handler(request)

    def _may(self, request: Request) -> bool:
        """Whether RBAC lets this write through: what a review of it answers. Anybody may ask for reviews."""
        where, _, there = request.path.partition("/namespaces/")
        if not there:
            return True
        group = where.split("/")[2] if where.startswith("/apis/") else ""
        namespace, resource, name, *rest = (*there.split("/"), "", "", "")
        asked = {
            "verb": _VERBS[request.method],
            "group": group,
            "resource": resource,
            "namespace": namespace,
            "name": name,
            "subresource": rest[0],
        }
        return self.allows(asked) and resource not in self.denied


_VERBS = {"PUT": "update", "PATCH": "patch", "POST": "create", "DELETE": "delete"}


class NoCredentials:
    """For a server without any."""

    generation = 0

    async def headers(self) -> list[tuple[str, str]]:
        return []

    async def refresh(self, since: int | None = None) -> bool:
        return False

    def without_client_certificate(self, token: str) -> NoCredentials:
        return self

    def ssl_context(self) -> ssl.SSLContext:
        raise AssertionError("plain http needs none")


class Connected:
    """A session on a scripted server."""

    identity = ""

    def __init__(self, url: str, store: Store | None = None) -> None:
        self.name = "plant"
        self.target = ClusterTarget(name="plant", context="plant", server=url, user_name="kim")
        self.credentials: Any = NoCredentials()
        self.api = Api(Transport(self.target, self.credentials), self.credentials)
        self.store = store

    async def reconnect(self, credentials_changed: bool) -> None:
        raise AssertionError("nothing here changes credentials")


@asynccontextmanager
async def scripted(handler: Callable[[Request], Answer]) -> AsyncIterator[tuple[Server, Connected]]:
    """A server on a free loopback port and a session on it."""
    server = Server(handler)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    session = Connected(f"http://127.0.0.1:{port}")
    try:
        yield server, session
    finally:
        session.api.close()
        listening.close()


class Watching:
    """A gate that agrees to everything and keeps what it showed; its clock is `now`."""

    def __init__(self, directory: Path, *, read_only: bool = False, answer: bool = True) -> None:
        self.now = 1_700_000_000.0
        self.plans: list[Plan] = []
        self.steps: list[Step] = []
        self.answer = answer
        self.meanwhile: Callable[[], Any] = lambda: None
        self.log = AuditLog(directory / "audit.jsonl")
        self.gate = Gate(
            self.log, read_only, self._confirm, self.steps.append, lambda: self.now, sleep=self._briefly
        )

    async def _confirm(self, plan: Plan) -> bool:
        self.plans.append(plan)
        self.meanwhile()
        return self.answer

    async def _briefly(self, seconds: float) -> None:
        await asyncio.sleep(0.001)

    @property
    def audit(self) -> list[dict[str, Any]]:
        if not self.log.path.exists():
            return []
        return [json.loads(line) for line in self.log.path.read_text().splitlines()]


class FakeDeployment:
    """Just enough of a Deployment for scaling: versions, generations, and what is asked of /scale."""

    path = "/apis/apps/v1/namespaces/line-2/deployments/press"

    def __init__(self) -> None:
        self.replicas, self.version, self.generation, self.uid = 3, 812, 5, "uid-1"

    def answer(self, request: Request) -> Answer:
        if request.path.endswith("/horizontalpodautoscalers"):
            return 200, {"items": []}
        if request.method == "GET":
            return 200, self.number() if request.path.endswith("/scale") else self.document()
        return self.scale(request)

    def scale(self, request: Request) -> Answer:
        metadata = request.body["metadata"]
        if metadata["resourceVersion"] != str(self.version):
            return 409, {"kind": "Status", "reason": "Conflict", "message": "modified", "code": 409}
        if "dryRun" not in request.query:
            self.apply(request.body["spec"]["replicas"])
        return 200, request.body

    def apply(self, replicas: int) -> None:
        self.replicas, self.version, self.generation = replicas, self.version + 1, self.generation + 1

    def number(self) -> dict[str, Any]:
        """Its Scale, which has no generation."""
        metadata = {"name": "press", "namespace": "line-2", "uid": self.uid}
        return {
            "metadata": {**metadata, "resourceVersion": str(self.version)},
            "spec": {"replicas": self.replicas},
            "status": {"replicas": self.replicas, "selector": "app=press"},
        }

    def document(self) -> dict[str, Any]:
        return {
            "metadata": {
                "name": "press",
                "namespace": "line-2",
                "uid": self.uid,
                "resourceVersion": str(self.version),
                "generation": self.generation,
            },
            "spec": {
                "replicas": self.replicas,
                "template": {"spec": {"containers": [{"name": "press", "image": "press:2.0"}]}},
            },
            "status": {
                "observedGeneration": self.generation,
                "replicas": self.replicas,
                "readyReplicas": self.replicas,
            },
        }
