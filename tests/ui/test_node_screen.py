"""The page of a node: its Lease while all is well; its way step by step while it fails, and its pods'."""

from __future__ import annotations

from typing import Any

from edgetui.model.identity import ObjectKey
from tests.unit.model import factories as f
from tests.unit.model.test_node_failure import STATEFUL, lost, pod, taint, tolerant

from .driving import Screen
from .hosts import Hosts, shown

NOW = f.NOW


def failed(*more: Any) -> Hosts:
    """edge-1 went silent 100 s ago, with pods of every sort; edge-2 and edge-3 are there."""
    hosts = Hosts(
        lost(taint(NOW - 95), labels={"camera": "yes"}),
        f.node("edge-2", heartbeat=NOW - 9999, created=NOW - 9999),
        f.node("edge-3"),
        pod("press-a"),
        pod("cam-0", spec={**tolerant(), "nodeSelector": {"camera": "yes"}}),
        pod("camera-0", STATEFUL),
        pod("agent-x", f.daemon_set("agent"), spec=tolerant(None)),
        *more,
    )
    hosts.leases = {"edge-1": NOW - 150, "edge-2": NOW - 4}
    return hosts


async def opened(screen: Screen, name: str, words: str) -> None:
    screen.app.open_detail(ObjectKey("plant", "Node", "", name))
    await screen.wait_for(lambda: words in screen.text(), words)


async def test_a_healthy_node_says_when_it_was_heard_and_reads_nothing_else() -> None:
    hosts = failed()
    async with shown(hosts) as screen:
        await opened(screen, "edge-2", "renewed 4s ago")
    assert {one.path.rpartition("/")[2] for one in hosts.asked} <= {"edge-2", "events"}


async def test_a_lost_node_says_each_step_and_the_next_one_counts_down() -> None:
    async with shown(failed()) as screen:
        await opened(screen, "edge-1", "what becomes of its pods")
        assert "2m30s ago" in screen.line("last lease")
        assert "first eviction" in screen.text()
        assert "in 3m25s" in screen.line("first eviction")
        screen.clock.advance(25)
        screen.app.front.tick()
        await screen.wait_for(lambda: "in 3m " in screen.line("first eviction"), "the countdown")


async def test_each_pod_of_a_lost_node_is_told_of_those_that_do_not_come_again_first() -> None:
    async with shown(failed()) as screen:
        await opened(screen, "edge-1", "default/press-a")
        words = " ".join(screen.text().split())
        assert "next step: if this node is powered off for certain, :out-of-service" in words
        told = [one.strip() for one in screen.text().splitlines() if "default/" in one]
    assert told[0].startswith("! default/camera-0  never moves by itself: statefulset")
    assert told[1].startswith("! default/cam-0  cannot move: only edge-1 fits; evicted at ")
    assert told[2].startswith("default/press-a  moves at ")
    assert told[2].endswith("to edge-2 or edge-3")
    assert told[3] == "default/agent-x  stays: of daemonset agent"


async def test_who_may_not_read_leases_or_pods_is_told_so() -> None:
    hosts = failed()
    hosts.hidden = {"leases", "nodes"}
    async with shown(hosts) as screen:
        await opened(screen, "edge-1", "what becomes of its pods")
        assert "not known: " in screen.line("last lease")
        assert "forbidden" in screen.text()


async def test_a_node_that_comes_back_says_so() -> None:
    hosts = failed()
    async with shown(hosts) as screen:
        await opened(screen, "edge-1", "what becomes of its pods")
        hosts.put(f.node("edge-1", heartbeat=NOW - 1, created=NOW - 99999))
        hosts.leases["edge-1"] = NOW
        await screen.changed()
        await screen.wait_for(lambda: "Ready again" in screen.text(), "the return")
        assert "what becomes of its pods" not in screen.text()


async def test_the_timeline_begins_with_each_node_that_is_lost_and_what_comes_next() -> None:
    async with shown(failed()) as screen:
        await screen.press("h")
        await screen.wait_for(lambda: "what happened" in screen.text(), "the timeline")
        assert screen.line("! node edge-1").strip() == (
            "! node edge-1 on plant: NotReady for 1m; first eviction in 3m25s"
        )


async def test_out_of_service_is_offered_on_a_silent_node_and_refused_on_one_that_is_ready() -> None:
    async with shown(failed()) as screen:
        await opened(screen, "edge-1", "next step")
        await screen.press("full_stop")
        await screen.wait_for(lambda: "out of service" in screen.text(), "the menu")
        assert "it is Ready" not in screen.line("out of service")
        await screen.press("escape", "escape")
        await opened(screen, "edge-2", "renewed 4s ago")
        await screen.press("full_stop")
        await screen.wait_for(lambda: "out of service" in screen.text(), "the menu")
        assert "it is Ready" in screen.line("out of service")


async def test_a_node_that_is_out_of_service_offers_the_way_back() -> None:
    hosts = failed()
    there = lost(taint(NOW - 95), {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"})
    hosts.objects[0] = there
    hosts.put(there)
    async with shown(hosts) as screen:
        await opened(screen, "edge-1", "it is out of service")
        assert "its pods are deleted by force" in screen.line("out of service ")
        assert "default/camera-0  moves to edge-2 or edge-3" in screen.text()
        assert "default/agent-x  comes again with the node: of daemonset agent" in screen.text()
        await screen.press("full_stop")
        await screen.wait_for(lambda: "back in service" in screen.text(), "the menu")


async def test_a_taint_that_comes_is_told_at_once_and_a_pod_that_goes_is_gone() -> None:
    hosts = failed()
    async with shown(hosts) as screen:
        await opened(screen, "edge-1", "never moves by itself")
        there = lost(taint(NOW - 95), {"key": "node.kubernetes.io/out-of-service", "effect": "NoExecute"})
        hosts.objects[0] = there
        hosts.put(there)
        await screen.changed()
        screen.app.front.tick()
        await screen.wait_for(lambda: "default/camera-0  moves to" in screen.text(), "the new forecast")
        gone = hosts.store.get("Pod", "default", "camera-0")
        assert gone is not None
        hosts.store.delete("Pod", "default", "camera-0", gone.uid)
        await screen.changed()
        await screen.wait_for(lambda: "default/camera-0" not in screen.text(), "its end")
        assert "default/press-a" in screen.text()
