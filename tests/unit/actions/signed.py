"""A session that signs in with a token of a kubeconfig file, on a cluster that knows tokens, without a network."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from edgetui.cluster.errors import CredentialError, OutcomeUnknown, Unauthorized
from edgetui.cluster.target import ClusterTarget

from .at_once import ERRORS
from .scripted import DROP, Request
from .tokens import Issuer

Json = dict[str, Any]


class Signed:
    """What one token is answered, without a network: a stand-in for `Api`."""

    def __init__(self, issuer: Issuer, token: str, opened: list[int] | None = None) -> None:
        self.issuer, self.token, self.opened = issuer, token, [0] if opened is None else opened
        self.allows: Callable[[str, str], bool] = lambda token, right: True

    def _answered(self, request: Request) -> Any:
        request.token = self.token
        code, answer = self.issuer.answer(request)
        if code == DROP:
            raise OutcomeUnknown("plant did not answer.", "Look at it.")
        if code >= 300:
            kind = {401: Unauthorized}.get(code) or ERRORS[code]
            raise kind(f"The server said {code}.", "Think.", code=code)
        return answer

    async def get(self, path: str, query: Json | None = None) -> Any:
        return self._answered(Request("GET", path, dict(query or {}), None))

    async def get_bytes(self, path: str, query: Json, *, headers: Mapping[str, str]) -> bytes:
        return json.dumps(await self.get(path, query)).encode()

    async def write(
        self,
        permit: object,
        method: str,
        path: str,
        body: Any,
        *,
        query: Mapping[str, str],
        content_type: str,
        answer: str,
    ) -> Any:
        return self._answered(Request(method, path, dict(query), body))

    async def review(self, kind: str, spec: Mapping[str, Any]) -> Any:
        if kind == "SelfSubjectReview":
            return self._answered(Request("POST", "/selfsubjectreviews", {}, dict(spec)))
        asked = spec["resourceAttributes"]
        names = ("verb", "resource", "subresource", "namespace", "name")
        right = " ".join(asked[name] for name in names if name in asked)
        return {"status": {"allowed": self.allows(self.token, right)}}

    def on_fresh_connection(self, token: str) -> Signed:
        self.opened[0] += 1
        fresh = Signed(self.issuer, token, self.opened)
        fresh.allows = self.allows
        return fresh

    def close(self) -> None:
        self.opened[0] -= 1


class Session:
    """A session that signs in with a token of a file."""

    store = None

    def __init__(self, issuer: Issuer, target: ClusterTarget, token: str = "") -> None:
        self.name, self.target = "plant", target
        self.token = token or issuer.old
        self.api: Any = Signed(issuer, self.token)
        self.credentials: Any = self
        self.moved: list[str] = []

    async def headers(self) -> list[tuple[str, str]]:
        return [("Authorization", f"Bearer {self.token}")]

    def without_client_certificate(self, token: str) -> str:
        return token

    def set_token(self, token: str) -> None:
        self.token = self.api.token = token

    async def reconnect(self, credentials_changed: bool) -> None:
        self.moved.append(f"{self.name} is moved, changed {credentials_changed}")


class Silent(Session):
    """One that cannot sign in."""

    async def headers(self) -> list[tuple[str, str]]:
        raise CredentialError("The certificate file is gone.")
