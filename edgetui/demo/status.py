"""Errors as the API server words them: one exception that carries a `metav1.Status`."""

from __future__ import annotations

from typing import Any

REASONS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    405: "MethodNotAllowed",
    409: "Conflict",
    410: "Expired",
    415: "UnsupportedMediaType",
    422: "Invalid",
    500: "InternalError",
    504: "Timeout",
}


class StatusError(Exception):
    """A request that ends in a Status body; `code` is the HTTP status."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        reason: str | None = None,
        details: dict[str, Any] | None = None,
        retry_after: int = 0,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.reason = REASONS.get(code, "") if reason is None else reason
        self.details = details
        self.retry_after = retry_after

    def body(self) -> dict[str, Any]:
        """The Status object, with its fields in the server's order."""
        body: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
        }
        if self.reason:
            body["reason"] = self.reason
        details = dict(self.details or {})
        if self.retry_after:
            details["retryAfterSeconds"] = self.retry_after
        if details:
            body["details"] = details
        body["code"] = self.code
        return body


def not_found(group: str, plural: str, name: str) -> StatusError:
    return StatusError(
        404, f'{qualified(group, plural)} "{name}" not found', details=_details(group, plural, name)
    )


def already_exists(group: str, plural: str, name: str) -> StatusError:
    message = f'{qualified(group, plural)} "{name}" already exists'
    return StatusError(409, message, reason="AlreadyExists", details=_details(group, plural, name))


def modified(group: str, plural: str, name: str, why: str = "") -> StatusError:
    """409: the version or uid sent is not the one stored."""
    why = why or (
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    message = f'Operation cannot be fulfilled on {qualified(group, plural)} "{name}": {why}'
    return StatusError(409, message, details=_details(group, plural, name))


def invalid(
    group: str, kind: str, name: str, field: str, text: str, cause: str = "FieldValueInvalid"
) -> StatusError:
    """422 with one cause, as validation words it: `text` goes after the field's path."""
    details = {
        "name": name,
        "group": group,
        "kind": kind,
        "causes": [{"reason": cause, "message": text, "field": field}],
    }
    if not group:
        del details["group"]
    head = f"{kind}.{group}" if group else kind
    return StatusError(422, f'{head} "{name}" is invalid: {field}: {text}', details=details)


def expired(message: str) -> StatusError:
    return StatusError(410, message)


def unauthorized() -> StatusError:
    return StatusError(401, "Unauthorized")


def too_large_version(asked: int, current: int) -> StatusError:
    details = {"causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]}
    message = f"Timeout: Too large resource version: {asked}, current: {current}"
    return StatusError(504, message, details=details, retry_after=1)


def broken_patch() -> StatusError:
    """The same answer for a failed JSON Patch `test` and for a patch that cannot be applied."""
    return StatusError(422, "the server rejected our request due to an error in our request", details={})


def qualified(group: str, plural: str) -> str:
    """`deployments.apps`, or `pods` for the core group."""
    return f"{plural}.{group}" if group else plural


def _details(group: str, plural: str, name: str) -> dict[str, Any]:
    details = {"name": name, "group": group, "kind": plural}
    if not group:
        del details["group"]
    return details
