"""A pod and its log on a scripted server, and a session to it whose link a test raises and lowers."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edgetui.cluster.api.client import Api
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.http.client import Transport
from tests.unit.model.factories import pod

from .wire import Pause, Request, Script, ok, target

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST = b"0\r\n\r\n"
KUBELET = (
    b'Get \\"https://10.0.0.7:10250/containerLogs/a/b/c?follow=true\\": '
    b"dial tcp 10.0.0.7:10250: connect: connection refused"
)


def said(second: int, text: str) -> bytes:
    return f"2026-11-24T15:00:{second:02d}.5Z {text}\n".encode()


def status(code: int, message: bytes, reason: bytes = b"") -> bytes:
    body = b'{"kind":"Status","message":"%b","reason":"%b","code":%d}' % (message, reason, code)
    return ok(body, "Content-Type: application/json", status=f"{code} No")


class Site:
    """A pod and its log, as an API server answers for them: each request for the log gets the next script."""

    def __init__(self, *scripts: Script, pods: list[Any] | None = None) -> None:
        self.scripts = list(scripts)
        self.pods = pods or [pod("web-1", "line-1")]
        self.asked: list[dict[str, str]] = []
        self.looks = 0

    def __call__(self, request: Request) -> Script:
        where = urlsplit(request.target)
        if where.path.endswith("/log"):
            self.asked.append({key: values[0] for key, values in parse_qs(where.query).items()})
            return self.scripts.pop(0) if self.scripts else [HEAD, Pause()]
        if request.method == "POST":
            return [ok(b'{"status":{"allowed":true}}', "Content-Type: application/json")]
        self.looks += 1
        document = self.pods[min(self.looks, len(self.pods)) - 1]
        if isinstance(document, bytes):
            return [document]
        return [ok(json.dumps(document).encode(), "Content-Type: application/json")]


class Source:
    """A session whose link the test raises and lowers."""

    identity = ""

    def __init__(self, url: str) -> None:
        cluster = target(url)
        self.credentials = Credentials(cluster)
        self.transport = Transport(cluster, self.credentials)
        self.api = Api(self.transport, self.credentials)
        self.up, self.down = asyncio.Event(), asyncio.Event()
        self.up.set()
        self.needed: list[tuple[str, bool]] = []

    def need(self, kind: str, needed: bool) -> None:
        self.needed.append((kind, needed))

    def look_at_kinds(self, kinds: object, beside: str = "") -> None:
        """Nothing is measured here."""

    def lower(self) -> None:
        self.up.clear()
        self.down.set()

    def lift(self) -> None:
        self.down.clear()
        self.up.set()

    async def until_up(self) -> None:
        await self.up.wait()

    async def until_down(self) -> None:
        await self.down.wait()
