"""TLS contexts in all they are: what is offered and checked, which blocks of a bundle count, and no key
on a disk.
"""

from __future__ import annotations

import base64
import os
import ssl
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import trustme

from edgetui.cluster.errors import CredentialError, TlsError
from edgetui.cluster.http import tls
from edgetui.cluster.http.tls import KeyPair, alpn, certificates, client_context, system_bundle
from edgetui.cluster.target import TlsSettings
from tests.unit.cluster.tlsserver import ca_pem, client_pair


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.mark.parametrize(
    ("env", "http2", "offered"),
    [
        (None, True, ["h2", "http/1.1"]),
        (None, False, ["http/1.1"]),
        ("1", True, ["http/1.1"]),
        ("false", True, ["http/1.1"]),
        ("", True, ["h2", "http/1.1"]),
        ("1", False, ["http/1.1"]),
    ],
)
def test_what_is_offered(
    env: str | None, http2: bool, offered: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISABLE_HTTP2", raising=False)
    if env is not None:
        monkeypatch.setenv("DISABLE_HTTP2", env)
    assert alpn(http2=http2) == offered
    assert alpn() == (offered if http2 else alpn(http2=True))


@pytest.mark.parametrize("insecure", [True, False])
def test_what_is_checked(ca: trustme.CA, insecure: bool) -> None:
    context = client_context(TlsSettings(insecure=insecure, ca_pem=None if insecure else ca_pem(ca)), None)
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert not context.options & 0x10, "no padding of the first message"
    assert context.verify_mode is (ssl.CERT_NONE if insecure else ssl.CERT_REQUIRED)
    assert context.check_hostname is not insecure
    if not insecure:
        assert not context.hostname_checks_common_name
        assert context.verify_flags & ssl.VERIFY_X509_PARTIAL_CHAIN
        assert len(context.get_ca_certs()) == 1


def block(body: str, kind: str = "CERTIFICATE", ends: str | None = None) -> str:
    return f"-----BEGIN {kind}-----\n{body}\n-----END {ends or kind}-----\n"


ONE, TWO = base64.b64encode(b"one").decode(), base64.b64encode(b"two").decode()
BUNDLES: list[tuple[str, list[bytes]]] = [
    ("", []),
    (block(ONE), [b"one"]),
    (block(ONE) + block(TWO), [b"one", b"two"]),
    (f"text\n{block(ONE)}more text\n{block(TWO)}end", [b"one", b"two"]),
    (block(ONE).replace("\n", "\r\n"), [b"one"]),
    (block(ONE).replace("\n", " \t\n"), [b"one"]),
    (block(f"{ONE[:2]}\n {ONE[2:]}\t"), [b"one"]),
    (block(ONE, "PRIVATE KEY") + block(TWO), [b"two"]),
    (block(ONE, ends="PRIVATE KEY") + block(TWO), [b"two"]),
    (block(f"Proc-Type: 4\n\n{ONE}") + block(TWO), [b"two"]),
    (block("!!!!") + block(TWO), [b"two"]),
    (block(ONE[:-1]) + block(TWO), [b"two"]),
    (f"-----BEGIN CERTIFICATE-----\n{ONE}\n{block(TWO)}", [b"two"]),
    (f"-----BEGIN CERTIFICATE----\n{ONE}\n-----END CERTIFICATE-----\n", []),
    (f"x-----BEGIN CERTIFICATE-----\n{ONE}\n-----END CERTIFICATE-----\n", []),
    (f"-----BEGIN CERTIFICATE-----\n{ONE}\n-----END CERTIFICATE----\n", []),
    (f"-----BEGIN CERTIFICATE-----\n{ONE}\n", []),
    (f"{ONE}\n-----END CERTIFICATE-----\n", []),
    (block(""), [b""]),
    (block(ONE) + f"{TWO}\n-----END CERTIFICATE-----\n", [b"one"]),
]


@pytest.mark.parametrize(("bundle", "found"), BUNDLES, ids=range(len(BUNDLES)))
def test_which_blocks_of_a_bundle_are_certificates(bundle: str, found: list[bytes]) -> None:
    assert list(certificates(bundle.encode())) == found


def test_of_a_bundle_all_that_can_be_read_is_trusted(ca: trustme.CA) -> None:
    other = trustme.CA(key_type=trustme.KeyType.ECDSA)
    bundle = ca_pem(ca) + block(ONE).encode() + ca_pem(other) + ca_pem(ca)
    assert len(client_context(TlsSettings(ca_pem=bundle), None).get_ca_certs()) == 2
    for none in (b"", block(ONE).encode()):
        with pytest.raises(TlsError) as caught:
            client_context(TlsSettings(ca_pem=none), None)
        assert str(caught.value) == (
            "The certificate authority in the kubeconfig is not a readable certificate. "
            "Copy certificate-authority-data again from the cluster."
        )


HOSTS: list[tuple[dict[str, Any], dict[str, str], bool]] = [
    ({}, {}, True),
    ({"cafile": "/found"}, {}, False),
    ({"capath": "empty"}, {}, True),
    ({"capath": "full"}, {}, False),
    ({}, {"F": "/x"}, False),
    ({}, {"D": "/x"}, False),
    ({}, {"F": "", "D": ""}, True),
]


@pytest.mark.parametrize(("paths", "env", "looks"), HOSTS, ids=range(len(HOSTS)))
def test_the_hosts_bundle_is_looked_for_where_openssl_finds_none(
    paths: dict[str, Any], env: dict[str, str], looks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("empty", "full"):
        (tmp_path / name).mkdir()
    (tmp_path / "full" / "x").write_text("")
    for name in ("b", "c"):
        (tmp_path / name).write_text("")
    found = {"cafile": None, "capath": None, **paths}
    if found["capath"]:
        found["capath"] = str(tmp_path / found["capath"])
    verify = SimpleNamespace(openssl_cafile_env="F", openssl_capath_env="D", **found)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: verify)
    monkeypatch.delenv("F", raising=False)
    monkeypatch.delenv("D", raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    bundles = [str(tmp_path / name) for name in ("a", "b", "c")]
    assert system_bundle(bundles) == (bundles[1] if looks else None)
    assert system_bundle(bundles[:1]) is None
    assert system_bundle([str(tmp_path)]) is None


@pytest.mark.parametrize("memory", ["memfd", "no memfd", "no proc"])
def test_a_pair_is_loaded_from_memory_or_from_a_file_that_is_gone_at_once(
    memory: str, ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    if memory == "no memfd":
        monkeypatch.delattr(os, "memfd_create")
    elif memory == "no proc":
        monkeypatch.setattr(Path, "exists", lambda path: False)
    seen: list[tuple[str, int, bytes]] = []
    load = ssl.SSLContext.load_cert_chain

    def loaded(self: ssl.SSLContext, path: str, **options: Any) -> None:
        with open(path, "rb") as file:  # noqa: PTH123
            seen.append((path, stat.S_IMODE(os.fstat(file.fileno()).st_mode), file.read()))
        assert options["password"]() == b""
        load(self, path, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", loaded)
    pair = client_pair(ca, f"kim {memory}")
    client_context(TlsSettings(insecure=True), KeyPair(pair.certificate + b"\n\n", pair.key))
    ((path, mode, content),) = seen
    assert content == pair.certificate.rstrip() + b"\n" + pair.key
    assert path.startswith("/proc/self/fd/" if memory == "memfd" else str(tmp_path / "edgetui-"))
    if memory != "memfd":
        assert mode == 0o600
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("mix", "said"),
    [
        (True, "The client certificate and the client key do not belong together."),
        (False, "The client certificate or the client key is not readable."),
    ],
)
def test_a_pair_that_cannot_be_used_is_said(ca: trustme.CA, mix: bool, said: str) -> None:
    one, other = client_pair(ca, "a"), client_pair(ca, "b")
    pair = KeyPair(one.certificate, other.key if mix else b"rubbish")
    with pytest.raises(CredentialError) as caught:
        client_context(TlsSettings(insecure=True), pair)
    assert str(caught.value) == f"{said} Copy both again from the same place."
    assert repr(pair) == "KeyPair()"


def test_where_the_authorities_of_distributions_are() -> None:
    assert len(tls.BUNDLES) == len(set(tls.BUNDLES)) == 6
    assert all(bundle.startswith("/etc/") for bundle in tls.BUNDLES)
