"""Flagger's Canary in the rollouts pane, and what its target and the target of a Rollout say of who drives them."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.kinds.canary import CANARY, CanaryRow
from edgetui.model.kinds.discovered import kind_of
from edgetui.model.kinds.rollout import ROLLOUT
from edgetui.model.owner import driver_line
from edgetui.model.panes import PANES
from edgetui.model.panes.base import BAD, FINE, UNSURE, WATCH
from edgetui.model.resources.served import Resource

from . import factories as f
from .test_rollout_kind import rollout

Json = dict[str, Any]


def canary(status: Json | None = None, **spec: Any) -> Json:
    """A Canary of deployment press, as Flagger leaves it in the middle of an analysis."""
    found = {"phase": "Progressing", "canaryWeight": 20, "failedChecks": 0, "iterations": 0}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": f.meta("Canary", "press", "line-2", generation=1),
        "spec": {"targetRef": target, "analysis": {"threshold": 5, "maxWeight": 50, "stepWeight": 10}} | spec,
        "status": found | (status or {}),
    }


def row(status: Json | None = None, **spec: Any) -> CanaryRow:
    made = row_of(CANARY, canary(status, **spec))
    assert isinstance(made, CanaryRow)
    return made


def serving(*objects: Json) -> Store:
    """A cluster that serves both kinds and has these objects."""
    store = Store("plant")
    for group, version, plural, kind in (
        ("flagger.app", "v1beta1", "canaries", CANARY),
        ("argoproj.io", "v1alpha1", "rollouts", ROLLOUT),
    ):
        served = Resource(group=group, version=version, plural=plural, kind=kind, namespaced=True)
        found = kind_of(served)
        store.kinds.replace_discovered({**store.kinds._discovered, found.id: found})
    for one in objects:
        store.apply(one["kind"], row_of(one["kind"], one))
        store.set_freshness(one["kind"], Freshness(Sync.LIVE, heard=f.NOW))
    return store


@pytest.mark.parametrize(
    ("status", "spec", "severity", "words", "sentence"),
    [
        ({}, {}, WATCH, "progressing 20%", "Flagger rolls deployment press out, its primary serves"),
        (
            {"failedChecks": 2},
            {},
            WATCH,
            "progressing 20%",
            "Flagger rolls deployment press out, its primary serves, 2 of 5 failed checks",
        ),
        ({"phase": "Succeeded", "canaryWeight": 0}, {}, FINE, "succeeded", ""),
        ({"phase": "Initialized", "canaryWeight": 0}, {}, FINE, "initialized", ""),
        (
            {"phase": "Failed", "canaryWeight": 0, "failedChecks": 5},
            {},
            BAD,
            "failed",
            "the analysis of deployment press failed, 5 of 5 failed checks: its primary serves the template of before",
        ),
        (
            {"phase": "WaitingPromotion", "canaryWeight": 50},
            {},
            WATCH,
            "waiting 50%",
            "Flagger waits for a confirmation of deployment press",
        ),
        (
            {},
            {"suspend": True},
            WATCH,
            "suspended 20%",
            "Flagger leaves deployment press alone (spec.suspend)",
        ),
        ({"phase": ""}, {}, UNSURE, "no phase yet", "Flagger has said nothing of it: does it run?"),
    ],
)
def test_what_is_said_of_it(status: Json, spec: Json, severity: int, words: str, sentence: str) -> None:
    store, pane = serving(canary(status, **spec)), PANES["rollouts"]
    made = store.get(CANARY, "line-2", "press")
    assert made is not None
    shown = pane.build(store, CANARY, made, f.NOW)
    state = pane.value(shown, "state").words
    assert (shown.severity, state, pane.value(shown, "reason")) == (severity, words, sentence)
    assert pane.json(shown, f.NOW)["ready"] is None


def test_the_row_of_a_target_says_who_drives_it() -> None:
    target = f.deployment("press", "line-2", replicas=0, current=0, updated=0, ready=0, available=0)
    store, pane = serving(canary(), target, f.deployment("oven", "line-2")), PANES["rollouts"]
    shown = {one.name: pane.build(store, "Deployment", one, f.NOW) for one in store.rows("Deployment")}
    assert pane.value(shown["press"], "state").words == "Flagger drives it"
    assert pane.value(shown["press"], "reason").startswith(
        "Flagger drives it (canary press: Progressing, 20 %); press-primary serves"
    )
    assert pane.value(shown["oven"], "reason") == ""


def test_the_row_of_a_workload_whose_template_a_rollout_runs() -> None:
    target = f.deployment("press", "line-2")
    ref = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}
    store, pane = serving(rollout(workloadRef=ref), target), PANES["rollouts"]
    made = store.get("Deployment", "line-2", "press")
    assert made is not None
    shown = pane.build(store, "Deployment", made, f.NOW)
    assert pane.value(shown, "reason") == "Argo Rollout press runs its template (Paused - CanaryPauseStep)"


def test_the_target_is_drawn_again_when_its_canary_changes() -> None:
    store, pane = serving(f.deployment("press", "line-2")), PANES["rollouts"]
    store.drain()
    store.apply(CANARY, row())
    assert ("Deployment", "line-2", "press") in set(pane.affected(store, store.drain()))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            row(),
            "drives it (Progressing, 20 %): it analyses a new template first, press-primary serves meanwhile.",
        ),
        (row(skipAnalysis=True), "it promotes a new template without an analysis"),
        (row(suspend=True), "is suspended: a new template goes nowhere until it is resumed."),
        (
            row_of(ROLLOUT, rollout(workloadRef={"kind": "Deployment", "name": "press"})),
            "Argo Rollout press runs its template (Paused - CanaryPauseStep): it rolls a new one out in its own steps.",
        ),
    ],
)
def test_what_a_change_of_the_target_meets(made: Any, says: str) -> None:
    assert says in driver_line(made, "Deployment", "press")
    assert driver_line(made, "Deployment", "oven") == ""
    assert driver_line(made, "StatefulSet", "press") == ""


def test_its_page() -> None:
    facts = KINDS[CANARY].facts
    assert facts is not None
    told = {one.label: one.text for one in facts(row({"failedChecks": 2}), f.NOW)}
    assert told["target"] == "deployment press; press-primary serves"
    assert (told["phase"], told["failed"]) == ("Progressing, 20 %", "2 of 5 checks")
