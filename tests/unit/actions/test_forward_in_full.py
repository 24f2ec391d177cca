"""A forward word for word: what it says of itself, which ports it takes, what it keeps, and how it begins and ends."""

from __future__ import annotations

import asyncio
import errno
import socket
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from msgspec.structs import replace

from edgetui.actions.change.form import Leads
from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.change.spec import Aim
from edgetui.actions.messages import Refusal
from edgetui.actions.remote import forward
from edgetui.actions.remote.forward import KEPT, SPEC, Forward, starts
from edgetui.actions.remote.forward_plan import ForwardView, Ports, for_everybody
from edgetui.cluster.api.port_forward import PortRefused
from edgetui.cluster.errors import LinkError, NotFound
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD

from .scripted import Request, Watching, scripted
from .test_forward import Site, Way, pod, running, until


def open_ways(site: Site) -> list[Way]:
    return [way for way in site.ways if not way.closed]


async def test_what_it_says_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    one = site.forward
    assert (one.title, one.repeats, one.urgent) == ("Forward to deployment press", False, False)
    assert one.at_exit == "A forward ends with this screen; edgetui forward goes on without one."
    assert (one.says, one.badge, one.turn) == (
        " · idle, 0 connections · 0B in, 0B out",
        " press",
        ("", "", ""),
    )
    async with running(site, monkeypatch):
        (port,) = one.local
        await until(lambda: "of press-a" in one.says)
        assert one.badge == f"{port} press"
        assert one.says == f"127.0.0.1:{port} to 80 of press-a · idle, 0 connections · 0B in, 0B out"
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 2048)
        assert len(await reader.readexactly(2048)) == 2048
        said = f"127.0.0.1:{port} to 80 of press-a · 1 open, 1 connection · 2KiB in, 2KiB out"
        assert one.says == said
        one.error = "It does not answer."
        site.store.set_link(LinkState(Link.STALE))
        assert one.says == f"{said} · plant is stale · It does not answer."
        assert one.turn == ("press-a", "plant is stale", "It does not answer.")
        site.store.set_link(LinkState(Link.LIVE))
        writer.close()


async def test_a_forward_to_one_pod_says_its_name_once(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"), selector=None, name="press-a")
    async with running(site, monkeypatch):
        (port,) = site.forward.local
        assert site.forward.title == "Forward to pod press-a"
        assert site.forward.says == f"127.0.0.1:{port} to 80 · idle, 0 connections · 0B in, 0B out"
        assert site.forward.turn == ("press-a", "", "")


async def test_several_ports_are_said_in_their_order() -> None:
    site = Site(pod("press-a"))
    site.forward._wanted = (Ports(0, 80), Ports(0, "http"))
    await site.forward.listen()
    first, second = site.forward.local
    assert site.forward._where == f"127.0.0.1:{first} to 80, 127.0.0.1:{second} to http"
    assert site.forward.badge == f"{first} press"
    site.forward._close()


async def test_the_listener_hears_of_every_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    site, heard = Site(pod("press-a")), list[str]()
    site.forward._listener = Listener(lambda text: None, lambda: heard.append(site.forward.says))
    async with running(site, monkeypatch):
        await until(lambda: heard)
        before = len(heard)
        await asyncio.sleep(0.03)
        assert len(heard) == before
        assert await site.exchange(b"x") == b"x"
        await until(lambda: len(heard) > before)
        assert heard == list(dict.fromkeys(heard))


async def test_how_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch) as task:
        site.forward.cancel()
        ended = await task
    assert ended == Ended("Forward to deployment press has ended.", good=True, cancelled=True)
    site = Site(pod("press-a"), selector=None, name="press-a")
    async with running(site, monkeypatch) as task:
        await until(lambda: site.forward._seen)
        site.store.apply(POD, replace(pod("press-a", 2, "9"), uid="another"))
        ended = await task
    assert ended == Ended("The pod press-a is gone: forward a workload or a Service to outlive it.")
    assert site.noted[-1]["milliseconds"] < 60_000


