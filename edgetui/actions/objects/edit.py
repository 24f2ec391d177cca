"""Edit an object of any kind as YAML in the person's editor, as `kubectl edit` does; nothing is written unseen.

The text goes: editor → YAML that an edit can make (`edit_text.py`) → server dry run with strict fields → the difference
to what the server would store, before the person → one write. What is wrong on the way is said at the top of the text,
which opens again. Somebody else's change is merged in, told there, and edited on: it is never written over unseen.

What is sent is a JSON Merge Patch (RFC 7386) of what differs, with the resourceVersion of the object as it was opened,
so that the server refuses it with 409 where anybody changed anything. No PUT: a kind without a status subresource would
lose the status that the text leaves out, and what moved meanwhile in fields that the text has not would be put back. No
strategic merge patch, which kubectl takes for built-in kinds: custom resources have none, and under the precondition it
comes to the same.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from msgspec.structs import replace

from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.desk import Desk
from edgetui.actions.change.ending import Ending, not_waited
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Given, Reversal, Spec, State
from edgetui.actions.commandline import kubectl
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Gate, Run, Write
from edgetui.actions.messages import Cancelled, Json, Refusal
from edgetui.actions.objects.edit_text import (
    SERVERS,
    NotRead,
    body_of,
    decoded,
    editable,
    is_empty,
    read_back,
    with_header,
    without_header,
)
from edgetui.actions.objects.editor import (
    EditFile,
    NotEdited,
    edit_file,
    editor_words,
    how_it_ended,
    not_started,
)
from edgetui.actions.objects.resource import EDIT, Resource, find, resource_of
from edgetui.actions.rollout.follow import Following, follow_change
from edgetui.actions.session import Session
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds.daemonset import DAEMON_SET
from edgetui.model.kinds.deployment import DEPLOYMENT
from edgetui.model.kinds.statefulset import STATEFUL_SET
from edgetui.model.kinds.wire import controller_of
from edgetui.model.manifest_diff import manifest_diff
from edgetui.model.merging import carries, merged, patch_between, patched, paths, words_of
from edgetui.model.redacted import Discreet
from edgetui.model.redaction import is_secret, without_secrets

MOST_RECORDED = 32 * 1024
"""Bytes of a patch that the audit record keeps, for undo; a ConfigMap may have a megabyte."""
MOST_TOLD = 40
"""Lines of somebody else's change at the top of the text."""
SECRET = "Secret"
TEMPLATED = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)


class EditView(Discreet, frozen=True):
    """An object as it is to be edited; `there` may hold what is secret.

    `body` is the YAML that the editor begins with, `why` says at its top why it is open again. `agreed` is true where
    that text is taken as it is if the person leaves it so: another's change has been merged into it.
    """

    SHOWN = ("ref",)

    ref: ObjectRef
    generation: int
    resource: Resource
    there: Json
    body: str
    why: tuple[str, ...] = ()
    agreed: bool = False

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)

    @property
    def path(self) -> str:
        """Where the object is."""
        return self.resource.path(self.ref.key.namespace, self.ref.key.name)


class Typed(Discreet, frozen=True):
    """What a person made of an object, and the text of it."""

    SHOWN = ()

    obj: Json
    body: str


