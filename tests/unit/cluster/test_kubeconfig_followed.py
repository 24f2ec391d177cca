"""A kubeconfig that is followed: when it is looked at, what follows from each change, and in which words.

`pytest tests/unit/cluster/test_kubeconfig_followed.py --snapshot-update` takes what happens now; look at what differs
first.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster import kubeconfig_watch
from edgetui.cluster.errors import EdgetuiError, KubeconfigError
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation, TlsSettings
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import Store
from tests.unit.cluster.recorded import moment
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

NOW = 1_790_000_000.0
FILE = Path("/k/plant.yaml")
BASE = ClusterTarget("plant", "default", FILE, "https://10.0.0.1:6443", sources=(FILE,), badges=("PROD",))
BROKEN = KubeconfigError("There is no such user.", "Look at it.")
CHANGES: dict[str, dict[str, Any]] = {
    "nothing that counts": {"namespace": "other"},
    "the server": {"server": "https://10.0.0.2:6443"},
    "the proxy": {"proxy_url": "http://10.0.0.9:3128"},
    "the authority": {"tls": TlsSettings(ca_pem=b"other")},
    "the user": {"auth": AuthSettings(token="other")},
    "whom it acts as": {"impersonate": Impersonation(user="kim")},
    "badges": {"badges": ("TEST",)},
    "all of it": {
        "server": "https://10.0.0.2:6443",
        "tls": TlsSettings(ca_pem=b"other"),
        "auth": AuthSettings(token="other"),
    },
}


class Scene:
    """A session, its credentials and its transport; `files` are the stamps of each look."""

    def __init__(self, loop: VirtualLoop, target: ClusterTarget = BASE) -> None:
        self.loop, self.target = loop, target
        self.lines: list[str] = []
        self.store = Store("plant")
        self.store.set_badges((*target.badges, "RBAC OFF"))
        self.credentials: Any = self
        self.said = ""
        self.on_other_target: Any = None
        self.transport: Any = self
        self.fresh: ClusterTarget | EdgetuiError | None = None
        self.retargets: EdgetuiError | None = None
        self.stamp: list[tuple[int, int] | None] = [(0, 0)]

    def note(self, what: str) -> None:
        said = f", said: {self.said}" if self.said else ""
        self.lines.append(f"{moment(self.loop.time())} {what}{said}")

    async def stamps(self, files: Iterable[Path]) -> list[Any]:
        self.note(f"look at {[str(file) for file in files]}")
        return list(self.stamp)

    def live(self, up: bool) -> None:
        self.store.set_link(LinkState(Link.LIVE if up else Link.STALE))

    async def reread(self) -> ClusterTarget | None:
        self.note("read")
        if isinstance(self.fresh, EdgetuiError):
            raise self.fresh
        return self.fresh

    async def adopt(self, fresh: ClusterTarget) -> None:
        self.note(f"adopt {fresh.server}")

    def retarget(self, fresh: ClusterTarget) -> None:
        self.note(f"retarget {fresh.server}")
        if self.retargets is not None:
            raise self.retargets

    async def start(self, kinds: Iterable[str]) -> None:
        self.note(f"start {sorted(kinds)}")

    async def reconnect(self, credentials_changed: bool = False, because: EdgetuiError | None = None) -> None:
        self.note(f"reconnect {credentials_changed} because {because} {self.store.badges}")


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Follow a kubeconfig while a story goes on; what happens."""
    monkeypatch.setattr(time, "strftime", lambda form: form)
    monkeypatch.setattr(time, "time", lambda: NOW)

    def run(story: Callable[[Scene], Any], **options: Any) -> str:
        lines: list[str] = []

        async def main(loop: VirtualLoop) -> None:
            scene = Scene(loop, **options)
            monkeypatch.setattr(kubeconfig_watch, "_stamps", scene.stamps)
            following = asyncio.create_task(kubeconfig_watch.follow(scene, ["Pod", "Node"]))
            await story(scene)
            scene.note("the end" if not following.done() else "it was not followed")
            following.cancel()
            lines.extend(scene.lines)

        on_virtual_time(main)
        return "\n".join(lines)

    return run


def test_when_it_is_looked_at(play: Callable[..., str], snapshot: SnapshotAssertion) -> None:
    async def story(s: Scene) -> None:
        await asyncio.sleep(5.0)
        s.note("it is live")
        s.live(True)
        await asyncio.sleep(65.0)
        s.note("it is not")
        s.live(False)
        await asyncio.sleep(35.0)

    assert play(story) == snapshot
    assert (
        play(story, target=replace(BASE, sources=()))
        == "0 it is live\n".replace("0", "5") + "70 it is not\n105 it was not followed"
    )


@pytest.mark.parametrize(("age", "read"), [(0.0, True), (59.9, True), (60.0, False), (1e6, False)])
def test_a_file_that_was_just_written_is_read_once_more(
    age: float, read: bool, play: Callable[..., str]
) -> None:
    async def story(s: Scene) -> None:
        s.stamp = [None, (int((NOW - age) * 1e9), 5)]
        await asyncio.sleep(9.0)

    assert play(story).count("read") == int(read)


@pytest.mark.parametrize("up", [True, False])
@pytest.mark.parametrize("what", CHANGES)
def test_what_follows_from_a_change(
    what: str, up: bool, play: Callable[..., str], snapshot: SnapshotAssertion
) -> None:
    async def story(s: Scene) -> None:
        s.live(up)
        await asyncio.sleep(1.0)
        s.stamp, s.fresh = [(1, 1)], replace(BASE, **CHANGES[what])
        await asyncio.sleep(31.0 if up else 7.0)
        assert s.target is s.fresh
        s.note(f"on another target {s.on_other_target(replace(BASE, **CHANGES['the server']))}")

    assert play(story) == snapshot


def test_what_follows_from_a_file_that_cannot_be_used(
    play: Callable[..., str], snapshot: SnapshotAssertion
) -> None:
    async def unreadable(s: Scene) -> None:
        s.stamp, s.fresh = [(1, 1)], BROKEN
        await asyncio.sleep(5.0)
        s.note("the same as before")
        s.stamp, s.fresh = [(2, 2)], None
        await asyncio.sleep(5.0)

    async def not_accepted(s: Scene) -> None:
        s.stamp, s.fresh, s.retargets = [(1, 1)], replace(BASE, **CHANGES["all of it"]), BROKEN
        await asyncio.sleep(5.0)

    async def mended(s: Scene) -> None:
        s.stamp, s.fresh = [(1, 1)], BASE
        await asyncio.sleep(5.0)

    found = [
        play(unreadable),
        play(not_accepted),
        play(mended, target=replace(BASE, error=BROKEN, server="")),
    ]
    assert "\n--\n".join(found) == snapshot


def test_each_file_has_a_stamp(tmp_path: Path) -> None:
    (tmp_path / "one").write_bytes(b"x")
    found = asyncio.run(kubeconfig_watch._stamps([tmp_path / "one", tmp_path / "none"]))
    assert [one is None for one in found] == [False, True]
