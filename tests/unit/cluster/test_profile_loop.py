"""What a cluster keeps and how often, by the profile of its link and by what is on the screen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.profile_loop import ProfileLoop
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.model.kinds.autoscaler import AUTOSCALER
from tests.unit.cluster.reflector_samples import NOW, Fixed, sample


class Paced:
    """A supervisor that is told how often to list."""

    def __init__(self) -> None:
        self.every: dict[str, float] = {}
        self.tables: list[bool] = []

    def pace(self, long: bool, every: Mapping[str, float]) -> None:
        self.every = dict(every)

    def use_tables(self, tables: bool) -> None:
        self.tables.append(tables)


@pytest.fixture
def paced() -> Iterator[Paced]:
    yield Paced()


def loop(paced: Any, wire: Wire) -> ProfileLoop:
    made = ProfileLoop(paced, Store("plant"), LinkWatch(wire), keep=lambda kind, kept: None)
    made.begin([AUTOSCALER])
    return made


@pytest.mark.parametrize(("wire", "usual", "shown"), [(Wire.LEAN, 60.0, 20.0), (Wire.THIN, 180.0, 60.0)])
def test_autoscalers_are_listed_three_times_as_often_while_they_are_on_the_screen(
    paced: Paced, wire: Wire, usual: float, shown: float
) -> None:
    profile = loop(paced, wire)
    assert paced.every == {AUTOSCALER: usual}
    tables = list(paced.tables)
    profile.in_front(frozenset({"Pod", AUTOSCALER}))
    assert paced.every == {AUTOSCALER: shown}
    profile.in_front(frozenset({"Pod"}))
    assert paced.every == {AUTOSCALER: usual}
    assert paced.tables == tables, "how rows come is not decided anew by what is looked at"


def test_on_a_full_wire_they_are_watched_whatever_is_on_the_screen(paced: Paced) -> None:
    profile = loop(paced, Wire.FULL)
    profile.in_front(frozenset({AUTOSCALER}))
    assert paced.every == {}


@pytest.mark.parametrize(
    ("age", "every", "due"), [(10.0, 60.0, 50.0), (70.0, 60.0, 0.0), (10.0, 300.0, 290.0)]
)
def test_another_pace_counts_from_the_last_list(age: float, every: float, due: float) -> None:
    resting = replace(sample(r.Phase.RESTING), every=180.0, wake_at=NOW - age + 180.0)
    after, effects = step(resting, r.Pace(every=every), NOW, Fixed())
    assert (after.phase, after.wake_at - NOW, effects) == (r.Phase.RESTING, due, ())
