"""The request bodies of a roll-back."""

from __future__ import annotations

from typing import Any

from edgetui.actions.rollout.patches import template_patch
from edgetui.model.rollout.revision import Revision

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "press"}},
    "spec": {"containers": [{"name": "app", "image": "press:2.0"}]},
}


def revision(data: dict[str, Any] | None = None) -> Revision:
    return Revision(
        number=7,
        name="press-7f9c66",
        uid="u",
        images=("press:2.0", "log:1"),
        cause="release 2.0",
        created=0,
        current=False,
        known_good=True,
        available=3,
        replicas=3,
        template=TEMPLATE,
        annotations={},
        data=data or {},
    )


def test_the_template_takes_the_place_of_the_one_there_is_and_a_stale_version_is_a_conflict() -> None:
    body = template_patch(revision(), "812")
    assert body["metadata"]["resourceVersion"] == "812"
    assert body["spec"] == {"template": {**TEMPLATE, "$patch": "replace"}}
    assert "$patch" not in TEMPLATE


def test_controller_revision_data_is_sent_as_stored() -> None:
    data = {"spec": {"template": {"$patch": "replace", "spec": {"containers": []}}}}
    body = template_patch(revision(data), "812")
    assert body["spec"] == data["spec"]
    assert "metadata" not in data


def test_no_change_cause_is_written_and_the_one_of_the_bad_release_goes() -> None:
    """The controller copies the annotation to every later revision, and leaves each earlier one its own."""
    assert template_patch(revision(), "812")["metadata"]["annotations"] == {
        "kubernetes.io/change-cause": None
    }
