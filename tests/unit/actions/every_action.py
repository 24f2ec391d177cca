"""Every action as a command line on objects that it works on: what it changes, and what it would not have to change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import job
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY, MOVING, rollout

from .site import Site

Json = dict[str, Any]
PRESS = "/apis/apps/v1/namespaces/line-2/deployments/press"
CAMERA = "/apis/apps/v1/namespaces/line-2/statefulsets/camera"
TALOS = "/apis/tuppr.home-operations.com/v1alpha1/talosupgrades/talos"
SCALED = "/apis/keda.sh/v1alpha1/namespaces/line-2/scaledobjects/by-queue"


@dataclass(frozen=True)
class Case:
    """One action. `words` is a command that changes something on `site()`, `same` one that asks for what is so already.

    `path` is the object that is written to. `undone` says whether `undo` takes it back: "yes", "final" for never,
    "asked" where that leads to what did not work, which nobody agrees to in advance. `again` is what somebody else
    sets in the object right after, where the action looks for its own value to become true. `at_once` is true where
    what the server stored is all there is to wait for.
    """

    words: tuple[str, ...]
    site: Callable[[], Site]
    path: str = PRESS
    same: tuple[str, ...] = ()
    same_site: Callable[[], Site] | None = None
    undone: str = "yes"
    again: Json | None = None
    at_once: bool = False

    @property
    def action(self) -> str:
        """The action's id, as the record has it."""
        return "scale" if self.words[0] in ("scale-to-zero", "restore") else self.words[0]


def healthy(**more: Any) -> Site:
    """A deployment that runs what it should."""
    made = f.deployment("press", "line-2", generation=4, observed=4, revision=2, image="press:2", **more)
    made["spec"].setdefault("paused", False)
    return Site(made, f.replica_set(made, "two", revision=2, image="press:2"))


def two_containers() -> Site:
    """A healthy deployment of two containers."""
    site = healthy()
    pod = site.objects[PRESS]["spec"]["template"]["spec"]
    pod["containers"].append({"name": "log", "image": "log:1", "resources": {}})
    return site


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


def templated(cpu: str, memory: str = "32Mi") -> Json:
    """A template whose container has a limit of cpu, and asks for memory."""
    made = f.template("press:2")
    for container in made["spec"]["containers"]:
        container["resources"] = {"limits": {"cpu": cpu}, "requests": {"memory": memory}}
    return made


def resourced() -> Site:
    """A deployment of that template."""
    site = healthy()
    site.objects[PRESS]["spec"]["template"] = templated("0.2")
    return site


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


FLUX = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
KUSTOMIZATION = "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations/apps"


def from_flux(suspend: bool | None = False, interval: str = "10m0s") -> Site:
    """A deployment that Flux applies."""
    made = {
        "kind": "Kustomization",
        "metadata": f.meta("Kustomization", "apps", "flux-system", generation=3),
        "spec": {"interval": interval} | ({} if suspend is None else {"suspend": suspend}),
        "status": {"inventory": {"entries": [{"id": "a"}, {"id": "b"}]}},
    }
    return Site(*healthy(labels=FLUX).objects.values(), made)


ROLLOUT = "/apis/argoproj.io/v1alpha1/namespaces/line-2/rollouts/press"


def argo(status: Json | None = None, image: str = "press:2", **spec: Any) -> Site:
    """An Argo Rollout that is paused at a step of its update, with its ReplicaSets."""
    hashes = {"6d": "press:1", "7f": "press:2"}
    made = rollout(status, hashes=hashes, selector={"matchLabels": {"app": "press"}}, **spec)
    made["spec"] |= {"template": f.template(image), "paused": made["spec"].get("paused", False)}
    sets = []
    for number, (hash_, kept) in enumerate(hashes.items(), 1):
        metadata = f.meta("ReplicaSet", f"press-{hash_}", "line-2", owner=made)
        metadata["annotations"] = {"rollout.argoproj.io/revision": str(number)}
        metadata["labels"] = {"app": "press", "rollouts-pod-template-hash": hash_}
        template = f.template(kept)
        template["metadata"]["labels"] |= {"rollouts-pod-template-hash": hash_}
        sets.append({"kind": "ReplicaSet", "metadata": metadata, "spec": {"template": template}})
    return Site(made, *sets)


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


def at_zero() -> Site:
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


HPA = "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers/press"

