"""In-place resize: another cpu and memory for one container of a running pod, without a new pod.

The kubelet carries it out, and says in the pod's conditions when it has to wait or never can.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot
from edgetui.actions.change.change import perform as perform_change
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.watch import Judgement, poll
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Receipt, Refusal
from edgetui.actions.rollout.workload import facts
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef
from edgetui.model.pod.resize import FIELDS, Box, boxes, change, given, settled


class ResizeView(msgspec.Struct, frozen=True):
    """A pod as it is now: what each of its containers asks for and may use. `notes` hold whatever is chosen."""

    ref: ObjectRef
    generation: int
    boxes: tuple[Box, ...]
    notes: tuple[str, ...] = ()

    def box(self, name: str) -> Box:
        """One container, the first where no name is given. Raises Refusal for one that is not there."""
        for box in self.boxes:
            if name in ("", box.name):
                return box
        names = ", ".join(box.name for box in self.boxes)
        raise Refusal(f"Pod {self.ref.key.name} has no container {name}.", f"It has {names}.")

    def warnings(self, box: Box, wanted: Mapping[str, str]) -> tuple[str, ...]:
        """What giving a container these values leads to."""
        restarts = [
            f"Changing its {name} restarts container {box.name}."
            for name in box.restarts
            if any(field.endswith(name) for field in change(box, wanted))
        ]
        return (*restarts, *self.notes)


async def prepare(session: Session, ref: ObjectRef) -> ResizeView:
    """Look at the pod. Raises Refusal where there is nothing to resize."""
    needs("resize", ref.key.kind)
    there = await read(session, ref)
    metadata, status = there["metadata"], there.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed") or metadata.get("deletionTimestamp"):
        raise Refusal(f"{in_words(ref.key)} has ended or is ending.")
    owner = next((one for one in metadata.get("ownerReferences") or [] if one.get("controller")), None)
    notes = (
        [f"The template of {owner['kind']} {owner['name']} stays as it is: a new pod has its values again."]
        if owner
        else []
    )
    return ResizeView(
        ref=ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        boxes=boxes(there),
        notes=tuple(notes),
    )


async def perform(
    gate: Gate, session: Session, view: ResizeView, box: Box, wanted: Mapping[str, str], *, wait: float | None
) -> Receipt:
    """Give one container these values (by FIELDS; left out stays as it is), and see what the kubelet makes of it.

    Raises Refusal (or Changed, with the new view) when nothing was written, ApiError when the server refused.
    """
    changes = change(box, wanted)

    async def again() -> ResizeView:
        return await prepare(session, view.ref)

    async def then(run: Run) -> Ending:
        return await _reach(run, view, box, changes, wait)

    return await perform_change(
        gate, session, _change(session, view, box, changes), again=again, then=then, wait=wait
    )


def _change(session: Session, view: ResizeView, box: Box, changes: Mapping[str, str]) -> Change:
    key = view.ref.key
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
        spot=Spot(view.ref, view.generation, same=lambda there: box in boxes(there), moves=False),
    )


def request(view: ResizeView, box: Box, changes: Mapping[str, str], version: str) -> Write:
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


async def _reach(
    run: Run, view: ResizeView, box: Box, changes: Mapping[str, str], wait: float | None
) -> Ending:
    if wait is None:
        return not_waited("The new values were")

    async def judge() -> Judgement:
        return Judgement(*settled(await read(run.session, view.ref), box.name, changes))

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(
        seen, in_words(view.ref.key), *(("It runs on with the values it had.",) if seen.failed else ())
    )
