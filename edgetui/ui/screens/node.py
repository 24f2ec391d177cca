"""A node in full: beside what every object has, its Lease, and what becomes of its pods while it is not Ready."""

from __future__ import annotations

from functools import partial

from edgetui.cluster.api.leases import NODES, read_lease
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.endpointslice import ENDPOINT_SLICE
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import POD
from edgetui.model.lease import Lease
from edgetui.model.node.failure import RENEWED_EVERY, evictions_of
from edgetui.model.node.loss import prospects
from edgetui.model.node.unplug import Known
from edgetui.ui.details import Build, node
from edgetui.ui.later import attempt, later
from edgetui.ui.screens.detail import DetailScreen

FORESEE_AGAIN = 30.0
"""Seconds between two readings of all that a forecast needs, while the node is not Ready."""


class NodeScreen(DetailScreen):
    """The details of a node, with the way in which it fails, comes back or joins."""

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._lease: Lease | None = None
        self._no_lease = ""
        self._known: Known | None = None
        self._not_known = ""
        self._leased_at = -RENEWED_EVERY
        self._foreseen_at = -FORESEE_AGAIN
        self._out = False

    def on_mount(self) -> None:
        """Ask for the Lease too; Textual lets the base class do its part."""
        self._look()

    def tick(self) -> None:
        """A second passed."""
        super().tick()
        self._look()

    def replaced(self) -> None:
        """Another node has the name: what was read is of the one before."""
        super().replaced()
        self._lease, self._known = None, None
        self._leased_at, self._foreseen_at = -RENEWED_EVERY, -FORESEE_AGAIN

    def build(self) -> Build:
        """With what was read beside the store."""
        row, foreseen = self.row(), None
        if self._known is not None and isinstance(row, NodeRow) and self._lost:
            store = self.app.fleet.stores[self.key.cluster]
            suspended = evictions_of(store, row).suspended
            foreseen = prospects(self._known.cluster, self.key.name, suspended=suspended)
            if store.freshness(POD).sync is Sync.LIVE:
                there = {pod.uid for pod in store.carried_by({self.key.name})}
                foreseen = [one for one in foreseen if one.pod.uid in there]
        read = node.Read(
            self.app.samples(self.key),
            self._lease,
            self._no_lease,
            foreseen,
            self._not_known if self._lost else "",
        )
        return partial(node.lines, read=read)

    @property
    def _lost(self) -> bool:
        row = self.row()
        return isinstance(row, NodeRow) and row.ready not in ("", "True")

    def _wanted(self) -> frozenset[str]:
        """While the node is not Ready, the endpoints that may still lead to it."""
        return super()._wanted() | (frozenset({ENDPOINT_SLICE}) if self._lost else frozenset())

    def _look(self) -> None:
        now = self.app.monotonic()
        if now - self._leased_at >= RENEWED_EVERY:
            self._leased_at = now
            self.run_worker(later(self._read_lease), group="lease", exclusive=True, exit_on_error=False)
        row = self.row()
        out = isinstance(row, NodeRow) and row.out_of_service
        if out is not self._out:
            self._out, self._foreseen_at = out, -FORESEE_AGAIN
        if not self._lost or now - self._foreseen_at < FORESEE_AGAIN:
            return
        self._foreseen_at = now
        if self.app.fleet.stores[self.key.cluster].wire.wire is Wire.THIN:
            self._not_known = "not read over a link as slow as this; :unplug asks for it"
        else:
            self.run_worker(later(self._foresee), group="foresee", exclusive=True, exit_on_error=False)

    async def _read_lease(self) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            return
        found = await attempt(read_lease(session.api, NODES, self.key.name))
        if isinstance(found, EdgetuiError):
            self._no_lease = found.sentence
        else:
            self._lease, self._no_lease = found, ""
        self.show_again()

    async def _foresee(self) -> None:
        # It loads the actions' own code, of which a healthy node has no need.
        from edgetui.actions.nodes.foresee import read

        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            return
        found = await attempt(read(session))
        if isinstance(found, EdgetuiError):
            self._not_known = found.sentence
        else:
            self._known, self._not_known = found, ""
        self.show_again()
