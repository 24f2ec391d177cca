"""Every watch event of some namespaces, in the order of arrival, as another client hears them."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from edgetui.model.kinds import KINDS

from .cluster import ControlPlane

Json = dict[str, Any]


class Event(NamedTuple):
    """One line of a watch."""

    type: str
    kind: str
    object: Json


Events = queue.SimpleQueue[Event]


@contextmanager
def recording(cluster: ControlPlane, kinds: Iterable[str], namespaces: Iterable[str]) -> Iterator[Events]:
    """Watch some kinds from now on; objects outside the namespaces are left out, those of no namespace are not."""
    heard: Events = queue.SimpleQueue()
    streams = [_Stream(cluster, kind, frozenset(namespaces), heard) for kind in kinds]
    try:
        yield heard
    finally:
        for stream in streams:
            stream.close()


class _Stream:
    """One watch, read by a thread of its own until it is closed."""

    def __init__(self, cluster: ControlPlane, kind: str, namespaces: frozenset[str], heard: Events) -> None:
        self._kind, self._namespaces, self._heard = kind, namespaces, heard
        parts = urlsplit(cluster.server)
        self._connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, context=cluster.layout.context_of("admin"), timeout=120
        )
        self._connection.request("GET", f"{KINDS[kind].path()}?watch=1&resourceVersion=0")
        self._answer = self._connection.getresponse()
        assert self._answer.status == 200
        self._socket = self._connection.sock
        self._thread = threading.Thread(target=self._read, name=f"watch of {kind}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the watch and wait for its thread."""
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(60)
        assert not self._thread.is_alive()
        self._connection.close()

    def _read(self) -> None:
        try:
            while line := self._answer.readline():
                event = json.loads(line)
                found = event["object"]
                if found["metadata"].get("namespace", "") in {"", *self._namespaces}:
                    self._heard.put(Event(event["type"], self._kind, found))
        except (OSError, ValueError, http.client.HTTPException):
            return  # closed under its feet
