"""TLS contexts against real handshakes."""

from __future__ import annotations

import gc
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from edgetui.cluster.errors import CredentialError, TlsError
from edgetui.cluster.http import tls
from edgetui.cluster.http.failures import explain
from edgetui.cluster.http.tls import KeyPair, client_context
from edgetui.cluster.target import TlsSettings
from tests.unit.cluster.tlsserver import TlsServer, ca_pem, client_pair, tls_server

WHERE = "127.0.0.1:6443"


@pytest.fixture(scope="module")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def server(ca: trustme.CA) -> Iterator[TlsServer]:
    with tls_server(ca.issue_cert("127.0.0.1", "plant.example"), clients=ca) as running:
        yield running


def test_a_client_certificate_is_shown(ca: trustme.CA, server: TlsServer) -> None:
    context = client_context(TlsSettings(ca_pem=ca_pem(ca)), client_pair(ca, "admin"))
    assert server.meet(context) == "admin"


def test_without_one_the_client_is_nobody(ca: trustme.CA, server: TlsServer) -> None:
    assert server.meet(client_context(TlsSettings(ca_pem=ca_pem(ca)), None)) == "nobody"


def test_text_around_the_certificates_does_not_matter(ca: trustme.CA, server: TlsServer) -> None:
    pem = "subject=größer\n".encode() + ca_pem(trustme.CA()) + b"\n# another\n" + ca_pem(ca)
    assert server.meet(client_context(TlsSettings(ca_pem=pem), None)) == "nobody"


def test_an_intermediate_authority_is_enough(ca: trustme.CA) -> None:
    """Go trusts whatever stands in the authority file; OpenSSL alone would ask for the root."""
    below = ca.create_child_ca()
    with tls_server(below.issue_cert("127.0.0.1")) as running:
        assert running.meet(client_context(TlsSettings(ca_pem=ca_pem(below)), None)) == "nobody"


def test_another_name_can_be_expected(ca: trustme.CA, server: TlsServer) -> None:
    assert server.meet(client_context(TlsSettings(ca_pem=ca_pem(ca)), None), "plant.example") == "nobody"


def test_insecure_accepts_anything(server: TlsServer) -> None:
    context = client_context(TlsSettings(insecure=True), None)
    assert server.meet(context, "whatever.example") == "nobody"


def test_a_wrong_name_is_refused(ca: trustme.CA, server: TlsServer) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        server.meet(client_context(TlsSettings(ca_pem=ca_pem(ca)), None), "other.example")
    assert "is for another name" in explain(caught.value, WHERE).sentence


@pytest.mark.parametrize("trusted", [ca_pem(trustme.CA()), None], ids=["another", "none"])
def test_an_authority_that_is_not_named_is_refused(server: TlsServer, trusted: bytes | None) -> None:
    with pytest.raises(ssl.SSLCertVerificationError) as caught:
        server.meet(client_context(TlsSettings(ca_pem=trusted), None))
    said = explain(caught.value, WHERE)
    assert isinstance(said, TlsError)
    assert "not signed by a CA that the kubeconfig names" in said.sentence
    assert "put a fresh kubeconfig in the place of this one" in said.next_step


@pytest.mark.parametrize(("start", "end", "said"), [(-9, -1, "has expired"), (1, 9, "is not valid yet")])
def test_the_dates_of_the_server_certificate_count(ca: trustme.CA, start: int, end: int, said: str) -> None:
    now = datetime.now(UTC)
    leaf = ca.issue_cert(
        "127.0.0.1", not_before=now + timedelta(days=start), not_after=now + timedelta(days=end)
    )
    with tls_server(leaf) as running, pytest.raises(ssl.SSLCertVerificationError) as caught:
        running.meet(client_context(TlsSettings(ca_pem=ca_pem(ca)), None))
    assert said in explain(caught.value, WHERE).sentence


def test_the_common_name_is_no_server_name(ca: trustme.CA) -> None:
    leaf = ca.issue_cert("other.example", common_name="127.0.0.1")
    with tls_server(leaf) as running, pytest.raises(ssl.SSLCertVerificationError):
        running.meet(client_context(TlsSettings(ca_pem=ca_pem(ca)), None))


def test_a_pair_that_does_not_belong_together(ca: trustme.CA) -> None:
    one, other = client_pair(ca, "a"), client_pair(ca, "b")
    with pytest.raises(CredentialError, match="do not belong together"):
        client_context(TlsSettings(insecure=True), KeyPair(one.certificate, other.key))


def test_an_encrypted_key_never_asks_on_the_terminal(ca: trustme.CA) -> None:
    pair = client_pair(ca, "a")
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    locked = load_pem_private_key(pair.key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")
    )
    with pytest.raises(CredentialError, match="not readable"):
        client_context(TlsSettings(insecure=True), KeyPair(pair.certificate, locked))


def test_rubbish_instead_of_certificates() -> None:
    rubbish = b"-----BEGIN CERTIFICATE-----\nTm90\n-----END CERTIFICATE-----\n"
    with pytest.raises(TlsError, match="not a readable certificate"):
        client_context(TlsSettings(ca_pem=rubbish), None)
    with pytest.raises(TlsError, match="not a readable certificate"):
        client_context(TlsSettings(ca_pem=b"-----BEGIN nothing"), None)


def open_handles() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_handle_is_left_open(ca: trustme.CA) -> None:
    pair = client_pair(ca, "a")
    before = open_handles()
    for _ in range(20):
        client_context(TlsSettings(insecure=True), pair)
    assert open_handles() == before


def test_key_bytes_are_in_no_repr(ca: trustme.CA) -> None:
    assert "BEGIN" not in repr(client_pair(ca, "a"))


def test_clusters_that_trust_and_show_the_same_share_a_context_as_long_as_one_is_there(
    ca: trustme.CA,
) -> None:
    """27 KB for each of fifty clusters, and a megabyte where the system's authorities are trusted."""
    pem, pair = ca_pem(ca), client_pair(ca, "admin")
    one = client_context(TlsSettings(ca_pem=pem), pair)
    assert (
        client_context(
            TlsSettings(ca_pem=pem, server_name="plant.example"), KeyPair(pair.certificate, pair.key)
        )
        is one
    )
    others = [
        client_context(TlsSettings(ca_pem=pem), None),
        client_context(TlsSettings(ca_pem=pem), client_pair(ca, "viewer")),
        client_context(TlsSettings(ca_pem=ca_pem(trustme.CA())), pair),
        client_context(TlsSettings(insecure=True), pair),
        client_context(TlsSettings(), pair),
    ]
    assert len({id(each) for each in [one, *others]}) == 6
    before = len(tls._contexts)
    del one, others
    gc.collect()
    assert len(tls._contexts) <= before - 6


def test_the_system_authorities_are_read_again_where_the_environment_names_others(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = client_context(TlsSettings(), None)
    bundle = tmp_path / "bundle.pem"
    bundle.write_bytes(ca_pem(ca))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    assert client_context(TlsSettings(), None) is not before


@pytest.mark.parametrize("where", ["found", "not found"])
def test_without_an_authority_that_is_named_those_of_the_host_are_trusted(
    ca: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    bundle = tmp_path / "ca-certificates.crt"
    bundle.write_bytes(ca_pem(ca))
    monkeypatch.setattr(tls, "system_bundle", lambda: str(bundle) if where == "found" else None)
    monkeypatch.setattr(tls, "_contexts", {})
    trusted = client_context(TlsSettings(), None).get_ca_certs(binary_form=True)
    assert (ssl.PEM_cert_to_DER_cert(ca_pem(ca).decode()) in trusted) is (where == "found")
