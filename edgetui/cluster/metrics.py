"""What nodes and pods use, by metrics.k8s.io (v1, else v1beta1), asked for only while a pane shows it."""

from __future__ import annotations

import asyncio
from typing import Any

from edgetui.cluster.api import Api
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model.store import Store, Usage
from edgetui.model.text import milli, whole

EVERY = 15.0
VERSIONS = ("v1", "v1beta1")
RESOURCES = (("Node", "nodes"), ("Pod", "pods"))
ABSENT_EVERY = 120.0


class MetricsPoller:
    """Asks every 15 s; where there is no metrics server, every two minutes whether there is one now."""

    def __init__(self, api: Api, store: Store) -> None:
        self._api = api
        self._store = store
        self._version = ""
        self._task: asyncio.Task[None] | None = None

    def show(self, shown: bool) -> None:
        """Begin or stop asking."""
        if shown and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._poll())
        elif not shown and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _poll(self) -> None:
        while True:
            found = False
            for kind, plural in RESOURCES:
                usage = await self._ask(plural)
                found = found or usage is not None
                self._store.set_metrics(kind, usage or {}, usage is not None)
            await asyncio.sleep(EVERY if found or self._version else ABSENT_EVERY)

    async def _ask(self, plural: str) -> dict[tuple[str, str], Usage] | None:
        for version in (self._version,) if self._version else VERSIONS:
            try:
                listed = await self._api.get(f"/apis/metrics.k8s.io/{version}/{plural}")
            except NotFound:
                continue
            except EdgetuiError:
                return None
            self._version = version
            return {_name(item): _usage(item) for item in listed.get("items") or []}
        self._version = ""
        return None


def _name(item: dict[str, Any]) -> tuple[str, str]:
    metadata = item.get("metadata") or {}
    return metadata.get("namespace", ""), metadata.get("name", "")


def _usage(item: dict[str, Any]) -> Usage:
    parts = [container.get("usage") or {} for container in item.get("containers") or ()] or [
        item.get("usage") or {}
    ]
    return Usage(
        sum(milli(part.get("cpu")) for part in parts), sum(whole(part.get("memory")) for part in parts)
    )
