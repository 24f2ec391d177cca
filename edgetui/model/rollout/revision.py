"""The revisions of a workload: what they ran, which one is current, which one is known to have worked.

Made from whole JSON objects, because a rollback needs the whole template. Deployments keep revisions as
ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions (kubectl's history.go and rollback.go).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from typing import Any

import msgspec

from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.kinds.wire import replicas
from edgetui.model.redacted import Discreet
from edgetui.model.rollout.templatediff import template_diff as template_diff
from edgetui.model.text import clean, plural, unix, verb

Json = Mapping[str, Any]

HASH_LABEL = "pod-template-hash"
CHANGE_CAUSE = "kubernetes.io/change-cause"
REVISION = "deployment.kubernetes.io/revision"

NOT_RESTORED = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        "deployment.kubernetes.io/revision-history",
        "deployment.kubernetes.io/desired-replicas",
        "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    }
)
"""Annotations of a ReplicaSet that a rollback leaves as the Deployment has them."""


class Revision(Discreet, frozen=True, kw_only=True):
    """One revision of a workload.

    `number` is the revision, `name` and `uid` those of its ReplicaSet or ControllerRevision. `available`
    counts its pods that serve now. `known_good` means evidence: it serves now, its rollout completed, or edgetui's
    record says that it worked; `withdrawn` that edgetui has rolled back away from it since it was last rolled out.
    `template` is the pod template without the hash label; `annotations` those that describe the revision;
    `data` what a ControllerRevision sends as its patch (empty for Deployments).
    """

    SHOWN = ("number", "name", "images", "current", "known_good")

    number: int
    name: str
    uid: str
    images: tuple[str, ...]
    cause: str
    created: int
    current: bool
    known_good: bool
    available: int
    replicas: int
    template: dict[str, Any]
    annotations: dict[str, str]
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    withdrawn: bool = False


def deployment_revisions(deployment: Json, replicasets: Iterable[Json]) -> list[Revision]:
    """The revisions of a Deployment, newest first; ReplicaSets of other owners are ignored."""
    uid = deployment["metadata"].get("uid", "")
    owned = [one for one in replicasets if _controller(one) == uid]
    wanted = deployment.get("spec", {}).get("template") or {}
    current = _current_set(deployment, owned, wanted)
    found = []
    for one in owned:
        meta, status = one["metadata"], one.get("status") or {}
        notes = meta.get("annotations") or {}
        template = _without_hash(one.get("spec", {}).get("template") or {})
        available = status.get("availableReplicas") or 0
        is_current = current is not None and meta.get("uid") == current["metadata"].get("uid")
        found.append(
            Revision(
                number=_number(notes.get(REVISION)),
                name=meta.get("name", ""),
                uid=meta.get("uid", ""),
                images=_images(template),
                cause=clean(notes.get(CHANGE_CAUSE)),
                created=unix(meta.get("creationTimestamp")),
                current=is_current,
                known_good=_completed(deployment) if is_current else available > 0,
                available=available,
                replicas=status.get("replicas") or 0,
                template=template,
                annotations={key: text for key, text in notes.items() if key not in NOT_RESTORED},
            )
        )
    return sorted(_own_causes(found), key=lambda one: (one.number, one.created), reverse=True)


def _current_set(deployment: Json, owned: list[Json], wanted: Json) -> Json | None:
    """The ReplicaSet of the present template: the oldest equal one, as the controller chooses."""
    equal = [one for one in owned if template_equal(one.get("spec", {}).get("template") or {}, wanted)]
    if equal:
        return min(equal, key=lambda one: unix(one["metadata"].get("creationTimestamp")))
    at = (deployment["metadata"].get("annotations") or {}).get(REVISION)
    if at is None or _behind(deployment):
        return None
    for one in owned:
        if (one["metadata"].get("annotations") or {}).get(REVISION) == at:
            return one
    return None


def _behind(owner: Json) -> bool:
    """Whether the controller has not yet seen the latest spec."""
    seen = (owner.get("status") or {}).get("observedGeneration") or 0
    return bool((owner["metadata"].get("generation") or 0) > seen)


def _completed(deployment: Json) -> bool:
    """Whether the present rollout completed and all its pods still serve."""
    if _behind(deployment):
        return False
    status = deployment.get("status") or {}
    reasons = [
        one.get("reason") for one in status.get("conditions") or () if one.get("type") == "Progressing"
    ]
    available = status.get("availableReplicas") or 0
    return "NewReplicaSetAvailable" in reasons and 0 < available >= replicas(deployment.get("spec") or {})


def controller_revisions(
    owner: Json, controllerrevisions: Iterable[Json], pods: Iterable[Json | PodRow] = ()
) -> list[Revision]:
    """The revisions of a StatefulSet or DaemonSet, newest first. `pods` are its pods, as rows or as JSON."""
    uid = owner["metadata"].get("uid", "")
    owned = [one for one in controllerrevisions if _controller(one) == uid]
    rows = [one if isinstance(one, PodRow) else row_of(POD, one) for one in pods]
    status = owner.get("status") or {}
    current = _current_revision(owner, owned)
    completed = status.get("currentRevision")
    found = []
    for one in owned:
        meta = one["metadata"]
        data = one.get("data") or {}
        template = {key: value for key, value in _template_of(one).items() if key != "$patch"}
        hashes = {meta.get("name"), (meta.get("labels") or {}).get("controller-revision-hash")}
        mine = [
            row for row in rows if isinstance(row, PodRow) and row.template in hashes and not row.deleting
        ]
        available = sum(row.is_ready for row in mine)
        notes = meta.get("annotations") or {}
        is_current = current is not None and meta.get("uid") == current["metadata"].get("uid")
        found.append(
            Revision(
                number=one.get("revision") or 0,
                name=meta.get("name", ""),
                uid=meta.get("uid", ""),
                images=_images(template),
                cause=clean(notes.get(CHANGE_CAUSE)),
                created=unix(meta.get("creationTimestamp")),
                current=is_current,
                known_good=_served(owner, available)
                if is_current
                else _proven(meta, completed, available, len(mine)),
                available=available,
                replicas=len(mine),
                template=template,
                annotations={key: text for key, text in notes.items() if key not in NOT_RESTORED},
                data=dict(data),
            )
        )
    return sorted(_own_causes(found), key=lambda one: one.number, reverse=True)


def _own_causes(found: list[Revision]) -> list[Revision]:
    """The same without causes that an older one has: left over on the object, written for no later revision."""
    told = {one.cause: one for one in sorted(found, key=lambda one: (one.created, one.number), reverse=True)}
    return [one if told[one.cause] is one else msgspec.structs.replace(one, cause="") for one in found]


def _proven(meta: Json, completed: str | None, available: int, pods: int) -> bool:
    """A StatefulSet's currentRevision is the last whose rollout completed, or its first: then its pods may all fail."""
    return available > 0 or (bool(completed) and meta.get("name") == completed and not pods)


