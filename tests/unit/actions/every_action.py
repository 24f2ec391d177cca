"""Every action as a command line on objects that it works on: what it changes, and what it would not have to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.unit.model import factories as f

from .site import Site

Json = dict[str, Any]
PRESS = "/apis/apps/v1/namespaces/line-2/deployments/press"
CAMERA = "/apis/apps/v1/namespaces/line-2/statefulsets/camera"
SCALED = "/apis/keda.sh/v1alpha1/namespaces/line-2/scaledobjects/by-queue"


@dataclass(frozen=True)
class Case:
    """One action. `words` is a command that changes something on `site()`, `same` one that asks for what is so already.

    `path` is the object that is written to. `undone` says whether `undo` takes it back: "yes", "final" for never,
    "asked" where that leads to what did not work, which nobody agrees to in advance. `again` is what somebody else
    sets in the object right after, where the action looks for its own value to become true.
    """

    words: tuple[str, ...]
    site: Callable[[], Site]
    path: str = PRESS
    same: tuple[str, ...] = ()
    same_site: Callable[[], Site] | None = None
    undone: str = "yes"
    again: Json | None = None

    @property
    def action(self) -> str:
        """The action's id, as the record has it."""
        return "scale" if self.words[0] in ("park", "unpark") else self.words[0]


def healthy(**more: Any) -> Site:
    """A deployment that runs what it should."""
    made = f.deployment("press", "line-2", generation=4, observed=4, revision=2, image="press:2", **more)
    made["spec"].setdefault("paused", False)
    return Site(made, f.replica_set(made, "two", revision=2, image="press:2"))


def half_done() -> Site:
    """A deployment whose newest image does not start; the one before serves."""
    made = f.deployment(
        "press",
        "line-2",
        generation=5,
        observed=5,
        revision=3,
        image="press:3",
        updated=1,
        current=4,
        progressing=("False", "ProgressDeadlineExceeded"),
    )
    bad = f.replica_set(made, "three", revision=3, replicas=1, ready=0, image="press:3")
    return Site(made, bad, f.replica_set(made, "two", revision=2, image="press:2"))


def bounded() -> Site:
    """An autoscaler and what it scales."""
    made = f.autoscaler("press", "line-2", bounds=(2, 8))
    return Site(*healthy().objects.values(), made)


def queued(**notes: str) -> Site:
    """A deployment that KEDA scales."""
    made = {
        "kind": "ScaledObject",
        "metadata": f.meta("ScaledObject", "by-queue", "line-2", annotations=notes) | {"annotations": notes},
        "spec": {"scaleTargetRef": {"name": "press"}, "minReplicaCount": 1, "maxReplicaCount": 8},
        "status": {"conditions": [{"type": "Paused", "status": str(bool(notes))}]},
    }
    return Site(*healthy().objects.values(), made)


def one_pod() -> Site:
    """A pod whose container may be resized."""
    made = f.pod("press-x", "line-2", generation=1)
    values = {"requests": {"cpu": "100m", "memory": "64Mi"}, "limits": {"cpu": "200m", "memory": "64Mi"}}
    made["spec"]["containers"][0]["resources"] = values
    made["status"]["containerStatuses"][0]["resources"] = values
    return Site(made)


def held_up() -> Site:
    """A stateful set that waits for a broken pod of an older revision."""
    made = f.stateful_set(
        "camera", "line-2", ready=0, updated=0, current_revision="camera-a", update_revision="camera-b"
    )
    stuck = f.image_pull("camera-0", "line-2", owner=made, labels={"controller-revision-hash": "camera-a"})
    return Site(made, stuck)


def parked() -> Site:
    """A deployment at 0, whose ReplicaSet says that it had 3."""
    made = f.deployment("press", "line-2", generation=4, observed=4, revision=2, image="press:2", replicas=0)
    made["spec"]["paused"] = False
    return Site(made, f.replica_set(made, "two", revision=2, image="press:2", replicas=0))


def pumping() -> Site:
    """A custom resource with a scale subresource."""
    metadata = f.meta("Pump", "main", "line-2", generation=1)
    return Site({"kind": "Pump", "metadata": metadata, "spec": {"units": 3}, "status": {"running": 3}})


