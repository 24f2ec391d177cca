"""A small cluster for commands: objects that are read, patched, scaled and deleted over HTTP, with faults on demand.

Its controllers carry out every write at once, unless they are `idle`. A command runs as a shell runs it: a kubeconfig
file, its arguments, an exit code, one JSON object; the server stands in a thread of its own.
"""

from __future__ import annotations

import asyncio
import copy
import functools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions import cli
from edgetui.actions.cli import running
from edgetui.actions.gate.gate import Gate
from edgetui.demo.patches import merge_patch, strategic_merge
from edgetui.model.autoscaling.vpa_keda import PAUSED, PAUSED_AT
from edgetui.model.kinds import KINDS
from edgetui.model.rollout.revision import template_equal

from .scripted import DROP, Answer, Request, Server, Streams

Json = dict[str, Any]

APPLY_THEN_DROP = -2
"""A fault: the write is carried out, its answer is lost."""
STATUS = {
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    422: "Invalid",
    429: "TooManyRequests",
}


def refusal(code: int) -> Answer:
    """A Status as the API server answers it."""
    reason = STATUS.get(code, "InternalError")
    return code, {"kind": "Status", "status": "Failure", "reason": reason, "code": code, "message": "no"}


class Site:
    """The objects by their path. `fault` is what real writes meet, `dry_fault` dry runs, `idle` stops the controllers.

    `instead` answers a read first where it gives an answer. `before_write` runs when a dry run has been answered: what
    somebody else does while the person reads the plan. `changed` runs after every write that is kept. `hidden` are
    resources that may not be listed, `silences` are what the next reads meet instead of an answer. `streams` serves who
    asks for a WebSocket.
    """

    streams: Streams | None = None

    def __init__(self, *objects: Json) -> None:
        self.objects = {self.path(one): copy.deepcopy(one) for one in objects}
        self.fault = 0
        self.dry_fault = 0
        self.idle = False
        self.before_write: Callable[[], None] | None = None
        self.instead: Callable[[Request], Answer | None] = lambda request: None
        self.changed: Callable[[], None] = lambda: None
        self.hidden: frozenset[str] = frozenset()
        self.silences: list[int] = []
        self.requests: list[Request] = []

    @staticmethod
    def path(one: Json) -> str:
        namespace, name = one["metadata"].get("namespace", ""), one["metadata"]["name"]
        if other := _OTHERS.get(one["kind"]):
            return f"{other.format(namespace)}/{name}"
        return KINDS[one["kind"]].path(namespace, name)

    @property
    def writes(self) -> list[str]:
        """The writes that were no dry run, as they arrived."""
        return [one.line for one in self.requests if one.method != "GET" and not _dry(one)]

    @property
    def paths(self) -> list[str]:
        """What was asked for, as it arrived."""
        return [one.path for one in self.requests]

    def touch(self, path: str, *, spec: bool) -> None:
        """What somebody else does: status moves the version, a changed spec the generation too."""
        there = self.objects[path]
        there["metadata"]["resourceVersion"] = str(int(there["metadata"]["resourceVersion"]) + 1)
        if spec:
            there["metadata"]["generation"] = there["metadata"].get("generation", 0) + 1

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        if request.method == "GET" and self.silences:
            code = self.silences.pop(0)
            return (DROP, None) if code == DROP else refusal(code)
        if request.method == "GET":
            return self.instead(request) or self._get(request.path)
        if _dry(request) and self.dry_fault:
            return self.dry_fault, None
        if _dry(request):
            code, found = self._write(request, keep=False)
            if self.before_write is not None and code < 300:
                self.before_write()
                self.before_write = None
            return code, found
        if self.fault == DROP:
            return DROP, None
        if self.fault > 0:
            return refusal(self.fault)
        answer = self._write(request, keep=True)
        return (DROP, None) if self.fault == APPLY_THEN_DROP else answer

    def _get(self, path: str) -> Answer:
        if found := self.objects.get(path) or _DISCOVERY.get(path):
            return 200, found
        if path.endswith("/scale") and (scaled := self.objects.get(path.removesuffix("/scale"))):
            wanted, there = ("units", "running") if scaled["kind"] == "Pump" else ("replicas", "replicas")
            spec, status = {"replicas": scaled["spec"].get(wanted)}, {"replicas": scaled["status"].get(there)}
            metadata = {name: scaled["metadata"][name] for name in ("name", "uid", "resourceVersion")}
            return 200, {"metadata": metadata, "spec": spec, "status": status}
        if path.rpartition("/")[2] in self.hidden:
            return refusal(403)
        items = [one for at, one in self.objects.items() if at.rpartition("/")[0] == path]
        if items or path.rpartition("/")[2] in _LISTS:
            return 200, {"metadata": {}, "items": items}
        return refusal(404)

    def _write(self, request: Request, *, keep: bool) -> Answer:
        if request.method == "POST":
            return self._create(request, keep=keep)
        path = request.path
        for subresource in ("scale", "resize", "status", "ephemeralcontainers"):
            path = path.removesuffix(f"/{subresource}")
        if path not in self.objects:
            return refusal(404)
        there, body = self.objects[path], request.body
        if request.method == "DELETE":
            held = body["preconditions"]
            if any(there["metadata"][name] != value for name, value in held.items()):
                return refusal(409)
            if keep:
                del self.objects[path]
                self.carry_out()
            return 200, {"kind": "Status", "status": "Success"}
        if (body.get("metadata") or {}).get("resourceVersion") != there["metadata"]["resourceVersion"]:
            return refusal(409)
        new = self._changed(request, there)
        if new["spec"] != there["spec"]:
            new["metadata"]["generation"] = there["metadata"].get("generation", 0) + 1
        if keep:
            new["metadata"]["resourceVersion"] = str(int(there["metadata"]["resourceVersion"]) + 1)
            self.objects[path] = new
            self.carry_out()
        return 200, new

    def _create(self, request: Request, *, keep: bool) -> Answer:
        made = copy.deepcopy(request.body)
        path = f"{request.path}/{made['metadata']['name']}"
        if path in self.objects:
            return refusal(409)
        made["metadata"] |= {"uid": f"uid-of-{made['metadata']['name']}", "resourceVersion": "1"}
        if keep:
            self.objects[path] = made
        return 201, made

    @staticmethod
    def _changed(request: Request, there: Json) -> Json:
        if request.method == "PUT":
            new = copy.deepcopy(there)
            new["spec"]["units" if there["kind"] == "Pump" else "replicas"] = request.body["spec"]["replicas"]
            return new
        merged = strategic_merge if "strategic" in request.content_type else merge_patch
        new = copy.deepcopy(merged(there, request.body))
        new["metadata"]["annotations"] = new["metadata"].get("annotations") or {}
        return new

    def carry_out(self) -> None:
        """What the controllers do about it all, and then `changed`."""
        for one in [] if self.idle else list(self.objects.values()):
            if controller := _CONTROLLERS.get(one["kind"]):
                controller(self, one)
        self.changed()


