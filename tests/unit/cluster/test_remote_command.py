"""Commands in containers message for message: how each is asked for, what goes in and out, and how it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import msgspec
import pytest

from edgetui.cluster.api import remote_command
from edgetui.cluster.api.remote_command import (
    MOST_INPUT,
    OPEN_TIMEOUT,
    V4,
    V5,
    Channel,
    Command,
    Ended,
    RemoteCommand,
    how_it_ended,
)
from edgetui.cluster.errors import Forbidden, LinkError, ProtocolError
from edgetui.cluster.http.websocket import Refused

SUCCESS = b'\x03{"status":"Success"}'
PODS = "/api/v1/namespaces/line-2/pods/press-x"


class Socket:
    """Has these messages to give, an error among them to raise; then it is closed as it should be, or silent."""

    bytes_in, bytes_out = 7, 9

    def __init__(
        self, *messages: bytes | Exception, subprotocol: str = V5, silent: bool = False, takes: bool = True
    ) -> None:
        self.messages, self.sent = list(messages), list[bytes]()
        self.subprotocol, self.silent, self.takes = subprotocol, silent, takes
        self.closed = 0
        self.window = 0

    async def receive(self) -> bytes | None:
        if not self.messages and self.silent:
            await asyncio.Event().wait()
        message = self.messages.pop(0) if self.messages else None
        if isinstance(message, Exception):
            raise message
        return message

    async def send(self, message: bytes) -> None:
        if not self.takes:
            raise LinkError("The connection is closed.")
        self.sent.append(message)

    def narrow(self, window: int) -> None:
        self.window = window

    def close(self) -> None:
        self.closed += 1


def over(socket: Socket) -> RemoteCommand:
    return RemoteCommand(cast("Any", socket))


async def all_of(remote: RemoteCommand) -> list[tuple[Channel, bytes]]:
    return [one async for one in remote.output()]


class Opener:
    """Opens this socket, or refuses; keeps what was asked."""

    def __init__(self, socket: Socket | Refused) -> None:
        self.socket, self.asked = socket, list[Any]()

    async def open_websocket(
        self, path: str, query: Sequence[tuple[str, str]], protocols: Sequence[str], *, timeout: float
    ) -> Any:
        self.asked.append((path, list(query), tuple(protocols), timeout))
        if isinstance(self.socket, Refused):
            raise self.socket
        return self.socket


STDOUT, STDERR, STDIN, TTY = ((name, "true") for name in ("stdout", "stderr", "stdin", "tty"))


@pytest.mark.parametrize(
    ("command", "path", "query"),
    [
        (Command("line-2", "press-x", ""), "attach", [STDOUT, STDERR]),
        (
            Command("line-2", "press-x", "app", ("ls", "-l a")),
            "exec",
            [("command", "ls"), ("command", "-l a"), ("container", "app"), STDOUT, STDERR],
        ),
        (
            Command("line-2", "press-x", "app", ("sh",), stdin=True, tty=True),
            "exec",
            [("command", "sh"), ("container", "app"), STDIN, STDOUT, TTY],
        ),
        (
            Command("line-2", "press-x", "app", stdin=True),
            "attach",
            [("container", "app"), STDIN, STDOUT, STDERR],
        ),
    ],
)
async def test_how_a_command_is_asked_for(command: Command, path: str, query: list[tuple[str, str]]) -> None:
    opener = Opener(Socket())
    remote = await RemoteCommand.start(opener, command)
    assert opener.asked == [(f"{PODS}/{path}", query, (V5, V4), OPEN_TIMEOUT)]
    assert (remote.bytes_in, remote.bytes_out, remote.ended) == (7, 9, None)
    assert isinstance(opener.socket, Socket) and opener.socket.window == 0
    await RemoteCommand.start(opener, command._replace(window=4096), timeout=5.0)
    assert (opener.asked[1][3], opener.socket.window) == (5.0, 4096)


async def test_a_server_that_refuses_it_is_said_as_any_refusal() -> None:
    body = b'{"kind":"Status","message":"no pods/exec","reason":"Forbidden"}'
    with pytest.raises(Forbidden, match="no pods/exec"):
        await RemoteCommand.start(Opener(Refused(403, {}, body)), Command("line-2", "press-x", "app"))


OUT, ERR = Channel.STDOUT, Channel.STDERR


@pytest.mark.parametrize(
    ("messages", "out", "ended"),
    [
        ([b"\x01one", b"\x02two", SUCCESS], [(OUT, b"one"), (ERR, b"two")], Ended(0)),
        ([b"\x01", b"\x02", b"", b"\xff\x01", SUCCESS], [], Ended(0)),
        ([SUCCESS, b"\x01late", b"\x02later"], [(OUT, b"late"), (ERR, b"later")], Ended(0)),
        ([SUCCESS, LinkError("The link is lost."), b"\x01never"], [], Ended(0)),
        ([b"\x03no JSON"], [], Ended(1, "no JSON")),
    ],
)
async def test_outputs_come_to_their_end(
    messages: list[bytes | Exception], out: list[tuple[Channel, bytes]], ended: Ended
) -> None:
    socket = Socket(*messages)
    remote = over(socket)
    assert await all_of(remote) == out
    assert (remote.ended, socket.closed) == (ended, 1)


@pytest.mark.parametrize("channel", [0, 4, 5, 254])
async def test_what_belongs_to_no_output_is_refused(channel: int) -> None:
    with pytest.raises(ProtocolError) as refused:
        await all_of(over(Socket(bytes([channel]) + b"x")))
    assert refused.value.sentence == "The server sent something that belongs to no output of the command."


async def test_an_end_without_a_word_says_that_it_may_still_run() -> None:
    socket = Socket(b"\x01out")
    with pytest.raises(ProtocolError) as refused:
        await all_of(over(socket))
    assert (refused.value.sentence, refused.value.next_step, socket.closed) == (
        "The server ended the connection without saying how the command ended.",
        "It may still run: look at the pod.",
        1,
    )


async def test_a_lost_link_before_the_end_is_raised() -> None:
    with pytest.raises(LinkError, match="lost"):
        await all_of(over(Socket(b"\x01out", LinkError("The link is lost."))))


async def test_last_words_are_waited_for_briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (remote_command.LAST_WORDS, OPEN_TIMEOUT) == (5.0, 30.0)
    monkeypatch.setattr(remote_command, "LAST_WORDS", 0.01)
    remote = over(Socket(SUCCESS, b"\x01late", silent=True))
    assert await all_of(remote) == [(OUT, b"late")]
    assert remote.ended == Ended(0)


async def test_before_the_end_silence_is_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote_command, "LAST_WORDS", 0.001)
    waiting = asyncio.ensure_future(all_of(over(Socket(silent=True))))
    await asyncio.sleep(0.02)
    assert not waiting.done()
    waiting.cancel()


@pytest.mark.parametrize(
    ("size", "pieces"), [(0, []), (1, [1]), (32768, [32768]), (32769, [32768, 1]), (65537, [32768, 32768, 1])]
)
async def test_input_goes_in_pieces(size: int, pieces: list[int]) -> None:
    assert MOST_INPUT == 32768
    data, socket = bytes(range(251)) * 300, Socket()
    await over(socket).send(data[:size])
    assert [len(one) - 1 for one in socket.sent] == pieces
    assert all(one[0] == 0 for one in socket.sent)
    assert b"".join(one[1:] for one in socket.sent) == data[:size]


@pytest.mark.parametrize(("protocol", "sent"), [(V5, [b"\xff\x00"]), (V4, [])])
async def test_the_end_of_the_input_is_told_once_where_it_can_be(protocol: str, sent: list[bytes]) -> None:
    socket = Socket(subprotocol=protocol)
    remote = over(socket)
    assert remote.can_end_input == bool(sent)
    await remote.end_input()
    await remote.end_input()
    assert socket.sent == sent


async def test_a_size_is_columns_and_rows_and_what_cannot_be_sent_goes_nowhere() -> None:
    socket = Socket(takes=False)
    remote = over(socket)
    await remote.send(b"x")
    await remote.end_input()
    socket.takes = True
    await remote.resize(101, 33)
    assert socket.sent == [b'\x04{"Width":101,"Height":33}']
    remote.close()
    assert socket.closed == 1


@pytest.mark.parametrize(
    ("status", "ended"),
    [
        ({"reason": "NonZeroExitCode"}, Ended(1, "The command failed, and the server does not say why.")),
        ({"reason": "NonZeroExitCode", "details": {}, "message": "no"}, Ended(1, "no")),
        ({"reason": "NonZeroExitCode", "details": {"causes": []}, "message": "no"}, Ended(1, "no")),
        ({"details": {"causes": [{"reason": "ExitCode", "message": "3"}]}, "message": "no"}, Ended(1, "no")),
        (
            {
                "reason": "NonZeroExitCode",
                "details": {
                    "causes": [{"reason": "Other", "message": "4"}, {"reason": "ExitCode", "message": "3"}]
                },
            },
            Ended(3),
        ),
        (
            {
                "reason": "NonZeroExitCode",
                "message": "no",
                "details": {"causes": [{"reason": "ExitCode", "message": "1000"}]},
            },
            Ended(1, "no"),
        ),
        (
            {
                "reason": "NonZeroExitCode",
                "details": {"causes": [{"reason": "ExitCode", "message": "255"}]},
            },
            Ended(255),
        ),
        ({"message": "a\x1b[31mb"}, Ended(1, "a [31mb")),
    ],
)
def test_a_failure_is_its_exit_code_or_the_words_of_the_server(status: dict[str, Any], ended: Ended) -> None:
    found = how_it_ended(msgspec.json.encode({"status": "Failure", **status}))
    assert found == ended
    assert found.words == (ended.sentence or f"It ended with exit code {ended.code}.")


def test_what_is_no_status_is_said_as_it_is_or_as_nothing() -> None:
    assert how_it_ended(b"\xffno\x00") == Ended(1, "\ufffdno")
    assert how_it_ended(b" ") == Ended(1, "The server did not say how it ended.")
    assert Ended(0).words == "It ended with exit code 0."