async def _read(aim: Aim) -> EditView:
    """The object as it is now. Raises Refusal for a Secret, before anything of it is read."""
    session, ref, other = aim.session, aim.ref, aim.other
    key = ref.key
    if key.kind == SECRET:
        patch = kubectl(
            session.target, key.namespace, "patch", "secret", key.name, "--patch-file", "/dev/stdin"
        )
        raise Refusal(
            "A Secret is not edited here: an editor would write its data to the disk.",
            f"Set a key from standard input: {patch}, then type stringData: {{KEY: value}}, and ctrl+d.",
        )
    resource = (
        replace(other, way=EDIT) if other is not None else resource_of(session.api.kind(key.kind), EDIT)
    )
    there = await read(session, ref, resource.path(key.namespace, key.name))
    metadata = there["metadata"]
    return EditView(
        ref=ObjectRef(key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        resource=resource,
        there=there,
        body=body_of(there),
    )


async def typed(gate: Gate, aim: Aim, view: EditView, desk: Desk) -> Typed:
    """What the person makes of it in the editor.

    Raises Cancelled where that changes nothing, and Refusal where it could not be written anyway, before the editor
    opens.
    """
    key = view.ref.key
    async with gate.run(aim.session, "edit", view.ref, view.resource.needs, key.namespace, key.name):
        pass
    about = f"{view.words}{f' in {key.namespace}' if key.namespace else ''} on {aim.session.name}"
    body, why, agreed = view.body, view.why, view.agreed
    with edit_file(f"{key.name}.yaml", os.environ) as file:
        while True:
            given = with_header(body, about, why)
            data = await _edited(desk, file, given, body)
            try:
                text = without_header(decoded(data))
                if is_empty(text):
                    raise Cancelled("The file was empty: nothing was changed.")
                if text == without_header(given) and not agreed:
                    raise Cancelled("Nothing was changed in the editor, so nothing is written.")
                # In its place below the header, so that a line has the number that the person sees.
                top = with_header("", about, ("",)).count("\n")
                obj = read_back("\n" * top + text, view.there)
            except NotRead as wrong:
                if not desk.attended:
                    raise NotEdited(f"{wrong.clause}. Nothing was changed.") from None
                body, why, agreed = text, (wrong.sentence,), False
                continue
            if not patch_between(editable(view.there), obj):
                raise Cancelled("The text says the same as before: nothing is written.")
            return Typed(obj, text)


async def _edited(desk: Desk, file: EditFile, given: str, body: str) -> bytes:
    """What the editor makes of a text. What a person wrote is not given up because the editor or the disk failed."""
    argv = editor_words(os.environ, file.path)
    while True:
        try:
            file.put(given)
            code = await desk.run(argv)
        except OSError as problem:
            raise not_started(argv, problem) from None
        left = file.read()
        if code == 0:
            return left
        said = how_it_ended(argv, code)
        if left in (b"", given.encode()) or not await desk.again(said):
            raise Refusal(said)
        given = left.decode("utf-8", "replace")


def merged_with(view: EditView, answer: Typed, now: EditView) -> EditView:
    """The object as somebody else has changed it meanwhile, with the person's own changes in it, to be edited on."""
    base, theirs = _compared(view.there), _compared(now.there)
    both = merged(base, _compared(answer.obj), theirs)
    change = manifest_diff(base, theirs)
    more = (f"… {len(change) - MOST_TOLD} more lines",) if len(change) > MOST_TOLD else ()
    clashes = tuple(
        words_of(clash, hide=_hides(clash.path, (clash.was, clash.mine, clash.theirs)))
        for clash in both.clashes
    )
    why = (
        f"Somebody changed {view.words} while you edited it. That is in the text below, with your changes:",
        *change[:MOST_TOLD],
        *more,
        *(("", "Both of you changed this; the text has yours:", *clashes) if clashes else ()),
    )
    kept = {name: value for name, value in now.there["metadata"].items() if ("metadata", name) in SERVERS}
    value = {**both.value, "metadata": {**both.value["metadata"], **kept}}
    return replace(now, body=body_of(value), why=why, agreed=True)


def change(
    session: Session, view: EditView, answer: Typed, stored: Mapping[str, Any] | None = None
) -> Change:
    """One patch. `stored` is the object as the server would store it: with its defaults, and what webhooks set."""
    key, words = view.ref.key, view.words
    patch = patch_between(editable(view.there), answer.obj)
    before = _compared(view.there)
    after = _touched(answer.obj if stored is None else stored, before, patch)
    there, back = patch_between(before, after), patch_between(after, before)
    return Change(
        action="edit",
        ref=view.ref,
        generation=view.generation,
        needs=view.resource.needs,
        title=f"Edit {words}{f' in {key.namespace}' if key.namespace else ''} on {session.name}",
        facts=tuple(facts(session, view.ref)),
        diff=manifest_diff(before, after),
        warnings=tuple(_meets(view, patch, there, stored is not None)),
        says=f"patch {key.kind}/{key.name}",
        doing=f"Writing {words}",
        accepted=f"The server accepted the edit of {words}",
        write=partial(_write, view, patch, recorded(back), recorded(there)),
        applied=lambda found: carries(found, there),
        data={"changed": paths(there)[:MOST_TOLD]},
        spot=Spot(
            view.ref,
            None,
            view.path,
            same=lambda found: _touched(found, before, patch) == before,
            moves=False,
        ),
        differs=lambda now: f"Somebody changed {words} while you edited it.",
        rehearsed=lambda found: change(session, view, answer, found),
        rejected=lambda problem: replace(view, body=answer.body, why=_why(problem), agreed=False),
    )


def _why(problem: EdgetuiError) -> tuple[str, ...]:
    return tuple(part for part in (problem.sentence, problem.advice) if part)


def _meets(view: EditView, patch: Json, stored: Json, known: bool) -> list[str]:
    """What the edit leads to."""
    found = []
    if (owner := controller_of(view.there)) is not None:
        found.append(f"It belongs to {owner.kind} {owner.name}, whose controller may change it back.")
    if view.ref.key.kind in TEMPLATED and "template" in (patch.get("spec") or {}):
        found.append("Its pod template changes: its pods are replaced as its update strategy says.")
    if known and not stored:
        found.append("The server would store what is there already: it takes nothing of this edit.")
    return found


def _write(view: EditView, patch: Json, before: Json, after: Json, version: str) -> Write:
    metadata = {**(patch.get("metadata") or {}), "resourceVersion": version}
    return Write(
        "PATCH",
        view.path,
        {**patch, "metadata": metadata},
        f"edit {view.words}",
        content_type="application/merge-patch+json",
        uid=view.ref.uid,
        before=before,
        after=after,
        whole=True,
    )


def recorded(patch: Json) -> Json:
    """What the audit record has of a patch: only its places where it is too long or may hold a secret."""
    if without_secrets(patch) == patch and len(json.dumps(patch)) <= MOST_RECORDED:
        return {"patch": patch}
    return {"paths": paths(patch)[:MOST_TOLD]}


def _hides(path: str, values: tuple[Any, ...]) -> bool:
    return any(is_secret(path, one) or without_secrets(one, path) != one for one in values)


def _compared(obj: Mapping[str, Any]) -> Json:
    """What two people can change of an object. Nothing empty is in its metadata, as the server stores that."""
    made = editable(obj)
    servers = {path[-1] for path in SERVERS}
    made["metadata"] = {
        name: value
        for name, value in made["metadata"].items()
        if name not in servers and value not in ({}, [], None)
    }
    return made


def _touched(obj: Mapping[str, Any], before: Json, patch: Json) -> Json:
    """The same, with annotations that the patch does not touch as they were before.

    Controllers keep their notes in them, some every two seconds; a merge patch leaves those as they are.
    """
    made = _compared(obj)
    was, now = (one["metadata"].get("annotations") or {} for one in (before, made))
    mine = (patch.get("metadata") or {}).get("annotations", {})
    names = set(was if mine is None else mine)
    kept = {name: value for name, value in was.items() if name not in names or name in now}
    kept |= {name: value for name, value in now.items() if name in names}
    metadata = {name: value for name, value in made["metadata"].items() if name != "annotations"}
    return {**made, "metadata": {**metadata, **({"annotations": kept} if kept else {})}}


async def outcome(run: Run, view: EditView, answer: Typed, wait: float | None) -> Ending:
    """What the server stored is all there is to wait for, but for a workload whose spec changed: that rolls out."""
    patch = patch_between(editable(view.there), answer.obj)
    return await _ending(run, view, f"{view.words} is edited", patch, wait)


async def _ending(run: Run, view: EditView, said: str, patch: Json, wait: float | None) -> Ending:
    went, stored = None, run.stored
    if stored.get("metadata", {}).get("generation", 0) > view.generation:
        following = Following(
            view.ref, view.generation + 1, "", said, said, holds=lambda found: carries(found, patch)
        )
        went = await follow_change(run, following, stored, wait)
    done = not_waited(f"{said}:") if wait is None else Ending(True, False, (f"{said}.",))
    return went or done


async def way_back(aim: Aim, there: Json, done: Done) -> Reversal:
    """The former text, while what was edited is as edgetui left it. KeyError where the record has it not."""
    view = await _read(aim)
    back, forth = done.before["patch"], done.after["patch"]
    now = _compared(view.there)
    state = State.SAME if not forth else State.LEFT if carries(now, forth) else State.OTHER
    state = State.BEFORE if state is State.OTHER and carries(now, back) else state
    former = patched(now, back)
    left = patched(now, forth)
    words = view.words

    async def ends(run: Run, wait: float | None) -> Ending:
        return await _ending(run, view, f"{words} is as it was before the edit again", back, wait)

    return Reversal(
        state,
        manifest_diff(now, former) if state is State.LEFT else manifest_diff(left, now),
        "as it was before the edit",
        partial(_write, view, back, {"patch": forth}, {"patch": back}),
        lambda found: carries(found, back),
        tuple(_meets(view, back, back, False)),
        spot=Spot(view.ref, None, view.path, same=lambda found: carries(found, forth), moves=False),
        ends=ends,
        needs=view.resource.needs,
    )


def _untyped(view: EditView, given: Given) -> Typed:
    raise Refusal(f"An edit of {view.words} is typed in an editor.")


SPEC: Spec[EditView, Typed] = Spec(
    read=_read,
    types=typed,
    merges=merged_with,
    answer=_untyped,
    title=lambda view, answer: f"Edit {view.words}",
    change=change,
    outcome=outcome,
    back=way_back,
    example="any object, for example deploy/press, cm/settings or pumps.example.com/main",
    resolve=lambda session, word: find(session, word, EDIT),
)
