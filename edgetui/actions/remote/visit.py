"""A container that was made to look around in: waits until it runs, and gives it the terminal."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec

from edgetui.actions.change.desk import Terminal
from edgetui.actions.change.ending import Ending
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.watch import FAILED_FOR, Observation, poll
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Cancelled, Json
from edgetui.actions.reading import items
from edgetui.actions.remote.execute import execute
from edgetui.actions.session import Session
from edgetui.cluster.api.remote_command import Command
from edgetui.cluster.errors import EdgetuiError, Forbidden
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.event import EVENT
from edgetui.model.kinds.node import NODE
from edgetui.model.pod.debugging import LETTERS, SUFFIX, Seen, Stage, is_pulling, seen
from edgetui.model.pod.node_images import on_node

PROMPT = "If there is no prompt, press enter."
SETTLES = 2.0
"""Seconds in which a kubelet tells that a container has ended."""
MOST_EVENTS = "50"


class Container(msgspec.Struct, frozen=True):
    """One container of a pod. `again` is the command that attaches to it."""

    ref: ObjectRef
    name: str
    again: str

    @property
    def words(self) -> str:
        """The same in a sentence."""
        return f"container {self.name} of {in_words(self.ref.key)}"


class Visit(msgspec.Struct, frozen=True):
    """What came of it: how far the container is, and what there is to say besides."""

    seen: Seen
    lines: tuple[str, ...] = ()

    @classmethod
    def stopped(cls, *why: str) -> Visit:
        """Nobody looks any more, for the reason that a sentence says where it is not the person's wish."""
        return cls(Seen(Stage.WAITING, "is not watched any more"), why)


def suffix() -> str:
    """What Kubernetes puts behind a name that has to be new."""
    return "".join(secrets.choice(LETTERS) for _ in range(SUFFIX))


@contextmanager
def explained_standard(next_step: str) -> Iterator[None]:
    """Say what helps where the Pod Security Standard of a namespace forbids what is asked for."""
    try:
        yield
    except Forbidden as refused:
        if "PodSecurity" in refused.sentence:
            refused.next_step = next_step
        raise


async def held(session: Session, node: str, image: str) -> str:
    """Whether a node has an image, in words; it only explains."""
    try:
        return on_node(await session.api.get(KINDS[NODE].path(name=node)), image)
    except EdgetuiError:
        return on_node({}, image)


async def visit(run: Run, container: Container, terminal: Terminal | None, wait: float | None) -> Visit:
    """Wait until it runs, for at most `wait` seconds, and give it the terminal; None: it is not waited for.

    Raises as `poll` does where nobody waits any more, Refusal where the pod is gone.
    """
    if wait is None:
        return Visit(Seen(Stage.WAITING, "was added and is not waited for"))
    found = await _started(run, container, wait)
    if found.stage is not Stage.RUNNING:
        return Visit(found)
    run.step(f"{container.words} runs", "done")
    if terminal is None:
        return Visit(found)
    return await _attached(run, container, terminal)


async def _started(run: Run, container: Container, wait: float) -> Seen:
    """How far it is once it runs, never will, or the time is up."""
    loop = asyncio.get_running_loop()
    failing = 0.0
    found = Seen(Stage.WAITING, "")

    async def judge() -> Observation:
        nonlocal found, failing
        found = await look(run.session, container)
        if found.stage is not Stage.FAILING:
            failing = 0.0
        elif not failing:
            failing = loop.time()
        given_up = bool(failing) and loop.time() - failing >= FAILED_FOR
        waits = found.stage in (Stage.WAITING, Stage.FAILING) and not given_up
        return Observation(False, False, f"{container.words} {found.words}", final=not waits)

    watched = await poll(run, judge, wait)
    if watched.failed:  # the pod is gone
        return Seen(Stage.DEAD, f"is not there any more: {watched.text.rstrip('.')}")
    return found


async def look(session: Session, container: Container) -> Seen:
    """How far it is now. Raises Refusal where its pod is gone, and as `Api.get`."""
    pod = await read(session, container.ref)
    found = seen(pod, container.name)
    if found.stage is Stage.WAITING and (pod.get("spec") or {}).get("nodeName"):
        return seen(
            pod, container.name, pulls=is_pulling(await _events(session, container.ref), container.name)
        )
    return found


async def _events(session: Session, ref: ObjectRef) -> list[Json]:
    """What is told of a pod; nothing where this user may not see that."""
    query = {"fieldSelector": f"involvedObject.uid={ref.uid}", "limit": MOST_EVENTS}
    try:
        return items(await session.api.get(KINDS[EVENT].path(ref.key.namespace), query))
    except EdgetuiError:
        return []


async def _attached(run: Run, container: Container, terminal: Terminal) -> Visit:
    key = container.ref.key
    command = Command(key.namespace, key.name, container.name, stdin=True, tty=True)
    greeting = f"{container.words[:1].upper()}{container.words[1:]} on {run.session.name}. {PROMPT}"
    runs = Seen(Stage.RUNNING, "runs")
    try:
        await execute(run.gate, run.session, container.ref, command, terminal(greeting))
    except Cancelled:
        return Visit(runs)
    except EdgetuiError as problem:  # the container was added all the same
        return Visit(runs, (f"{problem.sentence} {problem.next_step}".strip(),))
    return Visit(await _afterwards(run, container))


async def _afterwards(run: Run, container: Container) -> Seen:
    """How it ended: attaching does not say that, its kubelet does a little later."""
    loop = asyncio.get_running_loop()
    until = loop.time() + SETTLES
    found = Seen(Stage.RUNNING, "runs")
    try:
        while (found := await look(run.session, container)).stage is Stage.RUNNING and loop.time() < until:
            await run.gate.sleep(min(0.2, max(0.01, until - loop.time())))
    except EdgetuiError:
        return found
    return found


def ending(container: Container, visited: Visit, *more: str, stays: bool = True) -> Ending:
    """The same as a receipt has it; `more` is what remains. What `stays` can be attached to again."""
    stage = visited.seen.stage
    first = f"{container.words[:1].upper()}{container.words[1:]} {visited.seen.words}."
    there = stays and stage in (Stage.RUNNING, Stage.WAITING, Stage.FAILING)
    again = (f"Attach to it: {container.again}",) if there else ()
    if stage is Stage.RUNNING and not stays:
        first = "The shell was left."
    return Ending(
        stage in (Stage.RUNNING, Stage.ENDED),
        stays and stage in (Stage.WAITING, Stage.FAILING),
        (first, *visited.lines, *again, *more),
        {"container": container.name, "stage": stage.value},
    )
