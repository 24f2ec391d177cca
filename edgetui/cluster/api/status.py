"""From an error answer to the typed error: the Status body of the API machinery, or whatever came instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from edgetui.cluster.errors import (
    MAX_SERVER_TEXT,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ProtocolError,
    ServerFailure,
    Throttled,
    Unauthorized,
)
from edgetui.cluster.http.protocol import CHECK_ADDRESS
from edgetui.model.text import clean

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for bytes that others sent: no JSON, no UTF-8, of another shape, nested without end."""

_TYPES: dict[int, type[ApiError]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
    429: Throttled,
}
_ADVICE = {
    401: "They may have expired or been revoked: get a fresh kubeconfig or token, or sign in again.",
    403: "Ask whoever runs the cluster for this right, or use another context.",
    409: "Look at the object as it is now, and decide again.",
    410: "That version is too old for the server: it has to be listed again.",
    429: "The server is busy: it asks to come back later.",
    503: "The server may be starting, or a part of it is down.",
    504: "The server or its storage is slow or down.",
}
_MOST_BODY = 1024 * 1024
_MOST_RETRY_AFTER = 24 * 3600
_MOST_REASON = 64
_SECONDS = re.compile(r"[0-9]{1,9}")
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|\?xml|head|body)", re.IGNORECASE)
_STRICT = "strict decoding error"
_QUOTED = '}": '
"""The end of an object that is quoted as a value."""


FOREIGN = "JSON of another kind"


class _Document(msgspec.Struct):
    kind: str = ""
    type: str = ""


class _Cause(msgspec.Struct):
    reason: str | None = None
    field: str | None = None


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None
    retry_after: float | None = msgspec.field(name="retryAfterSeconds", default=None)


class _Status(msgspec.Struct):
    """What edgetui reads of a meta/v1 Status."""

    kind: str | None = None
    message: str | None = None
    reason: str | None = None
    details: _Details | None = None


_decoder = msgspec.json.Decoder(_Status, strict=False)


def map_status(status: int, headers: Mapping[str, str], body: bytes | bytearray) -> ApiError:
    """The error for an answer outside 2xx; `headers` have lower-case names, `body` is whole or the first part.

    Only the message of a Status body, or a short plain text, is kept: without control characters and cut to 256
    characters. A page of markup is never quoted.
    """
    found = _read_status(body)
    message = _message(found, headers, body)
    details = found.details or _Details()
    cause = details.causes[0] if details.causes else _Cause()
    kind = _TYPES.get(status, ServerFailure if status >= 500 else ApiError)
    return kind(
        _sentence(status, message, headers, body),
        CHECK_ADDRESS if 300 <= status < 400 else _ADVICE.get(status, ""),
        code=status,
        reason=clean(found.reason, _MOST_REASON),
        cause=clean(cause.reason, _MOST_REASON),
        field=clean(cause.field, _MOST_REASON),
        retry_after=_retry_after(headers, details),
    )


def not_kubernetes(sent: str) -> ProtocolError:
    """For an answer that is not what an API server says; `sent` is its content type, or what it is in words."""
    said = clean(sent.partition(";")[0], _MOST_REASON)
    what = said if said and said != "application/json" else "no JSON"
    return ProtocolError(
        f"What answers there is not a Kubernetes API server: it sends {what}.",
        "Check `server:` in the kubeconfig, and whether a login page or a proxy is in between.",
    )


def is_foreign(body: bytes | bytearray) -> bool:
    """Whether this is JSON without a kind and without an event's type, as servers of another sort send it."""
    try:
        found = msgspec.json.decode(body, type=_Document)
    except msgspec.ValidationError:
        return True
    except UNDECODABLE:
        return False
    return not (found.kind or found.type)


def no_apis() -> ProtocolError:
    """For a server that answers 404 to what every API server has."""
    return ProtocolError(
        "What answers there serves none of the APIs of Kubernetes.", "Check `server:` in the kubeconfig."
    )


def _read_status(body: bytes | bytearray) -> _Status:
    try:
        found = _decoder.decode(body[:_MOST_BODY])
    except UNDECODABLE:
        return _Status()
    return found if found.kind == "Status" else _Status()


def _message(found: _Status, headers: Mapping[str, str], body: bytes | bytearray) -> str:
    if found.kind:
        message = found.message or ""
        # Strict field validation quotes the whole object before it says what is wrong, and so does a field of
        # another type.
        if _STRICT in message:
            message = message[message.rindex(_STRICT) :]
        elif _QUOTED in message:
            message = message[message.rindex(_QUOTED) + len(_QUOTED) :]
        return clean(message, MAX_SERVER_TEXT)
    if headers.get("content-type", "text/plain").startswith("text/plain") and not _MARKUP.match(body):
        return clean(body[: 4 * MAX_SERVER_TEXT].decode("utf-8", "replace"), MAX_SERVER_TEXT)
    return ""


def _sentence(status: int, message: str, headers: Mapping[str, str], body: bytes | bytearray) -> str:
    if status == 401:
        return "The server does not accept these credentials."
    if 300 <= status < 400:
        return f"What answers is not a Kubernetes API server: it redirects elsewhere (HTTP {status})."
    if message and status in (403, 404, 409, 410, 422, 400):
        return _ended(f"The server says: {message}")
    if message:
        return _ended(
            f"The server failed with HTTP {status}: {message}"
            if status >= 500
            else f"HTTP {status}: {message}"
        )
    page = " with a web page" if _MARKUP.match(body) else ""
    return f"The server answered with HTTP {status}{page}."


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?", "…")) else sentence + "."


def _retry_after(headers: Mapping[str, str], details: _Details) -> float | None:
    """Seconds, whether given as a number or as a date."""
    said = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(said):
        return min(float(said), _MOST_RETRY_AFTER)
    if said and (seconds := _until(said, headers.get("date", ""))) is not None:
        return seconds
    if details.retry_after is not None and 0 < details.retry_after < _MOST_RETRY_AFTER:
        return details.retry_after
    return None


def _until(date: str, sent: str) -> float | None:
    """Seconds from one HTTP date to another, both by the sender's clock: ours may be wrong."""
    from email.utils import parsedate_to_datetime  # gateways send dates, API servers never

    try:
        seconds = (parsedate_to_datetime(date) - parsedate_to_datetime(sent)).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER)
