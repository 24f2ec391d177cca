"""Pods of which only the printed cells are known: never better than what is known of them."""

from __future__ import annotations

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.pod import PodRow, printed
from edgetui.model.panes import PANES
from tests.unit.model.factories import NOW, node, store_of

PODS = PANES["pods"]


def row(
    status: str = "Running", ready: str = "1/1", restarts: str = "0", age: str = "3d", on: str = "edge-1"
) -> PodRow:
    cells = {"Name": "web-x", "Ready": ready, "Status": status, "Restarts": restarts, "Age": age, "Node": on}
    return printed(cells, "line-2", "500", NOW)


def judged(pod: PodRow, *nodes: dict[str, object]) -> tuple[str, str]:
    store = store_of(*nodes) if nodes else Store("plant")
    made = PODS.build(store, "Pod", pod, NOW)
    return ("bad", "watch", "unsure", "fine")[made.severity], str(PODS.value(made, "why"))


@pytest.mark.parametrize(
    ("pod", "severity", "why"),
    [
        (row(), "fine", ""),
        (row(restarts="3 (2m ago)"), "watch", "restarted"),
        (row(restarts="3 (2d ago)"), "fine", ""),
        (row(ready="0/1"), "bad", "not ready"),
        (row(ready="0/1", age="20s"), "watch", "starting"),
        (row("ContainerCreating", "0/1", age="20s"), "watch", "starting"),
        (row("ContainerCreating", "0/1", age="20m"), "bad", "slow to start"),
        (row("Init:0/2", "0/1", age="20s"), "watch", "starting"),
        (row("ImagePullBackOff", "0/1"), "bad", "open it for the reason"),
        (row("CrashLoopBackOff", "0/1", "14 (5m ago)"), "bad", "open it for the reason"),
        (row("SomeWordOfTomorrow", "1/1"), "bad", "open it for the reason"),
        (row("Completed", "0/1"), "fine", ""),
        (row("Terminating"), "watch", ""),
    ],
)
def test_a_printed_pod_is_judged_by_its_words(pod: PodRow, severity: str, why: str) -> None:
    assert judged(pod, node("edge-1")) == (severity, why)


def test_containers_that_were_ready_prove_nothing_on_a_node_that_is_silent_or_unknown() -> None:
    assert judged(row(), node("edge-1", ready="Unknown")) == ("bad", "node NotReady")
    assert judged(row()) == ("unsure", "its node is not known")


def test_a_printed_pod_is_ready_for_nobody() -> None:
    assert not row().is_ready
    assert row().summary_only


def test_a_printed_row_gives_way_to_the_next_one_and_to_its_end() -> None:
    store = Store("plant")
    store.replace("Pod", [row()], "line-2")
    newer = printed(
        {"Name": "web-x", "Ready": "0/1", "Status": "Error", "Restarts": "1", "Age": "3d"},
        "line-2",
        "501",
        NOW,
    )
    assert store.apply("Pod", newer)
    assert not store.apply("Pod", row())
    store.replace("Pod", [row("Pending")], "line-2")
    known = store.get("Pod", "line-2", "web-x")
    assert isinstance(known, PodRow)
    assert known.status == "Pending"
    assert store.delete("Pod", "line-2", "web-x", "")


def test_only_kinds_whose_cells_tell_enough_are_printed() -> None:
    assert [name for name, kind in KINDS.items() if kind.printed is not None] == ["Pod"]
