"""A Service in full: beside what every object has, the Lease by which kube-vip says who holds its address."""

from __future__ import annotations

from functools import partial

from edgetui.cluster.api.leases import read_lease
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.lease import Lease
from edgetui.model.traffic.holders import KUBE_VIP, holder_of
from edgetui.ui.details import Build, service
from edgetui.ui.later import later
from edgetui.ui.screens.detail import DetailScreen

AGAIN = 5.0
"""Seconds between two looks at the Lease: kube-vip renews it every 2 and gives it up after 15."""


class ServiceScreen(DetailScreen):
    """The details of a Service. The Lease is read only where nothing but kube-vip can hold its address."""

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._lease: Lease | None = None
        self._read_at = -AGAIN

    def on_mount(self) -> None:
        """Ask for the Lease too; Textual lets the base class do its part."""
        self._look()

    def tick(self) -> None:
        """A second passed."""
        super().tick()
        self._look()

    def build(self) -> Build:
        """With its Lease as it was last read."""
        return partial(service.lines, lease=self._lease)

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
