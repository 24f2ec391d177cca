"""A TLS server on loopback that says who the client is, and certificates for it."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import trustme

from edgetui.cluster.http.tls import KeyPair


@dataclass
class TlsServer:
    """Answers one line after the handshake: the client certificate's common name, or "nobody"."""

    port: int
    seen: list[str] = field(default_factory=list)

    def meet(self, context: ssl.SSLContext, name: str = "127.0.0.1") -> str:
        """Shake hands with `context`, expecting a certificate for `name`; what the server answers."""
        with (
            socket.create_connection(("127.0.0.1", self.port), timeout=10) as plain,
            context.wrap_socket(plain, server_hostname=name) as secured,
        ):
            return secured.makefile("r").readline().strip()


@contextlib.contextmanager
def tls_server(server: trustme.LeafCert, clients: trustme.CA | None = None) -> Iterator[TlsServer]:
    """Serve with this certificate; ask for client certificates of `clients`, as an API server does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    if clients is not None:
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
    listener = socket.create_server(("127.0.0.1", 0))
    answer = TlsServer(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
            except OSError:
                return
            with plain, contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
                subject = dict(pair[0] for pair in (secured.getpeercert() or {}).get("subject", ()))
                who = str(subject.get("commonName", "nobody"))
                answer.seen.append(who)
                secured.sendall(f"{who}\n".encode())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield answer
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)


def ca_pem(ca: trustme.CA) -> bytes:
    return ca.cert_pem.bytes()


def client_pair(ca: trustme.CA, name: str, days: float = 30) -> KeyPair:
    """A client certificate for a Kubernetes user, valid for so many days (negative: expired so long ago)."""
    end = datetime.now(UTC) + timedelta(days=days)
    leaf = ca.issue_cert(common_name=name, not_before=end - timedelta(days=60), not_after=end)
    return KeyPair(b"".join(p.bytes() for p in leaf.cert_chain_pems), leaf.private_key_pem.bytes())
