"""Delete an object of any kind: the very one that was shown, with what its owner and what it owns will make of it.

Preconditions carry its uid and its version, so another object of its name, or another state of it, is never deleted.
"""

from __future__ import annotations

import asyncio
from functools import partial

import msgspec
from msgspec.structs import replace

from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, ending_of, not_waited
from edgetui.actions.change.listing import items_at
from edgetui.actions.change.precondition import in_words, read
from edgetui.actions.change.spec import Aim, Argument, Given, Spec
from edgetui.actions.change.watch import Observation, poll
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json
from edgetui.actions.objects.resource import DELETE, Resource, find, resource_of
from edgetui.actions.reading import an_object
from edgetui.actions.session import Session
from edgetui.cluster.errors import NotFound
from edgetui.model.identity import ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.node import NODE
from edgetui.model.kinds.wire import controller_of
from edgetui.model.text import plural

WAYS = ("background", "foreground", "orphan")
"""propagationPolicy, as kubectl's --cascade has it: what it owns is deleted after it, before it, or stays."""


class DeleteView(msgspec.Struct, frozen=True):
    """An object that is to be deleted, as it is now. `owned` is what it owns, in words, where that is known."""

    ref: ObjectRef
    generation: int
    resource: Resource
    owner: str
    finalizers: tuple[str, ...]
    deleting: bool
    grace: int | None
    owned: str = ""
    metadata: Json = {}

    @property
    def path(self) -> str:
        return self.resource.path(self.ref.key.namespace, self.ref.key.name)

    @property
    def words(self) -> str:
        return in_words(self.ref.key)

    @property
    def meets(self) -> tuple[str, ...]:
        """What deleting it leads to."""
        found = ["A deleted object does not come back."]
        kind, _, name = self.owner.partition(" ")
        known = KINDS.get(kind)
        if known is not None and known.owns:
            found.append(f"It belongs to {self.owner}, whose controller makes a new one at once.")
        elif kind == NODE:
            found.append(
                f"It is a static pod of node {name}: its kubelet makes it anew while its file is there."
            )
        elif self.owner:
            found.append(f"It belongs to {self.owner}, whose controller may make a new one.")
        if self.finalizers:
            found.append(f"It stays until these have let it go: {', '.join(self.finalizers)}.")
        if self.ref.key.kind == "Namespace":
            found.append("Everything in the namespace is deleted with it.")
        if self.ref.key.kind == NODE:
            found.append("Its pods are deleted with it; a kubelet that still runs registers it again.")
        return tuple(found)


async def _read(aim: Aim) -> DeleteView:
    """The object: who owns it, and what holds it."""
    session, ref = aim.session, aim.ref
    resource = aim.other or resource_of(session.api.kind(ref.key.kind), DELETE)
    there = await read(session, ref, resource.path(ref.key.namespace, ref.key.name))
    metadata = there["metadata"]
    owner = controller_of(there)
    grace = (there.get("spec") or {}).get("terminationGracePeriodSeconds")
    return DeleteView(
        ref=ObjectRef(ref.key, metadata["uid"], metadata["resourceVersion"]),
        generation=metadata.get("generation", 0),
        resource=resource,
        owner=f"{owner.kind} {owner.name}" if owner else "",
        finalizers=tuple(metadata.get("finalizers") or ()),
        deleting=bool(metadata.get("deletionTimestamp")),
        grace=grace if isinstance(grace, int) else None,
        metadata=metadata,
    )


async def explain(aim: Aim, view: DeleteView) -> DeleteView:
    """What it owns, as far as the kinds are known that its controller makes."""
    session, key = aim.session, view.ref.key
    kind = session.api.kinds.get(key.kind)
    owned = [session.api.kind(name) for name in (kind.owns if kind is not None and kind.owns else ())]
    lists = await asyncio.gather(*(items_at(session, one.path(key.namespace)) for one in owned))
    counts = [
        (one, sum(_belongs(item, view.ref.uid) for item in listed))
        for one, listed in zip(owned, lists, strict=True)
    ]
    return replace(view, owned=", ".join(plural(count, one.word) for one, count in counts if count))


