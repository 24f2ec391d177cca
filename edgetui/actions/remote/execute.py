"""A command in a container: let in by the gate, recorded at its start and its end, never what goes through it.

It is no write to the API, so there is no dry run and no question: whoever typed it has asked for it. Read-only refuses
it all the same, as do rows that may be old.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from edgetui.actions.catalogue import needs
from edgetui.actions.change.desk import Ends as Ends
from edgetui.actions.change.precondition import read
from edgetui.actions.commandline import edgetui
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Cancelled, Json, Offer, Refusal
from edgetui.actions.session import Session
from edgetui.cluster.api.remote_command import Command, Ended, RemoteCommand
from edgetui.cluster.errors import Forbidden, LinkError, NotFound
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.podstatus import FINISHED

ACTION = {"exec": "shell", "attach": "attach"}
"""The action of the catalogue that has the rights of each subresource."""
DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container"
NOT_FOUND = frozenset({126, 127})
"""Exit codes of what cannot be run, and of what is not there."""
INTERRUPT = b"\x03"
"""Ctrl+c; where nothing takes input it can only mean to leave."""
SHELL = (
    "sh",
    "-c",
    "TERM=${TERM:-xterm}; export TERM; command -v bash >/dev/null 2>&1 && exec bash || exec sh",
)
"""The best shell that a container has."""


class Container(NamedTuple):
    """One container of a pod: its name, and what it does in a word, empty where nobody has told.

    `tty` and `stdin` are what it was created with, which is all that can be attached to.
    """

    name: str
    state: str
    tty: bool
    stdin: bool


class PodView(NamedTuple):
    """A pod as it is now: what runs in it, and the container that is meant where none is named.

    `default` is kubectl's annotation, or the only container; empty where somebody has to choose.
    """

    ref: ObjectRef
    containers: tuple[Container, ...]
    others: tuple[Container, ...]
    """Init and ephemeral containers."""
    default: str

    def container(self, wanted: str = "") -> Container:
        """The container of that name, else the default one, else the first. Raises Refusal for a name it has not."""
        names = {one.name: one for one in (*self.containers, *self.others)}
        if wanted and wanted not in names:
            raise Refusal(
                f"Pod {self.ref.key.name} has no container {wanted}.", f"It has {', '.join(names)}."
            )
        return names[wanted or self.default or self.containers[0].name]


async def read_pod(session: Session, ref: ObjectRef) -> PodView:
    """The pod as it is now. Raises Refusal for one that is gone, replaced or has ended, and as `Api.get`."""
    return pod_view(ref, await read(session, ref))


def pod_view(ref: ObjectRef, found: Json) -> PodView:
    """The same of a pod as the server has it."""
    meta, spec, status = found["metadata"], found.get("spec") or {}, found.get("status") or {}
    if status.get("phase") in FINISHED:
        raise Refusal(f"Pod {ref.key.name} has ended ({status['phase']}), so nothing can run in it.")
    containers, *others = (
        _containers(spec.get(f"{field}s") or (), status.get(f"{field}Statuses") or ())
        for field in ("container", "initContainer", "ephemeralContainer")
    )
    names = [one.name for one in containers]
    default = str((meta.get("annotations") or {}).get(DEFAULT_CONTAINER, ""))
    default = default if default in names else names[0] if len(names) == 1 else ""
    known = ObjectRef(ref.key, str(meta["uid"]), str(meta["resourceVersion"]))
    return PodView(known, containers, (*others[0], *others[1]), default)


def _containers(specs: Sequence[Json], statuses: Sequence[Json]) -> tuple[Container, ...]:
    states = {one.get("name"): next(iter(one.get("state") or {}), "") for one in statuses}
    return tuple(
        Container(
            str(one.get("name", "")),
            states.get(one.get("name"), ""),
            tty=one.get("tty") is True,
            stdin=one.get("stdin") is True,
        )
        for one in specs
    )


def attachment(view: PodView, container: Container, on_terminal: bool) -> Command:
    """What attaches to a container as it was created: a terminal, or input, that it has not cannot be had."""
    key = view.ref.key
    stdin, tty = (has and on_terminal for has in (container.stdin, container.tty))
    return Command(key.namespace, key.name, container.name, stdin=stdin, tty=tty)


def has_no_shell(ended: Ended) -> bool:
    """A container without sh says so in one of two ways: an exit code of its runtime's, or that one's words."""
    return ended.code in NOT_FOUND or "executable file not found" in ended.sentence


def without_shell(session: Session, view: PodView, container: str) -> Refusal:
    """What to do about a container that has no shell: another one beside it."""
    key = view.ref.key
    step = f"A container beside it has one: {edgetui(session.target, 'debug', key, '--target', container)}"
    return Refusal(
        f"Container {container} of pod {key.name} has no shell.",
        step,
        offer=Offer("debug", "Add a debug container…", step, f"--target {container}"),
    )


UNSERVED = ("could not find the requested resource", "page not found")
"""What API servers say of a path that they do not serve; of an object that is gone they say its name."""


@contextmanager
def served(session: Session, subresource: str) -> Iterator[None]:
    """Say of a server that lacks a subresource of pods that it does. Raises Refusal in place of that NotFound."""
    try:
        yield
    except NotFound as missing:
        if not any(words in missing.sentence for words in UNSERVED):
            raise
        since = " Kubernetes has it since 1.25." if subresource == "ephemeralcontainers" else ""
        raise Refusal(
            f"{session.name} does not serve pods/{subresource}.{since}",
            "It may be a simulated or an older cluster: edgetui doctor tells its version.",
        ) from None


class Purpose(NamedTuple):
    """What a command is run for: the action that the record has, its words there, and what else it says."""

    action: str
    words: str
    about: Json


def purpose_of(command: Command) -> Purpose:
    """That of a command by itself."""
    words = f"run {command.argv[0]} in" if command.argv else "attach to"
    words = f"{words} container {command.container} of pod/{command.pod}"
    about = {"container": command.container, "command": list(command.argv), "tty": command.tty}
    return Purpose(command.subresource, words, about)


async def execute(
    gate: Gate,
    session: Session,
    ref: ObjectRef,
    command: Command,
    ends: Ends,
    purpose: Purpose | None = None,
) -> Ended:
    """Run a command, or attach to what runs, to its end.

    Raises Refusal (read-only, not permitted, the record cannot be written), ApiError when the server or the kubelet
    refuses it, LinkError when the link is lost: what runs without a terminal may then go on.
    """
    key = ref.key
    action, words, about = purpose or purpose_of(command)
    rights = needs(ACTION[command.subresource], key.kind)
    async with gate.run(session, action, ref, rights, key.namespace, key.name) as run:
        await run.record("intent", words=words, **about)
        try:
            with served(session, command.subresource):
                remote = await RemoteCommand.start(session.api.transport, command)
        except Forbidden:
            gate.permissions.invalidate(session)
            await gate.permissions.require(session, action, rights, key.namespace, key.name)
            raise
        run.writes += 1
        began = time.monotonic()
        async with ends.held():
            try:
                ended = await carry(remote, ends, command)
            finally:
                remote.close()
                await run.note(
                    "result",
                    words=words,
                    exit_code=remote.ended.code if remote.ended is not None else None,
                    milliseconds=round((time.monotonic() - began) * 1000),
                    bytes_in=remote.bytes_in,
                    bytes_out=remote.bytes_out,
                )
            await run.note("outcome", result="ended", message=ended.words)
            await ends.done(ended)
        return ended


async def carry(remote: RemoteCommand, ends: Ends, command: Command) -> Ended:
    """Input in, output out, sizes along, until the command ends."""
    output = asyncio.ensure_future(_show(remote, ends))
    heard = command.stdin or ends.attended
    beside = [asyncio.ensure_future(_feed(remote, ends, command))] if heard else []
    beside += [asyncio.ensure_future(_resize(remote, ends, command))] if command.tty else []
    running = {output, *beside}
    try:
        while not output.done():
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()  # whoever leaves while the far side hangs must not wait for its next word
    except LinkError as lost:
        raise LinkError(lost.sentence, "What was started may still run: look at the pod.") from lost
    except Cancelled as left:
        hung_up = command.argv and command.tty
        then = "is told that its terminal is gone" if hung_up else "goes on"
        raise Cancelled(f"{left.sentence} What runs there {then}.") from None
    finally:
        for each in (output, *beside):
            each.cancel()
        await asyncio.gather(output, *beside, return_exceptions=True)
    assert remote.ended is not None
    return remote.ended


async def _show(remote: RemoteCommand, ends: Ends) -> None:
    async for channel, data in remote.output():
        await ends.write(channel, data)


async def _feed(remote: RemoteCommand, ends: Ends, command: Command) -> None:
    async for data in ends.input():
        if command.stdin:
            await remote.send(data)
        elif INTERRUPT in data:
            raise Cancelled("Left.")
    await remote.end_input()


async def _resize(remote: RemoteCommand, ends: Ends, command: Command) -> None:
    attached = not command.argv
    async for columns, rows in ends.sizes():
        if attached:  # another size makes what runs already draw itself, as kubectl does it
            await remote.resize(columns + 1, rows + 1)
            attached = False
        await remote.resize(columns, rows)