POD = "/api/v1/namespaces/line-2/pods/press-x"
NODE = "/api/v1/nodes/line-2-a"


def one_node(cordoned: bool = False) -> Site:
    """A node."""
    return Site(f.node("line-2-a", cordoned=cordoned))


def silent_node(out: bool = False) -> Site:
    """A node of which nothing is heard, perhaps with the taint by which a person says that it is off."""
    made = f.node("line-2-a", ready="Unknown")
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    lost = {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}
    made["spec"]["taints"] = [lost, taint] if out else [lost]
    return Site(made)


BATCH = "/apis/batch/v1/namespaces/line-2"


def batch(made: Json) -> Site:
    """A Job or a CronJob of line-2."""
    made["metadata"] |= {"namespace": "line-2", "generation": 1}
    return Site(made)


CASES: dict[str, Case] = {
    "suspend": Case(
        ("suspend", "cj/night"),
        lambda: batch(cron_job()),
        f"{BATCH}/cronjobs/night",
        same=("suspend", "cj/night"),
        same_site=lambda: batch(cron_job(suspend=True)),
        at_once=True,
    ),
    "suspend job": Case(
        ("suspend", "job/press"), lambda: batch(job(active=2)), f"{BATCH}/jobs/press", at_once=True
    ),
    "unsuspend": Case(
        ("unsuspend", "cj/night"),
        lambda: batch(cron_job(suspend=True)),
        f"{BATCH}/cronjobs/night",
        same=("unsuspend", "cj/night"),
        same_site=lambda: batch(cron_job()),
        at_once=True,
    ),
    "unsuspend job": Case(
        ("unsuspend", "job/press"),
        lambda: batch(job(suspend=True)),
        f"{BATCH}/jobs/press",
        at_once=True,
    ),
    "edit": Case(("edit", "deploy/press"), healthy, again={"spec": {"replicas": 9}}),
    "edit pump": Case(
        ("edit", "pu/main"),
        pumping,
        "/apis/water.example.com/v1/namespaces/line-2/pumps/main",
        at_once=True,
    ),
    "delete": Case(("delete", "pod/press-x"), one_pod, POD, undone="final", at_once=True),
    "delete pump": Case(
        ("delete", "pu/main", "--cascade", "orphan"),
        pumping,
        "/apis/water.example.com/v1/namespaces/line-2/pumps/main",
        undone="final",
        at_once=True,
    ),
    "resources": Case(
        ("resources", "deploy/press", "--cpu-limit", "300m", "--memory-request", "64Mi"),
        resourced,
        same=("resources", "deploy/press", "--cpu-limit", "200m"),
        again={"spec": {"template": templated("900m")}},
    ),
    "cordon": Case(
        ("cordon", "node/line-2-a"),
        one_node,
        NODE,
        same=("cordon", "node/line-2-a"),
        same_site=lambda: one_node(cordoned=True),
        at_once=True,
    ),
    "uncordon": Case(
        ("uncordon", "node/line-2-a"),
        lambda: one_node(cordoned=True),
        NODE,
        same=("uncordon", "node/line-2-a"),
        same_site=one_node,
        at_once=True,
    ),
    "skip-update": Case(
        ("skip-update", "node/line-2-a", "k3s-agent"),
        one_node,
        NODE,
        same=("skip-update", "node/line-2-a", "k3s-agent"),
        same_site=lambda: Site(f.node("line-2-a", labels={"plan.upgrade.cattle.io/k3s-agent": "disabled"})),
        at_once=True,
    ),
    "out-of-service": Case(
        ("out-of-service", "node/line-2-a"),
        silent_node,
        NODE,
        same=("out-of-service", "node/line-2-a"),
        same_site=lambda: silent_node(out=True),
        at_once=True,
    ),
    "in-service": Case(
        ("in-service", "node/line-2-a"),
        lambda: silent_node(out=True),
        NODE,
        same=("in-service", "node/line-2-a"),
        same_site=silent_node,
        at_once=True,
    ),
    "suspend-update": Case(
        ("suspend-update", "talosupgrade/talos"),
        lambda: Site(u.talos("Draining", currentNode="edge-1")),
        TALOS,
        same=("suspend-update", "talosupgrade/talos"),
        same_site=lambda: Site(u.talos("Draining", suspended=True)),
        at_once=True,
    ),
    "resume-update": Case(
        ("resume-update", "talosupgrade/talos"),
        lambda: Site(u.talos("Draining", suspended=True)),
        TALOS,
        same=("resume-update", "talosupgrade/talos"),
        same_site=lambda: Site(u.talos("Draining")),
        at_once=True,
    ),
    "retry-update": Case(
        ("retry-update", "talosupgrade/talos"),
        lambda: Site(
            u.talos("Failed", failedNodes=[{"nodeName": "edge-2", "lastError": "did not come back"}])
        ),
        TALOS,
        same=("retry-update", "talosupgrade/talos"),
        same_site=lambda: Site(u.talos("Draining")),
        undone="final",
    ),
    "scale-to-zero": Case(
        ("scale-to-zero", "deploy/press"), healthy, same=("scale-to-zero", "deploy/press"), same_site=at_zero
    ),
    "restore": Case(
        ("restore", "deploy/press"),
        at_zero,
        same=("restore", "deploy/press", "--replicas", "3"),
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
    "set-hpa": Case(
        ("set-hpa", "hpa/press", "--min", "4"),
        bounded,
        HPA,
        same=("set-hpa", "hpa/press", "--max", "8"),
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
    "keda-resume": Case(
        ("keda-resume", "deploy/press"),
        lambda: queued(**{"autoscaling.keda.sh/paused": "true"}),
        SCALED,
        again={"metadata": {"annotations": {"autoscaling.keda.sh/paused-replicas": "9"}}},
        same=("keda-resume", "deploy/press"),
        same_site=queued,
    ),
    "promote": Case(
        ("promote", "ro/press"),
        argo,
        ROLLOUT,
        same=("promote", "ro/press"),
        same_site=lambda: argo(HEALTHY),
        undone="final",
    ),
    "promote step": Case(
        ("promote", "ro/press"),
        lambda: argo(MOVING | {"currentStepIndex": 4}),
        ROLLOUT,
        undone="final",
        at_once=True,
    ),
    "promote-full": Case(
        ("promote-full", "ro/press"),
        argo,
        ROLLOUT,
        same=("promote-full", "ro/press"),
        same_site=lambda: argo(HEALTHY),
        undone="final",
    ),
    "abort": Case(
        ("abort", "ro/press"),
        argo,
        ROLLOUT,
        same=("abort", "ro/press"),
        same_site=lambda: argo(ABORTED),
        undone="final",
    ),
    "rollout-retry": Case(
        ("rollout-retry", "ro/press"),
        lambda: argo(ABORTED),
        ROLLOUT,
        same=("rollout-retry", "ro/press"),
        same_site=argo,
        undone="final",
    ),
    "rollout-pause": Case(
        ("rollout-pause", "ro/press"),
        argo,
        ROLLOUT,
        same=("rollout-pause", "ro/press"),
        same_site=lambda: argo(paused=True),
        at_once=True,
    ),
    "rollout-resume": Case(
        ("rollout-resume", "ro/press"),
        lambda: argo(paused=True),
        ROLLOUT,
        same=("rollout-resume", "ro/press"),
        same_site=argo,
        at_once=True,
    ),
    "rollout-undo": Case(
        ("rollout-undo", "ro/press"),
        lambda: argo(ABORTED),
        ROLLOUT,
        same=("rollout-undo", "ro/press", "--to-revision", "2"),
        again={"spec": {"template": f.template("press:9")}},
        undone="asked",
    ),
    "owner-pause": Case(
        ("owner-pause", "deploy/press"),
        from_flux,
        KUSTOMIZATION,
        same=("owner-pause", "deploy/press"),
        same_site=lambda: from_flux(suspend=True),
        at_once=True,
    ),
    "owner-resume": Case(
        ("owner-resume", "deploy/press"),
        lambda: from_flux(suspend=True),
        KUSTOMIZATION,
        same=("owner-resume", "deploy/press"),
        same_site=from_flux,
        at_once=True,
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
    "images": Case(
        ("image", "deploy/press", "app=press:4", "log=log:2"),
        two_containers,
        same=("image", "deploy/press", "log=log:1", "app=press:2"),
        again={"spec": {"template": f.template("press:9")}},
    ),
    "cancel": Case(
        ("cancel", "deploy/press"),
        half_done,
        undone="asked",
        again={"spec": {"template": f.template("press:9")}},
    ),
    "delete-stuck-pod": Case(
        ("delete-stuck-pod", "sts/camera"),
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
