"""A shell in a container, or what one runs already, on the terminal in place of the screen.

The watches go on meanwhile, and the screen comes back as it was left, with the rows as they are by then.
"""

from __future__ import annotations

import shlex
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import (
    SHELL,
    Container,
    PodView,
    attachment,
    execute,
    has_no_shell,
    read_pod,
    without_shell,
)
from edgetui.actions.remote.local_terminal import LocalTerminal
from edgetui.cluster.api.remote_command import OPEN_TIMEOUT, Command, Ended
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cells import visible
from edgetui.model.kinds import object_words
from edgetui.ui.dialogs.pick import PickScreen

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.identity import ObjectRef
    from edgetui.ui.background.action import ActionJob


class Asked(NamedTuple):
    """What was typed behind `:shell` or `:attach`: a container, and the words of a command."""

    container: str = ""
    argv: tuple[str, ...] = ()


class ScreenTerminal(LocalTerminal):
    """The terminal of the screen, for as long as a command runs. `stays` keeps its output in view after its end."""

    def __init__(self, job: ActionJob, greeting: str, *, lines: bool, stays: bool) -> None:
        super().__init__(True, lines=lines)
        self._job, self._greeting, self._stays = job, greeting, stays

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """In place of the screen; not before the person is there."""
        await self._job.in_front()
        loan = self._job.app.lend_terminal(self)
        if loan is None:
            raise Refusal("This screen has no terminal that a shell could be given.")
        self._job.app.forget_keys()
        with loan:
            self.tell(f"\r\n{self._greeting}\r\nctrl+] and then d leaves, also when nothing answers.")
            yield

    @contextmanager
    def told_of_sizes(self) -> Iterator[None]:
        """The driver tells."""
        yield

    async def done(self, ended: Ended) -> None:
        """What a command has written is there to be read."""
        if self._stays:
            self.tell(f"\r\n{ended.words} Press any key to go back to edgetui.")
            await self.any_key()


async def flow(
    job: ActionJob,
    action: str,
    session: ClusterSession,
    ref: ObjectRef,
    given: Mapping[str, Any] | None = None,
) -> None:
    """Open a shell, run a command or attach, and say afterwards how it ended.

    The connection that it takes is dialled while the pod is read: on a slow link that is a round trip less.
    """
    asked = asked_for(action, next(iter((given or {}).values()), ""))
    with session.api.transport.websocket_ahead(OPEN_TIMEOUT):
        await _flow(job, action, session, ref, asked)


async def _flow(job: ActionJob, action: str, session: ClusterSession, ref: ObjectRef, asked: Asked) -> None:
    view = await job.read(object_words(ref.key), read_pod(session, ref))
    container = await _container(job, view, asked)
    if container is None:
        return
    if action == "attach":
        command, what = attachment(view, container, True), "Attached to"
    else:
        argv = asked.argv or SHELL
        what = f"{argv[0] if asked.argv else 'Shell'} in"
        command = Command(ref.key.namespace, ref.key.name, container.name, argv, stdin=True, tty=True)
    name = ref.key.name
    terminal = ScreenTerminal(
        job,
        visible(f"{what} container {container.name} of pod {name} on {session.name}."),
        lines=not command.tty,
        stays=bool(asked.argv),
    )
    job.app.flash(f"opening {name}…  esc cancels", "bar")
    gate = job.gate(lambda step: job.app.flash(step.text))
    ended = await execute(gate, session, view.ref, command, terminal)
    if command.argv is SHELL and not terminal.typed and has_no_shell(ended):
        raise without_shell(session, view, container.name)
    if ended.sentence:
        raise EdgetuiError(ended.sentence)
    job.app.flash(f"Exit code {ended.code}: {what.lower()} {name}")


def asked_for(action: str, typed: str) -> Asked:
    """Of "-c NAME COMMAND ..."; behind :attach a word alone is the container. Raises Refusal for an open quote."""
    try:
        words = shlex.split(typed)
    except ValueError:
        raise Refusal("A quotation mark in that command is never closed.") from None
    if words[:1] == ["-c"]:
        return Asked(words[1] if len(words) > 1 else "", tuple(words[2:]))
    if action == "attach":
        return Asked(words[0] if words else "")
    return Asked(argv=tuple(words))


async def _container(job: ActionJob, view: PodView, asked: Asked) -> Container | None:
    """The container that is named or usual; else the one that the person chooses, None for none."""
    if asked.container or view.default:
        return view.container(asked.container)
    choices = [*view.containers, *(one for one in view.others if one.state == "running")]
    lines = [(one.name, one.state) for one in choices]
    title = f"In which container of {object_words(view.ref.key)}?"
    place = await job.ask(lambda: PickScreen(title, lines))
    return None if place is None else choices[place]
