"""The ack clock on links of every sort, step by step, and the profile of a terminal in every environment.

`pytest tests/terminal/test_ack_traces.py --snapshot-update` takes what it does now; that no queue grows, and that
the link is not left empty, is said in test_ack_clock.
"""

from __future__ import annotations

from itertools import product

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.terminal.ack_clock import AckClock
from edgetui.terminal.profile import choose, environment, fitting

from .test_ack_clock import Link

LINKS = {
    "a serial line": (960.0, 0.01),
    "a thin link": (8000.0, 0.3),
    "a satellite": (64000.0, 0.9),
    "a local terminal": (4e6, 0.0005),
}


def state(clock: AckClock, now: float) -> str:
    return (
        f"window {clock.window}, room {clock.room(now)}, acked {clock.acked} of {clock.asked}, "
        f"trip {clock.round_trip:.3f}, answer {clock.answer_time:.3f}, waits {clock.waiting:d} "
        f"until {clock.wait_until() - 1000:.2f}, answers {clock.answers:d}, given up {clock.given_up}"
    )


@pytest.mark.parametrize("name", LINKS)
def test_a_link_from_its_first_frame_on(name: str, snapshot: SnapshotAssertion) -> None:
    rate, delay = LINKS[name]
    link = Link(AckClock(16e3), rate, delay)
    link.clock.ask(link.now)
    link.put(60, asked=True)
    found = []
    for seconds, frame, every in (
        (1, 2500, 8),
        (5, 2500, 8),
        (5, 120, 0.1),
        (10, 4000, 0.05),
        (40, 90, 1),
        (5, 9000, 0.2),
    ):
        link.run(seconds, frame, every)
        found.append(f"{link.now - 1000:.0f} s, {link.carried} B: {state(link.clock, link.now)}")
    link.rate, link.delay = rate / 4, delay + 0.4
    for seconds in (1, 4, 30):
        link.run(seconds, 4000, 0.05)
        found.append(f"worse, {link.now - 1000:.0f} s, {link.carried} B: {state(link.clock, link.now)}")
    assert "\n".join(found) == snapshot


def test_answers_that_stay_away_come_late_or_belong_to_others(snapshot: SnapshotAssertion) -> None:
    found = []
    for rate in (960.0, 16e3, 1e6):
        clock, now = AckClock(rate), 1000.0
        script = "a.s.w.a.s.s.w.w.a.a.a.s.w.o.s.a.a.s.W.s.s.a.W.W.a.s.a.a.a.a.s.s.s.a.a.a"
        for step in script.split("."):
            now += {"w": 3.1, "W": 12.5}.get(step, 0.07)
            if step == "a":
                clock.answered(now)
            elif step == "o":
                clock.set_aside()
            elif step == "s":
                count = clock.room(now)
                asked = clock.sent(count, now)
                found.append(f"  sends {count}{' and asks' * asked}")
            found.append(f"{step} {state(clock, now)}")
    assert "\n".join(found) == snapshot


TERMS = (
    "", "xterm", "xterm-256color", "xterm-kitty", "linux", "vt100", "vt220", "vt420", "screen", "screen-256color",
    "tmux-256color", "alacritty", "foot", "ansi", "unknown", "dumb", "rxvt",
)  # fmt: skip
PLACES: tuple[dict[str, str], ...] = (
    {"LANG": "en_US.UTF-8"},
    {"SSH_CONNECTION": "x", "LC_CTYPE": "C.utf8"},
    {"LC_ALL": "C", "LANG": "en_US.UTF-8", "COLORTERM": "24bit"},
    {"NO_COLOR": "1"},
)


@pytest.mark.parametrize("forced", ["", "thin", "serial"])
def test_the_profile_in_every_environment(forced: str, snapshot: SnapshotAssertion) -> None:
    found = []
    for term, env in product(TERMS, PLACES):
        made = choose({"TERM": term, **env} if term else env, forced)
        told = " ".join(environment(made).values())
        found.append(
            f"{term or '-'} {' '.join(env)}: {made.name} {made.colours} ascii {made.ascii:d} mouse {made.mouse:d} "
            f"{made.flush} {made.escape_delay} {made.rate:g} {made.label!r} {made.bare!r}; {told}"
        )
    assert "\n".join(found) == snapshot


def test_where_a_measured_round_trip_leads(snapshot: SnapshotAssertion) -> None:
    found = []
    for env, before, trip in product(
        ({"TERM": "xterm"}, {"TERM": "xterm", "SSH_TTY": "x"}, {"TERM": "vt220"}),
        (False, True),
        (0.0, 0.149, 0.15, 0.249, 0.25),
    ):
        chosen = choose(env)
        now = fitting(chosen, chosen, 9.0) if before else chosen
        then = fitting(chosen, now, trip)
        found.append(f"{chosen.name}, now {now.name}, {trip}: {then.name} {then.flush} {then.colours}")
    assert "\n".join(found) == snapshot
