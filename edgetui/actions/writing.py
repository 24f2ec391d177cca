"""How a write with a precondition meets a busy object: again while nothing that matters moved, never blindly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from edgetui.actions.gate import Run
from edgetui.actions.plan import Json, Refusal
from edgetui.actions.ports import Session
from edgetui.cluster.errors import Conflict, EdgetuiError, LinkError, NotFound, ServerFailure
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS

TRIES = 6  # a rollout under way moved the version 13 times in half a second
LATE = 60.0  # seconds; a write answered with 504 was seen to be carried out 26 s later


def object_path(key: ObjectKey, subresource: str = "") -> str:
    """The API path of the object that `key` names."""
    return KINDS[key.kind].path(key.namespace, key.name, subresource)


def in_words(key: ObjectKey) -> str:
    """The object as a person says it: "deployment press"."""
    return f"{key.kind.lower()} {key.name}"


async def read(session: Session, ref: ObjectRef) -> Json:
    """The object as the server has it now; raises Refusal when it is gone or another one has taken its name.

    An empty `ref.uid` takes whatever stands there (a command names an object, a screen has shown one).
    """
    key = ref.key
    try:
        there: Json = await session.api.get(object_path(key))
    except NotFound:
        raise Refusal(
            f"There is no {in_words(key)} in {key.namespace} on {session.name}.",
            "Check the name and the namespace.",
        ) from None
    if ref.uid and there["metadata"]["uid"] != ref.uid:
        raise Refusal(
            f"The {in_words(key)} that was shown is gone; another one has its name now: nothing was changed.",
            "Look at the new one and decide again.",
        )
    return there


async def at_version(
    session: Session,
    ref: ObjectRef,
    generation: int,
    send: Callable[[str], Awaitable[Json]],
    changed: Callable[[], Awaitable[Exception]],
) -> tuple[Json, str]:
    """Send a write that carries a resourceVersion; returns the answer and the version that was accepted.

    A 409 is sent again with the fresh version only while `metadata.generation` is the one that was shown: then
    nothing but status has moved. Otherwise raises what `changed` makes.
    """
    version = ref.resource_version
    for _ in range(TRIES):
        try:
            return await send(version), version
        except Conflict:
            there = (await read(session, ref))["metadata"]
            if there.get("generation", 0) != generation:
                raise await changed() from None
            if there["resourceVersion"] == version:
                raise
            version = there["resourceVersion"]
    raise Refusal(
        f"{in_words(ref.key).capitalize()} changes faster than it can be written to: nothing was changed.",
        "Try again in a few seconds.",
    )


async def arrived(run: Run, ref: ObjectRef, applied: Callable[[Json], bool], patience: float) -> bool:
    """After a write whose answer was lost: did it take effect within `patience` seconds? Nothing is sent again."""
    run.step("No answer came to the write: looking at what the cluster says", "doing")
    loop = asyncio.get_running_loop()
    until = loop.time() + min(patience, LATE)
    while True:
        try:
            if applied(await read(run.session, ref)):
                run.step("The write arrived, only its answer was lost", "done")
                return True
        except Refusal:
            raise
        except (LinkError, ServerFailure) as problem:
            run.step(problem.sentence, "info")
        except EdgetuiError:
            raise
        if loop.time() >= until:
            return False
        await run.gate.sleep(1.0)
