"""LIST: selectors, pages that stay on one version, gzip above the server's threshold."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, NamedTuple

from edgetui.demo import status
from edgetui.demo.http import Reply, Request
from edgetui.demo.resources import Resource
from edgetui.demo.selectors import fields_match, labels_match
from edgetui.demo.storage import Entry, Storage

GZIP_FROM = 128 * 1024
_SLICE = 256 * 1024
_SNAPSHOTS = 16

Key = tuple[str, str]


class Selection(NamedTuple):
    """What a list or watch asks for: a namespace and a test of labels and fields."""

    namespace: str
    labels: Callable[[dict[str, str]], bool] | None
    fields: Callable[[str, str, Entry | bytes], bool] | None

    def keeps(self, namespace: str, name: str, labels: dict[str, str], raw: bytes) -> bool:
        if self.namespace and namespace != self.namespace:
            return False
        if self.labels is not None and not self.labels(labels):
            return False
        return self.fields is None or self.fields(namespace, name, raw)


def selection(request: Request, resource: Resource, namespace: str) -> Selection:
    """Reads the selectors of a request. Raises StatusError 400."""
    labels = request.query.get("labelSelector", "")
    fields = request.query.get("fieldSelector", "")
    return Selection(
        namespace, labels_match(labels) if labels else None, fields_match(fields, resource.plural)
    )


class Lister:
    """Answers lists of one cluster and keeps the snapshots that continue tokens point at."""

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._snapshots: OrderedDict[str, list[tuple[Key, Entry]]] = OrderedDict()
        self._serial = itertools.count(1)

    def reply(self, request: Request, resource: Resource, namespace: str) -> Reply:
        limit = _number(request.query.get("limit", ""))
        asked = request.query.get("resourceVersion", "")
        token = request.query.get("continue", "")
        self._check_version(request, asked)
        if "sendInitialEvents" in request.query:
            text = "Forbidden: sendInitialEvents is forbidden for list"
            raise status.invalid(
                "meta.k8s.io", "ListOptions", "", "sendInitialEvents", text, "FieldValueForbidden"
            )
        if token:
            version, start, serial = _read_token(token)
            rows = self._snapshots.get(serial)
            if rows is None:
                raise _forgotten()
        else:
            version, start, serial = self._storage.version, 0, ""
            rows = self._rows(resource, selection(request, resource, namespace))
        end = len(rows)
        if limit and asked != "0":
            end = min(start + limit, len(rows))
        meta: dict[str, Any] = {"resourceVersion": str(version)}
        if end < len(rows):
            serial = serial or self._keep(rows)
            meta["continue"] = _make_token(version, end, serial)
            meta["remainingItemCount"] = len(rows) - end
        parts = [entry.raw for _, entry in rows[start:end]]
        return list_reply(request, resource.list_kind, resource.api_version, meta, parts)

    def _rows(self, resource: Resource, chosen: Selection) -> list[tuple[Key, Entry]]:
        entries = self._storage.collections[resource].entries
        return [
            (key, entry)
            for key, entry in sorted(entries.items())
            if chosen.keeps(*key, entry.labels, entry.raw)
        ]

    def _check_version(self, request: Request, asked: str) -> None:
        if not asked:
            return
        version = parse_version(asked)
        if version > self._storage.version:
            raise status.too_large_version(version, self._storage.version)
        if request.query.get("resourceVersionMatch") == "Exact" and version < self._storage.version:
            raise status.expired("The resourceVersion for the provided list is too old.")

    def _keep(self, rows: list[tuple[Key, Entry]]) -> str:
        serial = str(next(self._serial))
        self._snapshots[serial] = rows
        while len(self._snapshots) > _SNAPSHOTS:
            self._snapshots.popitem(last=False)
        return serial


def list_reply(
    request: Request, kind: str, api_version: str, meta: dict[str, Any], parts: list[bytes]
) -> Reply:
    """A list made of encoded items; a large one is gzipped if the client accepts that."""
    head = json.dumps({"kind": kind, "apiVersion": api_version, "metadata": meta}, separators=(",", ":"))
    pieces = itertools.chain((head[:-1].encode() + b',"items":[',), _joined(parts), (b"]}\n",))
    if request.accepts_gzip() and sum(map(len, parts)) > GZIP_FROM:
        headers = [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
        return Reply(headers=headers, chunks=_gzipped(pieces))
    if sum(map(len, parts)) > GZIP_FROM:
        return Reply(chunks=_plain(pieces))
    return Reply(body=b"".join(pieces))


def parse_version(text: str) -> int:
    """A resourceVersion of a request. The real server answers 500 to what is not a number."""
    if not text.isdigit():
        raise status.StatusError(500, f'strconv.ParseUint: parsing "{text}": invalid syntax', reason="")
    return int(text)


def _forgotten() -> status.StatusError:
    return status.expired(
        "The provided continue parameter is too old to display a consistent list result. "
        "You can start a new list without the continue parameter."
    )


def _joined(parts: list[bytes]) -> Iterable[bytes]:
    for index, raw in enumerate(parts):
        yield raw if not index else b"," + raw


async def _plain(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= _SLICE:
            yield bytes(held)
            held.clear()
            await asyncio.sleep(0)
    yield bytes(held)


async def _gzipped(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    packer = zlib.compressobj(4, zlib.DEFLATED, 31)
    async for piece in _plain(pieces):
        yield packer.compress(piece)
    yield packer.flush()


def _number(text: str) -> int:
    if text and not text.isdigit():
        raise status.StatusError(400, f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return int(text or 0)


def _make_token(version: int, start: int, serial: str) -> str:
    raw = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": f"{serial}/{start}"}).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _read_token(token: str) -> tuple[int, int, str]:
    try:
        decoded = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        serial, _, start = decoded["start"].partition("/")
        return int(decoded["rv"]), int(start), serial
    except (ValueError, KeyError, TypeError, AttributeError):
        raise status.StatusError(400, "continue key is not valid") from None
