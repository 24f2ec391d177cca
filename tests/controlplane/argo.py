"""The real controller of Argo Rollouts on a control plane, and its kubectl plugin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from . import workloads as w
from .assets import Assets
from .cluster import ControlPlane
from .custom import DEFINITIONS
from .delivery import ROLLOUTS
from .process import Process
from .waiting import eventually

Json = dict[str, Any]

STEPS: list[Json] = [
    {"setWeight": 25},
    {"pause": {}},
    {"setWeight": 50},
    {"pause": {}},
    {"setWeight": 75},
    {"pause": {"duration": "1h"}},
]
_ALONE = Path(__file__).with_name("alone.py")


@contextmanager
def controller(cluster: ControlPlane, assets: Assets) -> Iterator[Process]:
    """Its kinds and its controller, on a cluster that has neither.

    It listens on every address of its host, so it gets a network of its own.
    """
    for file in sorted(assets.argo_kinds.glob("*.yaml")):
        cluster.api.create(DEFINITIONS, yaml.safe_load(file.read_text()))
    for path in (ROLLOUTS.format("default"), ROLLOUTS.format("default").replace("rollouts", "analysisruns")):
        eventually(lambda at=path: cluster.api.request("GET", at).code == 200, within=30, what=path)
    port = urlsplit(cluster.server).port
    program = [
        assets["rollouts-controller"],
        f"--kubeconfig={cluster.kubeconfig()}",
        "--leader-elect=false",
        "--loglevel=warn",
        "--namespace=",
    ]
    command = [sys.executable, "-I", str(_ALONE), str(port), *program]
    process = Process("argo-rollouts", command, cluster.directory / "argo-rollouts.log")
    try:
        yield process
    finally:
        process.kill()


def plugin(cluster: ControlPlane, assets: Assets, namespace: str, *words: str) -> str:
    """What `kubectl argo rollouts` says of a command; how it ends is said by the state it leaves."""
    answer = subprocess.run(
        [assets["kubectl-argo-rollouts"], *words, "-n", namespace],
        env={"PATH": os.environ["PATH"], "HOME": str(cluster.directory), "KUBECONFIG": str(_config(cluster))},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return answer.stdout


def _config(cluster: ControlPlane) -> Path:
    path = cluster.directory / "plugin.kubeconfig"
    return path if path.exists() else cluster.kubeconfig(path=path)


def rollout(steps: list[Json] | None = None, word: str = "app", replicas: int = 4, **spec: Any) -> Json:
    """A canary Rollout."""
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Rollout",
        "metadata": {"name": "press"},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": "press"}},
            "strategy": {"canary": {"steps": STEPS if steps is None else steps}},
            "template": w.pod_template("press", f"{w.REGISTRY}/{word}:1.0"),
            **spec,
        },
    }


class Press:
    """The Rollout of one namespace."""

    def __init__(self, cluster: ControlPlane, namespace: str, **made: Any) -> None:
        self.cluster, self.namespace = cluster, namespace
        self.path = f"{ROLLOUTS.format(namespace)}/press"
        cluster.api.create(ROLLOUTS.format(namespace), rollout(**made))
        self.reaches("Healthy")

    @property
    def there(self) -> Json:
        """As the server has it."""
        found: Json = self.cluster.api.get(self.path)
        return found

    @property
    def image(self) -> str:
        """The image of its spec."""
        image: str = self.there["spec"]["template"]["spec"]["containers"][0]["image"]
        return image

    def release(self, image: str) -> None:
        """Another image in its spec."""
        container = {"name": "app", "image": f"{w.REGISTRY}/{image}"}
        template = w.pod_template("press", container["image"])
        self.cluster.api.patch(self.path, {"spec": {"template": template}})

    @property
    def state(self) -> Json:
        """What its controller and a client decide by: the same of two Rollouts with the same history."""
        there = self.there
        status, notes = there.get("status", {}), there["metadata"].get("annotations", {})
        names = ("phase", "message", "currentStepIndex", "stableRS", "currentPodHash")
        return {
            "paused": there["spec"].get("paused", False),
            "image": there["spec"]["template"]["spec"]["containers"][0]["image"],
            "observed": status.get("observedGeneration") == str(there["metadata"]["generation"]),
            "pauses": [one["reason"] for one in status.get("pauseConditions") or []],
            "held": status.get("controllerPause", False),
            "revision": notes.get("rollout.argoproj.io/revision"),
            "updated": status.get("updatedReplicas", 0),
            "ready": status.get("readyReplicas", 0),
            **{name: status.get(name) for name in names},
            **{name: status.get(name, False) for name in ("abort", "promoteFull")},
        }

    def reaches(self, phase: str, **more: Any) -> Json:
        """Wait for a phase that its controller has seen the newest spec for, and for other parts of the state."""

        wanted = {"phase": phase, "observed": True, **more}

        def there() -> Json:
            found = self.state
            if any(found[name] != value for name, value in wanted.items()):
                raise LookupError(found)
            return found

        return eventually(there, within=60, what=f"press with {wanted}", errors=(LookupError,))
