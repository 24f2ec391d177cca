"""Tokens and certificates claim by claim and byte by byte: what each says, and that no cut one says anything."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from edgetui.model.expiry import CertificateFacts, TokenFacts, certificate_dates, parse_jwt
from tests.unit.model.test_expiry import BOUND, LEGACY, token

OF_BOUND = TokenFacts(
    subject="system:serviceaccount:ops:edgetui",
    namespace="ops",
    service_account="edgetui",
    jti="addc17f6-1",
    issuer="https://kubernetes.default.svc",
    issued=1_790_000_000,
    not_before=1_790_000_000,
    expires=1_790_003_600,
    audiences=("https://kubernetes.default.svc",),
    bound_kind="Secret",
    bound_name="edgetui-1",
    bound_uid="u-1",
)
OF_LEGACY = TokenFacts(
    subject="system:serviceaccount:ops:edgetui",
    namespace="ops",
    service_account="edgetui",
    issuer="kubernetes/serviceaccount",
    bound_kind="Secret",
    bound_name="edgetui-token",
    legacy=True,
)
ACCOUNT, SECRET = (
    "kubernetes.io/serviceaccount/service-account.name",
    "kubernetes.io/serviceaccount/secret.name",
)


@pytest.mark.parametrize(
    ("claims", "facts"),
    [
        (BOUND, OF_BOUND),
        (LEGACY, OF_LEGACY),
        ({}, TokenFacts()),
        (
            {"kubernetes.io": {"namespace": "a"}, "kubernetes.io/serviceaccount/namespace": "b"},
            TokenFacts(namespace="a"),
        ),
        (
            {"kubernetes.io": {"serviceaccount": {"name": "a"}}, ACCOUNT: "b"},
            TokenFacts(service_account="a", legacy=True),
        ),
        ({ACCOUNT: "b"}, TokenFacts(service_account="b", legacy=True)),
        ({SECRET: "s"}, TokenFacts()),
        (
            {ACCOUNT: "b", SECRET: "s", "kubernetes.io": {"pod": {"name": "p", "uid": "u"}}},
            TokenFacts(service_account="b", legacy=True, bound_kind="Secret", bound_name="s"),
        ),
        (
            {"kubernetes.io": {"pod": {"name": "p", "uid": "u"}, "secret": {"name": "s"}, "node": {}}},
            TokenFacts(bound_kind="Pod", bound_name="p", bound_uid="u"),
        ),
        (
            {"kubernetes.io": {"pod": None, "node": {"name": "n", "uid": "u"}}},
            TokenFacts(bound_kind="Node", bound_name="n", bound_uid="u"),
        ),
        ({"kubernetes.io": {"node": "n"}}, TokenFacts(bound_kind="Node")),
        ({"kubernetes.io": []}, TokenFacts()),
        ({"aud": ["a", "b"]}, TokenFacts(audiences=("a", "b"))),
        ({"aud": "a"}, TokenFacts(audiences=("a",))),
        ({"aud": ""}, TokenFacts()),
        ({"aud": ["a", 7]}, TokenFacts(audiences=("a", ""))),
        ({"sub": 7, "iss": None, "jti": []}, TokenFacts()),
        ({"sub": " a\n b "}, TokenFacts(subject="a b")),
        ({"exp": 1, "iat": 1.9, "nbf": 10**12 - 1}, TokenFacts(expires=1, issued=1, not_before=10**12 - 1)),
        ({"exp": 0, "iat": -1, "nbf": 10**12}, TokenFacts()),
        ({"exp": "7", "iat": None, "nbf": [7]}, TokenFacts()),
    ],
)
def test_what_each_claim_says(claims: dict[str, Any], facts: TokenFacts) -> None:
    assert parse_jwt(token(claims)) == facts
    assert parse_jwt(f"\n{token(claims)} ".encode()) == facts


@pytest.mark.parametrize("parts", range(6))
def test_a_token_has_three_parts(parts: int) -> None:
    text = ".".join(["x", token(BOUND).split(".")[1], "y", "z", "z"][:parts])
    if parts == 3:
        assert parse_jwt(text) == OF_BOUND
        return
    with pytest.raises(ValueError, match=r"^this is not a JSON web token$"):
        parse_jwt(text)


# -- certificates, built by hand (X.690)

CN, ORG, OU = bytes((0x55, 4, 3)), bytes((0x55, 4, 10)), bytes((0x55, 4, 11))
UTF8, BMP, UTC_TIME, TIME = 0x0C, 0x1E, 0x17, 0x18


def element(tag: int, *content: bytes, size: int = 0) -> bytes:
    """A DER element; `size` is in how many bytes its length is written, 0 for as few as possible."""
    data = b"".join(content)
    if not size and len(data) < 0x80:
        return bytes((tag, len(data))) + data
    size = size or (len(data).bit_length() + 7) // 8
    return bytes((tag, 0x80 | size)) + len(data).to_bytes(size, "big") + data


def named(*pairs: tuple[bytes, str], text: int = UTF8) -> bytes:
    """A distinguished name."""
    encoding = "utf-16-be" if text == BMP else "utf-8"
    return element(
        0x30,
        *(
            element(0x31, element(0x30, element(6, oid), element(text, value.encode(encoding))))
            for oid, value in pairs
        ),
    )


SUBJECT = named((OU, "edge"), (CN, "system:admin"), (ORG, "system:masters"), (ORG, "ops"), (CN, "second"))


def certificate(
    *,
    version: bool = True,
    issuer: bytes = named((ORG, "k3s"), (CN, "k3s-client-ca")),
    start: bytes = element(UTC_TIME, b"260102030405Z"),
    end: bytes = element(UTC_TIME, b"270102030405Z"),
    subject: bytes = SUBJECT,
    size: int = 0,
) -> bytes:
    fields = [
        *([element(0xA0, element(2, b"\x02"))] if version else []),
        element(2, b"\x01"),
        element(0x30, element(6, b"\x2a")),
        issuer,
        element(0x30, start, end),
        subject,
        element(0x30, b""),
    ]
    outer = [element(0x30, *fields, size=size), element(0x30, b""), element(3, b"\x00signature")]
    return element(0x30, *outer, size=size)


FACTS = CertificateFacts(
    not_before=1_767_323_045,
    not_after=1_798_859_045,
    common_name="system:admin",
    organizations=("system:masters", "ops"),
    issuer="k3s-client-ca",
)


@pytest.mark.parametrize("version", [True, False])
@pytest.mark.parametrize("size", [0, 2, 3, 4])
def test_a_certificate_in_full(version: bool, size: int) -> None:
    made = certificate(version=version, size=size)
    assert certificate_dates(made) == FACTS
    assert FACTS.subject == "CN=system:admin, O=system:masters, O=ops"


@pytest.mark.parametrize("size", [5, 6, 0x7F])
def test_a_length_of_more_than_four_bytes_is_no_certificate(size: int) -> None:
    with pytest.raises(ValueError, match=r"^this is not a certificate$"):
        certificate_dates(bytes((0x30, 0x80 | size)) + bytes(200))


def test_a_certificate_that_is_cut_off_anywhere_is_refused() -> None:
    made = certificate()
    assert len(made) > 0x80
    for at in range(2, len(made)):
        with pytest.raises(ValueError, match=r"^this certificate is cut off$"):
            certificate_dates(made[:at])
    for at in range(2):
        with pytest.raises(ValueError, match=r"^this is not a certificate$"):
            certificate_dates(made[:at])
    assert certificate_dates(made) == FACTS


def test_pem_is_read_between_its_first_two_lines_and_refused_without_the_second() -> None:
    text = base64.encodebytes(certificate())
    whole = b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
    assert certificate_dates(whole) == FACTS
    assert certificate_dates(b"# a comment\n" + whole + b"-----BEGIN CERTIFICATE-----\nAAAA") == FACTS
    with pytest.raises(ValueError, match=r"^this certificate is cut off$"):
        certificate_dates(whole.partition(b"-----END")[0])
    with pytest.raises(ValueError, match=r"^this is not a certificate$"):
        certificate_dates(b"-----BEGIN CERTIFICATE-----\nA-----END CERTIFICATE-----")


@pytest.mark.parametrize(
    ("tag", "text", "moment"),
    [
        (UTC_TIME, b"700101000000Z", 0),
        (UTC_TIME, b"700101000001Z", 1),
        (UTC_TIME, b"700101000100Z", 60),
        (UTC_TIME, b"700101010000Z", 3600),
        (UTC_TIME, b"700102000000Z", 86400),
        (UTC_TIME, b"700201000000Z", 31 * 86400),
        (UTC_TIME, b"491231235959Z", 2_524_607_999),
        (UTC_TIME, b"500101000000Z", -631_152_000),
        (UTC_TIME, b"991231235959Z", 946_684_799),
        (UTC_TIME, b"000101000000Z", 946_684_800),
        (TIME, b"20500101000000Z", 2_524_608_000),
        (TIME, b"19700101000000", 0),
    ],
)
def test_times(tag: int, text: bytes, moment: int) -> None:
    found = certificate_dates(certificate(start=element(tag, text), end=element(tag, text)))
    assert (found.not_before, found.not_after) == (moment, moment)


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        (UTC_TIME, b"7001010000Z"),
        (UTC_TIME, b"20260102030405Z"),
        (UTC_TIME, b"26010203040xZ"),
        (TIME, b"260102030405Z"),
        (TIME, b"2026010203040Z"),
        (TIME, b"2026010203040aZ"),
        (TIME, b"20260102030405.5Z"),
        (UTC_TIME, b""),
        (UTC_TIME, b"\xff60102030405Z"),
    ],
)
def test_what_is_no_time_is_no_certificate(tag: int, text: bytes) -> None:
    odd = element(tag, text)
    for made in (certificate(start=odd), certificate(end=odd)):
        with pytest.raises(ValueError, match=r"^this is not a certificate$"):
            certificate_dates(made)


def test_names_are_read_in_their_own_encoding_and_cleaned() -> None:
    wide = certificate(subject=named((CN, "Prüfstand"), (ORG, "Ü"), text=BMP))
    assert certificate_dates(wide).subject == "CN=Prüfstand, O=Ü"
    narrow = certificate(subject=named((CN, "Prüfstand\n2")), issuer=named((ORG, "only")))
    assert certificate_dates(narrow) == CertificateFacts(
        FACTS.not_before, FACTS.not_after, common_name="Prüfstand 2"
    )
    nobody = certificate(subject=named())
    assert certificate_dates(nobody).subject == "CN="


@pytest.mark.parametrize("made", [certificate(issuer=b""), certificate(start=b""), certificate(end=b"")])
def test_a_certificate_that_lacks_a_part_is_none(made: bytes) -> None:
    with pytest.raises(ValueError, match=r"^"):
        certificate_dates(made)


def test_an_empty_element_is_no_certificate() -> None:
    for made in (element(0x30), element(0x30, element(0x30)), element(0x30, element(0x30, element(0xA0)))):
        with pytest.raises(ValueError, match=r"^this is not a certificate$"):
            certificate_dates(made)
