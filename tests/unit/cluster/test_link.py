"""The link supervisor: every pair of phase and input, one prober, and how often it dials."""

from __future__ import annotations

import itertools
import random

import pytest
from msgspec.structs import replace

from edgetui.cluster import errors
from edgetui.cluster.link import state as link
from edgetui.cluster.link.state import Phase, State, step
from edgetui.model.cache.freshness import Link
from tests.unit.cluster.reflector_samples import NOW, Fixed

REFUSED = errors.LinkError("10.0.0.1:6443 refuses connections.", "edgetui keeps trying.")
TICKET = 7
"""The number of the probe that is out in every sample in which one can be."""
CERTIFICATE = errors.TlsError("The certificate is not trusted.", "Check the CA.")

INPUTS: dict[str, link.Input] = {
    "Start": link.Start(),
    "Answered": link.Answered(),
    "Refused": link.Refused(),
    "Heard": link.Heard(),
    "Progress": link.Progress(),
    "Failed": link.Failed(REFUSED),
    "Failed for good": link.Failed(CERTIFICATE),
    "Suspected": link.Suspected(),
    "Probed well": link.Probed(None, TICKET),
    "Probed badly": link.Probed(REFUSED, TICKET),
    "TryNow": link.TryNow(),
    "TryNow anew": link.TryNow(anew=True),
    "Tick": link.Tick(),
}

SAMPLES = {
    Phase.IDLE: State(),
    Phase.FIRST: State(phase=Phase.FIRST),
    Phase.UP: State(phase=Phase.UP, ticket=TICKET, heard=NOW - 1.0, up_since=NOW - 500.0),
    Phase.DOWN: State(
        phase=Phase.DOWN, heard=NOW - 9.0, error=REFUSED, attempts=3, down_since=NOW - 8.0, wake_at=NOW
    ),
    Phase.PROBING: State(
        phase=Phase.PROBING,
        ticket=TICKET,
        heard=NOW - 9.0,
        error=REFUSED,
        attempts=3,
        down_since=NOW - 8.0,
        probe_from=NOW,
    ),
}

# phase: input -> next phase and effects; a pair left out keeps the phase and asks for nothing
EXPECTED: dict[Phase, dict[str, str]] = {
    Phase.IDLE: {"Start": "first Pilot"},
    Phase.FIRST: {
        "Answered": "up Release",
        "Refused": "up Release",
        "Failed": "down Hold",
        "Failed for good": "down Hold",
    },
    Phase.UP: {"Failed": "down Hold", "Failed for good": "down Hold", "Suspected": "up Probe"},
    Phase.DOWN: {"TryNow": "probing Probe", "TryNow anew": "probing Probe", "Tick": "probing Probe"},
    Phase.PROBING: {"TryNow anew": "probing Probe", "Probed well": "up Release", "Probed badly": "down "},
}


@pytest.mark.parametrize("name", INPUTS)
@pytest.mark.parametrize("phase", list(Phase))
def test_every_pair_does_what_the_table_says(phase: Phase, name: str) -> None:
    after, effects = step(SAMPLES[phase], INPUTS[name], NOW, Fixed())
    said = f"{after.phase} {' '.join(type(e).__name__ for e in effects)}"
    assert said.strip() == EXPECTED[phase].get(name, str(phase)).strip()


def test_what_was_asked_of_another_address_says_nothing_of_this_one() -> None:
    state, (probe,) = step(SAMPLES[Phase.PROBING], link.TryNow(anew=True), NOW, Fixed())
    assert isinstance(probe, link.Probe)
    assert probe.dials
    assert step(state, INPUTS["Probed badly"], NOW + 1.0, Fixed()) == (state, ())
    after, _ = step(state, link.Probed(None, probe.ticket), NOW + 1.0, Fixed())
    assert after.phase is Phase.UP


def test_an_illegal_move_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(link.MOVES, Phase.UP, frozenset())
    with pytest.raises(link.IllegalMove, match="up -> down"):
        step(SAMPLES[Phase.UP], INPUTS["Failed"], NOW, Fixed())


