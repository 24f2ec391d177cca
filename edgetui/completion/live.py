"""What the clusters have to offer for a command line, and what earlier runs kept of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator

import msgspec

from edgetui.actions.cli.connect import Connection
from edgetui.cluster.api.catalog import Catalog, catalog_of
from edgetui.cluster.api.client import NAMES_ONLY, Api
from edgetui.cluster.snapshot import file as row_file
from edgetui.model.cache.snapshot import from_bytes, unpack
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row, api_path
from edgetui.model.panes import PANES
from edgetui.model.resources.resolve import words as all_words
from edgetui.verbs import Place

WORKLOADS = PANES["rollouts"].kinds
NAMESPACES = "namespaces"
MOST = 500
"""Names that are asked for and offered."""
_ANSWER_WITHIN = 5.0


class _Metadata(msgspec.Struct):
    name: str = ""


class _Item(msgspec.Struct):
    metadata: _Metadata


class _List(msgspec.Struct):
    items: list[_Item] = []


async def names(place: Place, word: str) -> list[str]:
    """The names of the objects of a kind in the namespace of the line. Raises EdgetuiError, and MsgspecError for an
    answer that is no list.

    The server is asked for their metadata alone.
    """

    async def ask(api: Api) -> list[str]:
        if not (path := await _path(api, word, place.namespace)):
            return []
        query = {"limit": str(MOST)}
        body = await api.get_bytes(path, query, timeout=_ANSWER_WITHIN, headers=NAMES_ONLY)
        return sorted(item.metadata.name for item in msgspec.json.decode(body, type=_List).items)

    return await _on(place, ask)


async def kinds(place: Place) -> list[str]:
    """The words for the kinds that the cluster serves. Raises EdgetuiError."""

    async def ask(api: Api) -> list[str]:
        return all_words([(await _catalog(api)).served], "")

    return await _on(place, ask)


async def _on(place: Place, ask: Callable[[Api], Awaitable[list[str]]]) -> list[str]:
    if place.target is None or place.target.error is not None:
        return []
    session = Connection(place.target)
    try:
        return await ask(session.api)
    finally:
        session.close()


async def _path(api: Api, word: str, namespace: str) -> str:
    """Where the objects of a kind are; empty for a kind that is not served."""
    if word == NAMESPACES:
        return api_path("", "v1", NAMESPACES)
    if (kind := KINDS.find(word)) is not None:
        return api.kind(kind.id).path(namespace)
    found = await (await _catalog(api)).find(word)
    if not found or not found[0].listed:
        return ""
    one = found[0]
    return api_path(one.group, one.version, one.plural, namespace if one.namespaced else "")


async def _catalog(api: Api) -> Catalog:
    catalog = await catalog_of(api, _ANSWER_WITHIN)
    await catalog.known()
    return catalog


def kept_names(place: Place, word: str) -> Iterable[str]:
    """The names of the objects of a kind that an earlier run kept, those of the namespace of the line."""
    kind = KINDS.find(word)
    rows = _kept(place, kind.id) if kind is not None else ()
    return sorted({row.name for row in rows if place.namespace in ("", row.namespace) or not row.namespace})


def kept_namespaces(place: Place) -> Iterable[str]:
    """The namespaces of the workloads that an earlier run kept."""
    return sorted({row.namespace for kind in WORKLOADS for row in _kept(place, kind)})


def _kept(place: Place, kind: str) -> Iterator[Row]:
    if place.target is None:
        return
    path = row_file.default_directory() / row_file.file_name(place.target)
    kept = from_bytes(row_file.RowFile(path).read())
    packed = kept.kinds.get(kind) if kept is not None else None
    yield from (unpack(KINDS[kind], packed) or ()) if packed is not None else ()
