"""A command in a container on a socket that ends in the middle: nothing that had come is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from edgetui.actions.messages import Cancelled
from edgetui.actions.remote.execute import Ends, carry
from edgetui.cluster.api.remote_command import V5, Channel, Command, Ended, RemoteCommand
from edgetui.cluster.errors import LinkError

SHELL = Command("line-2", "press-x", "app", ("sh",), stdin=True, tty=True)


class Socket:
    """Has these messages to give and takes none; then it ends as `end` says."""

    subprotocol = V5
    bytes_in = bytes_out = 0

    def __init__(self, *messages: bytes, end: LinkError | None = None) -> None:
        self._messages, self._end = list(messages), end

    async def receive(self) -> bytes | None:
        if self._messages:
            return self._messages.pop(0)
        if self._end is not None:
            raise self._end
        return None

    async def send(self, message: bytes) -> None:
        raise LinkError("The connection is closed.")

    def close(self) -> None:
        pass


class Typed:
    """Types this and shows what comes."""

    attended = True

    def __init__(self, *typed: bytes, then: Exception | None = None) -> None:
        self._typed, self._then = typed, then
        self.shown = b""

    async def input(self) -> AsyncIterator[bytes]:
        for one in self._typed:
            yield one
        if self._then is not None:
            raise self._then

    async def write(self, channel: Channel, data: bytes) -> None:
        self.shown += data

    async def sizes(self) -> AsyncIterator[tuple[int, int]]:
        yield 80, 24

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        yield

    async def done(self, ended: Ended) -> None:
        pass


def over(*messages: bytes, end: LinkError | None = None) -> RemoteCommand:
    return RemoteCommand(cast("Any", Socket(*messages, end=end)))


STATUS: Sequence[tuple[bytes, Ended]] = (
    (b'\x03{"status":"Success"}', Ended(0)),
    (
        b'\x03{"status":"Failure","reason":"NonZeroExitCode",'
        b'"details":{"causes":[{"reason":"ExitCode","message":"137"}]}}',
        Ended(137),
    ),
)


@pytest.mark.parametrize(("status", "ended"), STATUS)
async def test_input_that_meets_the_end_of_the_command_hides_nothing_of_it(
    status: bytes, ended: Ended
) -> None:
    ends = Typed(b"exit\n")
    assert await carry(over(b"\x01bye\r\n", status), cast("Ends", ends), SHELL) == ended
    assert ends.shown == b"bye\r\n"


async def test_a_lost_link_says_what_may_still_run() -> None:
    ends = Typed(b"make\n")
    with pytest.raises(LinkError) as lost:
        await carry(over(b"\x01cc\r\n", end=LinkError("The link is lost.")), cast("Ends", ends), SHELL)
    assert (lost.value.sentence, ends.shown) == ("The link is lost.", b"cc\r\n")
    assert "may still run" in lost.value.next_step


@pytest.mark.parametrize(
    ("command", "then"),
    [
        (SHELL, "What runs there is told that its terminal is gone."),
        (SHELL._replace(tty=False), "What runs there goes on."),
        (SHELL._replace(argv=()), "What runs there goes on."),
    ],
)
async def test_who_leaves_is_told_what_becomes_of_what_runs(command: Command, then: str) -> None:
    ends = Typed(then=Cancelled("Left."))
    with pytest.raises(Cancelled) as left:
        await carry(never_ends(), cast("Ends", ends), command)
    assert left.value.sentence == f"Left. {then}"


async def test_ctrl_c_leaves_what_takes_no_input() -> None:
    with pytest.raises(Cancelled, match="Left"):
        await carry(never_ends(), cast("Ends", Typed(b"a", b"\x03")), SHELL._replace(argv=(), stdin=False))


class Silent(Socket):
    """Says nothing, and does not end."""

    async def receive(self) -> bytes | None:
        await asyncio.Event().wait()
        return None


def never_ends() -> RemoteCommand:
    return RemoteCommand(cast("Any", Silent()))
