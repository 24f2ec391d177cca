"""A session from its start to its end: all that it asks for and makes known, moment by moment.

`pytest tests/unit/cluster/session/test_session.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import kubeconfig_watch
from edgetui.cluster.auth import subprocess
from edgetui.cluster.errors import EdgetuiError, KubeconfigError, LinkError, ProtocolError
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.snapshot.keeper import Keeper
from edgetui.cluster.watch.partition import Selector
from edgetui.model.cache.wireprofile import Wire
from tests.unit.cluster.session.diary import Diary
from tests.unit.cluster.test_resumption import Here
from tests.unit.cluster.test_session import Plugin
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

Scene = Callable[[Diary], Awaitable[None]]
SCENES: dict[str, Scene] = {}


def scene(act: Scene) -> Scene:
    SCENES[act.__name__.replace("_", " ").strip()] = act
    return act


@scene
async def a_plain_run(s: Diary) -> None:
    session = s.begin()
    s.note(f"known {session.identity!r} {session.counters}")
    await session.start()
    await asyncio.sleep(130.0)
    s.note(f"known {session.identity!r} {session.counters is not None and session.counters.connections}")


def _on(latency: float, handshake: float = 0.0, **options: Any) -> Scene:
    async def run(s: Diary) -> None:
        s.handshake = handshake
        s.server.latency = latency
        s.metered = True
        session = s.begin(link_watch=LinkWatch(**options), patient=True)
        await session.start()
        session.look_at_kinds(("Node", "Pod"))
        await asyncio.sleep(70.0)
        session.look_at_kinds(("Pod", "HorizontalPodAutoscaler"), "a")
        await asyncio.sleep(70.0)
        session.look_at_kinds(())
        await asyncio.sleep(40.0)

    return run


for name, latency, options in (
    ("a link that nothing is known of", 0.01, {}),
    ("a far link that nothing is known of", 0.4, {}),
    ("a link on which connecting takes long", 0.2, {"handshake": 0.5}),
    ("everything is forced", 0.01, {"forced": Wire.FULL}),
    ("less is forced", 0.01, {"forced": Wire.LEAN}),
    ("the least is forced", 0.01, {"forced": Wire.THIN}),
    ("a budget that is too small", 0.01, {"budget": 10.0}),
):
    SCENES[name] = _on(latency, **options)


@scene
async def kinds_are_shown_and_hidden(s: Diary) -> None:
    session = s.begin()
    session.show("Service")
    session.hide("Service")
    session.need("Service", True)
    await session.start(("Node", "Pod"))
    await asyncio.sleep(5.0)
    for kind, name, wait in (
        ("Service", "show", 3.0),
        ("Service", "hide", 29.0),
        ("Service", "show", 2.0),
        ("Service", "hide", 1.0),
        ("Service", "hide", 31.0),
        ("Pod", "hide", 31.0),
        ("Pod", "show", 3.0),
    ):
        s.note(f"-- {name} {kind}")
        getattr(session, name)(kind)
        await asyncio.sleep(wait)
    session.hide("Node")
    await session.close()
    await session.close()
    session.look_at_kinds(("Node",))
    await asyncio.sleep(40.0)


@scene
async def namespaces_are_looked_at(s: Diary) -> None:
    s.server.namespaces_listed = []
    s.server.denied = lambda kind, namespace: 0 if namespace in ("a", "c") or kind.name == "Node" else 403
    session = s.begin(namespaces=("x", "a"), in_view=("c",))
    await session.start(("Node", "Pod"))
    for names in ((), ("b", "a"), ("d",), ()):
        await asyncio.sleep(9.0)
        s.note(f"-- look at {names}")
        session.look_at(names)
    await asyncio.sleep(9.0)


@scene
async def connected_anew(s: Diary) -> None:
    session = s.begin()
    await session.reconnect()
    await session.start(("Node", "Pod"))
    await asyncio.sleep(20.0)
    for changed, because in (
        (False, None),
        (True, None),
        (False, LinkError("Moved.", "Wait.")),
        (True, None),
    ):
        s.note(f"-- reconnect {changed} {because}")
        await session.reconnect(changed, because)
        await asyncio.sleep(12.0)
    s.server.cut()
    await asyncio.sleep(40.0)
    s.server.mend()
    s.note("-- mended")
    await session.reconnect()
    await asyncio.sleep(12.0)
    await session.close()
    await session.reconnect(True)


@scene
async def a_token_ends(s: Diary) -> None:
    s.site.tokens = {"one"}
    session = s.begin({"token": "one"})
    await session.start(("Node", "Pod"))
    await asyncio.sleep(20.0)
    s.site.tokens = {"two"}
    s.server.end()
    await asyncio.sleep(20.0)
    s.note("-- another token")
    session.credentials.set_token("two")
    await asyncio.sleep(20.0)


@scene
async def another_server_behind_the_address(s: Diary) -> None:
    session = s.begin()
    await session.start(("Node", "Pod"))
    await asyncio.sleep(70.0)
    s.note("-- another cluster")
    s.server.cut()
    s.server.uid = "cluster-2"
    s.server.mend()
    await asyncio.sleep(15.0)
    s.note(f"known {session.identity!r}")


@scene
async def what_answers_is_no_api_server_in_the_end(s: Diary) -> None:
    other = s.site._other

    def answered(path: str, query: dict[str, str]) -> tuple[int, Any]:
        return (200, b"[]") if "fieldSelector" in query else other(path, query)

    s.site._other = answered  # type: ignore[method-assign]
    session = s.begin()
    await session.start(("Node", "Pod"))
    s.note(f"introduced {await session.introduced(30.0)}, settled {await session.settled(1.0)}")
    await asyncio.sleep(20.0)


@scene
async def what_is_waited_for(s: Diary) -> None:
    session = s.begin()

    async def told(name: str) -> None:
        settled, introduced = await session.settled(2.0), await session.introduced(2.0)
        s.note(f"{name}: settled {settled}, introduced {introduced}")

    await told("before the start")
    s.server.black_hole = True
    await session.start(("Node", "Pod"))
    await told("without an answer")
    s.server.mend()
    await asyncio.sleep(15.0)
    await told("with one")
    s.server.cut(ProtocolError("No API server.", "Look."))
    await told("after that")
    await asyncio.sleep(5.0)
    await told("in vain")


@scene
async def the_cache_is_audited(s: Diary) -> None:
    session = s.begin(link_watch=LinkWatch(Wire.FULL))
    await session.audit_cache()
    await session.start(("Node", "Pod"))
    await asyncio.sleep(5.0)
    await session.audit_cache()
    await asyncio.sleep(1400.0)


@scene
async def a_part_is_kept_beside_the_rest(s: Diary) -> None:
    session = s.begin()
    early = session.scoped_store({"Pod": Selector("a", labels="app=x")})
    s.note(f"{len(early.ends)} parts, changed {early.changed.is_set()}")
    early.end()
    await session.start(("Node",))
    await asyncio.sleep(3.0)
    part = session.scoped_store({"Pod": Selector("a", labels="app=x"), "Service": Selector("b", name="tls")})
    await asyncio.sleep(3.0)
    names = sorted(row.name for row in part.store.rows("Pod"))
    s.note(
        f"{part.store.cluster} {names} {part.store.freshness('Secret').sync} changed {part.changed.is_set()}"
    )
    part.end()
    await asyncio.sleep(3.0)
    s.note(f"{list(part.store.rows('Pod'))}")


@scene
async def what_is_not_connected(s: Diary) -> None:
    session = s.begin()
    for name in ("api", "transport"):
        with pytest.raises(EdgetuiError, match="plant is not connected"):
            getattr(session, name)
    session.target = replace(session.target, error=KubeconfigError("No such user.", "Look."))
    await session.start(("Node",))
    with pytest.raises(KubeconfigError, match="No such user"):
        session.api  # noqa: B018
    await asyncio.sleep(1.0)


@scene
async def an_introduction_that_takes_long(s: Diary) -> None:
    session = s.begin()
    await session.start(("Node",))
    await asyncio.sleep(0.025)
    s.server.latency = 6.0
    s.note(f"introduced {await session.introduced(2.0)}")
    s.note(f"introduced {await session.introduced(60.0)}")


@scene
async def a_speed_that_was_measured_long_ago(s: Diary) -> None:
    watch = LinkWatch()
    watch.begin("lean", 50_000.0)
    watch._speed._lasts = 20.0
    session = s.begin(link_watch=watch)
    await session.start(("Node",))
    await asyncio.sleep(60.0)


@scene
async def usage_while_the_link_is_down(s: Diary) -> None:
    s.metered = True
    session = s.begin()
    await session.start(("Node", "Pod"))
    session.look_at_kinds(("Node", "Pod"))
    await asyncio.sleep(20.0)
    s.note("-- cut")
    s.server.cut()
    await asyncio.sleep(40.0)
    session.look_at_kinds(("Pod",), "a")
    await asyncio.sleep(20.0)
    s.note("-- mended")
    s.server.mend()
    await asyncio.sleep(20.0)


@scene
async def another_server_while_the_one_before_still_owes_what_it_is(s: Diary) -> None:
    s.metered = True
    session = s.begin()
    await session.start(("Node", "Pod"))
    session.look_at_kinds(("Node", "Pod"))
    await asyncio.sleep(0.055)
    s.server.latency = 6.0
    await asyncio.sleep(1.0)
    s.note("-- another server")
    s.server.latency = 0.01
    await session.reconnect(because=LinkError("Another server.", "Wait."))
    await asyncio.sleep(10.0)


@scene
async def another_server_that_knows_usage(s: Diary) -> None:
    session = s.begin()
    await session.start(("Node", "Pod"))
    session.look_at_kinds(("Node", "Pod"))
    for metered in (True, False):
        await asyncio.sleep(20.0)
        s.note(f"-- another server, {'with' if metered else 'without'} usage")
        s.metered = metered
        await session.reconnect(because=LinkError("Another server.", "Wait."))
    await asyncio.sleep(20.0)


@scene
async def a_defect(s: Diary) -> None:
    session = s.begin()
    await session.start(("Node",))
    await asyncio.sleep(3.0)

    async def fails() -> None:
        raise LookupError("x" * 300)

    session._spawn(fails())
    await asyncio.sleep(3.0)


@scene
async def the_clock_jumps(s: Diary) -> None:
    session = s.begin()
    await session.start(("Node",))
    await asyncio.sleep(12.0)
    clock = session._clock
    assert session._supervisor is not None
    io: Any = session._supervisor._io
    for jump in (1.9, 500.0):
        s.note(f"-- the clock is {jump} s ahead")
        io._clock = lambda jump=jump: clock() + jump
        await asyncio.sleep(12.0)


def _kept(between: Callable[[Diary], object], **options: Any) -> Scene:
    """A run that keeps its rows, and the start of the next."""

    async def run(s: Diary) -> None:
        for again in (False, True):
            session = s.begin(link_watch=LinkWatch(**options))
            session.keeper = Keeper(session.target, s.folder / "rows", clock=s.clock, rng=random.Random(1))
            await session.start(("Node", "Pod", "ReplicaSet"))
            await asyncio.sleep(5.0)
            session.show("Service")
            await asyncio.sleep(40.0)
            if not again:
                s.note(f"-- close, {session.keeper.version} of {session.keeper.identity}")
                await session.close()
                s.lines.append(f"kept {sorted(file.suffix for file in (s.folder / 'rows').iterdir())}")
                between(s)
                await asyncio.sleep(20.0)
                s.note("-- start again")

    return run


def _another_cluster(s: Diary) -> None:
    s.server.uid = "cluster-2"


for name, between, options in (
    ("rows are kept for the next run", lambda s: None, {}),
    ("rows are kept for the next run over a thin link", lambda s: None, {"forced": Wire.THIN}),
    ("rows are kept for a run without a link", lambda s: s.server.cut(), {}),
    ("rows are kept and another cluster answers", _another_cluster, {}),
):
    SCENES[name] = _kept(between, **options)


@pytest.mark.parametrize("name", SCENES)
def test_all_that_a_session_does(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    plugin = Plugin()
    monkeypatch.setattr(subprocess, "run", plugin.run)
    lines: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        loop.set_default_executor(Here())
        diary = Diary(loop, tmp_path, plugin)
        try:
            await SCENES[name](diary)
            diary.note("-- close")
        finally:
            if diary.session is not None:
                await diary.session.close()
        lines.extend(diary.lines)
        assert diary.site.streams() == []

    random.seed(1)
    on_virtual_time(main)
    assert "\n".join(lines) == snapshot


@pytest.fixture
def play(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Scene], None]:
    plugin = Plugin()
    monkeypatch.setattr(subprocess, "run", plugin.run)

    def run(act: Scene) -> None:
        async def main(loop: VirtualLoop) -> None:
            loop.set_default_executor(Here())
            diary = Diary(loop, tmp_path, plugin)
            await act(diary)
            assert diary.session is not None
            await diary.session.close()

        on_virtual_time(main)

    return run


def test_the_credentials_and_the_connections_end_with_a_session(play: Callable[[Scene], None]) -> None:
    async def act(s: Diary) -> None:
        session = s.begin()
        await session.start(("Node",))
        await asyncio.sleep(1.0)
        ended: list[str] = []

        async def credentials() -> None:
            ended.append("credentials")

        session.credentials.close = credentials  # type: ignore[method-assign]
        session.api.close = lambda: ended.append("connections")  # type: ignore[method-assign]
        await session.close()
        assert ended == ["credentials", "connections"]
        assert s.loop.time() == 1001.0

    play(act)


def test_the_kubeconfig_is_followed_once_the_first_rows_have_had_five_seconds(
    play: Callable[[Scene], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[tuple[float, object, list[str]]] = []

    async def act(s: Diary) -> None:
        async def follow(session: object, kinds: Iterable[str]) -> None:
            followed.append((s.loop.time(), session, list(kinds)))

        monkeypatch.setattr(kubeconfig_watch, "follow", follow)
        session = s.begin()
        await session.start(("Node", "Pod"))
        await session.start(("Node", "Pod"))
        await asyncio.sleep(20.0)
        assert followed == [(1005.0, session, ["Node", "Pod"])]

    play(act)
