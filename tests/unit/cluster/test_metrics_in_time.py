"""When usage is asked for, on virtual time: each kind once a period, both together, and nothing where there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest

from edgetui.cluster.api.client import Api
from edgetui.cluster.api.metrics import MetricsPoller
from edgetui.cluster.errors import LinkError, ServerFailure
from edgetui.model.cache.store import Store
from tests.unit.cluster.test_metrics import Metrics, up
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time


class Asked(Metrics):
    """A metrics API that notes when it was asked for what, in seconds since the start."""

    def __init__(self, version: str = "v1") -> None:
        super().__init__(version)
        self.times: list[tuple[float, str]] = []

    async def get_bytes(self, path: str, query: Any, headers: Any = None) -> bytes:
        now = asyncio.get_running_loop().time() - 1000.0
        self.times.append((round(now, 3), path.removeprefix("/apis/metrics.k8s.io/")))
        return await super().get_bytes(path, query, headers)

    def of(self, what: str) -> list[float]:
        return [at for at, path in self.times if path == what]


Story = Callable[[MetricsPoller, Asked], Awaitable[None]]


def play(story: Story, metrics: Asked, until_up: Callable[[], Awaitable[None]] = up) -> None:
    """Run a poller beside a story, and end it with it."""

    async def main(loop: VirtualLoop) -> None:
        poller = MetricsPoller(cast(Api, metrics), Store("plant"))
        running = asyncio.create_task(poller.run(until_up))
        await story(poller, metrics)
        running.cancel()

    on_virtual_time(main)


@pytest.mark.parametrize("period", [15.0, 60.0])
def test_each_kind_that_is_shown_is_asked_for_once_a_period(period: float) -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        await asyncio.sleep(100)
        assert metrics.times == []
        poller.period = period
        poller.show({"Pod", "Service"})
        await asyncio.sleep(4 * period + 1)
        assert metrics.of("v1") == [100.0]
        assert metrics.of("v1/pods") == [100.0 + period * n for n in range(5)]
        assert metrics.of("v1/nodes") == []
        poller.show(())
        await asyncio.sleep(1000)
        assert len(metrics.of("v1/pods")) == 5

    play(story, Asked())


@pytest.mark.parametrize(("later", "together"), [(0.9, True), (1.0, True), (1.1, False)])
def test_a_kind_waits_a_second_for_the_other(later: float, together: bool) -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node"})
        await asyncio.sleep(later)
        poller.show({"Node", "Pod"})
        await asyncio.sleep(14.95)
        second = metrics.of("v1/nodes")[1]
        assert second == 15.0
        assert metrics.of("v1/pods") == [later, 15.0] if together else [later]

    play(story, Asked())


def test_a_kind_that_comes_into_view_is_asked_for_at_once_and_one_that_comes_back_when_it_is_due() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node"})
        await asyncio.sleep(5)
        poller.show({"Pod"})
        await asyncio.sleep(5)
        poller.show({"Node"})
        await asyncio.sleep(40)
        assert metrics.of("v1/pods") == [5.0]
        assert metrics.of("v1/nodes") == [0.0, 15.0, 30.0, 45.0]

    play(story, Asked())


@pytest.mark.parametrize(("away", "kept"), [(90.0, True), (90.1, False)])
def test_figures_that_were_not_renewed_for_a_minute_and_a_half_are_not_shown_again(
    away: float, kept: bool
) -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node"})
        await asyncio.sleep(1)
        assert poller._store.usage("Node", "", "x") is not None
        poller.show(())
        await asyncio.sleep(away - 1)
        poller.show({"Node"})
        assert (poller._store.usage("Node", "", "x") is not None) is kept
        assert poller._store.metrics_available("Node")

    play(story, Asked())


def test_where_there_is_none_it_is_looked_for_every_five_minutes() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node", "Pod"})
        await asyncio.sleep(700)
        assert metrics.of("v1") == metrics.of("v1beta1/nodes") == [0.0, 300.0, 600.0]
        assert metrics.of("v1beta1/pods") == []
        assert poller._store.metrics_available("Node") is poller._store.metrics_available("Pod") is False
        metrics.version = "v1beta1"
        await asyncio.sleep(220)
        assert metrics.of("v1beta1/nodes")[3:] == metrics.of("v1beta1/pods") == [900.0, 915.0]
        assert poller._store.metrics_available("Node")

    play(story, Asked(""))


def test_a_server_that_is_down_takes_the_figures_away_and_is_asked_as_ever() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node"})
        await asyncio.sleep(1)
        metrics.fails = LinkError("The connection broke off.")
        await asyncio.sleep(15)
        assert poller._store.usage("Node", "", "x") is not None
        metrics.fails = ServerFailure("It is down.", code=503)
        await asyncio.sleep(15)
        assert poller._store.usage("Node", "", "x") is None
        assert not poller._store.metrics_available("Node")
        metrics.fails = None
        await asyncio.sleep(15)
        assert poller._store.usage("Node", "", "x") is not None
        assert metrics.of("v1/nodes") == [0.0, 15.0, 30.0, 45.0]
        assert metrics.of("v1") == [0.0]

    play(story, Asked())


def test_while_the_link_is_down_nothing_is_asked_for() -> None:
    async def at_100() -> None:
        await asyncio.sleep(max(0.0, 1100.0 - asyncio.get_running_loop().time()))

    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node"})
        await asyncio.sleep(120)
        assert metrics.of("v1/nodes") == [100.0, 115.0]

    play(story, Asked(), at_100)


class Silent(Asked):
    """A metrics API that answers nothing more once it is told to."""

    silent = False

    async def get_bytes(self, path: str, query: Any, headers: Any = None) -> bytes:
        found = await super().get_bytes(path, query, headers)
        while self.silent:
            await asyncio.sleep(30.0)
        return found


def test_what_is_under_way_when_the_link_breaks_is_given_up_and_asked_for_when_it_is_up() -> None:
    link = asyncio.Event()
    link.set()

    async def up_again() -> None:
        await link.wait()

    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node", "Pod"})
        await asyncio.sleep(10)
        metrics.silent = True  # type: ignore[attr-defined]
        await asyncio.sleep(10)
        link.clear()
        poller.give_up()
        metrics.silent = False  # type: ignore[attr-defined]
        await asyncio.sleep(40)
        assert metrics.of("v1/nodes") == [0.0, 15.0]
        assert poller._store.usage("Node", "", "x") is not None
        link.set()
        await asyncio.sleep(16)
        assert metrics.of("v1/nodes") == [0.0, 15.0, 60.0, 75.0]
        assert metrics.of("v1/pods") == [0.0, 60.0, 75.0]

    play(story, Silent(), up_again)


def test_a_link_that_breaks_between_two_polls_changes_nothing() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.give_up()
        poller.show({"Node"})
        await asyncio.sleep(10)
        poller.give_up()
        await asyncio.sleep(30)
        assert metrics.of("v1/nodes") == [0.0, 15.0, 30.0]

    play(story, Asked())


def test_another_cluster_is_asked_at_once_whether_it_has_usage_and_shows_none_of_the_one_before() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        poller.show({"Node", "Pod"})
        await asyncio.sleep(20)
        assert poller._store.metrics_available("Pod") is False
        metrics.version = "v1"
        poller.void()
        await asyncio.sleep(1)
        assert poller._store.metrics_available("Pod") is True
        assert metrics.of("v1/pods") == [20.0]
        metrics.version = ""
        poller.void()
        assert poller._store.metrics_available("Pod") is poller._store.metrics_available("Node") is None
        assert poller._store.usage("Node", "", "x") is None
        await asyncio.sleep(1)
        assert poller._store.metrics_available("Pod") is False

    play(story, Asked(""))


def test_what_the_cluster_before_still_owes_does_not_count_for_another() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        metrics.silent = True  # type: ignore[attr-defined]
        poller.show({"Node", "Pod"})
        await asyncio.sleep(10)
        metrics.silent, metrics.version = False, "v1beta1"  # type: ignore[attr-defined]
        poller.void()
        await asyncio.sleep(30)
        found = [path for _, path in metrics.times]
        assert found == ["v1", "v1", *["v1beta1/nodes", "v1beta1/pods"] * 2]

    play(story, Silent())


def test_another_cluster_is_asked_for_rows_again() -> None:
    async def story(poller: MetricsPoller, metrics: Asked) -> None:
        metrics.prints = b'{"kind": "NodeMetricsList", "items": []}'
        poller.show({"Node"})
        await asyncio.sleep(20)
        assert metrics.printed == ["v1/nodes"]
        poller.void()
        await asyncio.sleep(1)
        assert metrics.printed == ["v1/nodes"] * 2

    play(story, Asked())
