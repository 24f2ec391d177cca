"""The guard step by step over random looks and gaps, what it sees of every pod, and when it sees nothing at all.

`pytest tests/unit/model/test_every_guard_step.py --snapshot-update` takes what it does now; look at what differs first.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.kinds.daemonset import DaemonSetRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.statefulset import StatefulSetRow
from edgetui.model.rollout.evidence import Look, causes, evidence, look_at, seen, serving
from edgetui.model.rollout.guard import (
    Phase,
    State,
    Terms,
    fired,
    go_back_to,
    hasty,
    held_back,
    overdue,
    step,
    template_of,
    wrong,
)
from edgetui.model.rollout.revision import Revision
from tests.unit.model import factories as f
from tests.unit.model.test_guard import (
    KEY,
    UID,
    cannot_start,
    complete,
    crash,
    look,
    release,
    slow,
    timing_out,
    untold,
)

NOW = float(f.NOW)
Build = Callable[..., f.Json]


def once(name: str, namespace: str, **more: Any) -> f.Json:
    return crash(name, namespace, restarts=1, **more)


def twice(name: str, namespace: str, **more: Any) -> f.Json:
    return crash(name, namespace, restarts=2, **more)


LOOKS: dict[str, Look] = {
    "stale": Look(why="plant is not heard"),
    "old ones only": look(*release(new=0)),
    "new": look(*release()),
    "two new": look(*release(new=2)),
    "complete": look(*complete()),
    "another": look(*release(hash_="next")),
    "no image": look(*release(f.image_pull)),
    "crashes": look(*release(crash, new=2)),
    "slow": look(*release(slow)),
    "slow and late": look(*release(slow, overdue=True)),
    "cannot start": look(*release(cannot_start)),
    "cannot start and late": look(*release(cannot_start, overdue=True)),
    "aborted": Look(row=ArgoRolloutRow(
        namespace="d", name="press", uid="u", resource_version="1", aborted=True, message="aborted by analysis"
    ), template="new"),
}  # fmt: skip
OFTEN = ("no image", "no image", "new", "complete", "crashes")


def told(s: State, terms: Terms) -> str:
    spans = " ".join(
        f"{name} {getattr(s, name):g}"
        for name in ("bad", "calm", "complete", "still", "steady")
        if getattr(s, name)
    )
    served = " ".join(f"{name} {span:g}" for name, span in sorted(s.served.items()))
    sets = f"good {','.join(s.good)} trusted {','.join(sorted(s.trusted))} spent {','.join(sorted(s.spent))}"
    return (
        f"{s.phase} {s.template or 'none'} {s.why or 'fine'!r} {spans} most {s.most} [{served}] {sets} "
        f"left {s.left(terms):g}{' due' if s.due(terms) else ''}"
    )


@pytest.mark.parametrize("seed", range(10))
def test_what_it_remembers_after_every_look(seed: int, snapshot: SnapshotAssertion) -> None:
    rng = random.Random(f"guard {seed}")
    terms = Terms(rng.choice([4.0, 10.0, 20.0]), rng.choice([20.0, 40.0]), undo=seed % 2 == 1)
    state, now, lines = State(), 1000.0, []
    for _ in range(40):
        name = rng.choice(OFTEN) if rng.random() < 0.7 else rng.choice(list(LOOKS))
        for _ in range(rng.choice([1, 1, 3, 8])):
            passed = rng.choice([1.0, 1.0, 2.0, 5.0, 5.5, 0.0, -1.0])
            now += passed
            state = step(state, terms, LOOKS[name], now)
            assert state.at == now
        lines.append(f"{name}: {told(state, terms)}")
        if state.phase is Phase.FIRE and rng.random() < 0.5:
            state = fired(state, state.template, "old")
            lines.append(f"  fired: {told(state, terms)}")
        elif state.phase is Phase.FIRE:
            state = held_back(state, now, 10.0)
            lines.append(f"  held back: {told(state, terms)}")
    assert "\n".join(lines) == snapshot


def test_an_object_that_is_gone_is_gone() -> None:
    before = State(phase=Phase.SUSPECT, seeing=True, steady=9.0, bad=5.0, at=1.0)
    after = step(before, Terms(), Look(gone="it no longer exists"), 7.0)
    assert after == replace(
        before, phase=Phase.GONE, why="it no longer exists", seeing=False, steady=0.0, at=7.0
    )
    assert held_back(after, 7.0, 3.0) == replace(after, not_before=10.0)


BUILDS: dict[str, Build] = {
    "serves": f.pod, "no image": f.image_pull, "once": once, "twice": twice, "slow": slow, "cannot start": cannot_start,
    "timing out": timing_out, "untold": untold,
}  # fmt: skip


def test_what_is_evidence(snapshot: SnapshotAssertion) -> None:
    lines = []
    for (name, build), late, silent in product(BUILDS.items(), (False, True), (False, True)):
        base = look(*release(build, new=2))
        given = replace(base, silent=frozenset({"node-1"})) if silent else base
        known = causes(given, {})
        pods = {pod.name: known[pod.uid].code for pod in given.newest if pod.uid in known}
        argo = ArgoRolloutRow(namespace="d", name="press", uid="u", resource_version="1", newest="new")
        of_argo = evidence(replace(given, row=argo), known, late)
        lines.append(
            f"{name}{' late' if late else ''}{' silent' if silent else ''}: {evidence(given, known, late)}; "
            f"of Argo {of_argo}; {sorted(pods.values())}"
        )
    aborted = Look(row=ArgoRolloutRow(namespace="d", name="p", uid="u", resource_version="1", aborted=True))
    lines.append(f"aborted: {evidence(aborted, {}, False)} {evidence(LOOKS['aborted'], {}, False)}")
    assert "\n".join(lines) == snapshot


def test_a_cause_that_was_told_once_is_kept_while_it_is_not_told() -> None:
    told_once, not_told = look(*release(f.image_pull)), look(*release(untold))
    (uid,) = [pod.uid for pod in told_once.newest]
    first = causes(told_once, {})
    assert first[uid].code == "image-missing"
    assert causes(not_told, first) == first
    assert causes(not_told, {})[uid].code == "image"
    assert causes(look(*release(timing_out)), first)[uid].code == "image-link"
    assert causes(look(*release()), first) == {}


BASE: dict[str, Any] = {"namespace": "d", "name": "press", "uid": "u", "resource_version": "1"}


def test_which_templates_serve() -> None:
    pods = look(*release(slow, new=1)).pods
    assert serving(Look(pods=pods)) == {"old"}
    some = [replace(pod, template=template, condition=condition) for pod, template, condition in zip(
        pods, ("a", "a", "b", "c"), ("True", "False", "True", "True"), strict=True
    )]  # fmt: skip
    assert serving(Look(pods=tuple(some))) == {"b", "c"}
    some[2:] = [replace(some[2], deleting=f.NOW), replace(some[3], phase="Failed")]
    assert serving(Look(pods=tuple(some))) == set()
    assert serving(Look(pods=(replace(some[0], template=""),))) == set()


ROWS: dict[str, Any] = {
    "deployment": DeploymentRow(**BASE),
    "deployment that is paused": DeploymentRow(**BASE, paused=True),
    "deployment not seen": DeploymentRow(**BASE, generation=2, observed=1),
    "set": StatefulSetRow(**BASE, strategy="RollingUpdate", update_revision="new"),
    "daemon set": DaemonSetRow(**BASE, strategy="RollingUpdate"),
    "rollout": ArgoRolloutRow(**BASE, newest="new"),
    "rollout that is refused": ArgoRolloutRow(**BASE, phase="Degraded", message="InvalidSpec: no"),
    "rollout not seen": ArgoRolloutRow(**BASE, generation=2, observed=1),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("template", ["", "new"])
def test_what_can_be_judged(name: str, template: str, snapshot: SnapshotAssertion) -> None:
    pods = look(*release(new=2)).pods
    lines = []
    for now in (NOW, NOW - 3600):
        found = seen(ROWS[name], template, pods, frozenset({"edge-9"}), now)
        lines.append(
            f"{found.why!r} {found.template!r} {len(found.pods)} {sorted(found.silent)} {found.ready_for:g} "
            f"newest {len(found.newest)} complete {found.complete} aborted {found.aborted} overdue {found.overdue}"
        )
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("kind", "sync", "why"),
    [
        ("Deployment", Freshness(Sync.FORBIDDEN), "deployments may not be read"),
        ("Pod", Freshness(Sync.FORBIDDEN), "pods may not be read"),
        ("ReplicaSet", Freshness(Sync.STALE, 5.0), "replicasets of plant are not current"),
        ("Pod", Freshness(Sync.LIVE, 5.0, kept=True), "pods of plant are not current"),
        ("Node", Freshness(Sync.STALE, 5.0), ""),
        ("Pod", Freshness(Sync.LIVE, 5.0, partial=True), ""),
    ],
)
def test_what_is_not_current_is_not_judged(kind: str, sync: Freshness, why: str) -> None:
    store = f.store_of(*release())
    store.set_freshness(kind, sync)
    assert look_at(store, KEY, UID, NOW).why == why


def test_a_look_needs_a_link_and_the_very_object() -> None:
    store = f.store_of(*release())
    whole = look_at(store, KEY, UID, NOW)
    assert (whole.template, whole.why, whole.gone, len(whole.pods)) == ("new", "", "", 4)
    assert look_at(store, KEY, "other", NOW) == Look(gone="another object has its name now")
    assert look_at(store, KEY._replace(name="weld"), UID, NOW) == Look(gone="it no longer exists")
    store.set_freshness("Deployment", Freshness(Sync.LIVE, NOW, partial=True))
    assert look_at(store, KEY._replace(name="weld"), UID, NOW) == Look(why="not readable")
    around = f.store_of(f.node("node-1", ready="Unknown"))
    assert look_at(store, KEY, UID, NOW, around).silent == {"node-1"}
    for link in (LinkState(Link.STALE), LinkState(Link.LIVE, sentence="slow")):
        around.set_link(link)
        assert look_at(store, KEY, UID, NOW, around) == Look(why="plant is not heard")


@pytest.mark.parametrize(
    ("row", "still", "is_overdue"),
    [
        (DeploymentRow(**BASE), 9000.0, False),
        (ArgoRolloutRow(**BASE), 9000.0, False),
        (ArgoRolloutRow(**BASE, phase="Degraded", message="ProgressDeadlineExceeded: no"), 0.0, True),
        (StatefulSetRow(**BASE, strategy="RollingUpdate"), 599.9, False),
        (StatefulSetRow(**BASE, strategy="RollingUpdate"), 600.0, True),
        (StatefulSetRow(**BASE, strategy="OnDelete", replicas=1, available=1), 600.0, False),
    ],
)
def test_when_a_rollout_is_overdue(row: Any, still: float, is_overdue: bool) -> None:
    assert overdue(State(still=still), Look(row=row)) is is_overdue


@pytest.mark.parametrize("seconds", [0.0, 9.9, 10.0, 59.9, 60.0, 600.0])
def test_what_is_said_of_a_span(seconds: float) -> None:
    nothing = "Less than 10s proves nothing: a pod may restart once and be well."
    shortly = "Less than 1m: one pod that fails shortly is enough."
    assert wrong(seconds) == (nothing if seconds < 10 else "")
    assert hasty(seconds) == (shortly if seconds < 60 else "")


def revision(number: int, name: str, *, good: bool = False, current: bool = False, **more: Any) -> Revision:
    made: dict[str, Any] = {
        "uid": name, "images": (), "cause": "", "created": 0, "available": 0, "replicas": 0, "template": {},
        "annotations": {}, "known_good": good, "current": current, **more,
    }  # fmt: skip
    return Revision(number=number, name=name, **made)


HISTORY = [
    revision(5, "press-e", current=True, good=True),
    revision(4, "press-d", good=True),
    revision(3, "press-c"),
    revision(2, "press-b", withdrawn=True),
    revision(1, "press-a"),
]


@pytest.mark.parametrize(
    ("state", "agreed", "name"),
    [
        (State(), (), "press-d"),
        (State(), ("c",), "press-d"),
        (State(good=("c",)), (), "press-c"),
        (State(good=("a", "c")), (), "press-c"),
        (State(good=("c", "a")), (), "press-a"),
        (State(good=("e", "b", "gone")), (), "press-d"),
        (State(good=("c",), spent=frozenset({"c"})), (), "press-d"),
        (State(spent=frozenset({"d"})), (), None),
        (State(spent=frozenset({"d"})), ("b", "gone", "a", "c"), "press-a"),
        (State(spent=frozenset({"d", "a"})), ("a", "c"), "press-c"),
        (State(spent=frozenset({"a", "c", "d"})), ("a", "c"), None),
    ],
)
def test_what_it_goes_back_to(state: State, agreed: tuple[str, ...], name: str | None) -> None:
    found = go_back_to(HISTORY, "Deployment", "press", state, agreed)
    assert (found.name if found else None) == name


def test_the_template_of_a_revision_is_in_its_name() -> None:
    assert template_of("Deployment", "press", "press-7f") == "7f"
    assert template_of("DaemonSet", "press", "press-7f") == "7f"
    assert template_of("StatefulSet", "press", "press-7f") == "press-7f"
    assert template_of("Deployment", "press", "weld-7f") == "weld-7f"
