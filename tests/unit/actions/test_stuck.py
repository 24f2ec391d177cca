"""The pod that an OrderedReady set keeps for ever: said before a roll back, named after it, deleted as a next step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.rollout import stuck_pod
from tests.unit.model import factories as f

from .site import Shell, Site, shell_on


def rolled_back_half_way(management: str = "OrderedReady") -> Site:
    """Two pods of the good revision serve, the last one is of the bad revision and fails."""
    made = f.stateful_set(
        "camera",
        "line-2",
        generation=2,
        observed=2,
        image="press:bad",
        updated=1,
        ready=2,
        management=management,
        current_revision="camera-a",
        update_revision="camera-b",
    )
    history = [
        {
            "kind": "ControllerRevision",
            "metadata": f.meta("ControllerRevision", f"camera-{hash_}", "line-2", owner=made),
            "revision": number,
            "data": {"spec": {"template": {"$patch": "replace", **f.template(image)}}},
        }
        for number, hash_, image in ((1, "a", "press:1"), (2, "b", "press:bad"))
    ]
    good = {"controller-revision-hash": "camera-a"}
    pods = [f.pod(f"camera-{n}", "line-2", owner=made, labels=good) for n in range(2)]
    bad = f.image_pull("camera-2", "line-2", owner=made, labels={"controller-revision-hash": "camera-b"})
    return Site(made, *history, *pods, bad)


@pytest.fixture
def shell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    monkeypatch.setattr(stuck_pod, "HOLD", 0.0)
    monkeypatch.setattr(stuck_pod, "LOOK_EVERY", 0.0)
    with shell_on(rolled_back_half_way(), tmp_path, monkeypatch, capsys) as found:
        found.site.idle = True
        yield found


def settled(site: Site) -> None:
    """What the controller does for an ordered set: it sees the new template, and waits for its pod."""
    for one in site.objects.values():
        if one["kind"] == "StatefulSet":
            one["status"] |= {"observedGeneration": one["metadata"]["generation"]}
            one["status"] |= {"updateRevision": "camera-a", "updatedReplicas": 2}


def said(told: dict[str, Any]) -> str:
    return " ".join(told["plan"]["warnings"])


def test_the_plan_says_that_a_pod_will_have_to_be_deleted(shell: Shell) -> None:
    told = shell.run("rollback", "sts/camera", "--dry-run").json
    assert "Pod camera-2 (ImagePullBackOff) will have to be deleted then" in said(told)


def test_a_set_that_replaces_its_pods_by_itself_is_not_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with shell_on(rolled_back_half_way("Parallel"), tmp_path, monkeypatch, capsys) as shell:
        assert "deleted" not in said(shell.run("rollback", "sts/camera", "--dry-run").json)


def test_the_receipt_names_the_pod_and_the_command_and_that_deletes_it(shell: Shell) -> None:
    shell.site.changed = lambda: settled(shell.site)
    told = shell.run("rollback", "sts/camera", "--yes", "--timeout", "5")
    assert (told.code, told.json["outcome"], told.json["data"]["stuck_pod"]) == (3, "pending", "camera-2")
    assert told.json["lines"][-1].startswith("Delete that pod: edgetui delete-stuck-pod ")
    assert shell.run("cancel", "sts/camera", "--yes").code == 1

    shell.site.idle, shell.site.changed = False, lambda: None
    told = shell.run("delete-stuck-pod", "sts/camera", "--yes")
    assert (told.code, told.json["data"]["deleted_pod"]) == (0, "camera-2")
    assert not any(path.endswith("/camera-2") for path in shell.site.objects)


def test_a_pod_that_became_ready_meanwhile_is_not_deleted(shell: Shell) -> None:
    settled(shell.site)
    path = "/api/v1/namespaces/line-2/pods/camera-2"
    uid = shell.site.objects[path]["metadata"]["uid"]
    ready = f.pod("camera-2", "line-2", uid=uid, labels={"app": "press"})

    def recovered() -> None:
        ready["metadata"]["ownerReferences"] = shell.site.objects[path]["metadata"]["ownerReferences"]
        shell.site.objects[path] = ready

    shell.site.before_write = recovered
    told = shell.run("delete-stuck-pod", "sts/camera", "--yes")
    assert (told.code, shell.site.writes) == (1, [])
    assert "has become ready meanwhile: nothing was deleted" in told.json["error"]["sentence"]