def controlled(kind: str) -> Site:
    """A set of machines whose newest image does not start; the revision before serves."""
    make = {
        "StatefulSet": lambda: f.stateful_set(
            "camera",
            "line-2",
            generation=2,
            observed=2,
            image="press:3",
            updated=1,
            ready=2,
            management="Parallel",
            current_revision="camera-a",
            update_revision="camera-b",
        ),
        "DaemonSet": lambda: f.daemon_set(
            "camera", "line-2", generation=2, observed=2, image="press:3", updated=1, ready=2
        ),
    }
    made = make[kind]()
    history = [
        {
            "kind": "ControllerRevision",
            "metadata": f.meta("ControllerRevision", f"camera-{hash_}", "line-2", owner=made),
            "revision": number,
            "data": {"spec": {"template": {"$patch": "replace", **f.template(image)}}},
        }
        for number, hash_, image in ((1, "a", "press:2"), (2, "b", "press:3"))
    ]
    labels = {"controller-revision-hash": "camera-a"}
    pods = [f.pod(f"camera-{n}", "line-2", owner=made, labels=labels) for n in range(2)]
    return Site(made, *history, *pods)


POD = "/api/v1/namespaces/line-2/pods/press-x"
HPA = "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers/press"

CASES: dict[str, Case] = {
    "park": Case(("park", "deploy/press"), healthy, same=("park", "deploy/press"), same_site=parked),
    "unpark": Case(
        ("unpark", "deploy/press"),
        parked,
        same=("unpark", "deploy/press", "--replicas", "3"),
        same_site=healthy,
    ),
    "scale pump": Case(
        ("scale", "pumps.water.example.com/main", "5"),
        pumping,
        "/apis/water.example.com/v1/namespaces/line-2/pumps/main",
        same=("scale", "pu/main", "3"),
        again={"spec": {"units": 9}},
    ),
    "scale": Case(
        ("scale", "deploy/press", "5"),
        healthy,
        same=("scale", "deploy/press", "3"),
        again={"spec": {"replicas": 9}},
    ),
    "bounds": Case(
        ("bounds", "hpa/press", "--min", "4"),
        bounded,
        HPA,
        same=("bounds", "hpa/press", "--max", "8"),
        again={"spec": {"maxReplicas": 9}},
    ),
    "keda-pause": Case(
        ("keda-pause", "deploy/press", "--replicas", "5"),
        queued,
        SCALED,
        again={"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "9"}}},
        same=("keda-pause", "deploy/press", "--replicas", "3"),
        same_site=lambda: queued(**{"autoscaling.keda.sh/paused-replicas": "3"}),
    ),
    "keda-unpause": Case(
        ("keda-unpause", "deploy/press"),
        lambda: queued(**{"autoscaling.keda.sh/paused": "true"}),
        SCALED,
        again={"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "9"}}},
        same=("keda-unpause", "deploy/press"),
        same_site=queued,
    ),
    "resize": Case(
        ("resize", "pod/press-x", "--cpu-limit", "300m"),
        one_pod,
        POD,
        same=("resize", "pod/press-x", "--cpu-limit", "0.2"),
        again={"spec": {"containers": [{"name": "app", "resources": {"limits": {"cpu": "900m"}}}]}},
    ),
    "rollback": Case(
        ("rollback", "deploy/press"),
        half_done,
        same=("rollback", "deploy/press", "--to-revision", "3"),
        again={"spec": {"template": f.template("press:9")}},
        undone="asked",
    ),
    "pause": Case(
        ("pause", "deploy/press"),
        healthy,
        same=("pause", "deploy/press"),
        same_site=lambda: healthy(paused=True),
        again={"spec": {"paused": False}},
    ),
    "resume": Case(
        ("resume", "deploy/press"),
        lambda: healthy(paused=True),
        same=("resume", "deploy/press"),
        same_site=healthy,
        again={"spec": {"paused": True}},
    ),
    "restart": Case(
        ("restart", "deploy/press"),
        healthy,
        undone="final",
        again={"spec": {"template": f.template("press:9")}},
    ),
    "image": Case(
        ("image", "deploy/press", "press:4"),
        healthy,
        same=("image", "deploy/press", "press:2"),
        again={"spec": {"template": f.template("press:9")}},
    ),
    "cancel": Case(
        ("cancel", "deploy/press"),
        half_done,
        undone="asked",
        again={"spec": {"template": f.template("press:9")}},
    ),
    "unstick": Case(
        ("unstick", "sts/camera"),
        held_up,
        "/api/v1/namespaces/line-2/pods/camera-0",
        undone="final",
    ),
}
for _short, _kind, _plural in (("sts", "StatefulSet", "statefulsets"), ("ds", "DaemonSet", "daemonsets")):
    for _verb, *_rest in (("rollback",), ("cancel",), ("restart",), ("image", "press:4")):
        CASES[f"{_verb} {_short}"] = Case(
            (_verb, f"{_short}/camera", *_rest),
            partial(controlled, _kind),
            f"/apis/apps/v1/namespaces/line-2/{_plural}/camera",
            undone="final" if _verb == "restart" else "asked",
            again={"spec": {"template": f.template("press:9")}},
        )
"""By the command's name, and its kind where it is not the first.

`undo` is run after each; `guard` and `rotate` have tables of their own.
"""
