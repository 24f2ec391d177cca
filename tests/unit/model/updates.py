"""Objects of update engines as their controllers write them, by the types in their repositories, for tests.

A sequence is what a controller writes one after the other, with what the pane says each time.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from edgetui.model.kinds import row_of
from tests.unit.model import factories as f

Json = dict[str, Any]
HASH = "0e3c9b1f7a"
TARGET = "v1.34.2-k3s1"
OLD, NEW = "v1.33.4+k3s1", "v1.34.2+k3s1"


class Step(NamedTuple):
    """What is written next, objects of any kind, and what the pane says of the update then.

    `says` are severity, state, done and why; `gone` are objects that are deleted, as kind, namespace and name.
    """

    objects: tuple[Json, ...]
    says: tuple[str, str, str | None, str]
    gone: tuple[tuple[str, str, str], ...] = ()


def host(name: str, version: str = OLD, *, done: str = "", plan: str = "k3s", **more: Any) -> Json:
    """A node as K3s registers it; `done` is the value of its label for a plan."""
    labels = {"kubernetes.io/hostname": name} | more.pop("labels", {})
    if done:
        labels[f"plan.upgrade.cattle.io/{plan}"] = done
    return f.node(name, version=version, labels=labels, **more)


def plan(name: str = "k3s", *conditions: Json, applying: tuple[str, ...] = (), **more: Any) -> Json:
    """A Plan of system-upgrade-controller; `more` goes into its spec, None takes a field out."""
    spec: Json = {
        "concurrency": 1,
        "cordon": True,
        "nodeSelector": {"matchExpressions": [{"key": "kubernetes.io/hostname", "operator": "Exists"}]},
        "serviceAccountName": "system-upgrade",
        "upgrade": {"image": "rancher/k3s-upgrade"},
        "version": NEW,
    } | more
    status: Json = {}
    if conditions:
        status = {"conditions": list(conditions), "latestVersion": TARGET, "latestHash": HASH}
        if applying:
            status["applying"] = list(applying)
    return {
        "apiVersion": "upgrade.cattle.io/v1",
        "kind": "Plan",
        "metadata": f.meta("Plan", name, "system-upgrade", created=f.NOW - 30),
        "spec": {key: value for key, value in spec.items() if value is not None},
        "status": status,
    }


VALID = f.cond("Validated", "True", "PlanIsValid")
RESOLVED = f.cond("LatestResolved", "True", "Version")


def whole(status: str, reason: str, message: str = "") -> tuple[Json, ...]:
    """The conditions of a Plan that is valid and knows its version."""
    return (VALID, RESOLVED, f.cond("Complete", status, reason, message))


def job(node: str, *conditions: Json, plan: str = "k3s", started: float = f.NOW - 60) -> Json:
    """The Job of a Plan on a node (pkg/upgrade/job/job.go)."""
    labels = {
        "upgrade.cattle.io/controller": "system-upgrade-controller",
        "upgrade.cattle.io/node": node,
        "upgrade.cattle.io/plan": plan,
        "upgrade.cattle.io/version": TARGET,
        "upgrade.cattle.io/exclusive": "false",
        f"plan.upgrade.cattle.io/{plan}": HASH,
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": f.meta("Job", f"apply-{plan}-on-{node}-with-{HASH}", "system-upgrade", labels=labels),
        "spec": {
            "activeDeadlineSeconds": 600,
            "backoffLimit": 2,
            "completions": 1,
            "parallelism": 1,
            "ttlSecondsAfterFinished": 900,
            "template": {
                "spec": {
                    "restartPolicy": "Never",
                    "containers": [{"name": "upgrade", "image": f"rancher/k3s-upgrade:{TARGET}"}],
                }
            },
        },
        "status": {"startTime": f.stamp(started), "conditions": list(conditions)},
    }


LATE = f.cond("Failed", "True", "DeadlineExceeded", "Job was active longer than specified deadline")
SYNC = ("False", "SyncJob", "Jobs for version v1.34.2-k3s1 with hash 0e3c9b1f7a synced")
FAILED = (
    "False",
    "JobFailed",
    f"Job system-upgrade/apply-k3s-on-edge-2-with-{HASH} failed on Node edge-2: DeadlineExceeded: "
    "Job was active longer than specified deadline",
)

SUC = (
    Step((*map(host, ("edge-1", "edge-2", "edge-3")), plan()), ("watch", "not seen yet", "0/3", "")),
    Step(
        (plan("k3s", *whole(*SYNC), applying=("edge-1",)), job("edge-1"), host("edge-1", cordoned=True)),
        ("watch", "updating edge-1", "0/3", ""),
    ),
    Step(
        (host("edge-1", NEW, done=HASH), plan("k3s", *whole(*SYNC), applying=("edge-2",)), job("edge-2")),
        ("watch", "updating edge-2", "1/3", ""),
        gone=(("Job", "system-upgrade", f"apply-k3s-on-edge-1-with-{HASH}"),),
    ),
    Step(
        (host("edge-2", cordoned=True, ready="Unknown", heartbeat=f.NOW - 400),),
        (
            "bad",
            "held by edge-2",
            "1/3",
            "NotReady, holds the only place, 1 node waits; its Job fails after 10m",
        ),
    ),
    Step(
        (plan("k3s", *whole(*FAILED), applying=("edge-2",)), job("edge-2", LATE)),
        (
            "bad",
            "failed on edge-2",
            "1/3",
            "DeadlineExceeded: Job was active longer than specified deadline",
        ),
    ),
    Step(
        (),
        (
            "bad",
            "failed on edge-2",
            "1/3",
            "DeadlineExceeded: Job was active longer than specified deadline",
        ),
        gone=(("Job", "system-upgrade", f"apply-k3s-on-edge-2-with-{HASH}"),),
    ),
    Step(
        (
            host("edge-2", done="disabled"),
            host("edge-3", NEW, done=HASH),
            plan("k3s", *whole("True", "Complete")),
        ),
        ("fine", "complete", "2/2", "skips edge-2 (disabled)"),
    ),
)
"""A K3s site of three hosts: one is updated, one is switched off while it is, fails, and is skipped."""


def _step(made: Json, *says: Any) -> Step:
    return Step((made,), says)  # type: ignore[arg-type]


def _of(api: str, kind: str, name: str, spec: Json, status: Json, **metadata: Any) -> Json:
    namespace = metadata.pop("namespace", "")
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": f.meta(kind, name, namespace, created=f.NOW - 30, **metadata),
        "spec": spec,
        "status": status,
    }


def autopilot(state: str = "", *workers: str, controllers: tuple[str, ...] = (), said: str = "") -> Json:
    """The Plan of k0s; `workers` are the states of w0, w1, …"""

    def targets(letter: str, states: tuple[str, ...]) -> list[Json]:
        return [
            {"name": f"{letter}{at}", "state": one, "lastUpdatedTimestamp": f.stamp(f.NOW)}
            | ({"description": said} if said and one == "SignalApplyFailed" else {})
            for at, one in enumerate(states)
        ]

    spec = {
        "id": "id1",
        "timestamp": "now",
        "commands": [
            {
                "k0supdate": {
                    "version": "v1.34.2+k0s.0",
                    "platforms": {"linux-amd64": {"url": "https://example.com/k0s"}},
                    "targets": {"workers": {"discovery": {"selector": {}}, "limits": {"concurrent": 1}}},
                }
            }
        ],
    }
    status: Json = {}
    if state:
        update = {"controllers": targets("c", controllers), "workers": targets("w", workers)}
        status = {"state": state, "commands": [{"id": 0, "state": state, "k0supdate": update}]}
    return _of("autopilot.k0sproject.io/v1beta2", "Plan", "autopilot", spec, status)


DONE, SENT, PENDING = "SignalCompleted", "SignalSent", "SignalPending"
K0S = (
    _step(autopilot(), "watch", "not seen yet", None, ""),
    _step(
        autopilot("SchedulableWait", PENDING, PENDING, controllers=(SENT,)),
        "watch", "updating c0", "0/3", "",
    ),
    _step(
        autopilot("Schedulable", PENDING, PENDING, controllers=(DONE,)), "watch", "updating", "1/3", ""
    ),
    _step(
        autopilot("SchedulableWait", SENT, PENDING, controllers=(DONE,)), "watch", "updating w0", "1/3", ""
    ),
    _step(
        autopilot("ApplyFailed", "SignalApplyFailed", PENDING, controllers=(DONE,), said="checksum mismatch"),
        "bad", "failed on w0", "1/3", "checksum mismatch",
    ),
    _step(
        autopilot("IncompleteTargets", "SignalMissingNode", controllers=(DONE,)),
        "bad", "failed on w0", "1/2", "there is no such node",
    ),
    _step(
        autopilot("Restricted"),
        "bad", "failed", None, "it targets nodes that k0s was started to leave out of plans",
    ),
    _step(autopilot("Completed", DONE, DONE, controllers=(DONE,)), "fine", "complete", "3/3", ""),
)  # fmt: skip


def edge_job(phase: str = "", **nodes: Json) -> Json:
    """A NodeUpgradeJob of KubeEdge; `nodes` are their states by name, "_" for "-"."""
    told = [{"nodeName": name.replace("_", "-"), **one} for name, one in nodes.items()]
    status = {"phase": phase, "nodeStatus": told} if phase else {}
    spec = {"version": "v1.23.0", "concurrency": 1, "timeoutSeconds": 300, "failureTolerate": "0.1"}
    return _of("operations.kubeedge.io/v1alpha2", "NodeUpgradeJob", "to-1-23", spec, status)


def _flow(*actions: str, failed: str = "", why: str = "") -> list[Json]:
    return [
        {"action": one, "status": "False" if one == failed else "True"}
        | ({"reason": why} if one == failed else {})
        for one in actions
    ]


GOOD = {"phase": "Successful", "currentVersion": "v1.23.0", "historicVersion": "v1.22.1"}
LOST = {
    "phase": "Failure",
    "actionFlow": _flow("Check", "BackUp", "Upgrade", "RollBack", failed="Upgrade", why="exit status 1"),
}
ASKING = {
    "phase": "InProgress",
    "actionFlow": [*_flow("Check"), {"action": "WaitingConfirmation", "status": "False"}],
}
KUBEEDGE = (
    _step(edge_job(), "watch", "not seen yet", None, ""),
    _step(edge_job("Init", edge_1={"phase": "Pending"}), "watch", "waiting", "0/1", ""),
    _step(
        edge_job("InProgress", edge_1=ASKING, edge_2={"phase": "Pending"}),
        "watch", "updating edge-1", "0/2", "edge-1: confirm on the host, with keadm ctl confirm",
    ),
    _step(
        edge_job("InProgress", edge_1=GOOD, edge_2={"phase": "InProgress"}),
        "watch", "updating edge-2", "1/2", "",
    ),
    _step(
        edge_job("Failure", edge_1=GOOD, edge_2=LOST),
        "bad", "failed on edge-2", "1/2", "Upgrade: exit status 1; rolled back",
    ),
    _step(
        edge_job("InProgress", edge_1=GOOD, edge_2={"phase": "Unknown"}),
        "bad", "failed on edge-2", "1/2", "what it does is not known",
    ),
    _step(edge_job("Complated", edge_1=GOOD, edge_2=GOOD), "fine", "complete", "2/2", ""),
)  # fmt: skip


FETCHED = ("registry.local/press:2.1", "docker.io/kubeedge/installation-package:v1.23.0")
"""The images of a pre-pull."""


def prepull(phase: str = "", reason: str = "", **nodes: Json) -> Json:
    """An ImagePrePullJob of KubeEdge v1alpha2; `nodes` are their states by name, "_" for "-"."""
    told = [{"nodeName": name.replace("_", "-"), **one} for name, one in nodes.items()]
    status = {"phase": phase, "nodeStatus": told} if phase else {}
    if reason:
        status["reason"] = reason
    template = {"images": list(FETCHED), "nodeNames": ["edge-1", "edge-2"], "concurrency": 1, "retryTimes": 1}
    return _of(
        "operations.kubeedge.io/v1alpha2",
        "ImagePrePullJob",
        "images",
        {"imagePrePullTemplate": template},
        status,
    )


def older_prepull(state: str = "", **nodes: Json) -> Json:
    """The same in v1alpha1."""
    told = [
        {
            "nodeStatus": {"nodeName": name.replace("_", "-"), "state": one["state"]},
            "imageStatus": one["images"],
        }
        for name, one in nodes.items()
    ]
    template = {"images": list(FETCHED), "nodeNames": ["edge-1", "edge-2"]}
    status = {"state": state, "event": "Pull", "action": "Success", "status": told} if state else {}
    return _of(
        "operations.kubeedge.io/v1alpha1",
        "ImagePrePullJob",
        "images",
        {"imagePrePullTemplate": template},
        status,
    )


def _images(*states: str, key: str = "status", why: str = "") -> list[Json]:
    """The states of the images in their order; those that failed have the reason."""
    return [
        {"image": image, key: state} | ({"reason": why} if state in ("False", "Failed") else {})
        for image, state in zip(FETCHED, states, strict=False)
    ]


NO_SUCH = "not found"
PREPULL = (
    _step(prepull(), "watch", "not seen yet", None, ""),
    _step(prepull("Init", edge_1={"phase": "Pending"}, edge_2={"phase": "Pending"}), "watch", "waiting", "0/2", ""),
    _step(
        prepull(
            "InProgress",
            edge_1={"phase": "InProgress", "actionFlow": _flow("Check"), "imageStatus": _images("True")},
            edge_2={"phase": "Pending"},
        ),
        "watch", "pulling on edge-1", "0/2", "",
    ),
    _step(
        prepull("InProgress", edge_1={"phase": "Successful", "imageStatus": _images("True", "True")},
                edge_2={"phase": "Pending"}),
        "watch", "pulling", "1/2", "",
    ),
    _step(
        prepull(
            "Failure",
            edge_1={"phase": "Successful", "imageStatus": _images("True", "True")},
            edge_2={
                "phase": "Failure",
                "actionFlow": _flow("Check", "Pull", failed="Pull", why="pull failed"),
                "imageStatus": _images("True", "False", why=NO_SUCH),
            },
        ),
        "bad", "failed on edge-2", "1/2", f"{FETCHED[1]}: {NO_SUCH}",
    ),
    _step(
        prepull("Failure", edge_1={"phase": "Failure", "actionFlow": _flow("Check", failed="Check", why="disk full")}),
        "bad", "failed on edge-1", "0/1", "disk full",
    ),
    _step(
        prepull("Complated", edge_1={"phase": "Successful"}, edge_2={"phase": "Successful"}),
        "fine", "complete", "2/2", "",
    ),
)  # fmt: skip
OLDER_PREPULL = (
    _step(older_prepull(), "watch", "not seen yet", None, ""),
    _step(
        older_prepull("Pulling", edge_1={"state": "Pulling", "images": _images("Successful", key="state")}),
        "watch", "pulling on edge-1", "0/1", "",
    ),
    _step(
        older_prepull(
            "Failed",
            edge_1={"state": "Successful", "images": _images("Successful", "Successful", key="state")},
            edge_2={"state": "Failed", "images": _images("Successful", "Failed", key="state", why=NO_SUCH)},
        ),
        "bad", "failed on edge-2", "1/2", f"{FETCHED[1]}: {NO_SUCH}",
    ),
    _step(
        older_prepull("Successful", edge_1={"state": "Successful", "images": []}), "fine", "complete", "1/1", ""
    ),
)  # fmt: skip


def kairos(phase: str = "", message: str = "", **nodes: tuple[str, ...]) -> Json:
    """A NodeOpUpgrade of Kairos; `nodes` are phase, reboot status and message by name."""
    fields = ("phase", "rebootStatus", "message")
    told = {name.replace("_", "-"): dict(zip(fields, one, strict=False)) for name, one in nodes.items()}
    status = {"phase": phase, "nodeStatuses": told, "message": message} if phase else {}
    spec = {"image": "quay.io/kairos/opensuse:v3.6.0", "concurrency": 1, "stopOnFailure": True}
    return _of("operator.kairos.io/v1alpha1", "NodeOpUpgrade", "to-3-6", spec, status, namespace="default")


KAIROS = (
    _step(kairos(), "watch", "not seen yet", None, ""),
    _step(kairos("Initializing"), "watch", "waiting", None, ""),
    _step(
        kairos("Running", edge_1=("Running", "not-requested"), edge_2=("Pending",)),
        "watch", "updating edge-1", "0/2", "",
    ),
    _step(
        kairos("Running", edge_1=("Completed", "pending"), edge_2=("Pending",)),
        "watch", "updating edge-1", "0/2", "",
    ),
    _step(
        kairos("Running", edge_1=("Completed", "completed"), edge_2=("Running",)),
        "watch", "updating edge-2", "1/2", "",
    ),
    _step(
        kairos("Failed", edge_1=("Completed", "completed"), edge_2=("Failed", "", "no space left on device")),
        "bad", "failed on edge-2", "1/2", "no space left on device",
    ),
    _step(
        kairos("Completed", edge_1=("Completed", "completed"), edge_2=("Completed", "completed")),
        "fine", "complete", "2/2", "",
    ),
)  # fmt: skip


def talos(phase: str = "", *, suspended: bool = False, **status: Any) -> Json:
    """A TalosUpgrade of tuppr, for the nodes of the site."""
    notes = {"tuppr.home-operations.com/suspend": "true"} if suspended else None
    spec = {"talos": {"version": "v1.12.1"}, "policy": {"rebootMode": "default"}}
    told = {"phase": phase, **status} if phase else {}
    return _of("tuppr.home-operations.com/v1alpha1", "TalosUpgrade", "talos", spec, told, annotations=notes)


BOTH = (f.node("edge-1"), f.node("edge-2"))
TALOS = (
    Step((*BOTH, talos()), ("watch", "not seen yet", None, "")),
    _step(
        talos("MaintenanceWindow", message="waiting for the next window"),
        "watch", "waiting", "0/2", "waiting for the next window",
    ),
    _step(
        talos(
            "Pending",
            message="Pre-pull failed on node edge-2",
            prePulledNodes=[{"nodeName": "edge-1", "nodeUID": "u", "image": "installer:v1.12.1"}],
            prePullFailure={"attempts": 2, "lastError": "no such host"},
        ),
        "bad", "image not pulled", "0/2", "the pull before the update failed, no node is touched: no such host",
    ),
    _step(
        talos("Draining", currentNode="edge-1", currentNodes=["edge-1"]),
        "watch", "updating edge-1", "0/2", "",
    ),
    _step(
        talos("Rebooting", completedNodes=["edge-1"], rebootingNodes=[{"nodeName": "edge-2"}]),
        "watch", "updating edge-2", "1/2", "",
    ),
    Step(
        (f.node("edge-2", ready="Unknown", heartbeat=f.NOW - 100),),
        ("watch", "updating edge-2", "1/2", ""),
    ),
    Step(
        (f.node("edge-2", ready="Unknown", heartbeat=f.NOW - 900),),
        ("bad", "held by edge-2", "1/2", "NotReady, and the update waits for it"),
    ),
    _step(
        talos(
            "Failed",
            completedNodes=["edge-1"],
            failedNodes=[{"nodeName": "edge-2", "retries": 2, "lastError": "did not come back"}],
        ),
        "bad", "failed on edge-2", "1/2", "did not come back",
    ),
    _step(
        talos("Draining", suspended=True, currentNode="edge-2", completedNodes=["edge-1"]),
        "watch", "paused", "1/2", "",
    ),
    _step(talos("Completed", completedNodes=["edge-1", "edge-2"]), "fine", "complete", "2/2", ""),
)  # fmt: skip


def kubernetes(phase: str = "", **status: Any) -> Json:
    """A KubernetesUpgrade of tuppr."""
    told = {"phase": phase, "targetVersion": "v1.36.4", **status} if phase else {}
    spec = {"kubernetes": {"version": "v1.36.4"}}
    return _of("tuppr.home-operations.com/v1alpha1", "KubernetesUpgrade", "kubernetes", spec, told)


KUBERNETES = (
    _step(kubernetes(), "watch", "not seen yet", None, ""),
    _step(kubernetes("HealthChecking"), "watch", "updating", None, ""),
    _step(kubernetes("Upgrading", controllerNode="cp-1"), "watch", "updating cp-1", None, ""),
    _step(
        kubernetes("Failed", lastError="etcd is not healthy"), "bad", "failed", None, "etcd is not healthy"
    ),
    _step(kubernetes("Completed"), "fine", "complete", None, ""),
)


def bundle(*, paused: bool = False, state: str = "", failing: Json | None = None, **summary: int) -> Json:
    """A Bundle of Fleet."""
    told: Json = dict(summary)
    if failing:
        told["nonReadyResources"] = [failing]
    return _of(
        "fleet.cattle.io/v1alpha1",
        "Bundle",
        "site-os",
        {"paused": True} if paused else {},
        {"summary": told, "display": {"state": state, "readyClusters": ""}} if summary else {},
        namespace="fleet-default",
        labels={"fleet.cattle.io/commit": "8c2f1e0b55aa", "fleet.cattle.io/repo-name": "sites"},
    )


FLEET = (
    _step(bundle(), "watch", "not seen yet", None, ""),
    _step(
        bundle(state="WaitApplied", desiredReady=12, ready=9, waitApplied=2, notReady=1),
        "watch", "updating", "9/12", "1 not ready; 2 waiting",
    ),
    _step(
        bundle(
            state="ErrApplied",
            desiredReady=12,
            ready=11,
            errApplied=1,
            failing={"name": "fleet-default/van-17", "bundleState": "ErrApplied", "message": "no such image"},
        ),
        "bad", "failed on van-17", "11/12", "no such image",
    ),
    _step(
        bundle(paused=True, state="OutOfSync", desiredReady=12, ready=10, outOfSync=2),
        "watch", "paused", "10/12", "2 out of sync",
    ),
    _step(bundle(state="Ready", desiredReady=12, ready=12), "fine", "complete", "12/12", ""),
)  # fmt: skip
SEQUENCES: dict[str, tuple[Step, ...]] = {
    "SUC": SUC,
    "k0s": K0S,
    "KubeEdge": KUBEEDGE,
    "KubeEdge, images": PREPULL,
    "KubeEdge, images in v1alpha1": OLDER_PREPULL,
    "Kairos": KAIROS,
    "tuppr, Talos": TALOS,
    "tuppr, Kubernetes": KUBERNETES,
    "Fleet": FLEET,
}
"""What each engine writes, step by step."""


def id_of(thing: Json) -> str:
    """The id of the kind of an object: two engines call their kind Plan."""
    return "AutopilotPlan" if thing["apiVersion"].startswith("autopilot.") else str(thing["kind"])


def store_of(*objects: Json) -> Any:
    """A live store that holds these objects, of any engine."""
    store = f.store_of()
    for one in objects:
        store.apply(id_of(one), row_of(id_of(one), one))
    return store
