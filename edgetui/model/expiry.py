"""When credentials end: what a service-account token and a certificate say about themselves.

Nothing here keeps or repeats the bytes it was given; nothing is verified, only read.
"""

from __future__ import annotations

import base64
import binascii
import calendar
from itertools import pairwise
from typing import Any, NamedTuple

import msgspec

from edgetui.model.text import clean

_LEGACY = "kubernetes.io/serviceaccount/"
_COMMON_NAME = bytes((0x55, 0x04, 0x03))
_ORGANIZATION = bytes((0x55, 0x04, 0x0A))


class TokenFacts(msgspec.Struct, frozen=True):
    """The claims of a bearer token (JWT). Times are Unix seconds, 0 when the claim is missing.

    `bound_kind` is "Secret", "Pod" or "Node" when the token ends with that object, else "". `legacy` tokens
    come from a service-account-token Secret: they never expire and their claims are the same each time they
    are made.
    """

    subject: str = ""
    namespace: str = ""
    service_account: str = ""
    jti: str = ""
    issuer: str = ""
    issued: int = 0
    not_before: int = 0
    expires: int = 0
    audiences: tuple[str, ...] = ()
    bound_kind: str = ""
    bound_name: str = ""
    bound_uid: str = ""
    legacy: bool = False


def parse_jwt(token: str | bytes) -> TokenFacts:
    """What a token says about itself. Raises ValueError for anything that is not a JWT."""
    text = token.decode("ascii", "replace") if isinstance(token, bytes) else token
    parts = text.strip().split(".")
    if len(parts) != 3:
        raise ValueError("this is not a JSON web token")
    try:
        claims = msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise ValueError("this is not a JSON web token")
    return _token_facts(claims)


def _token_facts(claims: dict[str, Any]) -> TokenFacts:
    kube = _table(claims.get("kubernetes.io"))
    account = _table(kube.get("serviceaccount"))
    bound_kind, bound = "", {}
    for kind in ("pod", "secret", "node"):
        if kube.get(kind):
            bound_kind, bound = kind.capitalize(), _table(kube[kind])
            break
    legacy = f"{_LEGACY}service-account.name" in claims
    if legacy and claims.get(f"{_LEGACY}secret.name"):
        bound_kind, bound = "Secret", {"name": claims[f"{_LEGACY}secret.name"]}
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience] if audience else []
    return TokenFacts(
        subject=_word(claims.get("sub")),
        namespace=_word(kube.get("namespace") or claims.get(f"{_LEGACY}namespace")),
        service_account=_word(account.get("name") or claims.get(f"{_LEGACY}service-account.name")),
        jti=_word(claims.get("jti")),
        issuer=_word(claims.get("iss")),
        issued=_seconds(claims.get("iat")),
        not_before=_seconds(claims.get("nbf")),
        expires=_seconds(claims.get("exp")),
        audiences=tuple(_word(one) for one in audiences),
        bound_kind=bound_kind,
        bound_name=_word(bound.get("name")),
        bound_uid=_word(bound.get("uid")),
        legacy=legacy,
    )


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _word(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _seconds(value: Any) -> int:
    return int(value) if isinstance(value, int | float) and 0 < value < 1e12 else 0


class CertificateFacts(msgspec.Struct, frozen=True):
    """The dates and names of an X.509 certificate; times are Unix seconds."""

    not_before: int
    not_after: int
    common_name: str = ""
    organizations: tuple[str, ...] = ()
    issuer: str = ""

    @property
    def subject(self) -> str:
        """The subject as Kubernetes reads it: user and groups."""
        return ", ".join([f"CN={self.common_name}", *(f"O={one}" for one in self.organizations)])


class _Element(NamedTuple):
    tag: int
    content: bytes


def certificate_dates(data: bytes) -> CertificateFacts:
    """The facts of a certificate, DER or PEM (of a chain: the first). Raises ValueError for others."""
    try:
        outer = _children(_pem(data))[0]
        fields = _children(_children(outer.content)[0].content)
        if fields[0].tag == 0xA0:
            fields = fields[1:]
        issuer, validity, subject = fields[2], fields[3], fields[4]
        start, end = _children(validity.content)[:2]
        names = _names(subject.content)
        return CertificateFacts(
            not_before=_time(start),
            not_after=_time(end),
            common_name=next((text for oid, text in names if oid == _COMMON_NAME), ""),
            organizations=tuple(text for oid, text in names if oid == _ORGANIZATION),
            issuer=next((text for oid, text in _names(issuer.content) if oid == _COMMON_NAME), ""),
        )
    except (IndexError, binascii.Error, UnicodeError):
        raise ValueError("this is not a certificate") from None


def _pem(data: bytes) -> bytes:
    """The DER bytes of the first certificate."""
    _, begin, rest = data.partition(b"-----BEGIN CERTIFICATE-----")
    if not begin:
        return data
    body, end, _ = rest.partition(b"-----END CERTIFICATE-----")
    if not end:
        raise ValueError("this certificate is cut off")
    return base64.b64decode(body)


def _children(data: bytes) -> list[_Element]:
    """The DER elements that stand one after the other in `data` (X.690, definite lengths only)."""
    found = []
    at = 0
    while at < len(data):
        tag, length = data[at], data[at + 1]
        at += 2
        if length & 0x80:
            size = length & 0x7F
            if not 1 <= size <= 4:
                raise ValueError("this is not a certificate")
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        if length > len(data) - at:
            raise ValueError("this certificate is cut off")
        found.append(_Element(tag, data[at : at + length]))
        at += length
    return found


def _names(data: bytes) -> list[tuple[bytes, str]]:
    """Object identifier and text of each part of a distinguished name."""
    found = []
    for relative in _children(data):
        for pair in _children(relative.content):
            oid, value = _children(pair.content)[:2]
            encoding = "utf-16-be" if value.tag == 0x1E else "utf-8"
            found.append((oid.content, clean(value.content.decode(encoding, "replace"))))
    return found


def _time(element: _Element) -> int:
    """UTCTime (two-digit year, 1950 to 2049) or GeneralizedTime, always in UTC (RFC 5280 §4.1.2.5)."""
    digits = element.content.decode("ascii").rstrip("Z")
    if element.tag == 0x17:
        digits = ("19" if digits[:2] >= "50" else "20") + digits
    if len(digits) != 14 or not digits.isdigit():
        raise ValueError("this is not a certificate")
    cuts = (0, 4, 6, 8, 10, 12, 14)
    year, month, day, hour, minute, second = (int(digits[a:b]) for a, b in pairwise(cuts))
    return calendar.timegm((year, month, day, hour, minute, second))