def _dry(request: Request) -> bool:
    return bool(
        request.query.get("dryRun") or (isinstance(request.body, dict) and request.body.get("dryRun"))
    )


_OTHERS = {
    "ScaledObject": "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    "Kustomization": "/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/{}/kustomizations",
    "HelmRelease": "/apis/helm.toolkit.fluxcd.io/v2/namespaces/{}/helmreleases",
    "Application": "/apis/argoproj.io/v1alpha1/namespaces/{}/applications",
    "ControllerRevision": "/apis/apps/v1/namespaces/{}/controllerrevisions",
    "Pump": "/apis/water.example.com/v1/namespaces/{}/pumps",
}
"""Where the kinds are that edgetui does not watch. A Pump is a custom resource with a scale subresource."""

_PUMPS = {
    "resource": "pumps",
    "responseKind": {"group": "water.example.com", "version": "v1", "kind": "Pump"},
    "scope": "Namespaced",
    "singularResource": "pump",
    "shortNames": ["pu"],
    "subresources": [{"subresource": "scale"}],
    "verbs": ["delete", "get", "list", "patch", "watch"],
}
_GROUP = {
    "metadata": {"name": "water.example.com"},
    "versions": [{"version": "v1", "resources": [_PUMPS]}],
}
_DISCOVERY: Json = {
    "/api/v1": {"kind": "APIResourceList", "groupVersion": "v1", "resources": []},
    "/api": {"kind": "APIGroupDiscoveryList", "items": []},
    "/apis": {"kind": "APIGroupDiscoveryList", "items": [_GROUP]},
}

