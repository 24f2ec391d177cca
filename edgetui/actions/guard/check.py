"""What the server says before a guard rolls back: what it would carry out, on what, and what for."""

from __future__ import annotations

from typing import Any

import msgspec

from edgetui.actions.change import spec as specs
from edgetui.actions.change.spec import Aim, Spec
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Json, Receipt
from edgetui.actions.reading import rows
from edgetui.actions.session import Session
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.rollout.evidence import Look, causes, evidence
from edgetui.model.rollout.guard import State, overdue
from edgetui.model.rollout.revision import Revision


class Check(msgspec.Struct, frozen=True):
    """The server says so too: the action to carry out, with its view and answer, and what speaks against the release.

    `target` is the revision that serves then.
    """

    spec: Spec[Any, Any]
    aim: Aim
    view: Any
    answer: Any
    target: Revision
    evidence: tuple[str, ...]

    async def perform(self, gate: Gate, wait: float, about: Json) -> Receipt:
        """Carry it out; `about` says in the audit record why. Raises as `specs.perform`."""
        whole = specs.at_hand(self.view)
        return await specs.perform(
            self.spec, gate, self.aim, self.view, self.answer, wait=wait, explained=whole, about=about
        )


def found(s: State, look: Look) -> tuple[str, ...]:
    """What speaks against the release by this look."""
    return evidence(look, causes(look, s.causes), overdue(s, look))


async def pods_of(session: Session, namespace: str, selector: str) -> list[PodRow]:
    """The pods that a selector finds, as the server has them now."""
    listed = await session.api.read(KINDS[POD].path(namespace), query={"labelSelector": selector})
    return [row for row in rows(POD, listed) if isinstance(row, PodRow)]
