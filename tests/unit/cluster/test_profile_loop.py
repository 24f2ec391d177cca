"""What a cluster keeps and how often, by the profile of its link and by what is on the screen."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkWatch
from edgetui.cluster.link.state import Phase, State
from edgetui.cluster.profile_loop import LISTED_EVERY, SPARED, ProfileLoop
from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.reflector import step
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
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


# All of it beside a plain reference


class Bench:
    """A supervisor, a meter and an API that do as they are told, and keep what is asked of them."""

    def __init__(self, *, open_: bool = False, wire: Wire = Wire.FULL) -> None:
        self.front: frozenset[str] = frozenset()
        self.told: list[Any] = []
        self.kept: set[str] = set()
        self.listing = self.first_listing = self.is_settled = False
        self.link = State(phase=Phase.UP)
        self.can = SimpleNamespace(tables=SimpleNamespace(there=True))
        self.open, self.state, self.due = open_, WireState(wire, why="so"), True
        self.looks: list[Any] = []
        self.transport = SimpleNamespace(counters=Counters(connections=3))
        self.answer: bytes | EdgetuiError = b""
        self.time = 100.0

    # The supervisor

    def pace(self, long: bool, every: Mapping[str, float]) -> None:
        self.told.append(("pace", long, dict(every)))

    def use_tables(self, tables: bool) -> None:
        self.told.append(("tables", tables))

    def wanted(self, kind: str) -> bool:
        return kind in self.kept

    def settled(self) -> bool:
        return self.is_settled

    def now(self) -> float:
        self.time += 0.25
        return self.time

    # The meter

    def connected(self, now: float, counters: Counters) -> WireState:
        self.looks.append((now, counters))
        return self.state

    def look(self, now: float, counters: Counters, **seen: bool) -> WireState:
        self.looks.append((now, counters, seen))
        return self.state

    def measured(self, size: int, took: float, counters: Counters) -> None:
        self.looks.append(("measured", size, took, counters))

    def unmeasured(self) -> None:
        self.looks.append("unmeasured")

    # The API

    async def get_bytes(self, path: str, query: dict[str, str], *, timeout: float) -> bytes:
        self.looks.append((path, query, timeout))
        await asyncio.sleep(0)
        if isinstance(self.answer, EdgetuiError):
            raise self.answer
        return self.answer

    # What it makes

    def keep(self, kind: str, kept: bool) -> None:
        self.told.append(("keep", kind, kept))
        (self.kept.add if kept else self.kept.discard)(kind)

    def loop(self, *, metered: bool = True) -> ProfileLoop:
        self.store = Store("plant")
        watch: Any = self if metered else None
        supervisor: Any = self
        on_change = lambda: self.told.append("changed")  # noqa: E731
        return ProfileLoop(supervisor, self.store, watch, keep=self.keep, on_change=on_change)

    def taken(self) -> list[Any]:
        """What it was told since this was last asked."""
        told, self.told = self.told, []
        return told


USUAL = {AUTOSCALER: 60.0}
RARE = {AUTOSCALER: 180.0}
BEGUN = {
    (False, Wire.FULL): ("pace", False, {}),
    (False, Wire.LEAN): ("pace", True, USUAL),
    (False, Wire.THIN): ("pace", True, RARE),
}


def test_what_is_spared_and_what_is_listed() -> None:
    assert {"ReplicaSet"} == SPARED
    assert LISTED_EVERY == USUAL


@pytest.mark.parametrize("open_", [False, True])
@pytest.mark.parametrize("wire", Wire)
def test_what_is_kept_from_the_start(wire: Wire, open_: bool) -> None:
    bench = Bench(open_=open_, wire=wire)
    profile = bench.loop()
    kinds = frozenset({"Node", "Pod", *SPARED})
    assert profile.begin(kinds) == (kinds if wire is Wire.FULL else kinds - SPARED)
    assert bench.store.wire == bench.state
    assert profile.full is (wire is Wire.FULL)
    assert bench.taken() == [BEGUN[False, wire], ("tables", wire is Wire.THIN and not open_)]


def test_without_a_meter_everything_is_asked_for_and_nothing_is_looked_at() -> None:
    bench = Bench()
    profile = bench.loop(metered=False)
    assert profile.begin(SPARED) == SPARED
    assert bench.taken() == [("pace", False, {}), ("tables", False)]
    assert profile.look(1.0, Counters()) == 5.0
    profile.connected(1.0, Counters())
    assert not profile.decidable
    assert bench.taken() == bench.looks == []


@pytest.mark.parametrize("settled", [False, True])
@pytest.mark.parametrize("open_", [False, True])
def test_it_is_decidable_once_all_is_settled_and_nothing_is_decided(open_: bool, settled: bool) -> None:
    bench = Bench(open_=open_)
    profile = bench.loop()
    bench.is_settled = settled
    assert profile.decidable is (open_ and settled)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("first", [False, True])
@pytest.mark.parametrize("listing", [False, True])
@pytest.mark.parametrize("settled", [False, True])
def test_what_the_meter_is_told(phase: Phase, first: bool, listing: bool, settled: bool) -> None:
    bench = Bench()
    profile = bench.loop()
    profile.begin(())
    bench.link, bench.listing, bench.first_listing, bench.is_settled = (
        State(phase=phase), listing, first, settled,
    )  # fmt: skip
    counters = Counters()
    assert profile.look(7.0, counters) == (0.5 if listing else 5.0)
    seen = {"listing": listing, "first": first, "up": phase is Phase.UP, "starting": not settled}
    assert bench.looks == [(7.0, counters, seen)]


@pytest.mark.parametrize("prints", [True, False])
@pytest.mark.parametrize("now", Wire)
@pytest.mark.parametrize("before", Wire)
def test_another_profile_is_followed_once(before: Wire, now: Wire, prints: bool) -> None:
    bench = Bench(wire=before)
    profile = bench.loop()
    profile.begin({"Pod", *SPARED})
    bench.kept |= SPARED if before is Wire.FULL else set()
    bench.can.tables.there = prints
    bench.taken()
    bench.state = WireState(now, why="as it is")
    found = bench.state
    if now is Wire.THIN and not prints:
        found = WireState(Wire.LEAN, why="as it is; the server prints no tables")
    profile.look(1.0, Counters())
    assert bench.store.wire == found
    spared: list[Any] = []
    if found.wire is Wire.FULL:
        spared = [("keep", "ReplicaSet", True)]
    elif before is Wire.FULL:
        spared = [("keep", "ReplicaSet", False)]
    expected = [BEGUN[False, found.wire], ("tables", found.wire is Wire.THIN), *spared, "changed"]
    assert bench.taken() == expected
    profile.look(2.0, Counters())
    assert bench.taken() == []


@pytest.mark.parametrize("wire", Wire)
def test_the_first_connection_decides_how_rows_come(wire: Wire) -> None:
    bench = Bench(open_=True, wire=Wire.THIN)
    profile = bench.loop()
    profile.begin(())
    assert bench.taken() == [("pace", True, RARE), ("tables", False)]
    bench.state, counters = WireState(wire, why="so"), Counters()
    profile.connected(9.0, counters)
    assert bench.looks == [(9.0, counters)]
    decided = [BEGUN[False, wire], ("tables", wire is Wire.THIN)]
    same = wire is Wire.THIN
    assert bench.taken() == ([] if same else [*decided, "changed"]) + decided


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("wire", Wire)
def test_a_kind_is_kept_as_long_as_it_is_needed_or_for_good(wire: Wire, seed: int) -> None:
    draw, bench = random.Random(seed), Bench(wire=wire)
    profile = bench.loop()
    permanent = frozenset({"Pod", "ReplicaSet"})
    bench.kept |= profile.begin(permanent)
    needed = dict.fromkeys(("Pod", "ReplicaSet", "Secret"), 0)
    for _ in range(40):
        kind, more = draw.choice(sorted(needed)), draw.random() < 0.5
        more = more or not needed[kind]
        needed[kind] += 1 if more else -1
        bench.taken()
        before = kind in bench.kept
        profile.need(kind, more)
        for_good = kind == "Pod" or (kind == "ReplicaSet" and wire is Wire.FULL)
        kept = needed[kind] > 0 or for_good
        assert bench.taken() == ([("keep", kind, kept)] if kept or before else [])
        assert (kind in bench.kept) is kept


def test_what_is_on_the_screen_is_told_to_the_supervisor_whole() -> None:
    bench = Bench(wire=Wire.LEAN)
    profile = bench.loop()
    profile.begin(())
    bench.taken()
    profile.in_front(frozenset({"Pod", AUTOSCALER}))
    assert bench.front == {"Pod", AUTOSCALER}
    assert bench.taken() == [("pace", True, {AUTOSCALER: 20.0})]


SIZES = {2999: "unmeasured", 3000: ("measured", 3000, 0.25), 9000: ("measured", 9000, 0.25)}


@pytest.mark.parametrize("size", [*SIZES, None])
async def test_the_speed_is_measured_by_one_answer_where_it_is_time(size: int | None) -> None:
    bench = Bench()
    profile = bench.loop()
    api: Any = bench
    bench.answer = LinkError("gone") if size is None else b"x" * size
    found = SIZES.get(size or 0, "unmeasured")
    if isinstance(found, tuple):
        found = (*found, bench.transport.counters)
    asked = ("/api/v1/nodes", {"limit": "3"}, 60.0)
    await asyncio.gather(profile.measure(api), profile.measure(api))
    assert bench.looks == [asked, found], "one at a time"
    await profile.measure(api)
    assert bench.looks == [asked, found] * 2
    bench.due = False
    await profile.measure(api)
    await bench.loop(metered=False).measure(api)
    assert len(bench.looks) == 4
