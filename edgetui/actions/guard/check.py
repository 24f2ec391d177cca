"""What the server says before a guard rolls back: what it would carry out, on what, and what for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from edgetui.actions.change import spec as specs
from edgetui.actions.change.spec import Aim, Spec
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.reading import rows
from edgetui.actions.session import Session
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.rollout.evidence import Guarded, causes, evidence, seen, silent_nodes
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


async def still_against(
    session: Session,
    namespace: str,
    selector: str,
    owners: Collection[str],
    row: Guarded,
    template: str,
    s: State,
    now: float,
) -> tuple[str, ...]:
    """What speaks against the release, by the pods of these `owners` (uids) as the server has them now.

    Raises Refusal where that cannot be told, and where nothing does.
    """
    listed = await session.api.read(KINDS[POD].path(namespace), query={"labelSelector": selector})
    pods = [one for one in rows(POD, listed) if isinstance(one, PodRow) and one.owner_uid in owners]
    silent = silent_nodes(session.store) if session.store is not None else frozenset()
    look = seen(row, template, pods, silent, now)
    if look.why:
        raise Refusal(f"{look.why}.")
    against = evidence(look, causes(look, s.causes), overdue(s, look))
    if not against:
        raise Refusal("the server says that nothing is wrong with it any more.")
    return against