_LISTS = {
    "horizontalpodautoscalers",
    "poddisruptionbudgets",
    "resourcequotas",
    "scaledobjects",
    "replicasets",
    "controllerrevisions",
    "pods",
    "nodes",
}


def _daemon_set(site: Site, one: Json) -> None:
    names = ("currentNumberScheduled", "updatedNumberScheduled", "numberReady", "numberAvailable")
    status = one["status"]
    status |= dict.fromkeys(names, status["desiredNumberScheduled"])
    status["observedGeneration"] = one["metadata"]["generation"]


def _pump(site: Site, one: Json) -> None:
    one["status"]["running"] = one["spec"]["units"]


def _workload(site: Site, one: Json) -> None:
    wanted, status = one["spec"].get("replicas", 1), one["status"]
    counted = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    status |= dict.fromkeys(counted, wanted) | {"observedGeneration": one["metadata"]["generation"]}
    if one["kind"] == "StatefulSet":
        history = [other for other in site.objects.values() if other["kind"] == "ControllerRevision"]
        for revision in history:
            if template_equal(revision["data"]["spec"]["template"], one["spec"]["template"]):
                status["updateRevision"] = revision["metadata"]["name"]
        status["currentRevision"], status["currentReplicas"] = status["updateRevision"], wanted
    for condition in status.get("conditions", ()):
        condition |= {"status": "True", "reason": "NewReplicaSetAvailable"}


def _autoscaler(site: Site, one: Json) -> None:
    low, high = one["spec"]["minReplicas"], one["spec"]["maxReplicas"]
    for target in site.objects.values():
        if target["kind"] == "Deployment":
            target["spec"]["replicas"] = max(low, min(high, target["spec"]["replicas"]))
            one["status"] |= {"currentReplicas": target["spec"]["replicas"]}
            one["status"] |= {"desiredReplicas": target["spec"]["replicas"]}


def _pod(site: Site, one: Json) -> None:
    for container, status in zip(one["spec"]["containers"], one["status"]["containerStatuses"], strict=True):
        status["resources"] = container["resources"]


def _scaled_object(site: Site, one: Json) -> None:
    notes = one["metadata"].get("annotations") or {}
    paused = {"type": "Paused", "status": str(PAUSED in notes or PAUSED_AT in notes)}
    one["status"] = {"conditions": [{"type": "Ready", "status": "True"}, paused]}
    for target in site.objects.values():
        if target["kind"] == "Deployment" and PAUSED_AT in notes:
            target["spec"]["replicas"] = int(notes[PAUSED_AT])


def _rollout(site: Site, one: Json) -> None:
    """What Argo's controller makes of the fields that a client sets in its status."""
    status, steps = one["status"], len(one["spec"]["strategy"]["canary"]["steps"])
    hashes = {image: hash_ for hash_, image in one["spec"]["hashes"].items()}
    status["observedGeneration"] = str(one["metadata"].get("generation", 0))
    newest = hashes.get(one["spec"]["template"]["spec"]["containers"][0]["image"], "9c")
    done = status.pop("promoteFull", False) or newest == status["stableRS"]
    if newest != status["currentPodHash"] and not done:
        status["currentStepIndex"] = 0
    if newest != status["currentPodHash"]:
        status.pop("abort", None)
    status["currentPodHash"] = newest
    if status.get("controllerPause") and not status.get("pauseConditions"):
        status["currentStepIndex"] += 1
        del status["controllerPause"]
    at = steps if done else status["currentStepIndex"]
    if one["spec"].get("paused"):
        phase = ("Paused", "manually paused")
    elif status.get("abort"):
        phase = ("Degraded", "RolloutAborted: Rollout aborted update to revision 2")
    elif at >= steps:
        phase, status["stableRS"] = ("Healthy", ""), newest
    elif status.get("pauseConditions"):
        phase = ("Paused", "CanaryPauseStep")
    else:
        phase = ("Progressing", "more replicas need to be updated")
    status |= {"currentStepIndex": at, "phase": phase[0], "message": phase[1]}


