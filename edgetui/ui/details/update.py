"""The page of an update of hosts: what every page says, and which nodes have its images already."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Kind, Row
from edgetui.model.kinds.update import UpdateRow
from edgetui.model.update.pulls import ReadPulls, update_pull_facts
from edgetui.ui.spans import Spans

from . import facts


def lines(store: Store, row: Row, now: float, width: int, *, kind: Kind, read: ReadPulls) -> list[Spans]:
    """All about one update, with what was read of images."""
    assert isinstance(row, UpdateRow)
    return facts.lines(store, kind, row, now, update_pull_facts(store, row, read, now))
