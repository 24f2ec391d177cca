"""The rows of a view are the same in the same order whether changes come one by one or all at once, and it says so."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.pod import PodRow
from edgetui.model.panes import PANES
from edgetui.model.view.fleet import Fleet, FleetView, ViewChange
from tests.unit.model.factories import NOW

Change = tuple[str, PodRow]


def store() -> Store:
    made = Store("plant")
    for kind in KINDS:
        made.set_freshness(kind, Freshness(Sync.LIVE, float(NOW)))
    return made


def row(rng: random.Random, name: str, version: int) -> PodRow:
    bad = rng.random() < 0.3
    return PodRow(
        namespace=f"ns-{rng.randrange(3)}", name=name, uid=f"{name}-{rng.randrange(2)}", resource_version=str(version),
        created=NOW - rng.randrange(100, 10_000), phase="Running", status="Error" if bad else "Running",
        condition="False" if bad else "True", ready=int(not bad), containers=1, restarts=rng.randrange(4),
    )  # fmt: skip


def changes(rng: random.Random, count: int, names: int) -> Iterator[Change]:
    for version in range(count):
        made = row(rng, f"pod-{rng.randrange(names):03d}", version + 1)
        yield ("delete" if rng.random() < 0.25 else "apply", made)


def carry_out(target: Store, change: Change) -> None:
    verb, made = change
    if verb == "apply":
        target.apply("Pod", made)
    else:
        target.delete("Pod", made.namespace, made.name, "")


class Told:
    """A view, and whether what it tells of its order is true."""

    def __init__(self, sort: str | None, reverse: bool, filter_text: str) -> None:
        self.store = store()
        self.fleet = Fleet([self.store])
        self.view: FleetView = self.fleet.view(PANES["pods"])
        self.view.set_sort(sort, reverse)
        self.view.set_filter(filter_text)
        self.fleet.drain()
        self.view.rebuild(NOW)

    def take(self) -> ViewChange:
        keys, rows = list(self.view.keys), {key: self.view.row(key) for key in self.view.every_key()}
        change = self.view.absorb(self.fleet.drain(), NOW)
        assert change.order or keys == self.view.keys
        now = {key: self.view.row(key) for key in self.view.every_key()}
        assert change.changed == {key for key in rows.keys() | now.keys() if rows.get(key) != now.get(key)}
        assert all(self.view.position(key) == at for at, key in enumerate(self.view.keys))
        assert self.view.counts()[0] == len(now)
        return change


@pytest.mark.parametrize(
    ("sort", "reverse"), [(None, False), ("name", False), ("age", True), ("restarts", True)]
)
@pytest.mark.parametrize("filter_text", ["", "ns-1"])
@pytest.mark.parametrize("seed", range(6))
def test_all_at_once_is_as_one_by_one(sort: str | None, reverse: bool, filter_text: str, seed: int) -> None:
    rng = random.Random(f"{sort}{seed}")
    each, bulk = Told(sort, reverse, filter_text), Told(sort, reverse, filter_text)
    for round_ in range(4):
        done = list(changes(random.Random(rng.random()), rng.choice([5, 90, 300]), 200))
        for change in done:
            carry_out(each.store, change)
            each.take()
            carry_out(bulk.store, change)
        bulk.take()
        assert each.view.keys == bulk.view.keys, round_
        assert [each.view.row(key) for key in each.view.keys] == [
            bulk.view.row(key) for key in bulk.view.keys
        ]
        assert each.view.counts() == bulk.view.counts()


def test_many_new_values_that_move_nothing_tell_of_no_new_order() -> None:
    told = Told("name", False, "")
    rng = random.Random(1)
    rows: list[Row] = [row(rng, f"pod-{at:03d}", 1) for at in range(200)]
    told.store.replace("Pod", rows)
    told.take()
    for at, one in enumerate(rows):
        told.store.apply(
            "Pod", PodRow(namespace=one.namespace, name=one.name, uid=one.uid, resource_version=str(at + 9))
        )
    assert not told.take().order
