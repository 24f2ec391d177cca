"""The parts of API objects that several kinds share, as they arrive.

Every field may be missing or null: Go writes both. Unknown fields are skipped by the decoder without being
built.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from edgetui.model.labels import Labels, read, share
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
    """`metadata`, without annotations: each kind names the ones it reads. `labels` are read by `model.labels`."""

    name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    generation: int | None = None
    labels: msgspec.Raw = msgspec.Raw()
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


class WorkloadMeta(Meta):
    """`metadata` of a Deployment, StatefulSet, DaemonSet or ReplicaSet."""

    annotations: WorkloadAnnotations | None = None


def shared(text: str | None) -> str:
    """The one copy of a string that many rows repeat."""
    return share(text) if text else ""


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


def labelled(meta: Meta | None) -> dict[str, Any]:
    """The same with the labels, for kinds that a pane shows."""
    return identity(meta) | {"labels": share(read(meta.labels).text) if meta else ""}


def from_data(obj: Any, wire: type[msgspec.Struct]) -> Any:
    """A wire struct of plain JSON data. Raises msgspec.ValidationError for a field of the wrong type."""
    meta = obj.get("metadata") if isinstance(obj, Mapping) else None
    if not isinstance(meta, Mapping) or "labels" not in meta:
        return msgspec.convert(obj, wire)
    rest = {key: value for key, value in meta.items() if key != "labels"}
    made: Any = msgspec.convert({**obj, "metadata": rest}, wire)
    with suppress(OverflowError, TypeError, UnicodeEncodeError):  # no label has such a value
        made.metadata.labels = msgspec.Raw(msgspec.json.encode(meta["labels"]))
    return made


def tolerant(obj: Any, wire: type[msgspec.Struct]) -> Any:
    """The same without the fields that have a wrong type. Raises msgspec.ValidationError for what is no object."""
    try:
        return from_data(obj, wire)
    except msgspec.ValidationError:
        from edgetui.model.kinds.fitting import fit  # seldom needed

        return from_data(fit(obj, wire), wire)


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


def replicas(spec: Mapping[str, Any]) -> int:
    """The desired replicas of a workload's spec: 1 where the field is absent or null, as for kubectl."""
    desired = spec.get("replicas")
    return 1 if desired is None else int(desired)


def managers(meta: WorkloadMeta | None) -> tuple[str, ...]:
    """Who else writes this object and may undo what a person does to it, in words: "Argo CD (plant)"."""
    labels = read(meta.labels) if meta else Labels()
    notes = (meta.annotations if meta else None) or WorkloadAnnotations()
    found: list[str] = []
    argo = labels.get("argocd.argoproj.io/instance")
    if notes.argocd_tracking or argo:
        app = argo or (notes.argocd_tracking or "").partition(":")[0]
        found.append(f"Argo CD ({clean(app, 60)})")
    if flux := labels.get("kustomize.toolkit.fluxcd.io/name") or labels.get("helm.toolkit.fluxcd.io/name"):
        found.append(f"Flux ({clean(flux, 60)})")
    if notes.fleet_owner or labels.get("objectset.rio.cattle.io/hash"):
        addon = "k3s.cattle.io" in (notes.fleet_gvk or "")
        found.append(f"{'K3s AddOn' if addon else 'Fleet'} ({clean(notes.fleet_owner or '?', 60)})")
    if not found and (notes.helm_release or labels.get("app.kubernetes.io/managed-by") == "Helm"):
        found.append(f"Helm ({clean(notes.helm_release or '?', 60)})")
    return tuple(found)
