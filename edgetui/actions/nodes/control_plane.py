"""Reads what the API tells of a cluster's control plane. Nothing is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from edgetui.actions.messages import Json
from edgetui.actions.reading import ODD, items, rows
from edgetui.actions.session import Session
from edgetui.cluster.api.leases import NODES, read_lease
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound
from edgetui.model.cache.freshness import Sync
from edgetui.model.control_plane import voters
from edgetui.model.control_plane.budgets import Standing, standing_of, worst_first
from edgetui.model.control_plane.checks import Checks, checks_of
from edgetui.model.control_plane.findings import Seen
from edgetui.model.control_plane.leases import NAMESPACE, Held, read_leases
from edgetui.model.control_plane.voters import Voters
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.base import api_path
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE, SERVICE, EndpointSliceRow
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD

T = TypeVar("T")

CACHED = {"resourceVersion": "0"}
"""Lists come from the server's cache, which answers with the datastore down, too; it is milliseconds old else."""
READYZ = "/readyz"
ALWAYS_ASKED = 4
"""Parts that need the server's answer everywhere; who votes is not asked where the API does not tell."""
NOT_READY = 500
"""The status with which an API server tells of a check that fails."""
_ROLE = "node-role.kubernetes.io/"
_BY_VERSION = {"+k3s": "K3s", "+rke2": "RKE2", "+k0s": "k0s"}


async def look(session: Session, now: Callable[[], float]) -> Seen:
    """All that can be read; each part that cannot says which right it needs, or what is wrong. `now` is in Unix s.

    Raises LinkError where the server answers nothing.
    """
    lost: list[LinkError] = []
    leases, no_leases = await _part(_leases(session), f"list on leases in {NAMESPACE}", lost)
    seen = Seen(at=now(), leases=leases, no_leases=no_leases)
    slices, checks, found, budgets = await asyncio.gather(
        _part(_addresses(session), "list on endpointslices in default", lost),
        _part(_checks(session), f"get on {READYZ}", lost),
        _part(_voters(session, seen), _voters_right(session), lost),
        _part(_budgets(session), "list on poddisruptionbudgets", lost),
    )
    if len(lost) >= ALWAYS_ASKED:
        raise lost[0]
    return Seen(seen.at, leases, no_leases, *slices, *checks, *found, *budgets)


async def _part(asked: Awaitable[T], right: str, lost: list[LinkError]) -> tuple[T | None, str]:
    """What was asked for, or why it is not known; no answer at all is kept in `lost`."""
    try:
        return await asked, ""
    except Forbidden:
        return None, f"needs {right}"
    except NotFound:
        return None, "this server does not have them"
    except LinkError as error:
        lost.append(error)
        return None, error.sentence
    except EdgetuiError as error:
        return None, error.sentence


async def _leases(session: Session) -> list[Held]:
    path = api_path("coordination.k8s.io", "v1", "leases", NAMESPACE)
    return read_leases(items(await session.api.get(path, CACHED)))


async def _addresses(session: Session) -> tuple[str, ...]:
    """Where Service default/kubernetes leads: API servers take themselves out when they end, and are taken out when
    they do not renew for 15 s (pkg/controlplane/reconcilers).
    """
    path = session.api.kind(ENDPOINT_SLICE).path("default")
    found = rows(
        ENDPOINT_SLICE, await session.api.get(path, {**CACHED, "labelSelector": f"{SERVICE}=kubernetes"})
    )
    ready = {
        one.address
        for row in found
        if isinstance(row, EndpointSliceRow)
        for one in row.endpoints
        if one.ready
    }
    return tuple(sorted(ready))


async def _checks(session: Session) -> Checks | None:
    body = await session.api.get_bytes(READYZ, {"verbose": ""}, also=(NOT_READY,))
    return checks_of(bytes(body).decode("utf-8", "replace"))


