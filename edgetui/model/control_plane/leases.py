"""API servers that are alive, and who leads the controllers, by the Leases of kube-system.

An API server renews a Lease of its own every 10 s (pkg/controlplane/apiserver: IdentityLeaseRenewIntervalPeriod) that
is kept for an hour after its end, so that what counts is the renewal. A leader renews every 2 s and is replaced after
15 (client-go, tools/leaderelection), where its distribution does not set that otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from edgetui.model.lease import Lease, lease_of
from edgetui.model.text import clean

NAMESPACE = "kube-system"
IDENTITY, API_SERVER = "apiserver.kubernetes.io/identity", "kube-apiserver"
HOSTNAME = "kubernetes.io/hostname"
ALIVE = 30.0
"""Seconds since its last renewal for which an API server counts as alive: three renewals."""
STALLED = 30.0
"""Seconds since the newest of all renewals from which either nothing is written any more, or the clocks differ."""
SCHEDULER, CONTROLLERS = "kube-scheduler", "kube-controller-manager"
_FIRST = (SCHEDULER, CONTROLLERS, "cloud-controller-manager")
_OF_DISTRIBUTIONS = ("k3s", "rke2", "k0s")
RESTLESS, RESTLESS_A_DAY = 10, 2.0
"""A leader that changed at least so often, and so often a day, is worth a look at its datastore's disk."""
_DAY = 86400.0


class Held(NamedTuple):
    """A Lease with its name. `identity` and `host` are what its labels say, `created` when it was made (Unix s)."""

    name: str
    lease: Lease
    identity: str = ""
    host: str = ""
    created: float = 0.0


class Server(NamedTuple):
    """An API server. `renewed` is when it last renewed its Lease (Unix s)."""

    name: str
    renewed: float
    alive: bool


class Leader(NamedTuple):
    """A part of the control plane of which one leads. `over` is whether its holder has not renewed it in time.

    `a_day` is how often the holder changed, as a mean over the life of the Lease; None where that is not told.
    """

    name: str
    holder: str
    lease: Lease
    over: bool
    a_day: float | None = None

    @property
    def restless(self) -> bool:
        """Whether the holder changes too often to be the work of a person."""
        often = self.lease.transitions is not None and self.lease.transitions >= RESTLESS
        return often and self.a_day is not None and self.a_day >= RESTLESS_A_DAY


def read_leases(items: Iterable[Any]) -> list[Held]:
    """The Leases of a list; one that has no name costs itself only."""
    found = []
    for one in items:
        meta = one.get("metadata") if isinstance(one, dict) else None
        if isinstance(meta, dict) and isinstance(meta.get("name"), str):
            labels = meta.get("labels")
            known = labels if isinstance(labels, dict) else {}
            made = lease_of({"spec": {"renewTime": meta.get("creationTimestamp")}}).renewed
            found.append(
                Held(
                    clean(meta["name"]),
                    lease_of(one),
                    clean(str(known.get(IDENTITY) or "")),
                    clean(str(known.get(HOSTNAME) or "")),
                    made,
                )
            )
    return found


def servers_of(leases: Sequence[Held], now: float) -> list[Server]:
    """The API servers, by name; `now` is by the clocks of the control plane."""
    found = [
        Server(one.host or one.name, one.lease.renewed, now - one.lease.renewed <= ALIVE)
        for one in leases
        if one.identity == API_SERVER
    ]
    return sorted(found, key=lambda one: (one.name, not one.alive))


def leaders_of(leases: Sequence[Held], now: float) -> list[Leader]:
    """Who leads what of the control plane; add-ons that elect a leader as well are left out."""
    found = [_leader(one, now) for one in leases if not one.identity and _is_control_plane(one.name)]
    return sorted(found, key=lambda one: (_rank(one.name), one.name))


def _leader(one: Held, now: float) -> Leader:
    days = max((now - one.created) / _DAY, 1.0) if one.created else None
    count = one.lease.transitions
    a_day = count / days if count is not None and days is not None else None
    return Leader(one.name, host_of(one.lease.holder), one.lease, one.lease.over(now), a_day)


def host_of(holder: str) -> str:
    """The host in the identity of a leader: "edge-1" of "edge-1_0f5c1c2e-…"."""
    return holder.partition("_")[0]


def _is_control_plane(name: str) -> bool:
    return name in _FIRST or "cloud-controller" in name or name.startswith(_OF_DISTRIBUTIONS)


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)
