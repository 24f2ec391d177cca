"""A socket that leads through a TLS connection: what an https proxy tunnels is TLS inside its own TLS.

Python's SSLSocket stands on a descriptor, so the inner connection gets one end of a pair of sockets, and what passes
the other end is carried through the outer connection, both ways, without waiting and without keeping more than
one piece.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

_PIECE = 64 * 1024


def inside(loop: asyncio.AbstractEventLoop, outer: ssl.SSLSocket) -> socket.socket:
    """The near end of a tunnel through `outer`; closing it closes `outer`."""
    near, far = socket.socketpair()
    near.setblocking(False)
    far.setblocking(False)
    _Relay(loop, outer, far).carry()
    return near


class _Relay:
    """Kept alive by the event loop as long as it waits for one of its sockets."""

    def __init__(self, loop: asyncio.AbstractEventLoop, outer: ssl.SSLSocket, far: socket.socket) -> None:
        self._loop = loop
        self._outer = outer
        self._far = far
        self._out = b""
        self._back = b""
        self._ended = False
        self._waiting: set[tuple[int, str]] = set()

    def carry(self) -> None:
        """Move what can be moved now, then wait for the rest."""
        wanted: set[tuple[int, str]] = set()
        try:
            self._carry_out(wanted)
            self._carry_back(wanted)
        except OSError:
            self._close()
            return
        if self._ended and not self._back:
            self._close()
        else:
            self._wait(wanted)

    def _carry_out(self, wanted: set[tuple[int, str]]) -> None:
        """From the near end to the proxy. Raises OSError when either is closed."""
        outer, far = self._outer.fileno(), self._far.fileno()
        while True:
            if not self._out:
                try:
                    self._out = self._far.recv(_PIECE)
                except BlockingIOError:
                    wanted.add((far, "read"))
                    return
                if not self._out:
                    raise ConnectionResetError
            try:
                self._out = self._out[self._outer.send(self._out) :]
            except ssl.SSLWantReadError:
                wanted.add((outer, "read"))
                return
            except ssl.SSLWantWriteError:
                wanted.add((outer, "write"))
                return

    def _carry_back(self, wanted: set[tuple[int, str]]) -> None:
        """From the proxy to the near end."""
        outer, far = self._outer.fileno(), self._far.fileno()
        while True:
            if not self._back:
                if self._ended:
                    return
                try:
                    self._back = self._outer.recv(_PIECE)
                except ssl.SSLWantReadError:
                    wanted.add((outer, "read"))
                    return
                except ssl.SSLWantWriteError:
                    wanted.add((outer, "write"))
                    return
                except OSError:
                    self._back = b""
                if not self._back:
                    self._ended = True
                    return
            try:
                self._back = self._back[self._far.send(self._back) :]
            except BlockingIOError:
                wanted.add((far, "write"))
                return

    def _wait(self, wanted: set[tuple[int, str]]) -> None:
        for descriptor, what in self._waiting - wanted:
            (self._loop.remove_reader if what == "read" else self._loop.remove_writer)(descriptor)
        for descriptor, what in wanted - self._waiting:
            (self._loop.add_reader if what == "read" else self._loop.add_writer)(descriptor, self.carry)
        self._waiting = wanted

    def _close(self) -> None:
        self._wait(set())
        for sock in (self._outer, self._far):
            with contextlib.suppress(OSError):
                sock.close()
