"""A guard over one rollout: when has a release proven to be bad, so that it is rolled back without being asked again.

A pure state machine: a look at the workload and a time of a steady clock in, the next state out. Only time that was
seen counts: while nothing is heard every count stands still, and it never fires before it has looked again for a while.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

import msgspec
from msgspec.structs import replace

from edgetui.model.kinds.deployment import DeploymentRow
from edgetui.model.kinds.rollout import ArgoRolloutRow
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.rollout.evidence import Causes, Look, causes, evidence, serving
from edgetui.model.rollout.revision import Revision, last_known_good
from edgetui.model.text import duration

GAP = 5.0
"""Seconds between two looks from which on the time between them was not seen: the machine or the program slept."""
SETTLE = 5.0
"""Seconds it must have looked without a gap before it fires: after a cut the kinds come back one by one."""
STANDSTILL = 600.0
"""Seconds without progress that stand for a deadline where a kind has none."""


class Terms(msgspec.Struct, frozen=True):
    """What was agreed to, in seconds: how long the evidence must stand, how long a complete release is watched.

    `undo` is whether an Argo Rollout gets an earlier template back; without it its update is aborted.
    """

    patience: float = 120.0
    after: float = 600.0
    undo: bool = False


LEAST, HASTY = 10.0, 60.0
"""Seconds below which a pod that starts is taken for one that fails, and below which one short failure is enough."""


def wrong(patience: float) -> str:
    """What speaks against a span that failures must last, empty for nothing."""
    if patience >= LEAST:
        return ""
    return f"Less than {duration(LEAST)} proves nothing: a pod may restart once and be well."


def hasty(patience: float) -> str:
    """What to warn of with a span that failures must last."""
    return f"Less than {duration(HASTY)}: one pod that fails shortly is enough." if patience < HASTY else ""


class Phase(StrEnum):
    BLIND = "blind"  # nothing can be judged now: not heard, not seen by its controller, paused
    WATCHING = "watching"  # nothing speaks against the release
    SUSPECT = "suspect"  # evidence stands, and its time is running
    FIRE = "fire"  # the evidence has stood long enough: roll back now
    SPENT = "spent"  # it has fired for this template, and does so once
    DONE = "done"  # the release has been complete for long enough, or is known to work
    GONE = "gone"  # the object is no more


class State(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a guard remembers. Spans are in seconds of seen time.

    `bad` is how long evidence has stood, `calm` how long there has been none since, `complete` how long the rollout
    has been complete without any, `still` how long nothing has moved, `steady` how long it has looked without a gap.
    `most` is how many pods of the template were ready at best. `good` are templates that served for as long as the
    patience, the newest last; `trusted` those that are not judged any more; `spent` those it has fired for.
    `not_before` is the time before which it does not fire again, because something spoke against it.
    """

    phase: Phase = Phase.BLIND
    template: str = ""
    why: str = "not looked yet"
    evidence: tuple[str, ...] = ()
    at: float = 0.0
    seeing: bool = False
    steady: float = 0.0
    bad: float = 0.0
    calm: float = 0.0
    complete: float = 0.0
    still: float = 0.0
    most: int = 0
    causes: Causes = msgspec.field(default_factory=dict)
    served: dict[str, float] = msgspec.field(default_factory=dict)
    good: tuple[str, ...] = ()
    trusted: frozenset[str] = frozenset()
    spent: frozenset[str] = frozenset()
    not_before: float = 0.0

    def left(self, terms: Terms) -> float:
        """Seconds until it fires, if the evidence goes on standing."""
        return max(0.0, terms.patience - self.bad)

    def due(self, terms: Terms) -> bool:
        """Whether the evidence has stood long enough, and enough has been seen since the last gap."""
        judged = self.seeing and self.template not in self.spent | self.trusted
        return judged and self.bad >= terms.patience and self.steady >= min(SETTLE, terms.patience)


def step(s: State, terms: Terms, look: Look, now: float) -> State:
    """The state after one more look."""
    if look.gone:
        return replace(s, phase=Phase.GONE, why=look.gone, seeing=False, steady=0.0, at=now)
    if look.why:
        return replace(s, phase=Phase.BLIND, why=look.why, seeing=False, steady=0.0, at=now)
    passed = now - s.at if s.seeing and 0 <= now - s.at <= GAP else 0.0
    s = replace(s, at=now, seeing=True, steady=s.steady + passed if passed else 0.0)
    if look.template != s.template:
        s = _other_template(s, terms, look)
    s = _remember_good(s, terms, look, passed)
    return _judge(_count(s, terms, look, passed), terms, look, now)


