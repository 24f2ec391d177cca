"""A kubeconfig that is changed while edgetui runs: what stands in it now is used, without a new start."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trustme

from edgetui.cluster import kubeconfig_watch
from edgetui.cluster import session as session_module
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.kubeconfig.yaml_file import Stamp
from edgetui.cluster.session import ClusterSession
from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.freshness import Link

from .kubeconfigs import b64, config, one, put
from .wire import Pause, Request, Script, Server, Stall, ok

PATIENCE = 30.0
JSON = "Content-Type: application/json"
END = {
    "type": "BOOKMARK",
    "object": {
        "kind": "Node",
        "metadata": {"resourceVersion": "5", "annotations": {"k8s.io/initial-events-end": "true"}},
    },
}


class Site:
    """An API server with an authority of its own and nodes of its own, that knows one token."""

    def __init__(self, node: str, token: str = "good") -> None:
        self.ca = trustme.CA()
        self.node = node
        self.token = token
        self.server = Server([], self._answer)

    def _answer(self, request: Request) -> Script:
        if request.headers.get("authorization") != [f"Bearer {self.token}"]:
            refused = {"kind": "Status", "status": "Failure", "code": 401, "reason": "Unauthorized"}
            return [ok(json.dumps(refused).encode(), JSON, status="401 Unauthorized")]
        path, _, query = request.target.partition("?")
        node = {"kind": "Node", "metadata": {"name": self.node, "uid": self.node, "resourceVersion": "4"}}
        if "watch=" in query:
            lines = [{"type": "ADDED", "object": node}, END] if "sendInitialEvents" in query else []
            body = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
            head = f"HTTP/1.1 200 OK\r\n{JSON}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
            return [head + (b"%x\r\n%b\r\n" % (len(body), body) if body else b""), Stall()]
        if path.endswith("/kube-system"):
            found: Any = {"kind": "Namespace", "metadata": {"name": "kube-system", "uid": f"of {self.node}"}}
        else:
            found = {"kind": "NodeList", "metadata": {"resourceVersion": "5"}, "items": [node]}
        return [ok(json.dumps(found).encode(), JSON)]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Site]:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert("127.0.0.1").configure_cert(context)
        await self.server.start(context, "127.0.0.1")
        try:
            yield self
        finally:
            await self.server.stop()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server.port}"

    def kubeconfig(self, file: Path, *, ca: trustme.CA | None = None, token: str = "") -> Path:
        cluster = {
            "server": self.url,
            "certificate-authority-data": b64((ca or self.ca).cert_pem.bytes()),
        }
        new = put(file.with_suffix(".new"), config(cluster=cluster, user={"token": token or self.token}))
        os.replace(new, file)  # noqa: PTH105
        return file


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_module, "FOLLOW_AFTER", 0.0)
    monkeypatch.setattr(kubeconfig_watch, "WHILE_DOWN", 0.02)
    monkeypatch.setattr(kubeconfig_watch, "WHILE_UP", 0.02)


@asynccontextmanager
async def session(file: Path) -> AsyncIterator[ClusterSession]:
    found = ClusterSession(one(file))
    await found.start(["Node"])
    try:
        yield found
    finally:
        await found.close()


async def until(found: ClusterSession, true: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():
            await asyncio.sleep(0.01)
            found.store.drain()


async def looked_at(found: ClusterSession, change: Callable[[], object]) -> None:
    """Change the file, and wait until it was read again."""
    looks, reread = 0, found.credentials.reread

    async def counted() -> ClusterTarget | None:
        nonlocal looks
        try:
            return await reread()
        finally:
            looks += 1

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(found.credentials, "reread", counted)
        change()
        await until(found, lambda: looks)


def live(found: ClusterSession, node: str) -> Callable[[], bool]:
    """Whether the link is up and this node, and no other, is there."""
    return lambda: (
        found.store.link.link is Link.LIVE and [row.name for row in found.store.rows("Node")] == [node]
    )


async def test_another_authority_is_taken_after_the_server_was_not_trusted(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = site.kubeconfig(tmp_path / "config", ca=trustme.CA())
        async with session(file) as found:
            await until(found, lambda: found.store.link.link is Link.REFUSED)
            assert "edgetui takes it by itself" in found.store.link.next_step
            site.kubeconfig(file)
            await until(found, live(found, "a"))
            assert "another certificate authority since then" in found.credentials.notice


async def test_another_server_is_taken_while_the_old_one_still_answers(tmp_path: Path) -> None:
    async with Site("a").running() as first, Site("b", token="other").running() as second:
        file = first.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, live(found, "a"))
            second.kubeconfig(file)
            await until(found, live(found, "b"))
            assert found.target.server.endswith(str(second.server.port))
            assert found.transport.target is found.target
            assert (
                "another server, another certificate authority, another user since then"
                in found.credentials.notice
            )
            await until(found, lambda: first.server.open == 0)


@pytest.mark.parametrize("begun", [False, True])
async def test_a_first_list_that_the_old_server_still_owes_is_not_taken(tmp_path: Path, begun: bool) -> None:
    """It waits before its answer, or in the midst of it, while the file is replaced."""
    waits = Pause()

    class Slow(Site):
        def _answer(self, request: Request) -> Script:
            answer = super()._answer(request)
            if "watch=" not in request.target or not isinstance(answer[0], bytes):
                return answer
            head, end, rows = answer[0].partition(b"\r\n\r\n")
            first: Script = [head + end] if begun else []
            return [*first, waits, rows if begun else answer[0], *answer[1:]]

    async with Slow("a").running() as first, Site("b").running() as second:
        file = first.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, lambda: first.server.requests)
            await until(found, lambda: not begun or found.store.link.link is Link.LIVE)
            second.kubeconfig(file)
            await until(found, lambda: "another server" in found.credentials.notice)
            waits.until.set()
            await until(found, lambda: list(found.store.rows("Node")))
            assert live(found, "b")()
            await until(found, lambda: first.server.open == 0)


async def test_the_version_that_the_old_server_still_owes_is_not_taken(tmp_path: Path) -> None:
    waits = Pause()

    class Versioned(Site):
        def _answer(self, request: Request) -> Script:
            if request.target != "/version":
                return super()._answer(request)
            answer = ok(json.dumps({"gitVersion": f"v1.{self.node}"}).encode(), JSON)
            return [waits, answer] if self is first else [answer]

    async with Versioned("30").running() as first, Versioned("40").running() as second:
        file = first.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, lambda: any(one.target == "/version" for one in first.server.requests))
            second.kubeconfig(file)
            await until(found, lambda: found.store.version)
            assert found.store.version == "v1.40"
            waits.until.set()
            await until(found, lambda: first.server.open == 0)
            assert found.store.version == "v1.40"


async def test_what_was_taken_stays_said_when_the_next_look_finds_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is replaced between its stamp and its text, so that the next stamp is another one."""
    looks, stamps = 0, kubeconfig_watch._stamps

    async def then_replaced(files: Iterable[Path]) -> list[Stamp]:
        nonlocal looks
        found = await stamps(files)
        looks += 1
        if looks == 2:
            second.kubeconfig(file)
        return found

    monkeypatch.setattr(kubeconfig_watch, "_stamps", then_replaced)
    async with Site("a").running() as first, Site("b").running() as second:
        file = first.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, lambda: looks > 3)
            assert "another server" in found.credentials.notice
            await until(found, live(found, "b"))


