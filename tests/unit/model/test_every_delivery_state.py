"""What is said of Argo Rollouts, Canaries, updates of hosts and the versions of nodes, over grids of what they tell.

`pytest tests/unit/model/test_every_delivery_state.py --snapshot-update` takes what is said now; look at what differs
first.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.kinds.canary import CanaryRow
from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.plan import PlanRow
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.talosupgrade import TalosUpgradeRow
from edgetui.model.kinds.update import Failure, Stage, UpdateRow
from edgetui.model.kinds.wire import Condition
from edgetui.model.panes.base import SEVERITY_WORDS
from edgetui.model.panes.progressive_state import argo_state, canary_state, driven, driver_of
from edgetui.model.panes.update_state import node_state, plan_facts, plan_state, update_state
from tests.unit.model import factories as f
from tests.unit.model import updates as u

NOW = float(f.NOW)
OF: dict[str, Any] = {"namespace": "line-2", "name": "press", "uid": "u", "resource_version": "1"}


def line(label: str, severity: int, *words: Any) -> str:
    return f"{label}: {SEVERITY_WORDS[severity]} {' | '.join(map(str, words))}"


def test_argo_rollouts(snapshot: SnapshotAssertion) -> None:
    lines = []
    for phase, message, step, weight in product(
        ("", "Degraded", "Healthy", "Paused", "Progressing"), ("", "its words"), (None, 0, 2), (None, 20)
    ):
        row = ArgoRolloutRow(**OF, phase=phase, message=message, step=step, steps=5, weight=weight)
        lines.append(line(f"{phase or 'none'} {message} {step} {weight}", *argo_state(row)))
    for replicas, aborted, message in product((0, 1), (False, True), ("", "its words")):
        row = ArgoRolloutRow(**OF, phase="Healthy", replicas=replicas, aborted=aborted, message=message)
        lines.append(line(f"{replicas} {aborted} {message}", *argo_state(row)))
    pauses = (
        (),
        ("CanaryPauseStep",),
        ("BlueGreenPause",),
        ("InconclusiveAnalysisRun",),
        ("Other", "BlueGreenPause"),
    )
    for held, why, doing, message in product((False, True), pauses, ("", "pause 10m"), ("", "its words")):
        row = ArgoRolloutRow(**OF, phase="Paused", held=held, pauses=why, doing=doing, message=message)
        lines.append(line(f"{held} {' '.join(why)} {doing} {message}", *argo_state(row)))
    for analysis, message in product(("", "run 2 of 3"), ("", "its words")):
        row = ArgoRolloutRow(**OF, phase="Progressing", analysis=analysis, message=message)
        lines.append(line(f"{analysis} {message}", *argo_state(row)))
    assert "\n".join(lines) == snapshot


def test_canaries(snapshot: SnapshotAssertion) -> None:
    lines = []
    phases = (
        "",
        "Initializing",
        "Initialized",
        "Waiting",
        "WaitingPromotion",
        "Progressing",
        "Succeeded",
        "Failed",
    )
    for phase, weight, counts, suspended in product(
        phases, (None, 0, 30), ((None, None), (0, 5), (2, 5), (2, None), (2, 0)), (False, True)
    ):
        row = CanaryRow(
            **OF,
            target_kind="Deployment",
            target_name="press",
            phase=phase,
            weight=weight,
            failed=counts[0],
            threshold=counts[1],
            suspended=suspended,
        )
        if counts == (2, 5) or not suspended:
            label = f"{phase or 'none'} {weight} {counts[0]}/{counts[1]}{' suspended' if suspended else ''}"
            lines.append(line(label, *canary_state(row)))
    assert "\n".join(lines) == snapshot


def drivers() -> Store:
    """Canaries and Rollouts that drive workloads, and those that do not."""
    store = f.store_of()
    of_kind: dict[str, Any] = {
        "target_kind": "Deployment",
        "target_name": "press",
        "phase": "Progressing",
        "weight": 20,
    }
    for name, namespace, more in (
        ("elsewhere", "line-3", of_kind),
        ("other", "line-2", of_kind | {"target_name": "weld"}),
        ("of-a-set", "line-2", of_kind | {"target_kind": "DaemonSet"}),
        ("press", "line-2", of_kind),
    ):
        store.apply("Canary", CanaryRow(**OF | {"name": name, "namespace": namespace}, **more))
    for name, namespace, phase, workload in (
        ("elsewhere", "line-3", "Healthy", "deployment mill"),
        ("quiet", "line-2", "", "deployment quiet"),
        ("mill", "line-2", "Paused", "deployment mill"),
        ("own", "line-2", "Healthy", ""),
        ("of-a-set", "line-2", "Healthy", "statefulset db"),
    ):
        row = ArgoRolloutRow(**OF | {"name": name, "namespace": namespace}, phase=phase, workload=workload)
        store.apply("Rollout", row)
    return store


def test_what_drives_a_workload() -> None:
    store = drivers()
    drives = {
        name: driver_of(store, "Deployment", DeploymentRow(**OF | {"name": name}))
        for name in ("press", "weld", "mill", "quiet", "own", "db", "")
    }
    assert drives == {
        "press": "Flagger drives it (canary press: Progressing, 20 %); press-primary serves",
        "weld": "Flagger drives it (canary other: Progressing, 20 %); weld-primary serves",
        "mill": "Argo Rollout mill runs its template (Paused)",
        "quiet": "Argo Rollout quiet runs its template (no phase yet)",
        "own": "",
        "db": "",
        "": "",
    }
    of_sets = [driver_of(store, kind, DeploymentRow(**OF)) for kind in ("DaemonSet", "StatefulSet")]
    assert of_sets == ["Flagger drives it (canary of-a-set: Progressing, 20 %); press-primary serves", ""]


def test_a_driver_that_changes_or_goes_touches_the_workloads_of_its_namespace() -> None:
    store = drivers()
    for kind, name, namespace in (
        ("Deployment", "press", "line-2"),
        ("StatefulSet", "db", "line-2"),
        ("DaemonSet", "agent", "line-2"),
        ("Deployment", "mill", "line-3"),
        ("Deployment", "lone", "line-4"),
    ):
        store.apply(kind, DeploymentRow(**OF | {"name": name, "namespace": namespace}))
    of_line_2 = {
        ("Deployment", "line-2", "press"),
        ("StatefulSet", "line-2", "db"),
        ("DaemonSet", "line-2", "agent"),
    }
    for changed, touched in (
        ({"Canary": {("line-2", "press")}}, of_line_2),
        ({"Rollout": {("line-2", "gone")}}, of_line_2),
        (
            {"Canary": {("line-2", "gone")}, "Rollout": {("line-3", "x")}},
            of_line_2 | {("Deployment", "line-3", "mill")},
        ),
        ({"Pod": {("line-2", "press")}}, set()),
        ({}, set()),
    ):
        found = list(driven(store, ChangeSet(changed=changed)))
        assert (set(found), len(found)) == (touched, len(touched))


def nodes(**more: f.Json) -> Store:
    """Nodes to update: one that is well, one that is full, one that is off, one that restarts."""
    return f.store_of(
        f.node("well"),
        f.node("full", pressures=("DiskPressure",)),
        f.node("full-too", pressures=("DiskPressure", "PIDPressure")),
        f.node("off", ready="Unknown", heartbeat=f.NOW - 301),
        f.node("restarts", ready="Unknown", heartbeat=f.NOW - 300),
        *more.values(),
    )


def test_updates(snapshot: SnapshotAssertion) -> None:
    store, lines = nodes(), []
    running: tuple[tuple[str, ...], ...] = (
        (), ("well",), ("well", "gone"), ("full",), ("full", "full-too"), ("off",), ("restarts",), ("well", "off"),
        ("off", "full"),
    )  # fmt: skip
    failed: tuple[tuple[Failure, ...], ...] = (
        (),
        (Failure("a", "no"),),
        (Failure("a"),),
        (Failure("a", "no"), Failure("b", "off")),
        (Failure("a"), Failure("b", "off")),
    )
    for stage, names in product(Stage, running):
        row = UpdateRow(
            **OF, engine="tuppr", stage=stage, running=names, message="its words", created=f.NOW - 9
        )
        lines.append(line(f"{stage.name} {' '.join(names)}", *update_state(store, row, NOW)))
        of_clusters = replace(row, of="cluster")
        lines.append(line(f"{stage.name} clusters {' '.join(names)}", *update_state(store, of_clusters, NOW)))
    for bad, message, names in product(failed, ("", "its words"), ((), ("full",))):
        row = UpdateRow(**OF, engine="tuppr", stage=Stage.FAILED, failed=bad, message=message, running=names)
        lines.append(line(f"{bad} {message} {names}", *update_state(store, row, NOW)))
    for age in (119, 120, 121):
        row = UpdateRow(**OF, engine="tuppr", created=f.NOW - age)
        lines.append(line(f"not seen for {age}", *update_state(store, row, NOW)))
    for unpulled, stage in product(("", "no such image"), Stage):
        pulls = TalosUpgradeRow(**OF, stage=stage, unpulled=unpulled, created=f.NOW, running=("well",))
        lines.append(line(f"{unpulled} {stage.name}", *update_state(store, pulls, NOW)))
    for total, done, selector in product((None, 9), (None, 2), (None, ())):
        row = UpdateRow(**OF, stage=Stage.WAITING, total=total, done=done, selector=selector)
        lines.append(line(f"{done} of {total} {selector}", *update_state(store, row, NOW)))
    assert "\n".join(lines) == snapshot


def plans() -> dict[str, tuple[PlanRow, list[f.Json]]]:
    """Plans with the nodes that they select."""
    todo, done = [u.host("edge-1"), u.host("edge-2")], [u.host("edge-3", u.NEW, done=u.HASH)]
    off = u.host("edge-4", ready="Unknown", heartbeat=f.NOW - 900)
    also_off = u.host("edge-5", ready="Unknown", heartbeat=f.NOW - 900)
    base = PlanRow(
        **OF | {"namespace": "system-upgrade", "name": "k3s"},
        engine="SUC",
        target=u.TARGET,
        hash=u.HASH,
        stage=Stage.RUNNING,
        selector=(),
        concurrency=1,
        message="its words",
        created=f.NOW - 9,
    )
    full = u.host("edge-6", pressures=("DiskPressure",))
    full_too = u.host("edge-7", pressures=("DiskPressure",))
    disabled = [u.host(f"edge-{at}", done="disabled") for at in range(10, 15)]
    runs_old = [u.host(f"edge-{at}", done=u.HASH) for at in (20, 21)]
    newer = [u.host(f"edge-{at}", "v1.36.0+k3s1") for at in (30, 31)]
    other = u.host("edge-32", "v1.36.0+rke2r1")
    at_4, at_5 = {"running": ("edge-4",)}, {"running": ("edge-4", "edge-5")}
    named: dict[str, tuple[dict[str, Any], list[f.Json]]] = {
        "not valid": ({"selector": None}, todo),
        "not seen": ({"stage": Stage.UNSEEN}, todo),
        "not seen for long": ({"stage": Stage.UNSEEN, "created": f.NOW - 900}, todo),
        "refused": ({"conditions": (Condition("Validated", "False", "PlanIsNotValid"),)}, todo),
        "not resolved": ({"conditions": (Condition("LatestResolved", "True", "Error"),)}, todo),
        "nothing to update": ({}, []),
        "nothing, complete": ({"stage": Stage.COMPLETE}, []),
        "all disabled": ({}, disabled),
        "all disabled, complete": ({"stage": Stage.COMPLETE}, disabled[:1]),
        "runs": ({"running": ("edge-1",)}, [*todo, *done]),
        "runs on two": ({"running": ("edge-1", "edge-2")}, [*todo, *done]),
        "waits": ({"stage": Stage.WAITING}, [*todo, *done]),
        "waits, complete": ({"stage": Stage.COMPLETE}, [*todo[:1], *done]),
        "paused": ({"concurrency": 0}, [*todo, full]),
        "paused, one": ({"concurrency": 0}, todo[:1]),
        "window, no phase": ({"window": "at night"}, todo),
        "window, waiting phase": ({"window": "at night", "phase": "Waiting"}, todo[:1]),
        "window, stage waiting": ({"window": "at night", "phase": "Other", "stage": Stage.WAITING}, todo),
        "window, other phase": ({"window": "at night", "phase": "Other"}, todo),
        "held": (at_4, [*todo, off]),
        "held alone": (at_4, [off]),
        "held, a job": (at_4, [*todo[:1], off, u.job("edge-4")]),
        "held, one of two places": (at_4 | {"concurrency": 2}, [*todo[:1], off]),
        "held twice": (at_5 | {"concurrency": 2}, [*todo[:1], off, also_off]),
        "failed": ({"running": ("edge-1",)}, [*todo, u.job("edge-1", u.LATE)]),
        "failed on two": ({}, [*todo, u.job("edge-1", u.LATE), u.job("edge-2", u.LATE)]),
        "newer": ({}, newer[:1]),
        "newer, two": ({}, [*newer, other]),
        "newer, of a channel": ({"target": "stable"}, newer),
        "another version": ({}, [*done, *runs_old]),
        "another version, one": ({}, runs_old[:1]),
        "complete": ({}, done),
        "complete but skipped": ({}, [*done, *disabled]),
        "full": ({}, [full]),
        "full, two": ({}, [full, full_too]),
        "full, but done": ({}, [*done, u.host("edge-8", u.NEW, done=u.HASH, pressures=("DiskPressure",))]),
    }
    return {label: (replace(base, **more), beside) for label, (more, beside) in named.items()}


def test_plans(snapshot: SnapshotAssertion) -> None:
    lines = []
    for label, (row, beside) in plans().items():
        store = f.store_of(*beside)
        lines.append(line(label, *plan_state(store, row, NOW)))
        for fact in plan_facts(store, row, NOW):
            lines.append(f"  {'!' if fact.bad else ' '} {fact.label}: {fact.text}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (0, "edge-1; its Job fails in 10m"),
        (599, "edge-1; its Job fails in 1s"),
        (600, "edge-1; the deadline of its Job has passed"),
        (601, "edge-1; the deadline of its Job has passed"),
    ],
)
def test_how_long_the_job_of_a_plan_has(age: int, words: str) -> None:
    objects = [
        u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",)),
        u.host("edge-1"),
        u.job("edge-1", started=NOW - age),
    ]
    store = f.store_of(*objects)
    (row,) = store.rows("Plan")
    assert isinstance(row, PlanRow)
    assert [fact.text for fact in plan_facts(store, row, NOW) if fact.label == "updating"] == [words]


def test_versions_of_nodes(snapshot: SnapshotAssertion) -> None:
    lines = []
    base = NodeRow(**OF | {"namespace": "", "name": "edge-1"}, ready="True")
    versions = ("v1.36.1", "v1.35.1", "v1.34.1", "v1.33.1", "v1.32.1", "v1.31.1", "v2.35.0", "", "odd")
    for server, version in product(("v1.35.2", ""), versions):
        store = f.store_of()
        store.set_version(server)
        lines.append(
            line(
                f"{version or 'none'} of {server or 'none'}",
                *node_state(store, replace(base, version=version)),
            )
        )
    store = f.store_of()
    store.set_version("v1.35.2")
    for version, pressures, cordoned, ready in product(
        ("v1.35.1", "v1.32.1", "v1.31.1", ""),
        ((), ("DiskPressure",), ("PIDPressure",)),
        (False, True),
        ("True", "False"),
    ):
        row = replace(base, version=version, pressures=pressures, cordoned=cordoned, ready=ready)
        label = f"{version or 'none'} {' '.join(pressures)}{' cordoned' if cordoned else ''} {ready}"
        lines.append(line(label, *node_state(store, row)))
    assert "\n".join(lines) == snapshot


def test_nodes_that_a_plan_left_cordoned(snapshot: SnapshotAssertion) -> None:
    cordoning: dict[str, Any] = {"cordon": True}
    leaves_it: dict[str, Any] = {"cordon": False}
    lines = []
    cases: dict[str, list[f.Json]] = {
        "no plan": [u.host("edge-1", cordoned=True)],
        "failed": [
            u.host("edge-1", cordoned=True),
            u.plan("k3s", *u.whole(*u.SYNC), **cordoning),
            u.job("edge-1", u.LATE),
        ],
        "failed without a cordon": [
            u.host("edge-1", cordoned=True),
            u.plan("k3s", *u.whole(*u.SYNC), **leaves_it),
            u.job("edge-1", u.LATE),
        ],
        "runs": [
            u.host("edge-1", cordoned=True),
            u.plan("k3s", *u.whole(*u.SYNC), applying=("edge-1",), **cordoning),
        ],
        "gone": [u.host("edge-1", cordoned=True, done=u.HASH)],
        "another is gone": [
            u.host("edge-1", cordoned=True, done=u.HASH, plan="old"),
            u.plan("k3s", *u.whole(*u.SYNC), **cordoning),
        ],
        "not cordoned": [u.host("edge-1", done=u.HASH)],
    }
    for label, objects in cases.items():
        store = f.store_of(*objects)
        store.set_version("v1.33.4")
        row = store.get("Node", "", "edge-1")
        assert isinstance(row, NodeRow)
        lines.append(line(label, *node_state(store, row)))
    assert "\n".join(lines) == snapshot
