"""Who gets new connections to a Service, from where, and what is wrong with that."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.cache.store import Store
from edgetui.model.kinds.endpointslice import Endpoint
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.service import Port, ServiceRow
from edgetui.model.panes.services import endpoints_of
from edgetui.model.text import ago, duration, plural
from edgetui.model.traffic.reach import Origin, Reach, endpoints_of_port, is_doubtful, not_in_slice, reaches
from edgetui.model.traffic.routing import is_proxied
from edgetui.model.traffic.spread import Spread, sentences
from edgetui.ui.spans import Span, Spans, line

from .common import fact, trouble

MOST = 30
"""Endpoints that are listed one by one."""
MOST_NODES = 4
"""Nodes of one answer that are named."""


def traffic_lines(store: Store, service: ServiceRow, now: float, spread: Spread | None = None) -> list[Spans]:
    """Each endpoint with its node, then an answer for each origin of traffic; nothing while no slice is known.

    `spread` is how the cluster spreads connections, None before that was read.
    """
    if endpoints_of(store, service) is None or not service.ports:
        return []
    same = _ports_alike(store, service)
    out: list[Spans] = []
    for ports, endpoints in same:
        of = f" to {', '.join(port.words for port in ports)}" if len(same) > 1 else ""
        out += [line(), line(Span(f"new connections{of}", "title"))]
        out += _endpoint_lines(store, endpoints, now)
        if service.headless:
            out.append(fact("headless", "clients choose themselves among these addresses, by DNS"))
        elif is_proxied(service):
            out += [
                _reach_line(service, ports[0], one, spread is None or spread.even)
                for one in reaches(store, service, ports[0], endpoints)
            ]
    if spread is not None and is_proxied(service):
        out += [fact("spread", one) for one in sentences(spread)]
    every = [one for _, endpoints in same for one in endpoints]
    return [*out, *_remarks(store, service, every, now)]


def _ports_alike(store: Store, service: ServiceRow) -> list[tuple[list[Port], tuple[Endpoint, ...]]]:
    """The ports of a Service with their endpoints, those with the same endpoints and the same origins together."""
    found: dict[tuple[tuple[Endpoint, ...], bool], list[Port]] = {}
    for port in service.ports:
        alike = (tuple(endpoints_of_port(store, service, port)), bool(port.node_port))
        found.setdefault(alike, []).append(port)
    return [(ports, endpoints) for (endpoints, _), ports in found.items()]


def _endpoint_lines(store: Store, endpoints: Sequence[Endpoint], now: float) -> list[Spans]:
    shown = sorted(endpoints, key=lambda one: not (is_doubtful(store, one.node) and one.usable))[:MOST]
    address = max((len(one.address) for one in shown), default=0)
    name = min(max((len(one.pod or "no pod") for one in shown), default=0), 40)
    node = max((len(one.node or "no node") for one in shown), default=0)
    out = []
    for one in shown:
        words, role = _state(store, one, now)
        out.append(
            line(
                Span("! " if role == "bad" else "  ", role),
                f"{one.address:<{address}}  {one.pod or 'no pod':<{name}}  {one.node or 'no node':<{node}}  ",
                Span(words, role),
                Span(_hints(one), "quiet"),
            )
        )
    if len(endpoints) > len(shown):
        out.append(line(Span(f"  and {len(endpoints) - len(shown)} more", "quiet")))
    return out


def _state(store: Store, one: Endpoint, now: float) -> tuple[str, str]:
    if one.ready:
        words, role = "ready", "row"
    elif one.terminating:
        words, role = ("terminating, still serves", "warn") if one.serving else ("terminating", "quiet")
    else:
        words, role = "not ready", "warn"
    node = store.get(NODE, "", one.node)
    if isinstance(node, NodeRow) and is_doubtful(store, one.node):
        told = f"node {'NotReady, no heartbeat' if node.silent else 'NotReady'} for {ago(node.since, now)}"
        return f"{words}, {told}", "bad" if one.usable else role
    return words, role


def _hints(one: Endpoint) -> str:
    places = [*(f"node {name}" for name in one.for_nodes), *(f"zone {name}" for name in one.for_zones)]
    return f"  for {', '.join(places)}" if places else ""


def _reach_line(service: ServiceRow, port: Port, one: Reach, even: bool) -> Spans:
    where = _where(one.nodes)
    if one.origin is Origin.INSIDE:
        label, source = "in cluster", f"from pods on {where}"
    else:
        label = "external"
        source = f"NodePort {port.node_port} on {where}" if port.node_port else f"its address on {where}"
    policy = ""
    if one.local:
        origin = "internal" if one.origin is Origin.INSIDE else "external"
        policy = f" ({origin}TrafficPolicy Local)"
    if not one.endpoints:
        why = (
            "dropped: no endpoint on the same node serves" if one.anywhere else "refused: no endpoint serves"
        )
        return fact(label, f"{source}: ", Span(f"{why}{policy}", "bad"))
    count = len(one.endpoints)
    ready = any(each.ready for each in one.endpoints)
    shared = f"{plural(count, 'endpoint' if ready else 'terminating endpoint')}{policy}"
    if count > 1 and service.sticky:
        shared += ", one for each client"
    elif count > 1 and even:
        shared += f", each gets one in {count}"
    if not one.doubtful:
        return fact(label, f"{source}: {shared}")
    lost = f"; {len(one.doubtful)} on a node that is not Ready: {_share(len(one.doubtful), count)} may fail"
    return fact(label, f"{source}: {shared}", Span(lost, "bad"))


def _share(some: int, of: int) -> str:
    return "all" if some == of else f"{some} of {of}"


def _where(nodes: Sequence[str]) -> str:
    if not nodes:
        return "any node"
    names = [name or "any other node" for name in nodes]
    more = f" and {len(names) - MOST_NODES} more" if len(names) > MOST_NODES else ""
    return ", ".join(names[:MOST_NODES]) + more


def _silent(store: Store) -> list[NodeRow]:
    """Nodes that are cut off, or gone: if one still runs, its kube-proxy keeps the rules that it had."""
    found = [row for row in store.rows(NODE) if isinstance(row, NodeRow) and row.silent]
    return sorted(found, key=lambda row: row.name)


def _remarks(store: Store, service: ServiceRow, endpoints: Sequence[Endpoint], now: float) -> list[Spans]:
    out = []
    if service.sticky and not service.headless:
        out.append(
            fact("affinity", f"ClientIP: a client keeps its endpoint until {duration(service.sticky)} unused")
        )
    if service.distribution:
        out.append(fact("prefers", f"trafficDistribution {service.distribution}"))
    if is_proxied(service) and (silent := _silent(store)):
        told = ", ".join(f"{row.name} ({ago(row.since, now)})" for row in silent[:MOST_NODES])
        rest = f" and {len(silent) - MOST_NODES} more" if len(silent) > MOST_NODES else ""
        out.append(
            fact("old rules", f"{told}{rest}: no contact, so pods there use what was last known there")
        )
    serving = {one.node for one in endpoints if one.ready}
    if len(serving) == 1 and "" not in serving and store.count(NODE) > 1:
        out.append(trouble(f"all ready endpoints are on one node, {next(iter(serving))}", "warn"))
    if service.unready_too:
        out.append(trouble("publishNotReadyAddresses: pods that are not ready get traffic, too", "warn"))
    for pod in not_in_slice(store, service, endpoints, now)[:MOST_NODES]:
        since = ago(pod.ready_since, now)
        out.append(
            trouble(f"pod {pod.name} has been Ready for {since}, but no EndpointSlice names it", "warn")
        )
    return out
