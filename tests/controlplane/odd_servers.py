"""Servers on 127.0.0.1 that are no Kubernetes API server, and proxies in front of one that is."""

from __future__ import annotations

import base64
import contextlib
import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Talk = Callable[[socket.socket], None]

HTML = b"<!doctype html><html><title>Router login</title><body>Please sign in</body></html>"
_PIECE = 65536
_NOT_HTTP = (b"\x16",)
"""How TLS begins; web servers answer it with 400."""


@contextmanager
def serving(talk: Talk) -> Iterator[int]:
    """The port of a server that leads `talk` with every client, each in a thread of its own."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, talk), daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, talk: Talk) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_lead, args=(talk, client), daemon=True).start()


def _lead(talk: Talk, client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        talk(client)


def read_head(client: socket.socket) -> bytes:
    """An HTTP request's head; shorter when the client left, or when this is no HTTP at all."""
    data = b""
    while b"\r\n\r\n" not in data and data[:1] not in _NOT_HTTP and (piece := client.recv(_PIECE)):
        data += piece
    return data


def web_page(status: str = "200 OK", kind: str = "text/html", body: bytes = HTML) -> Talk:
    """Answers every request with the same page, for people unless told otherwise."""

    def talk(client: socket.socket) -> None:
        while asked := read_head(client):
            shown = "400 Bad Request" if asked.startswith(_NOT_HTTP) else status
            head = f"HTTP/1.1 {shown}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)

    return talk


def banner(text: bytes) -> Talk:
    """Speaks first, as SSH and mail servers do, and understands nothing."""

    def talk(client: socket.socket) -> None:
        client.sendall(text)
        client.recv(_PIECE)

    return talk


def in_tls(context: ssl.SSLContext, talk: Talk) -> Talk:
    """The same behind TLS."""

    def secured(client: socket.socket) -> None:
        with context.wrap_socket(client, server_side=True) as inside:
            talk(inside)

    return secured


def silent(client: socket.socket) -> None:
    """Takes connections and never answers."""
    while client.recv(_PIECE):
        pass


def connect_proxy(target: tuple[str, int], seen: list[str], credentials: str = "") -> Talk:
    """A proxy that only knows CONNECT (RFC 9110 §9.3.6) and always leads to `target`.

    Request lines go to `seen`; with `credentials` ("user:password") others get 407.
    """
    wanted = b"Basic " + base64.b64encode(credentials.encode())

    def talk(client: socket.socket) -> None:
        head = read_head(client)
        seen.append(head.partition(b"\r\n")[0].decode())
        if credentials and wanted not in head:
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(target) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _pass_on(client, server)

    return talk


def stripping_proxy(
    prefix: str, connect: Callable[[], socket.socket], seen: list[str], authorization: str = ""
) -> Talk:
    """A hub that serves a cluster below `prefix`: takes it off each request and passes everything else through.

    Paths go to `seen`, as they came. It answers 404 to requests elsewhere. With `authorization` it puts that
    header on each request.
    """

    def talk(client: socket.socket) -> None:
        rest = read_head(client)
        with connect() as server:
            while rest:
                line, _, fields = rest.partition(b"\r\n")
                method, path, version = line.decode().split(" ")
                seen.append(path)
                if not path.startswith(f"{prefix}/"):
                    client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                    return
                own = f"Authorization: {authorization}\r\n" if authorization else ""
                server.sendall(f"{method} {path.removeprefix(prefix)} {version}\r\n{own}".encode() + fields)
                rest = _until_next_request(client, server)

    return talk


def _until_next_request(client: socket.socket, server: socket.socket) -> bytes:
    """Pass answers on until the client asks again; returns that request's head."""
    while True:
        if not (isinstance(server, ssl.SSLSocket) and server.pending()):
            ready, _, _ = select.select([client, server], [], [], 60)
            if client in ready:
                return read_head(client)
            if not ready:
                return b""
        piece = server.recv(_PIECE)
        if not piece:
            return b""
        client.sendall(piece)


def _pass_on(one: socket.socket, other: socket.socket) -> None:
    while True:
        for source in select.select([one, other], [], [], 60)[0]:
            piece = source.recv(_PIECE)
            if not piece:
                return
            (other if source is one else one).sendall(piece)
