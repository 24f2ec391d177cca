"""Requests without a socket: what goes out, on which connection, how often, and what comes of each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

import edgetui
from edgetui.cluster.errors import EdgetuiError, KubeconfigError, LinkError, ProtocolError
from edgetui.cluster.http import answer_size
from edgetui.cluster.http import client as module
from edgetui.cluster.http.client import Delivery, Response, Transport
from edgetui.cluster.http.exchange import Sink
from edgetui.cluster.http.failures import Dropped, NotSent
from edgetui.cluster.http.request import Request
from edgetui.cluster.target import ClusterTarget, TlsSettings
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

TARGET = ClusterTarget(name="plant", context="plant", server="https://h:6443")
AGENT = ("User-Agent", f"edgetui/{edgetui.__version__}")
JSON, GZIP = ("Accept", "application/json"), ("Accept-Encoding", "gzip")
TOKEN = ("Authorization", "Bearer t")
Answer = Callable[[Sink], None]


class Credentials:
    async def headers(self) -> list[tuple[str, str]]:
        return [TOKEN]

    def ssl_context(self) -> Any:
        return "context"


class Exchange:
    """Answers as it is told to."""

    def __init__(self, site: Site, connection: str, sink: Sink) -> None:
        self.site, self.connection, self.sink = site, connection, sink
        self.sent = self.over = False

    def start(self, request: Request) -> None:
        self.site.asked.append(request)
        self.sent = self.site.sends
        if self.site.answers:
            asyncio.get_running_loop().call_later(1.0, self.site.answers.pop(0), self.sink)

    def abort(self) -> None:
        self.site.done.append(f"abort on {self.connection}")

    def fail(self, error: EdgetuiError) -> None:
        self.sink.on_error(error)


class Site:
    """A transport over connections that a test plays."""

    def __init__(self, loop: VirtualLoop, target: ClusterTarget = TARGET) -> None:
        self.loop = loop
        self.kept: str | None = None
        self.proved: str | None = None
        self.sends, self.takes = True, 1.0
        self.done: list[str] = []
        self.asked: list[Request] = []
        self.answers: list[Answer] = []
        credentials: Any = Credentials()
        self.transport = Transport(target, credentials, loop)
        connections: Any = self
        self.transport._connections = connections

    shared = True

    def take(self, youngest: float) -> str | None:
        self.done.append(f"take {youngest:g}")
        return self.kept

    async def proven(self) -> str | None:
        self.done.append("prove")
        return self.proved

    async def open(self, timeout: float) -> str:
        self.done.append(f"open {timeout:g}")
        await asyncio.sleep(self.takes)
        return "a new one"

    async def keep_one(self, timeout: float) -> None:
        self.done.append(f"keep one {timeout:g}")

    def exchange(self, connection: str, method: str, sink: Sink, *, reused: bool) -> Exchange:
        self.done.append(f"{method} on {connection}{' again' * reused}")
        return Exchange(self, connection, sink)

    def drop_idle(self) -> None:
        self.done.append("drop idle")

    def distrust(self) -> None:
        self.done.append("distrust")

    def close(self) -> None:
        self.done.append("close")

    def retarget(self, endpoint: Any) -> None:
        self.done.append(f"retarget {endpoint.where}")


def ok(sink: Sink) -> None:
    sink.on_head(200, {"a": "b"})
    sink.on_data(b"{")
    sink.on_data(b"}")
    sink.on_end(True)


def dropped(sink: Sink) -> None:
    sink.on_error(Dropped("Gone."))


def test_the_bounds_are_those_that_are_told() -> None:
    assert (module.MOST_SECONDS, module.CONNECT_TIMEOUT, module.HEAD_TIMEOUT) == (600.0, 10.0, 30.0)
    assert (answer_size.MOST_BYTES, answer_size.MOST_WIDE_BYTES) == (32 << 20, 16 << 20)
    assert (answer_size.MOST_VALUES, answer_size.MOST_FREE_VALUES) == (1_000_000, 500_000)
    assert (answer_size.MOST_LINE, answer_size.MOST_LINE_VALUES, answer_size.MOST_ITEMS) == (
        4 << 20,
        200_000,
        50_000,
    )
    assert (answer_size.MOST_GROWTH, answer_size.ALWAYS_GROWS) == (200, 4 << 20)


@pytest.mark.parametrize(
    ("target", "path", "query", "headers", "line", "fields"),
    [
        (TARGET, "/api", None, None, "/api", (AGENT, JSON, GZIP, TOKEN)),
        (replace(TARGET, disable_compression=True), "/api", {}, {}, "/api", (AGENT, JSON, TOKEN)),
        (
            replace(TARGET, server="https://h/hub"),
            "/api",
            {"a": "b c", "d": "/"},
            {"ACCEPT": "x", "X": "y"},
            "/hub/api?a=b+c&d=%2F",
            (AGENT, GZIP, TOKEN, ("ACCEPT", "x"), ("X", "y")),
        ),
        (
            TARGET,
            "/a b/ü:@!$&'()*+,;=~-._%20?#",
            None,
            {"accept-encoding": "", "user-agent": "z"},
            "/a%20b/%C3%BC:@!$&'()*+,;=~-._%20%3F%23",
            (JSON, TOKEN, ("accept-encoding", ""), ("user-agent", "z")),
        ),
    ],
    ids=range(4),
)
def test_what_goes_out(
    target: ClusterTarget, path: str, query: Any, headers: Any, line: str, fields: tuple[tuple[str, str], ...]
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, target)
        site.answers = [ok]
        answer = await site.transport.request("PUT", path, query, headers, b"body", timeout=9)
        assert answer == Response(200, {"a": "b"}, bytearray(b"{}"))
        assert site.asked == [Request("PUT", line, site.transport.endpoint.authority, fields, b"body")]

    on_virtual_time(main)


ELSEWHERE = ["/a%2fb", "/a%2Fb", "/a%25b", "/a/../b", "/a/.", "/./a", "/a/%2e%2E/b", "/a/.%2e", "/a/%2e"]
HERE = ["/a/..b", "/a/...", "/.a", "/a./b", "/a%20b", "/a/%2ea", "/a..", "/a%2"]


@pytest.mark.parametrize("path", [*ELSEWHERE, *HERE])
def test_a_name_that_leads_elsewhere_is_not_asked_for(path: str) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.answers = [ok]
        if path in HERE:
            assert (await site.transport.request("GET", path, timeout=9)).status == 200
            return
        with pytest.raises(ProtocolError, match=r"is not asked for: a name in it leads to another path\.$"):
            await site.transport.request("GET", path, timeout=9)
        assert site.done == []
        assert site.transport.counters.requests == 0

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("method", "options", "youngest"),
    [
        ("GET", {}, 75),
        ("HEAD", {}, 75),
        ("PUT", {}, 5),
        ("POST", {"repeatable": True}, 75),
        ("GET", {"repeatable": False}, 5),
    ],
)
@pytest.mark.parametrize(("kept", "proved"), [("kept", None), (None, "proved"), (None, None)])
def test_which_connection_it_takes(
    method: str, options: dict[str, Any], youngest: int, kept: str | None, proved: str | None
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept, site.proved, site.answers = kept, proved, [ok]
        delivery = Delivery()
        await site.transport.request(method, "/x", timeout=9, delivery=delivery, **options)
        which = kept or proved
        assert site.done == [
            f"take {youngest}",
            *([] if kept else ["prove"]),
            *([] if which else ["open 9"]),
            f"{method} on {which} again" if which else f"{method} on a new one",
            f"abort on {which or 'a new one'}",
        ]
        assert delivery == Delivery(sent=True, heard=loop.time())
        assert site.transport.counters.requests == 1
        assert list(site.transport.counters.waits) == [1.0]
        assert site.transport._exchanges == set()

    on_virtual_time(main)


def test_a_fresh_connection_is_asked_for_without_a_look_at_those_there_are() -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept, site.answers = "kept", [ok]
        await site.transport.request("GET", "/x", timeout=9, fresh=True)
        assert site.done[:2] == ["open 9", "GET on a new one"]

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("method", "sends", "again"),
    [("GET", True, True), ("GET", False, True), ("PUT", False, True), ("PUT", True, False)],
)
def test_what_may_be_repeated_or_was_not_sent_is_sent_once_more(
    method: str, sends: bool, again: bool
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept, site.sends, site.answers = "kept", sends, [dropped, ok]
        delivery = Delivery()
        request = site.transport.request(method, "/x", timeout=9, delivery=delivery)
        if again:
            assert (await request).status == 200
            assert site.done[-3:] == ["open 8", f"{method} on a new one", "abort on a new one"]
        else:
            with pytest.raises(Dropped):
                await request
            assert site.done[-2:] == ["drop idle", "abort on kept"]
        assert delivery.sent is sends
        assert site.transport.counters.requests == 1

    on_virtual_time(main)


def test_it_is_sent_twice_at_the_most_and_with_no_more_time_than_is_left() -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.kept, site.takes, site.answers = "kept", 0.0, [dropped, dropped]
        with pytest.raises(Dropped):
            await site.transport.request("GET", "/x", timeout=2.5)
        first = ["take 75", "GET on kept again", "drop idle", "abort on kept"]
        assert site.done == [*first, "open 1.5", "GET on a new one", "drop idle", "abort on a new one"]
        site.done.clear()
        site.kept = None
        with pytest.raises(LinkError, match="did not answer within 0 s"):
            await site.transport.request("GET", "/x", timeout=0.0)
        assert site.done[:3] == ["take 75", "prove", "open 0"]

    on_virtual_time(main)


def cut(sink: Sink) -> None:
    sink.on_head(200, {})
    sink.on_end(False)


def wide(sink: Sink) -> None:
    sink.on_head(200, {})
    sink.on_data("ü".encode() * 6)
    sink.on_end(True)


def many(sink: Sink) -> None:
    sink.on_head(200, {})
    sink.on_data(b"[1,2,3,4,5]" + b" " * 20)
    sink.on_end(True)


def large(sink: Sink) -> None:
    sink.on_head(200, {})
    sink.on_data(b"x" * 90)
    try:
        sink.on_data(b"x" * 11)
    except EdgetuiError as error:
        sink.on_error(error)
    sink.on_error(LinkError("Late."))
    sink.on_end(True)


def full(sink: Sink) -> None:
    sink.on_head(200, {})
    sink.on_data(b"x" * 90)
    sink.on_data(b"x" * 10)
    sink.on_end(True)
    sink.on_end(True)
    sink.on_error(LinkError("Late."))


LOOK = (
    "If this is a Kubernetes API server, look what fills it; otherwise check the address in the kubeconfig."
)
ENDS: list[tuple[Answer, str]] = [
    (
        cut,
        "LinkError h:6443 closed the connection in the middle of its answer. "
        "The link may be bad, or the server may be restarting.",
    ),
    (wide, f"TooLarge The server's answer is too large to be held in memory: more than 0 MB. {LOOK}"),
    (many, f"TooLarge The server's answer holds more than 4 values, too many to be held in memory. {LOOK}"),
    (large, f"TooLarge The server's answer is too large to be held in memory: more than 32 MB. {LOOK}"),
    (full, ""),
]


@pytest.mark.parametrize(("answer", "said"), ENDS, ids=range(len(ENDS)))
def test_what_comes_of_an_answer(answer: Answer, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_size, "MOST_BYTES", 100)
    monkeypatch.setattr(answer_size, "MOST_WIDE_BYTES", 11)
    check = answer_size.check_values
    monkeypatch.setattr(answer_size, "check_values", lambda body: check(body, 4))

    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        site.answers = [answer]
        try:
            found = await site.transport.request("GET", "/x", timeout=9)
        except EdgetuiError as error:
            assert f"{type(error).__name__} {error}" == said
        else:
            assert (len(found.body), said) == (100, "")

    on_virtual_time(main)


@pytest.mark.parametrize("over", [0, 1])
def test_the_sizes_of_answers_have_their_bounds_on_both_sides(
    over: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answer_size, "MOST_WIDE_BYTES", 10)
    calls: list[Callable[[], None]] = [
        lambda: answer_size.check_size(b"\xff" * (10 + over)),
        lambda: answer_size.check_values(b"[{,1" + b"," * over + b" " * 10, 3),
        lambda: answer_size.check_lines(b"\n" * 200 + b"x" * (200 * 7 - 1024 - over)),
    ]
    for call in calls:
        if over:
            with pytest.raises(answer_size.TooLarge):
                call()
        else:
            call()
    answer_size.check_size(b"x" * 100)
    answer_size.check_values(b",,,,", 4)


def test_the_rest_is_done_by_its_connections() -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        transport = site.transport
        assert transport.shared
        for proved in (None, "proved"):
            site.proved = proved
            assert await transport.alive() is (proved is not None)
        await transport.connect(3)
        transport.drop_idle()
        transport.distrust()
        other = replace(
            TARGET, server="https://other", tls=TlsSettings(server_name="n"), proxy_url="http://p:1"
        )
        transport.retarget(other)
        assert (transport.target, transport.endpoint.server_name) == (other, "n")
        assert transport.endpoint.proxy is not None
        with pytest.raises(KubeconfigError):
            transport.retarget(replace(TARGET, server="ftp://x"))
        assert transport.target is other
        assert site.done == ["prove", "prove", "keep one 3", "drop idle", "distrust", "retarget other:443"]

    on_virtual_time(main)


def test_closing_ends_what_is_asked_and_what_is_open() -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop)
        asking = asyncio.create_task(site.transport.request("GET", "/x", timeout=9))
        await asyncio.sleep(2)
        heard: list[str] = []
        sink: Any = type("Sink", (), {"on_error": lambda self, error: heard.append(str(error))})()
        handle = site.transport.open_stream("/y", None, sink)
        assert site.transport.counters.requests == 2
        site.transport.close()
        with pytest.raises(LinkError) as caught:
            await asking
        assert type(caught.value) is not NotSent
        assert caught.value.sentence == "The connections to this cluster were closed."
        await asyncio.sleep(60)
        assert (heard, site.transport._streams, handle._sink) == ([], set(), None)
        assert "close" in site.done

    on_virtual_time(main)


def test_a_sibling_counts_into_the_same_counters_over_connections_of_its_own() -> None:
    async def main(loop: VirtualLoop) -> None:
        credentials: Any = Credentials()
        first = Transport(TARGET, credentials, loop)
        other = first.sibling(credentials)
        assert other.counters is first.counters
        assert other._connections is not first._connections
        assert other._connections.dialer is first._connections.dialer
        assert (other.target, other.endpoint) == (first.target, first.endpoint)

    on_virtual_time(main)
