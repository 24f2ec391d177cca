"""What the rows of all update engines have in common, whichever names their objects use for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from msgspec.structs import replace

from edgetui.model.kinds.base import Fact, Row
from edgetui.model.kinds.wire import Wire, shared
from edgetui.model.selector import Requirement
from edgetui.model.text import clean, plural

MOST_NODES = 1000
"""Nodes of one update that a row names at most."""
MOST_TEXT = 300


class Stage(StrEnum):
    """How far an update is."""

    UNSEEN = "not seen yet"  # its controller has said nothing of it
    WAITING = "waiting"
    RUNNING = "updating"
    PAUSED = "paused"
    COMPLETE = "complete"
    FAILED = "failed"


class Failure(NamedTuple):
    """A host, or cluster, that failed, and why, in the engine's words."""

    name: str
    why: str = ""


class UpdateRow(Row):
    """An update of hosts, or of clusters, by one engine.

    `engine` is who carries it out, `target` the version that it leads to, `phase` the engine's own word, `message` its
    explanation. `done` of `total` are updated, None while nobody tells. `running` are being updated now, `failed` have
    failed. `of` is what they are: "node", "cluster". Where `total` is not told, it is the nodes that `selector` takes,
    None where that is not said either.
    """

    engine: str = ""
    target: str = ""
    stage: Stage = Stage.UNSEEN
    phase: str = ""
    message: str = ""
    done: int | None = None
    total: int | None = None
    running: tuple[str, ...] = ()
    failed: tuple[Failure, ...] = ()
    of: str = "node"
    selector: tuple[Requirement, ...] | None = None

    def busy(self, who: str) -> str:
        """What is going on with these hosts, or at all where none is named."""
        return f"updating {who}" if who else "updating"

    @property
    def paused(self) -> bool:
        """Whether its engine was told to do nothing with it."""
        return self.stage is Stage.PAUSED


def names(all_: Iterable[str | None] | None) -> tuple[str, ...]:
    """Names as a row keeps them: no empty ones, and not without end."""
    return tuple(shared(clean(one)) for one in list(all_ or ())[:MOST_NODES] if one)


def failures(all_: Iterable[tuple[str | None, str | None]]) -> tuple[Failure, ...]:
    """Failed hosts and why, as a row keeps them."""
    return tuple(
        Failure(shared(clean(name)), clean(why, MOST_TEXT)) for name, why in list(all_)[:MOST_NODES] if name
    )


def on_disk(row: Any) -> Row:
    """The row without what its engine says in free text."""
    quiet = tuple(Failure(one.name) for one in row.failed)
    kept: Row = replace(row, message="", failed=quiet)
    return kept


class WireExpression(Wire):
    key: str | None = None
    operator: str | None = None
    values: list[str] | None = None


class WireSelector(Wire):
    """A LabelSelector of meta/v1."""

    match_labels: dict[str, str] | None = None
    match_expressions: list[WireExpression] | None = None


def requirements(selector: WireSelector | None) -> tuple[Requirement, ...] | None:
    """What a selector asks for: nothing where it is empty or missing; None where it is not valid."""
    selector = selector or WireSelector()
    found = [
        Requirement(key, frozenset((value,)), False) for key, value in (selector.match_labels or {}).items()
    ]
    for one in selector.match_expressions or ():
        values = frozenset(one.values or ())
        if one.operator in ("In", "NotIn") and values:
            found.append(Requirement(one.key or "", values, one.operator == "NotIn"))
        elif one.operator in ("Exists", "DoesNotExist"):
            found.append(Requirement(one.key or "", None, one.operator == "DoesNotExist"))
        else:
            return None
    return tuple(found)


def facts(row: UpdateRow, now: float) -> Iterator[Fact]:
    """What the page of any update says of it."""
    yield Fact("engine", row.engine)
    yield Fact("target", row.target or "not told")
    if row.phase:
        yield Fact("phase", row.phase, bad=row.stage is Stage.FAILED)
    if row.done is not None and row.total is not None:
        yield Fact("updated", f"{row.done} of {plural(row.total, row.of)}")
    if row.running:
        yield Fact("updating", ", ".join(row.running))
    for at, one in enumerate(row.failed):
        yield Fact("" if at else "failed", f"{one.name}: {one.why}" if one.why else one.name, bad=True)
    if row.message:
        yield Fact("message", row.message)