async def test_what_runs_is_cut_off_at_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        (port,) = site.forward.local
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        assert await reader.read(1) == b"x"
        site.forward.cancel()
        assert await reader.read() == b""
        await until(lambda: not site.forward.open)
    assert not open_ways(site)
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_way_is_kept_for_some_seconds_and_only_for_its_own_pod(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert (KEPT, forward.LOOK_EVERY, forward.PIECE) == (20.0, 1.0, 32768)
    now = [1000.0]
    monkeypatch.setattr(forward, "time", SimpleNamespace(monotonic=lambda: now[0]))
    site = Site(pod("press-a", 1))
    async with running(site, monkeypatch):
        assert await site.exchange(b"x") == b"x"
        await until(lambda: site.forward._kept)
        now[0] += KEPT
        await asyncio.sleep(0.03)
        assert len(site.forward._kept) == 1 and len(open_ways(site)) == 1
        now[0] += 0.5
        await until(lambda: not site.forward._kept)
        assert not open_ways(site)
        assert await site.exchange(b"x") == b"x"
        await until(lambda: site.forward._kept)
        site.store.apply(POD, pod("press-b", 2))
        site.store.apply(POD, pod("press-a", 1, "2", condition="False"))
        await until(lambda: "of press-b" in site.forward.says)
        assert site.forward._kept == [] and not open_ways(site)
        assert await site.exchange(b"x") == b"x"
    assert [way.pod for way in site.ways] == ["press-a", "press-a", "press-b"]
    assert site.noted[-1]["milliseconds"] == 1000 * KEPT + 500


@pytest.mark.parametrize("fails", [True, False])
async def test_a_kept_way_that_is_of_no_use_any_more_is_closed(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        assert await site.exchange(b"x") == b"x"
        await until(lambda: site.forward._kept)

        async def lost(port: int) -> None:
            raise LinkError("The link is lost.")

        if fails:
            site.ways[0].connect = lost  # type: ignore[method-assign]
        else:
            site.ways[0].free = False
        assert await site.exchange(b"y") == b"y"
        await until(lambda: not site.forward.open)
        assert (site.ways[0].closed, len(site.ways)) == (True, 2)
        assert len(site.forward._kept) == 1 and site.forward.error == ""


async def test_a_near_side_that_goes_away_is_its_own_affair(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        (port,) = site.forward.local
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        assert await reader.read(1) == b"x"
        site.forward.error = "It does not answer."

        async def gone() -> bytes:
            raise ConnectionResetError

        monkeypatch.setattr(site.ways[0], "receive", gone)
        writer.write(b"y")
        site.ways[0]._back.put_nowait(b"z")
        assert await reader.read() in (b"y", b"yz", b"z", b"")
        await until(lambda: not site.forward.open)
        assert site.forward.error == "It does not answer."
        assert site.ways[0].closed and site.forward._kept == []


async def test_two_connections_at_a_time_have_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        (port,) = site.forward.local
        both = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in both:
            writer.write(b"x")
            assert await reader.read(1) == b"x"
        assert (site.forward.open, site.forward.connections, len(site.ways)) == (2, 2, 2)
        for _, writer in both:
            writer.close()
        await until(lambda: len(site.forward._kept) == 2)
        assert (site.forward.open, site.forward._carrying) == (0, set())


async def test_a_reset_from_here_closes_the_way_to_the_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        (port,) = site.forward.local
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x")
        await until(lambda: site.ways and site.forward.bytes_out)
        forward._abort(writer)
        await until(lambda: site.ways[0].closed)
        site.ways[0]._back.put_nowait(b"")
        await until(lambda: not site.forward.open)
        assert (site.forward.error, site.forward._kept) == ("", [])


@pytest.mark.parametrize(
    ("problem", "again"),
    [(LinkError("The link is lost."), False), (PortRefused("Port 80 does not answer."), True)],
)
async def test_only_a_pod_that_refuses_is_given_up_and_only_among_several(
    monkeypatch: pytest.MonkeyPatch, problem: Exception, again: bool
) -> None:
    for selector in (True, False):
        site = Site(pod("press-a")) if selector else Site(pod("press-a"), selector=None, name="press-a")
        monkeypatch.setattr(forward, "open_port", site.open)
        await site.forward.listen()
        site.forward._take(pod("press-a"))
        site.refuses = problem
        with pytest.raises(type(problem)):
            await site.forward._way(80)
        assert site.forward._pod == ("" if again and selector else "press-a")
        site.forward._close()


async def test_a_server_that_serves_no_forward_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        site.refuses = NotFound("the server could not find the requested resource", code=404)
        with pytest.raises(ConnectionError):
            await site.exchange(b"x")
        await until(lambda: "plant does not serve pods/portforward." in site.forward.error)


async def test_a_named_port_is_looked_up_once_for_each_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    site, asked = Site(pod("press-a", 1)), list[str]()
    opened: list[tuple[str, str, int]] = []

    async def get(path: str) -> Any:
        asked.append(path)
        ports = [{"name": "http", "containerPort": 8080 + len(asked)}]
        return {"metadata": {"name": path}, "spec": {"containers": [{"ports": ports}]}}

    async def opens(opener: Any, namespace: str, pod: str, port: int) -> Way:
        opened.append((namespace, pod, port))
        return await Site.open(site, opener, namespace, pod, port)

    cast("Any", site.forward._session).api.get = get
    site.forward._wanted = (Ports(0, "http"),)
    site.open = opens  # type: ignore[method-assign]
    async with running(site, monkeypatch):
        for _ in range(3):
            assert await site.exchange(b"x") == b"x"
        site.store.apply(POD, pod("press-b", 2))
        site.store.apply(POD, pod("press-a", 1, "2", condition="False"))
        await until(lambda: "of press-b" in site.forward.says)
        assert await site.exchange(b"x") == b"x"
    pods = "/api/v1/namespaces/line-2/pods"
    assert asked == [f"{pods}/press-a", f"{pods}/press-b"]
    assert set(opened) == {("line-2", "press-a", 8081), ("line-2", "press-b", 8082)}


def taken(port: int, number: int) -> str:
    return str(forward._taken(Ports(port, 80), OSError(number, "is not free")))


def test_why_a_port_cannot_be_had_and_one_that_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forward, "_free", lambda near: near + 8000)
    other = "Port 8080 is free: write 8080:80."
    assert taken(80, errno.EADDRINUSE) == (
        f"Port 80 of this machine is taken; ss -ltnp 'sport = :80' says by whom. {other}"
    )
    assert taken(80, errno.EACCES) == f"Only root may listen on port 80. {other}"
    assert taken(80, errno.EADDRNOTAVAIL) == f"Port 80 cannot be had: is not free. {other}"


class Bound:
    """A socket that can be bound to these ports only, as 127.0.0.1 has them."""

    def __init__(self, free: tuple[int, ...], tried: list[int]) -> None:
        self.free, self.tried, self.port = free, tried, 0

    def __enter__(self) -> Bound:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def bind(self, address: tuple[str, int]) -> None:
        assert address[0] == "127.0.0.1"
        self.port = address[1]
        self.tried.append(self.port)
        if self.port not in self.free:
            raise OSError(errno.EADDRINUSE, "taken")

    def getsockname(self) -> tuple[str, int]:
        return "127.0.0.1", self.port or 43210


@pytest.mark.parametrize(
    ("near", "free", "found", "tried"),
    [
        (80, (8080,), 8080, [8080]),
        (80, (8082,), 8082, [8080, 8081, 8082]),
        (1023, (9023,), 9023, [9023]),
        (1024, (1025,), 1025, [1025]),
        (8080, (8081,), 8081, [8081]),
        (8080, (0,), 43210, [*range(8081, 8131), 0]),
        (65534, (65535,), 65535, [65535]),
        (65500, (0,), 43210, [*range(65501, 65536), 0]),
        (65535, (0,), 43210, [0]),
        (8080, (), 0, [*range(8081, 8131), 0]),
    ],
)
def test_a_free_port_is_looked_for_nearby(
    near: int, free: tuple[int, ...], found: int, tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(
        forward, "socket", SimpleNamespace(socket=lambda: Bound(free, seen), SOL_SOCKET=socket.SOL_SOCKET)
    )
    assert (forward._free(near), seen) == (found, tried)
    assert for_everybody(1023) == 9023 and for_everybody(1024) == 1024


async def test_what_else_goes_wrong_with_a_port_leaves_none_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    site, real, calls = Site(pod("press-a")), asyncio.start_server, list[int]()
    site.forward._wanted = (Ports(0, 80), Ports(0, 81))

    async def second_fails(*given: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise asyncio.CancelledError
        return await real(*given)

    monkeypatch.setattr(asyncio, "start_server", second_fails)
    with pytest.raises(asyncio.CancelledError):
        await site.forward.listen()
    (port,) = site.forward.local
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", port)


META = {"name": "press", "namespace": "line-2", "uid": "u", "resourceVersion": "7"}
SERVICE = {
    "metadata": META,
    "spec": {"selector": {"app": "press"}, "ports": [{"port": 80, "name": "web", "targetPort": 8080}]},
}


def view() -> ForwardView:
    ref = ObjectRef(ObjectKey("plant", "Service", "line-2", "press"), "u", "7")
    return ForwardView(ref, {"matchLabels": {"app": "press"}}, ((80, "web", 8080),))


async def test_it_is_let_in_by_the_gate_recorded_and_listens(tmp_path: Path) -> None:
    def answer(request: Request) -> tuple[int, Any]:
        return 200, SERVICE

    async with scripted(answer) as (server, session):
        watching = Watching(tmp_path)
        ref = ObjectRef(ObjectKey("plant", "Service", "line-2", "press"), "", "")
        aim = Aim("forward", cast("Any", session), ref, watching.log, {})
        shown = await SPEC.read(aim)
        assert shown == view()
        ports = SPEC.answer(shown, {"ports": "0:80 :web"})
        made = await starts(watching.gate, aim, shown, ports, Listener(lambda text: None))
        assert [pair.remote for pair in made.local.values()] == [80, "web"]
        asked = [one.body["spec"]["resourceAttributes"] for one in server.reviews]
        assert {(one["verb"], one["resource"], one.get("subresource", "")) for one in asked} >= {
            ("create", "pods", "portforward")
        }
        made.cancel()
        assert (await made.run()).cancelled
    intent, result = watching.audit
    assert (intent["event"], intent["action"], intent["words"], intent["ports"]) == (
        "intent",
        "forward",
        "forward :80, :web to service press",
        [":80", ":web"],
    )
    assert (result["event"], result["result"], result["connections"]) == ("result", "ended", 0)


async def test_without_the_right_it_does_not_listen(tmp_path: Path) -> None:
    async with scripted(lambda request: (200, SERVICE)) as (server, session):
        server.denied.add("pods")
        watching = Watching(tmp_path)
        aim = Aim("forward", cast("Any", session), view().ref, watching.log, {})
        with pytest.raises(Refusal, match="pods/portforward"):
            await starts(watching.gate, aim, view(), (Ports(0, 80),), Listener(lambda text: None))
    assert watching.audit[-1]["result"] == "refused"


@pytest.mark.parametrize(
    ("ports", "leads"),
    [
        ("8080:80", Leads()),
        ("8080:81", Leads(wrong="Service press has no port 81. It has 80 web.")),
        ("", Leads(wrong="Name the ports: 8080:80 forwards port 8080 of this machine to port 80 there.")),
        ("80 80", Leads(wrong="Port 80 of this machine is named twice.")),
        ("x", Leads(wrong="“x” is no pair of ports such as 8080:80, :80 or 8080:http.")),
    ],
)
def test_what_is_typed_in_the_form_is_judged_at_once(ports: str, leads: Leads) -> None:
    assert SPEC.leads is not None and SPEC.fields is not None
    assert SPEC.leads(view(), {"ports": ports}) == leads
    assert SPEC.fields(view()) == {"ports": "8080:80"}
    assert SPEC.title(view(), (Ports(0, 80),)) == "Forward to service press"


def test_a_forward_is_made_of_what_it_is_given() -> None:
    one = Forward(cast("Any", None), view(), [Ports(0, 80)], Listener(lambda text: None), cast("Any", None))
    assert (one.ref, one.local, one.error, one._pod, one._uid) == (view().ref, {}, "", "", "")
