"""An API server that answers what it is asked about pods in a way that fills the memory of whoever reads it whole."""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LIST = '{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":['
PIECE = 1 << 16
Pieces = Iterator[bytes]


def items(item: str, count: int) -> Pieces:
    """A list of pods with that many of the same item."""
    yield LIST.encode()
    block = (f"{item}," * 1000).encode()
    for _ in range(count // 1000 - 1):
        yield block
    yield block[:-1] + b"]}"


def named_items(count: int) -> Pieces:
    yield LIST.encode()
    for first in range(0, count, 1000):
        names = (f'{{"metadata":{{"name":"p{number}"}}}}' for number in range(first, first + 1000))
        yield ("," if first else "").encode() + ",".join(names).encode()
    yield b"]}"


def endless(piece: bytes, first: bytes = b"") -> Pieces:
    yield first
    yield from itertools.repeat(piece)


def events() -> Pieces:
    """A new pod in each event, without end."""
    for first in itertools.count(0, 500):
        yield b"".join(
            json.dumps(
                {
                    "type": "ADDED",
                    "object": {
                        "kind": "Pod",
                        "apiVersion": "v1",
                        "metadata": {
                            "name": f"p{number}",
                            "namespace": "d",
                            "uid": f"u{number}",
                            "resourceVersion": "1",
                        },
                    },
                }
            ).encode()
            + b"\n"
            for number in range(first, first + 500)
        )


def line(item: str, size: int) -> Pieces:
    """One event of that many bytes."""
    yield b'{"type":"ADDED","object":{"metadata":{"name":"p","resourceVersion":"2"},"spec":{"containers":['
    block = f"{item},".encode() * (PIECE // (len(item) + 1))
    for _ in range(size // len(block)):
        yield block
    yield item.encode() + b"]}}}\n"


def wide(size: int) -> Pieces:
    """A list with one text in which a single character makes all the others take four bytes."""
    yield f'{LIST}{{"metadata":{{"name":"p"}},"status":{{"message":"\U0001f600'.encode()
    for _ in range(size // PIECE):
        yield b"a" * PIECE
    yield b'"}}]}'


# What is answered to a list of pods, and to a watch of them; None is the ordinary answer.
ANSWERS: dict[str, tuple[Callable[[], Pieces] | None, Callable[[], Pieces] | None]] = {
    "ordinary": (None, None),
    "four million empty items": (lambda: items("{}", 4_000_000), None),
    "twenty million empty items": (lambda: items("{}", 20_000_000), None),
    "two million named items": (lambda: named_items(2_000_000), None),
    "items of another type": (
        lambda: items('{"metadata":1,"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa":2}', 600_000),
        None,
    ),
    "texts": (lambda: items('{"spec":{"containers":[{"name":"aaaaaaaaaaaaaaaaaa"}]}}', 500_000), None),
    "an endless list": (lambda: endless(b"a" * PIECE, LIST.encode()), None),
    "wide text": (lambda: wide(31 << 20), None),
    "zeros without end": (lambda: endless(bytes(PIECE)), lambda: endless(bytes(PIECE))),
    "an endless line": (None, lambda: endless(b"a" * PIECE)),
    "a line of 15 MB": (None, lambda: line("{}", 15 << 20)),
    "a line of 4 MB": (None, lambda: line("{}", (4 << 20) - PIECE)),
    "empty lines without end": (None, lambda: endless(b"\n" * PIECE)),
    "new pods without end": (None, events),
}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: HostileServer

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        pods = url.path == "/api/v1/pods"
        listed, watched = ANSWERS[self.server.answer]
        with contextlib.suppress(OSError):
            if "watch" in query:
                if "sendInitialEvents" in query and not (pods and watched):
                    self._whole(
                        400,
                        {
                            "kind": "Status",
                            "code": 400,
                            "details": {"causes": [{"field": "sendInitialEvents"}]},
                        },
                    )
                else:
                    self._pieces(watched() if pods and watched else self._silence())
            elif pods and listed is not None:
                self._pieces(listed())
            elif url.path == "/version":
                self._whole(200, {"gitVersion": "v1.34.0"})
            elif url.path.startswith("/apis/metrics"):
                self._whole(404, {"kind": "Status", "code": 404})
            elif url.path.endswith("/kube-system"):
                self._whole(200, {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": "u"}})
            else:
                self._whole(200, {"kind": "List", "metadata": {"resourceVersion": "1"}, "items": []})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._whole(404, {"kind": "Status", "code": 404})

    def _silence(self) -> Pieces:
        self.server.over.wait()
        yield b""

    def _whole(self, status: int, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _pieces(self, pieces: Pieces) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        packer = zlib.compressobj(6, zlib.DEFLATED, 31) if self.server.packed else None
        if packer is not None:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        for piece in pieces:
            if self.server.over.is_set():
                return
            sent = packer.compress(piece) if packer is not None else piece
            if sent:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(sent), sent))
        rest = packer.flush() if packer is not None else b""
        if rest:
            self.wfile.write(b"%x\r\n%b\r\n" % (len(rest), rest))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


class HostileServer(ThreadingHTTPServer):
    """Answers as `answer` says, compressed if `packed`."""

    daemon_threads = True

    def __init__(self, answer: str, *, packed: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.packed = packed
        self.over = threading.Event()

    def handle_error(self, *_: object) -> None:
        pass

    def kubeconfig(self, file: Path) -> Path:
        """A kubeconfig that leads here."""
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "hostile",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{self.server_address[1]}"}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "hostile", "context": {"cluster": "c", "user": "u"}}],
        }
        file.write_text(json.dumps(document))
        file.chmod(0o600)
        return file


@contextlib.contextmanager
def hostile(answer: str, *, packed: bool) -> Iterator[HostileServer]:
    """Serve until the block is left."""
    server = HostileServer(answer, packed=packed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)
