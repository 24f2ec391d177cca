"""One request at a time to one API server, as Python values, with typed errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

import msgspec

from edgetui.cluster.api_errors import map_status
from edgetui.cluster.errors import LinkError, OutcomeUnknown, ProtocolError
from edgetui.cluster.foreign import stranger
from edgetui.cluster.transport import NotSent, Response, Transport, TransportCredentials

READ_TIMEOUT = 15.0
WRITE_TIMEOUT = 35.0

Review = Literal["SelfSubjectReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview"]
_REVIEWS: dict[Review, str] = {
    "SelfSubjectReview": "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    "SelfSubjectAccessReview": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "SelfSubjectRulesReview": "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
}


class RefreshingCredentials(TransportCredentials, Protocol):
    """Credentials that can be obtained again."""

    async def refresh(self) -> bool:
        """Try to get newer ones after a 401; whether anything changed."""


class WritePermit:
    """Leave for one write, given by `actions/gate.py` after all its checks and by nothing else."""

    __slots__ = ("action", "cluster")

    def __init__(self, action: str, cluster: str) -> None:
        self.action = action
        self.cluster = cluster


class Api:
    """Reads, reviews and permitted writes. Reads renew the credentials once on a 401."""

    def __init__(self, transport: Transport, credentials: RefreshingCredentials) -> None:
        self.transport = transport
        self.credentials = credentials

    async def get(
        self, path: str, query: Mapping[str, str] | None = None, *, timeout: float = READ_TIMEOUT
    ) -> Any:
        """The decoded JSON of a 2xx answer. Raises ApiError, LinkError, TlsError, ProtocolError, CredentialError."""
        return _decoded(await self.get_bytes(path, query, timeout=timeout))

    async def get_bytes(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        timeout: float = READ_TIMEOUT,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """The body of a 2xx answer, as it is."""
        return (await self._read("GET", path, query, headers, None, timeout)).body

    async def review(self, kind: Review, spec: Mapping[str, Any], *, timeout: float = READ_TIMEOUT) -> Any:
        """Ask who one is or what one may do. Nothing is stored by it, so it needs no permit."""
        group_version = _REVIEWS[kind].removeprefix("/apis/").rpartition("/")[0]
        document: dict[str, Any] = {"apiVersion": group_version, "kind": kind}
        if spec:
            document["spec"] = spec
        body = msgspec.json.encode(document)
        headers = {"Content-Type": "application/json"}
        return _decoded((await self._read("POST", _REVIEWS[kind], None, headers, body, timeout)).body)

    async def _read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        timeout: float,
    ) -> Response:
        response = await self.transport.request(method, path, query, headers, body, timeout=timeout)
        if response.status == 401 and await self.credentials.refresh():
            response = await self.transport.request(method, path, query, headers, body, timeout=timeout)
        if not 200 <= response.status < 300:
            raise map_status(response.status, response.headers, response.body)
        if (foreign := stranger(response.status, response.headers)) is not None:
            raise foreign
        return response

    async def write(
        self,
        permit: WritePermit,
        method: str,
        path: str,
        body: Mapping[str, Any] | list[Any] | None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = WRITE_TIMEOUT,
    ) -> dict[str, Any]:
        """One write, sent once.

        Raises ApiError when the server refused it, LinkError when not a byte of it was sent, and OutcomeUnknown
        when the answer was lost or is a 5xx: it may have been applied, so read the object before saying anything.
        """
        if not isinstance(permit, WritePermit):
            raise TypeError("a write needs a permit of the gate")
        payload = None if body is None else msgspec.json.encode(body)
        headers = {"Content-Type": content_type} if payload is not None else {}
        try:
            response = await self.transport.request(method, path, query, headers, payload, timeout=timeout)
        except NotSent:
            raise
        except (LinkError, ProtocolError) as error:
            raise OutcomeUnknown(
                f"The {permit.action} was sent to {permit.cluster}, but its answer never came.",
                "Look at the object before repeating it.",
            ) from error
        if 200 <= response.status < 300:
            written: dict[str, Any] = _decoded(response.body)
            return written
        refusal = map_status(response.status, response.headers, response.body)
        if response.status in (500, 502, 504):
            raise OutcomeUnknown(
                f"{permit.cluster} did not say whether the {permit.action} was done: {refusal.sentence}",
                "Look at the object before repeating it.",
            ) from refusal
        raise refusal

    def close(self) -> None:
        """Close the connections of this client."""
        self.transport.close()

    def on_fresh_connection(self, credentials: RefreshingCredentials) -> Api:
        """A second client of the same server with its own connections and credentials; close it after use."""
        return Api(self.transport.sibling(credentials), credentials)


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body) if body else {}
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ProtocolError(
            "The answer is not JSON, so what answers there is not a Kubernetes API server.",
            "Check `server:` in the kubeconfig.",
        ) from error