async def test_what_was_taken_is_said_again_after_a_mistake_in_the_file_is_mended(tmp_path: Path) -> None:
    async with Site("a").running() as first, Site("b").running() as second:
        file = first.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            second.kubeconfig(file)
            await until(found, lambda: "another server" in found.credentials.notice)
            taken = found.credentials.notice
            for text in ("{", "["):
                await looked_at(found, partial(put, file, text))
                assert "is not used as it is now" in found.credentials.notice
            second.kubeconfig(file)
            await until(found, lambda: found.credentials.notice == taken)


async def test_another_server_is_taken_when_the_old_one_is_gone(tmp_path: Path) -> None:
    first, second = Site("a"), Site("b")
    async with second.running():
        async with first.running():
            file = first.kubeconfig(tmp_path / "config")
            found = ClusterSession(one(file))
            await found.start(["Node"])
            await until(found, live(found, "a"))
        await until(found, lambda: found.store.link.link is Link.STALE)
        second.kubeconfig(file)
        await until(found, live(found, "b"))
        await found.close()


async def test_another_user_is_taken_before_anybody_is_refused(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = site.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, live(found, "a"))
            site.token = "better"
            site.kubeconfig(file)
            await until(found, lambda: ("Authorization", "Bearer better") in found_headers(site))
            await until(found, live(found, "a"))


