"""Which container of a pod is meant, and what can be had of it."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.actions.remote.execute import DEFAULT_CONTAINER, attachment, pod_view, served
from edgetui.cluster.errors import NotFound
from edgetui.model.identity import ObjectKey, ObjectRef

REF = ObjectRef(ObjectKey("plant", "Pod", "line-2", "press-x"), "", "")


def pod(*names: str, default: str = "", phase: str = "Running", **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"uid": "u", "resourceVersion": "7", "annotations": {DEFAULT_CONTAINER: default}},
        "spec": {"containers": [{"name": name} for name in names], **spec},
        "status": {"phase": phase, "containerStatuses": [{"name": names[0], "state": {"running": {}}}]},
    }


@pytest.mark.parametrize(
    ("found", "wanted", "chosen"),
    [
        (pod("app"), "", "app"),
        (pod("app", "side", default="side"), "", "side"),
        (pod("app", "side", default="side"), "app", "app"),
        (pod("app", "side", default="gone"), "", "app"),
        (pod("app", initContainers=[{"name": "setup"}]), "setup", "setup"),
    ],
)
def test_a_named_container_then_the_annotated_one_then_the_first(
    found: dict[str, Any], wanted: str, chosen: str
) -> None:
    assert pod_view(REF, found).container(wanted).name == chosen


def test_only_a_pod_without_a_default_leaves_a_choice() -> None:
    assert pod_view(REF, pod("app", "side")).default == ""
    assert pod_view(REF, pod("app")).default == "app"
    assert [one.state for one in pod_view(REF, pod("app", "side")).containers] == ["running", ""]


def test_what_it_has_is_named_where_a_name_is_wrong() -> None:
    with pytest.raises(Refusal) as refused:
        pod_view(REF, pod("app", initContainers=[{"name": "setup"}])).container("ap")
    assert (refused.value.sentence, refused.value.next_step) == (
        "Pod press-x has no container ap.",
        "It has app, setup.",
    )


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_a_pod_that_has_ended_is_refused(phase: str) -> None:
    with pytest.raises(Refusal, match=f"has ended .{phase}"):
        pod_view(REF, pod("app", phase=phase))


def test_only_what_a_container_was_created_with_is_attached_to() -> None:
    found = pod("app")
    found["spec"]["containers"][0] |= {"tty": True, "stdin": True}
    view = pod_view(REF, found)
    command = attachment(view, view.container(), True)
    assert (command.subresource, command.tty, command.stdin) == ("attach", True, True)
    assert not attachment(view, view.container(), False).tty
    bare = pod_view(REF, pod("app"))
    assert not attachment(bare, bare.container(), True).stdin


class Plant:
    name = "plant"


def test_a_server_that_lacks_a_subresource_is_told_from_a_pod_that_is_gone() -> None:
    for words in (
        "The server says: the server could not find the requested resource.",
        "The server says: 404 page not found.",
    ):
        with (
            pytest.raises(Refusal, match=r"plant does not serve pods/exec\. It may be"),
            served(Plant(), "exec"),
        ):  # type: ignore[arg-type]
            raise NotFound(words, code=404)
    with pytest.raises(NotFound), served(Plant(), "exec"):  # type: ignore[arg-type]
        raise NotFound('The server says: pods "press-x" not found.', code=404)
