"""The events pane: what happened last, newest first."""

from __future__ import annotations

from typing import Any

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.event import EVENT, EventRow
from edgetui.model.panes.base import (
    CLUSTER,
    FINE,
    NAMESPACE,
    STATE,
    WATCH,
    Column,
    Pane,
    PaneRow,
    age_column,
    state_column,
)


class Events(Pane):
    id = "events"
    title = "Events"
    kinds = (EVENT,)
    needs = (EVENT,)
    watch_word = "warnings"
    columns = (
        CLUSTER,
        NAMESPACE,
        age_column(2, "LAST", "last"),
        state_column(16, "REASON"),
        Column("object", "OBJECT", 20, 10, identity=True),
        Column("message", "MESSAGE", 24, 10, priority=2, flex=True),
        Column("count", "×", 3, 3, "right", 4),
        Column("source", "SOURCE", 16, 8, priority=5),
    )

    def judge(self, store: Store, kind: str, row: Row, now: float) -> tuple[int, str, tuple[Any, ...]]:
        assert isinstance(row, EventRow)
        return (
            FINE if row.type == "Normal" else WATCH,
            row.reason,
            (
                row.namespace,
                row.last,
                STATE,
                f"{row.about_kind.lower()}/{row.about_name}",
                row.message,
                row.count,
                row.source,
            ),
        )

    def tally(self, bad: int, watch: int) -> str:
        """ "1 warning"."""
        return super().tally(bad, watch).removesuffix("s") if watch == 1 else super().tally(bad, watch)

    def order(self, row: PaneRow) -> tuple[Any, ...]:
        """Newest first."""
        return (-self.value(row, "last"), row.key)


PANE = Events()
