"""What is kept of autoscalers and nodes as their changes come: which samples of which object, with which values."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.autoscaling.samples import Sample
from edgetui.model.cache.store import ChangeSet, Store, Usage
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.ui.usage_history import Measured
from tests.unit.model import factories as f

PRESS = ObjectKey("plant", "HorizontalPodAutoscaler", "line-2", "press")
EDGE = ObjectKey("plant", "Node", "", "edge-1")
CPU = ("", "", "Resource/cpu")


def scaler(**more: Any) -> f.Json:
    return f.autoscaler("press", "line-2", **more)


def site(*, measured: bool = True) -> Store:
    """An autoscaler, a node and a pod; the node has half of its cores and a quarter of its memory in use."""
    edge = f.node("edge-1")
    store = f.store_of(scaler(), edge, f.pod("press"))
    row = store.get("Node", "", "edge-1")
    assert row is not None
    if measured:
        use(store, getattr(row, "cpu_allocatable", 0) // 2, getattr(row, "memory_allocatable", 0) // 4)
    return store


def use(store: Store, cpu: int | None, memory: int | None) -> None:
    store.set_metrics("Node", {("", "edge-1"): Usage(cpu, memory)}, True)


def names_of(samples: Any) -> set[tuple[str, ...]]:
    return {one.names for one in samples}


def test_what_the_stores_hold_already_is_the_first_sample() -> None:
    found = Measured([site()], 100.0)
    assert list(found.of(EDGE)) == [Sample(100.0, (0.5, 0.25))]
    (sample,) = found.of(PRESS)
    assert (sample.time, sample.values) == (100.0, (3, 3, 1.0))
    assert found.of(ObjectKey("plant", "Pod", "default", "press")) == ()
    assert found.of(EDGE._replace(cluster="van")) == ()


def test_only_what_changed_is_kept_anew_and_a_list_that_came_again_is_all_of_it() -> None:
    store = site()
    found = Measured([store], 100.0)
    use(store, 0, 0)
    found.take({"plant": ChangeSet(changed={"HorizontalPodAutoscaler": {("line-2", "press")}})}, 110.0)
    assert [len(found.of(key)) for key in (EDGE, PRESS)] == [1, 2]
    found.take({"plant": ChangeSet(changed={"Node": {("", "edge-1")}, "Pod": {("default", "press")}})}, 120.0)
    assert list(found.of(EDGE)) == [Sample(100.0, (0.5, 0.25)), Sample(120.0, (0.0, 0.0))]
    found.take({"plant": ChangeSet(reset={"Node"})}, 130.0)
    assert [len(found.of(key)) for key in (EDGE, PRESS)] == [3, 2]
    found.take({"plant": ChangeSet(reset={"HorizontalPodAutoscaler", "Pod"})}, 140.0)
    assert [len(found.of(key)) for key in (EDGE, PRESS)] == [3, 3]
    found.take({"plant": ChangeSet(status=True)}, 150.0)
    assert [len(found.of(key)) for key in (EDGE, PRESS)] == [3, 3]


def test_what_is_gone_adds_nothing_and_keeps_what_it_had() -> None:
    store = site()
    found = Measured([store], 100.0)
    store.delete("Node", "", "edge-1", "")
    found.take({"plant": ChangeSet(changed={"Node": {("", "edge-1")}})}, 110.0)
    assert list(found.of(EDGE)) == [Sample(100.0, (0.5, 0.25))]


@pytest.mark.parametrize(
    ("cpu", "memory", "allocatable", "values"),
    [
        (0, 0, True, (0.0, 0.0)),
        (None, 0, True, (None, 0.0)),
        (0, None, True, (0.0, None)),
        (5, 5, False, (None, None)),
    ],
)
def test_a_share_is_known_where_both_its_parts_are(
    cpu: int | None, memory: int | None, allocatable: bool, values: tuple[float | None, ...]
) -> None:
    edge = f.node("edge-1")
    if not allocatable:
        edge["status"]["allocatable"] = {}
    store = f.store_of(edge)
    use(store, cpu, memory)
    assert [one.values for one in Measured([store], 100.0).of(EDGE)] == [values]


def test_a_node_that_nobody_measured_has_no_samples() -> None:
    store = site(measured=False)
    found = Measured([store], 100.0)
    assert found.of(EDGE) == ()
    assert len(found.of(PRESS)) == 1


def test_the_clusters_are_kept_apart() -> None:
    here, there = site(), f.store_of(f.node("edge-1"), cluster="van")
    use(there, 0, 0)
    found = Measured([here, there], 100.0)
    there.apply("Node", row_of("Node", f.node("edge-1", cordoned=True)))
    found.take({"van": ChangeSet(changed={"Node": {("", "edge-1")}})}, 110.0)
    assert [one.values for one in found.of(EDGE)] == [(0.5, 0.25)]
    assert [one.values for one in found.of(EDGE._replace(cluster="van"))] == [(0.0, 0.0)] * 2
