"""The keys that act: which work on what is under the cursor, and what pressing one begins or is told."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.timer import Timer

from edgetui.actions.catalogue import ACTIONS, Action
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.deployment import DeploymentRow

from .keymap import actions_for, kind_word
from .widgets.bars import KeyHint

if TYPE_CHECKING:
    from .app import EdgetuiApp

LOAD_AFTER = 1.0
"""Seconds from the first row to the loading of the actions: it must not hold up the rows that still come."""


class ActionKeys:
    """Those of one app."""

    def __init__(self, app: EdgetuiApp) -> None:
        self._app = app
        self._loading: Timer | None = None

    def hints(
        self, key: ObjectKey | None, kinds: Sequence[str], looks: Sequence[KeyHint] = ()
    ) -> list[KeyHint]:
        """The actions for what is under the cursor, with the reason where one does not work.

        `looks` are keys that only look; they stand before the actions that a short footer has no room for. A key that
        takes something back always has room.
        """
        kind = key.kind if key is not None else (kinds[0] if kinds else "")
        hints = []
        for action in actions_for(kind):
            shown, label = self._app.key_of(action.id, action.key), self.label(action, key)
            takes_back = label != action.label
            hints.append((action.front or takes_back, KeyHint(shown, label, self._off(action.id, key))))
        front = [hint for first, hint in hints if first]
        return [*front, *looks, *(hint for first, hint in hints if not first)]

    def label(self, action: Action, key: ObjectKey | None) -> str:
        """What an action would do to an object now: the same key takes a pause back, and a guard."""
        row = self._app.fleet.find(key) if action.id == "pause" and key is not None else None
        if isinstance(row, DeploymentRow) and row.paused:
            return ACTIONS["resume"].label
        flows = self._app.loaded_flows
        if action.id == "guard" and flows is not None and key in flows.guards:
            return "cancel guard"
        return action.label

    def _off(self, action_id: str, key: ObjectKey | None) -> str:
        if self._app.options.read_only:
            return "read-only"
        if key is None:
            return "no row"
        flows = self._app.loaded_flows
        return flows.missing(action_id, key) if flows is not None else ""

    def rests(self, key: ObjectKey | None) -> None:
        """The cursor is on another object: what may be done with it is looked up when it stays there."""
        if key is None or not self._app.sessions:
            return
        if (flows := self._app.loaded_flows) is not None:
            flows.look_up_rights(key)
        elif self._loading is None:
            self._loading = self._app.set_timer(LOAD_AFTER, self._load_flows)

    async def _load_flows(self) -> None:
        """The actions' code is loaded beside the running screen, so that the first key press finds it there."""
        await asyncio.to_thread(importlib.import_module, "edgetui.ui.flows")
        self._app.samples(None)
        if self._app.main.target is not None:
            self._app.flows.look_up_rights(self._app.main.target.key)

    def act(self, action_id: str, target: ObjectRef | None, settled: bool, number: int | None = None) -> None:
        """Begin an action on `target`, or say why not; `number` answers its first question."""
        if target is None:
            self._app.flash("There is nothing under the cursor.")
        elif not settled:
            self._app.flash("The row just changed by itself. Look, then press the key again.")
        else:
            self.act_in_turn(action_id, [target], number)

    def act_in_turn(self, action_id: str, targets: Sequence[ObjectRef], number: int | None = None) -> None:
        """Begin an action on each of these objects, one after the other; or say why not on the first that refuses."""
        for target in targets:
            if refusal := self._refusal(action_id, target):
                self._app.flash(refusal)
                if target.key.cluster in self._app.sessions:
                    self._app.flows.look_up_rights(target.key)
                return
        self._app.flows.begin(action_id, *targets, number=number)

    def _refusal(self, action_id: str, target: ObjectRef) -> str:
        """Why an action cannot begin on an object, empty when it can."""
        if self._app.options.read_only:
            return "edgetui was started read-only; start it without --read-only to change anything."
        if not any(action.id == action_id for action in actions_for(target.key.kind)):
            return f"That key does not work on {object_words(target.key)}. ? lists what works where."
        if target.key.cluster not in self._app.sessions:
            return f"{target.key.cluster} is not connected."
        return ""


def object_words(key: ObjectKey) -> str:
    """An object named in full: "deployment press in line-2 on plant"."""
    where = f" in {key.namespace}" if key.namespace else ""
    return f"{kind_word(key.kind)} {key.name}{where} on {key.cluster}"
