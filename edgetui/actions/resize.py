"""In-place resize: another cpu and memory for one container of a running pod, without a new pod.

The kubelet carries it out, and says in the pod's conditions when it has to wait or never can.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec

from edgetui.actions.gate import Gate, Run, Write
from edgetui.actions.plan import Changed, Json, Plan, Receipt, Refusal
from edgetui.actions.ports import Session
from edgetui.actions.registry import needs
from edgetui.actions.watching import Judgement, poll
from edgetui.actions.writing import Intent, carry_out, in_words, object_path, read
from edgetui.model.identity import ObjectRef
from edgetui.model.resizing import FIELDS, Box, boxes, change, given, settled


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
    key = view.ref.key
    changes = change(box, wanted)
    if not changes:
        raise Refusal(f"Container {box.name} has these values already: nothing to write.")
    async with gate.run(
        session, "resize", view.ref, needs("resize", key.kind), key.namespace, key.name
    ) as run:

        async def changed() -> Exception:
            return Changed(f"{in_words(key)} was changed while you looked.", await prepare(session, view.ref))

        intent = Intent(
            view.ref,
            view.generation,
            write=partial(request, view, box, changes),
            plan=partial(plan, session, view, box, changes),
            doing=f"Resizing container {box.name} of {in_words(key)}",
            applied=lambda there: given(there, box.name, changes),
            changed=changed,
            same=lambda there: box in boxes(there),
        )
        if lost := await carry_out(run, intent, wait):
            return await run.finish(
                _receipt(
                    view,
                    box,
                    changes,
                    False,
                    f"It is unknown whether {in_words(key)} will be resized: {lost}",
                    "The write may yet arrive: look again before you repeat it.",
                    unknown=True,
                )
            )
        run.step("The server accepted the new values", "done")
        return await run.finish(await _reach(run, view, box, changes, wait))


def plan(session: Session, view: ResizeView, box: Box, changes: Mapping[str, str], version: str) -> Plan:
    """What a person is asked to agree to."""
    key = view.ref.key
    diff: list[str] = []
    for field in FIELDS:
        if field in changes:
            before = box.values.get(field, "")
            diff += [f"- {field}: {before}"] if before else []
            diff.append(f"+ {field}: {changes[field]}")
    return Plan(
        action="resize",
        cluster=session.name,
        target=view.ref,
        title=f"Resize container {box.name} of {in_words(key)} in {key.namespace} on {session.name}",
        facts=(
            ("cluster", f"{session.name} ({session.target.server})"),
            ("object", f"{in_words(key)} in {key.namespace}"),
            ("container", box.name),
        ),
        diff=tuple(diff),
        warnings=view.warnings(box, changes),
        writes=(f"resize {key.kind}/{key.name} in place, if it is still at version {version}",),
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
        object_path=object_path(key),
        uid=view.ref.uid,
        before={"container": box.name, **{field: box.values.get(field, "") for field in changes}},
        after={"container": box.name, **changes},
    )


async def _reach(
    run: Run, view: ResizeView, box: Box, changes: Mapping[str, str], wait: float | None
) -> Receipt:
    words = in_words(view.ref.key)
    if wait is None:
        return _receipt(
            view, box, changes, False, "The new values were accepted; not waited for.", pending=True
        )

    async def judge() -> Judgement:
        return Judgement(*settled(await read(run.session, view.ref), box.name, changes))

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    after = f"after {seen.seconds:.1f} s"
    if seen.reached:
        return _receipt(view, box, changes, True, f"{words}: {seen.text} {after}.")
    if seen.failed:
        return _receipt(
            view, box, changes, False, f"{words}: {seen.text}.", "It runs on with the values it had."
        )
    return _receipt(view, box, changes, False, f"{words}: accepted, but {after} {seen.text}.", pending=True)


def _receipt(
    view: ResizeView,
    box: Box,
    changes: Mapping[str, str],
    ok: bool,
    *lines: str,
    pending: bool = False,
    unknown: bool = False,
) -> Receipt:
    data: Json = {"container": box.name, "to": dict(changes), "unknown": unknown}
    return Receipt("resize", view.ref.key.cluster, view.ref, ok, lines, data, pending)
