"""What the app asks of its parts: the actions, what runs behind the screen, the way to objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from edgetui.model.identity import ObjectKey, ObjectRef

from .widgets.bars import KeyHint

if TYPE_CHECKING:
    from edgetui.actions.catalogue import Action
    from edgetui.actions.gate.audit import AuditLog
    from edgetui.ui.background.job import BackgroundJob
    from edgetui.ui.navigation.history import Place


class RowActions(Protocol):
    """The actions on what is under the cursor."""

    def hints(
        self, key: ObjectKey | None, kinds: Sequence[str], looks: Sequence[KeyHint] = ()
    ) -> list[KeyHint]:
        """The footer's keys for an object of one of these kinds; `looks` are keys that change nothing."""

    def label(self, action: Action, key: ObjectKey | None) -> str:
        """What an action would do to an object now."""

    def rests(self, key: ObjectKey | None) -> None:
        """The cursor rests on an object."""

    def menu(self, target: ObjectRef | None, begin: Callable[[str], None]) -> None:
        """Show every action on an object, and `begin` the one that is chosen."""

    def act(self, action_id: str, target: ObjectRef | None, settled: bool, typed: str = "") -> None:
        """Begin an action, or say why not."""

    def act_in_turn(self, action_id: str, targets: Sequence[ObjectRef], typed: str = "") -> None:
        """Begin an action on several objects, or say why not."""


class Background(Protocol):
    """What runs behind the screen."""

    def __iter__(self) -> Iterator[BackgroundJob]: ...

    @property
    def badges(self) -> list[str]:
        """What of it the header says."""

    @property
    def waits(self) -> bool:
        """Whether a question or a result waits for the person to look."""

    @property
    def urgent(self) -> BackgroundJob | None:
        """What is about to change something by itself."""

    def notes(self, key: ObjectKey) -> list[str]:
        """What runs on an object, for its page."""

    def add(self, job: BackgroundJob) -> None:
        """It has begun."""

    def remove(self, job: BackgroundJob) -> None:
        """It has ended."""

    def changed(self) -> None:
        """What one of them says has changed."""


class Actions(Protocol):
    """The actions that may be done or were begun."""

    @property
    def audit(self) -> AuditLog:
        """The record of what was written."""

    @property
    def jobs(self) -> Background:
        """What runs behind the screen."""

    def missing(self, action_id: str, key: ObjectKey) -> str:
        """The rights that are known to be missing for an action on an object, in words."""

    def look_up_rights(self, key: ObjectKey) -> None:
        """Ask what may be done with objects like this one."""

    def begin(self, action_id: str, *refs: ObjectRef, typed: str = "") -> None:
        """Start an action."""

    @property
    def tidies(self) -> bool:
        """Whether one of them may have to put things right when it is ended."""

    async def finish(self) -> None:
        """The screen has ended: let what was agreed to put right what it has to."""


class Navigation(Protocol):
    """Where a person is among panes and open objects, and the way back."""

    @property
    def pane(self) -> Place:
        """The pane in view, whatever is open over it."""

    def open(self, view: str, key: ObjectKey) -> None:
        """Show one object in one way, and remember from where."""

    def leave_for(self, go: Callable[[], None]) -> None:
        """Go to another pane, from an open object too, and remember both."""

    def step(self, step: int) -> None:
        """Back to the place before, or forward again."""
