"""Skip update: a Plan of system-upgrade-controller leaves a node out that has the label "disabled" for it.

The label is plan.upgrade.cattle.io/<plan> (SelectConcurrentNodes in pkg/upgrade/plan/plan.go). A Plan has no pause.
"""

from __future__ import annotations

from functools import partial

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Argument, Given, SetBack, Spec
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.node import NODE, NodeRow
from edgetui.model.kinds.plan import PLAN, PlanRow
from edgetui.model.redacted import Discreet
from edgetui.model.update.plan import DISABLED, HOSTNAME, LABEL

_MOST_NAME = 63
"""Characters of what stands behind the slash in a label's name."""


class SkipView(Discreet, frozen=True):
    """A node as it is now; `plans` are the names of the Plans that are known, those that hold it up first."""

    SHOWN = ("ref",)

    ref: ObjectRef
    row: NodeRow
    generation: int
    labels: dict[str, str]
    plans: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The node as a person says it."""
        return in_words(self.ref.key)


Answer = tuple[str, str | None]
"""The name of a Plan and the value of the node's label for it, None for none."""


async def _read(aim: Aim) -> SkipView:
    """The node, and the Plans that the store knows. Raises Refusal where it is gone, or is no node."""
    needs(aim.action, aim.ref.key.kind)
    there = await read(aim.session, aim.ref)
    metadata, row = there["metadata"], row_of(NODE, there)
    assert isinstance(row, NodeRow)
    labels = dict(metadata.get("labels") or {})
    ref = ObjectRef(aim.ref.key, metadata["uid"], metadata["resourceVersion"])
    return SkipView(
        ref, row, metadata.get("generation", 0), labels, tuple(_plans(aim.session, row.name, labels))
    )


def _plans(session: Session, node: str, labels: dict[str, str]) -> list[str]:
    """The names of the Plans that are known: first those that are applied on the node, last those that skip it."""
    host = labels.get(HOSTNAME, node)
    rows = session.store.rows(PLAN) if session.store is not None else ()
    plans = [row for row in rows if isinstance(row, PlanRow)]
    plans.sort(
        key=lambda one: (labels.get(f"{LABEL}{one.name}") == DISABLED, host not in one.running, one.name)
    )
    return [one.name for one in plans]


def answer(view: SkipView, given: Given) -> Answer:
    """The Plan that is meant. Raises Refusal for a name that is none, or that no Plan here has."""
    name = given["plan"]
    if view.plans and name not in view.plans:
        raise Refusal(f"There is no plan {name} here.", f"There is {', '.join(view.plans)}.")
    return name, DISABLED


def plan_name(text: str) -> str:
    """The name of a Plan. Raises ValueError for what cannot be one."""
    if not text or len(text) > _MOST_NAME or "/" in text:
        raise ValueError(f"“{text}” is not the name of a plan")
    return text


def change(session: Session, view: SkipView, answer: Answer) -> Change:
    """The one label."""
    plan, wanted = answer
    label = f"{LABEL}{plan}"
    old = view.labels.get(label)
    return Change(
        action="skip-update",
        ref=view.ref,
        generation=view.generation,
        needs=needs("skip-update", NODE),
        title=f"Have plan {plan} skip {view.words} on {session.name}",
        facts=(*facts(session, view.ref), ("plan", plan)),
        diff=(f"- {label}: {old or 'not set'}", f"+ {label}: {wanted or 'not set'}"),
        warnings=_warnings(view, plan, wanted),
        says=f"set the label {label} of Node/{view.row.name}",
        doing=f"Setting the label of {view.words} for plan {plan}",
        accepted="The server accepted the label",
        write=partial(_write, view, plan, wanted),
        applied=lambda there: _label(there, label) == wanted,
        data={"plan": plan, "from": old, "to": wanted},
        spot=Spot(view.ref, view.generation, same=lambda there: _label(there, label) == old, moves=False),
        nothing=f"Plan {plan} skips {view.words} already: nothing was written" if old == wanted else "",
    )


def _warnings(view: SkipView, plan: str, wanted: str | None) -> tuple[str, ...]:
    if wanted != DISABLED:
        return (f"Plan {plan} updates it again when the label is not that of its latest version.",)
    found = [f"It keeps the version that it has, until undo takes label {LABEL}{plan} away."]
    if view.row.cordoned:
        found.append("It stays cordoned: if the plan cordoned it, uncordon it.")
    return tuple(found)


def _label(there: Json, label: str) -> str | None:
    found: str | None = (there["metadata"].get("labels") or {}).get(label)
    return found


def _write(view: SkipView, plan: str, wanted: str | None, version: str) -> Write:
    label = f"{LABEL}{plan}"
    return Write(
        "PATCH",
        object_path(view.ref.key),
        {"metadata": {"resourceVersion": version, "labels": {label: wanted}}},
        f"have plan {plan} skip {view.words}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before={"plan": plan, "label": view.labels.get(label)},
        after={"plan": plan, "label": wanted},
    )


async def outcome(run: Run, view: SkipView, answer: Answer, wait: float | None) -> Ending:
    """What the Plan does with the node now."""
    plan, wanted = answer
    said = f"{view.words} {'is left out by' if wanted == DISABLED else 'is again for'} plan {plan}"
    return not_waited(f"{said}:") if wait is None else Ending(True, False, (f"{said}.",))


def _now(view: SkipView, after: Json) -> Json:
    return {"plan": after["plan"], "label": view.labels.get(f"{LABEL}{after['plan']}")}


SPEC = Spec(
    read=_read,
    answer=answer,
    title=lambda view, answer: f"Have plan {answer[0]} skip {view.words}",
    change=change,
    outcome=outcome,
    back=SetBack(
        now=_now,
        answer=lambda view, before: (before["plan"], before["label"]),
        then=lambda view, before: f"with the label that it had for plan {before['plan']}",
        ends=outcome,
    ),
    arguments=(
        Argument("plan", "the plan that is to skip it", "PLAN", read=plan_name, label="plan", kind=PLAN),
    ),
    fields=lambda view: {"plan": view.plans[0] if view.plans else ""},
    example="for example node/edge-2 k3s-agent",
)
