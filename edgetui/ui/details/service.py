"""A service: where it is reached and which pods it leads to."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.service import ServiceRow
from edgetui.model.lease import Lease
from edgetui.model.panes.base import BAD
from edgetui.model.panes.services import endpoints_of, service_state, unknown
from edgetui.model.text import ago, plural, verb
from edgetui.model.traffic.holders import KUBE_VIP, Holder, holder_of
from edgetui.model.traffic.spread import Spread
from edgetui.ui.spans import Span, Spans, line

from .common import fact, trouble
from .traffic import traffic_lines

_ROLES = {0: "bad", 1: "warn"}
_WHY = {
    "no endpoints": "its selector matches no pod that has an address, so connections are refused",
    "no address": "no load balancer has assigned an address",
    "no name": "it names no other host",
    "holder silent": "the node that holds its address is not Ready, so nobody may answer there",
}
_NOT_HELD = {
    "nobody": "nobody: no pod of ServiceLB is ready",
    "not allowed": "not allowed to see who holds it",
    "not visible": "not visible here: what gave this address does not tell the API who holds it",
    "?": "not known yet",
}


def lines(
    store: Store,
    row: Row,
    now: float,
    width: int,
    lease: Lease | None = None,
    spread: Spread | None = None,
) -> list[Spans]:
    """All about one service. `lease` is what kube-vip elects the holder of its address by, where there is one.

    `spread` is how the cluster spreads connections, None before that was read.
    """
    assert isinstance(row, ServiceRow)
    holder = holder_of(store, row)
    severity, words = service_state(row, endpoints_of(store, row), now, holder, several=store.count(NODE) > 1)
    why = _WHY.get(words, "connections to it are refused")
    out = [trouble(f"{words}: {why}"), line()] if severity == BAD else []
    out += [fact("type", row.type), fact("address", row.cluster_ip or "none")]
    if row.external or row.pending:
        pending = "pending (no load balancer has assigned an address)"
        out.append(fact("external", ", ".join(row.external) or pending))
    if holder is not None:
        out.append(_held(holder) if lease is None else _leased(lease, now))
    out += [fact("port", port.words) for port in row.ports]
    if not row.elsewhere:
        selector = ", ".join(f"{name}={value}" for name, value in row.selector)
        out.append(
            fact("selector", selector or "none: its endpoints are made by hand or by another controller")
        )
        out.append(_endpoints(store, row, Span(words, _ROLES.get(severity, "row"))))
    out.append(fact("age", ago(row.created, now)))
    return out if row.elsewhere else out + traffic_lines(store, row, now, spread)


def _endpoints(store: Store, row: ServiceRow, state: Span) -> Spans:
    found = endpoints_of(store, row)
    if found is None:
        return fact("endpoints", f"not known: {unknown(store) or 'not all may be read'}")
    draining = f", {found.draining} terminating and still serving" if found.draining else ""
    hosts = f" on {plural(len(found.hosts), 'host')}" if any(found.hosts) else ""
    told = f" ({state.text})" if state.text != found.words else ""
    return fact("endpoints", Span(f"{found.words}{hosts}{told}", state.role), draining)


def _leased(lease: Lease, now: float) -> Spans:
    """Who holds the address by the Lease, and whether that still stands."""
    words = f"{lease.holder or 'nobody'} ({KUBE_VIP})"
    if lease.over(now):
        return fact(
            "held by", words, Span(f": not renewed for {ago(lease.renewed, now)}, so nobody holds it", "bad")
        )
    return fact("held by", f"{words}, renewed {ago(lease.renewed, now)} ago")


def _held(holder: Holder) -> Spans:
    """Who holds the address, or why that is not known."""
    if not holder.nodes:
        return fact("held by", _NOT_HELD[holder.why])
    words = f"{', '.join(holder.nodes)} ({holder.by})"
    if holder.lost:
        return fact("held by", words, Span(": not Ready, nobody may answer", "bad"))
    if holder.silent:
        silent = f"; {', '.join(holder.silent)} {verb(len(holder.silent), 'is', 'are')} not Ready"
        return fact("held by", words, Span(silent, "warn"))
    return fact("held by", words)
