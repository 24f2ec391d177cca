"""A Service in full: beside what every object has, who holds its address by kube-vip, and how the cluster spreads."""

from __future__ import annotations

from functools import partial

from edgetui.cluster.api.leases import read_lease
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import UNHEARD
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.lease import Lease
from edgetui.model.traffic.holders import KUBE_VIP, holder_of
from edgetui.model.traffic.routing import is_proxied
from edgetui.model.traffic.spread import Spread
from edgetui.ui.details import Build, service
from edgetui.ui.last_seen import spreads
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.detail import DetailScreen

AGAIN = 5.0
"""Seconds between two looks at the Lease: kube-vip renews it every 2 and gives it up after 15."""
KEPT, FAILED = 600.0, 60.0
"""Seconds until it is asked again how a cluster spreads connections (kube-proxy reads its settings as it starts), and
until then where no answer came."""


class ServiceScreen(DetailScreen):
    """The details of a Service. The Lease is read only where nothing but kube-vip can hold its address.

    How connections are spread is asked for once for all Services of a cluster, with the first that has an address.
    """

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._lease: Lease | None = None
        self._read_at = -AGAIN
        self._spread: Spread | None = None
        self._spread_due = 0.0

    def on_mount(self) -> None:
        """Ask for the Lease and the spread too; Textual lets the base class do its part."""
        self._look()
        self._look_at_spread()

    def tick(self) -> None:
        """A second passed."""
        super().tick()
        self._look()
        self._look_at_spread()

    def build(self) -> Build:
        """With its Lease as it was last read, and how the cluster spreads connections."""
        return partial(service.lines, lease=self._lease, spread=self._spread)

    def _look(self) -> None:
        row, now = self.row(), self.app.monotonic()
        if not isinstance(row, ServiceRow) or now - self._read_at < AGAIN:
            return
        holder = holder_of(self.app.fleet.stores[self.key.cluster], row)
        if holder is not None and holder.by in ("", KUBE_VIP):
            self._read_at = now
            self.run_worker(later(self._read), group="lease", exclusive=True, exit_on_error=False)

    async def _read(self) -> None:
        """That of the Service alone, or the one of all Services, as kube-vip was told to elect."""
        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            return
        own = (self.key.namespace, f"kubevip-{self.key.name}")
        for namespace, name in (own, ("kube-system", "plndr-svcs-lock")):
            try:
                self._lease = await read_lease(session.api, namespace, name)
            except EdgetuiError:
                continue  # kube-vip is not there, or its Leases may not be read: then the page says what it knows
            self.show_again()
            return
        self._lease = None

    def _look_at_spread(self) -> None:
        """Once it is known which agents the cluster runs: they say where to look."""
        row, now = self.row(), self.app.monotonic()
        agents = self.app.fleet.stores[self.key.cluster].freshness(DAEMON_SET)
        if now < self._spread_due or agents.sync in UNHEARD:
            return
        if isinstance(row, ServiceRow) and is_proxied(row):
            self._spread_due = now + KEPT
            self.run_worker(later(self._read_spread), group="spread", exit_on_error=False)

    async def _read_spread(self) -> None:
        from edgetui.cluster.api.spread import read_spread

        session, now = self.app.sessions.get(self.key.cluster), self.app.monotonic()
        if session is None:
            return
        until, known = spreads.get(session, (0.0, None))
        if known is None or now >= until:
            found = await attempt(read_spread(session.api, self.app.fleet.stores[self.key.cluster]))
            if isinstance(found, EdgetuiError):
                until, known = now + FAILED, Spread(why=str(found))
            else:
                until, known = now + KEPT, found
            spreads[session] = (until, known)
        self._spread, self._spread_due = known, until
        self.show_again()
