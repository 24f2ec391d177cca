"""One request at a time to one API server, as Python values, with typed errors."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from edgetui.cluster.api.status import UNDECODABLE, map_status, not_kubernetes
from edgetui.cluster.backoff import Feature, steady_clock
from edgetui.cluster.errors import (
    ApiError,
    EdgetuiError,
    LinkError,
    OutcomeUnknown,
    ProtocolError,
    ServerFailure,
)
from edgetui.cluster.http.answer_size import MOST_FREE_VALUES, check_values
from edgetui.cluster.http.client import Delivery, Response, Transport, TransportCredentials
from edgetui.model.kinds import Kinds
from edgetui.model.kinds.base import Kind

if TYPE_CHECKING:
    from edgetui.cluster.api.followed import Followed

READ_TIMEOUT = 15.0
SLOW_HANDSHAKE = 0.1
"""Seconds of connecting from which on bytes count for more than the server's work."""
WRITE_TIMEOUT = 35.0
"""An API server itself gives up on a write after 34 s."""

Review = Literal["SelfSubjectReview", "SelfSubjectAccessReview", "SelfSubjectRulesReview"]
WriteVerb = Literal["POST", "PUT", "PATCH", "DELETE"]
Answer = Literal["metadata", "object", "printed"]
"""What a PUT or a PATCH is to be answered by; "printed" is the smallest for an object, where nobody reads it."""

_REVIEWS: dict[Review, str] = {
    "SelfSubjectReview": "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    "SelfSubjectAccessReview": "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
    "SelfSubjectRulesReview": "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
}
_WRITE_VERBS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_NOT_MODIFIED = 304
NAMES_ONLY = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
"""The header that asks for a list of no more than the metadata of objects."""
METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io, application/json"}
"""The header that asks for no more than the metadata of an object."""
PRINTED = "application/json;as=Table;v=v1;g=meta.k8s.io"
"""Asks for what the server prints for `kubectl get`, with PRINTED_QUERY without the objects."""
PREFERRED = {"Accept": f"{PRINTED},application/json"}
"""The same, or the object from a server that prints nothing."""
PRINTED_QUERY = {"includeObject": "None"}
WITHOUT_COLUMNS = {"-": "true"}
"""Asks for a Table without the definitions of its columns, which are 1 to 3 KB. "-" is what the generated conversion of
a query calls `noHeaders` of TableOptions; a server that does not know it sends the definitions all the same.
"""
_ANSWERED_BY: dict[Answer, tuple[dict[str, str], dict[str, str]]] = {
    "metadata": (METADATA_ONLY, {}),
    "object": ({}, {}),
    "printed": (PREFERRED, PRINTED_QUERY | WITHOUT_COLUMNS),
}
"""The headers and the query that ask for it."""
_LOOK_FIRST = "Look at the object before repeating it."
# Somebody between us and the storage lost patience: the change may have arrived, or arrive yet.
_UNKNOWN_CODES = frozenset({408, 499, 502, 504})
_UNKNOWN_REASONS = frozenset({"Timeout", "ServerTimeout"})
_STORAGE_FAILED = re.compile(r"etcdserver|rpc error|timed out|timeout|deadline exceeded", re.IGNORECASE)


class RefreshingCredentials(TransportCredentials, Protocol):
    """Credentials that can be obtained again. `generation` counts their changes."""

    generation: int

    async def refresh(self, since: int | None = None) -> bool:
        """Try to get newer ones after a 401 to a request that began at generation `since`; whether anything changed."""


class WritePermit:
    """Leave for one write, given by `actions/gate/gate.py` after all its checks and by nothing else.

    It names the action, as a person says it, and the one cluster that it is good for.
    """

    __slots__ = ("action", "cluster")

    def __init__(self, action: str, cluster: str) -> None:
        self.action = action
        self.cluster = cluster

    def __repr__(self) -> str:
        return f"WritePermit({self.action!r}, {self.cluster!r})"


