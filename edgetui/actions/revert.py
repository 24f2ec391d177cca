"""The request bodies of a roll-back: pure, so that what is sent can be read."""

from __future__ import annotations

import copy

from edgetui.actions.plan import Json
from edgetui.model.revision import Revision

CHANGE_CAUSE = "kubernetes.io/change-cause"
HASH_LABEL = "pod-template-hash"


def cause_of(revision: Revision) -> str:
    """The change cause that tells the truth after the roll-back: the revision's own, or else its images.

    Left alone, the object would keep saying why the bad revision was made.
    """
    return revision.cause or f"edgetui: back to {images(revision)}"


def images(revision: Revision) -> str:
    """The revision's images in words."""
    return ", ".join(revision.images) or "no image"


def deployment_patch(template: Json, cause: str, version: str, *, annotated: bool) -> list[Json]:
    """A JSON Patch (RFC 6902) that puts `template` back.

    Replacing resourceVersion by the one that was shown makes a stale one a clean 409; a failing `test` would be the
    same 422 as a broken patch. `annotated` says whether the object has annotations: they all stay.
    """
    clean = copy.deepcopy(template)
    labels = (clean.get("metadata") or {}).get("labels")
    if labels:
        labels.pop(HASH_LABEL, None)
    note: Json = {"op": "add", "path": "/metadata/annotations", "value": {CHANGE_CAUSE: cause}}
    if annotated:
        note = {
            "op": "add",
            "path": f"/metadata/annotations/{CHANGE_CAUSE.replace('/', '~1')}",
            "value": cause,
        }
    return [
        {"op": "replace", "path": "/metadata/resourceVersion", "value": version},
        {"op": "replace", "path": "/spec/template", "value": clean},
        note,
    ]


def controller_patch(data: Json, cause: str, version: str) -> Json:
    """A strategic merge patch: a ControllerRevision's `data` as it is stored, with the version as precondition."""
    body = copy.deepcopy(data)
    body["metadata"] = {"resourceVersion": version, "annotations": {CHANGE_CAUSE: cause}}
    return body
