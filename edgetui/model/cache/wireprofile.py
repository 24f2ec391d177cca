"""How much of a cluster is asked for over its link: full, lean or thin, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Wire(StrEnum):
    FULL = "full"
    LEAN = "lean"
    THIN = "thin"


class WireState(msgspec.Struct, frozen=True, gc=False):
    """The profile in use. `metrics` is false when no usage at all is asked for; `why` is a few words, or empty."""

    wire: Wire = Wire.FULL
    metrics: bool = True
    why: str = ""

    @property
    def metered(self) -> frozenset[str]:
        """The kinds whose usage is asked for: of pods it costs more than all else that a quiet cluster says."""
        if not self.metrics:
            return frozenset()
        return frozenset({"Node"}) if self.wire is Wire.THIN else frozenset({"Node", "Pod"})

    @property
    def sentence(self) -> str:
        """What it means for the rows, and why: "lean (310 ms round trip): ReplicaSets only when …"."""
        what = MEANS[self.wire] if self.metrics else f"{MEANS[self.wire]}; no usage of nodes either"
        return f"{self.wire}{f' ({self.why})' if self.why else ''}: {what}"


MEANS = {
    Wire.FULL: "everything is watched",
    Wire.LEAN: "ReplicaSets only for what is opened, autoscalers and usage once a minute, watches of an hour",
    Wire.THIN: "as lean, pods as the server prints them, in full when opened, and without their usage",
}


LEVELS = (
    WireState(Wire.FULL),
    WireState(Wire.LEAN),
    WireState(Wire.THIN),
    WireState(Wire.THIN, metrics=False),
)
"""Every step down, the most costly first."""
