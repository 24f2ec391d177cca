"""A roll-back and a new image: what is chosen, asked, written and taken back, over every history.

`pytest tests/unit/actions/test_rollback.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.change import Change
from edgetui.actions.change.spec import Aim, spec_of, way_back
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.done import Done
from edgetui.actions.messages import Refusal
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f

from .at_once import AtOnce, told
from .every_action import PRESS, controlled, half_done, healthy, held_up, two_containers
from .site import Site
from .test_revisions import went
from .test_stuck import rolled_back_half_way

Json = dict[str, Any]
Made = Callable[[], Site]
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
SET = ObjectRef(ObjectKey("plant", "StatefulSet", "line-2", "camera"), "", "")


def three() -> Site:
    """The third image fails, the second serves, the first has a cause."""
    site = half_done()
    first = f.replica_set(site.objects[PRESS], "one", revision=1, replicas=0, image="press:1")
    first["metadata"]["annotations"]["kubernetes.io/change-cause"] = "belt changed"
    return Site(*site.objects.values(), first, f.node("edge-1"), f.node("edge-2"))


def nothing_serves() -> Site:
    site = three()
    for one in site.objects.values():
        if one["kind"] == "ReplicaSet":
            one["status"] |= {"readyReplicas": 0, "availableReplicas": 0}
    return site


def ahead() -> Site:
    """Its template has no revision yet."""
    site = three()
    site.objects[PRESS]["spec"]["template"] = f.template("press:9")
    return site


HISTORIES: dict[str, tuple[Made, ObjectRef, list[Json]]] = {
    "three": (three, REF, []),
    "three, of which one was left": (three, REF, went("r1", "press-two", 2, "press-one")),
    "three, of which none serves": (nothing_serves, REF, []),
    "three, and a template ahead": (ahead, REF, []),
    "two": (half_done, REF, []),
    "one": (healthy, REF, []),
    "none": (lambda: Site(healthy().objects[PRESS]), REF, []),
    "a set": (lambda: controlled("StatefulSet"), SET, []),
    "a set with a pod that stays": (rolled_back_half_way, SET, []),
    "a set that is held up": (held_up, SET, []),
}


def question(change: Change) -> list[str]:
    plan, write = change.plan("7"), change.write("7")
    return [
        plan.title,
        *(f"{name}: {text}" for name, text in plan.facts),
        *plan.diff,
        *plan.warnings,
        *plan.writes,
        f"{change.doing}. {change.accepted}. {change.nothing!r} {change.data} {plan.yes!r} {plan.no!r}",
        json.dumps([write.method, write.path, write.content_type, write.body, write.words]),
        json.dumps([write.before, write.after]),
    ]


@pytest.mark.parametrize("action", ["rollback", "cancel"])
@pytest.mark.parametrize(("made", "ref", "records"), HISTORIES.values(), ids=HISTORIES)
async def test_what_is_gone_back_to(
    action: str, made: Made, ref: ObjectRef, records: list[Json], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    site, log = made(), AuditLog(tmp_path / "audit.jsonl")
    uid = next(one["metadata"]["uid"] for one in site.objects.values() if one["kind"] == ref.key.kind)
    for one in records:
        log.append(one | {"uid": uid})
    session, spec, found = AtOnce(site), spec_of(action), []
    try:
        aim = Aim(action, session, ref, log)
        view = await spec.read(aim)
        assert spec.explain is not None and spec.change is not None
        view = await spec.explain(aim, view)
    except Refusal as problem:
        assert f"{told(problem)} {problem.offer}" == snapshot
        return
    found.append(
        f"suggested {view.suggested and view.suggested.number} {view.why!r}, {view.notes}, {view.command}"
    )
    for number in (None, 1, 2, 3, 9):
        found.append(f"# {number}")
        if spec.lists is not None:
            found.extend(spec.lists(view, {"to_revision": number}))
        try:
            chosen = spec.answer(view, {"to_revision": number})
            found.extend([spec.title(view, chosen), *question(spec.change(session, view, chosen))])
        except Refusal as problem:
            found.append(told(problem))
        if action == "cancel":
            break
    assert "\n".join(found) == snapshot


def with_image(image: str) -> Made:
    def made() -> Site:
        site = three()
        site.objects[PRESS]["spec"]["template"] = f.template(image)
        return site

    return made


THIRD, SECOND = {"name": "press-three", "worked": False}, {"name": "press-two", "worked": True}
BACK: dict[str, tuple[Made, Json, Json]] = {
    "as it was left": (with_image("press:2"), THIRD, SECOND),
    "as it was left, from one that worked": (with_image("press:2"), THIRD | {"worked": True}, SECOND),
    "as it was before": (with_image("press:3"), THIRD, SECOND),
    "something else": (with_image("press:9"), THIRD, SECOND),
    "before is not kept": (three, {"name": "press-zero"}, SECOND),
    "after is not kept": (three, SECOND, {"name": "press-zero"}),
    "before was not recorded": (three, {}, SECOND),
    "paused": (lambda: healthy(paused=True), THIRD, SECOND),
}


@pytest.mark.parametrize("action", ["rollback", "cancel"])
@pytest.mark.parametrize(("made", "before", "after"), BACK.values(), ids=BACK)
async def test_how_it_is_taken_back(
    action: str, made: Made, before: Json, after: Json, snapshot: SnapshotAssertion
) -> None:
    site = made()
    aim = Aim(action, AtOnce(site), REF)
    there = site.objects[PRESS]
    done = Done("r1", action, "", "kim", "roll back", before, after, True)
    try:
        way = await way_back(spec_of(action), aim, there, done)
    except Refusal as problem:
        assert told(problem) == snapshot
        return
    write = way.write("7")
    found = [f"{way.state} {way.then}", *way.diff, *way.warnings, f"unproven {way.unproven!r} {way.ends}"]
    found.append(json.dumps([write.body, write.before, write.after, write.words]))
    images = ("press:1", "press:2", "press:3")
    found.append(str([way.applied({"spec": {"template": f.template(image)}}) for image in images]))
    assert "\n".join(found) == snapshot


def initial() -> Site:
    site = two_containers()
    pod = site.objects[PRESS]["spec"]["template"]["spec"]
    pod["initContainers"] = [{"name": "wait", "image": f"wait:1@sha256:{'ab' * 32}"}]
    return Site(*site.objects.values(), f.node("edge-1"))


IMAGES: dict[str, tuple[Made, Json]] = {
    "one": (healthy, {"image": ["press:4"]}),
    "one, as it is": (healthy, {"image": ["press:2"]}),
    "one, in a form": (healthy, {"container": "app", "image": ["press:4"]}),
    "one, paused": (lambda: healthy(paused=True), {"image": ["app=press:4"]}),
    "two": (two_containers, {"image": ["app=press:4", "log=log:2"]}),
    "two, of which one is so already": (two_containers, {"image": ["app=press:2", "log=log:2"]}),
    "two, both as they are": (two_containers, {"image": ["app=press:2", "log=log:1"]}),
    "all": (two_containers, {"image": ["*=base:7"]}),
    "all, and one after it": (two_containers, {"image": ["*=base:7", "log=log:2"]}),
    "an init container": (initial, {"image": ["wait=wait:latest"]}),
    "an init container and another": (initial, {"image": ["wait=wait:2", "log=log:latest"]}),
    "none named": (two_containers, {"image": ["press:4"]}),
    "another": (two_containers, {"image": ["side=press:4"]}),
    "no reference": (healthy, {"image": ["app=Press 4"]}),
}


@pytest.mark.parametrize(("made", "given"), IMAGES.values(), ids=IMAGES)
async def test_what_an_image_is_set_to(made: Made, given: Json, snapshot: SnapshotAssertion) -> None:
    session, spec, found = AtOnce(made()), spec_of("image"), []
    aim = Aim("image", session, REF)
    assert spec.explain is not None and spec.change is not None and spec.fields is not None
    view = await spec.explain(aim, await spec.read(aim))
    try:
        wanted = spec.answer(view, given)
        change = spec.change(session, view, wanted)
        found.extend([spec.title(view, wanted), *question(change)])
        there = made().objects[PRESS]
        found.append(f"applied {change.applied(there)}")
        for one in there["spec"]["template"]["spec"].get("containers", ()):
            one["image"] = wanted.get(one["name"], one["image"])
        found.append(f"with the containers {change.applied(there)}")
    except Refusal as problem:
        found.append(told(problem))
    found.append(str(spec.fields(view)))
    assert "\n".join(found) == snapshot


PATH, LOG = "containers[app].image", "containers[log].image"
IMAGES_BACK: dict[str, tuple[Made, Json, Json]] = {
    "one": (two_containers, {PATH: "press:1", "worked": True}, {PATH: "press:2"}),
    "one that did not work": (two_containers, {PATH: "press:1", "worked": False}, {PATH: "press:2"}),
    "both": (
        two_containers,
        {PATH: "press:1", LOG: "log:0", "worked": True},
        {PATH: "press:2", LOG: "log:1"},
    ),
    "changed since": (two_containers, {PATH: "press:1", "worked": True}, {PATH: "press:9"}),
    "back already": (two_containers, {PATH: "press:2", "worked": True}, {PATH: "press:9"}),
    "a container that is gone": (healthy, {LOG: "log:0", "worked": True}, {LOG: "log:1"}),
}


@pytest.mark.parametrize(("made", "before", "after"), IMAGES_BACK.values(), ids=IMAGES_BACK)
async def test_how_an_image_is_taken_back(
    made: Made, before: Json, after: Json, snapshot: SnapshotAssertion
) -> None:
    site = made()
    aim = Aim("image", AtOnce(site), REF)
    done = Done("r1", "image", "", "kim", "set the image", before, after, True)
    way = await way_back(spec_of("image"), aim, site.objects[PRESS], done)
    found = [f"{way.state} {way.then}", *way.diff, *way.warnings, f"unproven {way.unproven!r} {way.ends}"]
    assert "\n".join(found) == snapshot
