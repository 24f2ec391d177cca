"""The details of an object of any kind: what the server prints of it, and its labels."""

from __future__ import annotations

from edgetui.model import labels
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.discovered import TableRow, cell_text
from edgetui.model.text import ago
from edgetui.ui.spans import Spans

from .common import LABEL, fact, since


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """Every cell with its title, the wide ones too."""
    assert isinstance(row, TableRow)
    cells = [
        (column.title, cell_text(cell, now)) for column, cell in zip(row.head.columns, row.cells, strict=True)
    ]
    found = [(title.lower(), text) for title, text in cells]
    found.append(("created", since(row.created, now)))
    if row.deleting:
        found.append(("terminating", f"since {ago(row.deleting, now)}"))
    if known := labels.values(row):
        found.append(("labels", ", ".join(f"{key}={value}" for key, value in sorted(known.items()))))
    label = max(LABEL, *(len(title) for title, _ in found)) + 1
    return [fact(f"{title:<{label}}", text) for title, text in found]
