"""A whole small cluster on a scripted server, and the commands run against it as a person runs them."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edgetui.actions import commands

from .scripted import Answer, Request, Server

Json = dict[str, Any]
APPS = "/apis/apps/v1/namespaces/line-2"
CORE = "/api/v1/namespaces/line-2"
HPA = "/apis/autoscaling/v2/namespaces/line-2/horizontalpodautoscalers"
KEDA = "/apis/keda.sh/v1alpha1/namespaces/line-2/scaledobjects"


def template(image: str) -> Json:
    return {
        "metadata": {"labels": {"app": "x"}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }


def workload(name: str, image: str, replicas: int = 3, **spec: Any) -> Json:
    return {
        "metadata": {
            "name": name,
            "namespace": "line-2",
            "uid": f"uid-{name}",
            "resourceVersion": "100",
            "generation": 5,
            "annotations": {"deployment.kubernetes.io/revision": "3"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template(image),
            **spec,
        },
        "status": {},
    }


def replica_set(owner: str, number: int, image: str, available: int) -> Json:
    return {
        "metadata": {
            "name": f"{owner}-{number}",
            "namespace": "line-2",
            "uid": f"uid-{owner}-{number}",
            "resourceVersion": "90",
            "annotations": {"deployment.kubernetes.io/revision": str(number)},
            "ownerReferences": [
                {"kind": "Deployment", "name": owner, "uid": f"uid-{owner}", "controller": True}
            ],
        },
        "spec": {"replicas": available, "template": template(image)},
        "status": {"replicas": available, "availableReplicas": available},
    }


def pod(name: str, **more: Any) -> Json:
    return {
        "metadata": {"name": name, "namespace": "line-2", "uid": f"uid-{name}", "resourceVersion": "80"},
        "spec": {
            "nodeName": "n1",
            "containers": [
                {"name": "app", "image": "press:2.0", "resources": {"requests": {"memory": "64Mi"}}}
            ],
        },
        "status": {"phase": "Running"},
        **more,
    }


def hpa(name: str, target: str) -> Json:
    return {
        "metadata": {
            "name": name,
            "namespace": "line-2",
            "uid": f"uid-{name}",
            "resourceVersion": "70",
            "generation": 1,
        },
        "spec": {
            "minReplicas": 1,
            "maxReplicas": 4,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
        },
        "status": {"currentReplicas": 3, "desiredReplicas": 3},
    }


def scaled_object(name: str, target: str, **notes: str) -> Json:
    return {
        "metadata": {
            "name": name,
            "namespace": "line-2",
            "uid": f"uid-so-{name}",
            "resourceVersion": "60",
            "generation": 1,
            "annotations": notes,
        },
        "spec": {"scaleTargetRef": {"name": target}, "minReplicaCount": 1, "maxReplicaCount": 6},
        "status": {"conditions": [{"type": "Paused", "status": "True" if notes else "False"}]},
    }


def _stuck() -> Json:
    """A Deployment half way through a rollout."""
    made = workload("oven", "oven:bad")
    made["status"] = {
        "observedGeneration": 5,
        "replicas": 4,
        "updatedReplicas": 1,
        "readyReplicas": 3,
        "availableReplicas": 3,
    }
    return made


def _camera() -> Json:
    """An OrderedReady StatefulSet that a broken pod of an older revision holds up."""
    made = workload("camera", "camera:2", serviceName="camera", updateStrategy={"type": "RollingUpdate"})
    made["status"] = {
        "observedGeneration": 5,
        "replicas": 3,
        "readyReplicas": 2,
        "currentRevision": "camera-1",
        "updateRevision": "camera-2",
    }
    return made


def _camera_pod() -> Json:
    made = pod("camera-2")
    made["metadata"]["labels"] = {"controller-revision-hash": "camera-1", "app": "camera"}
    made["metadata"]["ownerReferences"] = [
        {"kind": "StatefulSet", "name": "camera", "uid": "uid-camera", "controller": True}
    ]
    made["status"] = {
        "phase": "Pending",
        "containerStatuses": [
            {
                "name": "app",
                "ready": False,
                "restartCount": 3,
                "state": {"waiting": {"reason": "ImagePullBackOff"}},
            }
        ],
    }
    return made


class Site:
    """Objects by their path; writes are merged in and carried out at once, as controllers would.

    `fault` answers first where it gives an answer; `carries_out` says whether controllers do anything, `meddles`
    whether somebody else changes an object right after each write to it.
    """

    def __init__(self) -> None:
        self.version = 1000
        self.carries_out = True
        self.meddles = False
        self.fault: Callable[[Request], Answer | None] = lambda request: None
        self.writes: list[str] = []
        self.objects: dict[str, Json] = {
            f"{APPS}/deployments/press": workload("press", "press:2.0"),
            f"{APPS}/deployments/held": workload("held", "held:1", paused=True),
            f"{APPS}/deployments/parked": workload("parked", "parked:1", 0),
            f"{APPS}/deployments/lidar": workload("lidar", "lidar:1"),
            f"{APPS}/deployments/radar": workload("radar", "radar:1"),
            f"{APPS}/deployments/oven": _stuck(),
            f"{APPS}/statefulsets/camera": _camera(),
            f"{APPS}/replicasets/press-1": replica_set("press", 1, "press:1.0", 0),
            f"{APPS}/replicasets/press-3": replica_set("press", 3, "press:2.0", 3),
            f"{APPS}/replicasets/oven-2": replica_set("oven", 2, "oven:good", 3),
            f"{APPS}/replicasets/oven-3": replica_set("oven", 3, "oven:bad", 0),
            f"{CORE}/pods/press-1": pod("press-1"),
            f"{CORE}/pods/camera-2": _camera_pod(),
            f"{HPA}/press": hpa("press", "press"),
            f"{KEDA}/lidar": scaled_object("lidar", "lidar"),
            f"{KEDA}/radar": scaled_object("radar", "radar", **{"autoscaling.keda.sh/paused": "true"}),
        }
        for path, one in self.objects.items():
            if path.startswith(f"{APPS}/deployments") and not one["status"]:
                _settle(path, one)

    def answer(self, request: Request) -> Answer:
        """As an API server."""
        said = self.fault(request)
        if said is not None:
            return said
        if request.method == "GET":
            return self._get(request)
        path = request.path.removesuffix("/scale").removesuffix("/resize")
        there = self.objects.get(path)
        if there is None:
            return 404, {"kind": "Status", "reason": "NotFound", "message": "not found", "code": 404}
        dry = bool(
            request.query.get("dryRun")
            or (request.body or {} if request.method == "DELETE" else {}).get("dryRun")
        )
        if request.method == "DELETE":
            return self._delete(path, dry)
        made = _written(request, copy.deepcopy(there))
        if made["metadata"]["resourceVersion"] != there["metadata"]["resourceVersion"]:
            return 409, {"kind": "Status", "reason": "Conflict", "message": "modified", "code": 409}
        if not dry:
            self.writes.append(f"{request.method} {request.path}")
            self._keep(path, there, made)
        return 200, made

    def _get(self, request: Request) -> Answer:
        if request.path in self.objects:
            return 200, self.objects[request.path]
        root = request.path + "/"
        label = request.query.get("labelSelector", "")
        found = [
            one
            for path, one in self.objects.items()
            if path.startswith(root) and (not label or _named(one) == label.removeprefix("app="))
        ]
        known = request.path.endswith(("s", "pods", "nodes"))
        return (200, {"metadata": {}, "items": found}) if known else (404, {})

    def _delete(self, path: str, dry: bool) -> Answer:
        if not dry:
            self.writes.append(f"DELETE {path}")
            del self.objects[path]
            if self.carries_out:
                camera = self.objects[f"{APPS}/statefulsets/camera"]
                camera["status"] |= {
                    "readyReplicas": 3,
                    "availableReplicas": 3,
                    "updatedReplicas": 3,
                    "currentReplicas": 3,
                    "currentRevision": "camera-2",
                }
        return 200, {"kind": "Status", "status": "Success"}

    def _keep(self, path: str, before: Json, made: Json) -> None:
        self.version += 1
        made["metadata"]["resourceVersion"] = str(self.version)
        if made["spec"] != before["spec"] and "generation" in made["metadata"]:
            made["metadata"]["generation"] += 1
        if self.meddles:
            _meddle(path, made)
        if self.carries_out:
            _settle(path, made)
        self.objects[path] = made


def _meddle(path: str, one: Json) -> None:
    """What somebody else makes of an object in the moment after it was written."""
    metadata, spec = one["metadata"], one["spec"]
    metadata["resourceVersion"] += "1"
    metadata["generation"] = metadata.get("generation", 0) + 1
    if "/keda.sh/" in path:
        metadata["annotations"] = {"autoscaling.keda.sh/paused-replicas": "9"}
    elif "/horizontalpodautoscalers/" in path:
        spec["maxReplicas"] = 9
    elif "/pods/" in path:
        spec["containers"][0]["resources"] = {"requests": {"memory": "1Mi"}}
    else:
        spec |= {"replicas": 9, "template": template("other:1"), "paused": not spec.get("paused")}


def _named(one: Json) -> str:
    owners = one["metadata"].get("ownerReferences") or [{}]
    return str(owners[0].get("name", one["metadata"]["name"]))


def _settle(path: str, one: Json) -> None:
    """What controllers would make of the spec."""
    if "/keda.sh/" in path:
        held = any("paused" in name for name in one["metadata"].get("annotations") or {})
        one["status"] = {"conditions": [{"type": "Paused", "status": "True" if held else "False"}]}
        return
    if "/pods/" in path:
        one["status"]["containerStatuses"] = [
            {"name": box["name"], "resources": box.get("resources")} for box in one["spec"]["containers"]
        ]
        return
    if "/horizontalpodautoscalers/" in path:
        return
    wanted = one["spec"]["replicas"]
    one["status"] = {
        "observedGeneration": one["metadata"]["generation"],
        "replicas": wanted,
        "updatedReplicas": wanted,
        "readyReplicas": wanted,
        "availableReplicas": wanted,
        "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
    }


def _written(request: Request, there: Json) -> Json:
    """The object with what the request writes."""
    body = request.body
    if request.path.endswith("/scale"):
        there["metadata"]["resourceVersion"] = body["metadata"]["resourceVersion"]
        there["spec"]["replicas"] = body["spec"]["replicas"]
        return there
    if isinstance(body, list):
        for one in body:
            _patched(there, one)
        return there
    merged: Json = _merged(there, body)
    return merged


def _patched(there: Json, operation: Json) -> None:
    *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
    at: Any = there
    for part in way:
        at = at[part]
    if operation["op"] == "remove":
        at.pop(last, None)
    elif operation["op"] != "test":
        at[last] = operation["value"]


def _merged(there: Any, patch: Any) -> Any:
    if isinstance(patch, list) and isinstance(there, list):
        by_name = {one.get("name"): one for one in there}
        for one in patch:
            by_name[one.get("name")] = _merged(by_name.get(one.get("name"), {}), one)
        return list(by_name.values())
    if not isinstance(patch, dict) or not isinstance(there, dict):
        return patch
    found = dict(there)
    for name, value in patch.items():
        if name.startswith("$"):
            continue
        if value is None:
            found.pop(name, None)
        else:
            found[name] = _merged(found.get(name), value)
    return found


class Ended(msgspec.Struct):
    """How a command ended: exit code, the JSON on stdout, the text on stderr."""

    code: int
    said: Json
    err: str


class Bench:
    """A Site behind a kubeconfig file, and the commands on it."""

    def __init__(self, folder: Path, site: Site, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
        self.site, self.server = site, server
        self.file = folder / "config"
        self.state = folder / "state"
        self._capsys = capsys
        self.file.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "plant",
                    "clusters": [{"name": "plant", "cluster": {"server": server.url}}],
                    "contexts": [
                        {
                            "name": "plant",
                            "context": {"cluster": "plant", "user": "kim", "namespace": "line-2"},
                        }
                    ],
                    "users": [{"name": "kim", "user": {}}],
                }
            )
        )

    def run(self, *argv: str, timeout: float = 0.3) -> Ended:
        """One command with --yes and --json, to its end."""
        self._capsys.readouterr()
        name, *rest = argv
        more = ["--yes", "--json", "--timeout", str(timeout), "--kubeconfig", str(self.file)]
        code = commands.main([name, *rest, *more])
        out, err = self._capsys.readouterr()
        return Ended(code, json.loads(out), err)

    @property
    def audit(self) -> list[Json]:
        """The record."""
        path = self.state / "edgetui" / "audit.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@contextmanager
def serving(handler: Callable[[Request], Answer]) -> Iterator[Server]:
    """A scripted server on a thread of its own, for code that runs its own event loop."""
    loop, server = asyncio.new_event_loop(), Server(handler)
    ready = threading.Event()

    async def serve() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        ready.set()

    def run() -> None:
        loop.create_task(serve())
        loop.run_forever()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@pytest.fixture
def bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Bench]:
    """A Site, and the commands on it, with a record of their own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("HOME", str(tmp_path))
    site = Site()
    with serving(site.answer) as server:
        yield Bench(tmp_path, site, server, capsys)
