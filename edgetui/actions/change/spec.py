"""An action in one piece: what it reads and asks, the change it makes, what it waits for, and the way back.

The command, the screen, the form for marked rows and undo are made of it. A Spec is loaded when its action is first
asked for; `catalogue.py` has one cheap row for each.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from edgetui.actions.catalogue import ACTIONS, Access
from edgetui.actions.change import change as one_patch
from edgetui.actions.change.change import Change, Spot
from edgetui.actions.change.change import at_hand as at_hand
from edgetui.actions.change.desk import Desk, Terminal
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.form import Form, Leads
from edgetui.actions.change.form import Given as Given
from edgetui.actions.change.long_running import Listener, LongRunning
from edgetui.actions.change.precondition import in_words
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.redacted import Discreet

V = TypeVar("V")
A = TypeVar("A")


class Aim(Discreet, frozen=True):
    """What an action is pointed at.

    `action` is the id it was asked for by. `log` is the audit record. `given` are answers that came with the request.
    `other` is the resource of an object whose kind edgetui does not watch. `beside` are the other clusters of the
    screen. `on_screen` is true where a person is asked: a key that stands for two actions then means the one that
    changes something. `terminal` gives the person's terminal to a container, where there is one to give.
    `namespace` is where the command line says that something is to be.
    """

    SHOWN = ("action", "ref")

    action: str
    session: Session
    ref: ObjectRef
    log: AuditLog | None = None
    given: Given = msgspec.field(default_factory=dict)
    other: Any = None
    beside: Sequence[Session] = ()
    on_screen: bool = False
    terminal: Terminal | None = None
    namespace: str = ""

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def needs(self) -> tuple[Access, ...]:
        """The rights that it needs."""
        if self.other is not None:
            named: tuple[Access, ...] = self.other.needs
            return named
        row, kind = ACTIONS[self.action], self.session.api.kinds.get(self.ref.key.kind)
        return row.rights(self.ref.key.kind, *((kind.group, kind.plural) if kind is not None else ()))


class Argument(msgspec.Struct, frozen=True):
    """One word or option of the command line. `flags` are empty for a word; `read` makes a value of the text.

    `read` raises ValueError with a sentence for a text that is none. `label` names it in a form, and `hint` explains it
    there, where flag and help do not. `edited` is true where a person changes the end of what stands there, and does
    not type it anew. `many` is true where a command line has one or more such words, and a form their text; `one_more`
    tells whether what stands before the last of them is one, too. `rest` is true for all words behind --.
    """

    name: str
    help: str
    metavar: str = ""
    flags: tuple[str, ...] = ()
    read: Callable[[str], Any] = str
    default: Any = None
    choices: tuple[str, ...] = ()
    switch: bool = False
    """Whether it is an option without a value."""
    option: str = ""
    """The option that gives a word as well, as kubectl has it."""
    label: str = ""
    hint: str = ""
    edited: bool = False
    many: bool = False
    rest: bool = False
    one_more: Callable[[str], bool] = lambda text: True
    kind: str = ""
    """The id of the kind whose objects it names, which a shell completes; empty for what is no name of an object."""

    def value(self, text: str) -> Any:
        """What a text in a form means. Raises ValueError as `read`."""
        return [self.read(word) for word in text.split()] if self.many else self.read(text)

    @property
    def counts(self) -> bool:
        """Whether it is a whole number, which a form counts up and down."""
        return self.read is whole_number


class Next(msgspec.Struct, frozen=True):
    """The action that is meant instead, on which object, with what is given to it."""

    action: str
    ref: ObjectRef
    given: Given = {}


class State(Enum):
    """How the object is now: as edgetui left it, as it was before, or neither; SAME where nothing was changed."""

    SAME = "same"
    LEFT = "left"
    BEFORE = "before"
    OTHER = "other"


class Reversal(Discreet, frozen=True):
    """How one action is taken back.

    `diff` is what undoing changes, or what somebody changed since where `state` is OTHER. `write` makes the request
    at a resourceVersion, `applied` tells whether an object carries it, `then` says where it ends: "at 3 replicas".
    `spot` is what is written to where that is another object, `ends` sees what comes of it where no rollout does.
    `unproven` says of where it leads that it is not known to have worked. `needs` are its rights, where those are not
    the action's own.
    """

    SHOWN = ("state", "then")

    state: State
    diff: tuple[str, ...]
    then: str
    write: Callable[[str], Write]
    applied: Callable[[Json], bool]
    warnings: tuple[str, ...] = ()
    spot: Spot | None = None
    ends: Callable[[Run, float | None], Awaitable[Ending]] | None = None
    unproven: str = ""
    needs: tuple[Access, ...] = ()


class SetBack(msgspec.Struct, Generic[V, A], frozen=True):
    """The way back of an action that sets fields: the same change with the values of before.

    `now` gives what the object has, under the names that the write recorded in `before` and `after`; it is told what
    was recorded after. `answer` is what brings the recorded values back. `then` says where that ends: "at 3 replicas".
    `lines` words a difference between two such records. `ends` sees what comes of it, where no rollout does.
    """

    now: Callable[[V, Json], Json]
    answer: Callable[[V, Json], A]
    then: Callable[[V, Json], str]
    lines: Callable[[Json, Json], tuple[str, ...]] | None = None
    ends: Callable[[Run, V, A, float | None], Awaitable[Ending]] | None = None
    unproven: Callable[[Json], str] = lambda before: ""


Way = Callable[[Aim, Json, Done], Awaitable[Reversal]]
"""A way back of another make: the aim, the object as it is, and what the audit record has."""


class Spec(msgspec.Struct, Generic[V, A], frozen=True, kw_only=True):
    """One action.

    `read` reads the little that the first question needs, from live rows where they tell it; `explain` reads what only
    explains, while the dialog is open or the server rehearses. `answer` makes the answer of what is given, where nobody
    is asked; it raises Refusal. `types` has it typed instead, in an editor on the terminal; it raises Cancelled where
    that changes nothing. `merges` is what to ask again with after a change in between: of what was shown, what was
    answered, and what is there now. `title` is the action in words, without the cluster: "Scale deployment press to 6".
    `reads` says what `read` reads, where that is not the object. `change` is pure. `outcome` watches the cluster until
    it is so, for at most the seconds given; None: not at all. `procedure` takes the place of both for what is more than
    one patch, `starts` for what goes on once it was agreed to; `watches` are the kinds that its command watches
    meanwhile. `back` is the way back; `final` says why there is none. `at_exit` is what leaving edgetui does to it,
    as a sentence, empty where what runs is left as it is. `exits` are the exit codes of its command in words, where
    those are its own.

    `arguments` are the words and options of the command; `check` tells what is wrong with them together; `lists` gives
    lines that a person reads before the plan. `resolve` finds the resource that a word of the command line means, where
    edgetui does not watch its kind; `usual` is the kind of a name alone; `stands_for` finds the object that is meant
    where one of another kind is named (Refusal where there is none). `dialog` is the screen that asks ("module:Class",
    made of the view and a note); `fields` are the arguments that a form asks for instead, with what stands in them
    first, or the whole `Form`; `leads` says there what is typed leads to, where that is more than the warnings of the
    `change`. `several` are the arguments that are asked for once for several objects, with what stands in them first.
    `instead` names the action that an answer asks for in place of this one.
    """

    read: Callable[[Aim], Awaitable[V]]
    answer: Callable[[V, Given], A]
    title: Callable[[V, A], str]
    change: Callable[[Session, V, A], Change] | None = None
    outcome: Callable[[Run, V, A, float | None], Awaitable[Ending]] | None = None
    procedure: Callable[[Gate, Aim, V, A, float | None], Awaitable[Receipt]] | None = None
    starts: Callable[[Gate, Aim, V, A, Listener], Awaitable[LongRunning]] | None = None
    types: Callable[[Gate, Aim, V, Desk], Awaitable[A]] | None = None
    merges: Callable[[V, A, V], V] = lambda view, answer, now: now
    watches: tuple[str, ...] = ()
    exits: str = ""
    explain: Callable[[Aim, V], Awaitable[V]] | None = None
    reads: str = "{object}"
    back: SetBack[V, A] | Way | None = None
    final: str = ""
    at_exit: str = ""
    arguments: tuple[Argument, ...] = ()
    check: Callable[[Given], str] = lambda given: ""
    lists: Callable[[V, Given], Sequence[str]] | None = None
    usual: str = ""
    example: str = "for example deploy/press, sts/camera or ds/agent"
    dialog: str = ""
    fields: Callable[[V], Given | Form] | None = None
    leads: Callable[[V, Given], Leads] | None = None
    several: Given = {}
    resolve: Callable[[Session, str], Awaitable[Any]] | None = None
    stands_for: Callable[[Session, ObjectRef], Awaitable[ObjectRef]] | None = None
    instead: Callable[[V, A], Next | None] = lambda view, answer: None


def loaded(action: str) -> bool:
    """Whether the Spec of an action is in memory."""
    return ACTIONS[action].module.partition(":")[0] in sys.modules


def spec_of(action: str) -> Spec[Any, Any]:
    """The Spec of an action; loads its module."""
    module, _, name = ACTIONS[action].module.partition(":")
    found: Spec[Any, Any] = getattr(importlib.import_module(module), name or "SPEC")
    return found


async def seen_whole(spec: Spec[V, A], aim: Aim, view: V) -> V:
    """The view with what only explains."""
    return await spec.explain(aim, view) if spec.explain is not None else view


async def perform(
    spec: Spec[V, A],
    gate: Gate,
    aim: Aim,
    view: V,
    answer: A,
    *,
    wait: float | None,
    explained: Callable[[], Awaitable[V]] | None = None,
    about: Json | None = None,
) -> Receipt:
    """Carry an action out and, for at most `wait` seconds (None: not at all), see it become true.

    `explained` waits for the whole view, where that is being read already. `about` says in the audit record why it was
    done, when no person has just asked for it. Raises Refusal (or Changed, with the new view) when nothing was written,
    ApiError when the server refused.
    """
    if spec.procedure is not None:
        return await spec.procedure(gate, aim, view, answer, wait)
    assert spec.change is not None and spec.outcome is not None
    wanted, outcome, session = spec.change, spec.outcome, aim.session
    whole = view

    async def complete() -> Change:
        nonlocal whole
        whole = await (explained() if explained is not None else seen_whole(spec, aim, view))
        return wanted(session, whole, answer)

    async def again() -> V:
        now = await spec.read(replace(aim, action=first.action, ref=first.ref, on_screen=False))
        return spec.merges(view, answer, now)

    async def then(run: Run) -> Ending:
        return await outcome(run, whole, answer, wait)

    first = replace(wanted(session, view, answer), about=about)
    return await one_patch.perform(gate, session, first, again=again, then=then, wait=wait, complete=complete)


async def way_back(spec: Spec[V, A], aim: Aim, there: Json, done: Done) -> Reversal:
    """How the object is by now, and what takes the action back.

    Raises Refusal where it cannot be taken back any more; KeyError, TypeError or ValueError for a record that lacks
    what that needs.
    """
    back = spec.back
    assert back is not None
    if not isinstance(back, SetBack):
        return await back(aim, there, done)
    assert spec.change is not None
    view = await seen_whole(spec, aim, await spec.read(aim))
    now = back.now(view, done.after)
    before, after = ({name: one.get(name) for name in now} for one in (done.before, done.after))
    state = State.LEFT if now == after else State.BEFORE if now == before else State.OTHER
    state = State.SAME if before == after else state
    answer = back.answer(view, done.before)
    made, ends, unproven = spec.change(aim.session, view, answer), back.ends, back.unproven(done.before)

    async def watched(run: Run, wait: float | None) -> Ending:
        assert ends is not None
        return await ends(run, view, answer, wait)

    lines = back.lines or differences
    return Reversal(
        state,
        lines(after, before if state is State.LEFT else now),
        back.then(view, done.before),
        made.write,
        made.applied,
        tuple(dict.fromkeys((*((unproven,) if unproven else ()), *made.warnings))),
        spot=made.spot,
        ends=watched if ends is not None else None,
        unproven=unproven,
        needs=made.needs,
    )


def differences(old: Json, new: Json) -> tuple[str, ...]:
    """What changes from one set of values to another, as lines of a diff."""
    return tuple(
        text
        for name in old
        if old[name] != new.get(name)
        for text in (f"- {name}: {_word(old[name])}", f"+ {name}: {_word(new.get(name))}")
    )


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else "not set" if value is None else str(value)


def whole_number(text: str) -> int:
    """A number of replicas on a command line."""
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"“{text}” is not a whole number from 0 up")
    return int(text)


def no_answer(view: Any, given: Given) -> None:
    """For an action that asks nothing."""
