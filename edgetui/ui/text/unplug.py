"""What is lost without some nodes, as lines of text: the findings first, then each pod, Service and address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edgetui.model.node.failure import TOLERATED
from edgetui.model.node.forecast import Drained, Fate, Leaving
from edgetui.model.node.unplug import Answer, ServiceLoss
from edgetui.model.text import cpu, duration, memory, plural
from edgetui.ui.spans import Span, Spans, line

LABEL = 10
MOST = 40
"""Lines of one section."""
NOT_LOOKED_AT = (
    "not looked at: topology spread, affinity to other pods, preemption, limits on attached volumes"
)
_ORDER = (Fate.WAITS, Fate.NOWHERE, Fate.LOST, Fate.MOVES, Fate.STAYS, Fate.ENDED)
_BAD = frozenset({Fate.WAITS, Fate.NOWHERE, Fate.LOST})


def answer_lines(found: Answer) -> list[Spans]:
    """The whole answer."""
    return [
        *_summary(found),
        *_section("pods", [_pod_line(one) for one in _ranked(found.drained)]),
        *_section("services that lose a host", [_service_line(one) for one in _worst_first(found.services)]),
        *_section(
            "addresses that nobody else holds",
            [
                line(
                    Span("! ", "bad"),
                    f"{', '.join(one.addresses)}  {one.namespace}/{one.name}  ",
                    Span(one.by, "quiet"),
                )
                for one in found.addresses
            ],
        ),
        *_section("every pod is there", [line(f"  {one}") for one in found.sole]),
        *_section("not known", [line(Span(f"? {one}", "warn")) for one in found.unseen]),
        line(),
        line(Span(NOT_LOOKED_AT, "quiet")),
    ]


def _summary(found: Answer) -> Iterator[Spans]:
    pods = found.drained
    counted = [(fate, len(pods.of(fate))) for fate in _ORDER]
    words = [Span(f"{count} {_counted(fate, count)}", _role(fate)) for fate, count in counted if count]
    yield _fact("drained", *_joined(words or [Span("no pod is there")]))
    stops = sum(one.stops for one in found.services)
    lost = f"{stops} of them {'its' if stops == 1 else 'their'} only one" if stops else "none its only one"
    role = "bad" if stops else "row"
    if found.services:
        yield _fact(
            "services",
            Span(f"{plural(len(found.services), 'Service loses a host', 'Services lose a host')}, ", "row"),
            Span(lost, role),
        )
    yield _fact("datastore", Span(found.quorum.words, "bad" if found.quorum.lost else "row"))
    room = found.drained.room
    yield _fact(
        "room left",
        f"{cpu(int(room.cpu * 1000))} cores and {memory(int(room.memory))} on {plural(room.nodes, 'node')}",
    )
    yield _fact("cut off", *_cut(found))


def _cut(found: Answer) -> Iterator[Span]:
    """What differs where nobody drains it first."""
    cut = found.cut
    if cut.evictions.suspended:
        yield Span(f"no pod would move, {cut.evictions.words}", "bad")
    else:
        yield Span(f"pods would go {duration(TOLERATED)} after NotReady, unless they say otherwise")
    if cut.numbered:
        verb = "moves" if cut.numbered == 1 else "move"
        yield Span(f"; {cut.numbered} of a StatefulSet never {verb} by itself", "warn")


def _fact(label: str, *parts: str | Span) -> Spans:
    return line(Span(f"{label:<{LABEL}}", "quiet"), *parts)


def _joined(words: Sequence[Span]) -> Iterator[str | Span]:
    for at, one in enumerate(words):
        if at:
            yield " · "
        yield one


_COUNTED = {
    Fate.MOVES: ("moves", "move"),
    Fate.NOWHERE: ("fits nowhere else", "fit nowhere else"),
    Fate.WAITS: ("waits for its budget", "wait for their budget"),
    Fate.STAYS: ("stays", "stay"),
    Fate.LOST: ("is not made anew", "are not made anew"),
    Fate.ENDED: ("has ended", "have ended"),
}


def _counted(fate: Fate, count: int) -> str:
    one, many = _COUNTED[fate]
    return one if count == 1 else many


def _role(fate: Fate) -> str:
    return "bad" if fate in _BAD else "row"


def _ranked(found: Drained) -> list[Leaving]:
    return sorted(found.pods, key=lambda one: (_ORDER.index(one.fate), one.pod.words))


def _pod_line(one: Leaving) -> Spans:
    why = f": {one.why}" if one.why else ""
    if one.fate is Fate.MOVES:
        more = f" or {len(one.fits) - 2} more" if len(one.fits) > 2 else ""
        words = f"moves to {' or '.join(one.fits[:2])}{more}{why}"
    else:
        words = f"{one.fate.value}{why}"
    role = _role(one.fate)
    return line(Span("! " if role == "bad" else "  ", role), f"{one.pod.words}  ", Span(words, role))


def _worst_first(lost: Sequence[ServiceLoss]) -> list[ServiceLoss]:
    return sorted(lost, key=lambda one: (one.left, one.namespace, one.name))


def _service_line(one: ServiceLoss) -> Spans:
    moves = (
        f"; {plural(one.moves, 'pod')} {'moves' if one.moves == 1 else 'move'}"
        if one.moves
        else "; no pod moves"
    )
    if one.stops:
        return line(
            Span("! ", "bad"), f"{one.namespace}/{one.name}  ", Span(f"no host is left{moves}", "bad")
        )
    return line(f"  {one.namespace}/{one.name}  {one.left} of {one.hosts} hosts left{moves}")


def _section(title: str, lines: Sequence[Spans]) -> list[Spans]:
    if not lines:
        return []
    shown = list(lines[:MOST])
    if len(lines) > MOST:
        shown.append(line(Span(f"  and {len(lines) - MOST} more", "quiet")))
    return [line(), line(Span(title, "title")), *shown]
