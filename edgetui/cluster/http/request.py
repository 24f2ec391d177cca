"""One request to an API server, before it is known whether HTTP/1.1 or HTTP/2 carries it."""

from __future__ import annotations

from edgetui.cluster.http.hpack import Field
from edgetui.cluster.http.http2 import fields_of
from edgetui.cluster.http.protocol import check_request, encode_request
from edgetui.model.redacted import Discreet


class Request(Discreet, frozen=True):
    """`target` is percent-encoded, `authority` the host and port that it is for; the headers hold credentials."""

    SHOWN = ("method", "target")

    method: str
    target: str
    authority: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def as_bytes(self) -> bytes:
        """The message of HTTP/1.1. Raises ProtocolError for what would break its framing."""
        return encode_request(self.method, self.target, [("Host", self.authority), *self.headers], self.body)

    def as_fields(self) -> list[Field]:
        """The header fields of HTTP/2. Raises as `as_bytes` does."""
        check_request(self.method, self.target, self.headers)
        length = [("content-length", str(len(self.body)))] if self.body is not None else []
        return fields_of(self.method, self.authority, self.target, [*self.headers, *length])
