"""The server-cache audit: what the watch told us, held against a list that is read from the datastore.

Watch caches have diverged from their datastore without a sign (kine, K3s), and then every watch and every ordinary
list tells the same wrong story: since 1.31 even a consistent list is answered from that cache. So the list is asked
for at exactly the version that our watch has reached (resourceVersionMatch=Exact):

- up to 1.33 such a list is always read from the datastore;
- from 1.34 on the cache answers it too, until the server's own comparison (every 5 to 7.5 minutes) has found the
  cache wrong; from then on the datastore answers it;
- it is the state at our version, so nothing that is still on its way can look like a difference.

The list comes as a Table without objects: 14 (gzip) to 180 bytes a pod, a fiftieth of the objects themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

import msgspec

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.audit import NEXT_STEP, Difference, compare, lasting, sentence
from edgetui.model.cache.freshness import CacheState
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Kind

LOOK_AGAIN = 5.0
"""Seconds until the second look at what differed."""
MOST_ROWS = 2000
"""A larger collection (about 28 KB on the wire) is left out unless a person asks."""
ASK_WITHIN = 30.0
ACCEPT = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


class Watched(NamedTuple):
    """A collection that is complete at a version; `namespace` is empty for the whole cluster."""

    kind: Kind
    namespace: str
    version: str


Place = tuple[str, str]
"""Kind and namespace."""


class _Column(msgspec.Struct):
    format: str = ""


class _Meta(msgspec.Struct):
    name: str = ""


class _Item(msgspec.Struct):
    metadata: _Meta


class _Row(msgspec.Struct):
    cells: list[Any]


class _Listed(msgspec.Struct, rename="camel"):
    kind: str
    column_definitions: list[_Column] | None = None
    rows: list[_Row] | None = None
    items: list[_Item] | None = None


def names(body: bytes | bytearray) -> list[str]:
    """The names in a Table, or in a list where the server makes no Tables. Raises what msgspec raises."""
    found = msgspec.json.decode(body, type=_Listed)
    if found.kind != "Table":
        return [item.metadata.name for item in found.items or ()]
    formats = [column.format for column in found.column_definitions or ()]
    at = formats.index("name") if "name" in formats else 0
    return [str(row.cells[at]) for row in found.rows or () if len(row.cells) > at]


class CacheAuditor:
    """Audits one cluster, and says what came of it in `store.cache`.

    `watched` gives the collections that are complete now, as Watched has them, `clock` Unix seconds.
    """

    def __init__(
        self,
        api: Api,
        store: Store,
        watched: Callable[[], Iterable[tuple[Kind, str, str]]],
        clock: Callable[[], float],
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._api = api
        self._store = store
        self._watched = watched
        self._clock = clock
        self._pause = pause
        self._busy = asyncio.Lock()
        self._suspects: dict[Place, Difference] = {}

    async def audit(self, *, asked: bool = False) -> None:
        """Look once; where something differs, look again and count what is still so.

        A collection that cannot be looked at now keeps its last verdict.
        """
        async with self._busy:
            judged = await self._look(asked, None)
            differing = {place for place, (found, _) in judged.items() if found}
            if differing:
                await self._pause(LOOK_AGAIN)
                again = await self._look(asked, differing)
                for place in differing:
                    first, count = judged.pop(place)
                    if place in again:
                        judged[place] = (lasting(first, again[place][0]), count)
            self._conclude(judged)

    def _conclude(self, judged: dict[Place, tuple[Difference, int]]) -> None:
        places = self._places()
        kept = {
            place: found for place, found in self._suspects.items() if place in places and place not in judged
        }
        self._suspects = {**kept, **{place: found for place, (found, _) in judged.items() if found}}
        if judged or self._suspects:
            what = sentence(self._suspects.values())
            rows = sum(count for _, count in judged.values())
            self._store.set_cache(CacheState(self._clock(), rows, what, NEXT_STEP if what else ""))

    async def _look(self, asked: bool, only: set[Place] | None) -> dict[Place, tuple[Difference, int]]:
        """The differences now, and how many rows were compared; a collection that cannot be asked for is left out."""
        seen = {}
        for place in self._places():
            one = self._places().get(place)  # its version moves while others are asked for
            if one is None or (only is not None and place not in only):
                continue
            known = list(self._known(one))  # taken with the version, before anything can change either
            if len(known) > MOST_ROWS and not asked:
                continue
            try:
                listed = names(await self._list(one))
            except (EdgetuiError, *UNDECODABLE):
                continue
            seen[place] = (compare(one.kind.id, known, listed), len(known))
        return seen

    def _places(self) -> dict[Place, Watched]:
        found = (Watched(*one) for one in self._watched())
        return {(one.kind.id, one.namespace): one for one in found}

    def _known(self, one: Watched) -> Iterator[str]:
        for row in self._store.rows(one.kind.id):
            if not one.namespace or row.namespace == one.namespace:
                yield row.name

    async def _list(self, one: Watched) -> bytes | bytearray:
        query = {
            "resourceVersion": one.version,
            "resourceVersionMatch": "Exact",
            "includeObject": "None",
        }
        path = one.kind.path(one.namespace)
        return await self._api.get_bytes(path, query, timeout=ASK_WITHIN, headers={"Accept": ACCEPT})
