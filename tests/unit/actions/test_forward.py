"""Which pod a forward leads to while pods come and go, on a real store of rows and real sockets of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest

from edgetui.actions.change.long_running import Listener
from edgetui.actions.messages import Refusal
from edgetui.actions.remote import forward
from edgetui.actions.remote.forward import Forward
from edgetui.actions.remote.forward_plan import ForwardView, Ports
from edgetui.cluster.api.port_forward import PortRefused
from edgetui.cluster.errors import LinkError
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.labels import UNKNOWN

SELECTOR = {"matchLabels": {"app": "press"}}


class Way:
    """A way to a pod that gives back what it gets."""

    def __init__(self, pod: str) -> None:
        self.pod = pod
        self.free = False
        self.closed = False
        self._back: asyncio.Queue[bytes] = asyncio.Queue()

    async def connect(self, port: int) -> None:
        self.free = False
        self._back = asyncio.Queue()

    async def receive(self) -> bytes:
        return await self._back.get()

    async def send(self, data: bytes) -> None:
        await self._back.put(data)

    async def end(self) -> None:
        await self._back.put(b"")

    async def finish(self) -> None:
        self.free = not self.closed

    def close(self) -> None:
        self.closed = True


class Site:
    """A forward on a cluster with these pods; `ways` are those that it opened, `refuses` what opening one raises."""

    def __init__(self, *pods: PodRow, selector: Any = SELECTOR, name: str = "press") -> None:
        self.store = Store("plant")
        self.store.set_link(LinkState(Link.LIVE))
        self.ways: list[Way] = []
        self.refuses: Exception | None = None
        self.noted: list[dict[str, Any]] = []
        kind = "Deployment" if selector else POD
        ref = ObjectRef(ObjectKey("plant", kind, "line-2", name), f"uid-{name}", "1")
        api = SimpleNamespace(transport=None, read=self._list)
        session = SimpleNamespace(name="plant", store=self.store, api=api)
        run = SimpleNamespace(note=self._note)
        for pod in pods:
            self.store.apply(POD, pod)
        view = ForwardView(ref, selector, ())
        self.forward = Forward(
            cast("Any", session), view, [Ports(0, 80)], Listener(lambda text: None), cast("Any", run)
        )

    async def _list(self, path: str, *, query: Any = None) -> Any:
        return {"items": []}

    async def _note(self, event: str, **fields: Any) -> None:
        self.noted.append({"event": event, **fields})

    async def open(self, opener: Any, namespace: str, pod: str, port: int) -> Way:
        if self.refuses is not None:
            raise self.refuses
        self.ways.append(Way(pod))
        return self.ways[-1]

    async def exchange(self, data: bytes) -> bytes:
        (port,) = self.forward.local
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(data)
        writer.write_eof()
        try:
            return await reader.read()
        finally:
            writer.close()


@asynccontextmanager
async def running(site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[asyncio.Task[Any]]:
    monkeypatch.setattr(forward, "LOOK_EVERY", 0.005)
    monkeypatch.setattr(forward, "open_port", site.open)
    await site.forward.listen()
    task = asyncio.ensure_future(site.forward.run())
    try:
        async with asyncio.timeout(20):
            yield task
    finally:
        site.forward.cancel()
        await task


async def until(fact: Any) -> None:
    while not fact():
        await asyncio.sleep(0.005)


def pod(name: str, created: int = 1, version: str = "1", **fields: Any) -> PodRow:
    usual = {"namespace": "line-2", "condition": "True", "status": "Running", "labels": "\x1fapp=press\x1f"}
    return PodRow(
        name=name, uid=f"uid-{name}", resource_version=version, created=created, **{**usual, **fields}
    )


async def test_connections_in_a_row_share_one_way(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        for number in range(5):
            assert await site.exchange(b"%d" % number) == b"%d" % number
            await until(lambda: not site.forward.open)
    assert [way.pod for way in site.ways] == ["press-a"]
    assert site.ways[0].closed
    assert site.noted[-1] | {"milliseconds": 0} == {
        "event": "result",
        "result": "ended",
        "connections": 5,
        "milliseconds": 0,
        "bytes_in": 5,
        "bytes_out": 5,
    }


@pytest.mark.parametrize("leaves", ["deleted", "terminating", "not ready"])
async def test_the_next_pod_is_taken_when_one_leaves(monkeypatch: pytest.MonkeyPatch, leaves: str) -> None:
    site = Site(pod("press-a", 1), pod("press-b", 2))
    async with running(site, monkeypatch):
        await until(lambda: "of press-b " in site.forward.says)
        if leaves == "deleted":
            site.store.delete(POD, "line-2", "press-b", "uid-press-b")
        elif leaves == "terminating":
            site.store.apply(POD, pod("press-b", 2, "2", status="Terminating"))
        else:
            site.store.apply(POD, pod("press-b", 2, "2", condition="False"))
        await until(lambda: "of press-a " in site.forward.says)
        assert await site.exchange(b"x") == b"x"
    assert [way.pod for way in site.ways] == ["press-a"]


async def test_without_a_ready_pod_connections_are_reset_and_the_reason_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(pod("press-a", condition="False"))
    async with running(site, monkeypatch):
        with pytest.raises(ConnectionError):
            await site.exchange(b"x")
        await until(lambda: "No pod of deployment press takes connections now." in site.forward.says)
        site.store.apply(POD, pod("press-a", 1, "2"))
        await until(lambda: "of press-a " in site.forward.says)
        assert await site.exchange(b"x") == b"x"
        await until(lambda: "No pod" not in site.forward.says)


async def test_a_pod_of_its_own_name_is_not_followed_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"), selector=None, name="press-a")
    async with running(site, monkeypatch) as task:
        assert await site.exchange(b"x") == b"x"
        site.store.delete(POD, "line-2", "press-a", "uid-press-a")
        ended = await task
    assert (ended.good, ended.sentence[:22]) == (False, "The pod press-a is gon")


async def test_a_pod_that_the_rows_never_showed_is_no_reason_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(selector=None, name="press-a")
    async with running(site, monkeypatch) as task:
        for _ in range(3):
            assert await site.exchange(b"x") == b"x"
        assert not task.done()


async def test_rows_that_may_be_old_move_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        await until(lambda: "of press-a " in site.forward.says)
        site.store.set_link(LinkState(Link.STALE))
        site.store.delete(POD, "line-2", "press-a", "uid-press-a")
        site.refuses = LinkError("The link is down.")
        with pytest.raises(ConnectionError):
            await site.exchange(b"x")
        await until(lambda: "The link is down." in site.forward.says)
        assert "of press-a " in site.forward.says


async def test_a_pod_that_refuses_is_looked_for_anew_by_the_next_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(pod("press-a"))
    async with running(site, monkeypatch):
        site.refuses = PortRefused("Port 80 does not answer.")
        with pytest.raises(ConnectionError):
            await site.exchange(b"x")
        site.refuses = None
        assert await site.exchange(b"x") == b"x"


async def test_labels_that_are_not_known_are_asked_for_and_not_guessed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(pod("press-a", labels=UNKNOWN))
    asked: list[str] = []

    async def listed(session: Any, namespace: str, selector: str) -> list[PodRow]:
        asked.append(selector)
        return [pod("press-a")]

    monkeypatch.setattr(forward, "selected", listed)
    async with running(site, monkeypatch):
        for _ in range(3):
            assert await site.exchange(b"x") == b"x"
    assert asked == ["app=press"]


async def test_all_ports_are_taken_or_none() -> None:
    site = Site(pod("press-a"))
    taken = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    site.forward._wanted = (Ports(0, 80), Ports(port, 81))
    try:
        with pytest.raises(Refusal, match=f"Port {port} of this machine is taken"):
            await site.forward.listen()
        (first,) = site.forward.local
        with pytest.raises(ConnectionError):
            await asyncio.open_connection("127.0.0.1", first)
    finally:
        taken.close()