def _other_template(s: State, terms: Terms, look: Look) -> State:
    """Begin with another template. One that was complete long before the guard came is not judged by it."""
    first = not s.template
    if first and look.complete and look.ready_for >= terms.after:
        s = replace(s, trusted=s.trusted | {look.template})
    return replace(
        s,
        template=look.template,
        evidence=(),
        bad=0.0,
        calm=0.0,
        complete=0.0,
        still=0.0,
        most=0,
        causes={},
        not_before=0.0,
    )


def _remember_good(s: State, terms: Terms, look: Look, passed: float) -> State:
    """Templates that serve now, and have done so for a while, are what can be gone back to."""
    served = {template: s.served.get(template, 0.0) + passed for template in serving(look)}
    proven = [template for template, span in served.items() if span >= terms.patience]
    proven.sort(key=lambda template: template == look.template)
    good = (*(one for one in s.good if one not in proven), *proven)
    return replace(s, served=served, good=good)


def _count(s: State, terms: Terms, look: Look, passed: float) -> State:
    known = causes(look, s.causes)
    found = evidence(look, known, overdue(s, look))
    ready = sum(pod.is_ready for pod in look.newest)
    moved = ready > s.most
    s = replace(s, causes=known, most=max(ready, s.most), still=0.0 if moved else s.still + passed)
    if found:
        bad = 0.0 if moved else s.bad + (passed if s.evidence else 0.0)
        return replace(s, evidence=found, bad=bad, calm=0.0, complete=0.0)
    calm = s.calm + passed
    recovered = moved or calm >= terms.patience
    complete = s.complete + passed if look.complete else 0.0
    return replace(s, evidence=(), bad=0.0 if recovered else s.bad, calm=calm, complete=complete)


def overdue(s: State, look: Look) -> bool:
    """Whether the deadline of the newest template has passed."""
    if isinstance(look.row, DeploymentRow | ArgoRolloutRow):
        return look.overdue
    return not look.complete and s.still >= STANDSTILL


def _judge(s: State, terms: Terms, look: Look, now: float) -> State:
    if s.template in s.spent:
        return replace(s, phase=Phase.SPENT, why="this template was rolled back from once")
    if look.aborted and not terms.undo:
        return replace(s, phase=Phase.SPENT, why="its update is aborted, the stable revision serves")
    if s.complete >= terms.after:
        s = replace(s, trusted=s.trusted | {s.template})
    if s.template in s.trusted:
        return replace(s, phase=Phase.DONE, why="")
    if not s.evidence:
        again = f"failed for {duration(s.bad)}, serves again" if s.bad >= 1 else ""
        return replace(s, phase=Phase.WATCHING, why=again)
    fire = s.due(terms) and now >= s.not_before
    return replace(s, phase=Phase.FIRE if fire else Phase.SUSPECT, why=s.evidence[0])


def fired(s: State, template: str, target: str) -> State:
    """It has rolled back from `template` to `target`: never again from the one, and the other is not judged."""
    spent, trusted = s.spent | {template}, s.trusted | {target}
    return replace(s, spent=spent, trusted=trusted, phase=Phase.SPENT, bad=0.0)


def held_back(s: State, now: float, seconds: float) -> State:
    """Something spoke against firing: the evidence has to be there still in so many seconds."""
    return replace(s, not_before=now + seconds, phase=Phase.SUSPECT if s.phase is Phase.FIRE else s.phase)


def template_of(kind: str, workload: str, revision: str) -> str:
    """The hash on the pods of a revision, from the name of its ReplicaSet or ControllerRevision."""
    return revision if kind == STATEFUL_SET else revision.removeprefix(f"{workload}-")


def go_back_to(
    revisions: Iterable[Revision], kind: str, workload: str, s: State, agreed: tuple[str, ...]
) -> Revision | None:
    """The revision to roll back to; None when none is known to have worked.

    First what this guard has seen serving, then what is known by the word of the API and the audit record, then what
    was known when the person agreed (templates, the best first). Never one that was rolled back from.
    """
    others = {template_of(kind, workload, one.name): one for one in revisions if not one.current}
    usable = {
        template: one for template, one in others.items() if template not in s.spent and not one.withdrawn
    }
    seen = next((usable[template] for template in reversed(s.good) if template in usable), None)
    named = next((usable[template] for template in agreed if template in usable), None)
    return seen or last_known_good(usable.values()) or named
