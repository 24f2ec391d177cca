"""The request bodies of a roll-back: pure, so that what is sent can be read."""

from __future__ import annotations

import copy

from edgetui.actions.messages import Json
from edgetui.model.rollout.revision import CHANGE_CAUSE, Revision

NO_CAUSE: Json = {CHANGE_CAUSE: None}
"""Annotations of a write that brings another template: the change cause that stands there is that of the old one.

The controller copies the annotation to the revision that it makes next and to every later one, so edgetui never writes
one: each revision keeps its own, and a new one has none until whoever releases it says why.
"""


def images(revision: Revision) -> str:
    """The revision's images in words."""
    return ", ".join(revision.images) or "no image"


def template_patch(revision: Revision, version: str) -> Json:
    """A strategic merge patch that puts a revision back: its whole template, at the version that was shown.

    A ControllerRevision's `data` is such a patch already, as it is stored.
    """
    body = copy.deepcopy(revision.data) or {"spec": {"template": {**revision.template, "$patch": "replace"}}}
    body["metadata"] = {"resourceVersion": version, "annotations": NO_CAUSE}
    return body
