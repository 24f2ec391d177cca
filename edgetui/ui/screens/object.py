"""What the screens about one object share: commands, places, the clipboard, and the other views of the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import BindingType

from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import object_words
from edgetui.model.kinds.base import Row
from edgetui.model.text import age
from edgetui.ui.keymap import around_bindings
from edgetui.ui.shell import EdgetuiScreen
from edgetui.ui.widgets.bars import KeyHint
from edgetui.ui.widgets.footer import FooterBar
from edgetui.ui.widgets.live_table import SETTLE

if TYPE_CHECKING:
    from edgetui.ui.navigation.history import Place

COMMAND = KeyHint(":", "command", name="command")


class ObjectScreen(EdgetuiScreen[None]):
    """A screen over the dashboard that shows `key` in one way, which is called `view`."""

    BINDINGS: ClassVar[list[BindingType]] = around_bindings()
    shows: ClassVar[str]
    """Which view of the object it is, as a place is remembered."""
    key: ObjectKey
    footer: FooterBar
    _uid = ""
    _new_since = 0.0
    """When another object was first seen under the name, on the steady clock; 0 while it is the one that was opened."""

    @property
    def place(self) -> Place:
        """Where a person is who sees this."""
        return self.app.navigation.pane._replace(key=self.key, view=self.shows)

    def row(self) -> Row | None:
        """The object as the store knows it, None when it is gone. One made anew under its name is another object."""
        row = self.app.fleet.find(self.key)
        if row is not None:
            self.note_uid(row.uid)
        return row

    def note_uid(self, uid: str) -> None:
        """Note which object has the name; a row that a server only printed has no uid, which says nothing."""
        if self._uid and uid and self._uid != uid:
            self._new_since = self.app.monotonic()
            self._uid = uid
            self.replaced()
        self._uid = uid or self._uid

    def replaced(self) -> None:
        """Another object has the name: forget what was read of the one that was opened."""

    @property
    def new_words(self) -> str:
        """That this is not the object that was opened, empty while it is."""
        if not self._new_since:
            return ""
        since = age(self.app.monotonic() - self._new_since)
        return f"The one that was opened is gone; this is another of the same name, since {since}."

    @property
    def settled(self) -> bool:
        """False just after another object took the name."""
        return not self._new_since or self.app.monotonic() - self._new_since >= SETTLE

    @property
    def target(self) -> ObjectRef | None:
        """The object at the version that is known, None when it is gone."""
        row = self.row()
        return ObjectRef(self.key, row.uid, row.resource_version) if row is not None else None

    @property
    def copied(self) -> str:
        """The name that goes to the clipboard."""
        return self.key.name

    async def action_command(self, text: str = "") -> None:
        """Type a command about this object."""
        await self.app.command_line.open_line(self, text)

    def action_went(self, step: int) -> None:
        """Back to the object that was opened before, or forward again."""
        self.app.navigation.step(step)

    def action_copy(self) -> None:
        """The object's name to the terminal's clipboard."""
        self.app.command_line.copy([self.copied])

    def action_jump(self) -> None:
        """Open the owner of this object, or what it owns."""
        self.app.command_line.jump(self.key)

    def action_act(self, action_id: str, typed: str = "") -> None:
        """Begin an action on this object."""
        target = self.target
        if target is None:
            words = object_words(self.key)
            self.app.flash(f"{words[:1].upper()}{words[1:]} is gone.")
        else:
            self.app.action_keys.act(action_id, target, self.settled, typed)

    def action_menu(self) -> None:
        """Show every action on this object."""
        self.app.action_keys.menu(self.target, self.action_act)

    def action_manifest(self) -> None:
        """Show this object as YAML."""
        if self.shows != "manifest":
            self.app.open_manifest(self.key)

    def action_logs(self) -> None:
        """Read the log of this object."""
        if self.shows != "logs":
            self.app.open_logs(self.key)
