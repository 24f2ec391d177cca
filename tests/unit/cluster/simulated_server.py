"""A Kubernetes API server and the link to it on virtual time: real bytes, no socket, no sleep.

`Server` keeps a history of objects and answers watches and lists as kube-apiserver does: key order, bookmarks,
410, 422, a watch cache that starts empty after a restart. Faults are methods; whatever is not a fault behaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edgetui.cluster.api.client import WITHOUT_COLUMNS
from edgetui.cluster.api.status import map_status
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.cluster.http.exchange import WatchSink
from edgetui.cluster.watch.events import decode_page
from edgetui.cluster.watch.reflector.states import Page
from edgetui.cluster.watch.table import Printer
from edgetui.model.kinds.base import Kind, Row
from tests.unit.cluster.virtual_time import World


class ThingMeta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""


class Thing(msgspec.Struct):
    metadata: ThingMeta
    value: int = 0


class ThingRow(Row):
    value: int = 0


def _project(wire: Thing) -> ThingRow:
    m = wire.metadata
    return ThingRow(
        namespace=m.namespace, name=m.name, uid=m.uid, resource_version=m.resource_version, value=wire.value
    )


def kind(name: str, *, namespaced: bool = True, bookmarks: bool = True) -> Kind:
    return Kind(
        name=name,
        plural=name.lower() + "s",
        group="",
        version="v1",
        namespaced=namespaced,
        wire=Thing,
        row=ThingRow,
        project=_project,
        bookmarks=bookmarks,
    )


POD_COLUMNS = ("Ready", "Status", "Restarts", "Age", "Node")
COLUMNS = ("Name", "Value", *POD_COLUMNS)
POD_CELLS = ("1/1", "Running", "0", "9d", "n0")

KINDS = {k.name: k for k in (kind("Node", namespaced=False), kind("Pod"), kind("Event", bookmarks=False))}


@dataclass
class Stream:
    """One open request at the server."""

    sink: WatchSink
    kind: Kind
    namespace: str
    opened: float
    open: bool = True
    rv: int = 0
    printed: bool = False
    columns: bool = True
    """Whether its Tables define their columns."""
    outside: frozenset[str] = frozenset()
    """Namespaces that a field selector leaves out."""
    live: bool = False
    mute: bool = False
    """Bytes of this stream are lost on the way and nobody is told (half-open)."""

    def close(self) -> None:
        self.open = False


@dataclass
class Server:
    """One API server with its datastore and the link to it."""

    world: World
    objects: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    log: list[tuple[int, str, str, dict[str, Any]]] = field(default_factory=list)
    rv: int = 10
    floor: int = 0
    uid: str = "cluster-1"
    watchlist: str = "yes"
    """"yes", "422" (gate off) or "silent" (initial events, but never the end bookmark)."""
    bookmarks: bool = True
    gzips: bool = True
    """Whether streaming lists are said to be compressed."""
    tables: bool = True
    """Whether rows are printed for those who ask for them."""
    more_columns: tuple[str, ...] = ()
    """Columns that it prints behind the usual ones."""
    page_size: int = 3
    latency: float = 0.01
    signing: float = 0.0
    """Seconds that obtaining credentials takes, before anything is sent."""
    dial_fails: EdgetuiError | None = None
    black_hole: bool = False
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    """Statuses to answer next, instead of what would be right."""
    denied: Callable[[Kind, str], int] = lambda kind, namespace: 0
    """Status to refuse a collection with, 0 to allow it."""
    bare: bool = False
    """Whether refusals come without a Status, as from a server that is something else."""
    streams: list[Stream] = field(default_factory=list)
    dials: int = 0
    connections: int = 0
    """Requests for which no kept connection was there."""
    kept: int = 0
    refuses: int = 0
    """Status that every request gets, the probe too; 0 for none."""
    retry_after: int = 0
    frozen: bool = False
    """The datastore does not answer: open streams are silent, and so is whatever is opened."""
    requests: list[tuple[float, str, dict[str, str]]] = field(default_factory=list)
    tokens_valid: bool = True
    namespaces_listed: list[str] = field(default_factory=list)

    # What clients of the cluster do

    def put(self, kind: str, namespace: str, name: str, value: int) -> None:
        key = (kind, namespace, name)
        self.rv += 1
        known = self.objects.get(key)
        uid = known["metadata"]["uid"] if known else f"uid-{self.rv}"
        meta = {"name": name, "namespace": namespace, "uid": uid, "resourceVersion": str(self.rv)}
        self.objects[key] = {"metadata": meta, "value": value}
        self._record("MODIFIED" if known else "ADDED", kind, self.objects[key])

    def remove(self, kind: str, namespace: str, name: str) -> None:
        known = self.objects.pop((kind, namespace, name), None)
        if known:
            self.rv += 1
            last = {**known, "metadata": {**known["metadata"], "resourceVersion": str(self.rv)}}
            self._record("DELETED", kind, last)

    def _record(self, change: str, kind: str, thing: dict[str, Any]) -> None:
        self.log.append((self.rv, change, kind, thing))
        for stream in self.streams:
            if stream.open and stream.live and stream.kind.name == kind:
                self._catch_up(stream)

    def dial(self) -> None:
        """A request begins, on a kept connection if there is one."""
        self.dials += 1
        self.connections += not self.kept
        self.kept = max(0, self.kept - 1)

    # Faults

    def cut(self, error: EdgetuiError | None = None) -> None:
        """The link breaks: every stream with an error, every dial too, until `mend`."""
        self.dial_fails = error or LinkError("The server refuses connections.")
        self.reset()

    def mend(self) -> None:
        self.dial_fails = None
        self.black_hole = False

    def reset(self) -> None:
        """Every open stream breaks off."""
        for stream in self._drop():
            stream.sink.on_error(LinkError("The connection was reset."))

    def end(self, clean: bool = True) -> None:
        """Every open stream ends."""
        for stream in self._drop():
            self.kept += clean
            stream.sink.on_end(clean)

    def _drop(self) -> list[Stream]:
        self.kept = 0
        dropped = [s for s in self.streams if s.open]
        self.streams = []
        for stream in dropped:
            stream.open = False
        return dropped

    def vanish(self) -> None:
        """The line goes dead without a word: streams hang, dials time out."""
        self.black_hole = True
        self.kept = 0
        for stream in self.streams:
            stream.mute = True

    def drain(self) -> None:
        """SIGTERM: streams live on, new connections are refused."""
        self.dial_fails = LinkError("The server refuses connections.")

    def compact(self) -> None:
        """History before now is gone."""
        self.floor = self.rv
        self.log = []

    def restart(self) -> None:
        """kill -9 and a new process: the watch cache starts at its own first list."""
        self.reset()
        self.compact()

    def restore(self, copy: Server) -> None:
        """The datastore is brought back to an older state; the version goes back with it."""
        self.objects = {key: value for key, value in copy.objects.items()}
        self.rv = copy.rv
        self.log = [entry for entry in self.log if entry[0] <= self.rv]
        for stream in self.streams:
            if stream.open:
                stream.rv = max(stream.rv, 0)

    def snapshot(self) -> Server:
        return Server(self.world, objects=dict(self.objects), rv=self.rv)

    def send(self, data: bytes) -> None:
        """These bytes on every open stream, whatever they are."""
        for stream in list(self.streams):
            if stream.open and not stream.mute:
                stream.sink.on_data(data)

    # Answers

    def open(
        self,
        kinds: dict[str, Kind],
        path: str,
        query: dict[str, str],
        sink: WatchSink,
        *,
        printed: bool = False,
    ) -> Stream:
        self.dial()
        self.requests.append((self.world.time, path, query))
        stream = Stream(
            sink,
            *_collection(kinds, path),
            self.world.time,
            printed=printed and self.tables,
            columns=not query.keys() >= WITHOUT_COLUMNS.keys(),
            outside=_left_out(query),
        )
        if self.black_hole:
            self.world.later(10.0, lambda: self._refuse(stream, LinkError("The server did not answer.")))
        elif self.dial_fails:
            error = self.dial_fails
            self.world.later(self.latency, lambda: self._refuse(stream, error))
        else:
            self.streams.append(stream)
            self.world.later(self.signing, lambda: self._sent(stream, query))
        return stream

    def _sent(self, stream: Stream, query: dict[str, str]) -> None:
        if stream.open:
            stream.sink.on_sent()
            self.world.later(self.latency, lambda: self._answer(stream, query))

    def _refuse(self, stream: Stream, error: EdgetuiError) -> None:
        if stream.open:
            stream.open = False
            stream.sink.on_error(error)

    def _status(self, stream: Stream, query: dict[str, str]) -> tuple[int, dict[str, Any]] | None:
        if self.refuses:
            details = {"retryAfterSeconds": self.retry_after} if self.retry_after else {}
            message = f"all gets {self.refuses}"
            return self.refuses, {
                "kind": "Status",
                "code": self.refuses,
                "message": message,
                "details": details,
            }
        if not self.tokens_valid:
            return 401, {"kind": "Status", "code": 401, "message": "Unauthorized", "reason": "Unauthorized"}
        if self.answers:
            return self.answers.pop(0)
        denied = self.denied(stream.kind, stream.namespace)
        if denied:
            if self.bare:
                return denied, {}
            message = f"{stream.kind.plural} is denied"
            return denied, {"kind": "Status", "code": denied, "reason": "Denied", "message": message}
        if self.watchlist == "422" and "sendInitialEvents" in query:
            causes = [{"reason": "FieldValueForbidden", "field": "sendInitialEvents"}]
            body = {"code": 422, "reason": "Invalid", "message": "no", "details": {"causes": causes}}
            return 422, {"kind": "Status", **body}
        return None

    def _answer(self, stream: Stream, query: dict[str, str]) -> None:
        if not stream.open or stream.mute:
            return
        status = self._status(stream, query)
        if status is not None:
            stream.open = False
            stream.sink.on_head(status[0], {})
            stream.sink.on_data(json.dumps(status[1]).encode())
            self.kept += 1
            stream.sink.on_end(True)
            return
        packed = self.gzips and "sendInitialEvents" in query
        stream.sink.on_head(200, {"content-encoding": "gzip"} if packed else {})
        if self.frozen:
            return
        ends = float(query["timeoutSeconds"])
        self.world.later(ends - 2.0, lambda: self._mark(stream))
        self.world.later(ends, lambda: self._end_one(stream))
        if query.get("sendInitialEvents"):
            for _, thing in sorted(self._matching(stream)):
                self._event(stream, "ADDED", thing)
            stream.rv = self.rv
            if self.watchlist == "yes":
                self._bookmark(stream, initial_end=True)
        else:
            stream.rv = int(query["resourceVersion"])
            if stream.rv < self.floor:
                self._expired(stream)
                return
        stream.live = True
        self._catch_up(stream)
        self._schedule_bookmark(stream)

    def _end_one(self, stream: Stream) -> None:
        if stream.open and not stream.mute:
            stream.open = False
            self.kept += 1
            stream.sink.on_end(True)

    def _expired(self, stream: Stream) -> None:
        status = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
        self._line(stream, {"type": "ERROR", "object": status})
        self._end_one(stream)

    def _schedule_bookmark(self, stream: Stream) -> None:
        if not (self.bookmarks and stream.kind.bookmarks):
            return

        def fire() -> None:
            if stream.open:
                self._mark(stream)
                self.world.later(60.0, fire)

        self.world.later(60.0, fire)

    def _mark(self, stream: Stream) -> None:
        # A watch that waits for a version from the future gets no bookmark.
        if self.bookmarks and stream.kind.bookmarks and stream.rv <= self.rv and not self.frozen:
            self._bookmark(stream)

    def _bookmark(self, stream: Stream, *, initial_end: bool = False) -> None:
        meta: dict[str, Any] = {"resourceVersion": str(self.rv)}
        if initial_end:
            meta["annotations"] = {"k8s.io/initial-events-end": "true"}
        self._line(stream, {"type": "BOOKMARK", "object": {"kind": stream.kind.name, "metadata": meta}})

    def _matching(self, stream: Stream) -> list[tuple[tuple[str, str, str], dict[str, Any]]]:
        return [
            (key, thing)
            for key, thing in self.objects.items()
            if key[0] == stream.kind.name
            and stream.namespace in ("", key[1])
            and key[1] not in stream.outside
        ]

    def _catch_up(self, stream: Stream) -> None:
        for rv, change, kind_name, thing in self.log:
            wanted = kind_name == stream.kind.name and stream.namespace in (
                "",
                thing["metadata"]["namespace"],
            )
            wanted = wanted and thing["metadata"]["namespace"] not in stream.outside
            if rv > stream.rv:
                stream.rv = rv
                if wanted:
                    self._event(stream, change, thing)

    def _event(self, stream: Stream, change: str, thing: dict[str, Any]) -> None:
        self._line(stream, {"type": change, "object": thing})

    def _line(self, stream: Stream, event: dict[str, Any]) -> None:
        if not stream.open or stream.mute:
            return
        if stream.printed and event["type"] != "ERROR":
            told = event["type"] == "BOOKMARK" or not stream.namespace
            one = event["object"]
            event = {**event, "object": self._table(one["metadata"], [one], told, stream.columns)}
        data = json.dumps(event, separators=(",", ":")).encode() + b"\n"
        middle = self.world.rng.randrange(len(data))
        stream.sink.on_data(data[:middle])
        if stream.open:
            stream.sink.on_data(data[middle:])

    def page(
        self, kinds: dict[str, Kind], path: str, query: dict[str, str], printer: Printer | None = None
    ) -> Page | EdgetuiError | None:
        """One page of a LIST; None if no answer will ever come."""
        if self.black_hole or self.dial_fails:
            self.dial()
            self.requests.append((self.world.time, path, query))
            return self.dial_fails or LinkError("The server did not answer.")
        asked = query | printer.query if printer is not None else query
        status, body = self.page_body(kinds, path, asked, printed=printer is not None)
        if status != 200:
            return map_status(status, {}, body)
        return printer.page(body) if printer is not None else decode_page(_collection(kinds, path)[0], body)

    def page_body(
        self, kinds: dict[str, Kind], path: str, query: dict[str, str], *, printed: bool = False
    ) -> tuple[int, bytes]:
        """Status and body of one page of a LIST."""
        self.dial()
        self.requests.append((self.world.time, path, query))
        if self.frozen:
            return 504, b'{"kind":"Status","code":504,"message":"context deadline exceeded"}'
        found, namespace = _collection(kinds, path)
        outside = _left_out(query)
        stream = Stream(None, found, namespace, self.world.time, outside=outside)  # type: ignore[arg-type]
        status = self._status(stream, query)
        self.kept += 1
        if status is not None:
            return status[0], json.dumps(status[1]).encode()
        at, rv = (int(part) for part in query.get("continue", f"0/{self.rv}").split("/"))
        if rv < self.floor:
            return 410, b'{"code":410,"reason":"Expired","message":"continue token expired"}'
        things = (
            [thing for _, thing in sorted(self._matching(stream))] if rv == self.rv else self._at(rv, stream)
        )
        size = self.page_size if "limit" in query else len(things) + 1
        meta: dict[str, Any] = {"resourceVersion": str(rv)}
        if at + size < len(things):
            meta |= {"continue": f"{at + size}/{rv}", "remainingItemCount": len(things) - at - size}
        page = things[at : at + size]
        body = {"kind": found.name + "List", "metadata": meta, "items": page}
        table = self._table(meta, page, not namespace, not query.keys() >= WITHOUT_COLUMNS.keys())
        return 200, json.dumps(table if printed and self.tables else body).encode()

    def _table(
        self, meta: dict[str, Any], things: list[dict[str, Any]], objects: bool, columns: bool
    ) -> dict[str, Any]:
        table = as_table(meta, things, objects=objects, more=self.more_columns)
        return table if columns else {**table, "columnDefinitions": None}

    def _at(self, rv: int, stream: Stream) -> list[dict[str, Any]]:
        """The collection as it was, by undoing the log."""
        now = dict(self._matching(stream))
        for entry_rv, _, kind_name, thing in reversed(self.log):
            if entry_rv <= rv or kind_name != stream.kind.name:
                continue
            meta = thing["metadata"]
            key = (kind_name, meta["namespace"], meta["name"])
            before = [e for e in self.log if e[0] < entry_rv and e[2] == kind_name and _key(e) == key]
            if before and before[-1][1] != "DELETED":
                now[key] = before[-1][3]
            else:
                now.pop(key, None)
        return [thing for _, thing in sorted(now.items())]


def as_table(
    meta: dict[str, Any], things: list[dict[str, Any]], *, objects: bool = False, more: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Things as rows, with their metadata if asked for; a bookmark's thing has neither name nor value."""
    kept = ("resourceVersion", "continue", "remainingItemCount")
    cells = [[one["metadata"].get("name", ""), str(one.get("value", 0)), *POD_CELLS, *more] for one in things]
    return {
        "kind": "Table",
        "metadata": {name: value for name, value in meta.items() if name in kept},
        "columnDefinitions": [{"name": name} for name in (*COLUMNS, *more)],
        "rows": [
            {"cells": row, "object": {"metadata": one["metadata"]} if objects else None}
            for row, one in zip(cells, things, strict=True)
        ],
    }


def _key(entry: tuple[int, str, str, dict[str, Any]]) -> tuple[str, str, str]:
    meta = entry[3]["metadata"]
    return entry[2], meta["namespace"], meta["name"]


def _collection(kinds: dict[str, Kind], path: str) -> tuple[Kind, str]:
    parts = path.split("/")
    found = next(k for k in kinds.values() if k.plural == parts[-1])
    version = parts[2] if parts[1] == "api" else parts[3]
    return found.at(version), parts[-2] if "namespaces" in parts else ""


def _left_out(query: dict[str, str]) -> frozenset[str]:
    """The namespaces that a field selector leaves out."""
    terms = query.get("fieldSelector", "").split(",")
    return frozenset(term.partition("!=")[2] for term in terms if term.startswith("metadata.namespace!="))
