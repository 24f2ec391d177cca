"""A workload in full: its rollout, and its history, read when the screen is opened and when it has moved on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from edgetui.actions.reading import an_object
from edgetui.actions.rollout.revisions import revisions_of
from edgetui.actions.scaling.vpa_keda_owner import scaled_object_of, vpa_recommendations
from edgetui.model.autoscaling.vpa_keda import Recommendation, ScaledObject
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.workload import RolloutRow
from edgetui.model.rollout.revision import Revision
from edgetui.model.rollout.status import verdict
from edgetui.ui.details import Build, workload
from edgetui.ui.later import attempt, later
from edgetui.ui.widgets.bars import KeyHint

from .detail import DetailScreen
from .revision_diff import RevisionDiffScreen

if TYPE_CHECKING:
    from edgetui.actions.session import Session

AGAIN = 3.0
"""Seconds between two reads of a history that keeps changing."""


class RolloutScreen(DetailScreen):
    """The details of a workload, with its revisions."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "diff", "differences", show=False)]

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._history: Sequence[Revision] = ()
        self._recommendations: Sequence[Recommendation] | None = None
        self._keda: ScaledObject | None = None
        self._said = "reading the history…"
        self._read_for: object = None
        self._read_at = 0.0

    def on_mount(self) -> None:
        """Ask for the history too; Textual lets the base class do its part."""
        self._read_history()

    def on_screen_resume(self) -> None:
        """Back from a dialog, which may have paused KEDA: nothing watches that either."""
        if self._keda is not None:
            self._read_history()

    def build(self) -> Build:
        """With the history as it was last read."""
        keys = "d what differs between two" if len(self._history) > 1 else ""
        owner = self._keda.words if self._keda else ""
        read = workload.Read(
            self._history, self._events, self._said, keys, self._recommendations or (), owner
        )
        return partial(workload.lines, read=read)

    def replaced(self) -> None:
        """Its history, its recommendations and KEDA are read again at once."""
        super().replaced()
        self._history, self._recommendations, self._keda = (), None, None
        self._said, self._read_for, self._read_at = "reading the history…", None, -AGAIN

    def hints(self) -> list[KeyHint]:
        """Those of every object, and the differences."""
        more = [KeyHint("d", "diff")] if len(self._history) > 1 else []
        return [*super().hints(), *more]

    def tick(self) -> None:
        """A second passed; a history that has moved on is read again."""
        super().tick()
        if self._stage() != self._read_for and self.app.monotonic() - self._read_at >= AGAIN:
            self._read_history()

    def action_diff(self) -> None:
        """Show what differs between two revisions."""
        if len(self._history) > 1:
            self.app.push_screen(RevisionDiffScreen(self.key, tuple(self._history)))
        else:
            self.app.flash(self._said or "There is only one revision: nothing differs.")

    def _stage(self) -> object:
        """What a change of the history shows in: the template, and whether its rollout is complete."""
        row = self.app.fleet.find(self.key)
        if not isinstance(row, RolloutRow):
            return None
        number = row.revision if isinstance(row, DeploymentRow) else 0
        return row.uid, row.generation, row.observed, number, verdict(row).done

    def _read_history(self) -> None:
        self._read_for, self._read_at = self._stage(), self.app.monotonic()
        self.run_worker(later(self._fetch_history), exclusive=True, group="history", exit_on_error=False)

    async def _fetch_history(self) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            self._said = "not connected"
        else:
            failed = await attempt(self._fetch_from(session))
            if failed is not None:
                known = "What stands here may have changed since. " if self._history else ""
                self._said = f"{known}{failed}"
        self.show_again()

    async def _fetch_from(self, session: Session) -> None:
        path = session.api.kind(self.key.kind).path(self.key.namespace, self.key.name)
        there = an_object(self.key.kind, await session.api.get(path))
        self._history = await revisions_of(session, self.key, there, self.app.flows.audit)
        self._said = ""
        if self._recommendations is None or self._keda is not None:
            self._keda = await scaled_object_of(session, self.key)
        if self._recommendations is None:
            self._recommendations = await vpa_recommendations(session, self.key)
