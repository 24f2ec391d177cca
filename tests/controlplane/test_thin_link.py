"""On a thin link a watch that ended begins anew, compressed, where resuming it would cost more bytes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.http.client import Transport
from edgetui.cluster.watch.reflector import opening

from . import workloads as w
from .changing import loose_pod
from .cluster import ControlPlane
from .proxy import FaultProxy
from .watching import await_equal, await_live, make_session, until

THIN = 20_000.0
"""Bytes per second."""
WATCH_SECONDS = 3.0
PODS = 6


async def test_a_busy_watch_is_followed_by_a_list(
    cluster: ControlPlane, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "WATCH_LASTS", (WATCH_SECONDS, WATCH_SECONDS))
    path = f"/api/v1/namespaces/{namespace}/pods"
    pods = [loose_pod(f"p{n}", "x" * 2_000) for n in range(PODS)]
    for pod in pods:
        pod["spec"] = w.pod_template("p", "app:1", bulky=True)["spec"] | {"schedulerName": "nobody"}
        await asyncio.to_thread(cluster.api.create, path, pod)
    with FaultProxy.in_front_of(cluster) as proxy:
        proxy.rate, proxy.delay = THIN, 0.15
        session = make_session(cluster.kubeconfig(server=proxy.url))
        queries = _queries(monkeypatch)
        await session.start(("Pod",))
        try:
            await await_live(session, ("Pod",), within=20.0)
            proxy.rate, proxy.delay = None, 0.0  # the list has shown what the link is like
            for n in range(2 * PODS):
                patch = {"metadata": {"labels": {"n": str(n)}}}
                await asyncio.to_thread(cluster.api.patch, f"{path}/p{n % PODS}", patch)
            await until(session, lambda: len(queries) >= 2, within=10.0, what="the next watch")
            assert "sendInitialEvents" in queries[1]
            await await_live(session, ("Pod",))
            await await_equal(cluster, session, ("Pod",))
        finally:
            await session.close()


def _queries(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, str]]:
    """The queries of all watches from now on."""
    seen: list[dict[str, str]] = []
    opened = Transport.open_stream

    def open_stream(self: Transport, path: str, query: dict[str, str], *rest: Any, **more: Any) -> Any:
        seen.append(query)
        return opened(self, path, query, *rest, **more)

    monkeypatch.setattr(Transport, "open_stream", open_stream)
    return seen
