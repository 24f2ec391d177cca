"""Pieces that the details of several kinds share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from edgetui.model.cache.store import Store
from edgetui.model.cells import cells, cut, pad
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.kinds.wire import Condition
from edgetui.model.pod.diagnosis import diagnose
from edgetui.model.text import ago, plural
from edgetui.ui.keymap import kind_word
from edgetui.ui.spans import Span, Spans, line

LABEL = 12
"""Cells of the label column, the space behind the label among them."""


def title(key: ObjectKey) -> Spans:
    """The object named in full."""
    where = f"{key.namespace} · {key.cluster}" if key.namespace else key.cluster
    return line(Span(f"{kind_word(key.kind)} {key.name}", "title"), Span(f"   {where}", "quiet"))


def fact(label: str, *parts: str | Span) -> Spans:
    """One labelled line."""
    return line("  ", Span(f"{label:<{LABEL - 1}} ", "quiet"), *parts)


def told(value: int | None, words: Callable[[int], str] = str) -> str:
    """A number in words, or that nobody has told it."""
    return "not known" if value is None else words(value)


def since(moment: float, now: float) -> str:
    """ "3m ago"; "not known" for 0."""
    return f"{ago(moment, now)} ago" if moment else "not known"


def trouble(sentence: str, role: str = "bad") -> Spans:
    """One sentence that says what is wrong."""
    return line(Span(f"! {sentence}", role))


STANDARD = {
    "Ready": "True",
    "Available": "True",
    "Established": "True",
    "NamesAccepted": "True",
    "Reconciling": "False",
    "Stalled": "False",
    "Degraded": "False",
    "Failed": "False",
}
"""The status that is good news for condition types that mean one thing wherever they stand (sigs.k8s.io/cli-utils,
kstatus; apiextensions.k8s.io). Of any other type of a kind without a file nobody knows which status is good."""


def condition_lines(
    conditions: Iterable[Condition], good: Mapping[str, str], now: float, usual: str = "True"
) -> list[Spans]:
    """Every condition as a row: type, status, since when, reason; below it the message.

    `good` is the status in which each type is fine, `usual` the one of all other types; empty where nobody knows.
    """
    listed = list(conditions)
    if not listed:
        return []
    wide = min(max(10, *(cells(one.type) for one in listed)), 36)
    lines = [
        line(),
        line(Span(pad("conditions", wide + 2), "title"), Span("  status   since  reason", "quiet")),
    ]
    for one in listed:
        fine = one.status == (good.get(one.type, usual) or one.status)
        role = "row" if fine else "warn"
        told = f"{pad(cut(one.type, wide), wide)}  {one.status or '?':<7}  {ago(one.since, now):>5}"
        lines.append(line("  " if fine else "! ", Span(told, role), f"  {one.reason}" if one.reason else ""))
        if one.message:
            lines.append(line("      ", Span(one.message, "quiet" if fine else role)))
    return lines


def pod_lines(
    store: Store, pods: Iterable[PodRow], now: float, limit: int = 30, indent: int = 0
) -> list[Spans]:
    """Pods one per line, the ones in trouble first; restarts are told where there were any.

    How many containers of a pod on a silent node are ready is not known, whatever its status says, and it ends only
    when the node is back; one that had ended before stays as it is.
    """
    rows = []
    for pod in pods:
        node = store.get(NODE, "", pod.node)
        silent = isinstance(node, NodeRow) and node.silent and not pod.ended
        found = diagnose(pod, node if isinstance(node, NodeRow) else None)
        words = found.short if found is not None else pod.status.lower()
        role = "row" if found is None else "bad" if found.hard else "warn"
        if silent and pod.deleting:
            words, role = "stuck Terminating", "warn"
        ready = "?" if silent else str(pod.ready)
        restarts = plural(pod.restarts, "restart") if pod.restarts else ""
        rows.append(((found is None, pod.is_ready, pod.name), pod, ready, words, role, restarts))
    rows.sort(key=lambda row: row[0])
    shown = rows[:limit]
    name = min(max((len(pod.name) for _, pod, *_ in shown), default=0), 48)
    word = max((len(words) for _, _, _, words, *_ in shown), default=0)
    again = max((len(restarts) for *_, restarts in shown), default=0)
    lines: list[Spans] = []
    for _, pod, ready, words, role, restarts in shown:
        lines.append(
            line(
                " " * indent,
                Span("! " if role == "bad" else "  ", role),
                f"{pod.name:<{name}}  {ready}/{pod.containers}  ",
                Span(f"{words:<{word}}", role),
                f"  {restarts:>{again}}" if again else "",
                f" {ago(pod.created, now):>4}  {pod.node}",
            )
        )
    if len(rows) > limit:
        lines.append(line(Span(f"{' ' * indent}  and {len(rows) - limit} more", "quiet")))
    return lines
