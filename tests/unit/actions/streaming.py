"""What a kubelet streams to a command on a small cluster: a WebSocket that says what a test wants, and hears."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.unit.cluster.test_websocket import Far, accepted

SUCCESS = b'\x03{"status":"Success"}'


def failure(code: int) -> bytes:
    """The last message of a command with this exit code."""
    causes = [{"reason": "ExitCode", "message": str(code)}]
    status = {"status": "Failure", "reason": "NonZeroExitCode", "details": {"causes": causes}}
    return b"\x03" + json.dumps(status).encode()


def refused(code: int, message: str, reason: str = "") -> bytes:
    """An answer that opens no WebSocket."""
    body = json.dumps({"kind": "Status", "code": code, "reason": reason, "message": message}).encode()
    return (
        b"HTTP/1.1 %d No\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        % (
            code,
            len(body),
        )
        + body
    )


class Kubelet:
    """Hears so many messages, says its own and ends; with `stays` it waits until the other side leaves.

    `asked` are the paths and queries that came, `heard` the messages. With a `refusal` it answers that alone.
    """

    def __init__(self, *messages: bytes, hears: int = 0, stays: bool = False, refusal: bytes = b"") -> None:
        self.messages: Sequence[bytes] = messages
        self.hears, self.stays, self.refusal = hears, stays, refusal
        self.asked: list[tuple[str, list[tuple[str, str]]]] = []
        self.heard: list[bytes] = []

    async def __call__(self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        target = urlsplit(head.split(" ")[1])
        self.asked.append((target.path, parse_qsl(target.query)))
        if self.refusal:
            writer.write(self.refusal)
            await writer.drain()
            return
        writer.write(accepted(head))
        far = Far(reader, writer)
        with suppress(AssertionError, ConnectionError):
            await self._serve(far)
            await far.hear()
            while self.stays:
                await far.hear()

    async def _serve(self, far: Any) -> None:
        for _ in range(self.hears):
            self.heard.append((await far.hear())[1])
        for message in self.messages:
            far.say(message)
        if not self.stays:
            far.put(far.frames.close(1000))
