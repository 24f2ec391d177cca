"""Usage is asked for by kind, only while somebody looks at it, and not kept beyond its time."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import OLD, MetricsPoller
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound
from edgetui.model.cache.store import Store

BODY = b'{"items":[{"metadata":{"name":"x"},"usage":{"cpu":"5m","memory":"1Ki"}}]}'


class Metrics:
    """A metrics API of one version, or of none."""

    def __init__(self, version: str = "v1") -> None:
        self.version = version
        self.fails: EdgetuiError | None = None
        self.allowed: str | None = None
        self.asked: list[str] = []

    async def get_bytes(self, path: str, query: Any) -> bytes:
        name = path.removeprefix("/apis/metrics.k8s.io/")
        self.asked.append(name)
        if self.fails is not None:
            raise self.fails
        if self.allowed is not None and "/" in name and self.allowed not in name:
            raise Forbidden("pods.metrics.k8s.io is forbidden", code=403)
        if name.split("/")[0] != self.version:
            raise NotFound("no such API", code=404)
        return BODY


async def up() -> None:
    """The link is up."""


def poller(metrics: Metrics) -> MetricsPoller:
    return MetricsPoller(cast(Api, metrics), Store("plant"))


async def test_only_the_kinds_that_are_shown_are_asked_for() -> None:
    metrics = Metrics()
    one = poller(metrics)
    running = asyncio.create_task(one.run(up))
    await asyncio.sleep(0)
    assert metrics.asked == []
    async with asyncio.timeout(5.0):
        one.show({"Pod"})
        while "v1/pods" not in metrics.asked:
            await asyncio.sleep(0)
        one.show({"Pod", "Node"})
        while "v1/nodes" not in metrics.asked:
            await asyncio.sleep(0)
    assert metrics.asked == ["v1", "v1/pods", "v1/nodes"]
    one.show(())
    running.cancel()


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
async def test_the_version_that_is_there_is_found_once(version: str) -> None:
    metrics = Metrics(version)
    one = poller(metrics)
    assert await one.poll()
    assert await one.poll(["Node"])
    assert metrics.asked == ["v1", f"{version}/nodes", f"{version}/pods", f"{version}/nodes"]


async def test_where_there_is_none_it_is_not_asked_again_soon() -> None:
    metrics = Metrics("")
    one = poller(metrics)
    one.show({"Node"})
    assert not await one.poll(["Node"])
    wait = one._wait()
    assert wait is not None
    assert wait > 200


async def test_figures_that_got_old_unseen_are_not_shown_again() -> None:
    one = poller(Metrics())
    one.show({"Node"})
    await one.poll(["Node"])
    assert one._store.usage("Node", "", "x") is not None
    one.show(())
    one.show({"Node"})
    assert one._store.usage("Node", "", "x") is not None, "a quick look at another pane changes nothing"
    one.show(())
    one._asked["Node"] -= OLD + 1
    one.show({"Node"})
    assert one._store.usage("Node", "", "x") is None


async def test_a_lost_link_changes_nothing_and_a_broken_server_takes_the_figures_away() -> None:
    metrics = Metrics()
    one = poller(metrics)
    await one.poll()
    metrics.fails = LinkError("The connection broke off.")
    assert await one.poll()
    assert one._store.usage("Pod", "", "x") is not None
    one.forget({"Pod"})
    assert one._store.usage("Pod", "", "x") is None
    assert one._store.usage("Node", "", "x") is not None


async def test_where_a_kind_is_watched_namespace_by_namespace_its_usage_is_asked_for_so() -> None:
    metrics = Metrics()
    metrics.allowed = "namespaces/line-1/"
    names = ["line-1", "line-2"]
    one = MetricsPoller(cast(Api, metrics), Store("plant"), lambda kind: names if kind == "Pod" else ())
    await one.poll(["Pod"])
    assert metrics.asked == ["v1", "v1/namespaces/line-1/pods", "v1/namespaces/line-2/pods"]
    assert one._store.metrics_available("Pod") is True
    assert one._store.usage("Pod", "", "x") is not None
    names.remove("line-1")
    await one.poll(["Pod"])
    assert one._store.metrics_available("Pod") is False


async def test_usage_is_asked_for_in_the_namespaces_in_view_and_at_once_when_others_come_into_view() -> None:
    metrics, in_view = Metrics(), ["line-2"]
    one = MetricsPoller(cast(Api, metrics), Store("plant"), in_view=lambda: in_view)
    one.show({"Node", "Pod"})
    await one.poll()
    assert metrics.asked == ["v1", "v1/nodes", "v1/namespaces/line-2/pods"]
    assert min(one._due("Pod"), one._due("Node")) > one.period - 5
    in_view[:] = ["line-1"]
    assert one._due("Pod") == 0
    assert one._due("Node") > one.period - 5, "nodes have no namespace"
    await one.poll(["Pod"])
    in_view.clear()
    assert one._due("Pod") == 0
    await one.poll(["Pod"])
    assert metrics.asked[3:] == ["v1/namespaces/line-1/pods", "v1/pods"]
    in_view[:] = ["line-1"]
    assert one._due("Pod") > one.period - 5, "what is known of all is known of one"
    await one.poll(["Pod"])
    one.show({"Pod"}, "shop")
    assert one._due("Pod") == 0, "a pod of another namespace was opened"
    await one.poll(["Pod"])
    assert metrics.asked[5:] == ["v1/namespaces/line-1/pods"] * 2 + ["v1/namespaces/shop/pods"]
    one.show({"Pod"}, "line-1")
    assert one._due("Pod") > one.period - 5, "and closed again"
