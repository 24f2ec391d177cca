"""Flagger's Canary: its target, its phase, the weight of the canary and the checks that failed.

Field by field after pkg/apis/flagger/v1beta1 (canary.go, status.go), 1.44.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgetui.model.kinds.base import Fact, Kind, Row, unchanged
from edgetui.model.kinds.wire import Condition, Meta, Wire, WireCondition, conditions, labelled, shared
from edgetui.model.text import clean

CANARY = "Canary"
RESTING = frozenset({"Initialized", "Succeeded", "Failed"})
"""Phases in which the primary serves and nothing is analysed."""


class WireTarget(Wire):
    kind: str | None = None
    name: str | None = None


class WireAnalysis(Wire):
    threshold: int | None = None
    iterations: int | None = None
    max_weight: int | None = None


class WireCanarySpec(Wire):
    target_ref: WireTarget | None = None
    analysis: WireAnalysis | None = None
    suspend: bool | None = None
    skip_analysis: bool | None = None


class WireCanaryStatus(Wire):
    phase: str | None = None
    canary_weight: int | None = None
    failed_checks: int | None = None
    iterations: int | None = None
    conditions: list[WireCondition] | None = None


class WireCanary(Wire):
    """A Canary as it arrives."""

    metadata: Meta | None = None
    spec: WireCanarySpec | None = None
    status: WireCanaryStatus | None = None


class CanaryRow(Row):
    """A Canary. `phase` is "" while Flagger has said nothing of it; `weight` is in percent, None where it is not told.

    `failed` checks of `threshold` end the analysis. `suspended` is whether Flagger leaves it alone, `skips` whether a
    new template is promoted without an analysis.
    """

    target_kind: str = ""
    target_name: str = ""
    phase: str = ""
    weight: int | None = None
    failed: int | None = None
    threshold: int | None = None
    iterations: int | None = None
    suspended: bool = False
    skips: bool = False
    conditions: tuple[Condition, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether Flagger is at work on a new template."""
        return bool(self.phase) and self.phase not in RESTING

    @property
    def words(self) -> str:
        """Phase and weight: "Progressing, 20 %"."""
        phase = self.phase or "no phase yet"
        return f"{phase}, {self.weight} %" if self.runs and self.weight is not None else phase


def project(canary: WireCanary) -> CanaryRow:
    """The row of a Canary."""
    spec, status = canary.spec or WireCanarySpec(), canary.status or WireCanaryStatus()
    target, analysis = spec.target_ref or WireTarget(), spec.analysis or WireAnalysis()
    return CanaryRow(
        **labelled(canary.metadata),
        target_kind=shared(clean(target.kind, 60)),
        target_name=shared(clean(target.name, 253)),
        phase=shared(clean(status.phase, 60)),
        weight=status.canary_weight,
        failed=status.failed_checks,
        threshold=analysis.threshold,
        iterations=status.iterations,
        suspended=bool(spec.suspend),
        skips=bool(spec.skip_analysis),
        conditions=conditions(status.conditions),
    )


def facts(row: CanaryRow, now: float) -> Iterator[Fact]:
    """What its page says of it."""
    yield Fact("target", f"{row.target_kind.lower()} {row.target_name}; {row.target_name}-primary serves")
    yield Fact("phase", row.words, bad=row.phase == "Failed")
    if row.weight is not None:
        yield Fact("weight", f"{row.weight} % for the canary")
    if row.failed is not None:
        of = f" of {row.threshold}" if row.threshold is not None else ""
        yield Fact("failed", f"{row.failed}{of} checks", bad=bool(row.failed))
    if row.iterations:
        yield Fact("iterations", str(row.iterations))
    if row.suspended:
        yield Fact("suspended", "Flagger leaves it alone (spec.suspend)", bad=True)
    if row.skips:
        yield Fact("analysis", "skipped (spec.skipAnalysis)", bad=True)


KIND = Kind(
    name=CANARY,
    plural="canaries",
    group="flagger.app",
    version="v1beta1",
    namespaced=True,
    wire=WireCanary,
    row=CanaryRow,
    project=project,
    short_names=("cd",),
    facts=facts,
    snapshot=unchanged,
)
