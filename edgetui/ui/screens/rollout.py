"""A workload in full: its rollout, and its history, read when the screen is opened and when it has moved on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from edgetui import crash
from edgetui.actions.reading import an_object
from edgetui.actions.rollout.revisions import revisions_of
from edgetui.actions.scaling.vpa_keda_owner import scaled_object_of, vertical_advice
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.autoscaling.vpa_keda import Advice, ScaledObject
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.revision import Revision
from edgetui.model.rollout.status import verdict
from edgetui.ui.details import detail, workload
from edgetui.ui.spans import Span, Spans, line
from edgetui.ui.widgets.bars import KeyHint

from .detail import DetailScreen
from .revision_diff import RevisionDiffScreen

KINDS_OF_ROLLOUTS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})
AGAIN = 3.0
"""Seconds between two reads of a history that keeps changing."""


class RolloutScreen(DetailScreen):
    """The details of a workload, with its revisions."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("d", "diff", "differences", show=False)]

    def __init__(self, key: ObjectKey) -> None:
        super().__init__(key)
        self._history: Sequence[Revision] = ()
        self._advice: Sequence[Advice] | None = None
        self._keda: ScaledObject | None = None
        self._said = "reading the history…"
        self._read_for: object = None
        self._read_at = 0.0

    def on_mount(self) -> None:
        """Ask for the history too; Textual lets the base class do its part."""
        self._read_history()

    def on_screen_resume(self) -> None:
        """Back from a dialog, which may have paused KEDA: nothing watches that."""
        if self._keda is not None:
            self._read_history()

    def lines(self) -> Sequence[Spans]:
        """The rollout as the store knows it now, and its history as it was last read."""
        app = self.app
        store = app.fleet.stores[self.key.cluster]
        keys = "d what differs between two" if len(self._history) > 1 else ""
        owner = self._keda.words if self._keda else ""
        read = workload.Read(self._history, self._events, self._said, keys, self._advice or (), owner)
        out = detail(
            store,
            self.key,
            self.row(),
            app.now(),
            app.size.width,
            self._events,
            self._heard_events,
            build=partial(workload.lines, read=read),
        )
        if guard := app.guard_words(self.key):
            out.insert(1, line(Span(f"  {guard}", "warn")))
        return self.marked(out)

    def replaced(self) -> None:
        """Its history, its advice and KEDA are read again at once."""
        super().replaced()
        self._history, self._advice, self._keda = (), None, None
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
        if not isinstance(row, DeploymentRow | StatefulSetRow | DaemonSetRow):
            return None
        number = row.revision if isinstance(row, DeploymentRow) else 0
        return row.uid, row.generation, row.observed, number, verdict(row).done

    def _read_history(self) -> None:
        self._read_for, self._read_at = self._stage(), self.app.monotonic()
        self.run_worker(self._fetch_history(), exclusive=True, group="history", exit_on_error=False)

    async def _fetch_history(self) -> None:
        session = self.app.sessions.get(self.key.cluster)
        if session is None:
            self._said = "not connected"
        else:
            try:
                path = KINDS[self.key.kind].path(self.key.namespace, self.key.name)
                there = an_object(self.key.kind, await session.api.get(path))
                self._history, self._said = (
                    await revisions_of(session, self.key, there, self.app.flows.audit),
                    "",
                )
                if self._advice is None or self._keda is not None:
                    self._keda = await scaled_object_of(session, self.key)
                if self._advice is None:
                    self._advice = await vertical_advice(session, self.key)
            except EdgetuiError as error:
                known = "What stands here may have changed since. " if self._history else ""
                self._said = f"{known}{error}"
            except Exception as error:  # noqa: BLE001 - the edge of the task: a defect is told, never hidden
                self._said = crash.sentence(error)
        self.show_again()


def screen_of(key: ObjectKey) -> DetailScreen:
    """The screen that shows one object."""
    return RolloutScreen(key) if key.kind in KINDS_OF_ROLLOUTS else DetailScreen(key)
