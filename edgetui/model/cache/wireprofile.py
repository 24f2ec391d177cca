"""How much of a cluster is asked for over its link: full, reduced or minimal, and why."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from edgetui.model.kinds import METERED
from edgetui.model.kinds.pod import POD


class Wire(StrEnum):
    """How much API traffic a cluster may cause. The values stand in files that are kept; `words` is what is shown."""

    FULL = "full"
    LEAN = "lean"
    THIN = "thin"

    @property
    def words(self) -> str:
        """The profile as it is named on the screen and the command line."""
        return WORDS[self]


WORDS = {Wire.FULL: "full", Wire.LEAN: "reduced", Wire.THIN: "minimal"}


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
        return METERED - {POD} if self.wire is Wire.THIN else METERED

    @property
    def sentence(self) -> str:
        """What it means for the rows, and why: "traffic reduced (310 ms round trip): …"."""
        what = MEANS[self.wire] if self.metrics else f"{MEANS[self.wire]}; no usage of nodes either"
        return f"traffic {self.wire.words}{f' ({self.why})' if self.why else ''}: {what}"


MEANS = {
    Wire.FULL: "everything is watched",
    Wire.LEAN: "ReplicaSets only for what is opened, autoscalers and usage once a minute, watches of an hour",
    Wire.THIN: "as reduced, autoscalers every 3 minutes, shown ones every minute, pods as printed, in full when opened,"
    " without usage",
}


LEVELS = (
    WireState(Wire.FULL),
    WireState(Wire.LEAN),
    WireState(Wire.THIN),
    WireState(Wire.THIN, metrics=False),
)
"""Every step down, the most costly first."""
