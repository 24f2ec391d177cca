"""The keys that act: which work on what is under the cursor, and what pressing one begins or is told."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from textual.timer import Timer

from edgetui.actions.catalogue import ACTIONS, Action
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import kind_word, object_words

from .keymap import actions_for
from .widgets.bars import KeyHint

if TYPE_CHECKING:
    from .shell import Shell


class Why(NamedTuple):
    """Why an action does not work: in a few words for a key, and as a sentence where it must not begin."""

    short: str
    sentence: str


LOAD_AFTER = 1.0
"""Seconds from the first row to the loading of the actions: it must not hold up the rows that still come."""


class ActionKeys:
    """Those of one app."""

    def __init__(self, app: Shell) -> None:
        self._app = app
        self._loading: Timer | None = None

    def hints(
        self, key: ObjectKey | None, kinds: Sequence[str], looks: Sequence[KeyHint] = ()
    ) -> list[KeyHint]:
        """The actions for what is under the cursor, with the reason where one does not work.

        `looks` are keys that only look. The most used actions have their key here, and so has one that takes something
        back; the menu has them all.
        """
        kind = key.kind if key is not None else (kinds[0] if kinds else "")
        hints = []
        for action in actions_for(kind):
            label = self.label(action, key)
            if action.front or label != action.label:
                why = self.why_not(self.meant(action, key), key)
                shown = self._app.key_of(action.id, action.key)
                hints.append(KeyHint(shown, label, why.short if why else ""))
        return [*hints, KeyHint(self._app.key_of("actions", "."), "actions"), *looks]

    def meant(self, action: Action, key: ObjectKey | None) -> Action:
        """The action that a key stands for now: that of a paused deployment resumes it, on a Rollout it is its own."""
        if key is not None and key.kind in action.instead:
            return self.meant(ACTIONS[action.instead[key.kind]], key)
        field, other = action.turns
        row = self._app.fleet.find(key) if field and key is not None else None
        return ACTIONS[other] if row is not None and getattr(row, field, False) else action

    def label(self, action: Action, key: ObjectKey | None) -> str:
        """What an action would do to an object now: the same key takes a pause back, and cancels a guard."""
        if any(job.toggled_by(action.id) and key in job.about for job in self._app.jobs):
            return f"cancel {action.label}"
        return self.meant(action, key).label

    def why_not(self, action: Action, key: ObjectKey | None) -> Why | None:
        """Why an action does not work on an object, None where it does: for footer, key, menu and command alike."""
        if self._app.options.read_only:
            return Why(
                "read-only", "edgetui was started read-only; start it without --read-only to change anything."
            )
        if key is None:
            return Why("no row", "There is nothing under the cursor.")
        if not action.works_on(key.kind):
            words = f"{action.heading} does not work on {object_words(key)}. ? lists what works where."
            return Why(f"not on a {kind_word(key.kind)}", action.left.get(key.kind, words))
        field, words = action.unless
        if field and getattr(self._app.fleet.find(key), field, False):
            return Why(words, f"{action.heading} does not work on {object_words(key)}: {words}.")
        field, setting = action.allowed
        session = self._app.sessions.get(key.cluster)
        if field and session is not None and not getattr(session.target, field, False):
            return Why(
                "not allowed by config.yaml",
                f"{action.heading} is not allowed on {key.cluster}; {setting} in config.yaml allows it.",
            )
        flows = self._app.loaded_flows
        missing = flows.missing(action.id, key) if flows is not None else ""
        return Why(missing, "") if missing else None

    def menu(self, target: ObjectRef | None, begin: Callable[[str], None]) -> None:
        """Show every action on an object, each with its letter, and `begin` the one that is chosen."""
        if target is None:
            self._app.flash("There is nothing under the cursor.")
            return
        from .dialogs.action_menu import ActionMenu, Entry

        key, front = target.key, self._app.front
        others = {action.turns[1] for action in ACTIONS.values()}
        entries = []
        for action in ACTIONS.values():
            if action.id in others or not action.works_on(key.kind):
                continue
            now, shown = self.meant(action, key), self._app.key_of(action.id, action.key) or action.letter
            why = self.why_not(now, key)
            entries.append(Entry(now.id, shown, self.label(action, key), now.help, why.short if why else ""))

        def chosen(action_id: str | None) -> None:
            if action_id is None:
                return
            if (now := front.target) is None or (now.key, now.uid) != (key, target.uid):
                self._app.flash(f"The cursor is no longer on {object_words(key)}: nothing was begun.")
            else:
                begin(action_id)

        self._app.push_screen(ActionMenu(object_words(key), entries), chosen)

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
        if (target := self._app.front.target) is not None:
            self._app.flows.look_up_rights(target.key)

    def act(self, action_id: str, target: ObjectRef | None, settled: bool, typed: str = "") -> None:
        """Begin an action on `target`, or say why not; `typed` answers its first question."""
        if target is None:
            self._app.flash("There is nothing under the cursor.")
        elif not settled:
            self._app.flash("The row just changed by itself. Look, then press the key again.")
        else:
            self.act_in_turn(action_id, [target], typed)

    def act_in_turn(self, action_id: str, targets: Sequence[ObjectRef], typed: str = "") -> None:
        """Begin an action on each of these objects, one after the other; or say why not on the first that refuses."""
        action_id = ACTIONS[action_id].instead.get(targets[0].key.kind, action_id) if targets else action_id
        for target in targets:
            if refusal := self._refusal(action_id, target):
                self._app.flash(refusal)
                if target.key.cluster in self._app.sessions:
                    self._app.flows.look_up_rights(target.key)
                return
        meant = self.meant(ACTIONS[action_id], targets[0].key)
        self._app.flows.begin(meant.id, *targets, typed=typed)

    def _refusal(self, action_id: str, target: ObjectRef) -> str:
        """Why an action cannot begin on an object, empty when it can: a missing right is told by the gate, anew."""
        why = self.why_not(ACTIONS[action_id], target.key)
        if (why is None or not why.sentence) and target.key.cluster not in self._app.sessions:
            return f"{target.key.cluster} is not connected."
        return why.sentence if why is not None else ""
