"""Boot control planes for a trial by hand or a benchmark: ``python -m tests.controlplane.serve --help``.

Prints ``ready`` and the kubeconfigs, then serves until SIGTERM, Ctrl-C, or the end of a piped standard input.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import stat
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from . import build, workloads
from .cluster import BootError, ControlPlane
from .golang import BuildError
from .waiting import eventually

_PODS_PER_NODE = 200
_NAMESPACES = 4


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(prog="python -m tests.controlplane.serve", description=__doc__)
    result.add_argument(
        "--kubeconfig",
        type=Path,
        metavar="FILE",
        required=True,
        help="file to write; with more clusters FILE-2, FILE-3, …",
    )
    result.add_argument("--clusters", type=int, default=1, metavar="N")
    result.add_argument(
        "--nodes", type=int, default=3, metavar="N", help="nodes of each cluster, more if the pods need them"
    )
    result.add_argument(
        "--pods", type=int, default=0, metavar="N", help="sound pods of each cluster, in Deployments"
    )
    result.add_argument(
        "--trouble", action="store_true", help="add failing workloads and an autoscaler, in namespace trouble"
    )
    result.add_argument("--no-metrics", action="store_true", help="without metrics-server")
    result.add_argument("--storage", choices=("etcd", "kine"), default="etcd")
    result.add_argument("--authorization", choices=("Node,RBAC", "AlwaysAllow"), default="Node,RBAC")
    result.add_argument(
        "--gate", action="append", default=[], metavar="NAME=true|false", help="feature gate of the apiserver"
    )
    result.add_argument(
        "--service-account",
        action="store_true",
        help="kubeconfigs with a service account's token instead of the admin's certificate",
    )
    return result


def _file(chosen: Path, number: int) -> Path:
    return chosen if number == 1 else chosen.with_stem(f"{chosen.stem}-{number}")


def _fill(cluster: ControlPlane, pods: int, trouble: bool) -> None:
    namespaces = [f"line-{number}" for number in range(1, _NAMESPACES + 1)] if pods else []
    for name in [*namespaces, *(["trouble"] if trouble else [])]:
        cluster.api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    for index, body in enumerate(workloads.mix(pods)):
        cluster.create(namespaces[index % _NAMESPACES], body)
    if trouble:
        cluster.create("trouble", *workloads.trouble())

    def available() -> bool:
        items = cluster.api.get("/apis/apps/v1/deployments")["items"]
        sound = [item for item in items if item["metadata"]["namespace"] in namespaces]
        return bool(sum(item["status"].get("availableReplicas", 0) for item in sound) >= pods)

    eventually(available, within=60 + pods / 5, what=f"{pods} pods available", pause=0.5)


def _wait_for_the_end() -> None:
    """Return at a signal, or at the end of standard input where that is a pipe or a terminal."""
    wake, woken = os.pipe()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os.write(woken, b"."))
    watched = [wake]
    mode = os.fstat(0).st_mode
    if os.isatty(0) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode):
        watched.append(0)
    while True:
        readable, _, _ = select.select(watched, [], [])
        if wake in readable or not os.read(0, 4096):
            return


def main(arguments: Sequence[str] | None = None) -> int:
    """Boot, fill, say ready, serve."""
    chosen = parser().parse_args(arguments)
    nodes = max(chosen.nodes, -(-chosen.pods // _PODS_PER_NODE))
    gates = dict(gate.split("=", 1) for gate in chosen.gate)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as running:
        files = []
        try:
            assets = build.ensure()
            for number in range(1, chosen.clusters + 1):
                cluster = ControlPlane(
                    f"site-{number}",
                    assets=assets,
                    nodes=nodes,
                    metrics=not chosen.no_metrics,
                    storage=chosen.storage,
                    authorization=chosen.authorization,
                    feature_gates={name: value == "true" for name, value in gates.items()},
                )
                running.enter_context(cluster)
                build.say(f"{cluster.name} {cluster.server} booted in {cluster.boot_seconds:.1f} s")
                _fill(cluster, chosen.pods, chosen.trouble)
                path = _file(chosen.kubeconfig, number).absolute()
                if chosen.service_account:
                    cluster.service_account_kubeconfig("default", "edgetui", path)
                else:
                    cluster.kubeconfig(path=path)
                running.callback(path.unlink, missing_ok=True)
                files.append(str(path))
        except (BuildError, BootError, TimeoutError) as error:
            build.say(str(error))
            return 1
        except KeyboardInterrupt:
            return 130
        sys.stdout.write(" ".join(["ready", *files]) + "\n")
        sys.stdout.flush()
        _wait_for_the_end()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
