"""What stands around an object of any kind: its conditions, what owns it, what it owns, and what refers to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgetui.model.cache.store import Store
from edgetui.model.kinds import kind_word, short_name
from edgetui.model.kinds.base import Row
from edgetui.model.kinds.discovered import TableRow
from edgetui.model.kinds.pod import PodRow
from edgetui.model.panes import PANES
from edgetui.model.panes.base import BAD, WATCH
from edgetui.model.text import ago
from edgetui.model.view.ownership import Owned, Owner, owned_known, owners_known
from edgetui.ui.spans import Span, Spans, line

from .common import STANDARD, condition_lines, pod_lines

if TYPE_CHECKING:
    from edgetui.actions.objects.describe import Description

_ROLES = {BAD: "bad", WATCH: "warn"}
_SHORT = {"PodDisruptionBudget": "pdb"}
"""What kubectl calls a kind that has no file here."""
_WIDEST_NAME = 44


def owner_lines(store: Store, row: Row, now: float, read: Description | None) -> list[Spans]:
    """The chain of owners as a tree, the last one first, and the object itself below them."""
    known = owners_known(store, row)
    owners = read.owners if read is not None and read.owners else known
    if not owners or (isinstance(row, PodRow) and owners == known):
        return []  # the page of a pod says what controls it in one line
    out = [line(), line(Span("owned by", "title"))]
    for depth, one in enumerate(reversed(owners)):
        out.append(_owner(one, depth, now))
    return out


def _owner(one: Owner, depth: int, now: float) -> Spans:
    since = f"  {ago(one.created, now)}" if one.created else ""
    group = one.kind.partition(".")[2]
    words = f"{'  ' * depth}  {kind_word(one.kind)} {one.name}"
    return line(
        words,
        Span(f"  {group}" if group else "", "quiet"),
        since,
        Span(f"  {one.note}" if one.note else "", "warn"),
    )


def owned_lines(store: Store, kind: str, row: Row, now: float) -> list[Spans]:
    """What it controls as a tree, each object with its state; pods as everywhere.

    What the controller of a custom kind makes is not known, and to list every kind for it would cost too much.
    """
    owned, more = owned_known(store, row.uid)
    custom = isinstance(row, TableRow) and "." in kind and not kind.endswith(".k8s.io")
    if not owned and not custom:
        return []
    title = "pods" if owned and all(isinstance(one.row, PodRow) for one in owned) else "controls"
    out = [line(), line(Span(title, "title")), *_tree(store, owned, more, now, 0)]
    if custom:
        words = "of kinds that are watched here" if owned else "nothing of the kinds that are watched here"
        out.append(line("  ", Span(f"({words}; others were not asked for)", "quiet")))
    return out


def _tree(store: Store, owned: Sequence[Owned], more: int, now: float, depth: int) -> list[Spans]:
    out: list[Spans] = []
    for one in owned:
        if not isinstance(one.row, PodRow):
            out.append(_owned(store, one, now, depth))
            out += _tree(store, one.children, one.more, now, depth + 1)
    pods = [one.row for one in owned if isinstance(one.row, PodRow)]
    out += pod_lines(store, pods, now, indent=2 * depth)
    return [*out, line(Span(f"{'  ' * depth}  and {more} more", "quiet"))] if more else out


def _owned(store: Store, one: Owned, now: float, depth: int) -> Spans:
    pane, words, role = PANES.of(one.kind), "", "row"
    if pane is not None:
        shown = pane.build(store, one.kind, one.row, now)
        words, role = pane.value(shown, "state").words, _ROLES.get(shown.severity, "row")
    name = f"{'  ' * depth}  {kind_word(one.kind)} {one.row.name}"
    return line(f"{name:<{_WIDEST_NAME}}  ", Span(f"{words:<14}", role), f"  {ago(one.row.created, now):>4}")


def read_conditions(read: Description | None, now: float) -> list[Spans]:
    """The conditions of an object that has none in its row."""
    if read is None or read.conditions is None:
        return []
    return condition_lines(read.conditions, STANDARD, now, usual="")


def referrer_lines(read: Description | None, heard: str) -> list[Spans]:
    """What refers to it, and what was not looked through; `heard` is why nothing is known."""
    if read is None:
        return (
            [line(), line(Span("referred to by", "title")), line("  ", Span(heard, "quiet"))] if heard else []
        )
    if not (read.referrers or read.notes):
        return []
    out = [line(), line(Span("referred to by", "title"))]
    names = [f"{_SHORT.get(one.kind) or short_name(one.kind)} {one.name}" for one in read.referrers]
    wide = min(max(map(len, names), default=0), _WIDEST_NAME)
    for name, one in zip(names, read.referrers, strict=True):
        out.append(line(f"  {name:<{wide}}  ", Span(one.how, "quiet")))
    if not read.referrers:
        out.append(line("  ", Span("nothing that was looked through", "quiet")))
    return [*out, *(line("  ", Span(f"({note})", "quiet")) for note in read.notes)]
