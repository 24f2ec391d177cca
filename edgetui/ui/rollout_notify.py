"""Rollouts whose end a person wants to hear of."""

from __future__ import annotations

from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import BAD, FINE, UNSURE, PaneRow, State
from edgetui.model.view.fleet import FleetView


class Endings:
    """The rollouts that are waited for. `view` is that of the rollouts pane."""

    def __init__(self, view: FleetView) -> None:
        self._view = view
        self._waiting: dict[ObjectKey, tuple[str, int]] = {}

    def wait(self, key: ObjectKey) -> bool:
        """Wait for the end of a rollout; False when it is not under way."""
        row = self._view.row(key)
        if row is None or row.severity in (FINE, UNSURE):
            return False
        self._waiting[key] = row.uid, row.severity
        return True

    def ended(self) -> list[tuple[ObjectKey, str]]:
        """Those that have ended since the last call, and how. One that was stuck already has to get well."""
        found = []
        for key, (uid, began) in list(self._waiting.items()):
            row = self._view.row(key)
            if row is None or (uid and row.uid and row.uid != uid):
                found.append((key, "is gone"))
            elif row.severity == FINE or (row.severity == BAD and began != BAD):
                found.append((key, _words(self._view, row)))
            else:
                continue
            del self._waiting[key]
        return found


def _words(view: FleetView, row: PaneRow) -> str:
    state: State = view.pane.value(row, "state")
    return state.words
