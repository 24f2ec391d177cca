"""The filter language."""

from __future__ import annotations

import pytest

from edgetui.model.panes import PANES
from edgetui.model.view.filters import Filter
from edgetui.model.view.fleet import FleetView
from tests.unit.model import factories as f


def names(text: str, pane: str = "pods") -> list[str]:
    plant = f.store_of(
        f.pod("press-1", "line-1", node="node-a", labels={"app": "press", "tier": "web"}),
        f.image_pull("press-2", "line-2", node="node-b"),
        f.pod("oven", "line-1", node="node-b"),
        f.node("node-a"),
        f.node("node-b", ready="Unknown"),
        cluster="plant",
    )
    van = f.store_of(
        f.pod("camera", node="node-a", labels={"app": "camera", "name": "eye"}), cluster="van-17"
    )
    view = FleetView(PANES[pane], [plant, van])
    view.rebuild(f.NOW)
    view.set_filter(text)
    assert view.shown == len(view.keys)
    return sorted(key.name for key in view.keys)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["camera", "oven", "press-1", "press-2"]),
        ("press", ["press-1", "press-2"]),
        ("PRESS", ["press-1", "press-2"]),
        ("press line-2", ["press-2"]),
        ("!press", ["camera", "oven"]),
        ("!press !camera", ["oven"]),
        ("namespace=line-1", ["oven", "press-1"]),
        ("ns=line-1 !oven", ["press-1"]),
        ("cluster=van", ["camera"]),
        ("cluster==van", []),
        ("cluster==van-17", ["camera"]),
        ("!namespace==line-1", ["camera", "press-2"]),
        ("node=node-b", ["oven", "press-2"]),
        ("name=node", []),
        ("status=imagepull", ["press-2"]),
        ("not found", ["press-2"]),
        ("why=image", ["press-2"]),
        ("node=", ["camera", "oven", "press-1", "press-2"]),
        ("!", ["camera", "oven", "press-1", "press-2"]),
        ("colour=red", []),
        ("kind=pod cluster=van-17", ["camera"]),
        ("cluster=line", []),
        ("!cluster=plant", ["camera"]),
        ("node-b !name=oven", ["press-2"]),
        ("~prs", ["press-1", "press-2"]),
        ("~ps2", ["press-2"]),
        ("~srp", []),
        ("!~prs", ["camera", "oven"]),
        ("~", ["camera", "oven", "press-1", "press-2"]),
        ("~default", []),
        ("app=press", ["press-1"]),
        ("app=press,tier=web", ["press-1"]),
        ("app=press,tier=db", []),
        ("app!=press", ["camera", "oven", "press-2"]),
        ("!app=press cluster=plant", ["oven", "press-2"]),
        ("!app!=press", ["press-1"]),
        ("app=press press-1", ["press-1"]),
        ("app=press oven", []),
        ("app=", ["camera", "oven", "press-1", "press-2"]),
        ("tier", []),
        ("name=eye", []),
        ("label:name=eye", ["camera"]),
        ("node!=node-b", ["camera", "press-1"]),
        ("namespace!==line-1", ["camera", "press-2"]),
        ("=press", []),
    ],
)
def test_pods(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_a_node_is_its_own_node() -> None:
    assert names("node=node-a", "nodes") == ["node-a"]
    assert names("heartbeat", "nodes") == ["node-b"]


def test_ages_are_not_searched() -> None:
    assert names("1h") == []


def test_an_empty_filter_is_not_active() -> None:
    assert not Filter("  ", PANES["pods"]).active
    assert Filter("a", PANES["pods"]).active
