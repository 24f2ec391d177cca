"""How a write with a precondition meets a busy object: again while nothing that matters moved, never blindly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Cancelled, Json, Plan, Refusal
from edgetui.actions.reading import an_object
from edgetui.actions.session import Session
from edgetui.cluster.api.versions import get
from edgetui.cluster.errors import (
    Conflict,
    EdgetuiError,
    LinkError,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
)
from edgetui.model.cache.freshness import Link
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS, kind_word

TRIES = 6  # a rollout under way moved the version 13 times in half a second
FIRST_LOOK, LAST_LOOK = 1.0, 10.0  # seconds between two looks after a lost answer
LATE = 60.0  # seconds; a write answered with 504 was seen to be carried out 26 s later


def object_path(key: ObjectKey, subresource: str = "") -> str:
    """The API path of an object of a kind that has a file; `session.api.kind` gives that of any other kind."""
    return KINDS[key.kind].path(key.namespace, key.name, subresource)


def in_words(key: ObjectKey) -> str:
    """The object as a person says it: "deployment press"."""
    return f"{kind_word(key.kind)} {key.name}"


async def read(session: Session, ref: ObjectRef, path: str = "") -> Json:
    """The object as the server has it now; raises Refusal when it is gone or another one has taken its name, and
    ProtocolError when what answers is no such object.

    An empty `ref.uid` takes whatever stands there (a command names an object, a screen has shown one). `path` is where
    an object is whose kind edgetui does not watch, or the subresource that is meant.
    """
    key = ref.key
    try:
        answer = await (session.api.get(path) if path else get(session.api, *key[1:]))
        there = an_object(key.kind, answer, whole=not path)
    except NotFound:
        raise missing(session, ref) from None
    if ref.uid and there["metadata"]["uid"] != ref.uid:
        raise another(ref)
    return there


def missing(session: Session, ref: ObjectRef) -> Refusal:
    """That there is no such object."""
    key = ref.key
    where = f" in {key.namespace}" if key.namespace else ""
    return Refusal(
        f"There is no {in_words(key)}{where} on {session.name}.",
        f"Check the name{' and the namespace' if key.namespace else ''}.",
    )


def another(ref: ObjectRef) -> Refusal:
    """That the object that was shown is gone, and its name another's."""
    return Refusal(
        f"The {in_words(ref.key)} that was shown is gone; another one has its name now.",
        "Look at the new one and decide again.",
    )


PlanOf = Callable[[Json, str], Awaitable[Plan]]
"""What a person is asked to agree to, by what the server answered to the dry run at a version."""


class Intent(msgspec.Struct, frozen=True):
    """One change of one object, as it was shown: what to write at a resourceVersion, and how it is put in words.

    `ref` and `generation` are what the person saw; without a generation `same` alone decides. `plan` gives what makes
    the plan: it may read what only explains, in the flight of the dry run. `applied` says whether an
    object as the server has it now carries the change; `changed` makes what to raise when somebody else changed the
    object first. `same` says whether an object as it is now still has what the person saw, for kinds whose generation
    does not tell on every server. `path` is where an object is whose kind edgetui does not watch. `gone` is true where
    the object is to be gone.
    """

    ref: ObjectRef
    generation: int | None
    write: Callable[[str], Write]
    plan: Callable[[], Awaitable[PlanOf]]
    doing: str
    applied: Callable[[Json], bool]
    changed: Callable[[], Awaitable[Exception]]
    same: Callable[[Json], bool] = lambda there: True
    path: str = ""
    gone: bool = False


async def carry_out(run: Run, intent: Intent, wait: float | None) -> EdgetuiError | None:
    """Rehearse, let the person agree, write: exactly one write that counts.

    None when the change is on the server; else why nobody knows whether it will be carried out, and what has been
    looked at. Looks whether a write without an answer took effect: for at most `wait` seconds, and where the gate is
    patient from when the cluster answers again, however long that takes.
    """

    answer: Json = {}

    async def rehearsed(version: str) -> Json:
        nonlocal answer
        answer = await run.rehearse(intent.write(version))
        return answer

    async def written(version: str) -> Json:
        return await run.write(intent.write(version))

    explained = asyncio.ensure_future(intent.plan())
    try:
        version = await _at_version(run.session, intent, intent.ref.resource_version, rehearsed)
        plan = await (await explained)(answer, version)
    finally:
        explained.cancel()
    await run.confirm(plan)
    run.step(intent.doing, "doing")
    try:
        await _at_version(run.session, intent, version, written)
    except (OutcomeUnknown, ServerFailure) as lost:
        return await _arrived(run, intent, lost, min(wait or LATE, LATE))
    return None