class Api:
    """Reads, reviews and permitted writes. Reads and reviews renew the credentials once on a 401.

    `kinds` are those of this cluster.
    """

    def __init__(
        self, transport: Transport, credentials: RefreshingCredentials, kinds: Kinds | None = None
    ) -> None:
        self.transport = transport
        self.credentials = credentials
        self._owed: list[tuple[float, Delivery]] = []
        self.kinds = Kinds() if kinds is None else kinds
        self.served: dict[str, Kind] = {}
        """The kinds that this server serves in an older version of their API, as far as is known."""
        self._compressed_lists = Feature(steady_clock)

    def kind(self, name: str) -> Kind:
        """A kind in the version of its API that this server is asked for."""
        return self.served.get(name) or self.kinds[name]

    def silence(self) -> float:
        """Seconds for which the server has left a get, a review or a write without a sign of life; 0 for none."""
        if not self._owed:
            return 0.0
        now = asyncio.get_running_loop().time()
        return max(now - max(asked, delivery.heard) for asked, delivery in self._owed)

    @contextmanager
    def _owing(self) -> Iterator[Delivery]:
        """A request whose answer is owed from now on."""
        owed = (asyncio.get_running_loop().time(), Delivery())
        self._owed.append(owed)
        try:
            yield owed[1]
        finally:
            self._owed = [one for one in self._owed if one is not owed]

    async def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        timeout: float = READ_TIMEOUT,
        fresh: bool = False,
    ) -> Any:
        """The decoded JSON of a 2xx answer; `fresh` asks for a connection of its own.

        `timeout` is seconds until the head of the answer and for any silence in it. Raises ApiError, LinkError,
        TlsError, ProtocolError, CredentialError.
        """
        with self._owing() as delivery:
            response = await self._read("GET", path, query, None, None, timeout, fresh, delivery)
        return _decoded(response)

    async def read(
        self, collection: str, name: str = "", query: Mapping[str, str] | None = None, *, most: int = 0
    ) -> Any:
        """One object of the collection at this path or, without a name, the list of them: decoded JSON.

        Over a slow link it is asked for in a form that the server compresses, and what is not complete there is asked
        for again in the usual one. `most` bounds the list; `metadata.continue` is not empty where there are more.
        Raises as `get` does.
        """
        query = dict(query or {})
        if await self.compresses():
            from edgetui.cluster.api.streamed_list import streamed  # most links are quick

            chosen = {**query, "fieldSelector": f"metadata.name={name}"} if name else query
            with self._owing() as delivery:
                found = await streamed(self.transport, collection, chosen, delivery, most=most)
            if found is None or not found.compressed:
                self._compressed_lists.lacking()
            if found is not None and not name:
                cut = "" if found.whole else "not read"
                return {"metadata": {"resourceVersion": found.version, "continue": cut}, "items": found.items}
            if found is not None and found.items:
                return found.items[0]
        if most:
            query["limit"] = str(most)
        return await self.get(f"{collection}/{name}" if name else collection, query)

    async def compresses(self) -> bool:
        """Whether bytes count, and the server compresses what `read` asks for, as far as is known."""
        return self._compressed_lists.there and await self.is_far()

    @asynccontextmanager
    async def following(
        self, collection: str, name: str, columns: Sequence[str] = ()
    ) -> AsyncIterator[Followed | None]:
        """What the server prints of an object, kept current; None where it costs less to look again and again.

        `columns` are those of its kind, where they are known.
        """
        if not (await self.is_far() and self.transport.shared):
            yield None
            return
        from edgetui.cluster.api.followed import Followed  # most links are quick

        query = PRINTED_QUERY | (WITHOUT_COLUMNS if columns else {})
        found = Followed(self.transport, collection, name, query, {"Accept": PRINTED}, columns)
        try:
            yield found if await found.first and found.cells else None
        finally:
            found.close()

    async def is_far(self) -> bool:
        """Whether connecting shows that bytes count; a server without TLS is taken to be near."""
        if not self.transport.endpoint.tls:
            return False
        await self.transport.connect(READ_TIMEOUT)
        return self.transport.counters.handshake > SLOW_HANDSHAKE

    async def get_bytes(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        timeout: float = READ_TIMEOUT,
        headers: Mapping[str, str] | None = None,
        also: tuple[int, ...] = (),
    ) -> bytes | bytearray:
        """The body of a 2xx answer, or of one with a status in `also`, as it is. Raises as `get` does."""
        return (await self._read("GET", path, query, headers, None, timeout, also=also)).body

    async def get_metadata(self, path: str) -> dict[str, Any]:
        """An object with no more than its metadata, a few hundred bytes. Raises as `get` does."""
        response = await self._read("GET", path, None, METADATA_ONLY, None, READ_TIMEOUT)
        found = _decoded(response)
        if not (found and isinstance(found, dict)):
            raise not_kubernetes(response.headers.get("content-type", ""))
        return found

    async def get_tagged(
        self, path: str, tag: str, headers: Mapping[str, str], *, timeout: float = READ_TIMEOUT
    ) -> tuple[bytes | bytearray, str] | None:
        """The body of a 2xx answer and its ETag; None where that is still `tag`. Raises as `get` does."""
        asked = {**headers, "If-None-Match": tag} if tag else headers
        try:
            response = await self._read("GET", path, None, asked, None, timeout)
        except ApiError as error:
            if tag and error.code == _NOT_MODIFIED:
                return None
            raise
        return response.body, response.headers.get("etag", "")

    async def review(
        self, kind: Review, spec: Mapping[str, Any], namespace: str = "", *, timeout: float = READ_TIMEOUT
    ) -> dict[str, Any]:
        """Ask who one is or what one may do. Nothing is stored by it, so it needs no permit. Raises as `get` does.

        `namespace` is added to a spec that names none: rules are always asked for one namespace.
        """
        document: dict[str, Any] = {"apiVersion": _REVIEWS[kind][6:].rpartition("/")[0], "kind": kind}
        if namespace and kind == "SelfSubjectRulesReview":
            spec = {"namespace": namespace, **spec}
        if spec:
            document["spec"] = spec
        body = msgspec.json.encode(document)
        headers = {"Content-Type": "application/json"}
        with self._owing() as delivery:
            return _object(
                await self._read("POST", _REVIEWS[kind], None, headers, body, timeout, delivery=delivery)
            )

    async def _read(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
        body: bytes | None,
        timeout: float,
        fresh: bool = False,
        delivery: Delivery | None = None,
        also: tuple[int, ...] = (),
    ) -> Response:
        for renewed in (False, True):
            since = self.credentials.generation
            response = await self.transport.request(
                method,
                path,
                query,
                headers,
                body,
                timeout=timeout,
                fresh=fresh,
                repeatable=True,
                delivery=delivery,
            )
            if response.status != 401 or renewed or not await self.credentials.refresh(since):
                break
        if not 200 <= response.status < 300 and response.status not in also:
            raise map_status(response.status, response.headers, response.body)
        return response

    async def write(
        self,
        permit: WritePermit,
        method: WriteVerb | str,
        path: str,
        body: Mapping[str, Any] | list[Any] | None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
        timeout: float = WRITE_TIMEOUT,
        answer: Answer = "metadata",
    ) -> dict[str, Any]:
        """One write, sent once, never repeated, and its answer: of a PUT or a PATCH what `answer` names.

        Raises ApiError when the server refused it; LinkError, TlsError, ProtocolError or CredentialError when not a
        byte of it was sent; OutcomeUnknown when it was sent and nobody can know what became of it: then read the
        object before saying anything.
        """
        if not isinstance(permit, WritePermit) or permit.cluster != self.transport.target.name:
            raise TypeError("a write needs a permit of the gate for this cluster")
        if method not in _WRITE_VERBS:
            raise ValueError(f"{method} is no write")
        payload = None if body is None else msgspec.json.encode(body)
        headers = {} if payload is None else {"Content-Type": content_type}
        if method in ("PUT", "PATCH"):
            accept, form = _ANSWERED_BY[answer]
            headers, query = headers | accept, {**(query or {}), **form}
        try:
            with self._owing() as delivery:
                response = await self.transport.request(
                    method, path, query, headers, payload, timeout=timeout, delivery=delivery
                )
        except EdgetuiError as error:
            if delivery.sent:
                raise OutcomeUnknown(
                    f"The request to {permit.action} was sent to {permit.cluster}, but no answer came. "
                    f"{error.sentence}",
                    _LOOK_FIRST,
                ) from error
            if isinstance(error, LinkError):
                unsent = LinkError(error.sentence, error.next_step)
                unsent.outcome = "Nothing was sent."
                raise unsent from error
            raise
        if 200 <= response.status < 300:
            return _applied(response, permit)
        raise _refused(response, permit)

    def on_fresh_connection(self, credentials: RefreshingCredentials) -> Api:
        """A second client of the same server with its own connections and credentials; close it after use."""
        sibling = Api(self.transport.sibling(credentials), credentials)
        sibling.kinds = self.kinds
        return sibling

    def close(self) -> None:
        """Close the connections of this client."""
        self.transport.close()


