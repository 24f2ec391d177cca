"""`:unplug` on the screen: which nodes are meant, the answer, and that nothing but reading was asked of the server."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.ui.command_line.unplugging import meant
from tests.unit.model import factories as f
from tests.unit.model.test_node_failure import SET, STATEFUL, pod

from .driving import Screen
from .hosts import Hosts, shown


def site(*more: Any) -> Hosts:
    """edge-1 with pods of every sort, and two Services that stand on it."""
    bare = pod("tool", None, ready="True")
    held = pod("db-0", STATEFUL, ready="True", labels={"app": "db"})
    budget = {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "db", "namespace": "default"},
        "spec": {"selector": {"matchLabels": {"app": "db"}}},
        "status": {"disruptionsAllowed": 0},
    }
    alone = f.endpoint_slice("web", ready=1, on=["edge-1"])
    alone["endpoints"][0]["targetRef"] = {"kind": "Pod", "name": "press-a"}
    return Hosts(
        f.node("edge-1", roles=("control-plane", "etcd"), labels={"camera": "yes"}),
        f.node("edge-2", roles=("control-plane", "etcd"), cpu="2"),
        f.node("edge-3", cpu="2"),
        pod("press-a", SET, ready="True"),
        pod("cam-0", SET, ready="True", spec={"nodeSelector": {"camera": "yes"}}),
        pod("agent-x", f.daemon_set("agent"), ready="True"),
        bare,
        held,
        budget,
        f.service("web"),
        alone,
        f.service("api"),
        f.endpoint_slice("api", ready=2, on=["edge-1", "edge-2"]),
        *more,
    )


async def typed(screen: Screen, text: str) -> None:
    """Type a command."""
    keys = {" ": "space", "-": "minus", ",": "comma"}
    await screen.press("colon", *(keys.get(one, one) for one in text), "enter")


async def test_the_answer_names_what_moves_what_does_not_and_what_is_lost() -> None:
    hosts = site()
    async with shown(hosts) as screen:
        await typed(screen, "unplug edge-1")
        await screen.wait_for(lambda: "not looked at" in screen.text(), "the answer")
        lines = [one.strip() for one in screen.text().splitlines()]
    for wanted in (
        "drained   1 waits for its budget · 1 fits nowhere else · 1 is not made anew · 1",
        "! default/db-0  waits for its budget: budget db lets no pod go",
        "! default/cam-0  fits nowhere else: only edge-1 fits",
        "! default/tool  is not made anew: has no controller that makes it anew",
        "default/press-a  moves to edge-2 or edge-3",
        "default/agent-x  stays: of daemonset agent",
        "! default/web  no host is left; 1 pod moves",
        "default/api  1 of 2 hosts left; no pod moves",
        "services  2 Services lose a host, 1 of them its only one",
        "room left 4 cores and 8Gi on 2 nodes",
    ):
        assert wanted in lines, (wanted, lines)
    assert "datastore 1 of 2 voters goes, 1 Ready one left, 2 needed: writes stop" in lines
    assert "1 of a StatefulSet never moves by itself" in " ".join(lines)
    assert {one.method for one in hosts.asked} == {"GET"}


async def test_the_node_under_the_cursor_is_meant_and_any_that_are_marked() -> None:
    async with shown(site()) as screen:
        await typed(screen, "unplug")
        await screen.wait_for(lambda: "without node edge-1" in screen.text(), "the first node")
        await screen.press("escape", "m", "m")
        await typed(screen, "unplug")
        await screen.wait_for(lambda: "without nodes edge-1, edge-2" in screen.text(), "the marked nodes")


async def test_what_may_not_be_read_is_told_and_the_rest_is_answered() -> None:
    hosts = site()
    hosts.hidden = {"poddisruptionbudgets", "persistentvolumes"}
    async with shown(hosts) as screen:
        await typed(screen, "unplug edge-1")
        await screen.wait_for(lambda: "not looked at" in screen.text(), "the answer")
        text = screen.text()
    assert "? poddisruptionbudgets cannot be read" in text
    assert "? persistentvolumes cannot be read" in text
    assert "default/db-0  moves" in text


async def test_without_the_right_to_see_pods_nothing_is_foretold() -> None:
    hosts = site()
    hosts.hidden = {"pods"}
    async with shown(hosts) as screen:
        await typed(screen, "unplug edge-1")
        await screen.wait_for(lambda: "forbidden" in screen.text(), "the reason")
        assert "drained" not in screen.text()


NODE_ROWS = [f.store_of(f.node("edge-1"), f.node("edge-2"), f.pod("a", node="edge-2")),
             f.store_of(f.node("edge-1"), f.node("bench"), cluster="van")]  # fmt: skip
CURSOR = ObjectKey("van", "Node", "", "bench")
MEANT: list[tuple[str, list[ObjectKey], ObjectKey | None, tuple[str, tuple[str, ...], str]]] = [
    ("", [], CURSOR, ("van", ("bench",), "")),
    ("", [], ObjectKey("plant", "Pod", "default", "a"), ("plant", ("edge-2",), "")),
    ("", [], ObjectKey("plant", "Service", "default", "a"), ("", (), "That is no node")),
    ("", [], None, ("", (), "That is no node")),
    (
        "",
        [ObjectKey("plant", "Node", "", "edge-1"), CURSOR],
        CURSOR,
        ("", (), "The marked nodes are of several"),
    ),
    ("edge-2", [], CURSOR, ("plant", ("edge-2",), "")),
    ("edge-1 bench", [], None, ("van", ("edge-1", "bench"), "")),
    ("edge-1,bench", [], None, ("van", ("edge-1", "bench"), "")),
    ("edge-1", [], CURSOR, ("van", ("edge-1",), "")),
    ("edge-1", [], None, ("", (), "2 clusters have a node edge-1")),
    ("edge-2 bench", [], None, ("", (), "No cluster has all of these nodes")),
    ("edge-9", [], None, ("", (), "No node edge-9 is known")),
]


@pytest.mark.parametrize(("text", "marked", "cursor", "wanted"), MEANT)
def test_which_nodes_are_meant(
    text: str, marked: list[ObjectKey], cursor: ObjectKey | None, wanted: tuple[str, tuple[str, ...], str]
) -> None:
    found = meant(NODE_ROWS, text, marked, cursor)
    assert (found.cluster, found.names) == wanted[:2]
    assert found.why_not.startswith(wanted[2])
    assert bool(found.why_not) == bool(wanted[2])
