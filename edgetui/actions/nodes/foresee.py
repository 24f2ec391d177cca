"""Reads what is needed to foretell what becomes of a cluster without some of its nodes. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edgetui.actions.messages import Json
from edgetui.actions.reading import ODD, items
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError, NotFound
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.pod import POD
from edgetui.model.kinds.service import SERVICE
from edgetui.model.node.demand import Demand, Offer, demand_of, offer_of
from edgetui.model.node.forecast import Budget, Cluster, budget_of
from edgetui.model.node.unplug import Known
from edgetui.model.text import plural, verb
from edgetui.model.traffic.holders import ANNOUNCED

PAGE = 200
"""Objects of one answer: a pod is 10 KB, and only a little of it is kept."""
AS_ROWS = (NODE, POD, SERVICE, ENDPOINT_SLICE, DAEMON_SET, *ANNOUNCED)
_NEEDED = (NODE, POD)
"""Without these nothing can be foretold."""


async def read(session: Session) -> Known:
    """Everything of a cluster that a forecast needs. Raises EdgetuiError where nodes or pods cannot be listed."""
    found = _Found(session.name)
    kinds = [_rows(session, found, kind) for kind in AS_ROWS]
    others = {
        "persistentvolumeclaims": (api_path("", "v1", "persistentvolumeclaims"), found.claim),
        "persistentvolumes": (api_path("", "v1", "persistentvolumes"), found.volume),
        "poddisruptionbudgets": (api_path("policy", "v1", "poddisruptionbudgets"), found.budget),
    }
    await asyncio.gather(*kinds, *(_other(session, found, name, *one) for name, one in others.items()))
    return found.known()


class _Found:
    """What was read so far."""

    def __init__(self, cluster: str) -> None:
        self.store = Store(cluster)
        self.unseen: list[str] = []
        self.odd = 0
        self._offers: list[Offer] = []
        self._pods: list[Demand] = []
        self._budgets: list[Budget] = []
        self._bound: dict[tuple[str, str], str] = {}
        self._terms: dict[str, tuple[Json, ...]] = {}

    def row(self, kind: str, one: Json) -> None:
        """An object of a kind that is kept as a row; nodes and pods with what the scheduler looks at."""
        self.store.apply(kind, row_of(kind, one))
        if kind == POD:
            self._pods.append(demand_of(one))
        elif kind == NODE:
            self._offers.append(offer_of(one))

    def claim(self, one: Json) -> None:
        """The volume that a claim is bound to."""
        if volume := (one.get("spec") or {}).get("volumeName"):
            self._bound[one["metadata"]["namespace"], one["metadata"]["name"]] = volume

    def volume(self, one: Json) -> None:
        """The nodes from which a volume can be used, where not all are."""
        required = ((one.get("spec") or {}).get("nodeAffinity") or {}).get("required") or {}
        if required:
            self._terms[one["metadata"]["name"]] = tuple(required["nodeSelectorTerms"])

    def budget(self, one: Json) -> None:
        """A PodDisruptionBudget."""
        self._budgets.append(budget_of(one))

    def known(self) -> Known:
        """All of it."""
        if self.odd:
            left = f"{verb(self.odd, 'is', 'are')} left out"
            self.unseen.append(f"{plural(self.odd, 'object')} cannot be understood and {left}")
        volumes = {claim: self._terms[name] for claim, name in self._bound.items() if name in self._terms}
        cluster = Cluster(tuple(self._offers), tuple(self._pods), tuple(self._budgets), volumes)
        return Known(cluster, self.store, tuple(self.unseen))


async def _rows(session: Session, found: _Found, kind: str) -> None:
    sync = Sync.LIVE
    try:
        await _pages(session, found, KINDS[kind].path(), lambda one: found.row(kind, one))
    except NotFound:
        sync = Sync.ABSENT
    except EdgetuiError as error:
        if kind in _NEEDED:
            raise
        sync = Sync.FORBIDDEN
        found.unseen.append(f"{KINDS[kind].plural} cannot be read: {error.sentence.rstrip('.')}")
    found.store.set_freshness(kind, Freshness(sync))


async def _other(session: Session, found: _Found, name: str, path: str, take: Callable[[Json], None]) -> None:
    try:
        await _pages(session, found, path, take)
    except NotFound:
        return
    except EdgetuiError as error:
        found.unseen.append(f"{name} cannot be read: {error.sentence.rstrip('.')}")


async def _pages(session: Session, found: _Found, path: str, take: Callable[[Json], None]) -> None:
    """Take in a list page by page; an object of another shape costs itself only."""
    further = ""
    while True:
        query = {"limit": str(PAGE)} | ({"continue": further} if further else {})
        answer = await session.api.get(path, query)
        for one in items(answer):
            try:
                take(one)
            except ODD:
                found.odd += 1
        further = (answer.get("metadata") or {}).get("continue") or ""
        if not further:
            return