def outage(seconds: float, error: errors.EdgetuiError, seed: int, *, lasts: float = 0.01) -> list[float]:
    """When the prober dials in an outage in which every probe fails after `lasts` seconds."""
    rng, now, dials = random.Random(seed), NOW, []
    state, _ = step(SAMPLES[Phase.UP], link.Failed(error), now, rng)
    while state.wake_at <= NOW + seconds:
        now = state.wake_at
        state, effects = step(state, link.Tick(), now, rng)
        assert [type(e) for e in effects] == [link.Probe]
        dials.append(now - NOW)
        # Whatever happens meanwhile, no second prober starts.
        for happened in (link.Failed(error), link.Answered(), link.TryNow(), link.Tick(), link.Suspected()):
            state, effects = step(state, happened, now, rng)
            assert effects == ()
        state, _ = step(state, link.Probed(error, state.ticket), now + lasts, rng)
    return dials


@pytest.mark.parametrize("seed", range(200))
def test_15_attempts_in_30_s_with_gaps_that_notice_a_return_soon(seed: int) -> None:
    dials = outage(30.0, REFUSED, seed)
    assert len(dials) <= 15
    gaps = [b - a for a, b in zip(dials, [*dials[1:], 30.0], strict=True)]
    assert dials[0] <= 0.1
    assert max(gaps) <= 2.2


@pytest.mark.parametrize("seed", range(20))
def test_150_attempts_in_an_hour(seed: int) -> None:
    assert len(outage(3600.0, REFUSED, seed)) <= 150


def test_a_probe_that_hangs_is_followed_at_once_but_never_joined() -> None:
    dials = outage(30.0, REFUSED, 1, lasts=3.0)
    assert all(b - a >= 3.0 for a, b in itertools.pairwise(dials))


def test_what_waiting_does_not_mend_is_asked_twice_a_minute() -> None:
    assert len(outage(600.0, CERTIFICATE, 1)) <= 22
    assert link.verdict(replace(SAMPLES[Phase.DOWN], error=CERTIFICATE)) is Link.REFUSED


def test_a_server_that_says_when_to_come_back_is_obeyed() -> None:
    busy = errors.Throttled("too many requests", code=429, retry_after=20.0)
    after, _ = step(SAMPLES[Phase.PROBING], link.Probed(busy, TICKET), NOW, Fixed())
    assert after.wake_at >= NOW + 20.0


def test_only_progress_that_lasts_or_two_minutes_make_it_hopeful_again() -> None:
    flapping = replace(SAMPLES[Phase.UP], attempts=9, up_since=NOW - 5.0)
    assert step(flapping, link.Failed(REFUSED), NOW, Fixed())[0].wake_at > NOW + 2.0
    better, _ = step(flapping, link.Progress(), NOW, Fixed())
    assert step(better, link.Failed(REFUSED), NOW, Fixed())[0].wake_at < NOW + 0.1
    short, _ = step(replace(flapping, up_since=NOW - 1.0), link.Progress(), NOW, Fixed())
    assert step(short, link.Failed(REFUSED), NOW, Fixed())[0].wake_at > NOW + 2.0
    old = replace(flapping, up_since=NOW - 120.0)
    assert step(old, link.Failed(REFUSED), NOW, Fixed())[0].wake_at < NOW + 0.1


def test_an_answer_to_anyone_brings_the_next_probe_forward() -> None:
    waiting = replace(SAMPLES[Phase.DOWN], wake_at=NOW + 30.0)
    assert step(waiting, link.Answered(), NOW, Fixed())[0].wake_at == NOW
    vain = replace(waiting, error=CERTIFICATE)
    assert step(vain, link.Answered(), NOW, Fixed())[0].wake_at == NOW + 30.0


def test_release_says_since_when_it_was_down() -> None:
    _, effects = step(SAMPLES[Phase.PROBING], link.Probed(None, TICKET), NOW, Fixed())
    assert effects == (link.Release(NOW - 8.0),)


