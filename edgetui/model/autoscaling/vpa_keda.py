"""Scalers beside the HorizontalPodAutoscaler: what a vertical one recommends, and KEDA's claim on a number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.text import clean, cpu, memory, parse_cpu, whole

Json = Mapping[str, Any]

PAUSED, PAUSED_AT = "autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"
_ONE_WAY = {"in": "autoscaling.keda.sh/paused-scale-in", "out": "autoscaling.keda.sh/paused-scale-out"}
_FALSE = frozenset({"0", "f", "F", "false", "FALSE", "False"})
"""What Go's ParseBool takes for false; KEDA takes whatever else stands there for a wish to pause."""


class Recommendation(msgspec.Struct, frozen=True):
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
    """KEDA's claim on the number of a workload.

    `uid`, `version` and `generation` are those of the ScaledObject. `held` is its annotation that pauses at the
    number there is, `held_at` the one that pauses at a number of its own; each None where it has none. `one_way` are
    the directions that are paused alone. `answered` is the status of its condition Paused, empty where KEDA's operator
    has written none; `silent` is true while that has written no condition at all.
    """

    name: str
    low: int
    high: int
    uid: str = ""
    version: str = ""
    generation: int = 0
    held: str | None = None
    held_at: str | None = None
    one_way: tuple[str, ...] = ()
    answered: str = ""
    silent: bool = True

    @property
    def paused(self) -> bool:
        """Whether KEDA is told to leave the number alone (NeedToBePausedByAnnotation in scaledobject_types.go)."""
        return self.held_at is not None or (self.held is not None and self.held not in _FALSE)

    @property
    def words(self) -> str:
        """What it does, for a person: "paused by KEDA at 3 (ScaledObject by-queue)"."""
        at = f" at {clean(self.held_at, 20)}" if self.held_at else ""
        does = f"paused by KEDA{at}" if self.paused else f"by KEDA, {self.low} to {self.high}{self._ways}"
        return f"{does} (ScaledObject {self.name})"

    @property
    def note(self) -> str:
        """What that means for a scale by hand."""
        if self.paused:
            return f"KEDA ScaledObject {self.name} is paused and leaves the number, until it goes on."
        return (
            f"KEDA ScaledObject {self.name} owns the number, {self.low} to {self.high}{self._ways}, "
            "and sets it back; pause it to hold a number."
        )

    @property
    def _ways(self) -> str:
        return "".join(f", scale-{way} paused" for way in self.one_way)


def recommendations(autoscalers: Iterable[Json], kind: str, name: str) -> list[Recommendation]:
    """What the VerticalPodAutoscalers of a namespace recommend for one workload."""
    found = []
    for one in autoscalers:
        spec, status = _part(one, "spec"), _part(one, "status")
        target = _part(spec, "targetRef")
        if (target.get("kind"), target.get("name")) != (kind, name):
            continue
        mode = clean(str(_part(spec, "updatePolicy").get("updateMode") or "Auto"))
        for each in _parts(_part(status, "recommendation"), "containerRecommendations"):
            wanted = _part(each, "target")
            cores, size = parse_cpu(str(wanted.get("cpu"))), whole(str(wanted.get("memory")))
            found.append(
                Recommendation(
                    clean(str(_part(one, "metadata").get("name") or "")),
                    clean(str(each.get("containerName") or "")),
                    cpu(cores) if cores is not None else "",
                    memory(size) if size is not None else "",
                    mode,
                )
            )
    return found


def scaled_object(objects: Iterable[Json], kind: str, name: str) -> ScaledObject | None:
    """The ScaledObject of a namespace that scales this workload."""
    for one in objects:
        target = _part(_part(one, "spec"), "scaleTargetRef")
        if (target.get("kind") or DEPLOYMENT, target.get("name")) != (kind, name):
            continue
        return one_scaled_object(one)
    return None


def one_scaled_object(one: Json) -> ScaledObject:
    """A ScaledObject as it comes."""
    spec, metadata, notes = (
        _part(one, "spec"),
        _part(one, "metadata"),
        _part(_part(one, "metadata"), "annotations"),
    )
    told = _parts(_part(one, "status"), "conditions")
    return ScaledObject(
        name=clean(str(metadata.get("name") or "")),
        low=_number(spec.get("minReplicaCount"), 0),
        high=_number(spec.get("maxReplicaCount"), 100),
        uid=str(metadata.get("uid") or ""),
        version=str(metadata.get("resourceVersion") or ""),
        generation=_number(metadata.get("generation"), 0),
        held=_text(notes.get(PAUSED)),
        held_at=_text(notes.get(PAUSED_AT)),
        one_way=tuple(way for way, name in _ONE_WAY.items() if str(notes.get(name, "false")) not in _FALSE),
        answered=next((str(each.get("status")) for each in told if each.get("type") == "Paused"), ""),
        silent=not told,
    )


def _part(whole: Json, name: str) -> Json:
    part = whole.get(name)
    return part if isinstance(part, Mapping) else {}


def _parts(whole: Json, name: str) -> list[Json]:
    found = whole.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any, default: int) -> int:
    return value if isinstance(value, int) else default
