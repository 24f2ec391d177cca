"""Usage is asked for by kind, only while somebody looks at it, and not kept beyond its time."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import OLD, MetricsPoller
from edgetui.cluster.api.printed_usage import decode_rows
from edgetui.cluster.errors import EdgetuiError, Forbidden, LinkError, NotFound, NotPrinted
from edgetui.model.cache.store import Store, Usage
from edgetui.model.kinds.pod import PodRow

BODY = b'{"items":[{"metadata":{"name":"x"},"usage":{"cpu":"5m","memory":"1Ki"}}]}'


class Metrics:
    """A metrics API of one version, or of none."""

    def __init__(self, version: str = "v1") -> None:
        self.version = version
        self.fails: EdgetuiError | None = None
        self.allowed: str | None = None
        self.asked: list[str] = []
        self.prints = b""
        self.printed: list[str] = []

    async def get_bytes(self, path: str, query: Any, headers: Any = None) -> bytes:
        if headers is not None and self.prints:
            assert query == {"includeObject": "None"}
            self.printed.append(path.removeprefix("/apis/metrics.k8s.io/"))
            return self.prints
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


def of_pods(*counts: int) -> Store:
    """A store with so many pods in line-0, line-1 and so on."""
    store = Store("plant")
    for space, count in enumerate(counts):
        for n in range(count):
            row = PodRow(namespace=f"line-{space}", name=f"p{n}", uid=f"{space}.{n}", resource_version="1")
            store.apply("Pod", row)
    return store


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
    one = MetricsPoller(cast(Api, metrics), of_pods(40, 40, 40), in_view=lambda: in_view)
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
    one.show({"Pod"}, "line-0")
    assert one._due("Pod") == 0, "a pod of another namespace was opened"
    await one.poll(["Pod"])
    assert metrics.asked[5:] == ["v1/namespaces/line-1/pods"] * 2 + ["v1/namespaces/line-0/pods"]
    one.show({"Pod"}, "line-1")
    assert one._due("Pod") > one.period - 5, "and closed again"


def printed(*rows: list[Any], columns: tuple[str, ...] = ("Name", "cpu", "memory", "Window")) -> bytes:
    """A Table as metrics-server makes it; without rows it has no columns."""
    table = {
        "kind": "Table",
        "columnDefinitions": [{"name": name} for name in columns] if rows else None,
        "rows": [{"cells": cells, "object": None} for cells in rows],
    }
    return json.dumps(table).encode()


def test_a_row_tells_what_its_object_does() -> None:
    body = printed(["a", "4m", "16Mi", "15s"], ["b", "1523000n", "4Ki", "15s"])
    found = decode_rows(body, "line-1")
    assert found == {("line-1", "a"): Usage(4, 16 << 20), ("line-1", "b"): Usage(2, 4096)}
    assert decode_rows(printed(), "line-1") == {}


def test_a_sum_of_no_figures_is_not_zero() -> None:
    assert decode_rows(printed(["a", "0", "0", "15s"]), "") == {("", "a"): Usage(None, None)}


def test_a_row_that_cannot_be_read_tells_of_nothing() -> None:
    body = printed(["a"], ["b", "1", "1Ki", "15s"])
    assert decode_rows(body.replace(b'["a"]', b"7"), "") == {("", "b"): Usage(1000, 1024)}
    assert decode_rows(body, "") == {("", "b"): Usage(1000, 1024)}


def test_what_is_no_table_with_figures_is_told_apart() -> None:
    assert decode_rows(BODY, "") is None
    with pytest.raises(NotPrinted):
        decode_rows(printed(["a", "1m"], columns=("Name", "Created At")), "")


async def test_nodes_and_the_pods_of_one_namespace_are_asked_for_as_rows() -> None:
    metrics = Metrics()
    metrics.prints = printed(["x", "5m", "1Ki", "15s"])
    one = MetricsPoller(cast(Api, metrics), Store("plant"), in_view=lambda: ["line-1"])
    await one.poll()
    assert (metrics.asked, metrics.printed) == (["v1"], ["v1/nodes", "v1/namespaces/line-1/pods"])
    assert one._store.usage("Pod", "line-1", "x") == one._store.usage("Node", "", "x") == Usage(5, 1024)


@pytest.mark.parametrize("objects", [True, False])
async def test_who_prints_no_figures_is_asked_for_objects_from_then_on(objects: bool) -> None:
    """Objects that come in the place of rows are taken."""
    metrics = Metrics()
    metrics.prints = BODY if objects else printed(["x", "5d"], columns=("Name", "Created At"))
    one = MetricsPoller(cast(Api, metrics), Store("plant"), in_view=lambda: ["line-1"])
    await one.poll()
    assert one._store.usage("Node", "", "x") == Usage(5, 1024)
    await one.poll()
    assert metrics.printed == ["v1/nodes"]
    both = ["v1/nodes", "v1/namespaces/line-1/pods"]
    assert metrics.asked[1:] == (both * 2)[objects:]


@pytest.mark.parametrize(
    ("counts", "spread"),
    [
        ((), False),
        ((1, 1), False),
        ((2, 1), True),
        ((400, 36), True),
        ((400, 37), False),
        ((9,) * 8, True),
        ((9,) * 9, False),
    ],
)
async def test_pods_are_asked_for_by_namespace_where_their_rows_cost_less(
    counts: tuple[int, ...], spread: bool
) -> None:
    """Objects come compressed only from 128 KiB on, and each answer has its price and its round trip."""
    metrics = Metrics()
    metrics.prints = printed(["p0", "5m", "1Ki", "15s"])
    one = MetricsPoller(cast(Api, metrics), of_pods(*counts))
    await one.poll(["Pod"])
    spaces = [f"v1/namespaces/line-{space}/pods" for space in range(len(counts))]
    assert metrics.printed == (spaces if spread else [])
    assert metrics.asked == (["v1"] if spread else ["v1", "v1/pods"])
    assert one._store.metrics_available("Pod")


@pytest.mark.parametrize(
    ("counts", "prints", "narrow"),
    [((110, 500), True, True), ((150, 500), True, False), ((30, 500), False, True)],
)
async def test_of_one_namespace_in_view_all_are_asked_for_where_they_come_compressed_and_cost_less(
    counts: tuple[int, ...], prints: bool, narrow: bool
) -> None:
    metrics = Metrics()
    metrics.prints = printed(["p0", "5m", "1Ki", "15s"]) if prints else b""
    in_view = ["line-0"]
    one = MetricsPoller(cast(Api, metrics), of_pods(*counts), in_view=lambda: in_view)
    one.show({"Pod"})
    await one.poll(["Pod"])
    assert [*metrics.asked[1:], *metrics.printed] == ["v1/namespaces/line-0/pods" if narrow else "v1/pods"]
    in_view[:] = ["line-1"]
    assert (one._due("Pod") == 0) is narrow, "what is known of all is known of each"