def test_a_suspicion_that_proves_right_is_an_outage_and_otherwise_a_release() -> None:
    suspected, _ = step(SAMPLES[Phase.UP], link.Suspected(), NOW, Fixed())
    assert step(suspected, link.Suspected(), NOW, Fixed())[1] == ()
    (asked,) = step(SAMPLES[Phase.UP], link.Suspected(), NOW, Fixed())[1]
    assert isinstance(asked, link.Probe)
    assert not asked.dials
    assert step(suspected, link.Probed(None, suspected.ticket), NOW, Fixed())[1] == (
        link.Release(link.NEVER),
    )
    assert step(suspected, link.Probed(REFUSED, suspected.ticket), NOW, Fixed())[0].phase is Phase.DOWN


def test_the_result_of_a_probe_that_another_one_replaced_is_void() -> None:
    """A stream falls silent: probe A. The stream breaks: the link is down, probe B. Then A's time is over."""
    suspected, (first,) = step(SAMPLES[Phase.UP], link.Suspected(), NOW, Fixed())
    down, _ = step(suspected, link.Failed(REFUSED), NOW, Fixed())
    probing, (second,) = step(down, link.Tick(), down.wake_at, Fixed())
    assert isinstance(first, link.Probe)
    assert isinstance(second, link.Probe)
    assert step(probing, link.Probed(REFUSED, first.ticket), NOW, Fixed()) == (probing, ())
    up, _ = step(probing, link.Probed(None, second.ticket), NOW, Fixed())
    assert up.phase is Phase.UP


def test_a_server_that_only_refuses_is_asked_by_the_prober_alone() -> None:
    state, asked = SAMPLES[Phase.UP], []
    for _ in range(3):
        state, effects = step(state, link.Refused(), NOW, Fixed())
        asked.append([type(e) for e in effects])
    assert asked == [[], [], [link.Probe]]
    assert step(state, link.Refused(), NOW, Fixed())[1] == ()
    busy = errors.Throttled("too many requests", code=429, retry_after=20.0)
    down, effects = step(state, link.Probed(busy, state.ticket), NOW, Fixed())
    assert effects == (link.Hold(busy.sentence),)
    assert down.wake_at == NOW + 20.0
    assert link.sentence(replace(down, heard=NOW + 1.0)) == (busy.sentence, busy.next_step)
    well, _ = step(state, link.Probed(None, state.ticket), NOW, Fixed())
    assert (well.phase, well.refusals) == (Phase.UP, 0)


def test_what_is_refused_now_and_then_is_no_reason_to_ask() -> None:
    state = SAMPLES[Phase.UP]
    for happened in (link.Refused(), link.Refused(), link.Progress(), link.Refused(), link.Refused()):
        state, effects = step(state, happened, NOW, Fixed())
        assert effects == ()


def test_patience_grows_with_the_outage() -> None:
    def probe(attempts: int) -> float:
        _, effects = step(replace(SAMPLES[Phase.DOWN], attempts=attempts), link.Tick(), NOW, Fixed())
        return next(e.timeout for e in effects if isinstance(e, link.Probe))

    assert [probe(n) for n in (0, 5, 10, 50)] == [3.0, 6.0, 12.0, 12.0]


@pytest.mark.parametrize(
    ("state", "word"),
    [
        (SAMPLES[Phase.FIRST], Link.CONNECTING),
        (SAMPLES[Phase.UP], Link.LIVE),
        (SAMPLES[Phase.DOWN], Link.STALE),
        (replace(SAMPLES[Phase.DOWN], heard=0.0), Link.CONNECTING),
        (replace(SAMPLES[Phase.DOWN], heard=NOW), Link.LIVE),
    ],
)
def test_the_word_for_the_header(state: State, word: Link) -> None:
    assert link.verdict(state) is word


def test_a_draining_server_has_its_own_sentence_and_other_troubles_theirs() -> None:
    assert "restarting" in link.sentence(replace(SAMPLES[Phase.DOWN], heard=NOW))[0]
    assert link.sentence(SAMPLES[Phase.DOWN]) == (REFUSED.sentence, REFUSED.next_step)
    assert link.sentence(SAMPLES[Phase.UP]) == ("", "")
