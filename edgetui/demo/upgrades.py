"""Updates of hosts as system-upgrade-controller carries them out: a Job on one node after the other of a Plan.

Whether a host answers is not asked: one that is switched off keeps its turn until the deadline of its Job.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from datetime import datetime

from edgetui.demo.controllers.manager import owner_reference
from edgetui.demo.resources import JOBS, NAMESPACES, NODES, PLANS
from edgetui.demo.simulation import Simulation
from edgetui.demo.storage import Object
from edgetui.demo.templates import Container, namespace, template
from edgetui.demo.times import stamp

LOOK, TOOK, DEADLINE, KEPT = 5.0, 45.0, 600.0, 900.0
"""Seconds between two looks, that an update takes, that a Job may take, and that a failed one is kept."""
SPACE = "system-upgrade"
_GROUP = "upgrade.cattle.io"
_LATE = "DeadlineExceeded", "Job was active longer than specified deadline"


class Upgrades:
    """The Plans of one cluster."""

    def __init__(self, site: Simulation) -> None:
        self._site = site
        self._storage = site.cluster.storage
        site.add(NAMESPACES, namespace(SPACE))

    def add_plan(self, name: str, version: str, role: str | None) -> None:
        """A Plan for the nodes of a role, None for those without one."""
        key = "node-role.kubernetes.io/control-plane"
        wanted = {"key": key, "operator": "Exists" if role else "DoesNotExist"}
        spec: Object = {
            "concurrency": 1,
            "cordon": True,
            "nodeSelector": {"matchExpressions": [wanted]},
            "serviceAccountName": SPACE,
            "upgrade": {"image": "rancher/k3s-upgrade"},
            "version": version,
        }
        self._site.add(PLANS, {"metadata": {"namespace": SPACE, "name": name}, "spec": spec, "status": {}})

    def done(self, plan: str, nodes: Iterable[str]) -> None:
        """These nodes have it."""
        there = self._storage.find(PLANS, SPACE, plan)
        assert there is not None
        for name in nodes:
            self._finish(there, name)

    def begin(self, plan: str, node: str) -> None:
        """It is this node's turn."""
        there = self._storage.find(PLANS, SPACE, plan)
        assert there is not None
        self._begin(there, node)

    def start(self) -> None:
        """From now on it goes by itself."""
        self._look()

    def _look(self) -> None:
        for plan in list(self._storage.objects(PLANS)):
            self._step(plan)
        self._site.manager.timeline.after(LOOK, self._look)

    def _step(self, plan: Object) -> None:
        now, todo, failed = self._site.manager.now(), self._todo(plan), ""
        for job, node, began in list(self._jobs(plan)):
            job_name, age = job["metadata"]["name"], now - began
            if node not in todo or age >= DEADLINE + KEPT:
                self._storage.remove(JOBS, SPACE, job_name)
            elif age >= DEADLINE:
                reason, message = _LATE
                failed = f"Job {SPACE}/{job_name} failed on Node {node}: {reason}: {message}"
                self._site.change(JOBS, SPACE, job_name, _late(now))
            elif age >= TOOK and node not in self._site.kubelet.dead:
                self._finish(plan, node)
                self._storage.remove(JOBS, SPACE, job_name)
        applying = [node for _, node, _ in self._jobs(plan)]
        left = self._todo(plan)
        if left and not applying:
            applying = left[:1]
            self._begin(plan, left[0])
        status = _status(plan, applying, failed)
        if plan.get("status") != status:
            self._site.change(PLANS, SPACE, plan["metadata"]["name"], lambda one: one.update(status=status))

    def _todo(self, plan: Object) -> list[str]:
        """Nodes that it selects and that do not have it."""
        (wanted,) = plan["spec"]["nodeSelector"]["matchExpressions"]
        label, found = _label(plan), []
        for node in self._storage.objects(NODES):
            labels = node["metadata"]["labels"]
            selected = (wanted["key"] in labels) == (wanted["operator"] == "Exists")
            if selected and labels.get(label) not in ("disabled", _hash(plan)):
                found.append(node["metadata"]["name"])
        return sorted(found)

    def _jobs(self, plan: Object) -> Iterable[tuple[Object, str, float]]:
        """Each with its node and when it began."""
        for job in self._storage.objects(JOBS, SPACE):
            labels = job["metadata"]["labels"]
            if labels[f"{_GROUP}/plan"] == plan["metadata"]["name"]:
                yield (
                    job,
                    labels[f"{_GROUP}/node"],
                    datetime.fromisoformat(job["status"]["startTime"]).timestamp(),
                )

    def _begin(self, plan: Object, node: str) -> None:
        name, now = plan["metadata"]["name"], self._site.manager.now()
        image = Container(f"rancher/k3s-upgrade:{_latest(plan)}", "50m", "64Mi")
        pod = template("upgrade", image, node_selector={"kubernetes.io/hostname": node})
        pod["spec"]["restartPolicy"] = "Never"
        labels = {
            f"{_GROUP}/controller": "system-upgrade-controller",
            f"{_GROUP}/node": node,
            f"{_GROUP}/plan": name,
            f"{_GROUP}/version": _latest(plan),
            _label(plan): _hash(plan),
        }
        meta: Object = {
            "namespace": SPACE,
            "name": f"apply-{name}-on-{node}-with-{_hash(plan)}",
            "labels": labels,
            "ownerReferences": [owner_reference(PLANS, plan)],
        }
        spec: Object = {
            "activeDeadlineSeconds": int(DEADLINE),
            "backoffLimit": 2,
            "completions": 1,
            "parallelism": 1,
            "ttlSecondsAfterFinished": int(KEPT),
            "template": pod,
        }
        self._site.add(
            JOBS, {"metadata": meta, "spec": spec, "status": {"active": 1, "startTime": stamp(now)}}
        )
        if node not in self._site.kubelet.dead:  # the pod of the Job cordons it
            self._site.cordon(node)

    def _finish(self, plan: Object, node: str) -> None:
        def edit(one: Object) -> None:
            one["status"]["nodeInfo"]["kubeletVersion"] = plan["spec"]["version"]
            one["metadata"]["labels"][_label(plan)] = _hash(plan)
            one["spec"].pop("unschedulable", None)

        self._site.change(NODES, "", node, edit)


