"""From an error answer to the typed error: the Status body of the API machinery, or whatever came instead."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from edgetui.cluster.errors import (
    MAX_SERVER_TEXT,
    ApiError,
    Conflict,
    EdgetuiError,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerFailure,
    Throttled,
    Unauthorized,
)
from edgetui.cluster.foreign import behind_gateway, is_page, stranger

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
    401: "Check the credentials of this user in the kubeconfig.",
    403: "Ask who administers the cluster for this right.",
    409: "Look at the object again and repeat.",
    429: "The server is busy; edgetui waits as long as it asks.",
}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")


class Cause(msgspec.Struct):
    reason: str = ""
    field: str = ""


class Details(msgspec.Struct):
    causes: list[Cause] | None = None
    retryAfterSeconds: int = 0


class Status(msgspec.Struct):
    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


def map_status(status: int, headers: Mapping[str, str], body: bytes) -> EdgetuiError:
    """The error for an answer outside 2xx. Only the message of a Status body is kept, cut to 256 characters.

    ProtocolError for what is no API server's answer, otherwise the ApiError of its status.
    """
    found = _status(body)
    if found is None and (foreign := stranger(status, headers, body)) is not None:
        return foreign
    message = clean(found.message) if found else ""
    details = found.details if found else None
    cause = details.causes[0] if details is not None and details.causes else Cause()
    wait = headers.get("retry-after", "")
    retry_after = float(wait) if wait.isdigit() else None
    if retry_after is None and details is not None and details.retryAfterSeconds:
        retry_after = float(details.retryAfterSeconds)
    kind = _TYPES.get(status, ServerFailure if status >= 500 else ApiError)
    error = kind(
        _sentence(status, message),
        _ADVICE.get(status, ""),
        code=status,
        reason=found.reason if found else "",
        cause=cause.reason,
        field=cause.field,
        retry_after=retry_after,
    )
    return behind_gateway(error) if status >= 500 and found is None and is_page(headers) else error


def clean(text: str) -> str:
    """Server text that may be shown: no control characters, at most 256 characters."""
    text = _CONTROL.sub(" ", text).strip()
    return text if len(text) <= MAX_SERVER_TEXT else text[: MAX_SERVER_TEXT - 1] + "…"


def _status(body: bytes) -> Status | None:
    try:
        found = msgspec.json.decode(body, type=Status)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.kind == "Status" else None


def _sentence(status: int, message: str) -> str:
    if status == 401:
        return "The server does not accept these credentials."
    if message:
        return f"The server says: {message}"
    return f"The server answered with HTTP status {status}."
