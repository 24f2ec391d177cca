"""TLS contexts for API servers, with the meaning Go gives to the same kubeconfig fields.

- Whatever certificate stands in the authority is a trust anchor, an intermediate too (Go's RootCAs); OpenSSL
  needs X509_V_FLAG_PARTIAL_CHAIN for that. What is no certificate there is passed over, as long as one is. Without
  an authority the system's own are trusted.
- Names are checked against subject alternative names only, never the common name.
- TLS 1.2 at least; HTTP/2 where the server has it, unless DISABLE_HTTP2 is set.
- Keys that are not files already never touch a disk: OpenSSL wants a path, so it gets one of an anonymous
  memory file where the system has them.
"""

from __future__ import annotations

import base64
import contextlib
import os
import ssl
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from weakref import WeakValueDictionary

from edgetui.cluster.errors import CredentialError, TlsError
from edgetui.cluster.target import TlsSettings
from edgetui.model.redacted import Discreet

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/tls/cacert.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Debian, Fedora and RHEL, openSUSE and Alpine keep the authorities they trust; Go's crypto/x509 lists them."""

_PADDING = 0x10
"""SSL_OP_TLSEXT_PADDING, which fills a ClientHello up to 512 bytes for load balancers that Go does not spare either."""
_BEGIN, _END, _DASHES = b"-----BEGIN ", b"-----END ", b"-----"


class KeyPair(Discreet, frozen=True):
    """A client certificate chain and its private key, PEM both."""

    certificate: bytes
    key: bytes


def alpn(*, http2: bool = True) -> list[str]:
    """The protocols that are offered to a server, the best first."""
    return ["h2", "http/1.1"] if http2 and not os.environ.get("DISABLE_HTTP2") else ["http/1.1"]


def client_context(tls: TlsSettings, pair: KeyPair | None) -> ssl.SSLContext:
    """A context that trusts what `tls` says and shows `pair` to servers that ask. It offers no protocol yet (`alpn`).

    Clusters that trust and show the same have one context: 27 KB, a megabyte with the system's authorities.
    Raises TlsError when the certificate authority cannot be used, CredentialError when the pair cannot.
    """
    made_of = (tls.insecure, tls.ca_pem, pair, *map(os.environ.get, ("SSL_CERT_FILE", "SSL_CERT_DIR")))
    context = _contexts.get(made_of)
    if context is None:
        context = _contexts[made_of] = _context(tls, pair)
    return context


_contexts: WeakValueDictionary[tuple[object, ...], ssl.SSLContext] = WeakValueDictionary()


def _context(tls: TlsSettings, pair: KeyPair | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options &= ~_PADDING
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.hostname_checks_common_name = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        _trust(context, tls.ca_pem)
    if pair is not None:
        _show(context, pair)
    return context


def _trust(context: ssl.SSLContext, ca_pem: bytes | None) -> None:
    if ca_pem is None:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
        bundle = system_bundle()
        if bundle is not None:
            context.load_verify_locations(cafile=bundle)
        return
    readable = 0
    for certificate in dict.fromkeys(certificates(ca_pem)):
        with contextlib.suppress(ssl.SSLError, ValueError):
            context.load_verify_locations(cadata=certificate)
            readable += 1
    if not readable:
        raise TlsError(
            "The certificate authority in the kubeconfig is not a readable certificate.",
            "Copy certificate-authority-data again from the cluster.",
        )


def system_bundle(bundles: Iterable[str] = BUNDLES) -> str | None:
    """The host's authorities where OpenSSL does not find them by itself; None where it does.

    OpenSSL knows one place, chosen when it was built, and a folder with its own Python runs on other distributions too.
    SSL_CERT_FILE and SSL_CERT_DIR say where to look instead, as in Go.
    """
    found = ssl.get_default_verify_paths()
    named = os.environ.get(found.openssl_cafile_env) or os.environ.get(found.openssl_capath_env)
    if named or found.cafile is not None or (found.capath is not None and any(Path(found.capath).iterdir())):
        return None
    return next((bundle for bundle in bundles if Path(bundle).is_file()), None)


def certificates(pem: bytes) -> Iterator[bytes]:
    """The certificates in a bundle as DER, by the rules of Go's `pem.Decode` and `AppendCertsFromPEM`.

    Text between blocks, blocks of another kind, with headers, without an end or of broken base64 are passed over.
    """
    kind: bytes | None = None
    body: list[bytes] = []
    for line in (line.rstrip(b" \t\r") for line in pem.split(b"\n")):
        if line.startswith(_END):
            if (
                kind == b"CERTIFICATE"
                and line == _END + kind + _DASHES
                and not any(b":" in each for each in body)
            ):
                with contextlib.suppress(ValueError):
                    yield base64.b64decode(b"".join(body), validate=True)
            kind = None
        elif _BEGIN in line:
            whole = line.startswith(_BEGIN) and line.endswith(_DASHES)
            kind, body = line[len(_BEGIN) : -len(_DASHES)] if whole else None, []
        elif kind is not None:
            body.append(line.replace(b" ", b"").replace(b"\t", b""))


def _show(context: ssl.SSLContext, pair: KeyPair) -> None:
    try:
        with _as_file(pair.certificate.rstrip() + b"\n" + pair.key) as path:
            # A password function that answers nothing keeps OpenSSL from asking on the terminal.
            context.load_cert_chain(path, password=lambda: b"")
    except ssl.SSLError as error:
        if "MISMATCH" in str(error.reason):
            sentence = "The client certificate and the client key do not belong together."
        else:
            sentence = "The client certificate or the client key is not readable."
        raise CredentialError(sentence, "Copy both again from the same place.") from None


@contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """A path under which `content` can be read while the context lasts."""
    if hasattr(os, "memfd_create") and Path("/proc/self/fd").exists():
        handle = os.memfd_create("edgetui", os.MFD_CLOEXEC)
        try:
            with os.fdopen(os.dup(handle), "wb") as file:
                file.write(content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
        return
    handle, name = tempfile.mkstemp(prefix="edgetui-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        yield name
    finally:
        Path(name).unlink(missing_ok=True)
