"""Which wire profile follows from what was measured, on virtual time."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LASTS, WINDOW, LinkSpeed, LinkWatch
from edgetui.cluster.link.profile import CALM, QUICK_HANDSHAKE, UNKNOWN, Choice, Seen, choose, state
from edgetui.model.cache.wireprofile import Wire, WireState

KIB = 1024


def after(
    c: Choice, seen: Seen, seconds: float, now: float = 1000.0, **options: float
) -> tuple[Choice, float]:
    """The choice when this was seen every five seconds for so long, and the time then."""
    end = now + seconds
    while now < end:
        now += 5.0
        c = choose(c, seen, now, **options)  # type: ignore[arg-type]
    return c, now


@pytest.mark.parametrize(
    ("seen", "wire", "why"),
    [
        (Seen(), Wire.FULL, ""),
        (Seen(round_trip=0.2, speed=120.0 * KIB), Wire.FULL, ""),
        (Seen(round_trip=0.31), Wire.LEAN, "310 ms round trip"),
        (Seen(round_trip=0.05, speed=30.0 * KIB), Wire.LEAN, "30 KiB/s is all the link carries"),
        (Seen(round_trip=0.3, speed=8000.0), Wire.THIN, "7.8 KiB/s is all the link carries"),
    ],
)
def test_what_is_measured_decides_at_once_downwards(seen: Seen, wire: Wire, why: str) -> None:
    assert state(choose(Choice(), seen, 1000.0)) == WireState(wire, why=why)


def test_a_better_link_has_to_stay_better() -> None:
    lean = choose(Choice(), Seen(round_trip=0.31), 1000.0)
    c, now = after(lean, Seen(round_trip=0.05), CALM - 10.0)
    assert c.wire is Wire.LEAN
    c, now = after(c, Seen(round_trip=0.31), 5.0, now)
    c, now = after(c, Seen(round_trip=0.05), CALM - 10.0, now)
    assert c.wire is Wire.LEAN
    c, _ = after(c, Seen(round_trip=0.05), 15.0, now)
    assert (c.wire, c.why) == (Wire.FULL, "")


def test_a_link_between_the_thresholds_keeps_what_it_has() -> None:
    lean = choose(Choice(), Seen(round_trip=0.31), 1000.0)
    for between in (Seen(round_trip=0.2), Seen(speed=120.0 * KIB)):
        assert after(Choice(), between, 4000.0)[0].wire is Wire.FULL
        assert after(lean, between, 4000.0)[0].wire is Wire.LEAN


def test_a_step_up_that_came_too_early_is_waited_for_longer() -> None:
    good, bad = Seen(round_trip=0.05), Seen(round_trip=0.31)
    c, now = choose(Choice(), bad, 1000.0), 1000.0
    waits = []
    for _ in range(6):
        began = now
        while c.wire is not Wire.FULL:
            now += 5.0
            c = choose(c, good, now)
        waits.append(now - began)
        now += CALM
        c = choose(c, bad, now)
    assert waits[1] > 1.5 * waits[0]
    assert waits[2] > 1.5 * waits[1]
    assert waits[-1] <= 3700.0


def test_a_forced_profile_stays_whatever_the_link_does() -> None:
    c, _ = after(Choice(wire=Wire.FULL), Seen(round_trip=2.0, speed=100.0), 600.0, forced=Wire.FULL)  # type: ignore[arg-type]
    assert state(c, forced=Wire.FULL) == WireState(Wire.FULL, why="--api-traffic full")


def watched(
    watch: LinkWatch, rate: Callable[[Wire, bool], float], seconds: int
) -> list[tuple[int, WireState]]:
    """The profiles in force while traffic follows from them: when each began."""
    counters = Counters()
    told: list[tuple[int, WireState]] = []
    for second in range(0, seconds, 5):
        found = watch.look(1000.0 + second, counters)
        if not told or told[-1][1] != found:
            told.append((second, found))
        counters.bytes_in += round(5 * rate(found.wire, found.metrics))
    return told


def test_a_budget_steps_down_until_it_is_kept_and_says_so() -> None:
    costs = {Wire.FULL: 50.0 * KIB, Wire.LEAN: 30.0 * KIB, Wire.THIN: 5.0 * KIB}
    told = watched(LinkWatch(budget=20.0 * KIB), lambda wire, _: costs[wire], 400)
    assert [one.wire for _, one in told] == [Wire.FULL, Wire.LEAN, Wire.THIN]
    assert told[1][1].why == "over the budget of 20 KiB/s"
    assert WINDOW <= told[1][0] <= WINDOW + 10
    assert WINDOW <= told[2][0] - told[1][0] <= WINDOW + 10


def test_the_last_step_of_a_budget_leaves_the_usage_out() -> None:
    told = watched(LinkWatch(budget=100.0), lambda _wire, metrics: 900.0 if metrics else 120.0, 1200)
    assert told[-1][1].metrics is False
    assert "no usage" in told[-1][1].sentence
    assert [one.metered for _, one in told] == [{"Node", "Pod"}, {"Node", "Pod"}, {"Node"}, set()]


def test_after_a_calm_while_a_budget_steps_up_again_and_not_for_ever_in_vain() -> None:
    busy = 600

    class Traffic:
        second = 0

        def __call__(self, wire: Wire, _metrics: bool) -> float:
            self.second += 5
            return 2.0 * KIB if self.second > busy else 40.0 * KIB

    told = watched(LinkWatch(budget=20.0 * KIB), Traffic(), 4000)
    assert told[-1][1] == WireState(Wire.FULL)
    first_up = next(at for at, one in told if at > busy)
    assert first_up - busy >= CALM

    costs = {Wire.FULL: 50.0 * KIB, Wire.LEAN: 1.0 * KIB}
    hopeless = watched(LinkWatch(budget=20.0 * KIB), lambda wire, _: costs[wire], 24 * 3600)
    assert len(hopeless) <= 2 * 24 + 12


def test_first_lists_do_not_count_against_a_budget() -> None:
    watch, counters = LinkWatch(budget=1.0 * KIB), Counters()
    for second in range(0, 300, 5):
        counters.bytes_in += 500_000
        assert watch.look(1000.0 + second, counters, listing=True, first=True).wire is Wire.FULL


def relisting(every: float, rate: float, budget: float, seconds: int) -> LinkWatch:
    """A watch over traffic of so many bytes per second, in which some kind is listed again now and then."""
    watch, counters, now, due = LinkWatch(budget=budget), Counters(), 0.0, every
    while now < seconds:
        listing = now >= due
        due += every * listing
        now += 0.5 if listing else 5.0
        counters.bytes_in = round(now * rate)
        watch.look(now, counters, listing=listing)
    return watch


@pytest.mark.parametrize("every", [10.0, 50.0, 120.0, 1e9])
def test_lists_that_are_asked_for_again_count_against_a_budget(every: float) -> None:
    assert relisting(every, 100.0 * KIB, 20.0 * KIB, 400).state.metrics is False


def test_a_first_list_under_way_hides_nothing_of_what_was_spent_before_it() -> None:
    watch, counters = LinkWatch(budget=10.0 * KIB), Counters()
    for second in range(0, 600, 5):
        counters.bytes_in += 5 * 30 * KIB
        watch.look(1000.0 + second, counters, listing=second % 50 == 45, first=second % 50 == 45)
    assert watch.state.wire is Wire.THIN


def thin_link(watch: LinkWatch, now: float, counters: Counters) -> float:
    """Ten seconds of a list over a link of 8000 B/s."""
    for _ in range(20):
        now += 0.5
        counters.bytes_in += 4000
        watch.look(now, counters, listing=True)
    return now


@pytest.mark.parametrize("hours", [0.6, 2.0, 48.0])
def test_while_the_link_is_down_the_profile_stands_still_and_nothing_is_forgotten(hours: float) -> None:
    watch, counters = LinkWatch(), Counters()
    now = thin_link(watch, 1000.0, counters)
    assert watch.state.wire is Wire.THIN
    before = watch.state
    for _ in range(int(hours * 720)):
        now += 5.0
        assert watch.look(now, counters, up=False) == before
    for _ in range(20):
        now += 5.0
        assert watch.look(now, counters) == before, "an outage is no time in which the link was good"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["down", "quiet", "slow list", "fast list"]), st.sampled_from([5, 60, 900, 4000])
        ),
        max_size=20,
    ),
    st.sampled_from([None, 5.0 * KIB, 200.0 * KIB]),
)
def test_no_link_whatever_makes_the_profile_change_while_it_is_down(
    history: list[tuple[str, int]], budget: float | None
) -> None:
    watch, counters, now = LinkWatch(budget=budget), Counters(), 1000.0
    for what, seconds in history:
        before = watch.state
        for _ in range(seconds // 5):
            now += 5.0
            listing = "list" in what
            counters.bytes_in += {"slow list": 30_000, "fast list": 900_000}.get(what, 0)
            found = watch.look(now, counters, listing=listing, up=what != "down")
            assert what != "down" or found == before


def test_a_link_that_turns_out_to_be_as_slow_as_before_is_measured_more_and_more_rarely() -> None:
    watch, counters = LinkWatch(), Counters()
    now = thin_link(watch, 1000.0, counters)
    measured = []
    while now < 24 * 3600.0:
        now += 5.0
        assert watch.look(now, counters).wire is Wire.THIN
        if watch.due:
            measured.append(now)
            watch.measured(8192, 1.0, counters)
    assert 3 <= len(measured) <= 8
    assert measured[1] - measured[0] >= 2 * LASTS


def test_a_link_that_turns_out_to_be_better_is_used_after_a_while_and_one_measurement() -> None:
    watch, counters = LinkWatch(), Counters()
    now = thin_link(watch, 1000.0, counters)
    changes = []
    while now < 4 * 3600.0:
        now += 5.0
        before = watch.state.wire
        if watch.look(now, counters).wire is not before:
            changes.append(watch.state.wire)
        if watch.due:
            watch.measured(8192, 0.002, counters)
    assert changes == [Wire.FULL]
    assert not watch.due, "who asks for everything finds out by its lists"


def test_a_forced_profile_still_steps_down_for_a_budget() -> None:
    told = watched(LinkWatch(forced=Wire.LEAN, budget=10.0 * KIB), lambda _wire, _: 30.0 * KIB, 100)
    assert [one.wire for _, one in told] == [Wire.LEAN, Wire.THIN]


def test_the_round_trip_is_the_quickest_of_the_last_answers() -> None:
    counters = Counters()
    counters.waits.extend([0.9, 0.31, 2.0])
    assert LinkWatch().look(1000.0, counters).why == "310 ms round trip"
    counters.waits.append(0.02)
    assert LinkWatch().look(1000.0, counters) == WireState(Wire.FULL)


def speed_of(*looks: tuple[float, int, bool]) -> float | None:
    speed, total = LinkSpeed(), 0
    for now, came, loading in looks:
        total += came
        speed.look(now, total, loading)
    return speed.value


def test_the_speed_is_measured_while_a_first_list_fills_the_link() -> None:
    loading = [(at / 2, 4000, True) for at in range(10)]
    assert speed_of(*loading) == pytest.approx(8000.0)


def test_bytes_that_were_on_their_way_before_the_first_look_are_no_speed() -> None:
    """A record of 16 KB shows after 2.7 s of 6,000 bytes/s, of which one look knows half a second."""
    record = (2.7, 16_000, True)
    loading = [(2.7 + (at + 1) / 2, 3000, True) for at in range(6)]
    assert speed_of((0.0, 0, True), (2.2, 0, True), record, *loading) == pytest.approx(6000.0)


def test_a_small_list_says_nothing_about_the_link() -> None:
    assert speed_of((0.0, 0, True), (0.5, 9000, False)) is None
    assert speed_of(*((at / 2, 100, True) for at in range(20))) is None


def test_much_at_once_is_a_fast_link() -> None:
    value = speed_of((0.0, 0, True), (0.5, 400_000, False))
    assert value is not None
    assert value >= 400_000


def test_a_speed_is_old_after_a_while() -> None:
    speed = LinkSpeed()
    speed.keep(8000.0, 1000.0)
    assert not speed.due(1000.0 + LASTS)
    assert speed.due(1001.0 + LASTS)


# A start


class Start:
    """A cluster that starts over a link of one round trip (s) and one rate (bytes/s), seen every half second."""

    def __init__(self, round_trip: float, rate: float, first_lists: int) -> None:
        self.watch, self.counters, self.now = LinkWatch(), Counters(), 1000.0
        self.told: list[WireState] = [self.watch.state]
        self.rate = rate
        self.counters.handshake = round_trip + 3400 / rate
        self.counters.waits.append(round_trip)
        self.told.append(self.watch.connected(self.now, self.counters))
        left, begin = float(first_lists), self.now + 2 * round_trip
        while left > 0:
            self.now += min(0.5, max(begin - self.now, 0.0) + left / rate)
            came = min(left, max(0.0, self.now - begin - (first_lists - left) / rate) * rate)
            self.counters.bytes_in += round(came)
            left -= came
            self.look(listing=left > 0.5, starting=left > 0.5)
            left = left if left > 0.5 else 0.0

    def look(self, *, listing: bool = False, starting: bool = False) -> None:
        self.told.append(
            self.watch.look(self.now, self.counters, listing=listing, first=starting, starting=starting)
        )

    def rest(self, seconds: float, jitter: Callable[[], float] = lambda: 1.0) -> None:
        """Some traffic now and then, and a list of 40 KB every five minutes."""
        for second in range(0, int(seconds), 5):
            self.now += 5.0
            self.counters.waits.append(self.counters.waits[0] * (1.0 + jitter()))
            if second % 300 == 295:
                for _ in range(max(1, int(80_000 / self.rate))):
                    self.now += 0.5
                    self.counters.bytes_in += int(self.rate * 0.5 * jitter())
                    self.look(listing=True)
            self.look()

    @property
    def changes(self) -> list[Wire]:
        """The profiles that were in force, each once in a row."""
        found = [one.wire for one in self.told]
        return [wire for at, wire in enumerate(found) if not at or found[at - 1] is not wire]


@pytest.mark.parametrize(
    ("round_trip", "rate", "wire"),
    [
        (0.001, 10_000.0 * KIB, Wire.FULL),
        (0.001, 8.0 * KIB, Wire.THIN),
        (0.3, 8.0 * KIB, Wire.THIN),
        (0.15, 64.0 * KIB, Wire.LEAN),
        (0.31, 2_000.0 * KIB, Wire.LEAN),
        (0.04, 2_000.0 * KIB, Wire.FULL),
    ],
)
def test_a_start_is_thin_until_the_first_lists_have_shown_what_the_link_bears(
    round_trip: float, rate: float, wire: Wire
) -> None:
    start = Start(round_trip, rate, 50_000)
    assert (start.told[0].wire, start.told[0].why) == (Wire.THIN, UNKNOWN)
    assert start.told[-1].wire is wire
    assert len(start.changes) <= 2
    assert start.told[-1].why != UNKNOWN
    quick = start.counters.handshake <= QUICK_HANDSHAKE
    assert (start.told[1].wire is Wire.FULL) == quick, "a handshake decides before anything is asked for"


@pytest.mark.parametrize("round_trip", [0.001, 0.1, 0.3, 0.6])
@pytest.mark.parametrize("rate", [2000.0, 6000.0, 11_000.0])
@pytest.mark.parametrize("size", [21_000, 40_000])
def test_the_speed_of_a_start_is_right_though_every_wait_was_behind_other_bytes(
    round_trip: float, rate: float, size: int
) -> None:
    watch, counters = LinkWatch(), Counters(handshake=round_trip + 3400 / rate)
    watch.connected(1000.0, counters)
    counters.waits.append(round_trip + 2500 / rate)
    counters.bytes_in += size
    watch.look(1000.0 + 3 * round_trip + size / rate, counters, listing=True)
    assert watch.found == (Wire.THIN, pytest.approx(rate, rel=0.01))


@pytest.mark.parametrize(
    ("round_trip", "trips", "wire"),
    [(0.1, 4.6, Wire.FULL), (0.3, 4.6, Wire.LEAN), (0.6, 4.9, Wire.LEAN), (0.3, 5.1, Wire.THIN)],
)
def test_a_few_bytes_that_come_a_round_trip_later_are_no_narrow_link(
    round_trip: float, trips: float, wire: Wire
) -> None:
    watch, counters = LinkWatch(), Counters(handshake=round_trip)
    watch.connected(1000.0, counters)
    counters.waits.append(round_trip)
    counters.bytes_in += 4_200
    assert watch.look(1000.0 + trips * round_trip, counters).wire is wire


def test_a_start_that_never_comes_to_an_end_is_decided_all_the_same() -> None:
    start = Start(0.15, 64.0 * KIB, 50_000)
    start.watch, start.told = LinkWatch(), []
    start.watch.connected(start.now, start.counters)
    for _ in range(100):
        start.now += 0.5
        start.look(starting=True)
    assert start.told[0].why == UNKNOWN
    assert start.told[-1].why != UNKNOWN


@settings(max_examples=60)
@given(
    st.floats(0.001, 1.5),
    st.floats(2.0 * KIB, 4_000.0 * KIB),
    st.sampled_from([4_000, 20_000, 50_000, 400_000]),
    st.integers(0, 1000),
)
def test_over_any_steady_link_the_profile_changes_at_most_once_in_ten_minutes(
    round_trip: float, rate: float, size: int, seed: int
) -> None:
    rng = random.Random(seed)
    start = Start(round_trip, rate, size)
    told = start.told
    start.told = told[-1:]
    moments: list[float] = []
    for _ in range(12):
        start.told = start.told[-1:]
        start.rest(300.0, lambda: rng.uniform(0.6, 1.0))
        moments += [start.now] * (len(start.changes) - 1)
    assert all(later - earlier >= 600.0 for earlier, later in pairwise(moments))


def test_what_an_earlier_run_found_of_the_link_holds_until_it_is_measured() -> None:
    counters = Counters()
    watch = LinkWatch()
    watch.begin(Wire.THIN, 8000.0)
    assert watch.found == (Wire.THIN, 8000.0)
    at = 0.0
    while not watch.due:
        at += 5.0
        assert watch.look(at, counters).wire is Wire.THIN
    assert at >= LASTS
    watch.measured(8192, 0.002, counters)
    for _ in range(int(2 * CALM / 5.0)):
        at += 5.0
        watch.look(at, counters)
    assert watch.found[0] == watch.state.wire == Wire.FULL


def test_a_forced_profile_is_nothing_that_was_found_and_an_unknown_name_says_nothing() -> None:
    forced = LinkWatch(Wire.LEAN)
    forced.begin(Wire.THIN, 8000.0)
    assert (forced.state.wire, forced.found) == (Wire.LEAN, ("", 0.0))
    new = LinkWatch()
    before = new.state
    new.begin("thinner", 8000.0)
    assert new.state == before


LOSS, JITTER, AGAIN = 0.01, 0.2, 0.3


def lossy(seed: int, rate: float, trip: float, hours: float) -> list[tuple[float, Wire]]:
    """When which profile was chosen on a link that loses and delays packets; lists and events come now and then."""
    rng, watch, counters = random.Random(seed), LinkWatch(), Counters()
    changes: list[tuple[float, Wire]] = []
    now, listing, left = 0.0, True, 200.0 * KIB

    def late() -> float:
        return rng.uniform(0.0, JITTER) + (AGAIN if rng.random() < LOSS else 0.0)

    counters.handshake = now = trip + 3400 / rate + late()
    wire = watch.connected(now, counters).wire
    first = True
    while now < hours * 3600.0:
        step = 0.5 if listing else 5.0
        now += step
        if listing:
            packets = rate * step / 1460
            stalled = min(step, AGAIN * sum(rng.random() < LOSS for _ in range(int(packets) + 1)))
            came = min(left, rate * (step - stalled))
            left -= came
            counters.bytes_in += int(came)
            counters.waits.append(trip + late())
            listing = left > 0
            first = first and listing
        elif rng.random() < 0.02:
            listing, left = True, rng.uniform(2.0, 400.0) * KIB
        else:
            counters.bytes_in += rng.randrange(3000)
            if rng.random() < 0.1:
                counters.waits.append(trip + late())
        chosen = watch.look(now, counters, listing=listing, starting=first).wire
        if chosen is not wire:
            wire = chosen
            changes.append((now, wire))
    return changes


def test_a_link_that_collapses_is_not_waited_for() -> None:
    chosen = choose(
        choose(Choice(open=True), Seen(speed=300.0 * KIB), 1000.0), Seen(speed=60.0 * KIB), 1010.0
    )
    assert chosen.wire is Wire.FULL
    assert choose(chosen, Seen(speed=20.0 * KIB), 1020.0).wire is Wire.LEAN
    assert choose(chosen, Seen(speed=60.0 * KIB), 1000.0 + CALM).wire is Wire.LEAN


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000), rate=st.floats(4.0 * KIB, 300.0 * KIB), trip=st.floats(0.02, 0.5))
def test_loss_and_jitter_change_the_profile_at_most_once_in_ten_minutes(
    seed: int, rate: float, trip: float
) -> None:
    times = [at for at, _ in lossy(seed, rate, trip, 1.0)]
    assert all(later - at >= 600.0 for at, later in pairwise(times)), times
