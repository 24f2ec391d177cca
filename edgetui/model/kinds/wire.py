"""The parts of API objects that several kinds share, as they arrive.

Every field may be missing or null: Go writes both. Unknown fields are skipped by the decoder without being
built.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from edgetui.model.labels import read, share
from edgetui.model.text import clean, elide_middle, unix

MAX_CONDITION = 300


class Wire(msgspec.Struct, rename="camel", gc=False, kw_only=True):
    """Base of all wire structs: camelCase names, nothing required."""


class OwnerReference(Wire):
    """`metadata.ownerReferences[]`."""

    api_version: str | None = None
    kind: str | None = None
    name: str | None = None
    uid: str | None = None
    controller: bool | None = None

    @property
    def id(self) -> str:
        """The id of its kind (`Kind.id`): groups without a dot, and those of k8s.io, are Kubernetes' own."""
        group = (self.api_version or "").rpartition("/")[0]
        own = "." not in group or group.endswith(".k8s.io")
        return (self.kind or "") if own else f"{self.kind}.{group}"


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


class Manager(msgspec.Struct, frozen=True, gc=False):
    """What applies an object from elsewhere: the tool, and the name of its own object; see `kinds/managers.py`.

    `namespace` is empty where it is not told. `leaves` is true where a mark on the object tells the tool to leave it as
    it is.
    """

    tool: str
    name: str
    namespace: str = ""
    leaves: bool = False

    @property
    def words(self) -> str:
        """ "Flux Kustomization flux-system/apps"."""
        return f"{self.tool} {self.namespace}/{self.name}" if self.namespace else f"{self.tool} {self.name}"


MARKS = {
    "argocd_tracking": "argocd.argoproj.io/tracking-id",
    "fleet_id": "objectset.rio.cattle.io/id",
    "fleet_owner": "objectset.rio.cattle.io/owner-name",
    "fleet_namespace": "objectset.rio.cattle.io/owner-namespace",
    "fleet_gvk": "objectset.rio.cattle.io/owner-gvk",
    "helm_release": "meta.helm.sh/release-name",
    "helm_namespace": "meta.helm.sh/release-namespace",
    "flux_reconcile": "kustomize.toolkit.fluxcd.io/reconcile",
    "flux_ssa": "kustomize.toolkit.fluxcd.io/ssa",
}
"""Annotations that tell who applies an object."""


class WorkloadAnnotations(Wire):
    """The annotations that say which revision this is, why, and who else writes the object."""

    revision: str | None = msgspec.field(name="deployment.kubernetes.io/revision", default=None)
    change_cause: str | None = msgspec.field(name="kubernetes.io/change-cause", default=None)
    template_generation: str | None = msgspec.field(
        name="deprecated.daemonset.template.generation", default=None
    )
    argocd_tracking: str | None = msgspec.field(name=MARKS["argocd_tracking"], default=None)
    fleet_id: str | None = msgspec.field(name=MARKS["fleet_id"], default=None)
    fleet_owner: str | None = msgspec.field(name=MARKS["fleet_owner"], default=None)
    fleet_namespace: str | None = msgspec.field(name=MARKS["fleet_namespace"], default=None)
    fleet_gvk: str | None = msgspec.field(name=MARKS["fleet_gvk"], default=None)
    helm_release: str | None = msgspec.field(name=MARKS["helm_release"], default=None)
    helm_namespace: str | None = msgspec.field(name=MARKS["helm_namespace"], default=None)
    flux_reconcile: str | None = msgspec.field(name=MARKS["flux_reconcile"], default=None)
    flux_ssa: str | None = msgspec.field(name=MARKS["flux_ssa"], default=None)
    openyurt_update: str | None = msgspec.field(name="apps.openyurt.io/update-strategy", default=None)


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


def identity(meta: Meta | None, *, repeated: bool = True) -> dict[str, Any]:
    """What every row takes from `metadata`; names are shared because pods repeat those of their owners.

    Names and uids that are not `repeated` by other rows stay out of the table of what is shared.
    """
    meta = meta or Meta()
    owner = controller(meta) if meta.owner_references else None
    return {
        "namespace": shared(meta.namespace),
        "name": shared(meta.name) if repeated else meta.name or "",
        "uid": shared(meta.uid) if repeated else meta.uid or "",
        "resource_version": meta.resource_version or "",
        "created": unix(meta.creation_timestamp),
        "deleting": unix(meta.deletion_timestamp),
        "owner_uid": shared(owner.uid) if owner else "",
        "owner_kind": shared(owner.id) if owner else "",
        "owner_name": shared(owner.name) if owner else "",
    }


def labelled(meta: Meta | None, *, repeated: bool = True) -> dict[str, Any]:
    """The same with the labels, for kinds that a pane shows."""
    return identity(meta, repeated=repeated) | {"labels": share(read(meta.labels).text) if meta else ""}


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
            message=shared(elide_middle(one.message, MAX_CONDITION)),
            since=unix(one.last_transition_time),
            updated=unix(one.last_update_time),
        )
        for one in wire or ()
    )


def conditions_of(obj: Any) -> tuple[Condition, ...]:
    """The conditions of any object that is at hand as plain JSON data; an odd one costs itself only."""
    status = obj.get("status") if isinstance(obj, Mapping) else None
    listed = status.get("conditions") if isinstance(status, Mapping) else None
    found: list[WireCondition] = []
    for one in listed if isinstance(listed, list) else ():
        with suppress(msgspec.ValidationError):
            found.append(tolerant(one, WireCondition))
    return tuple(one for one in conditions(found) if one.type)


def owners_of(obj: Any) -> tuple[OwnerReference, ...]:
    """The owners of any object that is at hand as plain JSON data, the controller first; an odd one is left out."""
    meta = obj.get("metadata") if isinstance(obj, Mapping) else None
    listed = meta.get("ownerReferences") if isinstance(meta, Mapping) else None
    found: list[OwnerReference] = []
    for one in listed if isinstance(listed, list) else ():
        with suppress(msgspec.ValidationError):
            found.append(tolerant(one, OwnerReference))
    named = (one for one in found if one.kind and one.name)
    return tuple(sorted(named, key=lambda one: not one.controller))


def controller_of(obj: Any) -> OwnerReference | None:
    """The owner that controls any object that is at hand as plain JSON data; None where none does."""
    first = next(iter(owners_of(obj)), None)
    return first if first is not None and first.controller else None


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
