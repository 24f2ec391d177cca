"""Answers of servers that are no API servers, and what is said of them."""

from __future__ import annotations

import pytest

from edgetui.cluster.api_errors import map_status
from edgetui.cluster.denial import denied
from edgetui.cluster.errors import Forbidden, NotFound, ProtocolError, ServerFailure, Unauthorized
from edgetui.cluster.foreign import stranger, without_core

PAGE = {"content-type": "text/html; charset=utf-8"}
TEXT = {"content-type": "text/plain"}
STATUS = b'{"kind":"Status","code":404,"reason":"NotFound","message":"gone"}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "words"),
    [
        (302, {}, b"", "redirects"),
        (200, PAGE, b"", "web page"),
        (403, PAGE, b"<html>", "web page"),
        (400, TEXT, b"Client sent an HTTP request to an HTTPS server.\n", "speaks HTTPS"),
        (400, PAGE, b"The plain HTTP request was sent to HTTPS port", "speaks HTTPS"),
    ],
)
def test_strangers(status: int, headers: dict[str, str], body: bytes, words: str) -> None:
    found = stranger(status, headers, body)
    assert found is not None
    assert words in found.sentence
    assert "server:" in found.next_step
    if status != 200:
        assert type(map_status(status, headers, body)) is ProtocolError


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [(401, PAGE, Unauthorized), (403, TEXT, Forbidden), (502, PAGE, ServerFailure), (404, TEXT, NotFound)],
)
def test_what_an_api_server_or_its_gateway_may_say(
    status: int, headers: dict[str, str], kind: type[Exception]
) -> None:
    assert type(map_status(status, headers, b"")) is kind


def test_a_status_is_believed_whatever_its_content_type() -> None:
    assert type(map_status(404, PAGE, STATUS)) is NotFound


def test_a_page_of_5xx_is_the_gateways() -> None:
    error = map_status(502, PAGE, b"<html>")
    assert "gateway" in str(error)
    assert "HTTP 502" in str(error)


def test_a_bare_404_for_what_every_server_has() -> None:
    assert type(without_core(map_status(404, TEXT, b"404 page not found"))) is ProtocolError
    known = map_status(404, {}, STATUS)
    assert without_core(known) is known


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ('nodes is forbidden: User "bob" cannot list', "The user bob may not read"),
        ('nodes is forbidden: User "system:anonymous" cannot list', "no credentials"),
        ("", "This user may not read"),
    ],
)
def test_denied_names_the_user(reason: str, words: str) -> None:
    sentence, step = denied(["", reason])
    assert words in sentence
    assert step
