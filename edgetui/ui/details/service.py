"""A service: where it is reached and which pods it leads to."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.panes.base import BAD
from edgetui.model.panes.services import endpoints_of, service_state, unknown
from edgetui.model.text import ago
from edgetui.ui.spans import Span, Spans, line

from .common import fact, trouble

_ROLES = {0: "bad", 1: "warn"}
_WHY = {
    "no endpoints": "its selector matches no pod that has an address, so connections are refused",
    "no address": "no load balancer has assigned an address",
    "no name": "it names no other host",
}


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """All about one service."""
    assert isinstance(row, ServiceRow)
    severity, words = service_state(row, endpoints_of(store, row), now)
    why = _WHY.get(words, "connections to it are refused")
    out = [trouble(f"{words}: {why}"), line()] if severity == BAD else []
    out += [fact("type", row.type), fact("address", row.cluster_ip or "none")]
    if row.external or row.pending:
        pending = "pending (no load balancer has assigned an address)"
        out.append(fact("external", ", ".join(row.external) or pending))
    out += [fact("port", port) for port in row.ports]
    if not row.elsewhere:
        selector = ", ".join(f"{name}={value}" for name, value in row.selector)
        out.append(
            fact("selector", selector or "none: its endpoints are made by hand or by another controller")
        )
        out.append(_endpoints(store, row, now))
    if row.traffic_policy:
        out.append(fact("policy", row.traffic_policy))
    out.append(fact("age", ago(row.created, now)))
    return out


def _endpoints(store: Store, row: ServiceRow, now: float) -> Spans:
    found = endpoints_of(store, row)
    if found is None:
        return fact("endpoints", f"not known: {unknown(store) or 'not all may be read'}")
    draining = f", {found.draining} terminating and still serving" if found.draining else ""
    severity, _ = service_state(row, found, now)
    return fact("endpoints", Span(found.words, _ROLES.get(severity, "row")), draining)