def _tuppr(site: Site, one: Json) -> None:
    """Tuppr begins anew where it is told to."""
    notes = one["metadata"].get("annotations") or {}
    if notes.pop("tuppr.home-operations.com/reset", None) is not None:
        one["status"] = {"phase": "Pending", "message": "Reset requested via annotation"}


_CONTROLLERS: dict[str, Callable[[Site, Json], None]] = {
    "Deployment": _workload,
    "StatefulSet": _workload,
    "DaemonSet": _daemon_set,
    "Pump": _pump,
    "HorizontalPodAutoscaler": _autoscaler,
    "Pod": _pod,
    "ScaledObject": _scaled_object,
    "Rollout": _rollout,
    "TalosUpgrade": _tuppr,
}


class Told:
    """What a command came to: its exit code, what it printed, and what it left in the audit record."""

    def __init__(self, code: int, out: str, err: str, audit: list[Json]) -> None:
        self.code, self.out, self.err, self.audit = code, out, err, audit

    @property
    def json(self) -> Json:
        """The one object on stdout; an exit code of 0 and `ok` never differ."""
        (line,) = self.out.splitlines()
        found: Json = json.loads(line)
        assert found["ok"] == (self.code == 0), (self.code, found)
        return found

    @property
    def results(self) -> list[str]:
        """What the server made of each write."""
        return [one["result"] for one in self.audit if one["event"] == "result"]


class Shell:
    """Runs commands on a site."""

    def __init__(self, site: Site, kubeconfig: Path, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        self.site, self._kubeconfig, self._capsys, self._home = site, kubeconfig, capsys, home

    def run(self, *words: str, rest: tuple[str, ...] = (), options: tuple[str, ...] = ("--json",)) -> Told:
        """One command, with --json or other options; `rest` stands behind all of them."""
        self.site.requests.clear()
        self._capsys.readouterr()
        file = self._home / "edgetui" / "audit.jsonl"
        before = len(file.read_text().splitlines()) if file.exists() else 0
        on = ["--kubeconfig", str(self._kubeconfig), "-n", "line-2", *options]
        code = cli.main([*words, *on, *rest])
        said = self._capsys.readouterr()
        lines = file.read_text().splitlines()[before:] if file.exists() else []
        return Told(code, said.out, said.err, [json.loads(line) for line in lines])


def editor(home: Path, *commands: str) -> Path:
    """A program that edits a file as sed does with these commands."""
    made = home / "editor"
    words = " ".join(f"-e '{one}'" for one in commands)
    made.write_text(f'#!/bin/sh\nexec sed -i {words} "$1"\n')
    made.chmod(0o755)
    return made


@contextmanager
def shell_on(
    site: Site, home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Shell]:
    """A shell whose commands see one cluster, `plant`; nobody waits between two looks."""

    async def briefly(seconds: float) -> None:
        await asyncio.sleep(0.001)

    monkeypatch.setenv("XDG_STATE_HOME", str(home))
    monkeypatch.setenv(
        "KUBE_EDITOR", str(editor(home, "s/^  replicas: 3/  replicas: 5/", "s/^  units: 3/  units: 5/"))
    )
    monkeypatch.setattr(running, "Gate", functools.partial(Gate, sleep=briefly))
    with _listening(site) as port:
        kubeconfig = home / "config"
        kubeconfig.write_text(json.dumps(_config(port)))
        yield Shell(site, kubeconfig, capsys, home)


@contextmanager
def _listening(site: Site) -> Iterator[int]:
    """Serve in a thread, for a command has an event loop of its own."""
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        stopped = asyncio.Event()

        async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Server(site.answer, streams=site.streams).serve(reader, writer)

        listening = await asyncio.start_server(one, "127.0.0.1", 0)
        ready.set_result((listening.sockets[0].getsockname()[1], asyncio.get_running_loop(), stopped))
        await stopped.wait()
        listening.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    port, loop, stopped = ready.result(60)
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(10)


def _config(port: int) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "plant",
        "clusters": [{"name": "plant", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "kim", "user": {}}],
        "contexts": [{"name": "plant", "context": {"cluster": "plant", "user": "kim"}}],
    }
