"""The same kubeconfig given to kubectl and to edgetui, and what each made the server see.

A server that answers /version writes down who asked: the credentials, the client certificate, whom it acts as.
Proxies lead to that server, whatever they are asked for.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import socket
import ssl
import subprocess
import tempfile
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme

from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.client import Transport
from edgetui.cluster.kubeconfig.loader import Selection, load_fleet

HOST = "plant.test"
"""A name that only the proxies know."""


@dataclass
class Outcome:
    """How it went: what the server saw, or that nothing came."""

    seen: tuple[str, ...] | None
    why: str = ""

    def __str__(self) -> str:
        return "; ".join(self.seen) if self.seen is not None else "refused"


class Server:
    """An HTTPS and an HTTP server that remember who asked last."""

    def __init__(
        self, leaf: trustme.LeafCert, clients: trustme.CA, seen: list[tuple[str, ...]] | None = None
    ) -> None:
        self.seen: list[tuple[str, ...]] = [] if seen is None else seen
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        leaf.configure_cert(context)
        clients.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        self.context = context
        self.https = self._serve(context)
        self.http = self._serve(None)

    def _serve(self, context: ssl.SSLContext | None) -> int:
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                sock = self.connection
                shown = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
                subject = dict(pair[0] for pair in (shown or {}).get("subject", ()))
                named = [
                    f"{name.lower()}={value.encode('latin-1').decode('utf-8', 'replace')}"
                    for name, value in self.headers.items()
                    if name.lower().startswith("impersonate-") or name.lower() == "authorization"
                ]
                who = [f"certificate={subject['commonName']}"] if "commonName" in subject else []
                seen.append((self.path.partition("?")[0], *sorted(named), *who))
                body = b'{"major":"1","minor":"37","gitVersion":"v1.37.2"}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        class Quiet(ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self) -> tuple[socket.socket, Any]:
                plain, address = super().get_request()
                if context is None:
                    return plain, address
                return context.wrap_socket(plain, server_side=True, do_handshake_on_connect=False), address

            def handle_error(self, request: object, client_address: object) -> None:
                pass

        server = Quiet(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return int(server.server_address[1])


class Proxy:
    """A CONNECT or SOCKS 5 proxy that leads everybody to one port; `asked` is what it was asked for."""

    def __init__(self, to: int, context: ssl.SSLContext | None = None, *, socks: bool = False) -> None:
        self._to = to
        self._context = context
        self._socks = socks
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            plain, _ = self._listener.accept()
            threading.Thread(target=self._one, args=(plain,), daemon=True).start()

    def _one(self, plain: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            sock = plain if self._context is None else self._context.wrap_socket(plain, server_side=True)
            if self._greet_socks(sock) if self._socks else self._greet_http(sock):
                self._splice(sock, socket.create_connection(("127.0.0.1", self._to)))

    def _greet_http(self, sock: socket.socket) -> bool:
        head = b""
        while b"\r\n\r\n" not in head:
            part = sock.recv(1)
            if not part:
                return False
            head += part
        lines = head.decode().split("\r\n")
        given = [line.partition(": ")[2] for line in lines if line.lower().startswith("proxy-authorization")]
        self.asked.append(" ".join([lines[0].rpartition(" ")[0], *given]))
        sock.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        return True

    def _greet_socks(self, sock: socket.socket) -> bool:
        stream = sock.makefile("rwb", buffering=0)
        methods = stream.read(stream.read(2)[1])
        user = ""
        if 2 in methods:
            stream.write(b"\x05\x02")
            name = stream.read(stream.read(2)[1])
            user = f" {name.decode()}:{stream.read(stream.read(1)[0]).decode()}"
            stream.write(b"\x01\x00")
        else:
            stream.write(b"\x05\x00")
        kind = stream.read(4)[3]
        host = socket.inet_ntoa(stream.read(4)) if kind == 1 else stream.read(stream.read(1)[0]).decode()
        self.asked.append(f"SOCKS {host}:{int.from_bytes(stream.read(2), 'big')}{user}")
        stream.write(b"\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50")
        return True

    def _splice(self, one: socket.socket, other: socket.socket) -> None:
        def carry(source: socket.socket, sink: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while data := source.recv(65536):
                    sink.sendall(data)
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

        threading.Thread(target=carry, args=(one, other), daemon=True).start()
        carry(other, one)


@dataclass
class Site:
    """The servers and the certificates that cases are made of."""

    ca: trustme.CA
    other_ca: trustme.CA
    server: Server
    proxies: dict[str, Proxy]
    selfsigned: int
    selfsigned_pem: bytes

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.https}"

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self.server.http}"

    @property
    def far_url(self) -> str:
        """The server by a name that only a proxy can reach."""
        return f"https://{HOST}:6443"


def site() -> Site:
    """Everything listening on 127.0.0.1; the threads end with the program."""
    ca, other_ca = trustme.CA(), trustme.CA()
    leaf = ca.issue_cert("127.0.0.1", "localhost", HOST)
    server = Server(leaf, ca)
    proxies = {
        "http": Proxy(server.https),
        "https": Proxy(server.https, server.context),
        "socks5": Proxy(server.https, socks=True),
    }
    lonely = other_ca.issue_cert("127.0.0.1")
    alone = Server(lonely, ca, server.seen)
    return Site(ca, other_ca, server, proxies, alone.https, lonely.cert_chain_pems[0].bytes())


@dataclass
class Case:
    """Files to write, the environment, and what is said on the command line. `{dir}` stands for the case's folder."""

    name: str
    files: dict[str, str | bytes | dict[str, Any]]
    env: dict[str, str] = field(default_factory=dict)
    context: str = ""
    links: dict[str, str] = field(default_factory=dict)
    kubeconfig: str = "config"


