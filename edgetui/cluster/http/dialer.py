"""From an endpoint to a socket that is connected, tunnelled and secured; all of it non-blocking."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
from collections.abc import Callable

from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.http.endpoint import Endpoint, Proxy
from edgetui.cluster.http.failures import NOT_TLS, explain, silent
from edgetui.cluster.http.nonblocking import connect, shake_hands
from edgetui.cluster.http.resolver import Address, Resolver
from edgetui.cluster.http.tls import alpn
from edgetui.cluster.http.traffic import Counters

STAGGER = 0.25  # s before the next address is tried beside the one before (RFC 8305 section 8)

_KEEPALIVE_IDLE, _KEEPALIVE_EVERY, _KEEPALIVE_COUNT = 10, 5, 3
_USER_TIMEOUT_MS = 15_000


class Dialer:
    """Opens connections to one endpoint, and remembers which of its addresses works."""

    def __init__(
        self,
        endpoint: Endpoint,
        loop: asyncio.AbstractEventLoop,
        counters: Counters,
        resolver: Resolver | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._loop = loop
        self._counters = counters
        self._resolver = resolver or Resolver(loop)
        self._worked: Address | None = None
        self.on_step: Callable[[str], None] | None = None
        """Called with "DNS", "TCP", "proxy" or "TLS" when that part of a dial begins."""

    def _begin(self, step: str) -> None:
        if self.on_step is not None:
            self.on_step(step)

    async def dial(
        self,
        context: ssl.SSLContext | None,
        session: ssl.SSLSession | None,
        timeout: float,
        *,
        http2: bool = True,
    ) -> socket.socket:
        """A connected socket within `timeout` seconds: an ssl.SSLSocket if there is a context.

        `session` must come from the same context; `http2` is whether that is offered to the server. Raises LinkError,
        TlsError, ProtocolError.
        """
        first = self._endpoint.proxy or self._endpoint
        attempt = _Attempt(first.where, to_proxy=self._endpoint.proxy is not None)
        sock: socket.socket | None = None
        try:
            async with asyncio.timeout(timeout):
                began = self._loop.time()
                sock = await self._connect(attempt)
                if self._endpoint.proxy is not None:
                    sock = await self._tunnel(sock, self._endpoint.proxy, context, attempt)
                if context is not None:
                    began = self._loop.time()
                    attempt.where, attempt.shaking_hands = self._endpoint.where, True
                    attempt.to_proxy = False
                    self._begin("TLS")
                    name = self._endpoint.server_name
                    # What a context offers counts for the sockets that are made of it from then on.
                    context.set_alpn_protocols(alpn(http2=http2))
                    sock = secured = context.wrap_socket(
                        sock,
                        server_hostname=name.encode() if name.isascii() else name,
                        do_handshake_on_connect=False,
                        suppress_ragged_eofs=False,
                        session=session,
                    )
                    await shake_hands(self._loop, secured)
                    self._counters.handshakes += 1
                    self._counters.resumed += bool(secured.session_reused)
                self._counters.handshake = self._loop.time() - began
        except BaseException as error:
            found = self._explained(error, attempt, timeout, sock)
            if sock is not None:
                sock.close()
            if found is None:
                raise
            raise found from None
        return sock

    async def _tunnel(
        self, sock: socket.socket, proxy: Proxy, context: ssl.SSLContext | None, attempt: _Attempt
    ) -> socket.socket:
        """A socket that leads to the server; closes `sock` when there is none."""
        from edgetui.cluster.http import tunnel

        self._begin("proxy")
        try:
            if proxy.scheme == "https":
                attempt.shaking_hands = True
                sock = await tunnel.secured(self._loop, sock, proxy, context)
                attempt.shaking_hands = False
            await tunnel.open_tunnel(self._loop, sock, proxy, self._endpoint)
        except BaseException:
            sock.close()
            raise
        if isinstance(sock, ssl.SSLSocket):
            from edgetui.cluster.http.relay import inside

            return inside(self._loop, sock)
        return sock

    def _explained(
        self, error: BaseException, attempt: _Attempt, timeout: float, sock: socket.socket | None
    ) -> EdgetuiError | None:
        """What to raise instead; None for what is no failure of the link."""
        if isinstance(error, TimeoutError) and error.errno is None:
            return silent(
                attempt.where, timeout, resolving=attempt.resolving, shaking_hands=attempt.shaking_hands
            )
        proxy = self._endpoint.proxy
        if proxy is not None and isinstance(error, OSError) and attempt.to_proxy:
            return self._without_proxy(proxy, error)
        if isinstance(error, OSError | ValueError):
            stranger = isinstance(error, ssl.SSLError) and error.reason in NOT_TLS and sock is not None
            return explain(error, attempt.where, _rest(sock) if stranger and sock is not None else b"")
        return None

    def _without_proxy(self, proxy: Proxy, error: OSError) -> EdgetuiError:
        found = explain(error, proxy.host if isinstance(error, socket.gaierror) else proxy.where)
        found.next_step = "Check that the proxy runs, and `proxy-url` in the kubeconfig or HTTPS_PROXY."
        if isinstance(error, ssl.SSLCertVerificationError):
            found.next_step = (
                "Add the proxy's authority to certificate-authority-data: as with kubectl, it is trusted as the "
                "server is. Or use its http:// port."
            )
        return found

    async def _connect(self, attempt: _Attempt) -> socket.socket:
        to = self._endpoint.proxy or self._endpoint
        attempt.resolving = True
        self._begin("DNS")
        where, attempt.where = attempt.where, to.host
        addresses = await self._resolver.resolve(to.host, to.port)
        attempt.where, attempt.resolving = where, False
        self._begin("TCP")
        if self._worked in addresses:
            addresses = sorted(addresses, key=lambda address: address != self._worked)
        if len(addresses) == 1:
            return await self._connect_to(addresses[0])
        return await self._connect_to_any(addresses)

    async def _connect_to_any(self, addresses: list[Address]) -> socket.socket:
        """The first that connects wins. Each address has a short lead; a refusal hands over at once."""
        waiting = list(addresses)
        trying: set[asyncio.Task[socket.socket]] = set()
        failure: BaseException = OSError("no address")
        try:
            while waiting or trying:
                if waiting:
                    trying.add(self._loop.create_task(self._connect_to(waiting.pop(0))))
                patience = STAGGER if waiting else None
                done, trying = await asyncio.wait(
                    trying, timeout=patience, return_when=asyncio.FIRST_COMPLETED
                )
                winners = [task for task in done if task.exception() is None]
                for loser in winners[1:]:
                    loser.result().close()
                if winners:
                    return winners[0].result()
                failure = next((task.exception() for task in done), None) or failure
            raise failure
        finally:
            for task in trying:
                task.add_done_callback(_discard)
                task.cancel()

    async def _connect_to(self, address: Address) -> socket.socket:
        self._counters.connections += 1
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await connect(self._loop, sock, address.address)
            _tune(sock)
        except BaseException:
            sock.close()
            raise
        self._worked = address
        return sock


class _Attempt:
    """How far one attempt has come, for the sentence that says where it stopped."""

    def __init__(self, where: str, *, to_proxy: bool) -> None:
        self.where = where
        self.resolving = False
        self.shaking_hands = False
        self.to_proxy = to_proxy


def _discard(task: asyncio.Task[socket.socket]) -> None:
    """An attempt that lost the race may have connected before it heard of it."""
    if not task.cancelled() and task.exception() is None:
        task.result().close()


def _rest(sock: socket.socket) -> bytes:
    """What the peer has sent and TLS has not eaten: a stranger's own words."""
    try:
        with socket.socket(fileno=os.dup(sock.fileno())) as raw:
            return raw.recv(64)
    except OSError:
        return b""


def _tune(sock: socket.socket) -> None:
    """Notice a dead link within 20 s: keepalive for silence, the user timeout for unacknowledged data."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", _KEEPALIVE_EVERY),
        ("TCP_KEEPCNT", _KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", _USER_TIMEOUT_MS),
    ):
        if hasattr(socket, name):
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
