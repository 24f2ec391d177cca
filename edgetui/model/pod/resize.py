"""What the containers of a pod ask for and may use, and how far a resize in place has come (KEP-1287)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from edgetui.model.text import clean, quantity

Json = dict[str, Any]

FIELDS = ("requests.cpu", "limits.cpu", "requests.memory", "limits.memory")


class ContainerResources(msgspec.Struct, frozen=True):
    """One container: its values by FIELDS, and which of cpu and memory restart it when they change."""

    name: str
    values: dict[str, str]
    restarts: tuple[str, ...] = ()

    @property
    def values_by_field(self) -> dict[str, str]:
        """Every one of FIELDS, empty where it is not set."""
        return {field: self.values.get(field, "") for field in FIELDS}


def container_resources(pod: Json) -> tuple[ContainerResources, ...]:
    """The containers of a pod as its spec has them."""
    return tuple(
        ContainerResources(one["name"], _values(one.get("resources") or {}), _restarting(one))
        for one in (pod.get("spec") or {}).get("containers") or []
    )


def change(box: ContainerResources, wanted: Mapping[str, str]) -> dict[str, str]:
    """The values that are not what the container has; an empty one stays as it is."""
    return {
        field: value
        for field, value in wanted.items()
        if value and not _equal(value, box.values.get(field, ""))
    }


def wrong(value: str) -> bool:
    """Whether a text is no quantity above 0."""
    number = quantity(value)
    return number is None or number <= 0


def given(pod: Json, name: str, changes: Mapping[str, str]) -> bool:
    """Whether the spec of a pod has these values."""
    return any(box.name == name and not change(box, changes) for box in container_resources(pod))


def settled(pod: Json, name: str, changes: Mapping[str, str]) -> tuple[bool, bool, str, bool]:
    """Done, failed, words, final: what the pod's conditions and status say of a resize to `changes`."""
    if not given(pod, name, changes):
        return False, True, "someone else changed its values", True
    status, generation = pod.get("status") or {}, pod["metadata"].get("generation", 0)
    for one in status.get("conditions") or []:
        if one.get("status") != "True" or one.get("observedGeneration", generation) < generation:
            continue
        message = clean(one.get("message"))
        if one["type"] == "PodResizePending" and one.get("reason") == "Infeasible":
            return False, True, f"its node can never give it that ({message})", True
        if one["type"] == "PodResizePending":
            return False, False, f"waiting until its node has room ({message})", False
        if one["type"] == "PodResizeInProgress":
            error = f", not yet done: {message}" if one.get("reason") == "Error" else ""
            return False, False, f"being carried out{error}", False
    for one in status.get("containerStatuses") or []:
        running = ContainerResources(name, _values(one.get("resources") or {}))
        if one.get("name") == name and not change(running, changes):
            told = ", ".join(f"{field} {value}" for field, value in changes.items())
            return True, False, f"container {name} runs with {told}", False
    return False, False, "not seen by its node yet", False


def _values(resources: Json) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in FIELDS:
        part, _, name = field.partition(".")
        if (value := (resources.get(part) or {}).get(name)) is not None:
            found[field] = str(value)
    return found


def _restarting(container: Json) -> tuple[str, ...]:
    policies = container.get("resizePolicy") or []
    return tuple(one["resourceName"] for one in policies if one.get("restartPolicy") == "RestartContainer")


def _equal(one: str, other: str) -> bool:
    return one == other or (quantity(one) is not None and quantity(one) == quantity(other))
