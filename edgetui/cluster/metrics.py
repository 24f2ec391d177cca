"""CPU and memory in use, from metrics.k8s.io, on its own clock and only while somebody looks.

The API is v1 on new servers, v1beta1 on older ones, and often not there at all: then it is asked again rarely.
A metrics server that is down answers 503 as plain text.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Literal

import msgspec

from edgetui.cluster.api import Api
from edgetui.cluster.api_errors import UNDECODABLE
from edgetui.cluster.errors import ApiError, EdgetuiError, NotFound
from edgetui.model.store import Store, Usage
from edgetui.model.text import milli, whole

PERIOD = 15.0
ABSENT_AGAIN = 300.0
VERSIONS = ("v1", "v1beta1")
KINDS: tuple[Literal["Node", "Pod"], ...] = ("Node", "Pod")


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
    items: list[_Item] | None = None


def decode(body: bytes) -> dict[tuple[str, str], Usage]:
    """Usage by namespace and name from a NodeMetricsList or PodMetricsList; a pod's containers are summed.

    Raises what msgspec raises on anything else.
    """
    found = msgspec.json.decode(body, type=_List).items or []
    return {(item.metadata.namespace, item.metadata.name): _usage(item) for item in found}


def _usage(item: _Item) -> Usage:
    parts = [c.usage for c in item.containers or ()] if item.usage is None else [item.usage]
    return Usage(
        cpu_milli=sum(milli(part.cpu) for part in parts if part),
        memory_bytes=sum(whole(part.memory) for part in parts if part),
    )


class MetricsPoller:
    """Keeps the usage of nodes and pods in the store while it runs."""

    def __init__(self, api: Api, store: Store) -> None:
        self._api = api
        self._store = store
        self._version = ""

    async def run(self, until_up: Callable[[], Awaitable[None]]) -> None:
        """Ask every 15 s until cancelled, every 5 min while the API is absent; never while the link is down."""
        while True:
            await until_up()
            present = await self.poll()
            await asyncio.sleep(PERIOD if present else ABSENT_AGAIN)

    async def poll(self) -> bool:
        """Ask once for nodes and pods; False if this cluster has no metrics API. A lost link changes nothing."""
        try:
            if not self._version:
                self._version = await self._find_version()
            for kind in KINDS:
                body = await self._api.get_bytes(self._path(self._version, kind), {})
                self._store.set_metrics(kind, decode(body), True)
        except NotFound:
            self._version = ""
            self._unavailable()
            return False
        except (ApiError, *UNDECODABLE):
            self._unavailable()
        except EdgetuiError:
            pass  # the link's own state says it
        return True

    async def _find_version(self) -> str:
        for version in VERSIONS[:-1]:
            try:
                await self._api.get_bytes(f"/apis/metrics.k8s.io/{version}", {})
            except NotFound:
                continue
            return version
        return VERSIONS[-1]

    def _unavailable(self) -> None:
        for kind in KINDS:
            self._store.set_metrics(kind, {}, False)

    @staticmethod
    def _path(version: str, kind: str) -> str:
        return f"/apis/metrics.k8s.io/{version}/{kind.lower()}s"
