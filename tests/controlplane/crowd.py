"""Thousands of objects on a real server, as fast as it takes them.

Services without an address are the cheapest: one write each, and no controller cares.
"""

from __future__ import annotations

import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from .cluster import ControlPlane

_AT_ONCE = 6


def make(cp: ControlPlane, namespace: str, count: int) -> None:
    """Create so many services s0, s1, …; the label ``tenth`` is the last digit of the number."""
    parts = urlsplit(cp.server)
    context = cp.layout.context_of("admin")
    spec = {"clusterIP": "None", "ports": [{"port": 80}]}

    def create(first: int) -> None:
        client = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=context, timeout=60)
        for number in range(first, count, _AT_ONCE):
            meta = {"name": f"s{number}", "labels": {"tenth": str(number % 10)}}
            body = json.dumps({"metadata": meta, "spec": spec})
            client.request("POST", _path(namespace), body, {"Content-Type": "application/json"})
            answer = client.getresponse()
            said = answer.read()
            assert answer.status == 201, said
        client.close()

    with ThreadPoolExecutor(_AT_ONCE) as several:
        list(several.map(create, range(_AT_ONCE)))


def thin_out(cp: ControlPlane, namespace: str) -> None:
    """Delete every tenth, and touch the first."""
    answer = cp.api.request("DELETE", f"{_path(namespace)}?labelSelector=tenth%3D3", timeout=120)
    assert answer.code == 200, answer.json()
    cp.api.patch(f"{_path(namespace)}/s0", {"metadata": {"labels": {"touched": "yes"}}})


def _path(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/services"
