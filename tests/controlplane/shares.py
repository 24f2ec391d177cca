"""What each request of a command costs on a shared connection: the bytes of its frames, in both directions.

What is left of the whole is the handshake with the client's certificate and the server's tickets, and 22 bytes around
each TLS record.
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from edgetui.cluster.http.http2 import PREFACE, Frames

from .proxy import FaultProxy

HEAD = 9
"""Bytes before the payload of a frame (RFC 9113 section 4.1)."""
CONNECTION = "settings, pings and windows of HTTP/2"
REST = "handshake, tickets and TLS records"


class Share(msgspec.Struct):
    """Bytes from here (`up`) and to here (`down`)."""

    up: int = 0
    down: int = 0


class Shares:
    """Counts the frames of every connection that is opened from now on; what they cost by request, in their order."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.by_request: dict[str, Share] = {CONNECTION: Share()}
        begin, put, feed = Frames.__init__, Frames._frame, Frames.feed
        request = Frames.request
        names: dict[tuple[int, int], str] = {}

        def share(frames: Frames, stream: int) -> Share:
            name = names.get((id(frames), stream), CONNECTION)
            return self.by_request.setdefault(name, Share())

        def begun(frames: Frames, *args: Any) -> None:
            self.by_request[CONNECTION].up += len(PREFACE)
            frames.__dict__["coming"] = b""
            begin(frames, *args)

        def asked(frames: Frames, fields: Any, body: bytes | None) -> int:
            told = dict(fields)
            names[id(frames), frames._next] = f"{told[':method']} {told[':path']}"
            return request(frames, fields, body)

        def sent(frames: Frames, kind: int, flags: int, stream: int, payload: bytes) -> None:
            share(frames, stream).up += HEAD + len(payload)
            put(frames, kind, flags, stream, payload)

        def came(frames: Frames, data: bytes) -> None:
            coming = frames.__dict__["coming"] + data
            while len(coming) >= HEAD:
                size = HEAD + int.from_bytes(coming[:3], "big")
                if len(coming) < size:
                    break
                share(frames, int.from_bytes(coming[5:9], "big")).down += size
                coming = coming[size:]
            frames.__dict__["coming"] = coming
            feed(frames, data)

        for name, does in (("__init__", begun), ("request", asked), ("_frame", sent), ("feed", came)):
            monkeypatch.setattr(Frames, name, does)

    def of(self, part: str) -> Share:
        """What the requests cost that have this in their method, path or query."""
        found = [share for name, share in self.by_request.items() if part in name]
        return Share(sum(one.up for one in found), sum(one.down for one in found))

    def table(self, proxy: FaultProxy) -> str:
        """A line for each share, the dearest first, and the sum of what went through the proxy."""
        counted = list(self.by_request.items())
        up = proxy.bytes_up - sum(one.up for _, one in counted)
        down = proxy.bytes_down - sum(one.down for _, one in counted)
        counted.append((REST, Share(up, down)))
        counted.sort(key=lambda entry: entry[1].up + entry[1].down, reverse=True)
        counted.append(("in all", Share(proxy.bytes_up, proxy.bytes_down)))
        lines = [f"{'both':>7} {'up':>7} {'down':>7}"]
        lines += [f"{one.up + one.down:7} {one.up:7} {one.down:7}  {name}" for name, one in counted]
        return "\n".join(lines)
