"""Every answer of a credential plugin: what is taken of it, and the sentence for what is not."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from edgetui.cluster.auth.exec_plugin import Issued, read_answer
from edgetui.cluster.errors import CredentialError
from edgetui.cluster.http.tls import KeyPair
from edgetui.cluster.target import ExecConfig
from tests.unit.cluster.test_plugin import V1, answer

CONFIG = ExecConfig(command="/opt/bin/kube-login")
NAME = "The credential plugin kube-login"


TIMES: list[tuple[Any, str | None]] = [
    (None, ""),
    ("0001-01-01T00:00:00Z", ""),
    ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00"),
    ("2026-11-28T12:30:45Z", "2026-11-28T12:30:45"),
    ("2026-11-28T12:30:45.123456789Z", "2026-11-28T12:30:45"),
    ("2026-11-28T12:30:45,5Z", "2026-11-28T12:30:45"),
    ("2026-11-28T12:30:45+02:30", "2026-11-28T10:00:45"),
    ("2026-11-28T12:30:45-01:00", "2026-11-28T13:30:45"),
    ("2026-11-28 12:30:45Z", None),
    ("2026-11-28T12:30:45", None),
    ("2026-11-28T12:30:45z", None),
    ("2026-13-28T12:30:45Z", None),
    ("2026-11-28T12:30:45Z ", None),
    ("", None),
    (5, None),
    (True, None),
]


@pytest.mark.parametrize(("said", "moment"), TIMES)
def test_an_end_is_read_as_go_reads_it(said: Any, moment: str | None) -> None:
    stdout = answer(token="t", expirationTimestamp=said).encode()
    if moment is None:
        with pytest.raises(CredentialError, match="answered an expirationTimestamp that is not a time"):
            read_answer(stdout, CONFIG)
        return
    expires = read_answer(stdout, CONFIG).expires
    assert expires == (datetime.fromisoformat(f"{moment}+00:00").timestamp() if moment else None)


STATUSES: list[tuple[dict[str, Any], Issued | str]] = [
    ({"token": "t"}, Issued("t", None)),
    ({"token": "a\tb ü"}, Issued("a\tb ü", None)),
    ({"token": "t", "clientCertificateData": "", "clientKeyData": None}, Issued("t", None)),
    ({"clientCertificateData": "c", "clientKeyData": "k"}, Issued("", KeyPair(b"c", b"k"))),
    ({"token": "t", "clientCertificateData": "c", "clientKeyData": "k"}, Issued("t", KeyPair(b"c", b"k"))),
    ({"token": ""}, "neither a token nor a certificate"),
    ({"clientCertificateData": "c"}, "a certificate without a key, or a key without a certificate"),
    ({"clientKeyData": "k"}, "a certificate without a key, or a key without a certificate"),
    (
        {"token": "t", "clientKeyData": "k"},
        "a certificate without a key, or a key without a certificate",
    ),
    *[
        ({"token": f"a{c}b"}, "a token with a line break or another control character in it")
        for c in "\0\n\r\x1f\x7f"
    ],
    ({"token": "a b\x80"}, Issued("a b\x80", None)),
    ({"token": 5}, "a status with fields that are not text"),
    ({"token": "t", "clientKeyData": []}, "a status with fields that are not text"),
    ({"token": "t", "clientCertificateData": "\ud800"}, "a status with fields that are not text"),
    ({"token": "\udfff"}, "a status with fields that are not text"),
    ({"token": "\ud7ff\ue000"}, Issued("\ud7ff\ue000", None)),
]


@pytest.mark.parametrize(("status", "found"), STATUSES, ids=range(len(STATUSES)))
def test_what_a_status_gives(status: dict[str, Any], found: Issued | str) -> None:
    stdout = answer(**status).encode()
    if isinstance(found, Issued):
        assert read_answer(stdout, CONFIG) == found
        return
    with pytest.raises(CredentialError) as caught:
        read_answer(stdout, CONFIG)
    assert str(caught.value) == f"{NAME} answered {found}. Run it in a shell to see its answer."


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("[]", "something that is not an ExecCredential"),
        ('{"kind": "Status"}', "something that is not an ExecCredential"),
        ("{a: b", "something that is neither JSON nor YAML"),
        (f"apiVersion: {V1}", "an ExecCredential without a status"),
        (f"{{apiVersion: {V1}, status: x}}", "an ExecCredential without a status"),
        ("status: {token: t}", "an ExecCredential without an apiVersion"),
        ("{apiVersion: '', status: {token: t}}", "an ExecCredential without an apiVersion"),
        ("{apiVersion: 1, status: {token: t}}", "an ExecCredential without an apiVersion"),
    ],
)
def test_what_is_no_answer(said: str, what: str) -> None:
    with pytest.raises(CredentialError) as caught:
        read_answer(said.encode(), CONFIG)
    assert str(caught.value) == f"{NAME} answered {what}. Run it in a shell to see its answer."


@pytest.mark.parametrize("kind", ["", "kind: ExecCredential, "])
def test_yaml_and_no_kind_are_taken_and_another_version_is_not(kind: str) -> None:
    text = f"{{{kind}apiVersion: VERSION, status: {{token: t}}}}"
    assert read_answer(text.replace("VERSION", V1).encode(), CONFIG) == Issued("t", None)
    with pytest.raises(CredentialError) as caught:
        read_answer(text.replace("VERSION", "v2").encode(), CONFIG)
    assert str(caught.value) == (
        f"{NAME} answered in v2 and the kubeconfig asks for {V1}. "
        "Set the exec apiVersion in the kubeconfig to the one the plugin speaks."
    )
