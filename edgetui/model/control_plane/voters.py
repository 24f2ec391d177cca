"""Who votes in the datastore, and how many more losses stop writes, as far as the API tells it.

K3s and RKE2 say it with a role and a condition of their nodes (k3s-io/k3s, pkg/etcd: EtcdIsVoter), k0s with
EtcdMembers, kubeadm with the static pods in which it runs etcd. dqlite (MicroK8s) and SQL databases behind kine are
not in the API.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from edgetui.model.kinds.node import NodeRow
from edgetui.model.labels import value_of
from edgetui.model.text import clean, plural

ETCD_PODS = {"component": "etcd", "tier": "control-plane"}
"""The labels of the static pods in which kubeadm runs etcd, and RKE2 too."""
ETCD_ROLE, SERVER_ROLES = "etcd", ("control-plane", "master")
MICROK8S_SERVER = "node.kubernetes.io/microk8s-controlplane"
_CONDITION = "EtcdIsVoter"
_LEARNER, _OUTSIDE = "MemberIsLearner", "NotAMember"
_KINE = "--datastore-endpoint"


class Voter(NamedTuple):
    """A voter. `healthy` is None where nothing tells whether it is up, `why` says what is wrong with it."""

    name: str
    healthy: bool | None = True
    why: str = ""


class Voters(NamedTuple):
    """The datastore. `what` names it; without `voters` the API does not tell them, and `where` says what does.

    `learners` hold its data and have no vote yet. `alone` is the one node that has all its data, where that is known.
    """

    what: str
    voters: tuple[Voter, ...] = ()
    learners: tuple[str, ...] = ()
    where: str = ""
    alone: str = ""

    @property
    def needed(self) -> int:
        """How many have to agree."""
        return majority(len(self.voters))

    @property
    def healthy(self) -> int | None:
        """How many are up; None where that is not told of all."""
        if any(one.healthy is None for one in self.voters):
            return None
        return sum(bool(one.healthy) for one in self.voters)

    @property
    def spare(self) -> int | None:
        """How many may be lost with writes going on; negative where too few are up, None where that is not told."""
        return None if self.healthy is None or not self.voters else self.healthy - self.needed

    @property
    def words(self) -> str:
        """ "2 of 3 voters up, 2 needed: one more loss stops writes"; where they are told if they are not here."""
        if not self.voters:
            return self.where
        count, spare = len(self.voters), self.spare
        if spare is None:
            return f"{plural(count, 'voter')}, {self.needed} needed; which of them are up is not told"
        if count == 1 and spare == 0:
            return "1 voter, which is up: its loss stops writes"
        said = f"{self.healthy} of {plural(count, 'voter')} up, {self.needed} needed"
        if spare < 0:
            return f"{said}: too few to write"
        return f"{said}: {'one more loss stops writes' if spare == 0 else f'{spare + 1} losses stop writes'}"


def majority(voters: int) -> int:
    """How many of the datastore's voters it takes to write."""
    return voters // 2 + 1


def of_nodes(items: Iterable[Any], ready: Mapping[str, bool], distribution: str) -> Voters:
    """The voters of K3s and RKE2: the nodes with the role etcd, as objects. `ready` is whether a node is Ready."""
    learners: list[str] = []
    voters = _each(items, lambda node: _of_node(node, ready, learners))
    return Voters(f"etcd of {distribution or 'the servers'}", voters, tuple(sorted(learners)))


def _of_node(node: Any, ready: Mapping[str, bool], learners: list[str]) -> Voter | None:
    name, condition = clean(node["metadata"]["name"]), _condition(node, _CONDITION)
    reason = condition.get("reason") or ""
    if reason == _LEARNER:
        learners.append(name)
    if reason in (_LEARNER, _OUTSIDE):
        return None
    if not ready.get(name, False):
        return Voter(name, False, "its node is not Ready")
    if condition.get("status") == "False":
        said = clean(condition.get("message") or reason, 120)
        return Voter(name, False, said or "etcd says that it is not healthy")
    return Voter(name)


def of_pods(items: Iterable[Any], ready: Mapping[str, bool]) -> Voters:
    """The voters of kubeadm: the static pods of etcd, as objects. `ready` is whether a node is Ready, if known."""
    return Voters("etcd in static pods", _each(items, lambda pod: _of_pod(pod, ready)))


def _of_pod(pod: Any, ready: Mapping[str, bool]) -> Voter:
    name = clean((pod.get("spec") or {}).get("nodeName") or pod["metadata"]["name"])
    if not ready.get(name, True):
        return Voter(name, False, "its node is not Ready")
    if _condition(pod, "Ready").get("status") != "True":
        return Voter(name, False, "its pod is not Ready")
    return Voter(name)


def of_members(items: Iterable[Any], alive: Mapping[str, bool]) -> Voters:
    """The voters of k0s: EtcdMembers, as objects. `alive` is by their controllers' Leases, where these are there."""
    return Voters("etcd of the k0s controllers", _each(items, lambda member: _of_member(member, alive)))


def _of_member(member: Any, alive: Mapping[str, bool]) -> Voter | None:
    name = clean(member["metadata"]["name"])
    if _condition(member, "Joined").get("status") == "False":
        return None
    up = alive.get(name)
    return Voter(name, up, "its controller does not renew its Lease" if up is False else "")


def _each(items: Iterable[Any], voter: Callable[[Any], Voter | None]) -> tuple[Voter, ...]:
    """Those that are down first; an object of another shape costs itself only."""
    found = []
    for one in items:
        with suppress(KeyError, TypeError, AttributeError):
            made = voter(one)
            if made is not None:
                found.append(made)
    return tuple(sorted(found, key=lambda one: (one.healthy is not False, one.name)))


def _condition(there: Any, type_: str) -> Mapping[str, Any]:
    conditions = (there.get("status") or {}).get("conditions") or ()
    found: Mapping[str, Any] = next((one for one in conditions if one.get("type") == type_), {})
    return found


def hidden(distribution: str, servers: Iterable[Any] = ()) -> Voters:
    """What is known where the API tells of no voters; `servers` are the control plane's nodes, as objects."""
    if distribution == "MicroK8s":
        return Voters("dqlite", where="its voters are not in the API: `microk8s status` on a host names them")
    if distribution == "K3s":
        return _behind_kine(list(servers))
    if distribution == "k0s":
        return Voters("SQL behind kine", where="k0s has no EtcdMembers here: its database is not in the API")
    if distribution == "Talos":
        return Voters("etcd of Talos", where="it runs outside Kubernetes: `talosctl etcd members` lists it")
    return Voters("datastore", where="the API does not tell what it is, nor who votes in it")


def _behind_kine(servers: list[Any]) -> Voters:
    """K3s without etcd: its own SQLite on the one server, or an SQL database or etcd elsewhere."""
    arguments = [str(_annotations(one).get("k3s.io/node-args") or "") for one in servers]
    if any(_KINE in one for one in arguments):
        return Voters("external datastore", where=f"K3s was given {_KINE}: that database is not in the API")
    if len(servers) == 1:
        name = clean(servers[0]["metadata"]["name"])
        return Voters("SQLite", where=f"one file on {name}", alone=name)
    return Voters("SQL behind kine", where="it is not in the API")


def _annotations(there: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = there["metadata"].get("annotations") or {}
    return found


def is_server(node: NodeRow) -> bool:
    """Whether the control plane runs on a node, as its roles say; MicroK8s has a label of its own."""
    return (
        bool({*SERVER_ROLES, ETCD_ROLE}.intersection(node.roles))
        or value_of(node, MICROK8S_SERVER) is not None
    )
