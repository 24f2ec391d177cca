"""Who applies an object by every combination of its marks, and what each tool is said to do about a change.

`pytest tests/unit/model/test_every_owner_line.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, product
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.canary import CanaryRow
from edgetui.model.kinds.managers import ADDON, APPLICATION, FLEET, HELM, HELM_RELEASE, KUSTOMIZATION
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.wire import Manager
from edgetui.model.owner import OwnerLine, applied_by, driver_line, owner_line, perhaps_tracked, tracks

Json = dict[str, Any]
SET = "objectset.rio.cattle.io"
MARKS: dict[str, tuple[Json, Json]] = {
    "tracked": ({}, {"argocd.argoproj.io/tracking-id": "team_plant:apps/Deployment:d/press"}),
    "tracked elsewhere": ({}, {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:d/other"}),
    "instance": ({"argocd.argoproj.io/instance": "plant"}, {}),
    "kustomized": (
        {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux"},
        {},
    ),
    "released": ({"helm.toolkit.fluxcd.io/name": "press", "helm.toolkit.fluxcd.io/namespace": "d"}, {}),
    "left alone": ({}, {"kustomize.toolkit.fluxcd.io/reconcile": "Disabled"}),
    "of an add-on": (
        {},
        {
            f"{SET}/owner-gvk": "k3s.cattle.io/v1, Kind=Addon", f"{SET}/owner-name": "dns",
            f"{SET}/owner-namespace": "kube-system",
        },
    ),
    "of a set": ({f"{SET}/hash": "1"}, {}),
    "of a bundle": ({}, {f"{SET}/id": "default-press"}),
    "of a chart": ({}, {"meta.helm.sh/release-name": "press", "meta.helm.sh/release-namespace": "d"}),
    "managed": ({"app.kubernetes.io/managed-by": "Helm"}, {}),
}  # fmt: skip


def metadata(*marks: str, controlled: bool = False) -> Json:
    labels: Json = {}
    notes: Json = {}
    for mark in marks:
        labels |= MARKS[mark][0]
        notes |= MARKS[mark][1]
    owner = [{"kind": "ReplicaSet", "name": "x", "controller": controlled}]
    return {"name": "press", "labels": labels, "annotations": notes, "ownerReferences": owner}


def test_who_applies_an_object(snapshot: SnapshotAssertion) -> None:
    lines = []
    for count in (1, 2):
        for marks in combinations(MARKS, count):
            for controlled in (False, True):
                found = applied_by(metadata(*marks, controlled=controlled))
                told = ", ".join(f"{one.words}{' leaves it' if one.leaves else ''}" for one in found)
                lines.append(f"{' + '.join(marks)}{' of another' if controlled else ''}: {told or 'nobody'}")
    assert "\n".join(lines) == snapshot


@pytest.mark.parametrize(
    ("notes", "labels", "managers"),
    [
        ({"argocd.argoproj.io/tracking-id": "plant"}, {}, [Manager(APPLICATION, "plant")]),
        ({"argocd.argoproj.io/tracking-id": "a_b_c:x"}, {}, []),
        ({"argocd.argoproj.io/tracking-id": "a_b_c:g/k:d/press"}, {}, [Manager(APPLICATION, "c", "a_b")]),
        ({"argocd.argoproj.io/tracking-id": ":g/k:d/press"}, {}, []),
        ({f"{SET}/owner-gvk": "k3s.cattle.io/v1, Kind=Addon"}, {}, []),
        ({f"{SET}/owner-gvk": "k3s.cattle.io/v1, Kind=Addon"}, {f"{SET}/hash": "1"}, [Manager(ADDON, "?")]),
        ({f"{SET}/owner-gvk": "k3s.cattle.io/v1, Kind=Other", f"{SET}/id": "a"}, {}, []),
        ({f"{SET}/owner-gvk": "other/v1, Kind=Addon", f"{SET}/id": "a"}, {}, []),
        ({f"{SET}/owner-gvk": "fleet.cattle.io/v1", f"{SET}/id": "a"}, {}, [Manager(FLEET, "a")]),
        ({f"{SET}/owner-name": "n", f"{SET}/id": "a"}, {}, [Manager(FLEET, "n")]),
        ({}, {f"{SET}/hash": "1"}, [Manager(FLEET, "?")]),
        ({"meta.helm.sh/release-name": "a"}, {}, [Manager(HELM, "a")]),
        ({"meta.helm.sh/release-namespace": "a"}, {}, []),
        ({}, {"app.kubernetes.io/managed-by": "helm"}, []),
        ({}, {"kustomize.toolkit.fluxcd.io/name": "apps"}, [Manager(KUSTOMIZATION, "apps")]),
        ({}, {"kustomize.toolkit.fluxcd.io/namespace": "flux"}, []),
    ],
)
def test_odd_marks(notes: Json, labels: Json, managers: list[Manager]) -> None:
    assert list(applied_by({"name": "press", "labels": labels, "annotations": notes})) == managers


@pytest.mark.parametrize("note", ["ignore", "Ignore", "IfNotPresent", "merge", "override", ""])
def test_what_is_left_alone_by_one_annotation_of_flux(note: str) -> None:
    both = {"kustomize.toolkit.fluxcd.io/name": "a", "helm.toolkit.fluxcd.io/name": "b"}
    found = applied_by({"labels": both, "annotations": {"kustomize.toolkit.fluxcd.io/ssa": note}})
    leaves = note.lower() in ("ignore", "ifnotpresent")
    assert list(found) == [Manager(KUSTOMIZATION, "a", "", leaves), Manager(HELM_RELEASE, "b")]


READY = {"type": "Ready", "status": "True", "reason": "Fine"}
FAILS = {"type": "Ready", "status": "False", "reason": "BuildFailed"}
UNNAMED, OTHER = {"type": "Ready", "status": "False"}, {"type": "Healthy", "status": "False", "reason": "No"}


def objects() -> Iterator[tuple[str, Json | None]]:
    """The tools' own objects, as far as they are read."""
    yield "not read", None
    yield "empty", {}
    for suspend, drift in product((True, False, None), ("enabled", "warn", None)):
        spec = {"interval": "10m", "suspend": suspend, "driftDetection": {"mode": drift} if drift else None}
        yield f"suspend {suspend}, drift {drift}", {"spec": spec}
    for interval in ("", "0s", "90", "soon", 7, None):
        yield (
            f"interval {interval!r}",
            {"spec": {"interval": interval, "driftDetection": {"mode": "enabled"}}},
        )
    for label, conditions in (
        ("ready", [READY]),
        ("fails", [OTHER, FAILS]),
        ("unnamed", [UNNAMED]),
        ("odd", "x"),
    ):
        status = {"conditions": conditions}
        yield (
            f"{label}",
            {"spec": {"interval": "10m", "driftDetection": {"mode": "enabled"}}, "status": status},
        )
    for enabled, heal in product((True, False, None), (True, False, None)):
        automated = {"enabled": enabled, "selfHeal": heal}
        yield f"automated {enabled}, heals {heal}", {"spec": {"syncPolicy": {"automated": automated}}}
    yield "not automated", {"spec": {"syncPolicy": {"automated": None}}}
    yield "of a file", {"spec": {"source": "/manifests/dns.yaml"}}


