"""An autoscaler: what it measures, what it wants, and why it does what it does."""

from __future__ import annotations

from edgetui.model.kinds.autoscaler import AutoscalerRow
from edgetui.model.kinds.base import Row
from edgetui.model.scaling import explain, headline
from edgetui.model.store import Store
from edgetui.model.text import ago
from edgetui.ui.spans import Span, Spans, line

from .common import condition_lines, fact

METER = 30
_GOOD = {"ScalingLimited": "False"}
_ROLES = {0: "bad", 1: "warn"}


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """All about one autoscaler."""
    assert isinstance(row, AutoscalerRow)
    severity, _ = headline(row, now)
    told = explain(row, now)
    sign = "! " if severity == 0 else "  "
    out = [line(Span(f"{sign}{told[0]}", _ROLES.get(severity, "ok"))), line()]
    out.append(fact("target", f"{row.target_kind.lower()} {row.target_name}"))
    going = "" if row.desired == row.current else f"going to {row.desired}, "
    out.append(fact("replicas", f"now {row.current}, {going}allowed {row.min} to {row.max}"))
    for metric in row.metrics:
        numbers = (
            f"{metric.current or 'not known'}, target {metric.target}{' per pod' if metric.average else ''}"
        )
        out.append(fact(metric.label, f"{_meter(metric.ratio)}  {numbers}"))
    out += [line(), line(Span("why", "title"))]
    out += [line(f"  {sentence}") for sentence in told[1:]]
    out += condition_lines(row.conditions, _GOOD, now)
    out += [line(), fact("age", ago(row.created, now))]
    return out


def _meter(ratio: float | None) -> str:
    """How full the metric is; the target stands in the middle of the meter."""
    if ratio is None:
        return f"[{'?':^{METER}}]"
    filled = max(0, min(METER, round(ratio * METER / 2)))
    cells = ["#"] * filled + ["."] * (METER - filled)
    cells[METER // 2] = "|"
    return f"[{''.join(cells)}]"
