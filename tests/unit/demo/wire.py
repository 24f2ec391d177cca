"""Plain HTTPS to one demo cluster: the standard library's client as an oracle that shares no code with edgetui."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import yaml

Object = dict[str, Any]


class Answer(NamedTuple):
    """One response; `body` is decoded JSON where the content type says so, else text."""

    code: int
    headers: dict[str, str]
    body: Any


class Wire:
    """One context of a kubeconfig. `token` is the user's bearer token and may be replaced."""

    def __init__(self, kubeconfig: Path, context: str) -> None:
        document = yaml.safe_load(kubeconfig.read_text())
        cluster = next(c["cluster"] for c in document["clusters"] if c["name"] == context)
        user = next(c["context"]["user"] for c in document["contexts"] if c["name"] == context)
        self.token = next(u["user"]["token"] for u in document["users"] if u["name"] == user)
        address = urlsplit(cluster["server"])
        self.host, self.port = address.hostname or "", address.port or 0
        ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self.tls = ssl.create_default_context(cadata=ca)

    def connect(self, timeout: float = 20.0) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self.host, self.port, context=self.tls, timeout=timeout)

    def headers(self, **more: str) -> dict[str, str]:
        own = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return own | {name.replace("_", "-"): value for name, value in more.items()}

    def call(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None, **headers: str
    ) -> Answer:
        connection = self.connect()
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
                headers.setdefault("Content_Type", "application/json")
            connection.request(method, _target(path, query), body, self.headers(**headers))
            answer = connection.getresponse()
            raw = answer.read()
            found = {name.lower(): value for name, value in answer.getheaders()}
            if found.get("content-encoding") == "gzip":
                raw = zlib.decompress(raw, 31)
            as_json = found.get("content-type", "").startswith("application/json")
            return Answer(answer.status, found, json.loads(raw) if as_json else raw.decode())
        finally:
            connection.close()

    def get(self, path: str, **query: str) -> Answer:
        return self.call("GET", path, query=query)

    def patch(self, path: str, body: Any, kind: str = "merge-patch", **query: str) -> Answer:
        return self.call("PATCH", path, body, query, Content_Type=f"application/{kind}+json")

    def until(self, path: str, holds: Callable[[Object], bool], limit: float = 30.0) -> Object:
        """Reads an object until it holds; the figure is a failure's limit, not a pace."""
        end = time.monotonic() + limit
        while True:
            body = self.get(path).body
            if holds(body):
                return dict(body)
            assert time.monotonic() < end, f"{path} did not get there in {limit} s"
            time.sleep(0.05)


class Stream:
    """One open watch; iterating gives its events until the server ends it."""

    def __init__(self, wire: Wire, path: str, gzip: bool = False, **query: str) -> None:
        self._connection = wire.connect()
        headers = wire.headers(Accept_Encoding="gzip") if gzip else wire.headers()
        self._connection.request("GET", _target(path, {"watch": "1", **query}), headers=headers)
        self._answer = self._connection.getresponse()
        self.code = self._answer.status
        self.headers = {name.lower(): value for name, value in self._answer.getheaders()}
        self.members = 0

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        self._answer.close()
        self._connection.close()

    def __iter__(self) -> Iterator[Object]:
        held = b""
        for data in self._plain():
            held += data
            *lines, held = held.split(b"\n")
            for line in lines:
                yield json.loads(line)
        assert not held

    def body(self) -> Any:
        return json.loads(self._answer.read())

    def take(self, count: int) -> list[Object]:
        """The next `count` events."""
        return [event for _, event in zip(range(count), self, strict=False)]

    def _plain(self) -> Iterator[bytes]:
        unpacker = zlib.decompressobj(31)
        while data := self._answer.read1(65_536):
            if self.headers.get("content-encoding") != "gzip":
                yield data
                continue
            while data:
                yield unpacker.decompress(data)
                data = unpacker.unused_data
                if unpacker.eof:
                    self.members += 1
                    unpacker = zlib.decompressobj(31)


def _target(path: str, query: dict[str, str] | None) -> str:
    return f"{path}?{urlencode(query)}" if query else path
