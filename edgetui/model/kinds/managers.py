"""Tools that apply an object from elsewhere, told by the marks that they leave in its metadata.

Flux: labels of its kustomize-controller and helm-controller. Argo CD: the annotation tracking-id, which counts only on
the very object that it names (it is copied to others), or its own label. Wrangler's objectset: Fleet and the AddOns of
K3s and RKE2. Helm: the annotations that `helm install` takes ownership with.
"""

from __future__ import annotations

from collections.abc import Callable

from edgetui.model.kinds.wire import MARKS, Manager
from edgetui.model.text import clean

KUSTOMIZATION = "Flux Kustomization"
HELM_RELEASE = "Flux HelmRelease"
APPLICATION = "Argo CD Application"
FLEET = "Fleet bundle"
ADDON = "K3s AddOn"
HELM = "Helm release"

RECONCILE, SSA = MARKS["flux_reconcile"], MARKS["flux_ssa"]
TRACKING = MARKS["argocd_tracking"]
OBJECT_SET, SET_OWNER = MARKS["fleet_id"], MARKS["fleet_owner"]
SET_NAMESPACE, SET_KIND = MARKS["fleet_namespace"], MARKS["fleet_gvk"]
RELEASE, RELEASE_NAMESPACE = MARKS["helm_release"], MARKS["helm_namespace"]

_MOST = 120
_LEFT = frozenset({"ignore", "ifnotpresent"})

Get = Callable[[str], str | None]


def managers(label: Get, note: Get, name: str, controlled: bool) -> tuple[Manager, ...]:
    """Who applies the object of this name, by its labels and annotations.

    A `controlled` object has a controller, which copies labels of its template to what it makes.
    """
    found = (*_argo(label, note, name), *_flux(label, note), *_object_set(label, note))
    return found or _helm(label, note, controlled)


def _argo(label: Get, note: Get, name: str) -> tuple[Manager, ...]:
    """The tracking id is "APPLICATION:GROUP/KIND:NAMESPACE/NAME", its application "NAMESPACE_NAME" outside Argo's own
    namespace (argo-cd util/argo/resource_tracking.go).
    """
    tracked, _, about = (note(TRACKING) or "").partition(":")
    if tracked and about.rpartition("/")[2] in ("", name):
        namespace, _, app = tracked.rpartition("_")
        return (Manager(APPLICATION, clean(app, _MOST), clean(namespace, _MOST)),)
    labelled = label("argocd.argoproj.io/instance")
    return (Manager(APPLICATION, clean(labelled, _MOST)),) if labelled else ()


def _flux(label: Get, note: Get) -> tuple[Manager, ...]:
    found = []
    leaves = (note(RECONCILE) or "").lower() == "disabled" or (note(SSA) or "").lower() in _LEFT
    for tool, part in ((KUSTOMIZATION, "kustomize"), (HELM_RELEASE, "helm")):
        if name := label(f"{part}.toolkit.fluxcd.io/name"):
            namespace = clean(label(f"{part}.toolkit.fluxcd.io/namespace"), _MOST)
            found.append(Manager(tool, clean(name, _MOST), namespace, leaves and tool == KUSTOMIZATION))
    return tuple(found)


def _object_set(label: Get, note: Get) -> tuple[Manager, ...]:
    name = note(SET_OWNER) or note(OBJECT_SET)
    if not name and not label("objectset.rio.cattle.io/hash"):
        return ()
    gvk = note(SET_KIND) or ""
    if gvk.startswith("k3s.cattle.io/") and "Addon" in gvk:
        return (Manager(ADDON, clean(name or "?", _MOST), clean(note(SET_NAMESPACE), _MOST)),)
    if gvk and "fleet" not in gvk:
        return ()  # another controller's own objects, which its owner reference names
    return (Manager(FLEET, clean(name or "?", _MOST)),)


def _helm(label: Get, note: Get, controlled: bool) -> tuple[Manager, ...]:
    """Only where nothing else drives it: Flux and Fleet install with Helm as well."""
    if release := note(RELEASE):
        return (Manager(HELM, clean(release, _MOST), clean(note(RELEASE_NAMESPACE), _MOST)),)
    told = label("app.kubernetes.io/managed-by") == "Helm" and not controlled
    return (Manager(HELM, "(not named)"),) if told else ()
