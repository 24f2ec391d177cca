"""Which wire profile follows from what was measured, on virtual time."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LASTS, WINDOW, LinkSpeed, LinkWatch
from edgetui.cluster.link.profile import CALM, Choice, Seen, choose, state
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
        (Seen(round_trip=0.2, speed=60.0 * KIB), Wire.FULL, ""),
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
    for between in (Seen(round_trip=0.2), Seen(speed=60.0 * KIB)):
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
        now += 60.0
        c = choose(c, bad, now)
    assert waits[1] > 1.5 * waits[0]
    assert waits[2] > 1.5 * waits[1]
    assert waits[-1] <= 3700.0


def test_a_forced_profile_stays_whatever_the_link_does() -> None:
    c, _ = after(Choice(wire=Wire.FULL), Seen(round_trip=2.0, speed=100.0), 600.0, forced=Wire.FULL)  # type: ignore[arg-type]
    assert state(c, forced=Wire.FULL) == WireState(Wire.FULL, why="--wire full")


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


@settings(deadline=None)
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


def test_a_link_that_turns_out_to_be_as_slow_as_before_is_forgotten_more_and_more_rarely() -> None:
    watch, counters, now = LinkWatch(), Counters(), 1000.0
    changes, before = [], watch.state.wire
    while now < 24 * 3600.0:
        if watch.state.wire is not Wire.THIN:
            now = thin_link(watch, now, counters)  # what a step up asks for
        now += 5.0
        found = watch.look(now, counters).wire
        changes += [now] * (found is not before)
        before = found
    assert len(changes) <= 12


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


def test_a_small_list_says_nothing_about_the_link() -> None:
    assert speed_of((0.0, 0, True), (0.5, 9000, False)) is None
    assert speed_of(*((at / 2, 100, True) for at in range(20))) is None


def test_much_at_once_is_a_fast_link() -> None:
    value = speed_of((0.0, 0, True), (0.5, 400_000, False))
    assert value is not None
    assert value >= 400_000


def test_a_speed_is_forgotten_after_a_while() -> None:
    speed = LinkSpeed()
    for at in range(10):
        speed.look(at / 2, 4000 * at, True)
    speed.look(5.0 + LASTS / 2, 50_000, False)
    assert speed.value is not None
    speed.look(6.0 + LASTS, 50_000, False)
    assert speed.value is None
