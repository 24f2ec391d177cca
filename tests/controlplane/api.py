"""A small HTTPS client for the tests' own requests; what edgetui does is never tested through it."""

from __future__ import annotations

import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class ApiError(Exception):
    """An answer other than 2xx: its code and body (a Status object, or text)."""

    def __init__(self, method: str, path: str, code: int, body: Any) -> None:
        message = body.get("message", "") if isinstance(body, dict) else str(body)
        super().__init__(f"{method} {path}: {code} {message}")
        self.code = code
        self.body = body


@dataclass(frozen=True, slots=True)
class Answer:
    """A response as it came."""

    code: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body decoded, or as text where it is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return self.body.decode(errors="replace")


class Api:
    """Requests to one server with one identity; each on a connection of its own."""

    def __init__(self, server: str, context: ssl.SSLContext, token: str | None = None) -> None:
        parts = urlsplit(server)
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._prefix = parts.path.rstrip("/")
        self._context = context
        self._token = token

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        timeout: float = 30,
    ) -> Answer:
        """One request, whatever it answers. Raises OSError when there is no answer."""
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        payload = None
        if body is not None:
            headers["Content-Type"] = content_type
            payload = json.dumps(body).encode()
        connection = http.client.HTTPSConnection(
            self._host, self._port, context=self._context, timeout=timeout
        )
        try:
            connection.request(method, self._prefix + path, body=payload, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def _decoded(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        answer = self.request(method, path, body, **options)
        if not 200 <= answer.code < 300:
            raise ApiError(method, path, answer.code, answer.json())
        return answer.json()

    def get(self, path: str) -> Any:
        """GET, decoded. Raises ApiError."""
        return self._decoded("GET", path)

    def create(self, path: str, body: Any) -> Any:
        """POST, decoded. Raises ApiError."""
        return self._decoded("POST", path, body)

    def patch(self, path: str, body: Any, content_type: str = MERGE_PATCH) -> Any:
        """PATCH, decoded. Raises ApiError."""
        return self._decoded("PATCH", path, body, content_type=content_type)

    def delete(self, path: str, body: Any = None) -> Any:
        """DELETE, decoded. Raises ApiError."""
        return self._decoded("DELETE", path, body)
