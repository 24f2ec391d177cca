"""The answer before a node is drained, rebooted or cut off: what it takes along beside its pods.

Services that stand on it alone, addresses that it holds, controllers whose every pod is there, and the votes that the
datastore needs to write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from edgetui.model.cache.store import Store
from edgetui.model.control_plane.voters import ETCD_PODS, ETCD_ROLE, is_server, majority
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.service import SERVICE, ServiceRow
from edgetui.model.node.demand import Demand
from edgetui.model.node.forecast import Cluster, Drained, Fate, drained
from edgetui.model.node.zones import Evictions, evictions
from edgetui.model.panes.services import endpoints_of
from edgetui.model.text import plural, verb
from edgetui.model.traffic.holders import holder_of
from edgetui.model.traffic.reach import endpoints_of_port


class ServiceLoss(NamedTuple):
    """A Service that loses hosts. `left` of `hosts` stay; `moves` is how many of its pods find another node."""

    namespace: str
    name: str
    hosts: int
    left: int
    moves: int

    @property
    def stops(self) -> bool:
        """Whether no endpoint is left meanwhile."""
        return not self.left


class AddressLoss(NamedTuple):
    """An address of a Service that is held by nobody but the nodes in question. `by` is what gave it away."""

    namespace: str
    name: str
    addresses: tuple[str, ...]
    by: str


class Quorum(NamedTuple):
    """The datastore's votes: of `voters`, `stay` are Ready and stay. Without `voters` the API does not tell."""

    voters: int
    leave: int
    stay: int
    words: str

    @property
    def lost(self) -> bool:
        """Whether nothing can be written any more."""
        return bool(self.leave) and self.stay < majority(self.voters)


class Known(NamedTuple):
    """What was read of a cluster: its objects for the forecast, as rows, and what could not be read, in sentences."""

    cluster: Cluster
    store: Store
    unseen: tuple[str, ...] = ()


class CutOff(NamedTuple):
    """What a power cut would do in place of a drain: whether pods are evicted at all, and how many never move."""

    evictions: Evictions
    numbered: int


class Answer(NamedTuple):
    """All that is foretold of some nodes."""

    drained: Drained
    services: tuple[ServiceLoss, ...]
    addresses: tuple[AddressLoss, ...]
    sole: tuple[str, ...]
    quorum: Quorum
    cut: CutOff
    unseen: tuple[str, ...] = ()


def answer(known: Known, nodes: Collection[str]) -> Answer:
    """What happens when these nodes, of which the cluster has at least one, are drained together."""
    found = drained(known.cluster, nodes)
    return Answer(
        found,
        tuple(_services(known.store, found)),
        tuple(_addresses(known.store, nodes)),
        tuple(_sole(known.cluster, nodes)),
        _quorum(known, nodes),
        _cut(known, nodes),
        known.unseen,
    )


def _in_order(store: Store) -> list[ServiceRow]:
    rows = (row for row in store.rows(SERVICE) if isinstance(row, ServiceRow))
    return sorted(rows, key=lambda one: (one.namespace, one.name))


def _services(store: Store, found: Drained) -> Iterator[ServiceLoss]:
    moving = {(one.pod.namespace, one.pod.name) for one in found.of(Fate.MOVES)}
    for row in _in_order(store):
        if row.elsewhere:
            continue
        counted = endpoints_of(store, row)
        hosts = {host for host in counted.hosts if host} if counted is not None else set()
        if not hosts.intersection(found.nodes):
            continue
        pods = {
            one.pod
            for port in row.ports
            for one in endpoints_of_port(store, row, port)
            if one.node in found.nodes and (row.namespace, one.pod) in moving
        }
        yield ServiceLoss(row.namespace, row.name, len(hosts), len(hosts.difference(found.nodes)), len(pods))


def _addresses(store: Store, nodes: Collection[str]) -> Iterator[AddressLoss]:
    for row in _in_order(store):
        holder = holder_of(store, row)
        if holder is not None and holder.nodes and not set(holder.nodes).difference(nodes):
            yield AddressLoss(row.namespace, row.name, row.external, holder.by)


