"""A small site whose objects a session lists, as rows and over HTTP: nodes, their Leases, pods, Services, budgets."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from tests.unit.actions.scripted import Answer, Request, scripted
from tests.unit.model import factories as f

from .driving import Screen, running
from .test_guarding import Site

Json = dict[str, Any]
PLURALS = {
    "nodes": "Node",
    "pods": "Pod",
    "services": "Service",
    "endpointslices": "EndpointSlice",
    "daemonsets": "DaemonSet",
    "events": "Event",
    "poddisruptionbudgets": "PodDisruptionBudget",
}


class Hosts:
    """The objects. `leases` are when each Lease was renewed, by its name (Unix s); what is `hidden` may not be read.

    `configs` are what ConfigMaps hold, by namespace and name; `asked` is all but what is asked to know what is served.
    """

    def __init__(self, *objects: Json) -> None:
        self.objects = list(objects)
        self.leases: dict[str, float] = {}
        self.configs: dict[str, dict[str, str]] = {}
        self.hidden: set[str] = set()
        self.asked: list[Request] = []
        self.store: Store = f.store_of(*(one for one in objects if one["kind"] in KINDS))
        self.store.set_version("v1.37.2")

    def put(self, one: Json) -> None:
        """An object has changed, or is new."""
        self.store.apply(one["kind"], row_of(one["kind"], one))

    def answer(self, request: Request) -> Answer:
        """What the server says."""
        where, _, last = request.path.rpartition("/")
        if last not in ("api", "apis"):
            self.asked.append(request)
        if {last, where.rpartition("/")[2]} & self.hidden:
            return 403, {
                "kind": "Status",
                "reason": "Forbidden",
                "code": 403,
                "message": f"{last} is forbidden",
            }
        if last in PLURALS:
            return 200, {"items": [one for one in self.objects if one["kind"] == PLURALS[last]]}
        if where.endswith("/leases") and last in self.leases:
            spec = {
                "renewTime": f.stamp(self.leases[last]),
                "holderIdentity": last,
                "leaseDurationSeconds": 15,
            }
            return 200, {"spec": spec}
        if where.endswith("/configmaps") and (data := self.configs.get(f"{where.split('/')[-2]}/{last}")):
            return 200, {"kind": "ConfigMap", "data": data}
        return 404, {"kind": "Status", "reason": "NotFound", "code": 404}


class Plain(Site):
    """A session with nothing to say of its link, its credentials or what it keeps."""

    keeper = counters = link_watch = None

    def __init__(self, url: str, store: Store) -> None:
        super().__init__(url, store)
        self.credentials.notice = ""


@asynccontextmanager
async def shown(hosts: Hosts, size: tuple[int, int] = (80, 40)) -> AsyncIterator[Screen]:
    """The program on them."""
    async with scripted(hosts.answer) as (_, there):
        session = Plain(there.target.server, hosts.store)
        session.api.kinds = hosts.store.kinds
        async with running([hosts.store], sessions={"plant": session}, size=size) as screen:
            yield screen
        session.api.close()
