"""Pause and resume what applies an object from elsewhere, by its own field: then a change made here stays.

Flux: `spec.suspend` of the Kustomization or HelmRelease, as `flux suspend` sets it. Argo CD: the Application loses
`spec.syncPolicy.automated`, as by `argocd app set --sync-policy none`. Undo brings back what stood there.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec

from edgetui.actions import commandline
from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, not_waited
from edgetui.actions.change.owners import (
    OWNER_PAUSE,
    OWNER_RESUME,
    PAUSABLE,
    Found,
    owners,
    patches,
)
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, SetBack, Spec
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.reading import an_object
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.managers import APPLICATION
from edgetui.model.kinds.wire import Manager
from edgetui.model.owner import owner_line
from edgetui.model.text import plural


class OwnerView(msgspec.Struct, frozen=True):
    """An object and the object that applies it: `path` is where that is, `there` how it is now.

    `wanted` is what its field is to be.
    """

    ref: ObjectRef
    manager: Manager
    path: str
    there: Json
    wanted: Any

    @property
    def now(self) -> Any:
        """What its field is."""
        return setting(self.manager, self.there)

    @property
    def spot(self) -> Spot:
        """Its object, as a write finds it."""
        metadata = self.there["metadata"]
        key = ObjectKey(
            self.ref.key.cluster,
            self.manager.tool.rpartition(" ")[2],
            metadata["namespace"],
            metadata["name"],
        )
        return Spot(
            ObjectRef(key, metadata["uid"], metadata["resourceVersion"]),
            metadata.get("generation", 0),
            self.path,
            lambda there: setting(self.manager, there) == self.now,
        )

    @property
    def reach(self) -> str:
        """How much else waits while it is paused, where its status tells."""
        status = self.there.get("status") or {}
        kept = status.get("resources") or (status.get("inventory") or {}).get("entries")
        count = len(kept) if isinstance(kept, list) else 0
        return f" ({plural(count, 'object')})" if count else ""


def setting(manager: Manager, there: Json) -> Any:
    """The field that pauses it: whether it is suspended, or how it syncs by itself (None: it does not)."""
    spec = there.get("spec") or {}
    if manager.tool == APPLICATION:
        return (spec.get("syncPolicy") or {}).get("automated")
    return bool(spec.get("suspend"))


def state(manager: Manager, value: Any) -> str:
    """What it is with that value, in words."""
    if manager.tool != APPLICATION:
        return "suspended" if value else "reconciling"
    return "without automated sync" if value is None else "syncing by itself"


async def _read(aim: Aim) -> OwnerView:
    """The object and what applies it; a key means the one of both actions that changes something.

    Raises Refusal where nothing applies it that has a pause of its own here.
    """
    session, key = aim.session, aim.ref.key
    needs(aim.action, key.kind)
    there = await read(session, aim.ref)
    known = await owners(session, key, there["metadata"])
    held = next((one for one in known if one.line.paused is not None), None)
    if held is None:
        raise _nothing(aim, known)
    manager = held.line.manager
    found = an_object(manager.tool, held.there, whole=False)
    now = setting(manager, found)
    pausing = aim.action == OWNER_PAUSE and not (aim.on_screen and held.line.paused)
    wanted: Any = pausing
    if manager.tool == APPLICATION:
        wanted = None if pausing else now
        if not pausing and now is None:
            raise Refusal(
                f"{manager.words} has no automated sync, and how it had it does not stand there.",
                f"If edgetui ended it, undo brings it back: {commandline.edgetui(session.target, 'undo', key)}",
            )
    metadata = there["metadata"]
    ref = ObjectRef(key, metadata["uid"], metadata["resourceVersion"])
    return OwnerView(ref, manager, held.path, found, wanted)


def _nothing(aim: Aim, known: tuple[Found, ...]) -> Refusal:
    words, lines = aim.words, [one.line for one in known]
    if not lines:
        return Refusal(
            f"{words.capitalize()} has no mark of a tool that applies it: there is nothing to pause."
        )
    manager = lines[0].manager
    if manager.tool in PAUSABLE:
        return Refusal(f"{manager.words} cannot be paused from here.", lines[0].text)
    return Refusal(f"{manager.words} has no pause on this API server.", lines[0].text)


def change(session: Session, view: OwnerView, wanted: Any) -> Change:
    """The one field of its own object."""
    manager = view.manager
    pausing = wanted is None if manager.tool == APPLICATION else bool(wanted)
    field = "syncPolicy.automated" if manager.tool == APPLICATION else "suspend"
    verb = "Pause" if pausing else "Resume"
    return Change(
        action=OWNER_PAUSE if pausing else OWNER_RESUME,
        ref=view.ref,
        generation=view.spot.generation or 0,
        needs=patches(manager),
        title=f"{verb} {manager.words} on {session.name}",
        facts=(
            *facts(session, view.ref),
            ("current", f"{manager.words} is {state(manager, view.now)}"),
            ("new", state(manager, wanted)),
        ),
        diff=(f"- {field}: {_yaml(view.now)}", f"+ {field}: {_yaml(wanted)}"),
        warnings=_meets(view, pausing),
        says=f"set spec.{field} of {manager.words} to {_yaml(wanted)}",
        doing=f"{'Pausing' if pausing else 'Resuming'} {manager.words}",
        accepted=f"The server accepted it: {manager.words} is {state(manager, wanted)}",
        write=partial(_write, view, wanted),
        applied=lambda there: setting(manager, there) == wanted,
        data={"owner": manager.words, "from": view.now, "to": wanted},
        spot=view.spot,
        nothing=f"{manager.words} is {state(manager, wanted)} already: nothing was written"
        if view.now == wanted
        else "",
    )


def _meets(view: OwnerView, pausing: bool) -> tuple[str, ...]:
    if pausing:
        words = in_words(view.ref.key)
        return (f"Nothing that it applies is brought up to date meanwhile, not {words} alone{view.reach}.",)
    resumed = dict(view.there)
    resumed["spec"] = {**(view.there.get("spec") or {}), "suspend": False}
    return (owner_line(view.manager, resumed).text,)


def _write(view: OwnerView, wanted: Any, version: str) -> Write:
    tool, pausing = view.manager.tool, wanted in (None, True)
    spec: Json = {"syncPolicy": {"automated": wanted}} if tool == APPLICATION else {"suspend": wanted}
    return Write(
        "PATCH",
        view.path,
        {"metadata": {"resourceVersion": version}, "spec": spec},
        f"{'pause' if pausing else 'resume'} {view.manager.words}",
        content_type="application/merge-patch+json",
        uid=view.there["metadata"]["uid"],
        before={"owner": view.manager.words, "setting": view.now},
        after={"owner": view.manager.words, "setting": wanted},
    )


async def outcome(run: Run, view: OwnerView, wanted: Any, wait: float | None) -> Ending:
    """What the server stored: its controller reads the field before every reconciliation."""
    said = f"{view.manager.words} is {state(view.manager, wanted)}"
    if wait is None:
        return not_waited(f"{said}:")
    lines = [f"{said}."]
    if wanted in (None, True):
        back = "undo" if view.manager.tool == APPLICATION else OWNER_RESUME
        command = commandline.edgetui(run.session.target, back, view.ref.key)
        lines.append(f"It stays so until it is resumed: {command}")
    return Ending(True, False, tuple(lines))


def _yaml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not set" if value is None else msgspec.json.encode(value).decode()


def _now(view: OwnerView, after: Json) -> Json:
    if view.manager.words != after.get("owner"):
        raise Refusal(f"{view.manager.words} applies {in_words(view.ref.key)} now: nothing was undone.")
    return {"owner": view.manager.words, "setting": view.now}


SPEC: Spec[OwnerView, Any] = Spec(
    read=_read,
    reads="who applies {object}",
    answer=lambda view, given: view.wanted,
    title=lambda view, wanted: f"{'Pause' if wanted in (None, True) else 'Resume'} {view.manager.words}",
    change=change,
    outcome=outcome,
    back=SetBack(
        now=_now,
        answer=lambda view, before: before["setting"],
        then=lambda view, before: f"with {view.manager.words} {state(view.manager, before['setting'])}",
        ends=outcome,
    ),
    example="what Flux or Argo CD applies, for example deploy/press",
)
