"""Changes that a session must not miss, made by another client."""

from __future__ import annotations

from typing import Any

from . import workloads as w
from .cluster import ControlPlane
from .waiting import eventually

_PODS = "/api/v1/namespaces/default/pods"
_NOW = {"gracePeriodSeconds": 0}


def loose_pod(name: str, note: str = "") -> dict[str, Any]:
    """A pod that no scheduler takes: it costs one object and nothing moves it."""
    body = w.pod_template(name, f"{w.REGISTRY}/app:1.0")
    body["metadata"] |= {"name": name, "annotations": {"note": note}}
    body["spec"]["schedulerName"] = "nobody"
    return {"apiVersion": "v1", "kind": "Pod", **body}


def change(cp: ControlPlane) -> None:
    """One of each: added, modified, deleted, and replaced under the same name."""
    for name in ("left", "replaced", "kept"):
        if cp.api.request("GET", f"{_PODS}/{name}").code == 200:
            _remove(cp, name)
        cp.api.create(_PODS, loose_pod(name))
    _remove(cp, "left")
    _remove(cp, "replaced")
    cp.api.create(_PODS, loose_pod("replaced", "Größe 世界"))
    cp.api.patch(f"{_PODS}/kept", {"metadata": {"labels": {"touched": "yes"}}})


def _remove(cp: ControlPlane, name: str) -> None:
    cp.api.request("DELETE", f"{_PODS}/{name}", _NOW)
    eventually(
        lambda: cp.api.request("GET", f"{_PODS}/{name}").code == 404, within=10, what=f"{name} is gone"
    )
