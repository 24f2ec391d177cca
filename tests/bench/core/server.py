"""An API server as far as list and watch go, for measuring clients: TLS on loopback, at full speed.

It runs in a process of its own and obeys lines of JSON on its standard input; each is answered by one line. A
thread serves each connection, since nothing here is measured but what the clients cost.
"""

from __future__ import annotations

import contextlib
import json
import random
import select
import socket
import ssl
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme

from .objects import Pod, marker, pod

FIRST_VERSION = 1000
HEARTBEAT = 60.0
BLOCK = 128 * 1024
KINDS = {
    "pods": ("Pod", "v1"),
    "nodes": ("Node", "v1"),
    "deployments": ("Deployment", "apps/v1"),
    "statefulsets": ("StatefulSet", "apps/v1"),
    "daemonsets": ("DaemonSet", "apps/v1"),
    "replicasets": ("ReplicaSet", "apps/v1"),
    "horizontalpodautoscalers": ("HorizontalPodAutoscaler", "autoscaling/v2"),
}
_NOT_FOUND = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "NotFound", "code": 404}


class Site:
    """One cluster: its pods, and its listener. Kinds other than pods are there and empty."""

    def __init__(self, number: int, pods: int, tls: ssl.SSLContext) -> None:
        self.pods: list[Pod] = [pod(number, each) for each in range(pods)]
        self.marker = marker(number)
        self.marked = False
        self.version = FIRST_VERSION
        self.down = False
        self.connections = 0
        self.changed = threading.Condition()
        self.storm: dict[str, Any] | None = None
        self._tls = tls
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, down: bool) -> None:
        """Reset every connection, those that are open and those to come; or be there again."""
        self.down = down
        for one in list(self._open) if down else ():
            _reset(one)

    def mark(self) -> None:
        """Change the marker pod, which every watch of pods reports."""
        with self.changed:
            self.marked = True
            self.version += 1
            self.changed.notify_all()

    def blow(self, seconds: float, hot: int) -> int:
        """Send changes of `hot` pods as fast as they are taken, to one watch; returns how many were sent."""
        with self.changed:
            self.storm = {"until": time.monotonic() + seconds, "hot": hot, "sent": 0, "over": False}
            self.changed.notify_all()
            self.changed.wait_for(lambda: self.storm is not None and self.storm["over"])
            sent: int = self.storm["sent"]
            self.storm = None
        return sent

    def _accept(self) -> None:
        while True:
            plain, _ = self._listener.accept()
            self.connections += 1
            if self.down:
                _reset(plain)
            else:
                threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        self._open.add(plain)
        with contextlib.suppress(OSError, ValueError), self._tls.wrap_socket(plain, server_side=True) as link:
            self._open.discard(plain)
            self._open.add(link)
            try:
                for method, target in _requests(link):
                    self._answer(link, method, target)
            finally:
                self._open.discard(link)

    def _answer(self, link: ssl.SSLSocket, method: str, target: str) -> None:
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        plural = url.path.rpartition("/")[2]
        if plural == "namespaces":
            _send(link, 200, json.dumps(self._namespaces()).encode())
        elif method != "GET" or plural not in KINDS:
            _send(link, 404, json.dumps(_NOT_FOUND).encode())
        elif query.get("watch") in ("1", "true", "True"):
            self._watch(link, plural, query)
        else:
            kind, group = KINDS[plural]
            meta = f'"metadata":{{"resourceVersion":"{self.version}"}}'
            head = f'{{"kind":"{kind}List","apiVersion":"{group}",{meta},"items":['
            _send(link, 200, head.encode() + b",".join(self._objects(plural)) + b"]}")

    def _namespaces(self) -> dict[str, Any]:
        system = {"metadata": {"name": "kube-system", "uid": f"site-{self.port}"}}
        meta = {"resourceVersion": str(self.version)}
        return {"kind": "NamespaceList", "apiVersion": "v1", "metadata": meta, "items": [system]}

    def _objects(self, plural: str) -> list[bytes]:
        if plural != "pods":
            return []
        marker = [self.marker.json(self.version)] if self.marked else []
        return [each.json(FIRST_VERSION) for each in self.pods] + marker

    def _watch(self, link: ssl.SSLSocket, plural: str, query: dict[str, str]) -> None:
        kind, group = KINDS[plural]
        link.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        seen = self.version
        if query.get("resourceVersion", "0") == "0" or "sendInitialEvents" in query:
            for each in self._objects(plural):
                link.sendall(_chunk(b'{"type":"ADDED","object":%b}\n' % each))
        else:
            seen = int(query["resourceVersion"])
        if "sendInitialEvents" in query:
            link.sendall(_chunk(_bookmark(kind, group, seen, end=True)))
        while True:
            storm, version = self._news(link, plural, seen)
            if storm is not None:
                try:
                    seen = self._blow(link, storm)
                finally:
                    with self.changed:
                        storm["over"] = True
                        self.changed.notify_all()
            elif version != seen and plural == "pods":
                link.sendall(_chunk(self.marker.event(b"ADDED", version)))
                seen = version
            else:
                link.sendall(_chunk(_bookmark(kind, group, version)))
                seen = version

    def _news(self, link: ssl.SSLSocket, plural: str, seen: int) -> tuple[dict[str, Any] | None, int]:
        """Wait until there is a storm, a newer version, or time for a bookmark. Raises OSError if nobody listens."""
        until = time.monotonic() + HEARTBEAT
        while time.monotonic() < until:
            if select.select([link], [], [], 0)[0]:
                raise ConnectionError("the client has gone")
            with self.changed:
                storm = self.storm if plural == "pods" and self.storm and not self.storm["over"] else None
                if storm is not None or self.version != seen:
                    return storm, self.version
                self.changed.wait(0.5)
        return None, self.version

    def _blow(self, link: ssl.SSLSocket, storm: dict[str, Any]) -> int:
        rng = random.Random(1)
        hot = self.pods[: storm["hot"]]
        while time.monotonic() < storm["until"]:
            block: list[bytes] = []
            for each in rng.sample(hot, min(len(hot), BLOCK // len(hot[0].json(0)))):
                self.version += 1
                storm["sent"] += 1
                block.append(_chunk(each.event(b"MODIFIED", self.version, storm["sent"])))
            link.sendall(b"".join(block))
        self.version += 1
        self.marked = True
        link.sendall(_chunk(self.marker.event(b"ADDED", self.version)))
        return self.version


def _requests(link: ssl.SSLSocket) -> Iterator[tuple[str, str]]:
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            data = link.recv(65536)
            if not data:
                return
            held += data
        head, _, held = held.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        length = next((int(x.partition(":")[2]) for x in lines if x.lower().startswith("content-length:")), 0)
        while len(held) < length:
            held += link.recv(65536)
        held = held[length:]
        method, target, _ = lines[0].split(" ")
        yield method, target


def _send(link: ssl.SSLSocket, status: int, body: bytes) -> None:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    link.sendall(head.encode() + body)


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _bookmark(kind: str, group: str, version: int, *, end: bool = False) -> bytes:
    meta: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if end:
        meta["annotations"] = {"k8s.io/initial-events-end": "true"}
    thing = {"kind": kind, "apiVersion": group, "metadata": meta}
    return json.dumps({"type": "BOOKMARK", "object": thing}).encode() + b"\n"


def _reset(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        one.close()


def main() -> None:
    """Serve `clusters` of `pods` pods each; say where, then obey."""
    clusters, pods, directory = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
    threading.stack_size(256 * 1024)
    ca = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(tls)
    ca.cert_pem.write_to_path(str(directory / "ca.pem"))
    sites = [Site(number, pods, tls) for number in range(clusters)]
    print(json.dumps({"ports": [site.port for site in sites]}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        answer: object = None
        if asked["do"] == "storm":
            answer = sites[0].blow(asked["seconds"], asked["hot"])
        for site in sites:
            if asked["do"] == "mark":
                site.mark()
            elif asked["do"] == "cut":
                site.cut(asked["down"])
        if asked["do"] == "count":
            answer = sum(site.connections for site in sites)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
