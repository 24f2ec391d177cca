"""The parts of API objects that several kinds share, as they arrive.

Every field may be missing or null: Go writes both. Unknown fields are skipped by the decoder without being
built.
"""

from __future__ import annotations

import sys
from typing import Any

import msgspec

from edgetui.model.text import clean, squeeze, unix

MAX_CONDITION = 300


class Wire(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """Base of all wire structs: camelCase names, nothing required."""


class OwnerReference(Wire):
    """`metadata.ownerReferences[]`."""

    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None


class Meta(Wire):
    """`metadata`, without labels and annotations: each kind names the ones it reads."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    generation: int | None = None
    owner_references: list[OwnerReference] | None = None


class WireCondition(Wire):
    """`status.conditions[]` of any kind."""

    type: str | None = None
    status: str | None = None
    reason: str | None = None
    message: str | None = None
    last_transition_time: str | None = None
    last_update_time: str | None = None
    last_heartbeat_time: str | None = None


class Condition(msgspec.Struct, gc=False, frozen=True):
    """A condition as a row keeps it; `since` is its last transition, `updated` its last update (Unix s)."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: int = 0
    updated: int = 0


class ImageContainer(Wire):
    """A container of a pod template, as far as its image."""

    name: str | None = None
    image: str | None = None


class ImagePodSpec(Wire):
    """The spec of a pod template, as far as its images."""

    containers: list[ImageContainer] | None = None


class ImageTemplate(Wire):
    """A pod template, as far as its images."""

    spec: ImagePodSpec | None = None


class WorkloadAnnotations(Wire):
    """The annotations that say which revision this is, why, and who else writes the object."""

    revision: str | None = msgspec.field(name="deployment.kubernetes.io/revision", default=None)
    change_cause: str | None = msgspec.field(name="kubernetes.io/change-cause", default=None)
    template_generation: str | None = msgspec.field(
        name="deprecated.daemonset.template.generation", default=None
    )
    argocd_tracking: str | None = msgspec.field(name="argocd.argoproj.io/tracking-id", default=None)
    fleet_owner: str | None = msgspec.field(name="objectset.rio.cattle.io/owner-name", default=None)
    fleet_gvk: str | None = msgspec.field(name="objectset.rio.cattle.io/owner-gvk", default=None)
    helm_release: str | None = msgspec.field(name="meta.helm.sh/release-name", default=None)


class WorkloadLabels(Wire):
    """The labels that tie pods to revisions and objects to the tool that owns them."""

    template_hash: str | None = msgspec.field(name="pod-template-hash", default=None)
    argocd_instance: str | None = msgspec.field(name="argocd.argoproj.io/instance", default=None)
    flux_kustomization: str | None = msgspec.field(name="kustomize.toolkit.fluxcd.io/name", default=None)
    flux_helm: str | None = msgspec.field(name="helm.toolkit.fluxcd.io/name", default=None)
    fleet_hash: str | None = msgspec.field(name="objectset.rio.cattle.io/hash", default=None)
    managed_by: str | None = msgspec.field(name="app.kubernetes.io/managed-by", default=None)


class WorkloadMeta(Meta):
    """`metadata` of a Deployment, StatefulSet, DaemonSet or ReplicaSet."""

    labels: WorkloadLabels | None = None
    annotations: WorkloadAnnotations | None = None


def shared(text: str | None) -> str:
    """The one copy of a string that many rows repeat."""
    return sys.intern(text) if text else ""


def controller(meta: Meta) -> OwnerReference | None:
    """The owner reference that manages the object, if any."""
    for owner in meta.owner_references or ():
        if owner.controller:
            return owner
    return None


def identity(meta: Meta | None) -> dict[str, Any]:
    """What every row takes from `metadata`; names are shared because pods repeat those of their owners."""
    meta = meta or Meta()
    owner = controller(meta) if meta.owner_references else None
    return {
        "namespace": shared(meta.namespace),
        "name": shared(meta.name),
        "uid": shared(meta.uid),
        "resource_version": meta.resource_version or "",
        "created": unix(meta.creation_timestamp),
        "deleting": unix(meta.deletion_timestamp),
        "owner_uid": shared(owner.uid) if owner else "",
    }


def conditions(wire: list[WireCondition] | None) -> tuple[Condition, ...]:
    """All conditions of an object, with bounded messages."""
    return tuple(
        Condition(
            type=shared(one.type),
            status=shared(one.status),
            reason=shared(one.reason),
            message=squeeze(one.message, MAX_CONDITION),
            since=unix(one.last_transition_time),
            updated=unix(one.last_update_time),
        )
        for one in wire or ()
    )


def condition(among: tuple[Condition, ...], type_: str) -> Condition | None:
    """The condition of one type, if the object has it."""
    for one in among:
        if one.type == type_:
            return one
    return None


def images(template: ImageTemplate | None) -> tuple[str, ...]:
    """The images of a pod template, in the order of its containers."""
    spec = template.spec if template else None
    return tuple(shared(clean(one.image)) for one in (spec.containers if spec else None) or ())


def number(text: str | None) -> int:
    """A whole number kept in an annotation; 0 when there is none."""
    return int(text) if text and len(text) < 20 and text.isascii() and text.isdigit() else 0


def managers(meta: WorkloadMeta | None) -> tuple[str, ...]:
    """Who else writes this object and may undo what a person does to it, in words: "Argo CD (plant)"."""
    labels = (meta.labels if meta else None) or WorkloadLabels()
    notes = (meta.annotations if meta else None) or WorkloadAnnotations()
    found: list[str] = []
    if notes.argocd_tracking or labels.argocd_instance:
        app = labels.argocd_instance or (notes.argocd_tracking or "").partition(":")[0]
        found.append(f"Argo CD ({clean(app, 60)})")
    if labels.flux_kustomization or labels.flux_helm:
        found.append(f"Flux ({clean(labels.flux_kustomization or labels.flux_helm, 60)})")
    if notes.fleet_owner or labels.fleet_hash:
        addon = "k3s.cattle.io" in (notes.fleet_gvk or "")
        found.append(f"{'K3s AddOn' if addon else 'Fleet'} ({clean(notes.fleet_owner or '?', 60)})")
    if not found and (notes.helm_release or labels.managed_by == "Helm"):
        found.append(f"Helm ({clean(notes.helm_release or '?', 60)})")
    return tuple(found)
