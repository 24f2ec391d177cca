"""Work and trouble for a cluster and the link to it, as a busy site has them; random, but by a seed."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable

from . import workloads as w
from .api import ApiError
from .cluster import ControlPlane
from .proxy import FaultProxy

NAMES = ("alpha", "beta", "gamma")
MOST_REPLICAS = 4
STEP = 0.3
"""Seconds between two changes of one cluster."""
BETWEEN_FAULTS = (1.0, 4.0)
_DEPLOYMENTS = "/apis/apps/v1/namespaces/{}/deployments"


class Churn:
    """Rolling updates, scaling, lost pods, deployments that come and go, and a host that fails now and then."""

    def __init__(self, cp: ControlPlane, namespace: str, seed: int) -> None:
        self.changes = 0
        self._cp = cp
        self._path = _DEPLOYMENTS.format(namespace)
        self._pods = f"/api/v1/namespaces/{namespace}/pods"
        self._namespace = namespace
        self._random = random.Random(seed)
        self._failing = False

    def until(self, over: threading.Event) -> None:
        """Change things until it is over; then the failing host is back."""
        steps: list[Callable[[], object]] = [self._roll_out, self._scale, self._lose_a_pod]
        rare: list[Callable[[], object]] = [self._replace, self._flap]
        while not over.wait(STEP):
            step = self._random.choice(rare if self._random.random() < 0.1 else steps)
            with contextlib.suppress(OSError, ApiError):  # the server may be away, or the object
                step()
                self.changes += 1
        if self._failing:
            self._flap()

    def _name(self) -> str:
        return self._random.choice(NAMES)

    def _roll_out(self) -> None:
        template = w.pod_template(name := self._name(), f"{w.REGISTRY}/app:{self._random.randrange(1000)}")
        self._cp.api.patch(f"{self._path}/{name}", {"spec": {"template": template}})

    def _scale(self) -> None:
        replicas = self._random.randrange(MOST_REPLICAS + 1)
        self._cp.api.patch(f"{self._path}/{self._name()}", {"spec": {"replicas": replicas}})

    def _lose_a_pod(self) -> None:
        pods = self._cp.api.get(self._pods)["items"]
        if pods:
            gone = self._random.choice(pods)["metadata"]["name"]
            self._cp.api.delete(f"{self._pods}/{gone}", {"gracePeriodSeconds": 0})

    def _replace(self) -> None:
        name = self._name()
        with contextlib.suppress(ApiError):
            self._cp.api.delete(f"{self._path}/{name}")
        self._cp.create(self._namespace, w.deployment(name, replicas=2))

    def _flap(self) -> None:
        host = "node-1"
        self._cp.revive_node(host) if self._failing else self._cp.kill_node(host)
        self._failing = not self._failing


class BadLink:
    """A link that breaks, stalls, crawls and resets every few seconds."""

    def __init__(self, proxy: FaultProxy, seed: int, *, abandoning: bool) -> None:
        self.faults = 0
        self._proxy = proxy
        self._random = random.Random(seed)
        self._faults: list[Callable[[], object]] = [
            proxy.cut,
            lambda: proxy.cut(refuse=False),
            proxy.stall,
            self._crawl,
            self._break_soon,
        ]
        if abandoning:
            self._faults.append(proxy.abandon)

    def until(self, over: threading.Event) -> None:
        """Break it until it is over; then it is whole."""
        try:
            while not over.wait(self._random.uniform(*BETWEEN_FAULTS)):
                self._random.choice(self._faults)()
                self.faults += 1
                over.wait(self._random.uniform(0.2, 3.0))
                self._mend()
        finally:
            self._mend()

    def _crawl(self) -> None:
        self._proxy.rate, self._proxy.delay = 20_000.0, 0.15

    def _break_soon(self) -> None:
        self._proxy.kill_after = self._random.randrange(500, 20_000)

    def _mend(self) -> None:
        self._proxy.rate, self._proxy.delay, self._proxy.kill_after = None, 0.0, None
        self._proxy.restore()
