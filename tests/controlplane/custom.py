"""Kinds of the tests' own: definitions with printer columns, and names that collide across groups and versions."""

from __future__ import annotations

import http
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .api import ApiError
from .cluster import ControlPlane
from .waiting import eventually

DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GROUP = "example.com"
COLUMNS = [
    {"name": "Phase", "type": "string", "jsonPath": ".status.phase"},
    {"name": "Pressure", "type": "integer", "jsonPath": ".spec.pressure"},
    {"name": "Serviced", "type": "date", "jsonPath": ".spec.serviced"},
    {"name": "Firmware", "type": "string", "jsonPath": ".spec.firmware", "priority": 1},
    {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
]


def definition(
    plural: str,
    kind: str,
    group: str = GROUP,
    *,
    versions: Sequence[str] = ("v1",),
    columns: Sequence[Mapping[str, Any]] = (),
    namespaced: bool = True,
    **names: Any,
) -> dict[str, Any]:
    """A CustomResourceDefinition; `names` are further ones (singular, shortNames, categories)."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "kind": kind, **names},
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": at == 0,
                    "schema": {
                        "openAPIV3Schema": {
                            "type": "object",
                            "x-kubernetes-preserve-unknown-fields": True,
                        }
                    },
                    "additionalPrinterColumns": list(columns),
                }
                for at, version in enumerate(versions)
            ],
        },
    }


PUMPS = definition("pumps", "Pump", columns=COLUMNS, versions=("v1", "v1beta1"), shortNames=["pu"])
COLLIDING = (
    definition("pumps", "Pump", "factory.example", namespaced=False, shortNames=["pu", "fp"]),
    definition("valves", "Valve", "example.com", shortNames=["po", "va"], categories=["plumbing"]),
    definition("pods", "Pod", "factory.example", categories=["plumbing"]),
    definition("pump", "PumpLine", "lines.example", singular="pumpline"),
    definition("flowmeters", "FlowMeter", "example.com", singular="meter", categories=["gauges", "plumbing"]),
    definition("gauges", "Gauge", "factory.example", shortNames=["meter"]),
    definition("boilers", "Boiler", "heat.example", versions=("v2", "v1alpha1")),
    definition("boilers", "Boiler", "heat.example.org", shortNames=["bo"]),
)


def define(cluster: ControlPlane, *definitions: Mapping[str, Any]) -> None:
    """Create them, and wait until their resources are served."""
    for one in definitions:
        try:
            cluster.api.create(DEFINITIONS, dict(one))
        except ApiError as error:
            if error.code != http.HTTPStatus.CONFLICT:
                raise
    for one in definitions:
        eventually(
            lambda one=one: all(_served(cluster, path, one) for path in _paths(one)),
            within=30,
            what=f"{one['metadata']['name']} to be served",
            errors=(ApiError,),
        )


class _StillThere(Exception):
    """A definition is not gone yet; the message is what its API server says of it."""


def undefine(cluster: ControlPlane, *definitions: Mapping[str, Any]) -> None:
    """Delete them with all their objects, and wait until they are gone.

    An API server goes through all definitions again every five minutes (apiextensions-apiserver, apiserver.go); what it
    left then is an error.
    """
    paths = [f"{DEFINITIONS}/{one['metadata']['name']}" for one in definitions]
    for path in paths:
        cluster.api.delete(path)
    for path in paths:
        eventually(
            lambda path=path: _is_gone(cluster, path),
            within=90,
            what=f"{path} to be gone",
            errors=(_StillThere,),
        )


def _is_gone(cluster: ControlPlane, path: str) -> bool:
    answer = cluster.api.request("GET", path)
    if answer.code != http.HTTPStatus.NOT_FOUND:
        found = answer.json()
        raise _StillThere(f"{answer.code} {found.get('status') if isinstance(found, dict) else found}")
    return True


@contextmanager
def defined(cluster: ControlPlane, *definitions: Mapping[str, Any]) -> Iterator[None]:
    """They are served as long as this lasts."""
    define(cluster, *definitions)
    try:
        yield
    finally:
        undefine(cluster, *definitions)


def pump(name: str, *, phase: str = "Running", pressure: int = 3, **spec: Any) -> dict[str, Any]:
    """A Pump."""
    return {
        "apiVersion": f"{GROUP}/v1",
        "kind": "Pump",
        "metadata": {"name": name, "labels": {"line": "2"}},
        "spec": {"pressure": pressure, **spec},
        "status": {"phase": phase},
    }


def _paths(one: Mapping[str, Any]) -> list[str]:
    spec = one["spec"]
    return [f"/apis/{spec['group']}/{version['name']}" for version in spec["versions"]]


def _served(cluster: ControlPlane, path: str, one: Mapping[str, Any]) -> bool:
    plural = one["spec"]["names"]["plural"]
    return plural in {each["name"] for each in cluster.api.get(path)["resources"]}
