"""In-place resize: another cpu and memory for one container of a running pod, without a new pod.

The kubelet carries it out, and says in the pod's conditions when it has to wait or never can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.change import spec as specs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.form import Form, Leads, Part
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, Argument, Given, SetBack, Spec
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Json, Receipt, Refusal
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.podstatus import FINISHED
from edgetui.model.kinds.wire import controller_of
from edgetui.model.pod.resize import FIELDS, ContainerResources, container_resources, given, settled, wrong
from edgetui.model.pod.resize import change as changed


class ResizeView(msgspec.Struct, frozen=True):
    """A pod as it is now: what each of its containers asks for and may use. `notes` hold whatever is chosen."""

    ref: ObjectRef
    generation: int
    container_resources: tuple[ContainerResources, ...]
    notes: tuple[str, ...] = ()

    def box(self, name: str) -> ContainerResources:
        """One container, the first where no name is given. Raises Refusal for one that is not there."""
        for box in self.container_resources:
            if name in ("", box.name):
                return box
        names = ", ".join(box.name for box in self.container_resources)
        raise Refusal(f"Pod {self.ref.key.name} has no container {name}.", f"It has {names}.")

    def warnings(self, box: ContainerResources, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """What giving a container these values leads to."""
        restarts = [
            f"Changing its {name} restarts container {box.name}."
            for name in box.restarts
            if any(field.endswith(name) for field in changed(box, wanted))
        ]
        return (*restarts, *self.notes)


async def prepare(session: Session, ref: ObjectRef) -> ResizeView:
    """Look at the pod. Raises Refusal where there is nothing to resize."""
    needs("resize", ref.key.kind)
    there = await read(session, ref)
    metadata, status = there["metadata"], there.get("status") or {}
    if status.get("phase") in FINISHED or metadata.get("deletionTimestamp"):
        raise Refusal(f"{in_words(ref.key)} has ended or is ending.")
    owner = controller_of(there)
    notes = (
        [f"The template of {owner.kind} {owner.name} stays as it is: a new pod has its values again."]
        if owner
        else []
    )
    return ResizeView(
        ref=ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        container_resources=container_resources(there),
        notes=tuple(notes),
    )


Chosen = tuple[ContainerResources, Mapping[str, str]]
"""A container, and its values by FIELDS; what is left out stays as it is."""


def change(session: Session, view: ResizeView, answer: Chosen) -> Change:
    """Other values for one container."""
    box, key = answer[0], view.ref.key
    changes = changed(box, answer[1])
    words = f"container {box.name} of {in_words(key)}"
    diff: list[str] = []
    for field in FIELDS:
        if field in changes:
            before = box.values.get(field, "")
            diff += [f"- {field}: {before}"] if before else []
            diff.append(f"+ {field}: {changes[field]}")
    return Change(
        action="resize",
        ref=view.ref,
        generation=view.generation,
        needs=needs("resize", key.kind),
        title=f"Resize {words} in {key.namespace} on {session.name}",
        facts=(*facts(session, view.ref), ("container", box.name)),
        diff=tuple(diff),
        warnings=view.warnings(box, changes),
        says=f"resize {key.kind}/{key.name} in place",
        doing=f"Resizing {words}",
        accepted="The server accepted the new values",
        write=partial(request, view, box, changes),
        applied=lambda there: given(there, box.name, changes),
        data={"container": box.name, "to": dict(changes)},
        nothing="" if changes else f"{words} has these values already: nothing was written",
        spot=Spot(
            view.ref, view.generation, same=lambda there: box in container_resources(there), moves=False
        ),
    )


def request(view: ResizeView, box: ContainerResources, changes: Mapping[str, str], version: str) -> Write:
    """What is sent to give one container other values."""
    key = view.ref.key
    resources: dict[str, dict[str, str]] = {}
    for field, value in changes.items():
        part, _, name = field.partition(".")
        resources.setdefault(part, {})[name] = value
    return Write(
        "PATCH",
        object_path(key, "resize"),
        {
            "metadata": {"resourceVersion": version},
            "spec": {"containers": [{"name": box.name, "resources": resources}]},
        },
        f"resize container {box.name} of {in_words(key)}",
        content_type="application/strategic-merge-patch+json",
        uid=view.ref.uid,
        before={"container": box.name, **{field: box.values.get(field, "") for field in changes}},
        after={"container": box.name, **changes},
    )


async def outcome(run: Run, view: ResizeView, answer: Chosen, wait: float | None) -> Ending:
    """What the kubelet makes of it."""
    box, changes = answer[0], changed(*answer)
    if wait is None:
        return not_waited("The new values were")

    async def judge() -> Observation:
        return Observation(*settled(await read(run.session, view.ref), box.name, changes))

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(
        seen, in_words(view.ref.key), *(("It runs on with the values it had.",) if seen.failed else ())
    )


def _answer(view: ResizeView, given: Given) -> Chosen:
    return view.box(given["container"]), amounts(given)


def amounts(given: Given) -> dict[str, str]:
    """The values that are given, by field: each by an option of its own, or several as kubectl has them."""
    found = {field: given[field] for field in FIELDS if given.get(field)}
    for kind in ("limits", "requests"):
        found |= {f"{kind}.{name}": value for name, value in (given.get(kind) or {}).items()}
    return found


def several(text: str) -> dict[str, str]:
    """cpu and memory as kubectl set resources takes them: "cpu=200m,memory=256Mi"."""
    found = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name not in ("cpu", "memory"):
            raise ValueError(f"“{part}” is neither cpu=AMOUNT nor memory=AMOUNT")
        found[name] = amount(value)
    return found


def containers_form(boxes: Sequence[ContainerResources]) -> Form:
    """The values of each of several containers."""
    parts = [Part(box.name, f"container {box.name}", box.values_by_field) for box in boxes]
    return Form(parts=parts, part="container")


def leads(view: ResizeView, given: Given) -> Leads:
    """What typed values lead to."""
    box, wanted = _answer(view, given)
    if not changed(box, wanted):
        return Leads(same="these are the values it has")
    return Leads(view.warnings(box, wanted))


def amount(text: str) -> str:
    """A quantity on a command line, as the API writes it."""
    if wrong(text):
        raise ValueError(f"“{text}” is not an amount such as 200m or 256Mi")
    return text


def _argument(field: str) -> Argument:
    kind, _, name = field.partition(".")
    option = f"--{name}-{kind.removesuffix('s')}"
    hint = "an amount such as 200m or 256Mi; empty leaves it as it is"
    return Argument(field, "default: as it is", "AMOUNT", (option,), amount, hint=hint)


ARGUMENTS = (
    Argument("container", "default: the first", "NAME", ("-c", "--container"), default=""),
    *map(_argument, FIELDS),
    Argument("limits", "as cpu=200m,memory=256Mi", "AMOUNTS", ("--limits",), several),
    Argument("requests", "as cpu=100m,memory=128Mi", "AMOUNTS", ("--requests",), several),
)
"""One container, and an option for each of its values and for several of them."""


def any_amount(given: Given) -> str:
    """What is wrong where no value is given at all."""
    return "" if amounts(given) else "give at least one amount"


def _now(view: ResizeView, after: Json) -> Json:
    box = view.box(str(after["container"]))
    asked = {field: str(after[field]) for field in FIELDS if field in after}
    apart = changed(box, asked)
    return {field: box.values.get(field, "") if field in apart else asked[field] for field in asked}


def _before(view: ResizeView, before: Json) -> Chosen:
    values = {field: str(before[field]) for field in FIELDS if field in before}
    if missing := [field for field, value in values.items() if not value]:
        raise Refusal(
            f"{in_words(view.ref.key).capitalize()} had no {missing[0]} before; a running pod cannot lose one "
            "again.",
            "A new pod has the values of its template.",
        )
    return view.box(str(before["container"])), values


def _then(view: ResizeView, before: Json) -> str:
    return "on its way to " + ", ".join(f"{field} {before[field]}" for field in FIELDS if field in before)


async def _put_back(run: Run, view: ResizeView, answer: Chosen, wait: float | None) -> Ending:
    then = ", ".join(f"{field} {value}" for field, value in answer[1].items())
    return Ending(True, False, (f"{in_words(view.ref.key)} is on its way to {then} again.",))


SPEC: Spec[ResizeView, Chosen] = Spec(
    read=lambda aim: prepare(aim.session, aim.ref),
    answer=_answer,
    title=lambda view, answer: f"Resize {answer[0].name} of {in_words(view.ref.key)}",
    change=change,
    outcome=outcome,
    back=SetBack(now=_now, answer=_before, then=_then, ends=_put_back),
    arguments=ARGUMENTS,
    check=any_amount,
    example="for example pod/press-7f9c66-x2k4q",
    fields=lambda view: containers_form(view.container_resources),
    leads=leads,
)


async def perform(
    gate: Gate,
    session: Session,
    view: ResizeView,
    box: ContainerResources,
    wanted: Mapping[str, str],
    *,
    wait: float | None,
) -> Receipt:
    """Resize what was prepared; see `spec.perform`."""
    aim = Aim("resize", session, view.ref, gate.audit)
    return await specs.perform(SPEC, gate, aim, view, (box, wanted), wait=wait)
