"""CPU and memory in use, from metrics.k8s.io, on its own clock and only for the kinds somebody looks at.

The API is v1 on new servers, v1beta1 on older ones, and often not there at all: then it is asked again rarely.
A metrics server that is down answers 503 as plain text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress

import msgspec

from edgetui.cluster.api.client import PREFERRED, PRINTED_QUERY, Api
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.cluster.errors import ApiError, EdgetuiError, Forbidden, NotFound, NotPrinted
from edgetui.model.cache.store import Store, Usage
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds import KINDS, METERED
from edgetui.model.kinds.base import api_path
from edgetui.model.text import parse_cpu, whole

PERIOD = 15.0
SLOW_PERIOD = 60.0
ABSENT_AGAIN = 300.0
SAME = 1.0
"""Seconds that one kind waits for the other, so that both are asked for together."""
OLD = 90.0
"""Seconds after which figures that nobody renewed are taken away when somebody looks again."""
VERSIONS = ("v1", "v1beta1")
OBJECT, PACKED, ROW, ANSWER = 300, 16, 80, 500
"""Bytes of a pod's usage: as an object, as one of a compressed answer, as a printed row; and of an answer beside it."""
MOST_SPACES = 8
"""Namespaces that are asked one after the other, each a round trip, where one question would do."""
COMPRESSED_FROM = 128 * 1024
"""Bytes from which on a server compresses an answer."""


class _Amounts(msgspec.Struct):
    cpu: str | None = None
    memory: str | None = None


class _Container(msgspec.Struct):
    usage: _Amounts | None = None


class _Meta(msgspec.Struct):
    name: str = ""
    namespace: str = ""


class _Item(msgspec.Struct):
    metadata: _Meta
    usage: _Amounts | None = None
    containers: list[_Container] | None = None


class _List(msgspec.Struct):
    items: list[msgspec.Raw] | None = None


_item = msgspec.json.Decoder(_Item)


def decode(body: bytes | bytearray) -> dict[tuple[str, str], Usage]:
    """Usage by namespace and name from a NodeMetricsList or PodMetricsList; a pod's containers are summed.

    What was not measured is None: a sum of which one part is missing is not known either. An item that cannot be read
    tells of nothing. Raises what msgspec raises on anything but a list.
    """
    found: dict[tuple[str, str], Usage] = {}
    for raw in msgspec.json.decode(body, type=_List).items or []:
        with suppress(*UNDECODABLE):
            item = _item.decode(raw)
            found[item.metadata.namespace, item.metadata.name] = _usage(item)
    return found


def _usage(item: _Item) -> Usage:
    parts = [c.usage for c in item.containers or ()] if item.usage is None else [item.usage]
    return Usage(
        cpu_milli=_sum([parse_cpu(part.cpu) if part else None for part in parts]),
        memory_bytes=_sum([whole(part.memory) if part else None for part in parts]),
    )


def _sum(parts: list[int | None]) -> int | None:
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


