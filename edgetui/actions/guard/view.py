"""What a guard knows of its object when a person is asked to agree to it."""

from __future__ import annotations

import msgspec

from edgetui.actions.change.precondition import in_words
from edgetui.model.identity import ObjectRef
from edgetui.model.rollout.guard import template_of
from edgetui.model.rollout.revision import Revision


class GuardView(msgspec.Struct, frozen=True):
    """The object and its revisions as they were read. `selector` finds its pods and ReplicaSets.

    `target` is the revision that would be rolled back to now. `notes` are sentences about who else writes it, `owners`
    about who would revert a roll back. `argo` is whether it is an Argo Rollout, `template_of` names the object that has
    its template then, "" where it has its own; `facts` are what it does now.
    """

    ref: ObjectRef
    selector: str
    current: Revision | None
    target: Revision | None
    owners: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    argo: bool = False
    template_of: str = ""

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def agreed(self) -> tuple[str, ...]:
        """The templates that its plan names, the best first."""
        key = self.ref.key
        running = self.current if self.current is not None and self.current.known_good else None
        named = (one for one in (running, self.target) if one is not None)
        return tuple(template_of(key.kind, key.name, one.name) for one in named)
