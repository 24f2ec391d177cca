"""A node: is it there, what does it lack, how full is it, what runs on it."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.kinds.node import NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.metrichistory import Sample, readings, spark
from edgetui.model.panes.nodes import node_state
from edgetui.model.store import Store
from edgetui.model.text import ago, cpu, duration, memory, percent
from edgetui.ui.spans import Span, Spans, line

from .common import fact, pod_lines, trouble

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
    out.append(fact("heartbeat", f"{ago(row.heartbeat, now)} ago"))
    if row.cordoned:
        out.append(fact("cordoned", Span("yes: no new pods come here", "warn")))
    out.append(fact("roles", ", ".join(row.roles) or "none"))
    out.append(fact("version", f"{row.version}  {row.distribution}".rstrip()))
    out.append(
        fact("system", ", ".join(part for part in (row.os_image, row.kernel, row.arch, row.runtime) if part))
    )
    out.append(fact("address", row.internal_ip or "-"))
    usage = store.usage("Node", "", row.name)
    used_cpu = f", {percent(usage.cpu_milli, row.cpu_allocatable)} used" if usage else ""
    used_memory = f", {percent(usage.memory_bytes, row.memory_allocatable)} used" if usage else ""
    out.append(fact("cpu", f"{cpu(row.cpu_allocatable)} for pods{used_cpu}"))
    out += _curve(samples, 0, now)
    out.append(fact("memory", f"{memory(row.memory_allocatable)} for pods{used_memory}"))
    out += _curve(samples, 1, now)
    out.append(fact("pods", f"{store.pods_on(row.name)} of {row.pods_allocatable}"))
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


def _curve(samples: Sequence[Sample], index: int, now: float) -> list[Spans]:
    """How the share in use went in the last minutes; it begins where edgetui began to look."""
    if len(samples) < 2:
        return []
    shown = spark(readings(samples, index, now, CELLS, SECONDS), 1.0)
    watched = min(SECONDS, now - samples[0].time)
    return [fact("", shown, Span(f"  last {duration(watched)}", "quiet"))]
