"""Logs of demo containers: the same whenever they are asked for, and each option does what a kubelet does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.demo import logs
from edgetui.demo.http import Reply, Request
from edgetui.demo.logs import Instance, log_reply
from edgetui.demo.resources import NODES, PODS
from edgetui.demo.status import StatusError
from edgetui.demo.times import seconds

from .bench import NAMESPACE, Bench
from .wire import Wire


def ask(bench: Bench, **query: str) -> Reply:
    """The log of the first pod."""
    name = next(bench.storage.objects(PODS))["metadata"]["name"]
    request = Request("GET", "", query, {})
    return log_reply(request, bench.storage, NAMESPACE, name, lambda: bench.now)


async def read(reply: Reply) -> list[str]:
    """All lines of an answer that ends."""
    assert reply.chunks is not None
    return b"".join([chunk async for chunk in reply.chunks]).decode().splitlines()


async def test_a_log_is_the_same_whenever_it_is_asked_for_and_goes_on(bench: Bench) -> None:
    bench.deploy(replicas=1)
    bench.run(60)
    first = await read(ask(bench, timestamps="true"))
    assert "starting web 1" in first[0]
    assert len(first) > 10
    bench.run(30)
    second = await read(ask(bench, timestamps="true"))
    assert second[: len(first)] == first
    assert len(second) > len(first)
    stamps = [line.split(" ")[0] for line in second]
    assert stamps == sorted(stamps)
    assert await read(ask(bench)) == [line.partition(" ")[2] for line in second]


async def test_tail_and_since_narrow_it(bench: Bench) -> None:
    bench.deploy(replicas=1)
    bench.run(60)
    whole = await read(ask(bench, timestamps="true"))
    assert await read(ask(bench, timestamps="true", tailLines="3")) == whole[-3:]
    assert await read(ask(bench, tailLines="0")) == []
    since = whole[6][:19] + "Z"
    found = await read(ask(bench, timestamps="true", sinceTime=since))
    assert found == [line for line in whole if line >= since[:-1]]
    assert found[-1] == whole[-1]


async def test_a_crash_has_last_words_and_an_instance_before(bench: Bench) -> None:
    bench.deploy(replicas=1, image="r/web:2-oom")
    bench.run(0.5)

    def restarted() -> bool:
        pod = next(bench.storage.objects(PODS))
        states = pod["status"].get("containerStatuses") or [{"restartCount": 0, "state": {}}]
        return states[0]["restartCount"] == 1 and "running" in states[0]["state"]

    bench.until(restarted)
    before = await read(ask(bench, previous="true"))
    assert "loading label cache" in before[-1]
    assert "loading label cache" not in "".join(await read(ask(bench)))
    bench.until(lambda: not restarted())
    assert "loading label cache" in (await read(ask(bench)))[-1]


@pytest.mark.parametrize(
    ("image", "query", "words"),
    [
        ("r/web:2-missing", {}, "is waiting to start: "),
        ("r/web:1", {"previous": "true"}, "previous terminated container"),
        ("r/web:1", {"container": "other"}, "container other is not valid for pod web-"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_the_kubelets_words(
    bench: Bench, image: str, query: dict[str, str], words: str
) -> None:
    bench.deploy(replicas=1, image=image)
    bench.run(30)
    with pytest.raises(StatusError) as caught:
        ask(bench, **query)
    assert (caught.value.code, words in caught.value.message) == (400, True), caught.value.message


def test_the_kubelet_of_a_dead_node_is_not_reached(bench: Bench) -> None:
    bench.deploy(replicas=1)
    bench.run(30)
    node = bench.storage.get(NODES, "", next(bench.storage.objects(PODS))["spec"]["nodeName"])
    node["status"]["conditions"] = [{"type": "Ready", "status": "Unknown"}]
    bench.storage.update(NODES, node)
    with pytest.raises(StatusError) as caught:
        ask(bench)
    assert caught.value.code == 500
    assert "dial tcp" in caught.value.message


async def test_following_gives_each_line_once_and_ends_with_the_container(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pass_time(_: float) -> None:
        bench.run(0.5)

    monkeypatch.setattr(asyncio, "sleep", pass_time)
    bench.deploy(replicas=1, image="r/web:2-oom")
    bench.run(0.5)
    bench.until(lambda: "podIP" in next(bench.storage.objects(PODS))["status"])
    bench.run(1)
    followed = await read(ask(bench, follow="true", timestamps="true"))
    whole = await read(ask(bench, previous="true", timestamps="true"))
    assert [line for line in followed if line in whole] == whole
    assert len(set(followed)) == len(followed)
    assert "loading label cache" in followed[-1]


def test_what_is_kept_is_bounded() -> None:
    old = Instance("web-1", "r/web:1", 0.0)
    assert old.count(10 * 86_400.0) > logs.KEPT
    assert len(old.lines(old.count(10 * 86_400.0) - logs.KEPT, 10 * 86_400.0)) == logs.KEPT


def test_over_the_wire_it_is_plain_text(plant: Wire) -> None:
    pods = plant.get("/api/v1/namespaces/line-1/pods", labelSelector="app=oven").body["items"]
    path = f"/api/v1/namespaces/line-1/pods/{pods[0]['metadata']['name']}/log"
    answer = plant.get(path, tailLines="5", timestamps="true")
    assert answer.code == 200
    assert answer.headers["content-type"] == "text/plain"
    lines: list[Any] = answer.body.splitlines()
    assert len(lines) == 5
    assert seconds(lines[0]) > 1_700_000_000
