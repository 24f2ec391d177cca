"""What tokens and certificates say about themselves."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
import trustme
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.expiry import certificate_dates, parse_jwt


def part(data: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


def token(claims: dict[str, Any]) -> str:
    return f"{part({'alg': 'RS256'})}.{part(claims)}.c2lnbmF0dXJl"


BOUND = {
    "aud": ["https://kubernetes.default.svc"],
    "exp": 1_790_003_600,
    "iat": 1_790_000_000,
    "nbf": 1_790_000_000,
    "iss": "https://kubernetes.default.svc",
    "jti": "addc17f6-1",
    "kubernetes.io": {
        "namespace": "ops",
        "secret": {"name": "edgetui-1", "uid": "u-1"},
        "serviceaccount": {"name": "edgetui", "uid": "u-2"},
    },
    "sub": "system:serviceaccount:ops:edgetui",
}
LEGACY = {
    "iss": "kubernetes/serviceaccount",
    "kubernetes.io/serviceaccount/namespace": "ops",
    "kubernetes.io/serviceaccount/secret.name": "edgetui-token",
    "kubernetes.io/serviceaccount/service-account.name": "edgetui",
    "kubernetes.io/serviceaccount/service-account.uid": "u-2",
    "sub": "system:serviceaccount:ops:edgetui",
}


def test_a_bound_token() -> None:
    facts = parse_jwt(token(BOUND))
    assert (facts.namespace, facts.service_account, facts.jti) == ("ops", "edgetui", "addc17f6-1")
    assert (facts.bound_kind, facts.bound_name, facts.bound_uid) == ("Secret", "edgetui-1", "u-1")
    assert (facts.issued, facts.expires, facts.legacy) == (1_790_000_000, 1_790_003_600, False)
    assert facts.audiences == ("https://kubernetes.default.svc",)


def test_a_legacy_token_never_expires() -> None:
    facts = parse_jwt(token(LEGACY).encode())
    assert (facts.namespace, facts.service_account, facts.bound_name) == ("ops", "edgetui", "edgetui-token")
    assert (facts.expires, facts.jti, facts.legacy) == (0, "", True)


def test_a_pod_token_names_the_pod() -> None:
    claims = BOUND | {"kubernetes.io": {"pod": {"name": "a", "uid": "b"}, "node": {"name": "n"}}}
    assert parse_jwt(token(claims)).bound_kind == "Pod"


def test_one_audience_as_text() -> None:
    assert parse_jwt(token({"aud": "k3s"})).audiences == ("k3s",)


@pytest.mark.parametrize("bad", ["", "abc", "a.b.c", "..", f"x.{part([1])}.y", "x.!!!!.y"])
def test_what_is_no_token_is_refused_without_repeating_it(bad: str) -> None:
    with pytest.raises(ValueError, match="not a JSON web token") as refused:
        parse_jwt(bad)
    assert not bad or bad not in str(refused.value)


@given(st.text())
def test_no_text_makes_anything_but_a_value_error(text: str) -> None:
    try:
        parse_jwt(text)
    except ValueError:
        return


def test_nothing_of_the_token_is_kept() -> None:
    made = token(BOUND)
    assert not any(piece in repr(parse_jwt(made)) for piece in made.split("."))


@pytest.fixture(scope="module")
def pem() -> bytes:
    authority = trustme.CA(organization_name="edge")
    return (
        authority.issue_cert(
            "plant.example",
            common_name="system:admin",
            organization_name="system:masters",
            not_before=datetime(2049, 12, 31, 23, 59, 58, tzinfo=UTC),
            not_after=datetime(2050, 1, 1, tzinfo=UTC),
        )
        .cert_chain_pems[0]
        .bytes()
    )


def test_dates_and_names_agree_with_the_library(pem: bytes) -> None:
    known = x509.load_pem_x509_certificate(pem)
    facts = certificate_dates(pem)
    assert facts.not_before == known.not_valid_before_utc.timestamp()
    assert facts.not_after == known.not_valid_after_utc.timestamp()
    assert facts.subject == "CN=system:admin, O=system:masters"


def test_der_and_a_chain_are_read_too(pem: bytes) -> None:
    der = base64.b64decode(b"".join(pem.strip().splitlines()[1:-1]))
    assert certificate_dates(der) == certificate_dates(b"# first\n" + pem + pem)


@given(st.data())
def test_a_cut_or_broken_certificate_is_a_value_error(data: st.DataObject) -> None:
    authority = _AUTHORITY
    at = data.draw(st.integers(0, len(authority) - 1))
    broken = (
        authority[:at] + data.draw(st.binary(max_size=3)) + authority[at + data.draw(st.integers(0, 3)) :]
    )
    for what in (broken, authority[:at]):
        try:
            certificate_dates(what)
        except ValueError:
            continue


_AUTHORITY = base64.b64decode(b"".join(trustme.CA().cert_pem.bytes().strip().splitlines()[1:-1]))


def test_what_is_no_certificate_is_refused() -> None:
    for bad in (b"", b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA", b"\x30\x80\x00\x00"):
        with pytest.raises(ValueError, match="certificate"):
            certificate_dates(bad)