def _belongs(item: Json, uid: str) -> bool:
    return any(one.get("uid") == uid for one in item["metadata"].get("ownerReferences") or ())


def change(session: Session, view: DeleteView, way: str) -> Change:
    """One DELETE of that very object."""
    key, words = view.ref.key, view.words
    where = f" in {key.namespace}" if key.namespace else ""
    fate = {
        "background": "deleted after it",
        "foreground": "deleted before it",
        "orphan": "stays, without an owner",
    }
    return Change(
        action="delete",
        ref=view.ref,
        generation=view.generation,
        needs=view.resource.needs,
        title=f"Delete {words}{where} on {session.name}",
        facts=(
            *facts(session, view.ref),
            *((("controlled by", view.owner),) if view.owner else ()),
            *((("grace", f"{view.grace} s to end by itself"),) if view.grace else ()),
            ("what it owns", f"{view.owned or 'is'} {fate[way]}" if view.owned else fate[way]),
        ),
        diff=(f"- {key.kind}/{key.name}",),
        warnings=view.meets,
        says=f"delete {key.kind}/{key.name} ({way})",
        doing=f"Deleting {words}",
        accepted=f"The server accepted the deletion of {words}",
        write=partial(_write, view, way),
        applied=lambda there: bool(there["metadata"].get("deletionTimestamp")),
        data={"kind": key.kind, "name": key.name, "propagation": way},
        spot=Spot(view.ref, view.generation, view.path, moves=False),
        gone=True,
        metadata=view.metadata,
        nothing=f"{words} is being deleted already: nothing was written" if view.deleting else "",
    )


def _write(view: DeleteView, way: str, version: str) -> Write:
    return Write(
        "DELETE",
        view.path,
        {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "preconditions": {"uid": view.ref.uid, "resourceVersion": version},
            "propagationPolicy": way.capitalize(),
        },
        f"delete {view.words}",
        uid=view.ref.uid,
        before={"uid": view.ref.uid, "owner": view.owner, "resourceVersion": version},
        after={"propagation": way},
    )


async def outcome(run: Run, view: DeleteView, way: str, wait: float | None) -> Ending:
    """Until it is gone, or another has its name."""
    words = view.words
    if wait is None:
        return not_waited(f"The deletion of {words} was")

    async def judge() -> Observation:
        try:
            answer = await run.session.api.get(view.path)
        except NotFound:
            return Observation(True, False, "it is gone")
        metadata = an_object(view.ref.key.kind, answer, whole=False)["metadata"]
        if metadata["uid"] != view.ref.uid:
            return Observation(True, False, "it is gone, and a new one has its name")
        held = ", ".join(metadata.get("finalizers") or ())
        return Observation(False, False, f"terminating, held by {held}" if held else "terminating")

    seen = await poll(run, judge, wait)
    run.step(seen.text, "done" if seen.reached else "failed")
    return ending_of(seen, words)


def _way(view: DeleteView, given: Given) -> str:
    return str(given.get("cascade") or "background")


SPEC: Spec[DeleteView, str] = Spec(
    read=_read,
    explain=explain,
    answer=_way,
    title=lambda view, way: f"Delete {view.words}",
    change=change,
    outcome=outcome,
    final="A deleted object does not come back",
    arguments=(
        Argument(
            "cascade",
            "what happens to what it owns: deleted after it (background), before it (foreground), or left (orphan)",
            "WAY",
            ("--cascade",),
            default="background",
            choices=WAYS,
        ),
    ),
    example="any object, for example pod/press-7f9c66-x2k4q, cm/settings or pumps.example.com/main",
    resolve=lambda session, word: find(session, word, DELETE),
    fields=lambda view: {"cascade": "background"},
)
