"""A pod: what it does, what is wrong with it, where it runs and who made it."""

from __future__ import annotations

from edgetui.model.cache.store import Store
from edgetui.model.kinds import kind_word
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import POD, PodRow
from edgetui.model.pod.diagnosis import diagnose
from edgetui.model.text import ago, cpu, memory
from edgetui.ui.spans import Span, Spans, line

from .common import fact, told, trouble


def lines(store: Store, row: Row, now: float, width: int) -> list[Spans]:
    """All about one pod."""
    assert isinstance(row, PodRow)
    node = store.get(NODE, "", row.node) if row.node else None
    found = diagnose(row, node if isinstance(node, NodeRow) else None)
    out: list[Spans] = []
    if found is not None:
        out += [trouble(found.sentence, "bad" if found.hard else "warn"), line()]
    out.append(fact("status", f"{row.status}, {row.ready} of {row.containers} containers ready"))
    if row.summary_only:
        return [*out, *_printed(row, now)]
    out.append(
        fact(
            "ready",
            {"True": "yes", "False": "no"}.get(row.condition, "not known"),
            f" for {ago(row.ready_since, now)}" if row.condition else "",
        )
    )
    if row.restarts:
        last = f", last {ago(row.restarted, now)} ago" if row.restarted else ""
        out.append(fact("restarts", f"{row.restarts}{last}"))
    out += _trouble(row)
    out.append(fact("node", row.node or "none yet"))
    if owner := _owner(store, row):
        out.append(fact("controlled by", owner))
    usage = store.usage(POD, row.namespace, row.name)
    if usage is not None:
        out.append(
            fact("uses", f"cpu {told(usage.cpu_milli, cpu)}, memory {told(usage.memory_bytes, memory)}")
        )
    if row.deleting:
        out.append(fact("terminating", f"since {ago(row.deleting, now)}"))
    out.append(fact("age", ago(row.created, now)))
    return out


def _printed(row: PodRow, now: float) -> list[Spans]:
    """What a row that the server printed tells; the rest is on its way."""
    out = [fact("restarts", str(row.restarts))] if row.restarts else []
    out.append(fact("node", row.node or "none yet"))
    out.append(fact("age", ago(row.created, now)))
    return [*out, line(), line("  ", Span("the rest is being read", "quiet"))]


def _trouble(row: PodRow) -> list[Spans]:
    if row.problem is None:
        return []
    out: list[Spans] = []
    says = row.problem
    if says.container:
        out.append(fact("container", f"{says.container}  {says.image}"))
    if says.reason:
        out.append(fact("message", f"{says.reason}{f': {says.message}' if says.message else ''}"))
    if says.exit_code >= 0 and says.exit_reason:
        out.append(fact("last exit", f"code {says.exit_code}, {says.exit_reason}"))
    return out


def _owner(store: Store, row: PodRow) -> str:
    if not row.owner_kind:
        return ""
    words = f"{kind_word(row.owner_kind)} {row.owner_name}"
    above = [owner for _, owner in store.owners(row.owner_uid) if owner.owner_kind]
    return ", ".join([*(f"{kind_word(one.owner_kind)} {one.owner_name}" for one in reversed(above)), words])