def words(line: OwnerLine) -> str:
    return f"{line.text} [reverts {line.reverts}, paused {line.paused}]"


@pytest.mark.parametrize("tool", [KUSTOMIZATION, HELM_RELEASE, APPLICATION, FLEET, ADDON, HELM])
def test_what_a_tool_does_about_a_change(tool: str, snapshot: SnapshotAssertion) -> None:
    found: dict[str, list[str]] = {}
    for (label, there), leaves, why in product(objects(), (False, True), ("", "you may not read it.")):
        manager = Manager(tool, "press", "d", leaves)
        line = owner_line(manager, there, why)
        assert line.manager is manager
        case = f"{label}{', left alone' if leaves else ''}{', with a reason' if why else ''}"
        found.setdefault(words(line), []).append(case)
    assert (
        "\n\n".join("\n".join([line, *(f"  {one}" for one in by)]) for line, by in found.items()) == snapshot
    )


OF: dict[str, Any] = {"namespace": "d", "name": "press", "uid": "u", "resource_version": "1"}
TARGET: dict[str, Any] = {
    "target_kind": "Deployment",
    "target_name": "press",
    "phase": "Progressing",
    "weight": 20,
}
DRIVERS: list[tuple[Row, str]] = [
    (
        CanaryRow(**OF, **TARGET),
        "Flagger Canary press drives it (Progressing, 20 %): it analyses a new template first, "
        "press-primary serves meanwhile.",
    ),
    (
        CanaryRow(**OF, **TARGET, skips=True),
        "Flagger Canary press drives it (Progressing, 20 %): it promotes a new template without an analysis, "
        "press-primary serves meanwhile.",
    ),
    (
        CanaryRow(**OF, **TARGET, suspended=True, skips=True),
        "Flagger Canary press drives it and is suspended: a new template goes nowhere until it is resumed.",
    ),
    (CanaryRow(**OF, **TARGET | {"target_kind": "DaemonSet"}), ""),
    (CanaryRow(**OF, **TARGET | {"target_name": "weld"}), ""),
    (
        ArgoRolloutRow(**OF, workload="deployment press", phase="Paused", message="CanaryPauseStep"),
        "Argo Rollout press runs its template (Paused - CanaryPauseStep): it rolls a new one out in its own steps.",
    ),
    (
        ArgoRolloutRow(**OF, workload="deployment press"),
        "Argo Rollout press runs its template (no phase yet): it rolls a new one out in its own steps.",
    ),
    (ArgoRolloutRow(**OF, workload="deployment weld"), ""),
    (ArgoRolloutRow(**OF, workload="statefulset press"), ""),
    (ArgoRolloutRow(**OF), ""),
    (Row(**OF), ""),
]


