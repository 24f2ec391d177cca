"""What a failed connection means: every failure of the socket, of names and of TLS has its own sentence and kind."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, TlsError
from edgetui.cluster.http.failures import explain, silent

WHERE = "10.0.0.7:6443"


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, "the reason\x1b[31m"
    return error


def tls(reason: str | None, kind: type[ssl.SSLError] = ssl.SSLError) -> ssl.SSLError:
    error = kind(1, "tls")
    error.reason = reason  # type: ignore[assignment]
    return error


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


CASES: list[tuple[BaseException, type[EdgetuiError], str]] = [
    (verification(9), TlsError, "is not valid yet"),
    (verification(10), TlsError, "has expired"),
    (verification(18), TlsError, "shows a self-signed certificate"),
    *[(verification(code), TlsError, "is not signed by a CA") for code in (19, 20, 21)],
    (verification(62), TlsError, "is for another name"),
    (verification(64), TlsError, "is for another address"),
    (verification(23), TlsError, "is not trusted: the reason"),
    (tls("TLSV1_ALERT_PROTOCOL_VERSION"), TlsError, "only a version of TLS that is no longer safe"),
    (tls("UNSUPPORTED_PROTOCOL"), TlsError, "only a version of TLS that is no longer safe"),
    (tls("TLSV13_ALERT_CERTIFICATE_REQUIRED"), TlsError, "wants a client certificate"),
    (tls("SSLV3_ALERT_BAD_CERTIFICATE"), TlsError, "refused the TLS handshake: bad certificate"),
    (tls("ALERT"), TlsError, "refused the TLS handshake: alert"),
    (tls("BAD_SIGNATURE"), LinkError, "TLS with 10.0.0.7:6443 failed: bad signature"),
    (tls(None), LinkError, "TLS with 10.0.0.7:6443 failed: no reason given"),
    (tls("WRONG_VERSION_NUMBER"), ProtocolError, "does not speak TLS"),
    (tls("UNEXPECTED_EOF", ssl.SSLEOFError), LinkError, "broke the connection off"),
    (tls(None, ssl.SSLZeroReturnError), LinkError, "broke the connection off"),
    (socket.gaierror(socket.EAI_AGAIN, "x"), LinkError, "DNS does not answer"),
    (socket.gaierror(socket.EAI_NONAME, "x"), LinkError, "The host name 10.0.0.7:6443 is unknown"),
    (UnicodeError("label too long"), LinkError, "cannot be used"),
    (os_error(errno.ECONNREFUSED), LinkError, "refuses connections"),
    *[
        (os_error(code), LinkError, "There is no route to")
        for code in (
            errno.ENETUNREACH,
            errno.EHOSTUNREACH,
            errno.ENETDOWN,
            errno.EHOSTDOWN,
            errno.EADDRNOTAVAIL,
        )
    ],
    (os_error(errno.ETIMEDOUT), LinkError, "does not answer"),
    (os_error(errno.EACCES), LinkError, "This machine forbids"),
    (os_error(errno.EPERM), LinkError, "This machine forbids"),
    (os_error(errno.EMFILE), LinkError, "edgetui has too many connections open"),
    (os_error(errno.ENFILE), LinkError, "too many files open"),
    (os_error(errno.ECONNRESET), LinkError, "broke the connection off"),
    (RuntimeError("odd"), LinkError, "broke the connection off"),
]


@pytest.mark.parametrize(("error", "kind", "words"), CASES, ids=[one[2][:40] for one in CASES])
def test_each_failure_is_told_by_its_cause(
    error: BaseException, kind: type[EdgetuiError], words: str
) -> None:
    found = explain(error, WHERE)
    assert type(found) is kind
    assert words in found.sentence
    assert found.next_step
    assert "\x1b" not in found.sentence


STRANGERS = {
    b"1.0 400 Bad Request": "speaks plain HTTP",
    b"1.1 400 Bad Request": "speaks plain HTTP",
    b".0 400": "speaks plain HTTP",
    b".1 400": "speaks plain HTTP",
    b".0-OpenSSH_9.2": "is an SSH server",
    b".99-Cisco": "is an SSH server",
    b"": "does not speak TLS",
    b"0.1": "does not speak TLS",
}


@pytest.mark.parametrize("rest", STRANGERS)
def test_a_peer_without_tls_is_told_by_what_it_sent(rest: bytes) -> None:
    assert STRANGERS[rest] in explain(tls("WRONG_VERSION_NUMBER"), WHERE, rest).sentence


def test_an_error_that_is_explained_already_stays_as_it_is() -> None:
    error = LinkError("It is down.", "Wait.")
    assert explain(error, WHERE) is error


def test_a_sentence_about_a_proxy_begins_with_a_capital() -> None:
    refused = os_error(errno.ECONNREFUSED)
    assert explain(refused, "the proxy p:8080").sentence == "The proxy p:8080 refuses connections."
    assert explain(refused, "theatre:6443").sentence == "theatre:6443 refuses connections."
    assert silent("the proxy p:8080", 5).sentence == "The proxy p:8080 did not answer within 5 s."


def test_silence_is_told_by_where_it_began() -> None:
    assert "could not be looked up within 5 s" in silent("api.example", 5, resolving=True).sentence
    assert (
        "did not finish the TLS handshake within 5 s" in silent("api.example", 5, shaking_hands=True).sentence
    )
    assert "did not answer within 5 s" in silent("api.example", 5).sentence
