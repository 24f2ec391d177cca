"""The clients that are compared, each as its own documentation uses it: `python -m tests.bench.core.peers NAME ...`.

Every one keeps the objects of all contexts of a kubeconfig and says on its standard output "synced" once it
has as many pods as there are, and "marker N" whenever it has the marker pod at version N.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import logging
import os
import sys
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .objects import MARKER, MARKER_NAMESPACE

KINDS = ("Node", "Pod", "Deployment", "StatefulSet", "DaemonSet", "HorizontalPodAutoscaler")
FRAME = 1 / 30
"""How often edgetui's screen asks what changed."""


class Told:
    """What was said so far, by all threads of this process."""

    def __init__(self, expected: int, *, traced: bool) -> None:
        self._expected = expected
        self._lock = threading.Lock()
        self._pods: set[str] = set()
        self._traced = traced
        self._before = 0
        self._synced = False

    def begin(self) -> None:
        """Everything is imported; what is allocated from now on is for the objects."""
        if self._traced:
            gc.collect()
            tracemalloc.start()
            self._before = tracemalloc.get_traced_memory()[0]

    def pods(self, count: int) -> None:
        """So many pods are held now."""
        if not self._synced and count >= self._expected:
            self._synced = True
            if self._traced:
                gc.collect()
                held = tracemalloc.get_traced_memory()[0] - self._before
                print(f"traced {held}", flush=True)
            print("synced", flush=True)

    def marker(self, version: str) -> None:
        """The marker pod is there at this version."""
        print(f"marker {version}", flush=True)


def edgetui(config: Path, kinds: list[str], told: Told) -> None:
    """Sessions on one event loop, looked at as often as a screen would."""
    from edgetui.cluster.kubeconfig.loader import Selection, load_fleet
    from edgetui.cluster.session import ClusterSession

    async def run() -> None:
        loop = asyncio.get_running_loop()
        told.begin()
        targets = load_fleet(Selection(files=[config], all_contexts=True), {}, Path("/nonexistent"))
        sessions = [ClusterSession(target) for target in targets]
        marked = [""] * len(sessions)

        def look(number: int) -> None:
            store = sessions[number].store
            store.drain()
            told.pods(sum(session.store.count("Pod") for session in sessions))
            row = store.get("Pod", MARKER_NAMESPACE, MARKER)
            if row is not None and row.resource_version != marked[number]:
                marked[number] = row.resource_version
                told.marker(row.resource_version)

        for number, session in enumerate(sessions):
            session.store.on_dirty = lambda number=number: loop.call_later(FRAME, look, number)
            await session.start(kinds)
        await asyncio.Event().wait()

    asyncio.run(run())