@pytest.mark.parametrize(("row", "line"), DRIVERS)
def test_what_a_driver_makes_of_a_change(row: Row, line: str) -> None:
    assert driver_line(row, "Deployment", "press") == line


@pytest.mark.parametrize(
    ("metadata", "manager"),
    [
        ({"labels": {"app.kubernetes.io/instance": "plant"}}, Manager(APPLICATION, "plant")),
        ({"labels": {"app.kubernetes.io/instance": "p" * 130}}, Manager(APPLICATION, "p" * 119 + "…")),
        ({"labels": {"app.kubernetes.io/instance": ""}}, None),
        ({"labels": {"app": "plant"}}, None),
        ({"labels": None}, None),
        ({}, None),
    ],
)
def test_what_may_track_an_object(metadata: Json, manager: Manager | None) -> None:
    assert perhaps_tracked(metadata) == manager


LISTED = {"group": "apps", "kind": "Deployment", "namespace": "d", "name": "press"}


@pytest.mark.parametrize(
    ("resources", "is_listed"),
    [
        ([LISTED], True),
        ([None, "x", LISTED | {"name": "weld"}, LISTED], True),
        *(([LISTED | {field: "other"}], False) for field in LISTED),
        *(([{key: one for key, one in LISTED.items() if key != field}], False) for field in LISTED),
        ([], False),
        (None, False),
        ({"a": LISTED}, False),
    ],
)
def test_whether_an_application_lists_an_object(resources: Any, is_listed: bool) -> None:
    assert tracks({"status": {"resources": resources}}, "apps", "Deployment", "d", "press") is is_listed


def test_an_object_of_the_core_group_is_listed_without_a_group() -> None:
    application = {"status": {"resources": [{"kind": "Node", "name": "edge-1"}]}}
    assert tracks(application, "", "Node", "", "edge-1")
