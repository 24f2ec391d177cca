"""The wire profile and the speed of a link exactly at each threshold, and one step to either side of it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkSpeed, LinkWatch
from edgetui.cluster.link.profile import NEW, UNKNOWN, Choice, Seen, choose, level, state
from edgetui.model.cache.wireprofile import LEVELS, Wire

KIB = 1024
FULL, LEAN, THIN = Wire.FULL, Wire.LEAN, Wire.THIN
LATE = 1_000_000.0
CALLED_FOR: list[tuple[Wire, Seen, Wire]] = [
    (FULL, Seen(), FULL),
    (FULL, Seen(speed=12 * KIB - 1), THIN),
    (FULL, Seen(speed=12 * KIB), LEAN),
    (FULL, Seen(speed=96 * KIB - 1), LEAN),
    (FULL, Seen(speed=96 * KIB), FULL),
    (FULL, Seen(round_trip=0.2499), FULL),
    (FULL, Seen(round_trip=0.25), LEAN),
    (FULL, Seen(round_trip=9.0, speed=12 * KIB - 1), THIN),
    (LEAN, Seen(), FULL),
    (LEAN, Seen(speed=12 * KIB - 1), THIN),
    (LEAN, Seen(speed=12 * KIB), LEAN),
    (LEAN, Seen(speed=192 * KIB - 1), LEAN),
    (LEAN, Seen(speed=192 * KIB), FULL),
    (LEAN, Seen(round_trip=0.15), LEAN),
    (LEAN, Seen(round_trip=0.1499), FULL),
    (THIN, Seen(), FULL),
    (THIN, Seen(speed=24 * KIB - 1), THIN),
    (THIN, Seen(speed=24 * KIB), LEAN),
    (THIN, Seen(speed=192 * KIB - 1), LEAN),
    (THIN, Seen(speed=192 * KIB), FULL),
    (THIN, Seen(round_trip=0.15, speed=192 * KIB), LEAN),
    (THIN, Seen(round_trip=0.1499, speed=192 * KIB), FULL),
]


@pytest.mark.parametrize(("before", "seen", "after"), CALLED_FOR)
def test_what_a_link_calls_for(before: Wire, seen: Seen, after: Wire) -> None:
    found = choose(Choice(wire=before, good_since=1.0), seen, LATE)
    assert found.wire is after
    if after is not before:
        assert (found.changed, found.good_since) == (LATE, 0.0)
        up = LEVELS.index(_of(after)) < LEVELS.index(_of(before))
        assert found.raised == (LATE if up else 0.0)


def _of(wire: Wire) -> Any:
    return next(one for one in LEVELS if one.wire is wire)


BAD, WORSE = Seen(speed=90 * KIB), Seen(speed=10 * KIB)
GOOD = Seen(round_trip=0.01, speed=1000 * KIB)


@pytest.mark.parametrize(
    ("early", "waits"), [(0, 600), (1, 1200), (2, 2400), (3, 3600), (16, 3600), (5000, 3600)]
)
def test_a_step_up_waits_longer_after_each_that_was_too_early_an_hour_at_most(early: int, waits: int) -> None:
    c = Choice(wire=LEAN, early=early, changed=1.0)
    c = choose(c, GOOD, LATE)
    assert (c.wire, c.good_since) == (LEAN, LATE)
    assert choose(c, GOOD, LATE + waits - 0.1) == c
    assert choose(c, BAD, LATE + waits - 0.1).good_since == 0.0
    up = choose(c, GOOD, LATE + waits)
    assert (up.wire, up.raised, up.changed, up.good_since) == (FULL, LATE + waits, LATE + waits, 0.0)
    assert (up.early, up.why) == (early, "")


@pytest.mark.parametrize(
    ("wire", "seen", "after", "lowered"),
    [
        (FULL, BAD, 599.9, False),
        (FULL, BAD, 600.0, True),
        (FULL, Seen(speed=24 * KIB), 1.0, False),
        (FULL, Seen(speed=24 * KIB - 1), 1.0, True),
        (FULL, Seen(round_trip=9.0), 599.9, False),
        (LEAN, Seen(speed=3 * KIB), 1.0, False),
        (LEAN, Seen(speed=3 * KIB - 1), 1.0, True),
        (LEAN, WORSE, 600.0, True),
    ],
)
def test_a_step_down_waits_ten_minutes_unless_the_link_has_collapsed(
    wire: Wire, seen: Seen, after: float, lowered: bool
) -> None:
    c = choose(Choice(wire=wire, changed=LATE, good_since=5.0), seen, LATE + after)
    assert (c.wire is not wire) is lowered
    assert (c.changed, c.good_since) == (LATE + after if lowered else LATE, 0.0)


@pytest.mark.parametrize(
    ("raised", "early"), [(0.0, 0), (LATE - 900.0, 0), (LATE - 899.9, 4), (LATE - 1.0, 4)]
)
def test_a_step_down_within_a_quarter_of_an_hour_says_that_the_step_up_came_too_early(
    raised: float, early: int
) -> None:
    assert choose(Choice(raised=raised, early=3), BAD, LATE).early == early
    assert choose(Choice(raised=raised, early=3), Seen(rate=11.0), LATE, budget=10.0).early == early


@pytest.mark.parametrize(
    ("before", "rate", "after"),
    [
        ({}, None, {}),
        ({"calm_since": 5.0}, None, {"calm_since": 5.0}),
        ({}, 10.0, {}),
        ({"calm_since": 5.0}, 10.1, {"steps": 1}),
        ({"steps": 1}, 10.1, {"steps": 2}),
        ({"steps": len(LEVELS) - 1, "calm_since": 5.0}, 10.1, {"steps": len(LEVELS) - 1}),
        ({"calm_since": 5.0}, 1.0, {}),
        ({"steps": 1, "calm_since": 5.0}, 5.1, {"steps": 1}),
        ({"steps": 1}, 5.0, {"steps": 1, "calm_since": LATE}),
        ({"steps": 2, "calm_since": LATE - 599.9}, 5.0, {"steps": 2, "calm_since": LATE - 599.9}),
        ({"steps": 2, "calm_since": LATE - 600.0}, 5.0, {"steps": 1, "raised": LATE}),
        ({"steps": 2, "calm_since": LATE - 600.0, "early": 1}, 5.0, None),
        (
            {"steps": 2, "calm_since": LATE - 1200.0, "early": 1},
            5.0,
            {"steps": 1, "early": 1, "raised": LATE},
        ),
    ],
)
def test_what_a_budget_of_ten_adds(
    before: dict[str, Any], rate: float | None, after: dict[str, Any] | None
) -> None:
    found = choose(Choice(**before), Seen(rate=rate), LATE, budget=10.0)
    assert found == Choice(**(before if after is None else after))
    assert choose(Choice(**before), Seen(rate=rate), LATE) == Choice(**before)


def test_the_ladder_ends_at_its_last_step() -> None:
    assert [level(Choice(wire=LEAN, steps=steps)) for steps in range(5)] == [1, 2, 3, 3, 3]
    assert len(LEVELS) == 4
    assert state(Choice(steps=1), budget=2048.0).why == "over the budget of 2.0 KiB/s"
    assert state(Choice(steps=1)).why == state(Choice(), budget=2048.0).why == ""


@pytest.mark.parametrize(
    ("handshake", "still_open"), [(0.0, False), (0.04, False), (0.0401, True), (3.0, True)]
)
def test_a_quick_handshake_says_enough(handshake: float, still_open: bool) -> None:
    watch, counters = LinkWatch(), Counters()
    counters.handshake = handshake
    found = watch.connected(1000.0, counters)
    assert watch.open is still_open
    assert (found.wire, found.why) == ((THIN, UNKNOWN) if still_open else (FULL, ""))
    assert choose(replace(NEW), Seen(), LATE).changed == LATE


class TestSpeed:
    """Looks are (seconds since the one before, bytes that came, whether a list is under way)."""

    def value(self, *looks: tuple[float, int, bool]) -> float | None:
        speed, now, total = LinkSpeed(), 0.0, 0
        for took, came, listing in ((0.0, 0, True), *looks):
            now, total = now + took, total + came
            speed.look(now, total, listing)
        return speed.value

    def test_three_seconds_of_flow_behind_the_first_piece_are_a_measurement(self) -> None:
        flow = [(0.5, 1000, True)] * 7
        assert self.value(*flow) == 2000.0
        assert self.value(*flow[:-1]) is None
        assert self.value(*[(0.5, 256, True)] * 7) == 512.0
        assert self.value(*[(0.5, 255, True)] * 100) is None

    def test_a_gap_within_the_flow_counts_three_seconds_at_most_and_once(self) -> None:
        first, gap, more = (0.5, 1000, True), (0.5, 0, True), (0.5, 3500, True)
        assert self.value(first, *[gap] * 5, more) == pytest.approx(3500 / 3.0)
        assert self.value(first, *[gap] * 4, more) is None
        assert self.value(first, *[gap] * 20, more) == pytest.approx(3500 / 3.5)
        assert self.value(*[gap] * 20, first, more) is None
        assert self.value(first, gap, gap, *[more] * 3) is None
        assert self.value(first, gap, gap, *[more] * 4) == pytest.approx(4 * 3500 / 3.0)

    def test_what_came_at_once_is_one_where_it_was_much(self) -> None:
        parts = [(0.5, 16_000, True), (0.5, 20_000, True)]
        assert self.value(*parts, (0.5, 29_536, False)) == pytest.approx(65_536 / 1.5)
        assert self.value(*parts, (0.5, 29_535, False)) is None
        assert self.value((0.0, 65_536, False)) == pytest.approx(65_536 / 1e-3)

    def test_nothing_of_one_list_counts_for_the_next(self) -> None:
        flow, end = (0.5, 1000, True), (0.5, 0, False)
        assert self.value(*[flow] * 6, end, *[flow] * 6) is None
        assert self.value(flow, flow, end, (0.5, 70_000, False)) is None
        speed = LinkSpeed()
        speed.look(0.0, 0, True)
        speed.pause()
        speed.look(1.0, 70_000, False)
        assert speed.value is None

    @pytest.mark.parametrize(
        ("value", "alike"), [(4000, True), (3999, False), (8000, True), (16_000, True), (16_001, False)]
    )
    def test_what_is_much_the_same_is_measured_half_as_often(self, value: float, alike: bool) -> None:
        speed = LinkSpeed()
        speed.keep(8000.0, 0.0)
        assert (speed.due(1800.0), speed.due(1800.1)) == (False, True)
        speed.keep(8000.0, 1000.0)  # not due, so it says nothing of how long it lasts
        assert (speed.due(2800.0), speed.due(2800.1)) == (False, True)
        speed.keep(value, 3000.0)
        lasts = 3600.0 if alike else 1800.0
        assert (speed.due(3000.0 + lasts), speed.due(3000.1 + lasts)) == (False, True)

    def test_every_eight_hours_at_least(self) -> None:
        speed, now = LinkSpeed(), 0.0
        speed.keep(8000.0, now)
        for hours in (0.5, 1, 2, 4, 8, 8, 8):
            assert not speed.due(now + hours * 3600)
            now += hours * 3600 + 1
            assert speed.due(now)
            speed.keep(8000.0, now)
        assert not LinkSpeed().due(1e9)


@pytest.mark.parametrize(
    ("waits", "took", "speed"),
    [((), 1.0, 8000.0), ((0.4, 0.9), 1.0, 8000 / 0.6), ((0.4,), 0.4, 80_000.0), ((0.4,), 0.001, 8e6)],
)
def test_a_measurement_is_without_its_round_trip(waits: tuple[float, ...], took: float, speed: float) -> None:
    watch, counters = LinkWatch(), Counters()
    counters.waits.extend(waits)
    watch.begin("thin", 0.0)
    watch.measured(8000, took, counters)
    assert watch.found == (THIN, pytest.approx(speed))


@pytest.mark.parametrize(
    ("handshake", "wait", "took", "came", "speed"),
    [
        (0.5, 0.2, 5.0, 3071, None),
        (0.5, 0.2, 5.0, 3072, 3072 / 4.4),
        (0.5, 0.8, 5.0, 3072, 3072 / 3.5),
        (0.5, 0.1, 1.0, 16_383, None),
        (0.5, 0.1, 1.0, 16_384, 16_384 / 0.7),
        (0.5, 0.1, 0.2, 16_384, 16_384 / 0.05),
        (0.5, 0.1, 1.4, 12 * KIB + 1, 12_289 / 1.1),
        (0.5, 0.3, 4.0, 34_000, 34_000 / (4.0 - 3 / 7)),
        (0.5, 0.3, 6.0, 34_000, 34_000 / 6.0),
        (0.5, 0.3, 3.0, 20_400, 20_400 / 3.0),
        (0.6, 0.3, 3.0, 20_400, 20_400 / (3.0 - 3 * 0.2)),
        (0.6, 0.3, 3.0, 20_399, 20_399 / (3.0 - 0.9)),
    ],
)
@pytest.mark.parametrize("resumed", [0, 1])
def test_what_a_start_tells_of_the_speed(
    handshake: float, wait: float, took: float, came: int, speed: float | None, resumed: int
) -> None:
    watch, counters = LinkWatch(), Counters()
    counters.handshake, counters.resumed, counters.bytes_in = handshake, resumed, 777
    watch.connected(1000.0, counters)
    counters.waits.append(wait)
    counters.bytes_in += came
    watch.look(1000.0 + took, counters)
    if resumed and came >= 20_400:
        speed = came / (took - 3 * min(wait, handshake))
    assert not watch.open
    assert watch.found[1] == pytest.approx(speed or 0.0)


@pytest.mark.parametrize(("took", "decided"), [(29.9, False), (30.0, True)])
def test_a_start_is_over_after_half_a_minute(took: float, decided: bool) -> None:
    watch, counters = LinkWatch(), Counters()
    counters.handshake = 1.0
    watch.connected(1000.0, counters)
    watch.look(1000.0 + took, counters, starting=True)
    assert watch.open is not decided


@pytest.mark.parametrize(
    ("forced", "wire", "speed", "found", "why"),
    [
        (None, "thin", 700.0, (THIN, 700.0), "as in the last run"),
        (None, "full", 0.0, (FULL, 0.0), ""),
        (None, "fast", 9.0, ("", 0.0), UNKNOWN),
        (FULL, "thin", 9.0, ("", 0.0), "--api-traffic full"),
    ],
)
def test_what_an_earlier_run_found_is_gone_on_from(
    forced: Wire | None, wire: str, speed: float, found: tuple[str, float], why: str
) -> None:
    watch = LinkWatch(forced=forced)
    watch.begin(wire, speed)
    assert watch.found == found
    assert watch.state.why == why
