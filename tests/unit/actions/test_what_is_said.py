"""What each command says of the object it meets: why it does not begin, and what the plan warns of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.model import factories as f

from .every_action import (
    CAMERA,
    POD,
    PRESS,
    at_zero,
    bounded,
    controlled,
    half_done,
    healthy,
    held_up,
    one_pod,
    pumping,
    queued,
)
from .site import Site, shell_on

Json = dict[str, Any]
Made = Callable[[], Site]


def having(made: Made, path: str, **parts: Json) -> Made:
    """The site with parts of one object merged into it."""

    def changed() -> Site:
        site = made()
        for part, values in parts.items():
            there = site.objects[path].setdefault(part, {})
            for name, value in values.items():
                there[name] = {**there[name], **value} if isinstance(there.get(name), dict) else value
        return site

    return changed


def one_revision() -> Site:
    made = f.deployment("press", "line-2", revision=1)
    return Site(made, f.replica_set(made, "one", revision=1))


def pinned() -> Site:
    site = healthy()
    site.objects[PRESS]["spec"]["template"]["spec"]["containers"][0]["image"] = f"press:2@sha256:{'ab' * 32}"
    return site


def two_containers() -> Site:
    site = healthy()
    site.objects[PRESS]["spec"]["template"]["spec"]["containers"].append({"name": "log", "image": "log:1"})
    return site


def owned_pod() -> Site:
    made = f.deployment("press", "line-2")
    site = one_pod()
    site.objects[POD]["metadata"] |= {"ownerReferences": f.meta("Pod", "x", owner=made)["ownerReferences"]}
    site.objects[POD]["spec"]["containers"][0]["resizePolicy"] = [
        {"resourceName": "cpu", "restartPolicy": "RestartContainer"}
    ]
    return site


def cameras() -> Site:
    return controlled("StatefulSet")


def settled_camera() -> Site:
    return Site(f.stateful_set("camera", "line-2", current_revision="camera-a", update_revision="camera-a"))


def left_behind() -> Site:
    """A set whose rollout is over by its revisions, and one pod of an older one that fails."""
    site = held_up()
    site.objects[CAMERA]["status"]["currentRevision"] = "camera-b"
    return site


OPERATOR = {"ownerReferences": [{"kind": "Press", "name": "line", "uid": "u", "controller": True}]}
APPLIED = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"}}
BEHIND = {"observedGeneration": 1}

REFUSED = [
    (having(half_done, PRESS, status=BEHIND), "cancel deploy/press", "has not seen its last change yet"),
    (
        healthy,
        "cancel deploy/press",
        "No rollout of deployment press is in progress: its last one is complete",
    ),
    (settled_camera, "cancel sts/camera", "is in progress: all of it is at revision camera-a"),
    (left_behind, "cancel sts/camera", "but pod camera-0 (ImagePullBackOff) is of an older revision"),
    (settled_camera, "delete-stuck-pod sts/camera", "No pod blocks"),
    (one_revision, "rollback deploy/press", "has no other revision: there is nothing to go back to"),
    (
        having(one_revision, PRESS, spec={"revisionHistoryLimit": 0}),
        "rollback deploy/press",
        "keeps no history (revisionHistoryLimit 0)",
    ),
    (half_done, "rollback deploy/press --to-revision 9", "has no revision 9"),
    (having(half_done, PRESS, spec={"paused": True}), "rollback deploy/press", "is paused"),
    (healthy, "rollback deploy/press", "has no other revision"),
    (at_zero, "restart deploy/press", "has no pods to restart: 0 replicas are desired"),
    (having(healthy, PRESS, spec={"paused": True}), "restart deploy/press", "is paused"),
    (healthy, "restore deploy/press", "is not at 0: it is at 3"),
    (
        lambda: Site(f.deployment("press", "line-2", replicas=0)),
        "restore deploy/press",
        "Nobody here remembers how many replicas deployment press had",
    ),
    (healthy, "scale rs/press-two 5", "belongs to deployment press, which would set its number back"),
    (two_containers, "image deploy/press press:3", "has several containers: app, log"),
    (two_containers, "image deploy/press side=press:3", "has no container side"),
    (healthy, "image deploy/press app=press|3", "Nothing was changed"),
    (bounded, "bounds hpa/press --min 9", "9 to 8: the minimum is above the maximum"),
    (bounded, "bounds hpa/press --max 0", "the maximum at least 1"),
    (one_pod, "resize pod/press-x --cpu-limit 1 -c side", "has no container side"),
    (
        having(one_pod, POD, status={"phase": "Failed"}),
        "resize pod/press-x --cpu-limit 1",
        "has ended or is ending",
    ),
    (healthy, "keda-pause deploy/press", "No KEDA ScaledObject in line-2 on plant scales deployment press"),
    (pumping, "scale valves/main 3", "has no kind “valves” whose objects can be scaled"),
    (pumping, "scale pumps.other.example.com/main 3", "can be scaled"),
    (pumping, "scale pu/second 3", "There is no"),
    (healthy, "undo deploy/press", "edgetui has done nothing to"),
]
WARNED = [
    (having(healthy, PRESS, metadata=OPERATOR), "scale deploy/press 5", "It belongs to Press line"),
    (having(healthy, PRESS, metadata=OPERATOR), "restart deploy/press", "It belongs to Press line"),
    (having(healthy, PRESS, metadata=APPLIED), "image deploy/press press:3", "made with kubectl apply"),
    (having(half_done, PRESS, metadata=APPLIED), "rollback deploy/press", "made with kubectl apply"),
    (healthy, "scale deploy/press 0", "0 stops every pod of deployment press"),
    (bounded, "scale deploy/press 9", "puts it back to its maximum 8"),
    (healthy, "image deploy/press press:latest", "The tag latest says nothing"),
    (pinned, "image deploy/press press:3", "It is pinned now, to sha256:"),
    (having(healthy, PRESS, spec={"paused": True}), "image deploy/press press:3", "It is paused"),
    (half_done, "restart deploy/press", "It is not healthy now"),
    (half_done, "pause deploy/press", "Its rollout stays half done: 1 new pod beside 3 old ones"),
    (
        having(healthy, PRESS, spec={"strategy": {"type": "Recreate"}}),
        "restart deploy/press",
        "Its strategy is Recreate",
    ),
    (
        having(cameras, CAMERA, spec={"updateStrategy": {"type": "OnDelete"}}),
        "rollback sts/camera",
        "Its update strategy is OnDelete",
    ),
    (
        having(cameras, CAMERA, spec={"updateStrategy": {"rollingUpdate": {"partition": 2}}}),
        "image sts/camera press:4",
        "Its partition is 2: pods below ordinal 2 keep what they run",
    ),
    (bounded, "bounds hpa/press --min 8", "It always runs 8: nothing is left to decide"),
    (
        having(
            bounded,
            "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers/press",
            metadata=OPERATOR,
        ),
        "bounds hpa/press --max 9",
        "whose controller will set its own bounds again",
    ),
    (owned_pod, "resize pod/press-x --cpu-limit 1", "a new pod has its values again"),
    (owned_pod, "resize pod/press-x --cpu-limit 1", "Changing its cpu restarts container app"),
    (queued, "keda-pause deploy/press --replicas 0", "0 stops every pod of deployment press"),
    (queued, "keda-pause deploy/press --replicas 2", "While it is paused nobody scales it with the load"),
]


def ids(rows: list[tuple[Made, str, str]]) -> list[str]:
    return [f"{words}: {said[:30]}" for _, words, said in rows]


@pytest.mark.parametrize(("made", "words", "said"), REFUSED, ids=ids(REFUSED))
def test_why_it_does_not_begin(
    made: Made,
    words: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shell_on(made(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(*words.split(), "--yes")
        assert (told.code, told.json["outcome"]) == (1, "refused"), told.out
        assert said in told.json["error"]["sentence"]
        assert shell.site.writes == []


@pytest.mark.parametrize(("made", "words", "said"), WARNED, ids=ids(WARNED))
def test_what_the_plan_warns_of(
    made: Made,
    words: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shell_on(made(), tmp_path, monkeypatch, capsys) as shell:
        told = shell.run(*words.split(), "--dry-run")
        assert (told.code, told.json["outcome"]) == (0, "dry-run"), told.out
        assert any(said in warning for warning in told.json["plan"]["warnings"]), told.json["plan"]
