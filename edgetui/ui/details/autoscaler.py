"""An autoscaler: what it measures, what it wants, and why it does what it does."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.autoscaling.explain import CURRENT, last_scale, why
from edgetui.model.autoscaling.hpa import headline, recommended
from edgetui.model.autoscaling.samples import Sample, readings, spark
from edgetui.model.kinds.autoscaler import AutoscalerRow, Metric
from edgetui.model.kinds.event import EventRow
from edgetui.model.text import ago, duration
from edgetui.ui.spans import Span, Spans, line

from .common import fact

METER = 30
CELLS = 30
SECONDS = 600.0
"""How far back the small curves go."""
FULL = 2.0
"""Times its target at which the curve of a metric is at its top."""

_ROLES = {0: "bad", 1: "warn"}


def lines(
    row: AutoscalerRow, now: float, events: Sequence[EventRow], samples: Sequence[Sample]
) -> list[Spans]:
    """All about one autoscaler; `samples` are what edgetui has measured of it so far."""
    severity, words = headline(row, now)
    sign = "! " if severity == 0 else "  "
    out = [line(Span(f"{sign}{words}", _ROLES.get(severity, "ok"))), line()]
    out.append(fact("target", f"{row.target_kind.lower()} {row.target_name}"))
    going = "" if row.wants in (None, row.current) else f"desired {row.wants}, "
    wish = recommended(row) if row.working else None
    asks = f"the metrics ask for {wish}, " if wish is not None and wish != row.current else ""
    current = "not known" if row.current is None else row.current
    out.append(fact("replicas", f"current {current}, {going}{asks}min {row.min}, max {row.max}"))
    if len(samples) > 1:
        out.append(_curve(samples, CURRENT, now, max(row.max, 1), f"of max {row.max}"))
    for metric in row.metrics:
        out.append(_metric(metric))
        if len(samples) > 1 and metric.ratio is not None and metric.id:
            out.append(_curve(samples, metric.id, now, FULL, f"{spark([1.0], FULL)} is the target"))
    rescaled = max(
        (one for one in events if one.reason == "SuccessfulRescale"), key=lambda one: one.last, default=None
    )
    out.append(fact("last scale", last_scale(row, rescaled.message if rescaled else "", now)))
    out += [line(), line(Span("why", "title"))]
    for said in why(row, samples, now):
        since = Span(f"  {ago(said.since, now)}", "quiet") if said.since else Span("")
        out.append(
            line(
                Span("  " if said.good else "! ", "warn"),
                Span(said.text, "row" if said.good else "warn"),
                since,
            )
        )
    return [*out, line(), fact("age", ago(row.created, now))]


def _metric(metric: Metric) -> Spans:
    numbers = f"{metric.current or 'not known'}, target {metric.target}{' per pod' if metric.average else ''}"
    return fact(metric.label, f"{_meter(metric.ratio)}  {numbers}")


def _curve(samples: Sequence[Sample], of: int | str, now: float, full: float, words: str) -> Spans:
    """How a value went over the last minutes; it begins where edgetui began to look."""
    watched = min(SECONDS, now - samples[0].time)
    shown = spark(readings(samples, of, now, CELLS, SECONDS), full)
    return fact("", f" {shown} ", Span(f"  last {duration(watched)}, {words}", "quiet"))


def _meter(ratio: float | None) -> str:
    """How full the metric is; the target stands in the middle of the meter."""
    if ratio is None:
        return f"[{'?':^{METER}}]"
    filled = max(0, min(METER, round(ratio * METER / 2)))
    cells = ["#"] * filled + ["."] * (METER - filled)
    cells[METER // 2] = "|"
    return f"[{''.join(cells)}]"
