"""To the second: from when on a refused credential is said to be over or not yet valid, and of which one it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.explain import GRACE, explain_401
from edgetui.cluster.target import AuthSettings, ClusterTarget
from edgetui.model.expiry import certificate_dates
from tests.unit.cluster.test_credential_advice import SERVICE_ACCOUNT, target, token
from tests.unit.cluster.test_plugin import Clock, Script, answer, stamp
from tests.unit.cluster.tlsserver import client_pair

NOW = 1_700_000_000


@pytest.fixture(scope="module")
def certificate() -> bytes:
    return client_pair(trustme.CA(), "admin").certificate


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, "does not accept the token of plant"),
        (1, "does not accept the token of plant"),
        (0, "gave credentials that expired 0s ago"),
        (-61, "gave credentials that expired 1m1s ago"),
    ],
)
async def test_a_plugin_is_said_to_be_late_from_the_second_on_that_it_named(
    tmp_path: Path, left: int | None, said: str
) -> None:
    clock, script = Clock(), Script(tmp_path)
    ends = {} if left is None else {"expirationTimestamp": stamp(clock.now + 100)}
    script.says.write_text(answer(token="opaque", **ends))
    found = Credentials(
        ClusterTarget(name="plant", context="plant", auth=AuthSettings(exec=script.config())), clock, clock
    )
    assert await found.headers() == [("Authorization", "Bearer opaque")]
    clock.now += 100 - (left or 0)
    problem = found.explain_refusal()
    assert said in problem.sentence
    assert problem.certain is ("expired" in said)
    await found.close()


@pytest.mark.parametrize(
    ("edge", "seconds", "said", "certain"),
    [
        ("after", 0, "valid for 0s more", False),
        ("after", 1, "expired 1s ago", True),
        ("before", 0, "does not accept the client certificate", False),
        ("before", -1, "is valid only in 1s", True),
    ],
)
def test_a_certificate_is_valid_to_the_second(
    certificate: bytes, edge: str, seconds: int, said: str, certain: bool
) -> None:
    facts = certificate_dates(certificate)
    at = facts.not_after if edge == "after" else facts.not_before
    problem = explain_401(target(client_certificate=certificate), at + seconds)
    assert said in problem.sentence
    assert problem.certain is certain


@pytest.mark.parametrize(
    ("claims", "said", "certain"),
    [
        ({"exp": NOW}, "expired 0s ago", True),
        ({"exp": NOW + 1}, "it was revoked", False),
        ({"exp": NOW - 1}, "expired 1s ago", True),
        ({}, "it was revoked", False),
        ({"nbf": NOW + int(GRACE)}, "it was revoked", False),
        ({"nbf": NOW + int(GRACE) + 1}, "is valid only in 1m1s", True),
        ({"iat": NOW + int(GRACE)}, "it was revoked", False),
        ({"iat": NOW + int(GRACE) + 1}, "is valid only in 1m1s", True),
        ({"iat": NOW, "nbf": NOW + 3600}, "is valid only in 1h", True),
        ({"exp": NOW - 5, "nbf": NOW + 3600}, "expired 5s ago", True),
    ],
)
def test_a_token_is_valid_to_the_second_and_begins_with_a_grace(
    claims: dict[str, int], said: str, certain: bool
) -> None:
    assert GRACE == 60.0  # what API servers leave to an expired token, too
    problem = explain_401(target(token=token(**SERVICE_ACCOUNT, **claims)), NOW)
    assert said in problem.sentence
    assert problem.certain is certain


@pytest.mark.parametrize("in_use", [None, "", "opaque"])
def test_a_certificate_is_looked_at_where_no_token_is_in_use(certificate: bytes, in_use: str | None) -> None:
    facts = certificate_dates(certificate)
    problem = explain_401(
        target(client_certificate=certificate, token=in_use or ""), facts.not_after - 1, in_use
    )
    what = "token" if in_use else "client certificate"
    assert f"does not accept the {what} of admin" in problem.sentence
    assert not problem.certain


@pytest.mark.parametrize("certificate_bytes", [b"", b"nonsense"])
def test_what_is_no_certificate_says_what_else_is_known(certificate_bytes: bytes) -> None:
    found = target(client_certificate=certificate_bytes or None, username="kim", password="p")
    sentence = explain_401(found, NOW).sentence
    assert ("cannot be read" if certificate_bytes else "user name and password") in sentence


def test_of_two_that_are_over_the_token_is_named(certificate: bytes) -> None:
    now = certificate_dates(certificate).not_after + 100
    both = target(client_certificate=certificate, token=token(exp=now - 5, **SERVICE_ACCOUNT))
    assert explain_401(both, now).sentence == "The token of admin expired 5s ago."
