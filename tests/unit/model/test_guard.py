"""The guard as a state machine on a clock of its own: what makes it fire, and everything that must not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import row_of
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.rollout.evidence import Look, look_at
from edgetui.model.rollout.guard import (
    SETTLE,
    STANDSTILL,
    Phase,
    State,
    Terms,
    fired,
    go_back_to,
    held_back,
    step,
)
from edgetui.model.rollout.revision import Revision
from tests.unit.model import factories as f

TERMS = Terms(patience=60.0, after=300.0)
KEY = ObjectKey("plant", "Deployment", "default", "press")
UID = f.uid_of("Deployment", "default", "press")
MOVING = ("True", "ReplicaSetUpdated")
OVERDUE = f.cond(
    "Progressing", "False", "ProgressDeadlineExceeded", 'ReplicaSet "press-new" has timed out progressing.'
)


def crash(name: str, namespace: str, *, restarts: int = 3, **more: Any) -> f.Json:
    return f.pod(name, namespace, statuses=[f.crashing(restarts=restarts)], **more)


def slow(name: str, namespace: str, **more: Any) -> f.Json:
    return f.pod(name, namespace, statuses=[f.running(ready=False)], **more)


def cannot_start(name: str, namespace: str, **more: Any) -> f.Json:
    missing = f.waiting("CreateContainerConfigError", 'configmap "press" not found')
    return f.pod(name, namespace, statuses=[missing], **more)


def timing_out(name: str, namespace: str, **more: Any) -> f.Json:
    return f.image_pull(name, namespace, why="dial tcp 203.0.113.9:443: i/o timeout", **more)


def untold(name: str, namespace: str, **more: Any) -> f.Json:
    """As kubelets before 1.31 say it between two tries."""
    waiting = f.waiting("ImagePullBackOff", 'Back-off pulling image "press:2"', image="press:2")
    return f.pod(name, namespace, statuses=[waiting], images=("press:2",), **more)


def release(
    build: Callable[..., f.Json] = f.pod,
    *,
    new: int = 1,
    hash_: str = "new",
    overdue: bool = False,
    **more: Any,
) -> list[f.Json]:
    """A Deployment at its second revision: three old pods that serve, and new ones."""
    made = f.deployment(
        "press", **({"revision": 2, "updated": new, "current": 3 + new, "progressing": MOVING} | more)
    )
    if overdue:
        made["status"]["conditions"] = [OVERDUE]
    old = f.replica_set(made, "old", revision=1)
    new_set = f.replica_set(made, hash_, revision=2, replicas=new)
    return [made, old, new_set, *f.pods_of(old, 3), *f.pods_of(new_set, new, build=build)]


def complete(**more: Any) -> list[f.Json]:
    """The second revision, rolled out."""
    made = f.deployment("press", revision=2, **more)
    new_set = f.replica_set(made, "new", revision=2)
    return [made, new_set, *f.pods_of(new_set, 3, created=f.NOW - 30)]


def look(*objects: f.Json) -> Look:
    return look_at(f.store_of(*objects), KEY, UID, f.NOW)


class Running:
    """A guard fed with looks, a second apart."""

    def __init__(self, terms: Terms = TERMS) -> None:
        self.terms = terms
        self.now = 1000.0
        self.state = State()

    def see(self, seen: Look, seconds: float = 1.0) -> Phase:
        """The same look again and again for so long."""
        for _ in range(int(seconds)):
            self.now += 1.0
            self.state = step(self.state, self.terms, seen, self.now)
        return self.state.phase

    def until_it_fires(self, seen: Look, within: int = 400) -> int | None:
        """Seconds until it fires on this look, None if it does not."""
        for second in range(within):
            if self.see(seen) is Phase.FIRE:
                return second
        return None


STALE = Look(why="plant is not heard")
BAD = look(*release(f.image_pull))


@pytest.mark.parametrize("build", [f.image_pull, crash])
def test_a_bad_image_and_a_crash_loop_fire_after_the_patience_and_not_before(build: Any) -> None:
    on = Running()
    assert on.see(look(*release()), 5) is Phase.WATCHING
    assert on.until_it_fires(look(*release(build))) == 60


def test_the_countdown_is_told_with_its_reason() -> None:
    on = Running()
    assert on.see(BAD, 21) is Phase.SUSPECT
    assert on.state.left(TERMS) == 40
    assert on.state.why == "image press:2 not found (1 pod)"


@pytest.mark.parametrize(
    "build", [timing_out, slow, cannot_start, lambda *name, **more: crash(*name, restarts=1, **more)]
)
def test_what_is_no_proof_never_fires(build: Any) -> None:
    assert Running().until_it_fires(look(*release(build)), 1000) is None


@pytest.mark.parametrize(("build", "fires"), [(cannot_start, 60), (slow, None), (timing_out, None)])
def test_a_passed_deadline_fires_with_proof_of_the_pods_only(build: Any, fires: int | None) -> None:
    assert Running().until_it_fires(look(*release(build, overdue=True)), 1000) == fires


def test_a_deadline_of_the_release_before_says_nothing_about_this_one() -> None:
    late = release(cannot_start, overdue=True, hash_="newer")
    assert Running().until_it_fires(look(*late), 1000) is None


def test_a_stateful_set_has_no_deadline_but_a_standstill() -> None:
    made = f.stateful_set(
        "camera", updated=1, ready=2, update_revision="camera-b", current_revision="camera-a"
    )
    pods = [
        *f.pods_of(made, 2, label="camera-a"),
        *f.pods_of(made, 3, label="camera-b", build=cannot_start)[2:],
    ]
    store = f.store_of(made, *pods)
    seen = look_at(
        store, ObjectKey("plant", "StatefulSet", "default", "camera"), made["metadata"]["uid"], f.NOW
    )
    assert seen.template == "camera-b"
    assert Running().until_it_fires(seen, 1000) == STANDSTILL + 61


def test_while_new_pods_get_ready_the_count_begins_again() -> None:
    on = Running()
    on.see(BAD, 50)
    mixed = look(*release(f.image_pull), *f.pods_of(release()[2], 4)[3:])
    assert on.see(mixed) is Phase.SUSPECT
    assert on.until_it_fires(mixed) == 59


def test_a_crash_after_complete_fires_though_it_serves_in_between() -> None:
    on = Running(Terms(patience=20.0, after=300.0))
    down = look(*release(crash, new=3, updated=3, available=0, ready=0))
    phases = [phase for _ in range(8) for phase in (on.see(look(*complete()), 3), on.see(down, 7))]
    assert Phase.FIRE in phases
    assert phases.index(Phase.FIRE) >= 2


def test_a_recovery_that_lasts_ends_the_suspicion() -> None:
    on = Running()
    on.see(look(*release(crash)), 50)
    assert on.see(look(*release()), 61) is Phase.WATCHING
    assert on.state.bad == 0.0


def test_it_goes_on_watching_after_complete_and_then_is_done() -> None:
    on = Running()
    on.see(look(*release()), 5)
    assert on.see(look(*complete()), 299) is Phase.WATCHING
    assert on.see(look(*complete())) is Phase.DONE
    assert on.until_it_fires(look(*release(crash)), 500) is None


def test_what_was_complete_long_before_the_guard_came_is_not_judged() -> None:
    made = f.deployment("press", revision=2)
    old = [made, made_set := f.replica_set(made, "new", revision=2), *f.pods_of(made_set, 3)]
    on = Running()
    assert on.see(look(*old)) is Phase.DONE
    assert on.until_it_fires(look(*release(crash))) is None
    assert on.until_it_fires(look(*release(crash, hash_="newer"))) == 60


def test_while_nothing_is_heard_the_count_stands_still() -> None:
    on = Running()
    on.see(BAD, 51)
    assert on.see(STALE, 300) is Phase.BLIND
    assert on.state.bad == 50
    assert on.until_it_fires(BAD) == 10


def test_it_never_fires_in_the_first_seconds_after_a_cut() -> None:
    on = Running()
    on.see(BAD, 60)
    on.see(STALE)
    assert on.state.left(TERMS) == 1
    assert on.until_it_fires(BAD) == SETTLE


def test_a_sleep_of_the_machine_is_no_time_that_was_seen() -> None:
    on = Running()
    on.see(BAD, 51)
    on.now += 3600
    assert on.see(BAD) is Phase.SUSPECT
    assert on.state.bad == 50


@pytest.mark.parametrize(
    "more",
    [{"generation": 3, "observed": 2}, {"paused": True}, {"revision": 3}],
    ids=["unseen", "paused", "unmade"],
)
def test_what_its_controller_has_not_made_yet_is_not_judged(more: Any) -> None:
    on = Running()
    on.see(BAD, 50)
    made = release(f.image_pull)
    made[0] = f.deployment(
        "press", **({"revision": 2, "updated": 1, "current": 4, "progressing": MOVING} | more)
    )
    assert on.see(look(*made), 100) is Phase.BLIND


def test_a_kubelet_that_tells_the_cause_at_every_other_try_is_understood() -> None:
    on = Running()
    on.see(BAD, 30)
    assert on.until_it_fires(look(*release(untold))) == 30
    link = Running()
    link.see(look(*release(timing_out)), 30)
    assert link.until_it_fires(look(*release(untold))) is None


def test_pods_of_a_silent_node_are_no_proof() -> None:
    gone = f.node("node-1", ready="Unknown", reason="NodeStatusUnknown")
    assert Running().until_it_fires(look(gone, *release(f.image_pull))) is None


def test_once_for_a_template_and_what_it_went_back_to_is_left_alone() -> None:
    on = Running()
    on.until_it_fires(BAD)
    on.state = fired(on.state, "new", "old")
    assert on.see(BAD, 500) is Phase.SPENT
    back = f.deployment("press", revision=3, available=2)
    old = f.replica_set(back, "old", revision=3)
    again = look(back, old, *f.pods_of(old, 2), *f.pods_of(old, 3, build=crash)[2:])
    assert on.see(again, 500) is Phase.DONE
    assert on.until_it_fires(look(*release(f.image_pull, hash_="third"))) == 60


def test_what_speaks_against_it_holds_it_back_for_a_while() -> None:
    on = Running()
    on.until_it_fires(BAD)
    on.state = held_back(on.state, on.now, 30.0)
    assert on.state.phase is Phase.SUSPECT
    assert on.until_it_fires(BAD) == 29


# -- what the store says


def store(*objects: f.Json) -> Store:
    return f.store_of(*objects)


def test_a_store_that_may_be_old_is_not_looked_at() -> None:
    made = store(*release(f.image_pull))
    for kind in ("Deployment", "Pod", "ReplicaSet"):
        made.set_freshness(kind, Freshness(Sync.STALE, heard=f.NOW))
        assert "not current" in look_at(made, KEY, UID, f.NOW).why
        made.set_freshness(kind, Freshness(Sync.LIVE, heard=f.NOW, kept=True))
        assert "not current" in look_at(made, KEY, UID, f.NOW).why
        made.set_freshness(kind, Freshness(Sync.LIVE, heard=f.NOW))
    made.set_freshness("Pod", Freshness(Sync.FORBIDDEN))
    assert look_at(made, KEY, UID, f.NOW).why == "pods may not be read"
    made.set_freshness("Pod", Freshness(Sync.LIVE, heard=f.NOW))
    for link in (LinkState(Link.STALE), LinkState(Link.LIVE, sentence="New connections fail.")):
        made.set_link(link)
        assert "not heard" in look_at(made, KEY, UID, f.NOW).why


def test_an_object_that_is_gone_ends_it() -> None:
    assert look_at(store(), KEY, UID, f.NOW).gone == "it no longer exists"
    assert "another object" in look_at(store(*release()), KEY, "uid-of-another", f.NOW).gone
    assert Running().see(Look(gone="it no longer exists")) is Phase.GONE


# -- where it goes back to


def revision(number: int, *, available: int = 0, current: bool = False) -> Revision:
    return Revision(
        number=number, name=f"press-t{number}", uid=str(number), images=(), cause="", created=number,
        current=current, known_good=available > 0, available=available, replicas=available, template={},
        annotations={},
    )  # fmt: skip


def back(s: State, *revisions: Revision, agreed: tuple[str, ...] = ()) -> int | None:
    found = go_back_to(revisions, "Deployment", "press", s, agreed)
    return found.number if found else None


def test_it_goes_back_to_what_it_has_seen_serving_then_to_what_serves_then_to_what_was_agreed() -> None:
    three, two, one = revision(3, current=True), revision(2, available=1), revision(1)
    assert back(State(good=("t2", "t1")), three, two, one) == 1
    assert back(State(), three, two, one) == 2
    assert back(State(), three, revision(2), one, agreed=("t1",)) == 1
    assert back(State(), three, revision(2), one) is None
    assert back(State(good=("t3",)), three, revision(2), one) is None
    assert back(State(good=("t2",), spent=frozenset({"t2"})), three, two, one) is None


def test_a_template_that_serves_for_the_patience_is_remembered() -> None:
    on = Running()
    on.see(BAD, 60)
    assert on.state.good == ()
    on.see(BAD, 2)
    assert on.state.good == ("old",)


# -- whatever happens

EVENTS = {
    "fine": look(*release()),
    "complete": look(*complete()),
    "bad": BAD,
    "crash": look(*release(crash)),
    "timeout": look(*release(timing_out)),
    "other": look(*release(f.image_pull, hash_="other")),
    "stale": STALE,
}


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(EVENTS)), st.sampled_from((0.5, 1.0, 3.0, 9.0, 4000.0))), max_size=60
    )
)
def test_it_never_fires_while_stale_nor_twice_for_a_template_nor_before_its_time(
    history: list[tuple[str, float]],
) -> None:
    terms = Terms(patience=8.0, after=20.0)
    s, now, since_stale = State(), 1000.0, 0.0
    bad: dict[str, float] = {}
    shots: list[str] = []
    for name, passed in history:
        now += passed
        seen = EVENTS[name]
        since_stale = 0.0 if name == "stale" or passed > 5.0 else since_stale + passed
        if name in ("bad", "crash", "other") and passed <= 5.0:
            bad[seen.template] = bad.get(seen.template, 0.0) + passed
        s = step(s, terms, seen, now)
        if s.phase is Phase.FIRE:
            assert name in ("bad", "crash", "other")
            assert since_stale >= SETTLE
            assert bad[seen.template] >= terms.patience
            shots.append(seen.template)
            s = fired(s, seen.template, "old")
    assert len(shots) == len(set(shots))


def test_how_long_it_has_served_is_not_told_while_one_of_its_pods_is_not_ready() -> None:
    made, new_set, *pods = complete()
    assert look(made, new_set, *pods).ready_for == 28
    late = slow("press-new-9", "default", owner=new_set, labels={"app": "press", "pod-template-hash": "new"})
    assert look(made, new_set, *pods, late).ready_for == 0


@pytest.mark.parametrize(
    ("changed", "serves"),
    [({}, True), ({"template": "old"}, False), ({"deleting": 1}, False), ({"phase": "Succeeded"}, False)],
)
def test_only_pods_of_the_newest_template_that_should_serve_are_judged(
    changed: dict[str, Any], serves: bool
) -> None:
    row, shown = row_of("Deployment", f.deployment("press")), row_of("Pod", f.pod("press-1"))
    assert isinstance(row, DeploymentRow)
    assert isinstance(shown, PodRow)
    one = replace(shown, **({"template": "new"} | changed))
    assert Look(row=row, template="new", pods=(one,)).newest == ([one] if serves else [])
    assert Look(pods=(one,)).newest == [], "nothing is known of the workload"
