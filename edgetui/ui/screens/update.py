"""An update of hosts in full: beside what every object has, which nodes have its images already."""

from __future__ import annotations

from functools import partial

from edgetui.model.cache.wireprofile import Wire
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.nodeupgradejob import NODE_UPGRADE_JOB
from edgetui.model.kinds.plan import PLAN
from edgetui.model.update.pulls import ReadPulls
from edgetui.ui.details import Build, update
from edgetui.ui.later import later
from edgetui.ui.screens.detail import DetailScreen

_NAMES_IMAGES = frozenset({PLAN, NODE_UPGRADE_JOB})
"""The kinds whose objects name the images that they need, and do not tell who has them."""
AGAIN = 60.0
"""Seconds between two readings of what nodes list and kubelets tell: some 10 KB for each node."""


class UpdateScreen(DetailScreen):
    """The details of an update."""

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._pulls = ReadPulls(not_listed="asking…")
        self._pulls_at = -AGAIN

    def on_mount(self) -> None:
        """Ask for the images too; Textual lets the base class do its part."""
        self._look()

    def tick(self) -> None:
        """A second passed."""
        super().tick()
        self._look()

    def build(self) -> Build:
        """With what was read of images."""
        kind = self.app.fleet.stores[self.key.cluster].kinds[self.key.kind]
        return partial(update.lines, kind=kind, read=self._pulls)

    def _look(self) -> None:
        now = self.app.monotonic()
        if self.key.kind not in _NAMES_IMAGES or now - self._pulls_at < AGAIN:
            return
        self._pulls_at = now
        if self.app.fleet.stores[self.key.cluster].wire.wire is Wire.THIN:
            why = "not asked for over a link as slow as this"
            self._pulls = ReadPulls(not_listed=why, not_heard=why)
        else:
            self.run_worker(later(self._read_pulls), group="pulls", exclusive=True, exit_on_error=False)

    async def _read_pulls(self) -> None:
        from edgetui.actions.nodes.image_pulls import read_pulls

        session = self.app.sessions.get(self.key.cluster)
        if session is not None:
            self._pulls = await read_pulls(session, self.key.namespace)
            self.show_again()
