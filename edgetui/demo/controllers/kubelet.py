"""Scheduler and kubelets: a pod finds a node, pulls its images, runs, crashes, ends – or dies with its node."""

from __future__ import annotations

from collections.abc import Callable

from edgetui.demo.images import Catalogue, Fate, pull_error
from edgetui.demo.metrics import milli, node_ready, requested
from edgetui.demo.resources import NODES, PODS, Resource
from edgetui.demo.storage import Object

from . import podstatus
from .manager import Manager
from .pods import deleting

BIND = 0.05
RETRY_UNSCHEDULED = 0.5
PULL = (0.4, 1.6)
READY = (0.8, 2.5)
SLOW_READY = 9.0
STOP = (0.5, 1.5)
BACK_OFF = (10.0, 20.0, 40.0, 80.0, 160.0, 300.0)
CRASH_AFTER = 4.0

Action = Callable[[Object], None]


class Kubelet:
    """Every node's kubelet and the scheduler. Nodes in `dead` neither start, stop nor report anything."""

    def __init__(self, manager: Manager, catalogue: Catalogue) -> None:
        self._manager = manager
        self._catalogue = catalogue
        self.dead: set[str] = set()
        self._load: dict[str, dict[str, int]] = {}
        """Requested millicores by node and pod uid."""
        self._used: dict[str, int] = {}
        self._nodes: list[Object] | None = None
        self._unscheduled: set[tuple[str, str]] = set()
        self._ips = 0

    def observe(self, resource: Resource, kind: str, obj: Object, old: Object | None) -> None:
        if resource is NODES:
            self._nodes = None
            self._retry_unscheduled()
        if resource is not PODS:
            return
        self._account(kind, obj)
        if kind == "ADDED" and "startTime" not in obj["status"]:
            self._later(BIND, obj, self._bind)
        elif kind == "MODIFIED" and deleting(obj) and old is not None and not deleting(old):
            self._later(self._manager.rng.uniform(*STOP), obj, self._stop, doomed=True)

    def reconcile(self, namespace: str, name: str) -> None:
        """Tries once more to place a pod that found no node."""
        pod = self._manager.storage.find(PODS, namespace, name)
        if pod is not None and not deleting(pod) and not pod["spec"].get("nodeName"):
            self._bind(pod)

    def launch(self, pod: Object) -> Object:
        """Stores a new pod; where the manager is fast it is placed, running and ready at once."""
        if self._manager.fast:
            now = self._manager.now()
            self._name(pod)
            node = pod["spec"].get("nodeName") or self._pick(pod)
            if node:
                pod["spec"]["nodeName"] = node
                podstatus.scheduled(pod, now)
                podstatus.starting(pod, self._host_ip(node), now)
                podstatus.running(pod, self._pod_ip(), now)
                podstatus.now_ready(pod, now)
        return self._manager.storage.create(PODS, pod)

    def revive(self, node: str) -> None:
        """A node is back: ends what should have ended, and makes its pods report again."""
        self.dead.discard(node)
        for pod in self._manager.storage.objects(PODS):
            if pod["spec"].get("nodeName") != node:
                continue
            if deleting(pod):
                self._later(self._manager.rng.uniform(*STOP), pod, self._stop, doomed=True)
            else:
                self._later(0.2, pod, self._run)

    def _bind(self, pod: Object) -> None:
        now = self._manager.now()
        node = pod["spec"].get("nodeName") or self._pick(pod)
        key = (pod["metadata"]["namespace"], pod["metadata"]["name"])
        if not node:
            self._unscheduled.add(key)
            message = self._why_not(pod)
            podstatus.unschedulable(pod, message, now)
            pod = self._manager.storage.update(PODS, pod)
            self._say(pod, "FailedScheduling", message, "default-scheduler", warn=True)
            return
        self._unscheduled.discard(key)
        pod["spec"]["nodeName"] = node
        podstatus.scheduled(pod, now)
        podstatus.starting(pod, self._host_ip(node), now)
        pod = self._manager.storage.update(PODS, pod, keep_generation=True)
        where = f"{key[0]}/{key[1]}"
        self._say(pod, "Scheduled", f"Successfully assigned {where} to {node}", "default-scheduler")
        self._later(self._manager.rng.uniform(*PULL), pod, self._run)

    def _run(self, pod: Object) -> None:
        fates = [self._catalogue.fate(container["image"]) for container in pod["spec"]["containers"]]
        for index, fate in enumerate(fates):
            if fate in (Fate.MISSING, Fate.TIMEOUT):
                self._pull_failed(pod, index, fate, 0)
                return
        podstatus.running(pod, pod["status"].get("podIP") or self._pod_ip(), self._manager.now())
        pod = self._manager.storage.update(PODS, pod)
        self._say(pod, "Started", "Started container " + pod["spec"]["containers"][0]["name"])
        crashing = next((i for i, fate in enumerate(fates) if fate in (Fate.CRASH, Fate.OUT_OF_MEMORY)), None)
        if crashing is not None:
            started = self._manager.now()
            self._later(
                CRASH_AFTER, pod, lambda again: self._crash(again, crashing, fates[crashing], started)
            )
            return
        delay = SLOW_READY if Fate.SLOW in fates else self._probe_delay(pod)
        self._later(delay, pod, self._get_ready)

    def _get_ready(self, pod: Object) -> None:
        podstatus.now_ready(pod, self._manager.now())
        self._manager.storage.update(PODS, pod)

    def _pull_failed(self, pod: Object, index: int, fate: Fate, attempt: int) -> None:
        image = pod["spec"]["containers"][index]["image"]
        error = pull_error(image, fate)
        podstatus.waiting(pod, index, "ErrImagePull", error, self._manager.now())
        pod = self._manager.storage.update(PODS, pod)
        self._say(pod, "Failed", f'Failed to pull image "{image}": {error}', warn=True)
        self._later(1.5, pod, lambda again: self._pull_back_off(again, index, fate, attempt))

    def _pull_back_off(self, pod: Object, index: int, fate: Fate, attempt: int) -> None:
        image = pod["spec"]["containers"][index]["image"]
        message = f'Back-off pulling image "{image}": ErrImagePull: {pull_error(image, fate)}'
        podstatus.waiting(pod, index, "ImagePullBackOff", message, self._manager.now())
        pod = self._manager.storage.update(PODS, pod)
        self._say(pod, "BackOff", f'Back-off pulling image "{image}"', warn=True)
        pause = BACK_OFF[min(attempt, len(BACK_OFF) - 1)]
        self._later(pause, pod, lambda again: self._pull_failed(again, index, fate, attempt + 1))

    def _crash(self, pod: Object, index: int, fate: Fate, started: float) -> None:
        code, reason = (137, "OOMKilled") if fate is Fate.OUT_OF_MEMORY else (1, "Error")
        now = self._manager.now()
        podstatus.crashed(pod, index, code, reason, started, now)
        container = pod["status"]["containerStatuses"][index]
        pause = BACK_OFF[min(container["restartCount"], len(BACK_OFF) - 1)]
        where = f"{pod['metadata']['name']}_{pod['metadata']['namespace']}({pod['metadata']['uid']})"
        message = f"back-off {int(pause)}s restarting failed container={container['name']} pod={where}"
        podstatus.waiting(pod, index, "CrashLoopBackOff", message, now)
        pod = self._manager.storage.update(PODS, pod)
        text = f"Back-off restarting failed container {container['name']} in pod {where}"
        self._say(pod, "BackOff", text, warn=True)
        self._later(pause, pod, lambda again: self._restart(again, index))

    def _restart(self, pod: Object, index: int) -> None:
        pod["status"]["containerStatuses"][index]["restartCount"] += 1
        self._run(pod)

    def _stop(self, pod: Object) -> None:
        self._manager.storage.remove(PODS, pod["metadata"]["namespace"], pod["metadata"]["name"])

    def _later(self, delay: float, pod: Object, action: Action, *, doomed: bool = False) -> None:
        """Continues with this very pod after a while, unless it is gone, ending, or its node is dead by then."""
        meta = pod["metadata"]
        namespace, name, uid = meta["namespace"], meta["name"], meta["uid"]

        def go_on() -> None:
            again = self._manager.storage.find(PODS, namespace, name)
            if again is None or again["metadata"]["uid"] != uid or deleting(again) is not doomed:
                return
            if again["spec"].get("nodeName") not in self.dead:
                action(again)

        self._manager.timeline.after(delay, go_on)

    def _pick(self, pod: Object) -> str:
        """The least loaded node that can take the pod, empty for none."""
        need = milli(requested(pod["spec"], "cpu") or "0")
        wanted = (pod["spec"].get("nodeSelector") or {}).items()
        free: list[tuple[int, str]] = []
        for node in self._all_nodes():
            name = node["metadata"]["name"]
            if (
                node["spec"].get("taints")
                or not node_ready(node)
                or not wanted <= node["metadata"]["labels"].items()
            ):
                continue
            if self._used.get(name, 0) + need <= milli(node["status"]["allocatable"]["cpu"]):
                free.append((len(self._load.get(name, ())), name))
        return min(free)[1] if free else ""

    def _why_not(self, pod: Object) -> str:
        nodes = self._all_nodes()
        tainted = sum(1 for node in nodes if node["spec"].get("taints"))
        reasons = [f"{tainted} node(s) had untolerated taint(s)"] if tainted else []
        wanted = (pod["spec"].get("nodeSelector") or {}).items()
        apart = sum(
            1
            for node in nodes
            if not node["spec"].get("taints") and not wanted <= node["metadata"]["labels"].items()
        )
        if apart:
            reasons.append(f"{apart} node(s) didn't match Pod's node affinity/selector")
        full = len(nodes) - tainted - apart
        if full:
            reasons.append(f"{full} Insufficient cpu")
        return f"0/{len(nodes)} nodes are available: {', '.join(reasons)}."

    def _account(self, kind: str, pod: Object) -> None:
        node, uid = pod["spec"].get("nodeName", ""), pod["metadata"]["uid"]
        pods = self._load.setdefault(node, {})
        self._used[node] = self._used.get(node, 0) - pods.pop(uid, 0)
        if kind == "DELETED":
            self._unscheduled.discard((pod["metadata"]["namespace"], pod["metadata"]["name"]))
            self._retry_unscheduled()
        elif node:
            pods[uid] = milli(requested(pod["spec"], "cpu") or "0")
            self._used[node] += pods[uid]

    def _all_nodes(self) -> list[Object]:
        if self._nodes is None:
            self._nodes = list(self._manager.storage.objects(NODES))
        return self._nodes

    def _retry_unscheduled(self) -> None:
        for key in self._unscheduled:
            self._manager.enqueue(self, key, RETRY_UNSCHEDULED)

    def _probe_delay(self, pod: Object) -> float:
        probe = pod["spec"]["containers"][0].get("readinessProbe") or {}
        return float(probe.get("initialDelaySeconds", 0)) + self._manager.rng.uniform(*READY)

    def _name(self, pod: Object) -> None:
        meta = pod["metadata"]
        if "generateName" in meta and "name" not in meta:
            meta["name"] = meta["generateName"] + self._manager.storage.suffix()

    def _host_ip(self, node: str) -> str:
        found = self._manager.storage.find(NODES, "", node)
        addresses = (found or {}).get("status", {}).get("addresses") or [{"address": "192.0.2.1"}]
        return str(addresses[0]["address"])

    def _pod_ip(self) -> str:
        self._ips += 1
        return f"10.42.{self._ips // 250 % 250}.{self._ips % 250 + 2}"

    def _say(
        self, pod: Object, reason: str, message: str, source: str = "kubelet", *, warn: bool = False
    ) -> None:
        self._manager.event(PODS, pod, reason, message, source, warn)