def _latest(plan: Object) -> str:
    version: str = plan["spec"]["version"].replace("+", "-")
    return version


def _hash(plan: Object) -> str:
    return f"{zlib.crc32(plan['spec']['version'].encode()):08x}"


def _label(plan: Object) -> str:
    return f"plan.{_GROUP}/{plan['metadata']['name']}"


def _late(now: float) -> Callable[[Object], None]:
    reason, message = _LATE
    condition = {"type": "Failed", "status": "True", "reason": reason, "message": message}
    condition |= {"lastTransitionTime": stamp(now), "lastProbeTime": stamp(now)}

    def edit(job: Object) -> None:
        if not job["status"].get("conditions"):
            job["status"] = {**job["status"], "active": 0, "failed": 1, "conditions": [condition]}

    return edit


def _status(plan: Object, applying: list[str], failed: str) -> Object:
    """What the controller says of it."""
    synced = f"Jobs for version {_latest(plan)} with hash {_hash(plan)} synced"
    whole = ("False", "JobFailed", failed) if failed else ("False", "SyncJob", synced)
    if not applying:
        whole = ("True", "Complete", "")
    said = (
        ("Validated", "True", "PlanIsValid", ""),
        ("LatestResolved", "True", "Version", ""),
        ("Complete", *whole),
    )
    conditions = [
        {
            "type": type_,
            "status": value,
            "reason": reason,
            "message": message,
            "lastUpdateTime": plan["metadata"]["creationTimestamp"],
        }
        for type_, value, reason, message in said
    ]
    told: Object = {"conditions": conditions, "latestVersion": _latest(plan), "latestHash": _hash(plan)}
    return told | ({"applying": applying} if applying else {})
