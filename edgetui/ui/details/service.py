"""A service: where it is reached and which pods it leads to."""

from __future__ import annotations

from edgetui.model.kinds.base import Row
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.store import Store
from edgetui.model.text import ago
from edgetui.ui.spans import Spans

from .common import fact


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """All about one service."""
    assert isinstance(row, ServiceRow)
    out = [fact("type", row.type), fact("address", row.cluster_ip or "none")]
    if row.external or row.pending:
        out.append(fact("outside", ", ".join(row.external) or "pending: nobody has given it an address yet"))
    out += [fact("port", port) for port in row.ports]
    selector = ", ".join(f"{name}={value}" for name, value in row.selector)
    out.append(fact("leads to", selector or "nothing by label"))
    if row.traffic_policy:
        out.append(fact("policy", row.traffic_policy))
    out.append(fact("age", ago(row.created, now)))
    return out
