"""What the page of a node says, word for word."""

from __future__ import annotations

from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.store import Usage
from edgetui.model.kinds.node import NodeRow
from edgetui.ui.details.node import Read, lines
from edgetui.ui.spans import plain
from tests.unit.model import factories as f

LACKING = {"allocatable": {}, "capacity": {}}
NODES: dict[str, dict[str, Any]] = {
    "ready": f.node("edge-1"),
    "not ready": f.node("edge-1", ready="False", reason="KubeletNotReady"),
    "silent": f.node("edge-1", ready="Unknown", reason="NodeStatusUnknown"),
    "cordoned": f.node("edge-1", cordoned=True),
    "tainted": f.node("edge-1"),
    "lacking": f.node("edge-1"),
}
NODES["tainted"]["spec"]["taints"] = [
    {"key": "line", "value": "2", "effect": "NoSchedule"},
    {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": f.stamp(f.NOW - 600)},
]
NODES["lacking"]["status"] |= LACKING


@pytest.mark.parametrize("usage", [False, True])
@pytest.mark.parametrize("name", NODES)
def test_a_page(name: str, usage: bool, snapshot: SnapshotAssertion) -> None:
    pods = [f.pod("oven", node="edge-1"), f.pod("press", node="edge-2")] if name == "ready" else []
    store = f.store_of(NODES[name], *pods)
    if usage:
        store.set_metrics("Node", {("", "edge-1"): Usage(500, 1 << 30)}, True)
    row = store.get("Node", "", "edge-1")
    assert isinstance(row, NodeRow)
    assert "\n".join(plain(one).rstrip() for one in lines(store, row, f.NOW, 80, Read())) == snapshot
