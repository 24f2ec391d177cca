"""A field that is on or off: how it is read, what is asked, written and recorded, and what it is afterwards.

`pytest tests/unit/actions/test_switch.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.change.switch import Side, Switch, SwitchView
from edgetui.actions.messages import Refusal
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.base import Row
from tests.unit.model import factories as f

from .at_once import AtOnce, told
from .every_action import NODE, PRESS, healthy
from .site import Site

Json = dict[str, Any]
NODE_REF = ObjectRef(ObjectKey("plant", "Node", "", "line-2-a"), "", "")
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
CORDON = Side("cordon", "Cordon", "Cordoning", "cordoned")
UNCORDON = Side("uncordon", "Uncordon", "Uncordoning", "schedulable")
PAUSE, RESUME = (
    Side("pause", "Pause", "Pausing", "paused"),
    Side("resume", "Resume", "Resuming", "not paused"),
)


def warns(session: Session, view: SwitchView, wanted: bool) -> list[str]:
    return [f"{view.words} is {view.now}, to be {wanted}."]


def refuses(row: Row) -> str:
    return "is held by somebody" if row.name == "held" else ""


SWITCHES: dict[str, tuple[Switch, ObjectRef]] = {
    "a field": (Switch("unschedulable", CORDON, UNCORDON, warns, "node/a", refuses), NODE_REF),
    "a field that is left out": (
        Switch("unschedulable", CORDON, UNCORDON, warns, "node/a", refuses, omitted=True),
        NODE_REF,
    ),
    "an annotation": (Switch("halt", PAUSE, RESUME, warns, "deploy/a", annotation="press/halt"), REF),
}
OBJECTS: dict[str, tuple[Json, Json]] = {
    "on": ({"unschedulable": True}, {"press/halt": "true"}),
    "off": ({"unschedulable": False}, {"another": "x"}),
    "not said": ({}, {}),
    "nothing": (None, None),  # type: ignore[dict-item]
}


def site_of(spec: Json | None, notes: Json | None) -> Site:
    node = f.node("line-2-a")
    node["spec"] = spec
    made = healthy()
    made.objects[PRESS]["metadata"]["annotations"] = notes
    site = Site(node, *made.objects.values())
    site.objects[NODE]["metadata"] |= {"uid": "uid-1", "resourceVersion": "7", "generation": 3}
    site.objects[PRESS]["metadata"] |= {"uid": "uid-1", "resourceVersion": "7", "generation": 3}
    return site


@pytest.mark.parametrize(("switch", "ref"), SWITCHES.values(), ids=SWITCHES)
@pytest.mark.parametrize("state", OBJECTS)
async def test_a_switch_in_every_state(
    switch: Switch, ref: ObjectRef, state: str, snapshot: SnapshotAssertion
) -> None:
    site = site_of(*OBJECTS[state])
    session, found = AtOnce(site), []
    there = site.objects[NODE if ref is NODE_REF else PRESS]
    for action, on_screen in (
        (switch.true.action, False),
        (switch.false.action, False),
        (switch.true.action, True),
    ):
        view = await switch.read(Aim(action, session, ref, on_screen=on_screen))
        found.append(
            f"# {action}{' on the screen' if on_screen else ''}: {view.now} to {view.wanted}, {view.words}"
        )
        found.append(f"{view.ref.uid} {view.ref.resource_version} {view.generation}")
        made = switch.change(session, view, view.wanted)
        plan, write = made.plan("7"), made.write("7")
        found.extend(
            [plan.title, *(f"{name}: {text}" for name, text in plan.facts), *plan.diff, *plan.warnings]
        )
        found.extend(
            [*plan.writes, f"{made.action}: {made.doing}. {made.accepted}. {made.nothing!r} {made.data}"]
        )
        found.append(
            json.dumps([write.method, write.path, write.content_type, write.body, write.words, write.uid])
        )
        found.append(
            json.dumps([write.before, write.after, made.generation, [one.words for one in made.needs]])
        )
        assert made.spot is not None
        found.append(f"same {made.spot.same(there)}, applied {made.applied(there)}, moves {made.spot.moves}")
        for wait in (None, 9.0):
            found.append(str(await switch.outcome(None, view, view.wanted, wait)))  # type: ignore[arg-type]
        back = switch.spec.back
        assert not callable(back) and back is not None and back.ends is not None
        before = {switch.field: not view.now}
        found.append(
            f"{switch.spec.title(view, view.wanted)}; {switch.spec.answer(view, {})}; {switch.spec.example}"
        )
        found.append(f"{back.now(view, {})} {back.answer(view, before)} {back.then(view, before)}")
    assert "\n".join(found) == snapshot


async def test_what_an_object_refuses_and_which_kinds_it_does_not_work_on() -> None:
    switch = SWITCHES["a field"][0]
    session = AtOnce(Site(f.node("held")))
    held = ObjectRef(ObjectKey("plant", "Node", "", "held"), "", "")
    with pytest.raises(Refusal) as refused:
        await switch.read(Aim("cordon", session, held))
    assert told(refused.value) == "Refusal: node held is held by somebody"
    with pytest.raises(Refusal, match="Cordon does not work on a Deployment"):
        await switch.read(Aim("cordon", session, REF))


async def test_an_object_without_a_generation_has_none() -> None:
    site = site_of({}, {})
    del site.objects[NODE]["metadata"]["generation"]
    view = await SWITCHES["a field"][0].read(Aim("cordon", AtOnce(site), NODE_REF))
    assert view.generation == 0
