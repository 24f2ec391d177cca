"""A rollout whose end a person wants to hear of."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import object_words
from edgetui.model.panes.base import BAD, FINE, UNSURE, PaneRow, State
from edgetui.model.view.fleet import FleetView
from edgetui.ui.background.job import BackgroundJob


class FollowedRollout(BackgroundJob):
    """One that is under way in the rows of `view`, that of the rollouts pane.

    `end` takes it from the list, `show` opens its object; `began` is in seconds of the app's `monotonic`.
    """

    note = "the terminal rings when its rollout has ended"
    stops = "Ring no more"

    def __init__(
        self,
        view: FleetView,
        row: PaneRow,
        began: float,
        *,
        end: Callable[[BackgroundJob], None],
        show: Callable[[ObjectKey], None],
    ) -> None:
        super().__init__(f"Rollout of {object_words(row.key)}", began)
        self.key = row.key
        self.about = frozenset([row.key])
        self._view, self._end, self._show = view, end, show
        self._uid, self._severity = row.uid, row.severity

    @property
    def says(self) -> str:
        """The rollout's state, and that it is gone."""
        row = self._row
        return _words(self._view, row) if row is not None else "is gone"

    @property
    def over(self) -> bool:
        """Whether it has ended: complete, failed or gone. One that was stuck already has to get well."""
        row = self._row
        return row is None or row.severity == FINE or (row.severity == BAD and self._severity != BAD)

    @property
    def _row(self) -> PaneRow | None:
        """Its row; None too where that is of another object of the same name by now."""
        row = self._view.row(self.key)
        another = row is not None and self._uid and row.uid and row.uid != self._uid
        return None if another else row

    def attend(self) -> None:
        """Open the object."""
        self._show(self.key)

    def cancel(self) -> None:
        """Follow it no longer."""
        self._end(self)


def under_way(view: FleetView, key: ObjectKey) -> PaneRow | None:
    """The row of a rollout that can be waited for; None when it is not under way."""
    row = view.row(key)
    return None if row is None or row.severity in (FINE, UNSURE) else row


def _words(view: FleetView, row: PaneRow) -> str:
    state: State = view.pane.value(row, "state")
    return state.words