class Kept:
    """Objects by uid for the peers that keep none themselves, and the same report for all of them."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._objects: dict[str, Any] = {}
        self._pods = 0
        self._lock = threading.Lock()

    def put(self, thing: Any) -> None:
        with self._lock:
            if thing.metadata.uid not in self._objects:
                self._pods += 1
            self._objects[thing.metadata.uid] = thing
            self.seen(thing, self._pods)

    def pop(self, thing: Any) -> None:
        with self._lock:
            self._objects.pop(thing.metadata.uid, None)

    def seen(self, thing: Any, pods: int) -> None:
        self._told.pods(pods)
        if thing.metadata.name == MARKER:
            self._told.marker(self._version(thing))

    @staticmethod
    def _version(thing: Any) -> str:
        return getattr(thing.metadata, "resource_version", None) or thing.metadata.resourceVersion


def _official_calls(config: Path, kinds: list[str]) -> list[tuple[str, Callable[..., Any]]]:
    from kubernetes import client
    from kubernetes import config as loader

    contexts, _ = loader.list_kube_config_contexts(str(config))
    calls: list[tuple[str, Callable[..., Any]]] = []
    for context in contexts:
        api = loader.new_client_from_config(str(config), context["name"])
        core, apps, scaling = client.CoreV1Api(api), client.AppsV1Api(api), client.AutoscalingV2Api(api)
        known = {
            "Node": core.list_node,
            "Pod": core.list_pod_for_all_namespaces,
            "Deployment": apps.list_deployment_for_all_namespaces,
            "StatefulSet": apps.list_stateful_set_for_all_namespaces,
            "DaemonSet": apps.list_daemon_set_for_all_namespaces,
            "HorizontalPodAutoscaler": scaling.list_horizontal_pod_autoscaler_for_all_namespaces,
        }
        calls += [(kind, known[kind]) for kind in kinds]
    return calls


def official(config: Path, kinds: list[str], told: Told) -> None:
    """kubernetes.watch.Watch: list, then watch from that version, a thread for each stream."""
    from kubernetes import watch

    calls = _official_calls(config, kinds)
    kept = Kept(told)
    told.begin()

    def follow(call: Callable[..., Any]) -> None:
        listed = call()
        for thing in listed.items:
            kept.put(thing)
        for event in watch.Watch().stream(call, resource_version=listed.metadata.resource_version):
            (kept.pop if event["type"] == "DELETED" else kept.put)(event["object"])

    _threads([lambda call=call: follow(call) for _, call in calls])


def informer(config: Path, kinds: list[str], told: Told) -> None:
    """kubernetes.informer.SharedInformer, one for each stream, with its own cache."""
    from kubernetes.informer import SharedInformer

    logging.disable()
    calls = _official_calls(config, kinds)
    told.begin()
    informers = [(kind, SharedInformer(call)) for kind, call in calls]
    lock = threading.Lock()
    pods = [0]

    def seen(thing: Any, new: int) -> None:
        with lock:
            pods[0] += new
            told.pods(pods[0])
        if thing.metadata.name == MARKER:
            told.marker(thing.metadata.resource_version)

    for kind, one in informers:
        if kind == "Pod":
            one.add_event_handler("ADDED", lambda thing: seen(thing, 1))
            one.add_event_handler("MODIFIED", lambda thing: seen(thing, 0))
        one.start()
    threading.Event().wait()


def lightkube(config: Path, kinds: list[str], told: Told) -> None:
    """lightkube's asynchronous client, a task for each stream; 300 threads of its other client end in a crash."""
    from lightkube import AsyncClient, KubeConfig
    from lightkube.resources import apps_v1, autoscaling_v2, core_v1
    from lightkube.types import on_error_retry

    known = {
        "Node": core_v1.Node,
        "Pod": core_v1.Pod,
        "Deployment": apps_v1.Deployment,
        "StatefulSet": apps_v1.StatefulSet,
        "DaemonSet": apps_v1.DaemonSet,
        "HorizontalPodAutoscaler": autoscaling_v2.HorizontalPodAutoscaler,
    }
    kept = Kept(told)

    async def follow(client: AsyncClient, kind: str) -> None:
        where = {} if kind == "Node" else {"namespace": "*"}
        async for change, thing in client.watch(known[kind], on_error=on_error_retry, **where):
            (kept.pop if change == "DELETED" else kept.put)(thing)

    async def run() -> None:
        told.begin()
        kubeconfig = KubeConfig.from_file(config)
        clients = [AsyncClient(kubeconfig.get(name)) for name in kubeconfig.contexts]
        await asyncio.gather(*[follow(client, kind) for client in clients for kind in kinds])

    asyncio.run(run())


def _threads(calls: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=call, daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


PEERS = {
    "edgetui": edgetui,
    "kubernetes watch": official,
    "kubernetes informer": informer,
    "lightkube": lightkube,
}


def _end_with_the_benchmark() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Be one of the peers until killed, or until the benchmark has ended."""
    threading.Thread(target=_end_with_the_benchmark, daemon=True).start()
    parser = argparse.ArgumentParser()
    parser.add_argument("name", choices=list(PEERS))
    parser.add_argument("config", type=Path)
    parser.add_argument("--pods", type=int, required=True, help="how many pods there are altogether")
    parser.add_argument("--all-kinds", action="store_true")
    parser.add_argument("--traced", action="store_true", help="say how many bytes stay allocated")
    given = parser.parse_args()
    kinds = list(KINDS) if given.all_kinds else ["Pod"]
    PEERS[given.name](given.config, kinds, Told(given.pods, traced=given.traced))


if __name__ == "__main__":
    main()
