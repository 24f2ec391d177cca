"""What all actions share that turn one boolean field of an object's spec on or off: cordon, suspend.

What reads the field is a controller that does so at once, so that what the server stored is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from edgetui.actions.catalogue import needs
from edgetui.actions.change.change import Change, Spot, facts
from edgetui.actions.change.ending import Ending, not_waited
from edgetui.actions.change.precondition import in_words, object_path, read
from edgetui.actions.change.spec import Aim, SetBack, Spec
from edgetui.actions.gate.gate import Run, Write
from edgetui.actions.messages import Json, Refusal
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.base import Row


class Side(msgspec.Struct, frozen=True):
    """One of both values: the action that sets it, as a verb ("Cordon", "Cordoning"), and what the object is then."""

    action: str
    verb: str
    doing: str
    said: str


class SwitchView(msgspec.Struct, frozen=True):
    """An object as it is now: whether its field is true, and whether it is to be."""

    ref: ObjectRef
    generation: int
    row: Row
    now: bool
    wanted: bool

    @property
    def words(self) -> str:
        """The object as a person says it."""
        return in_words(self.ref.key)


class Switch(msgspec.Struct, frozen=True):
    """A field of spec, by its name, and what both of its values mean.

    `warns` gives sentences that a person reads before the value is set, `refuses` why neither action works on an
    object, behind its name; it is empty where both do. A field that is `omitted` while it is false is taken away then.
    Where its controller reads an `annotation` instead, that is there while it is true; `field` names it in the record.
    """

    field: str
    true: Side
    false: Side
    warns: Callable[[Session, SwitchView, bool], Sequence[str]]
    example: str
    refuses: Callable[[Row], str] = lambda row: ""
    omitted: bool = False
    annotation: str = ""

    def side(self, value: bool) -> Side:
        """What this value means."""
        return self.true if value else self.false

    def is_on(self, there: Json) -> bool:
        """Whether the field of an object is true."""
        if self.annotation:
            return self.annotation in (there["metadata"].get("annotations") or {})
        return bool((there.get("spec") or {}).get(self.field))

    def _set(self, value: bool) -> Json:
        """The patch that sets it, beside the version."""
        if self.annotation:
            return {"metadata": {"annotations": {self.annotation: "true" if value else None}}}
        return {"spec": {self.field: None if self.omitted and not value else value}}

    def _says(self, key: ObjectKey, value: bool) -> str:
        if self.annotation:
            verb, of = ("set", "to true") if value else ("take away", "")
            return f"{verb} the annotation {self.annotation} of {key.kind}/{key.name} {of}".strip()
        return f"set spec.{self.field} of {key.kind}/{key.name} to {_yaml(value)}"

    async def read(self, aim: Aim) -> SwitchView:
        """The object; a key means the one of both actions that changes something. Raises Refusal."""
        kind = aim.ref.key.kind
        needs(aim.action, kind)
        there = await read(aim.session, aim.ref)
        row, metadata, now = row_of(kind, there), there["metadata"], self.is_on(there)
        if why := self.refuses(row):
            raise Refusal(f"{in_words(aim.ref.key)} {why}")
        return SwitchView(
            ref=ObjectRef(aim.ref.key, metadata["uid"], metadata["resourceVersion"]),
            generation=metadata.get("generation", 0),
            row=row,
            now=now,
            wanted=not now if aim.on_screen else aim.action == self.true.action,
        )

    def change(self, session: Session, view: SwitchView, wanted: bool) -> Change:
        """The one field. A status may move the object's version meanwhile: what counts is the field."""
        side, key, words = self.side(wanted), view.ref.key, view.words
        where = f"{words} in {key.namespace}" if key.namespace else words
        return Change(
            action=side.action,
            ref=view.ref,
            generation=view.generation,
            needs=needs(side.action, key.kind),
            title=f"{side.verb} {where} on {session.name}",
            facts=(*facts(session, view.ref), ("current", self.side(view.now).said), ("new", side.said)),
            diff=(f"- {self.field}: {_yaml(view.now)}", f"+ {self.field}: {_yaml(wanted)}"),
            warnings=tuple(self.warns(session, view, wanted)),
            says=self._says(key, wanted),
            doing=f"{side.doing} {words}",
            accepted=f"The server accepted it: {words} is {side.said}",
            write=partial(self._write, view, wanted),
            applied=lambda there: self.is_on(there) == wanted,
            data={"from": view.now, "to": wanted},
            spot=Spot(
                view.ref, view.generation, same=lambda there: self.is_on(there) == view.now, moves=False
            ),
            nothing=f"{words} is {side.said} already: nothing was written" if view.now == wanted else "",
        )

    def _write(self, view: SwitchView, wanted: bool, version: str) -> Write:
        patch = self._set(wanted)
        patch["metadata"] = {"resourceVersion": version, **patch.get("metadata", {})}
        return Write(
            "PATCH",
            object_path(view.ref.key),
            patch,
            f"{self.side(wanted).verb.lower()} {view.words}",
            content_type="application/merge-patch+json",
            uid=view.ref.uid,
            before={self.field: view.now, "resourceVersion": version},
            after={self.field: wanted},
        )

    async def outcome(self, run: Run, view: SwitchView, wanted: bool, wait: float | None) -> Ending:
        """What the object is now."""
        said = f"{view.words} is {self.side(wanted).said}"
        return not_waited(f"{said}:") if wait is None else Ending(True, False, (f"{said}.",))

    @property
    def spec(self) -> Spec[SwitchView, bool]:
        """Both actions."""
        return Spec(
            read=self.read,
            answer=lambda view, given: view.wanted,
            title=lambda view, wanted: f"{self.side(wanted).verb} {view.words}",
            change=self.change,
            outcome=self.outcome,
            back=SetBack(
                now=lambda view, after: {self.field: view.now},
                answer=lambda view, before: bool(before[self.field]),
                then=lambda view, before: self.side(bool(before[self.field])).said,
                ends=self.outcome,
            ),
            example=self.example,
        )


def _yaml(value: bool) -> str:
    return "true" if value else "false"
