"""A roll-back of an Argo Rollout: which revisions it keeps, what each choice writes, and how it is taken back.

`pytest tests/unit/actions/test_argo_undo.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim, spec_of
from edgetui.actions.gate.done import Done
from edgetui.actions.messages import Refusal
from edgetui.actions.rollout import argo_undo
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.model import factories as f
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY

from .at_once import AtOnce
from .at_once import told as said
from .every_action import ROLLOUT, argo
from .site import Site
from .test_argo_in_every_state import question

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Rollout", "line-2", "press"), "", "")
UNDO = "rollout-undo"


def sets_of(site: Site) -> list[Json]:
    return [one for one in site.objects.values() if one["kind"] == "ReplicaSet"]


def odd(change: Callable[[Json], object]) -> Site:
    """A Rollout whose newest ReplicaSet is changed so."""
    site = argo()
    change(sets_of(site)[1])
    return site


def without(*path: str) -> Callable[[Json], object]:
    def change(one: Json) -> None:
        for part in path[:-1]:
            one = one[part]
        del one[path[-1]]

    return change


def numbered(text: str) -> Callable[[Json], object]:
    return lambda one: one["metadata"]["annotations"].update({"rollout.argoproj.io/revision": text})


def third(status: Json, **more: Any) -> Site:
    """A Rollout with a third revision, which is the newest."""
    site = argo({"currentPodHash": "9c", **status}, image="press:3", **more)
    made = copy.deepcopy(sets_of(site)[1])
    made["metadata"] |= {
        "name": "press-9c",
        "annotations": {"rollout.argoproj.io/revision": "13"},
        "uid": "u-9c",
    }
    made["metadata"]["labels"] = made["metadata"]["labels"] | {"rollouts-pod-template-hash": "9c"}
    made["spec"]["template"]["spec"]["containers"][0]["image"] = "press:3"
    return Site(*site.objects.values(), made)


HISTORIES: dict[str, Callable[[], Site]] = {
    "paused at a step": argo,
    "healthy": lambda: argo(HEALTHY),
    "nothing stable": lambda: argo({"stableRS": None}),
    "nothing newest": lambda: argo({"currentPodHash": None}, image="press:9"),
    "another template, seen": lambda: argo(image="press:9"),
    "another template, not seen": lambda: argo({"observedGeneration": "3"}, image="press:9"),
    "seen further": lambda: argo({"observedGeneration": "5"}, image="press:9"),
    "three": lambda: third({}),
    "three, the middle one stable": lambda: third({"stableRS": "7f"}),
    "three, at the oldest": lambda: third({"currentPodHash": "6d", "stableRS": "9c"}),
    "one": lambda: Site(*(one for one in argo().objects.values() if one["metadata"]["name"] != "press-6d")),
    "none": lambda: Site(argo().objects[ROLLOUT]),
    "one of another owner": lambda: odd(without("metadata", "ownerReferences")),
    "one of another object": lambda: odd(
        lambda one: one["metadata"]["ownerReferences"][0].update({"uid": "x"})
    ),
    "one without a number": lambda: odd(without("metadata", "annotations")),
    "one with a word for it": lambda: odd(numbered("two")),
    "one with a number of elsewhere": lambda: odd(numbered("٢")),
    "one without a hash": lambda: odd(without("metadata", "labels")),
    "one without a template": lambda: odd(without("spec", "template")),
    "one without metadata in it": lambda: odd(without("spec", "template", "metadata")),
    "one without labels in it": lambda: odd(without("spec", "template", "metadata", "labels")),
    "one without a spec": lambda: odd(without("spec")),
}


async def undone(site: Site, numbers: Iterable[int | None]) -> list[str]:
    """Its revisions, and what each choice among them writes."""
    session = AtOnce(site)
    spec = spec_of(UNDO)
    view = await spec.read(Aim(UNDO, session, REF))
    lines = [f"{view.words}, {view.command}, {view.selector}, now {view.now}, kept {json.dumps(view.kept)}"]
    lines += [
        f"{one.number} {one.name} {one.hash} {one.images} stable {one.stable} current {one.current} "
        f"{json.dumps(one.template)}"
        for one in view.revisions
    ]
    assert spec.lists is not None and spec.change is not None
    lines += spec.lists(view, {})
    for number in numbers:
        try:
            chosen = spec.answer(view, {"to_revision": number})
            asked = question(spec.change(session, view, chosen))
            lines += [f"-- to {number}: {spec.title(view, chosen)}", *asked[-3:]]
        except Refusal as problem:
            lines.append(f"-- to {number}: {said(problem)}")
    return lines


@pytest.mark.parametrize("made", HISTORIES.values(), ids=HISTORIES)
async def test_what_a_rollout_can_be_rolled_back_to(
    made: Callable[[], Site], snapshot: SnapshotAssertion
) -> None:
    assert "\n".join(await undone(made(), (None, 1, 5))) == snapshot


@pytest.mark.parametrize("number", [1, 2])
async def test_the_question_of_a_roll_back(number: int, snapshot: SnapshotAssertion) -> None:
    session, spec = AtOnce(argo()), spec_of(UNDO)
    view = await spec.read(Aim(UNDO, session, REF))
    assert spec.change is not None
    chosen = spec.answer(view, {"to_revision": number})
    assert "\n".join(question(spec.change(session, view, chosen))) == snapshot


BACK: dict[str, tuple[Callable[[], Site], Json, Json]] = {
    "as it was left": (lambda: argo(ABORTED, image="press:1"), {"hash": "7f"}, {"hash": "6d"}),
    "as it was left, to the stable one": (argo, {"hash": "6d"}, {"hash": "7f"}),
    "as it was before": (argo, {"hash": "7f"}, {"hash": "6d"}),
    "something else": (lambda: third({}), {"hash": "7f"}, {"hash": "6d"}),
    "neither, and no revision": (lambda: argo(image="press:9"), {"hash": "6d"}, {"hash": "6d"}),
    "before is not kept": (argo, {"hash": "5b"}, {"hash": "7f"}),
    "after is not kept": (argo, {"hash": "7f"}, {"hash": "5b"}),
    "before was not recorded": (argo, {}, {"hash": "7f"}),
}


@pytest.mark.parametrize(("made", "before", "after"), BACK.values(), ids=BACK)
async def test_how_a_roll_back_is_taken_back(
    made: Callable[[], Site], before: Json, after: Json, snapshot: SnapshotAssertion
) -> None:
    site = made()
    session = AtOnce(site)
    aim = Aim(UNDO, session, REF)
    done = Done("r1", UNDO, "", "kim", "roll back", before, after, True)
    try:
        way = await argo_undo.back(aim, site.objects[ROLLOUT], done)
    except Refusal as problem:
        assert said(problem) == snapshot
        return
    write = way.write("7")
    there = site.objects[ROLLOUT]
    old = copy.deepcopy(there)
    old["spec"]["template"] = next(
        one["spec"]["template"] for one in sets_of(site) if one["metadata"]["name"].endswith(before["hash"])
    )
    del old["spec"]["template"]["metadata"]["labels"]["rollouts-pod-template-hash"]
    found = [
        f"{way.state} {way.then}",
        *way.diff,
        *way.warnings,
        f"unproven {way.unproven!r}",
        json.dumps([write.body, write.before, write.after, write.words]),
        f"applied {way.applied(there)}, with it {way.applied(old)}",
    ]
    assert "\n".join(found) == snapshot


REFERENCE = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "press"}


def of_deployment(kind: str = "Deployment", *, there: bool = True, selector: bool = True) -> Site:
    made = argo(workloadRef=REFERENCE | {"kind": kind})
    del made.objects[ROLLOUT]["spec"]["selector"], made.objects[ROLLOUT]["spec"]["template"]
    owner = f.deployment("press", "line-2")
    if not selector:
        del owner["spec"]["selector"]
    return Site(*made.objects.values(), *([owner] if there else []))


@pytest.mark.parametrize(
    "made",
    [
        of_deployment,
        lambda: of_deployment("PodTemplate"),
        lambda: of_deployment(selector=False),
        lambda: of_deployment(there=False),
    ],
    ids=["a deployment", "a pod template", "without a selector", "gone"],
)
async def test_a_template_of_another_object_is_rolled_back_there(
    made: Callable[[], Site], snapshot: SnapshotAssertion
) -> None:
    session = AtOnce(made())
    found = []
    try:
        view, _ = await argo_undo.read_revisions(session, REF)
        found.append(f"{view.selector!r} {[one.name for one in view.revisions]} {view.now} {view.kept}")
        await spec_of(UNDO).read(Aim(UNDO, session, REF))
    except Refusal as problem:
        found.append(said(problem))
    assert "\n".join(found) == snapshot
