"""A node: is it there, what does it lack, how full is it, what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from edgetui.model.autoscaling.samples import Sample, readings, spark
from edgetui.model.cache.store import Store
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.lease import Lease
from edgetui.model.node.failure import LAST_LEASE, Step, steps
from edgetui.model.node.loss import After, Prospect
from edgetui.model.panes.nodes import node_state, pods_on
from edgetui.model.text import ago, cpu, duration, memory, percent
from edgetui.ui.spans import Span, Spans, line

from .common import fact, pod_lines, since, told, trouble

_ROLES = {0: "bad", 1: "warn"}


MOST_PODS = 30
"""Pods whose fate is told one by one."""
CELLS, SECONDS = 40, 600.0
"""The small curves of usage: their width and how far back they go."""


class Read(NamedTuple):
    """What a screen knows of a node beside the store.

    `samples` are the shares of cpu and memory that edgetui has seen in use so far. `lease` is the node's Lease, and
    `no_lease` why there is none; `foreseen` is what becomes of its pods while it is not Ready, `not_foreseen` why that
    is not known.
    """

    samples: Sequence[Sample] = ()
    lease: Lease | None = None
    no_lease: str = ""
    foreseen: Sequence[Prospect] | None = None
    not_foreseen: str = ""


_NOTHING = Read()


def lines(store: Store, row: Row, now: float, width: int, read: Read = _NOTHING) -> list[Spans]:
    """All about one node."""
    assert isinstance(row, NodeRow)
    severity, words = node_state(row, now)
    out: list[Spans] = []
    if row.message and not row.is_ready:
        out += [trouble(row.message), line()]
    out.append(
        fact(
            "state",
            Span(words, _ROLES.get(severity, "row")),
            f" for {ago(row.since, now)}" if row.since and row.is_ready else "",
        )
    )
    out += _way(store, row, now, read)
    if row.is_ready or read.lease is None:
        out.append(fact("heartbeat", since(row.heartbeat, now)))
    if row.cordoned:
        out.append(fact("cordoned", Span("yes: no new pods come here", "warn")))
    out.append(fact("roles", ", ".join(row.roles) or "none"))
    out.append(fact("version", f"{row.version}  {row.distribution}".rstrip()))
    out.append(
        fact("system", ", ".join(part for part in (row.os_image, row.kernel, row.arch, row.runtime) if part))
    )
    out.append(fact("address", row.internal_ip or "-"))
    usage = store.usage(NODE, "", row.name)
    out.append(fact("cpu", _room(row.cpu_allocatable, cpu, usage.cpu_milli if usage else None)))
    out += _curve(read.samples, 0, now)
    out.append(fact("memory", _room(row.memory_allocatable, memory, usage.memory_bytes if usage else None)))
    out += _curve(read.samples, 1, now)
    out.append(fact("pods", f"{told(pods_on(store, row.name))} of {told(row.pods_allocatable)}"))
    for taint in row.taints:
        value = f"={taint.value}" if taint.value else ""
        out.append(
            fact(
                "taint",
                f"{taint.key}{value}: {taint.effect}",
                f" for {ago(taint.since, now)}" if taint.since else "",
            )
        )
    out.append(fact("age", ago(row.created, now)))
    pods = [pod for pod in store.rows(POD) if isinstance(pod, PodRow) and pod.node == row.name]
    out += [line(), line(Span(f"pods {len(pods)}", "title"))]
    return out + (pod_lines(store, pods, now) or [line(Span("  none", "quiet"))])


def _way(store: Store, row: NodeRow, now: float, read: Read) -> list[Spans]:
    """How it fails, comes back or joins, step by step, and what becomes of its pods."""
    found = steps(store, row, now, read.lease, read.foreseen)
    if read.no_lease:
        found.insert(0, Step(LAST_LEASE, words=f"not known: {read.no_lease}"))
    if all(one.label == LAST_LEASE for one in found):
        return [fact("lease", f"renewed {since(one.at, now)}" if one.at else one.words) for one in found]
    out = [line(), line(Span("step by step", "title"), Span("   times in UTC", "quiet"))]
    out += [_step_line(one, now) for one in found]
    if read.foreseen is not None or read.not_foreseen:
        out += [line(), line(Span("what becomes of its pods", "title"))]
        out += prospect_lines(read.foreseen or (), now)
        if row.out_of_service:
            out.append(line("  ", Span(_OUT, "quiet")))
        elif any(one.after is After.NEVER for one in read.foreseen or ()):
            out.append(line("  ", Span("next step", "title"), f": {_POWERED_OFF}"))
        out += [line("  ", Span(read.not_foreseen, "quiet"))] if read.not_foreseen else []
    return [*out, line()]


def _step_line(one: Step, now: float) -> Spans:
    when = f"{clock(one.at)}  {_distance(one, now):>10}" if one.at else " " * 20
    role = "bad" if one.bad else "row"
    return line(Span("! " if one.bad else "  ", role), f"{one.label:<15} {when}  ", Span(one.words, role))


def _distance(one: Step, now: float) -> str:
    if one.due and one.at > now:
        return f"in {duration(one.at - now)}"
    return "due" if one.due else f"{duration(now - one.at)} ago"


def clock(moment: float) -> str:
    """The time of day in UTC: "14:02:05"."""
    return datetime.fromtimestamp(moment, UTC).strftime("%H:%M:%S")


_POWERED_OFF = (
    "if this node is powered off for certain, :out-of-service (or . and then o) has what never moves made anew "
    "elsewhere; it asks first"
)
_OUT = "it is out of service: its pods are deleted by force; :in-service ends that"
_WORST = (After.NEVER, After.NOWHERE, After.LOST, After.RETURNS, After.MOVES, After.STAYS)


def prospect_lines(found: Sequence[Prospect], now: float) -> list[Spans]:
    """One line for each pod of a lost node, those that do not come again by themselves first."""
    ranked = sorted(found, key=lambda one: (_WORST.index(one.after), one.at or 0.0, one.pod.words))
    out = []
    for one in ranked[:MOST_PODS]:
        bad = one.after in (After.NEVER, After.NOWHERE, After.LOST)
        role = "warn" if bad else "row"
        out.append(
            line(Span("! " if bad else "  ", role), f"{one.pod.words}  ", Span(_becomes(one, now), role))
        )
    if len(ranked) > MOST_PODS:
        out.append(line(Span(f"  and {len(ranked) - MOST_PODS} more", "quiet")))
    return out


def _becomes(one: Prospect, now: float) -> str:
    """What becomes of a pod, in words: "moves at 14:02:05 to edge-2 or edge-3"."""
    if one.after is After.MOVES and one.done:
        return f"evicted at {clock(one.at)}" if one.at else "evicted"
    when = "" if one.at is None else f" at {clock(one.at)}" if one.at > now else f" since {clock(one.at)}"
    if one.after is After.MOVES:
        more = f" or {len(one.fits) - 2} more" if len(one.fits) > 2 else ""
        return f"moves{when} to {' or '.join(one.fits[:2])}{more}" + (f": {one.why}" if one.why else "")
    evicted = f"; evicted{when}" if when and one.after is not After.STAYS else ""
    return f"{one.after.value}: {one.why}{evicted}"


def _room(allocatable: int | None, words: Callable[[int], str], used: int | None) -> str:
    if allocatable is None:
        return "not known" if used is None else f"{words(used)} used, of what the node does not tell"
    return f"{words(allocatable)} for pods" + (
        f", {percent(used, allocatable)} used" if used is not None else ""
    )


def _curve(samples: Sequence[Sample], index: int, now: float) -> list[Spans]:
    """How the share in use went in the last minutes; it begins where edgetui began to look."""
    if len(samples) < 2:
        return []
    shown = spark(readings(samples, index, now, CELLS, SECONDS), 1.0)
    watched = min(SECONDS, now - samples[0].time)
    return [fact("", shown, Span(f"  last {duration(watched)}", "quiet"))]
