"""Error answers as a person reads them, and as the reflector and the gate decide by them."""

from __future__ import annotations

import json
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.cluster.api.status import map_status, not_kubernetes
from edgetui.cluster.errors import (
    MAX_SERVER_TEXT,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    ServerFailure,
    Throttled,
    Unauthorized,
)

JSON = {"content-type": "application/json"}
PLAIN = {"content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff"}


def status(code: int, message: str | None = "it failed", reason: str | None = "", **details: Any) -> bytes:
    """A Status as API servers send it."""
    document: dict[str, Any] = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    document |= {"message": message, "reason": reason, "code": code}
    if details:
        document["details"] = details
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (400, Invalid),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (409, Conflict),
        (410, Gone),
        (422, Invalid),
        (429, Throttled),
        (500, ServerFailure),
        (503, ServerFailure),
        (504, ServerFailure),
        (405, ApiError),
        (415, ApiError),
        (302, ApiError),
    ],
)
def test_the_type_follows_from_the_code(code: int, kind: type[ApiError]) -> None:
    for body in (
        status(code),
        b"plain words",
        b"",
        b"<html>",
        b"{}",
        b"null",
        b"[1",
        b"\xff\xfe",
        b'{"kind":7}',
    ):
        error = map_status(code, JSON, body)
        assert type(error) is kind
        assert error.code == code
        assert error.sentence.endswith((".", "…"))


def test_a_status_is_read_whole() -> None:
    causes = [
        {"reason": "FieldValueForbidden", "message": "no", "field": "sendInitialEvents"},
        {"reason": "x"},
    ]
    error = map_status(422, JSON, status(422, "not today", "Invalid", causes=causes, retryAfterSeconds=3))
    assert error.sentence == "The server says: not today."
    assert (error.reason, error.cause, error.field) == ("Invalid", "FieldValueForbidden", "sendInitialEvents")
    assert error.retry_after == 3.0


def test_nulls_are_nothing() -> None:
    error = map_status(500, JSON, status(500, None, None, causes=None, retryAfterSeconds=None))
    assert (error.reason, error.cause, error.field, error.retry_after) == ("", "", "", None)
    assert error.sentence == "The server answered with HTTP 500."


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("1", 1.0),
        (" 30 ", 30.0),
        ("0", 0.0),
        ("999999999", 86400.0),
        ("9" * 400, None),
        ("-1", None),
        ("1.5", None),
        ("²", None),
        ("soon", None),
        ("", None),
        ("Mon, 23 Nov 2026 12:00:00 GMT", None),
    ],
)
def test_retry_after(said: str, seconds: float | None) -> None:
    assert map_status(429, {"retry-after": said}, b"").retry_after == seconds


@pytest.mark.parametrize("said", [-1, 0, 1e300, "x", float("inf"), [], {}])
def test_retry_after_in_a_status_is_bounded(said: object) -> None:
    body = status(504, "late", "Timeout", retryAfterSeconds=said).replace(b"Infinity", b"1e999")
    assert map_status(504, JSON, body).retry_after is None


NOON = "Mon, 23 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("said", "sent", "seconds"),
    [
        ("Mon, 23 Nov 2026 12:00:30 GMT", NOON, 30.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", NOON, 0.0),
        ("Thu, 31 Dec 2099 00:00:00 GMT", NOON, 86400.0),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "", None),
        ("Mon, 23 Nov 2026 12:00:30 GMT", "Mon, 99 Nov 2026", None),
        ("Mon, 23 Nov 2026 12:00:30", NOON, None),
        ("Mon, 23 Nov 999999999 12:00:30 GMT", NOON, None),
    ],
)
def test_a_date_to_retry_after_is_read_by_the_clock_of_who_sent_it(
    said: str, sent: str, seconds: float | None
) -> None:
    assert map_status(429, {"retry-after": said, "date": sent}, b"").retry_after == seconds


def test_the_header_wins_over_the_body() -> None:
    assert map_status(429, {"retry-after": "2"}, status(429, retryAfterSeconds=9)).retry_after == 2.0


def test_401_says_what_it_means() -> None:
    error = map_status(401, JSON, status(401, "Unauthorized", "Unauthorized"))
    assert error.sentence == "The server does not accept these credentials."
    assert "revoked" in error.next_step


@pytest.mark.parametrize(
    ("code", "body", "words"),
    [
        (404, b"404 page not found\n", "404 page not found"),
        (503, b"error trying to reach service: dial tcp 10.0.0.1:443: i/o timeout", "dial tcp 10.0.0.1:443"),
        (503, b"service unavailable\n", "service unavailable"),
        (500, b"\x1b[31mred\x1b[0m\r\nand \xe2\x80\xaemore", "red [0m and more"),
    ],
)
def test_plain_text_is_said_without_its_control_characters(code: int, body: bytes, words: str) -> None:
    for headers in (PLAIN, {}):
        error = map_status(code, headers, body)
        assert words in error.sentence
        assert error.sentence.isprintable()


@pytest.mark.parametrize("headers", [PLAIN, {"content-type": "text/html"}, {}])
@pytest.mark.parametrize("body", [b"<!DOCTYPE html><p>secret</p>", b"\n <html>secret", b"<?xml?>secret"])
def test_a_web_page_is_never_quoted(headers: dict[str, str], body: bytes) -> None:
    error = map_status(403, headers, body)
    assert "secret" not in str(error)
    assert "web page" in error.sentence


def test_other_json_is_never_quoted() -> None:
    assert "s3cret" not in str(map_status(500, JSON, b'{"token":"s3cret"}'))


def test_a_redirect_is_no_api_server() -> None:
    error = map_status(302, {"location": "https://login.example/?token=s3cret"}, b"")
    assert "redirects" in error.sentence and "s3cret" not in str(error)
    assert error.next_step


def test_long_messages_are_cut() -> None:
    error = map_status(409, JSON, status(409, "long " * 1000, "Conflict"))
    assert len(error.sentence) <= MAX_SERVER_TEXT + len("The server says: ")


def test_a_strict_field_error_names_the_field_not_the_object() -> None:
    message = (
        'Deployment in version "v1" cannot be handled: {"spec":{"password":"s3cret"}} strict decoding error: '
    )
    error = map_status(400, JSON, status(400, message + 'unknown field "spec.replicsa"', "BadRequest"))
    assert error.sentence == 'The server says: strict decoding error: unknown field "spec.replicsa".'


def test_a_body_that_was_cut_off_or_is_nested_without_end_is_survived() -> None:
    assert map_status(500, JSON, status(500)[:-10]).code == 500
    assert map_status(500, JSON, b'{"kind":"Status","details":' + b"[" * 100_000).code == 500


def test_an_answer_that_is_no_json() -> None:
    assert "it sends text/html." in not_kubernetes("text/html; charset=utf-8").sentence
    assert "it sends no JSON." in not_kubernetes("application/json").sentence


@given(st.integers(300, 599), st.binary(max_size=500), st.text(max_size=40))
def test_nothing_a_server_sends_escapes(code: int, body: bytes, header: str) -> None:
    for data in (body, b'{"kind":"Status","message":' + json.dumps(header).encode() + b"}"):
        error = map_status(code, {"retry-after": header, "content-type": header}, data)
        assert not any(unicodedata.category(character) == "Cc" for character in error.sentence)
        assert len(error.sentence) < 400