class MetricsPoller:
    """Keeps the usage of the kinds that are shown in the store while it runs. `period` is in seconds.

    `namespaces` gives those in which a kind is watched one by one, none where the cluster may be read as a whole;
    `in_view` those that are looked at, none for all: in others nothing is asked for.
    """

    def __init__(
        self,
        api: Api,
        store: Store,
        namespaces: Callable[[str], Sequence[str]] = lambda kind: (),
        in_view: Callable[[], Sequence[str]] = lambda: (),
    ) -> None:
        self.period = PERIOD
        self._api = api
        self._store = store
        self._namespaces = namespaces
        self._in_view = in_view
        self._narrowed: dict[str, tuple[str, ...]] = {}
        self._version = ""
        self._prints = True
        self._shown: frozenset[str] = frozenset()
        self._beside = ""
        self._asked: dict[str, float] = {}
        self._absent_until = 0.0
        self._wake = asyncio.Event()
        self._polling: asyncio.Task[bool] | None = None

    def look_at(self, kinds: Collection[str], beside: str = "") -> None:
        """These kinds are on the screen: from now on ask for those whose usage the link bears, as often as it does."""
        wire = self._store.wire
        self.period = PERIOD if wire.wire is Wire.FULL else SLOW_PERIOD
        self.forget(frozenset(kinds) - wire.metered)
        self.show(wire.metered.intersection(kinds), beside)

    def forget(self, kinds: Collection[str]) -> None:
        """These are asked for no more, so what is known gets old: take it away."""
        self._clear(self._asked.keys() & set(kinds), False)

    def show(self, kinds: Collection[str], beside: str = "") -> None:
        """From now on somebody looks at these kinds, and at no others; in one namespace `beside` those in view, too."""
        shown = frozenset(kinds).intersection(METERED)
        now = asyncio.get_running_loop().time()
        for kind in shown - self._shown:
            if kind in self._asked and now - self._asked[kind] > OLD and self._version:
                self._store.set_metrics(kind, {}, True)
        self._shown, self._beside = shown, beside
        self._wake.set()

    async def run(self, until_up: Callable[[], Awaitable[None]]) -> None:
        """Ask for what is shown, each kind once a period, until cancelled; never while the link is down.

        While the API is absent it is asked for every 5 min.
        """
        while True:
            self._wake.clear()
            wait = self._wait()
            if wait is not None and wait <= 0:
                await until_up()
                await self._poll_unless_given_up(
                    [kind for kind in sorted(METERED) if kind in self._shown and self._due(kind) <= SAME]
                )
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._wake.wait()

    async def _poll_unless_given_up(self, kinds: Collection[str]) -> None:
        self._polling = polling = asyncio.ensure_future(self.poll(kinds))
        try:
            await asyncio.wait({polling})
        finally:
            polling.cancel()
        if not polling.cancelled():
            polling.result()
            return
        for kind in kinds:
            self._asked.pop(kind, None)

    def give_up(self) -> None:
        """The link is down: what is under way would be answered late, or by another server; it is asked anew."""
        if self._polling is not None:
            self._polling.cancel()

    def void(self) -> None:
        """Another cluster answers: nothing that is known of the one before counts for it."""
        self.give_up()
        self._version, self._prints, self._absent_until = "", True, 0.0
        self._clear(self._asked, None)
        self._asked.clear()
        self._narrowed.clear()
        self._wake.set()

    def _wait(self) -> float | None:
        """Seconds until the next request is due, None while nothing is shown."""
        if not self._shown:
            return None
        absent = self._absent_until - asyncio.get_running_loop().time()
        return max(absent, min(self._due(kind) for kind in self._shown))

    def _due(self, kind: str) -> float:
        """Seconds until a kind is to be asked for: at once where other namespaces have come into view."""
        now = asyncio.get_running_loop().time()
        narrowed, looked_at = self._narrowed.get(kind, ()), self._looked_at(kind)
        if narrowed and not (looked_at and set(looked_at) <= set(narrowed)):
            return 0.0
        return self._asked[kind] + self.period - now if kind in self._asked else 0.0

    async def poll(self, kinds: Collection[str] = METERED) -> bool:
        """Ask once for these kinds; False if this cluster has no metrics API. A lost link changes nothing."""
        now = asyncio.get_running_loop().time()
        self._asked.update(dict.fromkeys(kinds, now))
        self._narrowed.update({kind: self._looked_at(kind) for kind in kinds})
        try:
            if not self._version:
                self._version = await self._find_version()
            for kind in sorted(kinds):
                self._store.set_metrics(kind, await self._usage(kind), True)
        except NotFound:
            self._version = ""
            self._absent_until = now + ABSENT_AGAIN
            self._clear(METERED, False)
            return False
        except (ApiError, *UNDECODABLE):
            self._clear(kinds, False)
        except EdgetuiError:
            pass  # the link's own state says it
        return True

    def _looked_at(self, kind: str) -> tuple[str, ...]:
        """The namespaces in which alone somebody looks at this kind; empty for all."""
        names = self._in_view() if KINDS[kind].namespaced else ()
        return tuple(dict.fromkeys((*names, self._beside or names[0]))) if names else ()

    async def _usage(self, kind: str) -> dict[tuple[str, str], Usage]:
        """The usage of one kind, by namespace where it is watched so itself, or where that costs less."""
        watched = self._namespaces(kind)
        names = self._narrowed.get(kind) or watched or self._spaces(kind)
        if not names or not (watched or self._rows_cost_less(kind, names)):
            self._narrowed[kind] = ()
            return await self._read(kind)
        usage: dict[tuple[str, str], Usage] = {}
        refused: list[Forbidden] = []
        for name in names:
            try:
                usage |= await self._read(kind, name)
            except Forbidden as error:
                refused.append(error)
        if len(refused) == len(names):
            raise refused[0]
        return usage

    async def _read(self, kind: str, namespace: str = "") -> dict[tuple[str, str], Usage]:
        """The usage of one kind in one namespace, or in all: as rows where those name their objects."""
        path = self._path(kind, namespace)
        if self._prints and (namespace or not KINDS[kind].namespaced):
            from edgetui.cluster.api.printed_usage import decode_rows  # not for the first screen

            body = await self._api.get_bytes(path, PRINTED_QUERY, headers=PREFERRED)
            with suppress(NotPrinted):
                if (found := decode_rows(body, namespace)) is not None:
                    return found
                self._prints = False
                return decode(body)
            self._prints = False
        return decode(await self._api.get_bytes(path, {}))

    def _spaces(self, kind: str) -> tuple[str, ...]:
        """The namespaces that have objects of a kind, none where they are too many to be asked by themselves."""
        found = {row.namespace for row in self._store.rows(kind)} - {""}
        return tuple(sorted(found)) if len(found) <= MOST_SPACES else ()

    def _rows_cost_less(self, kind: str, names: Sequence[str]) -> bool:
        """Whether what these namespaces print is no more than the objects of all, which come compressed if many."""
        count = self._store.count
        objects = count(kind) * OBJECT
        whole = ANSWER + (objects if objects < COMPRESSED_FROM else count(kind) * PACKED)
        each = ROW if self._prints else OBJECT
        return sum(ANSWER + each * count(kind, name) for name in names) <= whole

    async def _find_version(self) -> str:
        for version in VERSIONS[:-1]:
            try:
                await self._api.get_bytes(f"/apis/metrics.k8s.io/{version}", {})
            except NotFound:
                continue
            return version
        return VERSIONS[-1]

    def _clear(self, kinds: Collection[str], available: bool | None) -> None:
        for kind in kinds:
            self._store.set_metrics(kind, {}, available)

    def _path(self, kind: str, namespace: str = "") -> str:
        return api_path("metrics.k8s.io", self._version, f"{kind.lower()}s", namespace)