def _sole(cluster: Cluster, nodes: Collection[str]) -> list[str]:
    """What has all its pods on these nodes, in words: "line-2/press"."""
    owned: dict[str, list[Demand]] = {}
    for pod in cluster.pods:
        if pod.owner_uid and not (pod.finished or pod.daemon or pod.static):
            owned.setdefault(pod.owner_uid, []).append(pod)
    return sorted(
        f"{pods[0].namespace}/{_workload(pods[0])}"
        for pods in owned.values()
        if all(pod.node in nodes for pod in pods)
    )


def _workload(pod: Demand) -> str:
    """The name of what a person made: that of a Deployment ends before the hash of its template."""
    hash_ = pod.labels.get("pod-template-hash")
    return pod.owner_name.removesuffix(f"-{hash_}") if hash_ else pod.owner_name


def _quorum(known: Known, nodes: Collection[str]) -> Quorum:
    rows = {row.name: row for row in known.store.rows(NODE) if isinstance(row, NodeRow)}
    voters = {name for name, row in rows.items() if ETCD_ROLE in row.roles}
    voters |= {
        pod.node for pod in known.cluster.pods if pod.static and ETCD_PODS.items() <= pod.labels.items()
    }
    if not voters:
        servers = {name for name, row in rows.items() if is_server(row)}
        leave = servers.intersection(nodes)
        told = (
            f"{len(leave)} of {plural(len(servers), 'server')} {verb(len(leave), 'leaves', 'leave')}"
            if leave
            else "no server leaves"
        )
        return Quorum(0, len(leave), 0, f"{told}; where the datastore is, the API does not tell")
    ready = {name for name in voters if (row := rows.get(name)) is not None and row.is_ready}
    leave, stay, needed = voters.intersection(nodes), ready.difference(nodes), majority(len(voters))
    if not leave:
        return Quorum(
            len(voters),
            0,
            len(stay),
            f"no voter leaves; {len(stay)} of {len(voters)} {verb(len(stay), 'is', 'are')} Ready",
        )
    if len(stay) < needed:
        after = "writes stop"
    else:
        after = "one more loss stops writes" if len(stay) == needed else "writes go on"
    goes = f"{len(leave)} of {plural(len(voters), 'voter')} {verb(len(leave), 'goes', 'go')}"
    told = f"{goes}, {plural(len(stay), 'Ready one')} left, {needed} needed"
    return Quorum(len(voters), len(leave), len(stay), f"{told}: {after}")


def _cut(known: Known, nodes: Collection[str]) -> CutOff:
    rows = [row for row in known.store.rows(NODE) if isinstance(row, NodeRow)]
    after = [replace(row, ready="Unknown") if row.name in nodes else row for row in rows]
    first = next(row for row in after if row.name in nodes)
    pods = (pod for pod in known.cluster.on(nodes) if not (pod.finished or pod.static))
    return CutOff(evictions(after, first), sum(pod.numbered for pod in pods))


def short_form(found: Answer) -> list[str]:
    """The findings that a confirmation shows, the worst first; nothing where nothing is lost."""
    out = []
    if found.quorum.lost:
        out.append(f"The datastore: {found.quorum.words}.")
    stopped = [one for one in found.services if one.stops]
    if stopped:
        out.append(f"{_named(stopped)} {verb(len(stopped), 'loses', 'lose')} the only host meanwhile.")
    nowhere = found.drained.of(Fate.NOWHERE)
    if nowhere:
        out.append(
            f"{_first(nowhere[0].pod.words, len(nowhere))} {verb(len(nowhere), 'fits', 'fit')} nowhere else: "
            f"{nowhere[0].why}."
        )
    if found.addresses:
        words = (
            ", ".join(found.addresses[0].addresses)
            or f"{found.addresses[0].namespace}/{found.addresses[0].name}"
        )
        out.append(f"{_first(words, len(found.addresses))}: held by nobody else ({found.addresses[0].by}).")
    if found.sole:
        out.append(f"{_first(found.sole[0], len(found.sole))}: every pod is there.")
    return out


def _named(lost: list[ServiceLoss]) -> str:
    return f"Service {_first(f'{lost[0].namespace}/{lost[0].name}', len(lost))}"


def _first(words: str, count: int) -> str:
    return words if count == 1 else f"{words} and {count - 1} more"