async def _at_version(
    session: Session, intent: Intent, version: str, send: Callable[[str], Awaitable[Json]]
) -> str:
    """Send a write that carries a resourceVersion; returns the version that was accepted.

    A 409 is sent again with the fresh version only while `metadata.generation` is the one that was shown: then
    nothing but status has moved.
    """
    for _ in range(TRIES):
        try:
            await send(version)
        except Conflict:
            there = await read(session, intent.ref, intent.path)
            metadata = there["metadata"]
            moved = intent.generation is not None and metadata.get("generation", 0) != intent.generation
            if moved or not intent.same(there):
                raise await intent.changed() from None
            if metadata["resourceVersion"] == version:
                raise
            version = metadata["resourceVersion"]
        except NotFound:
            await read(session, intent.ref, intent.path)  # says so when the object itself is gone
            raise
        else:
            return version
    raise Refusal(
        f"{in_words(intent.ref.key).capitalize()} changes faster than it can be written to.",
        "Try again in a few seconds.",
    )


async def _arrived(run: Run, intent: Intent, lost: EdgetuiError, patience: float) -> EdgetuiError | None:
    """After a write whose answer was lost: None when it took effect. Nothing is sent again.

    Looks for `patience` seconds. Where the gate is patient only those count in which the cluster answers.
    """
    when = "when the link is back" if run.gate.patient else "at what the cluster says"
    run.step(f"No answer came to the write. It may have arrived: edgetui looks {when}", "doing")
    loop, pause, trouble, said = asyncio.get_running_loop(), FIRST_LOOK, "", ""
    began, answered = loop.time(), 0.0
    while True:
        asked = loop.time()
        try:
            if intent.applied(await _seen(run.session, intent)):
                await run.found("The write arrived, only its answer was lost")
                return None
        except Refusal as gone:
            if intent.gone:
                await run.found("The write arrived, only its answer was lost")
                return None
            return OutcomeUnknown(lost.sentence, f"It may have arrived before that: {gone}")
        except EdgetuiError as problem:
            trouble = problem.sentence
            pause = min(LAST_LOOK, pause * 1.5)
        else:
            trouble, pause = "", FIRST_LOOK
        spent = answered if run.gate.patient else loop.time() - began
        if spent >= patience:
            run.step("Whether the write arrived is not known", "failed")
            return OutcomeUnknown(lost.sentence, _looked(intent.ref.key, trouble, loop.time() - began))
        why = f"edgetui cannot look yet: {trouble}" if trouble else "it is not on the cluster yet"
        if why != said:
            said = why
            run.step(f"It may have arrived, {said}", "doing")
        try:
            await run.gate.sleep(min(pause, max(0.01, patience - spent)))
        except Cancelled:
            return OutcomeUnknown(lost.sentence, "Nobody looks any more: look at it before you repeat it.")
        answered += 0.0 if trouble else loop.time() - asked


async def _seen(session: Session, intent: Intent) -> Json:
    """The object now; while its watch has no link that is not asked for, because one prober dials already."""
    link = session.store.link if session.store is not None else None
    if link is not None and link.link is not Link.LIVE:
        raise LinkError(link.sentence or f"{session.name} is {link.link.value}.")
    return await read(session, intent.ref, intent.path)


def _looked(key: ObjectKey, trouble: str, seconds: float) -> str:
    """What a look after a lost answer came to."""
    if trouble:
        return f"edgetui could not look what became of it: {trouble} Look at it before you repeat it."
    return (
        f"{in_words(key).capitalize()} was still as it was {seconds:.0f} s later. The write may yet arrive: "
        "look again before you repeat it."
    )
