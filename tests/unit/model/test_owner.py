"""The owner line: the marks of every tool, and what the tool's own object says of when it reverts."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.kinds.managers import APPLICATION, HELM_RELEASE, KUSTOMIZATION
from edgetui.model.kinds.wire import Manager
from edgetui.model.owner import applied_by, owner_line, perhaps_tracked, tracks

Json = dict[str, Any]
FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
ADDON = {
    "objectset.rio.cattle.io/owner-gvk": "k3s.cattle.io/v1, Kind=Addon",
    "objectset.rio.cattle.io/owner-name": "coredns",
    "objectset.rio.cattle.io/owner-namespace": "kube-system",
    "objectset.rio.cattle.io/id": "",
}


def _meta(labels: Json | None = None, notes: Json | None = None, **more: Any) -> Json:
    return {"name": "press", "labels": labels, "annotations": notes, **more}


@pytest.mark.parametrize(
    ("labels", "notes", "words"),
    [
        ({}, {}, []),
        (FLUX, {}, ["Flux Kustomization flux-system/apps"]),
        (
            {"helm.toolkit.fluxcd.io/name": "press", "helm.toolkit.fluxcd.io/namespace": "line-2"},
            {"meta.helm.sh/release-name": "press"},
            ["Flux HelmRelease line-2/press"],
        ),
        (
            {},
            {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:d/press"},
            ["Argo CD Application plant"],
        ),
        (
            {},
            {"argocd.argoproj.io/tracking-id": "team-a_plant:apps/Deployment:d/press"},
            ["Argo CD Application team-a/plant"],
        ),
        (
            {},
            {"argocd.argoproj.io/tracking-id": "plant:apps/Deployment:d/other"},
            [],
        ),  # copied from elsewhere
        ({"argocd.argoproj.io/instance": "plant"}, {}, ["Argo CD Application plant"]),
        ({"app.kubernetes.io/instance": "plant"}, {}, []),  # a weak sign says nothing by itself
        ({"objectset.rio.cattle.io/hash": "1"}, ADDON, ["K3s AddOn kube-system/coredns"]),
        (
            {"objectset.rio.cattle.io/hash": "1"},
            {"objectset.rio.cattle.io/id": "default-press"},
            ["Fleet bundle default-press"],
        ),
        (
            {"objectset.rio.cattle.io/hash": "1"},
            {"objectset.rio.cattle.io/owner-gvk": "helm.cattle.io/v1, Kind=HelmChart"},
            [],
        ),
        (
            {"app.kubernetes.io/managed-by": "Helm"},
            {"meta.helm.sh/release-name": "press", "meta.helm.sh/release-namespace": "line-2"},
            ["Helm release line-2/press"],
        ),
        ({"app.kubernetes.io/managed-by": "Helm"}, {}, ["Helm release (not named)"]),
    ],
)
def test_marks(labels: Json, notes: Json, words: list[str]) -> None:
    assert [one.words for one in applied_by(_meta(labels, notes))] == words


def test_a_label_copied_from_a_template_is_no_mark() -> None:
    owner = [{"kind": "ReplicaSet", "name": "press-1", "controller": True}]
    assert applied_by(_meta({"app.kubernetes.io/managed-by": "Helm"}, ownerReferences=owner)) == ()


@pytest.mark.parametrize("metadata", [{}, {"labels": 3, "annotations": []}, {"ownerReferences": [None]}])
def test_odd_metadata_has_no_owner(metadata: Json) -> None:
    assert applied_by(metadata) == ()


_APPS = Manager(KUSTOMIZATION, "apps", "flux-system")
_PRESS = Manager(HELM_RELEASE, "press", "line-2")
_PLANT = Manager(APPLICATION, "plant")


@pytest.mark.parametrize(
    ("manager", "spec", "says", "reverts", "paused"),
    [
        (_APPS, {"interval": "10m0s"}, "will bring its own version back within 10m.", True, False),
        (_APPS, {"interval": "1h30m"}, "within 1h30m.", True, False),
        (_APPS, {"interval": "soon"}, "at its next interval.", True, False),
        (_APPS, {"interval": "10m", "suspend": True}, "is suspended: it reverts nothing", False, True),
        (_APPS, None, "is not known (you may not read it).", None, None),
        (_PRESS, {"interval": "5m"}, "with its next upgrade; it does not correct drift.", False, False),
        (
            _PRESS,
            {"interval": "5m", "driftDetection": {"mode": "warn"}},
            "does not correct drift",
            False,
            False,
        ),
        (
            _PRESS,
            {"interval": "5m", "driftDetection": {"mode": "enabled"}},
            "corrects drift: it will bring its own values back within 5m.",
            True,
            False,
        ),
        (_PRESS, {"suspend": True, "driftDetection": {"mode": "enabled"}}, "is suspended", False, True),
        (_PRESS, None, "with its next upgrade at the latest (you may not read it).", None, None),
        (
            _PLANT,
            {"syncPolicy": {"automated": {"selfHeal": True}}},
            "in seconds: it self-heals.",
            True,
            False,
        ),
        (_PLANT, {"syncPolicy": {"automated": {"prune": True}}}, "when its source changes", False, False),
        (_PLANT, {"syncPolicy": {"automated": {}}}, "when its source changes", False, False),
        (
            _PLANT,
            {"syncPolicy": {"automated": {"selfHeal": True, "enabled": False}}},
            "when somebody syncs it: automated sync is off.",
            False,
            True,
        ),
        (_PLANT, {}, "when somebody syncs it", False, True),
        (_PLANT, None, "whether by itself (self-heal) is not known (you may not read it).", None, None),
    ],
)
def test_when_it_reverts(
    manager: Manager, spec: Json | None, says: str, reverts: bool | None, paused: bool | None
) -> None:
    there = None if spec is None else {"spec": spec}
    line = owner_line(manager, there, "" if there else "you may not read it")
    assert says in line.text
    assert line.text.startswith(manager.words)
    assert (line.reverts, line.paused) == (reverts, paused)


def test_one_that_fails_reverts_nothing_before_it_is_mended() -> None:
    ready = {"type": "Ready", "status": "False", "reason": "BuildFailed"}
    there = {"spec": {"interval": "10m"}, "status": {"conditions": [None, ready]}}
    assert owner_line(_APPS, there).text == (
        "Flux Kustomization flux-system/apps will bring its own version back within 10m, "
        "once it no longer fails (BuildFailed)."
    )


@pytest.mark.parametrize(
    "note",
    [{"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}, {"kustomize.toolkit.fluxcd.io/ssa": "Ignore"}],
)
def test_flux_told_to_leave_it_alone(note: Json) -> None:
    (manager,) = applied_by(_meta(FLUX, note))
    line = owner_line(manager, {"spec": {"interval": "10m"}})
    assert (line.reverts, line.paused) == (False, None)
    assert "leaves it alone" in line.text


def test_an_addon_names_its_file() -> None:
    (manager,) = applied_by(_meta({}, ADDON))
    file = "/var/lib/rancher/k3s/server/manifests/coredns.yaml"
    assert (
        f"applies its file {file} again when K3s restarts"
        in owner_line(manager, {"spec": {"source": file}}).text
    )
    assert "applies its file on the server again" in owner_line(manager).text


def test_a_label_is_held_against_what_the_application_lists() -> None:
    guess = perhaps_tracked(_meta({"app.kubernetes.io/instance": "plant"}))
    assert guess == _PLANT
    listed = {"group": "apps", "kind": "Deployment", "namespace": "d", "name": "press"}
    application = {"status": {"resources": [None, listed]}}
    assert tracks(application, "apps", "Deployment", "d", "press")
    assert not tracks(application, "apps", "Deployment", "d", "other")
    assert not tracks({}, "apps", "Deployment", "d", "press")
