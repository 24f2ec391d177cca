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


@pytest.mark.parametrize("typed", [(b"a",), (b"q", b"\x1b[A"), ()])
async def test_other_keys_do_not_leave_what_takes_no_input(typed: tuple[bytes, ...]) -> None:
    socket = Socket(b"\x01up", STATUS[0][0])
    ends = Typed(*typed)
    remote = RemoteCommand(cast("Any", socket))
    assert await carry(remote, cast("Ends", ends), SHELL._replace(argv=(), stdin=False)) == Ended(0)
    assert ends.shown == b"up"


class Taking(Socket):
    """Takes what it is sent, and says how it ended once it has so many messages."""

    def __init__(self, most: int, *messages: bytes) -> None:
        super().__init__(*messages)
        self.most = most
        self.sent: list[bytes] = []
        self.enough = asyncio.Event()

    async def receive(self) -> bytes | None:
        if len(self.sent) < self.most:
            await asyncio.wait_for(self.enough.wait(), 60)
        return await super().receive()

    async def send(self, message: bytes) -> None:
        self.sent.append(message)
        if len(self.sent) >= self.most:
            self.enough.set()


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        (SHELL, {b"\x00ls\n", b"\xff\x00", b'\x04{"Width":80,"Height":24}'}),
        (
            SHELL._replace(argv=()),
            {b"\x00ls\n", b"\xff\x00", b'\x04{"Width":81,"Height":25}', b'\x04{"Width":80,"Height":24}'},
        ),
        (SHELL._replace(tty=False), {b"\x00ls\n", b"\xff\x00"}),
        (SHELL._replace(stdin=False), {b"\xff\x00", b'\x04{"Width":80,"Height":24}'}),
    ],
)
async def test_what_is_typed_and_the_size_go_there(command: Command, sent: set[bytes]) -> None:
    socket = Taking(len(sent), STATUS[0][0])
    remote = RemoteCommand(cast("Any", socket))
    assert await carry(remote, cast("Ends", Typed(b"ls\n")), command) == Ended(0)
    assert set(socket.sent) == sent and len(socket.sent) == len(sent)
    if not command.argv:
        sizes = [one for one in socket.sent if one[:1] == b"\x04"]
        assert sizes == [b'\x04{"Width":81,"Height":25}', b'\x04{"Width":80,"Height":24}']


async def test_without_a_person_nothing_is_asked_for_input() -> None:
    class Silence(Typed):
        attended = False

        async def input(self) -> AsyncIterator[bytes]:
            raise AssertionError("nothing is asked")
            yield b""

    ends = Silence()
    command = SHELL._replace(stdin=False, tty=False)
    assert await carry(over(b"\x01up", STATUS[1][0]), cast("Ends", ends), command) == Ended(137)
    assert ends.shown == b"up"
