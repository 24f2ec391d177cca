"""The meter of a link over random histories: all that it says, from its first byte on.

`pytest tests/unit/cluster/test_meter.py --snapshot-update` takes what it says now; look at what differs first.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.http.traffic import Counters
from edgetui.cluster.link.meter import LinkSpeed, LinkWatch
from edgetui.model.cache.wireprofile import Wire

KIB = 1024
RATES = (0, 100, 511, 512, 2000, 9000, 14_000, 40_000, 150_000, 900_000)


def said(watch: LinkWatch) -> str:
    wire, speed = watch.found
    known = f"{wire} at {speed:.1f} B/s" if wire else "nothing for the next run"
    words = [f"{watch.state.wire}", watch.state.why or "no reason", known]
    words += [name for name in ("open", "due") if getattr(watch, name)]
    words += ["no usage"] * (not watch.state.metrics)
    return ", ".join(words)


def history(seed: int) -> Iterator[str]:
    """A start, then lists, quiet times, outages and measurements over a link that becomes another now and then."""
    draw = random.Random(seed)
    forced = draw.choice((None, None, None, *Wire))
    budget = draw.choice((None, None, 5.0 * KIB, 60.0 * KIB))
    watch, counters, now = LinkWatch(forced, budget), Counters(), 1000.0
    yield f"forced {forced}, budget {budget}: {said(watch)}"
    if draw.random() < 0.3:
        wire, speed = draw.choice(("thin", "lean", "full", "")), draw.choice((0.0, 9000.0))
        watch.begin(wire, speed)
        yield f"as before, {wire!r} at {speed:g}: {said(watch)}"
    counters.handshake = draw.choice((0.03, 0.06, 0.4, 2.0))
    counters.resumed = draw.choice((0, 1))
    if draw.random() < 0.8:
        watch.connected(now, counters)
        yield f"connected after {counters.handshake} s, {counters.resumed} resumed: {said(watch)}"
    for part in range(9):
        rate, trip = draw.choice(RATES), draw.choice((0.01, 0.16, 0.3, 0.9))
        what = draw.choice(("list", "list", "first", "quiet", "down", "measured", "unmeasured", "starting"))
        seconds = (
            draw.choice((1, 4, 12, 40))
            if what in ("list", "first", "starting")
            else draw.choice((30, 700, 2000))
        )
        step = 0.5 if what in ("list", "first", "starting") else 25.0
        before = said(watch)
        yield f"{part} {what} for {seconds} s, {rate} B/s, {trip} s"
        if draw.random() < 0.7:
            counters.waits.append(trip)
        if what == "measured":
            watch.measured(8000, 8000 / max(rate, 800), counters)
        elif what == "unmeasured":
            watch.unmeasured()
        for turn in range(int(seconds / step)):
            now += step
            quiet = what in ("quiet", "down", "measured", "unmeasured")
            counters.bytes_in += round(step * (rate / 20 if quiet else rate))
            counters.bytes_out += 7
            watch.look(
                now,
                counters,
                listing=what in ("list", "first", "starting") and turn < int(seconds / step) - 1,
                first=what == "first",
                up=what != "down",
                starting=what == "starting",
            )
            if said(watch) != before:
                before = said(watch)
                yield f"  {turn}: {before}"
        yield f"  {watch.rate:.1f} B/s"


@pytest.mark.parametrize("seed", range(30))
def test_what_a_meter_says_through_a_random_history(seed: int, snapshot: SnapshotAssertion) -> None:
    assert "\n".join(history(seed)) == snapshot


@pytest.mark.parametrize("seed", range(8))
def test_what_is_taken_for_the_speed_of_a_link(seed: int, snapshot: SnapshotAssertion) -> None:
    draw, told = random.Random(seed), []
    speed, now, total = LinkSpeed(), 0.0, 0
    for _ in range(120):
        took, came = draw.choice((0.1, 0.5, 0.5, 1.0, 4.0)), draw.choice((0, 0, 255, 256, 900, 7000, 65_536))
        what = draw.choice(("list",) * 12 + ("end", "end", "pause", "keep", "recall"))
        now, total = now + took, total + came
        if what == "pause":
            speed.pause()
        elif what == "keep":
            now += draw.choice((10.0, 1801.0, 7201.0))
            speed.keep(float(came + 1), now)
        elif what == "recall":
            speed.recall(draw.choice((None, 500.0)), now)
        else:
            speed.look(now, total, what == "list")
        value = "unknown" if speed.value is None else f"{speed.value:.2f}"
        due = [str(hours) for hours in (0.5, 0.6, 1, 2, 4, 8, 9) if speed.due(now + hours * 3600)]
        told.append(f"{now:.1f} {what} {came}: {value}, due in {due[0] if due else 'never'}")
    assert "\n".join(told) == snapshot
