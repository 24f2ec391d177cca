"""The request bodies of a roll-back."""

from __future__ import annotations

from typing import Any

from edgetui.actions.revert import cause_of, controller_patch, deployment_patch
from edgetui.model.revision import Revision

TEMPLATE: dict[str, Any] = {
    "metadata": {"labels": {"app": "press", "pod-template-hash": "7f9c66"}},
    "spec": {"containers": [{"name": "app", "image": "press:2.0"}]},
}


def revision(cause: str = "") -> Revision:
    return Revision(
        number=7,
        name="press-7f9c66",
        uid="u",
        images=("press:2.0", "log:1"),
        cause=cause,
        created=0,
        current=False,
        known_good=True,
        available=3,
        replicas=3,
        template=TEMPLATE,
        annotations={},
    )


def test_a_stale_version_must_be_a_conflict_and_the_hash_label_must_go() -> None:
    version, template, _ = deployment_patch(TEMPLATE, "good again", "812", annotated=True)
    assert version == {"op": "replace", "path": "/metadata/resourceVersion", "value": "812"}
    assert template["path"] == "/spec/template"
    assert template["value"]["metadata"]["labels"] == {"app": "press"}
    assert TEMPLATE["metadata"]["labels"]["pod-template-hash"] == "7f9c66"


def test_one_annotation_is_set_and_the_map_is_never_replaced() -> None:
    *_, note = deployment_patch(TEMPLATE, "good again", "812", annotated=True)
    assert note == {
        "op": "add",
        "path": "/metadata/annotations/kubernetes.io~1change-cause",
        "value": "good again",
    }


def test_an_object_without_annotations_gets_the_map() -> None:
    *_, note = deployment_patch(TEMPLATE, "good again", "812", annotated=False)
    assert note["path"] == "/metadata/annotations"
    assert note["value"] == {"kubernetes.io/change-cause": "good again"}


def test_a_template_without_labels_is_left_alone() -> None:
    _, template, _ = deployment_patch({"spec": {}}, "x", "1", annotated=True)
    assert template["value"] == {"spec": {}}


def test_controller_revision_data_is_sent_as_stored() -> None:
    data = {"spec": {"template": {"$patch": "replace", "spec": {"containers": []}}}}
    body = controller_patch(data, "good again", "812")
    assert body["spec"] == data["spec"]
    assert body["metadata"] == {
        "resourceVersion": "812",
        "annotations": {"kubernetes.io/change-cause": "good again"},
    }
    assert "metadata" not in data


def test_the_change_cause_tells_the_truth_after_the_rollback() -> None:
    assert cause_of(revision("release 2.0")) == "release 2.0"
    assert cause_of(revision()) == "edgetui: back to press:2.0, log:1"