def _refused(response: Response, permit: WritePermit) -> EdgetuiError:
    refusal = map_status(response.status, response.headers, response.body)
    if not _may_be_applied(refusal):
        return refusal
    unknown = OutcomeUnknown(
        f"{permit.cluster} did not say whether the request to {permit.action} was carried out. {refusal.sentence}",
        _LOOK_FIRST,
    )
    unknown.__cause__ = refusal
    return unknown


def _may_be_applied(refusal: ApiError) -> bool:
    if refusal.code in _UNKNOWN_CODES or refusal.reason in _UNKNOWN_REASONS:
        return True
    # Webhooks are asked before anything is stored.
    storage = isinstance(refusal, ServerFailure) and "webhook" not in refusal.sentence
    return storage and _STORAGE_FAILED.search(refusal.sentence) is not None


def _applied(response: Response, permit: WritePermit) -> dict[str, Any]:
    try:
        return _object(response)
    except ProtocolError as error:
        raise OutcomeUnknown(
            f"{permit.cluster} accepted the request to {permit.action}, but its answer cannot be read.",
            _LOOK_FIRST,
        ) from error


def _object(response: Response) -> dict[str, Any]:
    found = _decoded(response)
    if not isinstance(found, dict):
        raise not_kubernetes(response.headers.get("content-type", ""))
    return found


def _decoded(response: Response) -> Any:
    check_values(response.body, MOST_FREE_VALUES)
    try:
        return msgspec.json.decode(response.body) if response.body else {}
    except UNDECODABLE:
        raise not_kubernetes(response.headers.get("content-type", "")) from None
