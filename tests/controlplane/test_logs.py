"""Logs through a real API server, from a file that a kubelet's own code reads: followed, cut, resumed, refused."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.api.logs import Hearing, PodLog

from . import workloads as w
from .cluster import ControlPlane
from .process import free_ports
from .proxy import FaultProxy
from .waiting import eventually
from .watching import watching


class Written:
    """A log file, written as a container runtime does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lines: list[str] = []
        path.write_text("")

    def write(self, *lines: str, stream: str = "stdout") -> None:
        with self.path.open("a") as file:
            for line in lines:
                now = time.time_ns()
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now // 10**9))
                file.write(f"{stamp}.{now % 10**9:09d}Z {stream} F {line}\n")
                self.lines.append(line)


class Heard:
    """One log that is being read."""

    def __init__(self, log: PodLog, moved: asyncio.Event) -> None:
        self.log, self._moved = log, moved

    @property
    def lines(self) -> list[str]:
        return [self.log.buffer.text(n) for n in range(self.log.buffer.first, self.log.buffer.end)]

    async def until(self, fact: Callable[[], Any], what: str) -> None:
        try:
            async with asyncio.timeout(60):
                while not fact():
                    self._moved.clear()
                    await self._moved.wait()
        except TimeoutError:
            raise AssertionError(f"{what}: not so; {self.log.state}; {self.lines[-5:]}") from None

    async def hears(self, hearing: Hearing) -> None:
        await self.until(lambda: self.log.state.hearing is hearing, hearing)


@asynccontextmanager
async def reading(file: Path, namespace: str, pod: str, *options: Any) -> AsyncIterator[Heard]:
    """A session that watches pods, and the log of one of them."""
    async with watching(file, ("Pod",)) as session:
        moved = asyncio.Event()
        log = PodLog(session, namespace, pod, *options, changed=moved.set)
        task = asyncio.ensure_future(log.run())
        try:
            yield Heard(log, moved)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.fixture(scope="module")
def pods(cluster: ControlPlane) -> Iterator[tuple[str, dict[str, str]]]:
    """A namespace and the names of its pods by app: ``web`` runs, with a second container; ``crash`` does not."""
    with cluster.namespace("logs") as namespace:
        web = w.deployment("web", replicas=1)
        containers = web["spec"]["template"]["spec"]["containers"]
        containers.append({"name": "quiet", "image": "registry.local/quiet:1"})
        cluster.create(namespace, web, w.deployment("crash", "registry.local/crash:2", replicas=1))
        names: dict[str, str] = {}

        def begun() -> bool:
            for pod in cluster.api.get(f"/api/v1/namespaces/{namespace}/pods")["items"]:
                app, states = pod["metadata"]["labels"]["app"], pod["status"].get("containerStatuses", [])
                if states and (
                    "running" in states[0]["state"] if app == "web" else states[0].get("lastState")
                ):
                    names[app] = pod["metadata"]["name"]
            return len(names) == 2

        eventually(begun, within=30, what="a running and a crashed container")
        yield namespace, names


Pods = tuple[str, dict[str, str]]


async def test_a_log_is_followed_and_goes_on_after_cuts_without_a_line_lost_or_twice(
    cluster: ControlPlane, pods: Pods
) -> None:
    namespace, names = pods
    app = Written(cluster.layout.logs / "app.log")
    app.write(*(f"before {n}" for n in range(400)))
    with FaultProxy.in_front_of(cluster) as proxy:
        file = cluster.kubeconfig(server=proxy.url)
        async with reading(file, namespace, names["web"], "app") as heard:
            await heard.until(lambda: heard.lines == app.lines[100:], "the last 300 lines")
            assert heard.log.state.hearing is Hearing.LIVE
            for round_ in range(3):
                app.write(*(f"round {round_} line {n}" for n in range(50)), "twice", "twice")
                app.write("on the other stream", stream="stderr")
                await heard.until(lambda: heard.lines == app.lines[100:], "what was written")
                app.write("on its way")
                proxy.cut()
                app.write(*(f"missed {round_}-{n}" for n in range(20)))
                await heard.hears(Hearing.CUT)
                proxy.restore()
                await heard.until(lambda: heard.lines == app.lines[100:], "every line once")
            assert heard.log.state.hearing is Hearing.LIVE


async def test_a_container_that_has_written_nothing_is_waited_for(cluster: ControlPlane, pods: Pods) -> None:
    namespace, names = pods
    quiet = Written(cluster.layout.logs / "quiet.log")
    async with reading(cluster.kubeconfig(), namespace, names["web"], "quiet") as heard:
        await heard.until(lambda: heard.log.current is not None, "the pod")
        assert [one.name for one in heard.log.containers] == ["app", "quiet"]
        quiet.write("first words")
        await heard.until(lambda: heard.lines == ["first words"], "the first line")
        assert heard.log.state.hearing is Hearing.LIVE


async def test_the_instance_before_is_read_while_the_container_waits(
    cluster: ControlPlane, pods: Pods
) -> None:
    namespace, names = pods
    before = Written(cluster.layout.logs / "previous.log")
    before.write("starting", "\x1b[31mpanic\x1b[0m: no device")
    async with reading(cluster.kubeconfig(), namespace, names["crash"], "", True) as heard:
        await heard.hears(Hearing.OVER)
        assert heard.log.container == "app"
        assert heard.lines == ["starting", "panic: no device"]
        assert heard.log.state.end is not None and heard.log.state.end.code == 1


async def test_a_user_without_the_right_is_told_which_one(cluster: ControlPlane, pods: Pods) -> None:
    namespace, names = pods
    file = await asyncio.to_thread(cluster.service_account_kubeconfig, namespace, "operator")
    async with reading(file, namespace, names["web"]) as heard:
        await heard.hears(Hearing.OVER)
        assert "the right get pods/log is missing" in heard.log.state.sentence


async def test_a_kubelet_that_cannot_be_reached_is_told_from_a_link(
    cluster: ControlPlane, pods: Pods
) -> None:
    namespace, _ = pods
    (port,) = free_ports(1)
    node = {
        "metadata": {"name": "far", "labels": {"managed": "b"}},
        "status": {
            "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
            "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
        },
    }
    cluster.api.create("/api/v1/nodes", node)
    try:
        template = w.pod_template("far", "registry.local/app:1")
        pod = {"metadata": {"name": "far"}, "spec": {**template["spec"], "nodeName": "far"}}
        cluster.api.create(f"/api/v1/namespaces/{namespace}/pods", pod)
        async with reading(cluster.kubeconfig(), namespace, "far") as heard:
            await heard.hears(Hearing.CUT)
            assert heard.log.state.sentence == (
                "The API server cannot reach the kubelet of the pod's node: connection refused."
            )
            assert "node may be down" in heard.log.state.next_step
    finally:
        cluster.api.request("DELETE", "/api/v1/nodes/far")


async def test_a_pod_that_is_gone_is_said_to_be_gone(cluster: ControlPlane, pods: Pods) -> None:
    async with reading(cluster.kubeconfig(), pods[0], "nobody") as heard:
        await heard.hears(Hearing.OVER)
        assert heard.log.state.sentence == "This pod no longer exists."