def lay_out(case: Case, folder: Path) -> None:
    """Write the files of a case; what begins with #! can be run."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data.replace(b"{dir}", str(folder).encode()))
        if data.startswith(b"#!"):
            path.chmod(0o755)
    for name, to in case.links.items():
        (folder / name).symlink_to(to)


def environment(case: Case, folder: Path) -> dict[str, str]:
    """What both programs get."""
    base = {"HOME": str(folder / "home"), "PATH": f"{folder / 'bin'}:/usr/bin:/bin", "LANG": "C.UTF-8"}
    given = {name: value.replace("{dir}", str(folder)) for name, value in case.env.items()}
    return {
        **base,
        **given,
        "KUBECONFIG": ":".join(str(folder / part) if part else "" for part in case.kubeconfig.split(":")),
    }


def by_kubectl(program: Path, case: Case, folder: Path, at: Site) -> Outcome:
    """What happens when kubectl asks for the version."""
    chosen = [f"--context={case.context}"] if case.context else []
    begun = len(at.server.seen)
    done = subprocess.run(
        [str(program), "version", "-o", "json", "--request-timeout=3s", *chosen],
        env=environment(case, folder),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return _outcome(at, begun, done.returncode == 0, done.stderr.decode("utf-8", "replace"))


def by_edgetui(case: Case, folder: Path, at: Site) -> Outcome:
    """The same by edgetui's own way from the files to an answer. Anything but an EdgetuiError is raised."""
    begun, before = len(at.server.seen), (dict(os.environ), Path.cwd())
    os.environ.clear()
    os.environ.update(environment(case, folder))
    os.chdir(folder)
    try:
        why = asyncio.run(_asked(case, folder))
    finally:
        os.environ.clear()
        os.environ.update(before[0])
        os.chdir(before[1])
    return _outcome(at, begun, not why, why)


async def _asked(case: Case, folder: Path) -> str:
    """Empty when there was an answer, else why not."""
    chosen = (case.context,) if case.context else ()
    try:
        target = load_fleet(Selection(contexts=chosen), os.environ, folder / "home", Path("/nonexistent"))[0]
        if target.error is not None:
            raise target.error
        credentials = Credentials(target)
        transport = Transport(target, credentials)
    except EdgetuiError as error:
        return str(error)
    try:
        answer = await transport.request("GET", "/version", timeout=3.0)
        return "" if answer.status == 200 else f"status {answer.status}"
    except EdgetuiError as error:
        assert error.sentence.endswith("."), error.sentence
        return str(error)
    finally:
        transport.close()
        await credentials.close()


def _outcome(at: Site, begun: int, fine: bool, why: str) -> Outcome:
    seen = at.server.seen[begun:]
    return Outcome(seen[-1] if fine and seen else None, why)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass(frozen=True)
class Pair:
    """What both made of one case; `why` is edgetui's sentence."""

    kubectl: str
    edgetui: str
    why: str


def compare(program: Path, number: int, of: int) -> dict[str, Pair]:
    """Every `of`-th case from `number` on, with servers of its own: several processes share the work."""
    from . import likeness_files as files
    from . import likeness_secrets as secrets

    at = site()
    makers = (files.forms, files.names, files.servers, files.users, files.lists)
    more = (secrets.bundles, secrets.pairs, secrets.plugins, secrets.proxied)
    found: dict[str, Pair] = {}
    with tempfile.TemporaryDirectory(prefix="k", dir="/tmp") as root:
        for index, case in enumerate(case for maker in (*makers, *more) for case in maker(at)):
            if index % of != number:
                continue
            folder = Path(root) / str(index)
            (folder / "home").mkdir(parents=True)
            lay_out(case, folder)
            theirs, ours = by_kubectl(program, case, folder, at), by_edgetui(case, folder, at)
            assert case.name not in found, case.name
            found[case.name] = Pair(str(theirs), str(ours), ours.why)
    return found