async def _budgets(session: Session) -> list[Standing]:
    path = api_path("policy", "v1", "poddisruptionbudgets")
    found = []
    for one in items(await session.api.get(path, CACHED)):
        try:
            found.append(standing_of(one))
        except ODD:
            continue
    return worst_first(found)


# -- voters


def _nodes(session: Session) -> list[NodeRow] | None:
    """The nodes that are watched; None where they may not be, or are not known yet."""
    store = session.store
    if store is None or store.freshness(NODE).sync is not Sync.LIVE:
        return None
    return [row for row in store.rows(NODE) if isinstance(row, NodeRow)]


def _distribution(session: Session, nodes: list[NodeRow] | None) -> str:
    version = session.store.version if session.store is not None else ""
    told = (row.distribution for row in nodes or ())
    return next(filter(None, told), "") or next(
        (name for mark, name in _BY_VERSION.items() if mark in version), ""
    )


def _voters_right(session: Session) -> str:
    distribution = _distribution(session, _nodes(session))
    if distribution == "k0s":
        return "list on etcdmembers (etcd.k0sproject.io)"
    return "list on nodes" if distribution in ("K3s", "RKE2") else f"list on pods in {NAMESPACE}"


async def _voters(session: Session, seen: Seen) -> Voters:
    nodes = _nodes(session)
    distribution = _distribution(session, nodes)
    ready = {row.name: row.is_ready for row in nodes or ()}
    if distribution == "k0s":
        return await _of_k0s(session, seen)
    if distribution in ("K3s", "RKE2"):
        return await _of_roles(session, distribution, ready)
    if distribution in ("MicroK8s", "Talos"):
        return voters.hidden(distribution)
    labels = ",".join(f"{key}={value}" for key, value in voters.ETCD_PODS.items())
    pods = items(await session.api.get(KINDS[POD].path(NAMESPACE), {**CACHED, "labelSelector": labels}))
    return voters.of_pods(pods, ready) if pods else voters.hidden(distribution)


async def _of_roles(session: Session, distribution: str, ready: Mapping[str, bool]) -> Voters:
    """Of K3s and RKE2, whose servers have a role for etcd, which those on a database have not."""
    etcd = await _with_role(session, voters.ETCD_ROLE)
    if etcd:
        return voters.of_nodes(etcd, ready or _readiness(etcd), distribution)
    return voters.hidden(distribution, await _with_role(session, voters.SERVER_ROLES[0]))


async def _with_role(session: Session, role: str) -> list[Json]:
    path = KINDS[NODE].path()
    return items(await session.api.get(path, {**CACHED, "labelSelector": f"{_ROLE}{role}"}))


def _readiness(nodes: list[Json]) -> dict[str, bool]:
    """Whether nodes are Ready, where they are not watched."""
    found = {}
    for one in nodes:
        try:
            row = row_of(NODE, one)
        except ODD:
            continue
        found[row.name] = isinstance(row, NodeRow) and row.is_ready
    return found


async def _of_k0s(session: Session, seen: Seen) -> Voters:
    """Of k0s, whose controllers are no nodes: each has a Lease beside those of the nodes."""
    path = api_path("etcd.k0sproject.io", "v1beta1", "etcdmembers")
    try:
        members = items(await session.api.get(path, CACHED))
    except NotFound:
        members = []
    if not members:
        return voters.hidden("k0s")
    names = [one["metadata"]["name"] for one in members]
    told = await asyncio.gather(*(_controller(session, name, seen) for name in names))
    return voters.of_members(
        members, {name: up for name, up in zip(names, told, strict=True) if up is not None}
    )


async def _controller(session: Session, name: str, seen: Seen) -> bool | None:
    """Whether a controller renews its Lease; None where that cannot be read."""
    try:
        lease = await read_lease(session.api, NODES, f"k0s-ctrl-{name}")
    except EdgetuiError:
        return None
    return not lease.over(seen.clock(seen.at))