def _served(owner: Json, available: int) -> bool:
    wanted = owner.get("spec", {}).get("replicas")
    if wanted is None:
        wanted = (owner.get("status") or {}).get("desiredNumberScheduled") or 0
    return not _behind(owner) and available > 0 and available >= wanted


def _current_revision(owner: Json, owned: list[Json]) -> Json | None:
    """The ControllerRevision of the present template: the highest equal one, else as the status says."""
    wanted = owner.get("spec", {}).get("template") or {}
    equal = [one for one in owned if template_equal(_template_of(one), wanted)]
    if equal:
        return max(equal, key=lambda one: one.get("revision") or 0)
    if _behind(owner):
        return None
    named = (owner.get("status") or {}).get("updateRevision")
    return next((one for one in owned if one["metadata"].get("name") == named), None)


def judged(
    revisions: Iterable[Revision], worked: Container[str], withdrawn: Mapping[str, int]
) -> list[Revision]:
    """The same with what edgetui's own record says besides, by name: those that worked, those it rolled back from.

    `withdrawn` has the number that a revision had then; rolled out again since, it has another one and a new chance.
    """
    found = []
    for one in revisions:
        gone = not one.current and withdrawn.get(one.name) == one.number
        good = not gone and (one.known_good or (not one.current and one.name in worked))
        found.append(msgspec.structs.replace(one, known_good=good, withdrawn=gone))
    return found


def last_known_good(revisions: Iterable[Revision]) -> Revision | None:
    """The revision to go back to: with evidence that it works, none of its pods failing, the most of them serving.

    None when no other revision than the current has any evidence: whether one of them worked is not guessed.
    """
    proven = [one for one in revisions if one.known_good and not one.current]
    return max(
        proven, key=lambda one: (one.available >= one.replicas, one.available, one.number), default=None
    )


def suggestion(revisions: Iterable[Revision]) -> tuple[Revision | None, str]:
    """The revision that a rollback takes where none is named, and why in words; None when none is known good."""
    good = last_known_good(revisions)
    if good is None:
        return None, "no other revision is known to have worked"
    if good.available:
        serves = verb(good.available, "serves", "serve")
        return good, f"{plural(good.available, 'pod')} of it {serves} now"
    return good, "its rollout completed"


def template_equal(one: Json, other: Json) -> bool:
    """Whether two pod templates are the same but for the hash label and empty fields."""
    return bool(_bare(_without_hash(one)) == _bare(_without_hash(other)))


def _without_hash(template: Json) -> dict[str, Any]:
    """A copy of the template without the label that the controller adds and without patch directives."""
    bare = {key: value for key, value in template.items() if key != "$patch"}
    meta = dict(bare.get("metadata") or {})
    if "labels" in meta:
        meta["labels"] = {key: text for key, text in (meta["labels"] or {}).items() if key != HASH_LABEL}
        bare["metadata"] = meta
    return bare


def _bare(value: Any) -> Any:
    """The value without nulls and empty containers, at any depth."""
    if isinstance(value, Mapping):
        kept = {key: _bare(one) for key, one in value.items()}
        return {key: one for key, one in kept.items() if one is not None and one not in ({}, [])}
    if isinstance(value, list):
        return [_bare(one) for one in value]
    return value


def _template_of(controller_revision: Json) -> Json:
    spec = (controller_revision.get("data") or {}).get("spec") or {}
    return spec.get("template") or {}


def _controller(obj: Json) -> str:
    for owner in obj["metadata"].get("ownerReferences") or ():
        if owner.get("controller"):
            return str(owner.get("uid", ""))
    return ""


def _images(template: Json) -> tuple[str, ...]:
    return tuple(clean(one.get("image")) for one in (template.get("spec") or {}).get("containers") or ())


def _number(text: Any) -> int:
    return int(text) if isinstance(text, str) and len(text) < 20 and text.isascii() and text.isdigit() else 0
