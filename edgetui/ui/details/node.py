"""A node: is it there, what does it lack, how full is it, what runs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from edgetui.model.autoscaling.samples import Sample, readings, spark
from edgetui.model.cache.store import Store
from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.panes.nodes import node_state, pods_on
from edgetui.model.text import ago, cpu, duration, memory, percent
from edgetui.ui.spans import Span, Spans, line

from .common import fact, pod_lines, since, told, trouble

_ROLES = {0: "bad", 1: "warn"}


CELLS, SECONDS = 40, 600.0
"""The small curves of usage: their width and how far back they go."""


def lines(store: Store, row: NodeRow, now: float, samples: Sequence[Sample]) -> list[Spans]:
    """All about one node; `samples` are the shares of cpu and memory that edgetui has seen in use so far."""
    severity, words = node_state(row, now)
    out: list[Spans] = []
    if row.message and not row.is_ready:
        out += [trouble(row.message), line()]
    out.append(
        fact(
            "state",
            Span(words, _ROLES.get(severity, "row")),
            f" for {ago(row.since, now)}" if row.since else "",
        )
    )
    out.append(fact("heartbeat", since(row.heartbeat, now)))
    if row.cordoned:
        out.append(fact("cordoned", Span("yes: no new pods come here", "warn")))
    out.append(fact("roles", ", ".join(row.roles) or "none"))
    out.append(fact("version", f"{row.version}  {row.distribution}".rstrip()))
    out.append(
        fact("system", ", ".join(part for part in (row.os_image, row.kernel, row.arch, row.runtime) if part))
    )
    out.append(fact("address", row.internal_ip or "-"))
    usage = store.usage("Node", "", row.name)
    out.append(fact("cpu", _room(row.cpu_allocatable, cpu, usage.cpu_milli if usage else None)))
    out += _curve(samples, 0, now)
    out.append(fact("memory", _room(row.memory_allocatable, memory, usage.memory_bytes if usage else None)))
    out += _curve(samples, 1, now)
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
    pods = [pod for pod in store.rows("Pod") if isinstance(pod, PodRow) and pod.node == row.name]
    out += [line(), line(Span(f"pods {len(pods)}", "title"))]
    return out + (pod_lines(store, pods, now) or [line(Span("  none", "quiet"))])


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