def found_headers(site: Site) -> list[tuple[str, str]]:
    return [
        ("Authorization", value) for r in site.server.requests for value in r.headers.get("authorization", [])
    ]


async def test_a_file_that_cannot_be_read_for_a_while_changes_nothing(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = site.kubeconfig(tmp_path / "config")
        async with session(file) as found:
            await until(found, live(found, "a"))
            asked = len(site.server.requests)
            for content in ("{", "", "clusters: []", "[" * 20000, "kind: Pod"):
                await looked_at(found, partial(put, file, content))
                assert "and is not used as it is now" in found.credentials.notice
            await looked_at(found, file.unlink)
            assert "does not exist" in found.credentials.notice
            assert live(found, "a")()
            assert len(site.server.requests) <= asked + 3  # what the header asks for
            site.kubeconfig(file)
            await until(found, lambda: found.credentials.notice == "")


async def test_a_token_rotated_here_stays_when_the_file_is_touched(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = site.kubeconfig(tmp_path / "config", token="old")
        site.token = "old"
        async with session(file) as found:
            await until(found, live(found, "a"))
            site.token = "new"
            found.credentials.set_token("new")
            content = json.loads(file.read_text())
            await looked_at(found, partial(put, file, {**content, "preferences": {}}))
            assert ("Authorization", "Bearer new") in await found.credentials.headers()


async def test_a_context_that_was_broken_at_the_start_is_mended_by_its_file(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = put(tmp_path / "config", config(cluster={"server": "ftp://h"}))
        async with session(file) as found:
            assert found.store.link.link is Link.BROKEN
            found.look_at_kinds(("Node",))
            site.kubeconfig(file)
            await until(found, live(found, "a"))
            await until(found, lambda: any("metrics.k8s.io" in one.target for one in site.server.requests))


async def test_a_file_that_was_none_at_the_start_is_mended(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        file = put(tmp_path / "config", "{")
        async with session(file) as found:
            assert found.store.link.link is Link.BROKEN
            site.kubeconfig(file)
            await until(found, live(found, "a"))


async def test_a_token_for_another_server_is_not_sent_to_the_one_that_is_connected(tmp_path: Path) -> None:
    first, second = Site("a"), Site("b")
    async with first.running(), second.running():
        file = first.kubeconfig(tmp_path / "config")
        alone = Credentials(one(file))
        second.token = "for-the-other"
        second.kubeconfig(file)
        assert not await alone.refresh()
        assert await alone.headers() == [("Authorization", "Bearer good")]
        put(file, config(cluster={"server": alone.target.server}, user={"token": "renewed"}))
        assert await alone.refresh()
        assert await alone.headers() == [("Authorization", "Bearer renewed")]


async def test_a_token_in_the_place_of_a_plugin_that_hangs_is_taken(tmp_path: Path) -> None:
    async with Site("a").running() as site:
        hang = put(tmp_path / "hang", f"#!/bin/sh\ntouch {tmp_path}/started\nexec sleep 300\n")
        hang.chmod(0o755)
        plugin = {
            "command": str(hang), "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"
        }  # fmt: skip
        file = put(tmp_path / "config", config(cluster={"server": site.url}, user={"exec": plugin}))
        async with session(file) as found:
            await until(found, (tmp_path / "started").exists)
            site.kubeconfig(file)
            await until(found, live(found, "a"))
