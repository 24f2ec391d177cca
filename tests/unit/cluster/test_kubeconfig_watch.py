"""A kubeconfig that is followed, on virtual time: when it is looked at, what is taken of it, and what is
said.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster import kubeconfig_watch as module
from edgetui.cluster.errors import EdgetuiError, KubeconfigError, LinkError
from edgetui.cluster.kubeconfig_watch import _words, follow
from edgetui.cluster.target import AuthSettings, ClusterTarget, Impersonation, TlsSettings
from edgetui.model.cache.freshness import Link
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time

OLD = ClusterTarget(
    name="plant", context="plant", server="https://a", sources=(Path("/a"), Path("/b")), badges=("TEST",)
)
NEW = replace(OLD, server="https://b", badges=("PROD",))
HELD = "The kubeconfig was changed at 12:30"


class Site:
    """A session that is followed, and its files; `says` is what they say when they are read again."""

    def __init__(
        self, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch, target: ClusterTarget = OLD
    ) -> None:
        self.loop, self.target = loop, target
        self.done: list[str] = []
        self.looks: list[float] = []
        self.says: ClusterTarget | EdgetuiError | None = NEW
        self.stamps: dict[Path, Any] = {Path("/a"): (5, 1, 1), Path("/b"): None}
        self.badges = (*target.badges, "OURS")
        self.link = SimpleNamespace(link=Link.LIVE)
        self.after = Link.LIVE
        self.said, self.on_other_target = "", None
        self.store = self.credentials = self.transport = self
        self.reconnects: list[EdgetuiError | None] = []
        monkeypatch.setattr(module, "stamp", lambda file: self.stamps[file])
        monkeypatch.setattr(module, "in_thread", self._look)
        monkeypatch.setattr(time, "time", lambda: loop.time())
        monkeypatch.setattr(time, "strftime", lambda form: {"%H:%M": "12:30"}[form])

    def _look(self, call: Callable[[], Any], name: str) -> asyncio.Future[Any]:
        assert name == "kubeconfig"
        self.looks.append(self.loop.time() - 1000)
        done: asyncio.Future[Any] = self.loop.create_future()
        done.set_result(call())
        return done

    def set_badges(self, badges: Iterable[str]) -> None:
        self.badges = tuple(badges)

    async def reread(self) -> ClusterTarget | None:
        self.done.append("read")
        if isinstance(self.says, EdgetuiError):
            raise self.says
        return self.says

    async def adopt(self, fresh: ClusterTarget) -> None:
        self.done.append(f"adopt {fresh.server}")

    def retarget(self, fresh: ClusterTarget) -> None:
        self.done.append(f"retarget {fresh.server}")
        if fresh.server == "bad":
            raise KubeconfigError("No address.", "Correct it.")

    async def start(self, kinds: Iterable[str]) -> None:
        self.done.append(f"start {' '.join(kinds)}")

    async def reconnect(self, credentials_changed: bool = False, because: EdgetuiError | None = None) -> None:
        assert not credentials_changed
        self.done.append("reconnect")
        self.reconnects.append(because)
        self.link.link = self.after

    def follow(self) -> asyncio.Task[None]:
        session: Any = self
        return asyncio.ensure_future(follow(session, ["Node", "Pod"]))

    def touch(self) -> None:
        self.stamps[Path("/b")] = (self.loop.time(), 2, 2)


@pytest.mark.parametrize(("link", "every"), [(Link.LIVE, 30.0), (Link.CONNECTING, 2.0)])
def test_it_is_looked_at_every_half_minute_and_while_the_link_is_down_every_two_seconds(
    link: Link, every: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        site.link.link = link
        task = site.follow()
        await asyncio.sleep(3 * every + 0.1)
        assert site.looks == [0.0, every, 2 * every, 3 * every]
        assert site.done == []
        task.cancel()

    on_virtual_time(main)


def test_what_no_file_was_read_of_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, replace(OLD, sources=()))
        await site.follow()
        assert (site.looks, site.on_other_target) == ([], None)

    on_virtual_time(main)


@pytest.mark.parametrize(("age", "again"), [(59.9, True), (60.0, False), (-5.0, True), (3600.0, False)])
def test_a_file_that_was_just_written_is_read_once_more(
    age: float, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        site.says = None
        site.stamps[Path("/a")] = ((loop.time() - age) * 1e9, 1, 1)
        task = site.follow()
        await asyncio.sleep(100)
        assert site.done == (["read"] if again else [])
        task.cancel()

    on_virtual_time(main)


def test_what_has_changed_is_taken_and_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        site.after = Link.CONNECTING
        task = site.follow()
        await asyncio.sleep(1)
        site.touch()
        await asyncio.sleep(30)
        assert site.done == ["read", "adopt https://b", "retarget https://b", "reconnect"]
        assert site.target is NEW
        assert site.badges == ("PROD", "OURS")
        assert site.said == f"{HELD}: another server since then."
        (why,) = site.reconnects
        assert isinstance(why, LinkError)
        assert str(why) == "The kubeconfig was changed: another server from now on. edgetui connects anew."
        await asyncio.sleep(32)
        assert site.done[4:] == []
        task.cancel()

    on_virtual_time(main)


def test_while_the_link_is_live_nothing_is_asked_for_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        task = site.follow()
        await asyncio.sleep(1)
        site.touch()
        await asyncio.sleep(95)
        assert site.done.count("reconnect") == 1
        task.cancel()

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("says", "said"),
    [
        (None, "before"),
        (
            KubeconfigError("Half written.", "Wait."),
            f"{HELD}, and is not used as it is now: Half written. Wait.",
        ),
    ],
)
def test_what_says_nothing_new_or_cannot_be_used_changes_nothing(
    says: EdgetuiError | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        site.says, site.said = says, "before"
        task = site.follow()
        await asyncio.sleep(1)
        site.touch()
        await asyncio.sleep(95)
        assert (site.done, site.said, site.target) == (["read"], said, OLD)
        task.cancel()

    on_virtual_time(main)


def test_a_cluster_that_could_not_be_used_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch, replace(OLD, error=KubeconfigError("Broken.")))
        task = site.follow()
        await asyncio.sleep(1)
        site.touch()
        await asyncio.sleep(30)
        assert site.done == ["read", "adopt https://b", "start Node Pod"]
        task.cancel()

    on_virtual_time(main)


def test_an_address_that_cannot_be_used_is_the_reason_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        site.says = replace(NEW, server="bad")
        task = site.follow()
        await asyncio.sleep(1)
        site.touch()
        await asyncio.sleep(30)
        assert [str(one) for one in site.reconnects] == ["No address. Correct it."]
        task.cancel()

    on_virtual_time(main)


def test_what_a_refusal_finds_is_taken_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main(loop: VirtualLoop) -> None:
        site = Site(loop, monkeypatch)
        task = site.follow()
        await asyncio.sleep(1)
        adopt: Any = site.on_other_target
        assert str(adopt(NEW)) == (
            "The kubeconfig was changed: another server from now on. edgetui connects anew."
        )
        assert (site.target, site.done) == (NEW, ["retarget https://b"])
        task.cancel()

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "another entry"),
        ({"namespace": "x"}, "another entry"),
        ({"server": "https://c"}, "another server"),
        ({"proxy_url": "http://p"}, "another server"),
        ({"tls": TlsSettings(insecure=True)}, "another certificate authority"),
        ({"auth": AuthSettings(token="t")}, "another user"),
        ({"impersonate": Impersonation("kim")}, "another user"),
        (
            {"server": "https://c", "tls": TlsSettings(insecure=True), "auth": AuthSettings(token="t")},
            "another server, another certificate authority, another user",
        ),
    ],
)
def test_what_is_another_one_now_is_said(changes: dict[str, Any], words: str) -> None:
    assert _words(OLD, replace(OLD, **changes)) == words


def test_the_bounds_are_those_that_are_told() -> None:
    assert _words(OLD, NEW) == "another server"
    assert (module.WHILE_DOWN, module.WHILE_UP, module.JUST_WRITTEN) == (2.0, 30.0, 60.0)
