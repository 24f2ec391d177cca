"""A dial step by step on played sockets: in which order, with what, and the sentence for where it stopped."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from typing import Any

import pytest

from edgetui.cluster.errors import EdgetuiError, LinkError, ProtocolError, TlsError
from edgetui.cluster.http import dialer as module
from edgetui.cluster.http import relay, tunnel
from edgetui.cluster.http.dialer import Dialer
from edgetui.cluster.http.endpoint import Endpoint, Proxy, parse
from edgetui.cluster.http.resolver import Address
from edgetui.cluster.http.traffic import Counters
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

ONE, TWO, THREE = (Address(socket.AF_INET, (f"10.0.0.{number}", 6443)) for number in (1, 2, 3))


class Sock:
    """A socket that is only closed or not."""

    def __init__(self, name: str) -> None:
        self.name, self.closed = name, 0
        self.session_reused = False

    def close(self) -> None:
        self.closed += 1


class Context:
    """A TLS context that notes what is made of it."""

    def __init__(self, done: list[Any]) -> None:
        self.done, self.sock = done, Sock("secured")

    def set_alpn_protocols(self, names: list[str]) -> None:
        self.done.append(("offer", *names))

    def wrap_socket(self, sock: Sock, **options: Any) -> Sock:
        self.done.append(("wrap", sock.name, options))
        return self.sock


class Site:
    """A dialer whose names, sockets, proxy and TLS are these; each takes a second, or fails so."""

    def __init__(
        self, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch, server: str, proxy: str = ""
    ) -> None:
        self.loop, self.done, self.counters = loop, list[Any](), Counters()
        self.fails: dict[str, BaseException] = {}
        self.takes = {"DNS": 1.0, "TCP": 1.0, "proxy": 1.0, "TLS": 1.0, "secured": 1.0}
        self.addresses = [ONE]
        self.sockets: list[Sock] = []
        self.context = Context(self.done)
        self.through_tls = False
        self.endpoint = parse(server, "", proxy)
        resolver: Any = self
        self.dialer = Dialer(self.endpoint, loop, self.counters, resolver)
        self.dialer.on_step = self.done.append
        self.dialer._connect_to = self._connect  # type: ignore[method-assign, assignment]
        monkeypatch.setattr(
            module, "shake_hands", lambda _loop, sock: self._take("TLS", ("shake", sock.name))
        )
        monkeypatch.setattr(tunnel, "open_tunnel", self._tunnel)
        monkeypatch.setattr(tunnel, "secured", self._secured)
        monkeypatch.setattr(relay, "inside", lambda _loop, sock: Sock(f"through {sock.name}"))

    async def _take(self, step: str, note: Any) -> None:
        self.done.append(note)
        await asyncio.sleep(self.takes[step])
        if step in self.fails:
            raise self.fails[step]

    async def resolve(self, host: str, port: int) -> list[Address]:
        await self._take("DNS", ("look up", host, port))
        return self.addresses

    async def _connect(self, address: Address) -> Sock:
        await self._take("TCP", ("connect", address.address[0]))
        self.sockets.append(Sock("plain"))
        self.dialer._worked = address
        return self.sockets[-1]

    async def _tunnel(self, loop: Any, sock: Sock, proxy: Proxy, endpoint: Endpoint) -> None:
        await self._take("proxy", ("tunnel", sock.name, proxy.host, endpoint.host))

    async def _secured(self, loop: Any, sock: Sock, proxy: Proxy, context: Any) -> Sock:
        await self._take("secured", ("secure", sock.name, proxy.host))
        self.sockets.append(Sock("to the proxy"))
        return self.sockets[-1]

    @property
    def left(self) -> list[Sock]:
        """The sockets that nothing has been wrapped around: of these each must be closed."""
        return [self.context.sock] if any("shake" in note for note in self.done) else self.sockets[-1:]

    async def dial(self, timeout: float = 30.0, *, tls: bool = True, **options: Any) -> Any:
        context: Any = self.context if tls else None
        session: Any = "session"
        return await self.dialer.dial(context, session, timeout, **options)


def wrapped(name: str, server: bytes | str) -> tuple[str, str, dict[str, Any]]:
    options = {
        "server_hostname": server,
        "do_handshake_on_connect": False,
        "suppress_ragged_eofs": False,
        "session": "session",
    }
    return "wrap", name, options


def test_the_bounds_are_those_that_are_told() -> None:
    assert not module._Attempt("h", to_proxy=False).shaking_hands
    assert module.STAGGER == 0.25
    assert (module._KEEPALIVE_IDLE, module._KEEPALIVE_EVERY, module._KEEPALIVE_COUNT) == (10, 5, 3)
    assert module._USER_TIMEOUT_MS == 15_000


@pytest.mark.parametrize("http2", [True, False])
def test_a_dial_to_a_server(http2: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://plant:6443")
        site.context.sock.session_reused = http2
        assert await site.dial(http2=http2) is site.context.sock
        assert site.done == [
            "DNS",
            ("look up", "plant", 6443),
            "TCP",
            ("connect", "10.0.0.1"),
            "TLS",
            ("offer", *(["h2"] if http2 else []), "http/1.1"),
            wrapped("plain", b"plant"),
            ("shake", "secured"),
        ]
        assert (site.counters.handshakes, site.counters.resumed, site.counters.handshake) == (
            1,
            int(http2),
            1.0,
        )
        assert site.context.sock.closed == 0

    on_virtual_time(main)


def test_without_tls_connecting_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "http://plant:8080")
        site.dialer.on_step = None
        assert await site.dial(tls=False) is site.sockets[0]
        assert site.done == [("look up", "plant", 8080), ("connect", "10.0.0.1")]
        assert (site.counters.handshakes, site.counters.handshake) == (0, 2.0)

    on_virtual_time(main)


def test_a_name_beyond_ascii_is_asked_for_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://pl%C3%A4nt")
        await site.dial()
        assert wrapped("plain", "plänt") in site.done

    on_virtual_time(main)


@pytest.mark.parametrize("scheme", ["http", "socks5", "https"])
def test_a_dial_through_a_proxy(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://plant:6443", f"{scheme}://proxy:3128")
        await site.dial()
        secured = scheme == "https"
        assert site.done == [
            "DNS",
            ("look up", "proxy", 3128),
            "TCP",
            ("connect", "10.0.0.1"),
            "proxy",
            *([("secure", "plain", "proxy")] if secured else []),
            ("tunnel", "to the proxy" if secured else "plain", "proxy", "plant"),
            "TLS",
            ("offer", "h2", "http/1.1"),
            wrapped("to the proxy" if secured else "plain", b"plant"),
            ("shake", "secured"),
        ]
        assert site.counters.handshake == 1.0

    on_virtual_time(main)


NETWORK = "Check the network, the VPN or the tunnel to it."
PROXY = "Check that the proxy runs, and `proxy-url` in the kubeconfig or HTTPS_PROXY."
SLOW = "The server is overloaded, or the way to it loses large packets (MTU)."


@pytest.mark.parametrize(
    ("proxy", "step", "said"),
    [
        ("", "DNS", "The name plant could not be looked up within 5 s."),
        ("", "TCP", f"plant:6443 did not answer within 5 s. {NETWORK}"),
        (
            "",
            "TLS",
            f"plant:6443 took the connection but did not finish the TLS handshake within 5 s. {SLOW}",
        ),
        ("http://proxy:1", "DNS", "The name proxy could not be looked up within 5 s."),
        ("http://proxy:1", "TCP", f"The proxy proxy:1 did not answer within 5 s. {NETWORK}"),
        ("http://proxy:1", "proxy", f"The proxy proxy:1 did not answer within 5 s. {NETWORK}"),
        (
            "https://proxy:1",
            "secured",
            f"The proxy proxy:1 took the connection but did not finish the TLS handshake within 5 s. {SLOW}",
        ),
        ("https://proxy:1", "proxy", f"The proxy proxy:1 did not answer within 5 s. {NETWORK}"),
        (
            "http://proxy:1",
            "TLS",
            f"plant:6443 took the connection but did not finish the TLS handshake within 5 s. {SLOW}",
        ),
    ],
)
def test_where_the_time_ran_out_is_said(
    proxy: str, step: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://plant:6443", proxy)
        site.takes = dict.fromkeys(site.takes, 0.5) | {step: 60.0}
        with pytest.raises(LinkError) as caught:
            await site.dial(5.0)
        assert str(caught.value).startswith(said)
        assert loop.time() == 1005
        assert all(one.closed for one in site.left)

    on_virtual_time(main)


def tls_error(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, "tls")
    error.reason = reason
    return error


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "no")
    error.verify_code, error.verify_message, error.reason = 20, "no issuer", "CERTIFICATE_VERIFY_FAILED"
    return error


OFF = "the connection off."
REFUSED = OSError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))


@pytest.mark.parametrize(
    ("proxy", "step", "error", "kind", "said"),
    [
        ("", "TCP", REFUSED, LinkError, "plant:6443 refuses connections. Check that the API server"),
        ("", "DNS", socket.gaierror(socket.EAI_NONAME, "x"), LinkError, "The host name plant is unknown."),
        ("", "TLS", untrusted(), TlsError, "The certificate of plant:6443 is not signed by a CA"),
        ("", "TLS", UnicodeError("label"), LinkError, "The host name of plant:6443 cannot be used."),
        ("", "TLS", OSError(errno.ETIMEDOUT, "x"), LinkError, f"plant:6443 does not answer. {NETWORK}"),
        ("", "TLS", ProtocolError("Typed."), ProtocolError, "Typed."),
        ("", "TLS", tls_error("WRONG_VERSION_NUMBER"), ProtocolError, "plant:6443 is an SSH server"),
        ("http://proxy:1", "DNS", socket.gaierror(-2), LinkError, f"The host name proxy is unknown. {PROXY}"),
        ("http://proxy:1", "TCP", REFUSED, LinkError, f"The proxy proxy:1 refuses connections. {PROXY}"),
        ("http://proxy:1", "proxy", BrokenPipeError(), LinkError, f"The proxy proxy:1 broke {OFF} {PROXY}"),
        ("http://proxy:1", "proxy", LinkError("Typed."), LinkError, "Typed."),
        (
            "https://proxy:1",
            "secured",
            untrusted(),
            TlsError,
            "The certificate of the proxy proxy:1 is not signed by a CA that the kubeconfig names. "
            "Add the proxy's authority to certificate-authority-data: as with kubectl, it is "
            "trusted as the server is. "
            "Or use its http:// port.",
        ),
        ("https://proxy:1", "secured", tls_error("HTTP_REQUEST"), ProtocolError, "The proxy proxy:1 does"),
        ("http://proxy:1", "TLS", untrusted(), TlsError, "The certificate of plant:6443 is not signed"),
        ("http://proxy:1", "TLS", ConnectionResetError(), LinkError, "plant:6443 broke the connection off."),
    ],
    ids=range(15),
)  # fmt: skip
def test_what_failed_is_said_of_whom_it_was(
    proxy: str,
    step: str,
    error: BaseException,
    kind: type[EdgetuiError],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://plant:6443", proxy)
        site.fails[step] = error
        rests: list[Any] = []

        def rest(sock: Any) -> bytes:
            rests.append(sock)
            return b".0-OpenSSH"

        monkeypatch.setattr(module, "_rest", rest)
        with pytest.raises(EdgetuiError) as caught:
            await site.dial()
        assert type(caught.value) is kind
        assert str(caught.value).startswith(said)
        stranger = isinstance(error, ssl.SSLError) and error.reason == "WRONG_VERSION_NUMBER" and not proxy
        assert rests == ([site.context.sock] if stranger else [])
        assert all(one.closed for one in site.left)
        assert site.counters.handshakes == 0

    on_virtual_time(main)


@pytest.mark.parametrize("step", ["DNS", "TCP", "TLS"])
def test_what_is_no_failure_of_the_link_is_raised_as_it_is(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, "https://plant:6443")
        site.fails[step] = KeyError("defect")
        with pytest.raises(KeyError):
            await site.dial()
        assert site.context.sock.closed == (step == "TLS")
        site.fails.clear()
        dial = asyncio.create_task(site.dial())
        await asyncio.sleep(2.5)
        dial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dial

    on_virtual_time(main)


class Race:
    """Addresses that connect or refuse after so many seconds."""

    def __init__(self, loop: VirtualLoop, **takes: float | str) -> None:
        self.loop, self.began = loop, loop.time()
        self.takes = takes
        self.tried: list[tuple[str, float]] = []
        self.sockets: dict[str, Sock] = {}
        self.addresses = [Address(socket.AF_INET, (name, 1)) for name in takes]
        resolver: Any = self
        self.dialer = Dialer(parse("http://plant"), loop, Counters(), resolver)
        self.dialer._connect_to = self._connect  # type: ignore[method-assign, assignment]

    async def resolve(self, host: str, port: int) -> list[Address]:
        return self.addresses

    async def _connect(self, address: Address) -> Sock:
        name = address.address[0]
        self.tried.append((name, self.loop.time() - self.began))
        takes = self.takes[name]
        await asyncio.sleep(abs(float(takes)))
        if isinstance(takes, str):
            raise OSError(errno.EHOSTUNREACH if takes == "0.5" else errno.ECONNREFUSED, "x")
        self.sockets[name] = Sock(name)
        self.dialer._worked = address
        return self.sockets[name]

    async def won(self) -> str:
        found: Any = await self.dialer.dial(None, None, 60)
        return str(found.name)


RACES: list[tuple[dict[str, float | str], str, list[tuple[str, float]]]] = [
    ({"a": 9.0}, "a", [("a", 0.0)]),
    ({"a": 0.2, "b": 0.0}, "a", [("a", 0.0)]),
    ({"a": 9.0, "b": 0.1, "c": 0.0}, "b", [("a", 0.0), ("b", 0.25)]),
    ({"a": 9.0, "b": 9.0, "c": 0.1}, "c", [("a", 0.0), ("b", 0.25), ("c", 0.5)]),
    ({"a": "0.1", "b": 0.1}, "b", [("a", 0.0), ("b", 0.1)]),
    ({"a": "0.0", "b": "0.0", "c": 0.1}, "c", [("a", 0.0), ("b", 0.0), ("c", 0.0)]),
    ({"a": 0.4, "b": 9.0}, "a", [("a", 0.0), ("b", 0.25)]),
    ({"a": 0.4, "b": "0.1"}, "a", [("a", 0.0), ("b", 0.25)]),
]


@pytest.mark.parametrize(("takes", "wins", "tried"), RACES, ids=range(len(RACES)))
def test_each_address_has_a_quarter_of_a_second_before_the_next(
    takes: dict[str, float | str], wins: str, tried: list[tuple[str, float]]
) -> None:
    async def main(loop: VirtualLoop) -> None:
        race = Race(loop, **takes)
        assert await race.won() == wins
        assert [name for name, _ in race.tried] == [name for name, _ in tried]
        assert [at for _, at in race.tried] == pytest.approx([at for _, at in tried])
        await asyncio.sleep(30)
        assert {name: one.closed for name, one in race.sockets.items()} == {wins: 0}
        race.tried.clear()
        assert await race.won() == wins
        assert race.tried[0][0] == wins, "the one that worked is tried first"

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("takes", "said"),
    [
        ({"a": "0.1", "b": "0.5"}, "There is no route to plant:80."),
        ({"a": "0.5", "b": "0.0"}, "There is no route to plant:80."),
        ({"a": "0.1"}, "plant:80 refuses connections."),
        ({}, "plant:80 broke the connection off."),
    ],
)
def test_where_all_refuse_the_last_says_why(takes: dict[str, str], said: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        race = Race(loop, **takes)
        with pytest.raises(LinkError) as caught:
            await race.won()
        assert caught.value.sentence == said

    on_virtual_time(main)


def test_of_two_that_connect_in_one_turn_one_is_kept() -> None:
    async def main(loop: VirtualLoop) -> None:
        race = Race(loop, a=0.5, b=0.25)
        await race.won()
        await asyncio.sleep(1)
        assert sorted(one.closed for one in race.sockets.values()) in ([0], [0, 1])

    on_virtual_time(main)


def test_what_a_stranger_said_is_read_beside_tls() -> None:
    near, far = socket.socketpair()
    far.send(b"SSH-2.0-" + b"x" * 100)
    assert module._rest(near) == b"SSH-2.0-" + b"x" * 56
    assert near.fileno() != -1
    near.setblocking(False)
    module._rest(near)
    assert module._rest(near) == b""
    near.close()
    far.close()
    closed: Any = type("Closed", (), {"fileno": lambda self: -1})()
    assert module._rest(closed) == b""
