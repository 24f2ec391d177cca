"""What an action is going to do, what it is doing and what came of it: the words between the gate and a person."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectRef

Json = dict[str, Any]

StepState = Literal["doing", "done", "failed", "info"]


class Plan(msgspec.Struct, frozen=True):
    """One action as it is put before a person: nothing has been written when this is shown.

    `title` names the verb, the object and the cluster. `facts` are (label, value) pairs, `diff` lines start with
    "+", "-" or " ". `writes` says each write to the API server in words. `target` is None for an action on the
    cluster's own credential. `yes` and `no` are the answers where the action's own label does not say it well.
    `unproven` says of where it leads that it is not known to have worked: nobody can agree to that in advance.
    """

    action: str
    cluster: str
    target: ObjectRef | None
    title: str
    facts: tuple[tuple[str, str], ...] = ()
    diff: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    yes: str = ""
    no: str = "Cancel"
    unproven: str = ""


class Step(msgspec.Struct, frozen=True):
    """One line of progress. A "doing" is followed by a "done" or "failed" that takes its place."""

    text: str
    state: StepState


class Offer(msgspec.Struct, frozen=True):
    """The action that would go on from here, on the same object, with its own question: id and words.

    `command` is the line of the receipt, or the next step of the refusal, that says the same for a shell. `typed` is
    what a person would type behind the name of the action.
    """

    action: str
    label: str
    command: str = ""
    typed: str = ""


class Receipt(msgspec.Struct, frozen=True):
    """What is true on the cluster after an action, for the screen and for a ticket.

    `ok` only when the cluster reached the state that was asked for. `pending` when the server accepted the write
    and the state was not reached (or not waited for) yet. `data` is plain JSON and never holds a secret. `offer` is
    the next step, where there is one that edgetui can take.
    """

    action: str
    cluster: str
    target: ObjectRef | None
    ok: bool
    lines: tuple[str, ...]
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    pending: bool = False
    offer: Offer | None = None


class Refusal(EdgetuiError):
    """The action was not begun: nothing was written. The sentence says why, the next step what to do.

    `diff` are lines as in a plan, where a difference is the reason. `offer` is what can be done instead, `paste` are
    lines to copy as they are.
    """

    def __init__(
        self,
        sentence: str,
        next_step: str = "",
        diff: tuple[str, ...] = (),
        offer: Offer | None = None,
        paste: tuple[str, ...] = (),
    ) -> None:
        super().__init__(sentence, next_step)
        self.diff = diff
        self.offer = offer
        self.paste = paste


class Cancelled(Refusal):
    """The person said no to the plan: nothing was written."""

    outcome = ""


class Changed(Refusal):
    """The object is no longer the one that was shown: nothing was written, `view` is what is there now.

    The caller shows `view` and asks again; it never repeats the write by itself.
    """

    def __init__(self, sentence: str, view: Any) -> None:
        super().__init__(sentence, "Look at what is there now and decide again.")
        self.view = view
