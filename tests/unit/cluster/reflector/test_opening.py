"""Requests of a collection: what follows once they are sent, and what each field, moved a little, changes.

`pytest tests/unit/cluster/reflector/test_opening.py --snapshot-update` takes what follows now; look at what
differs first. Times are told in seconds from now.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.cluster.watch.reflector import opening as rules
from edgetui.cluster.watch.reflector import states as r
from tests.unit.cluster.reflector_fields import (
    both,
    moved,
    of_phase,
    phases,
)
from tests.unit.cluster.reflector_samples import NOW, Fixed, sample


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_from_every_input(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, moved) == snapshot


@pytest.mark.parametrize("phase", phases(rules))
def test_what_follows_where_several_fields_are_others(phase: r.Phase, snapshot: SnapshotAssertion) -> None:
    assert of_phase(rules, phase, both) == snapshot


# A plain reference


def usual(draw: random.Random) -> r.State:
    """Any state of those fields that decide what is opened."""

    def coin() -> bool:
        return draw.random() < 0.5

    return r.State(
        phase=draw.choice((r.Phase.WAITING, r.Phase.BACKOFF, r.Phase.WATCHING)),
        link_up=draw.random() < 0.9,
        rv=draw.choice(("", "100")),
        streaming=coin(),
        trial=draw.random() < 0.2,
        unwatched=draw.random() < 0.2,
        paged=coin(),
        every=draw.choice((0.0, 0.0, 60.0)),
        dear=coin(),
        changes=draw.choice((0, 0, 1, 9)),
        long=coin(),
        bookmarks=coin(),
        thin=coin(),
        rows=draw.choice((0, 10, 11, 500)),
        unproven=coin(),
        silent=coin(),
        suspect=coin(),
        head=coin(),
        packed=coin(),
        events=7,
        lapsed=coin(),
        reason="before",
        steady_since=NOW - 50.0,
        list_rv="40",
    )


def as_it_should_be(s: r.State) -> tuple[dict[str, Any], tuple[r.Effect, ...]]:
    """The fields that are others, and what is asked for."""
    if not s.link_up:
        waits = {"phase": r.Phase.WAITING, "lapsed": True, "steady_since": r.NEVER, "wake_at": r.NEVER}
        return waits, ()
    bare = s.dear and s.rv != "" and s.every == 0.0 and s.changes == 0
    seconds = 150 if bare else 3300 if s.long and s.bookmarks else 450
    fields: dict[str, Any] = {
        "opened": NOW, "expires": NOW + seconds + 20.0, "head": False, "packed": False, "events": 0, "changes": 0,
        "silent": False, "suspect": False, "bare": bare, "wake_at": r.NEVER,
    }  # fmt: skip
    rv = s.rv
    if rv and s.thin and s.streaming and s.rows * 423 < s.changes * 4435:
        rv = ""
        fields |= {"rv": "", "lapsed": True, "reason": "listing again, which costs less than to resume"}
    fields["unproven"] = s.unproven and rv != ""
    watch = {"watch": "1", "timeoutSeconds": str(seconds)}
    if not bare:
        watch["allowWatchBookmarks"] = "true"
    if rv and not s.every:
        return fields | {"phase": r.Phase.RESUMING}, (r.OpenWatch({**watch, "resourceVersion": rv}),)
    if s.streaming and not s.trial and not s.unwatched:
        asked = {**watch, "sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        return fields | {"phase": r.Phase.STREAMING}, (r.Begin(), r.OpenWatch(asked))
    query = {"limit": "250"} if s.paged else {}
    return fields | {"phase": r.Phase.LISTING, "list_rv": ""}, (r.Begin(), r.OpenList(query))


def test_what_is_opened_is_what_the_state_calls_for() -> None:
    draw = random.Random(1)
    for _ in range(1500):
        state = usual(draw)
        fields, effects = as_it_should_be(state)
        assert rules.open_request(state, NOW, Fixed()) == (replace(state, **fields), effects)


@pytest.mark.parametrize(
    ("steady", "failures"), [(0.0, 4), (1.9, 4), (2.0, 1), (29.9, 1), (30.0, 1), (float("-inf"), 4)]
)
def test_a_failure_waits_longer_each_time_unless_the_rows_were_current_for_a_while(
    steady: float, failures: int
) -> None:
    state = replace(sample(r.Phase.WATCHING), failures=3, steady_since=NOW - steady, trial=True, silent=True)
    found, effects = rules.back_off(state, "why", NOW, Fixed(), steady=2.0)
    assert effects == (r.Close(),)
    wait = 0.75 * 0.1 * 2.0**failures
    fields = {
        "phase": r.Phase.BACKOFF, "failures": failures, "wake_at": pytest.approx(NOW + wait), "lapsed": True,
        "silent": False, "suspect": False, "reason": "why", "steady_since": r.NEVER, "trial": False,
    }  # fmt: skip
    assert {name: getattr(found, name) for name in fields} == fields
    assert replace(found, **{name: getattr(state, name) for name in fields}) == state
    server, _ = rules.back_off(state, "why", NOW, Fixed())
    assert server.failures == (1 if steady >= 30.0 else 4)
    later, _ = rules.back_off(state, "why", NOW, Fixed(), least=50.0)
    assert later.wake_at == NOW + 50.0


@pytest.mark.parametrize("resume", [True, False])
@pytest.mark.parametrize("lapsed", [True, False])
@pytest.mark.parametrize("phase", [r.Phase.WATCHING, r.Phase.BACKOFF])
def test_what_goes_on_from_another_collection(phase: r.Phase, lapsed: bool, resume: bool) -> None:
    before = replace(
        sample(phase), lapsed=lapsed, forked=lapsed, heard=NOW - 5.0, proven=NOW - 9.0, link_up=True
    )
    found = rules.continued(r.State(one_of_many=True), before, resume=resume)
    age = NOW - 5.0 if phase is r.Phase.WATCHING and not lapsed else NOW - 9.0
    assert found == r.State(
        one_of_many=True, synced=True, lapsed=lapsed, forked=lapsed, proven=age, heard=age, link_up=True,
        rv="100" if resume else "",
    )  # fmt: skip
