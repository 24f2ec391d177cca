"""Scalers beside the HorizontalPodAutoscaler: what a vertical one recommends, and KEDA's claim on a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from edgetui.model.text import clean, cpu, memory, milli, quantity

Json = Mapping[str, Any]

PAUSED, PAUSED_AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"


class Advice(msgspec.Struct, frozen=True):
    """What a VerticalPodAutoscaler recommends for one container; with the mode "Off" it does not act on it itself."""

    autoscaler: str
    container: str
    cpu: str
    memory: str
    mode: str

    @property
    def words(self) -> str:
        """For a person: "app cpu 120m memory 200Mi, by press (Off: it only recommends)"."""
        acts = "it only recommends" if self.mode == "Off" else "it sets this itself"
        parts = [f"cpu {self.cpu}" if self.cpu else "", f"memory {self.memory}" if self.memory else ""]
        wants = " ".join(part for part in parts if part) or "nothing yet"
        return f"{self.container} {wants}, by {self.autoscaler} ({self.mode}: {acts})"


class ScaledObject(msgspec.Struct, frozen=True):
    """KEDA's claim on the number of a workload. `paused` is true while it leaves the number alone."""

    name: str
    low: int
    high: int
    paused: bool

    @property
    def note(self) -> str:
        """What that means for a scale by hand."""
        if self.paused:
            return f"KEDA ScaledObject {self.name} is paused and leaves the number, until it goes on."
        return (
            f"KEDA ScaledObject {self.name} owns the number, {self.low} to {self.high}, and sets it back; "
            f"the annotation {PAUSED_AT} on it holds a number."
        )


def advice(autoscalers: Iterable[Json], kind: str, name: str) -> list[Advice]:
    """What the VerticalPodAutoscalers of a namespace recommend for one workload."""
    found = []
    for one in autoscalers:
        spec, status = _part(one, "spec"), _part(one, "status")
        target = _part(spec, "targetRef")
        if (target.get("kind"), target.get("name")) != (kind, name):
            continue
        mode = clean(str(_part(spec, "updatePolicy").get("updateMode") or "Auto"))
        for each in _part(status, "recommendation").get("containerRecommendations") or []:
            wanted = _part(each, "target")
            cores, size = wanted.get("cpu"), quantity(str(wanted.get("memory") or ""))
            found.append(
                Advice(
                    clean(str(_part(one, "metadata").get("name") or "")),
                    clean(str(each.get("containerName") or "")),
                    cpu(milli(str(cores))) if cores is not None else "",
                    memory(int(size)) if size is not None else "",
                    mode,
                )
            )
    return found


def scaled_object(objects: Iterable[Json], kind: str, name: str) -> ScaledObject | None:
    """The ScaledObject of a namespace that scales this workload."""
    for one in objects:
        spec, metadata = _part(one, "spec"), _part(one, "metadata")
        target = _part(spec, "scaleTargetRef")
        if (target.get("kind") or "Deployment", target.get("name")) != (kind, name):
            continue
        notes = _part(metadata, "annotations")
        return ScaledObject(
            clean(str(metadata.get("name") or "")),
            _number(spec.get("minReplicaCount"), 0),
            _number(spec.get("maxReplicaCount"), 100),
            PAUSED_AT in notes or notes.get(PAUSED) == "true",
        )
    return None


def _part(whole: Json, name: str) -> Json:
    part = whole.get(name)
    return part if isinstance(part, Mapping) else {}


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default
