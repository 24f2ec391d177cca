"""The autoscalers pane: what is measured against what is wanted, the bounds, and why it does what it does."""

from __future__ import annotations

from typing import Any

from edgetui.model.autoscaling.hpa import headline
from edgetui.model.cache.store import Store
from edgetui.model.kinds import short_name
from edgetui.model.kinds.autoscaler import AUTOSCALER, AutoscalerRow, Metric
from edgetui.model.kinds.base import Row
from edgetui.model.panes.base import (
    CLUSTER,
    NAMESPACE,
    STATE,
    WATCH,
    Column,
    Pane,
    PaneRow,
    age_column,
    known_sort,
    known_text,
    name_column,
    state_column,
)


def metric_text(metric: Metric) -> str:
    """ "cpu 93%/60%", with "?" while the current value is unknown."""
    return f"{metric.label} {metric.current or '?'}/{metric.target or '?'}"


def _metrics_text(value: tuple[Metric, ...], _now: float) -> str:
    if not value:
        return "-"
    worst = max(value, key=lambda one: -1.0 if one.ratio is None else one.ratio)
    more = f" +{len(value) - 1}" if len(value) > 1 else ""
    return metric_text(worst) + more


def _metrics_sort(value: tuple[Metric, ...]) -> float:
    return max((one.ratio for one in value if one.ratio is not None), default=-1.0)


class Autoscalers(Pane):
    id = "autoscalers"
    title = "Autoscalers"
    other_words = ("autoscaler", "hpas")
    kinds = (AUTOSCALER,)
    needs = (AUTOSCALER,)
    news = frozenset({WATCH})
    bad_word = "broken"
    watch_word = "scaling"
    columns = (
        CLUSTER,
        NAMESPACE,
        name_column(11),
        Column("metrics", "METRIC", 13, 9, priority=2, text=_metrics_text, sort=_metrics_sort),
        Column("min", "MIN", 3, 3, "right", 4),
        Column("max", "MAX", 3, 3, "right", 4),
        Column("current", "CUR", 3, 3, "right", 3, text=known_text, sort=known_sort),
        Column("desired", "DES", 3, 3, "right", 3, text=known_text, sort=known_sort),
        state_column(15, flex=True),
        Column("target", "TARGET", 18, 10, priority=5),
        age_column(6, "LAST", "scaled"),
        age_column(8),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, AutoscalerRow)
        severity, words = headline(row, now)
        short = short_name(row.target_kind)
        return (
            severity,
            words,
            (
                row.namespace,
                row.name,
                row.metrics,
                row.min,
                row.max,
                row.current,
                row.wants,
                STATE,
                f"{short}/{row.target_name}",
                row.last_scale,
                row.created,
            ),
        )

    def build(self, store: Store, kind: str, row: Row, now: float) -> PaneRow:
        """One that may not grow as it wants is marked, although nothing is broken."""
        made = super().build(store, kind, row, now)
        limited = row.limited if isinstance(row, AutoscalerRow) else None
        if made.sign == " " and limited and (limited.status, limited.reason) == ("True", "TooManyReplicas"):
            made.sign = "!"
        return made

    def json(self, row: PaneRow, now: float) -> dict[str, Any]:
        data = super().json(row, now)
        data["metrics"] = [
            {
                "name": one.label,
                "current": one.current or None,
                "target": one.target or None,
                "ratio": one.ratio,
            }
            for one in self.value(row, "metrics")
        ]
        return data


PANE = Autoscalers()
