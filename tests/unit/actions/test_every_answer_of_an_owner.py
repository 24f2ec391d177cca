"""What applies an object, paused and resumed, and an edit of it: what is said of every state and written.

`pytest tests/unit/actions/test_every_answer_of_an_owner.py --snapshot-update` takes what is said
now; look at what differs first.
"""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.done import Done
from edgetui.actions.gate.gate import Run
from edgetui.actions.messages import Refusal
from edgetui.actions.objects import edit, owner
from edgetui.actions.objects.edit import EditView, Typed
from edgetui.actions.objects.owner import OwnerView
from edgetui.actions.objects.resource import EDIT, Resource
from edgetui.cluster.errors import EdgetuiError, Invalid
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.managers import APPLICATION, HELM_RELEASE, KUSTOMIZATION
from edgetui.model.kinds.wire import Manager
from edgetui.model.manifest_diff import manifest_diff
from edgetui.model.merging import paths
from tests.ui.test_every_field import differences
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .as_text import as_text
from .every_action import from_flux, healthy
from .site import Json, Site, refusal
from .test_edit import answer_of, changed, press, view_of
from .test_every_answer_of_a_scale import REF
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed
from .test_owner_lines import TRACKED, from_argo_cd

AUTOMATED = {"prune": True, "selfHeal": True}
META = {"name": "apps", "namespace": "flux-system", "uid": "uid-2", "resourceVersion": "31", "generation": 3}


def owner_view(tool: str, there: Json, wanted: Any = None) -> OwnerView:
    return OwnerView(
        REF, Manager(tool, "apps", "flux-system"), "/the/path", {"metadata": META, **there}, wanted
    )


INTERVAL = {"interval": "10m0s"}
OWNERS: dict[str, tuple[str, Json]] = {
    "a Kustomization": (KUSTOMIZATION, {"spec": {"suspend": False, **INTERVAL}}),
    "a Kustomization of two": (
        KUSTOMIZATION,
        {"spec": INTERVAL, "status": {"inventory": {"entries": [{"id": "a"}, {"id": "b"}]}}},
    ),
    "a Kustomization of one, suspended": (
        KUSTOMIZATION,
        {"spec": {"suspend": True, **INTERVAL}, "status": {"inventory": {"entries": [{"id": "a"}]}}},
    ),
    "a Kustomization without a spec": (KUSTOMIZATION, {"status": {"inventory": None, "resources": 7}}),
    "a HelmRelease": (HELM_RELEASE, {"spec": {"suspend": True, **INTERVAL}, "status": None}),
    "an Application": (
        APPLICATION,
        {"spec": {"syncPolicy": {"automated": AUTOMATED}}, "status": {"resources": [{}, {}, {}]}},
    ),
    "an Application that syncs plainly": (APPLICATION, {"spec": {"syncPolicy": {"automated": {}}}}),
    "an Application by hand": (APPLICATION, {"spec": {"syncPolicy": None}}),
    "an Application without a spec": (APPLICATION, {}),
}


@pytest.mark.parametrize(("tool", "there"), OWNERS.values(), ids=OWNERS)
async def test_what_pausing_and_resuming_an_owner_says(
    tool: str, there: Json, snapshot: SnapshotAssertion
) -> None:
    view, found = owner_view(tool, there), list[str]()
    session, run = Direct(Site()), SimpleNamespace(session=Direct(Site()))
    for wanted in (None, AUTOMATED, {}) if tool == APPLICATION else (True, False):
        found += [f"# {owner.SPEC.title(view, wanted)}", *lines_of(owner.change(session, view, wanted))]
        for wait in (None, 5.0):
            found.append(as_text(await owner.outcome(cast(Run, run), view, wanted, wait)))
        back: Any = owner.SPEC.back
        found.append(back.then(view, {"setting": wanted}))
        assert back.answer(view, {"setting": wanted}) == wanted
    spot = view.spot
    found.append(as_text([spot.ref, spot.generation, spot.path]))
    found.append(f"same {[spot.same({'metadata': META, **other}) for _, other in OWNERS.values()]}")
    assert "\n".join(found) == snapshot


def test_an_owner_is_only_set_back_where_it_is_the_same() -> None:
    back: Any = owner.SPEC.back
    view = owner_view(KUSTOMIZATION, {"spec": {"suspend": True}})
    words = "Flux Kustomization flux-system/apps"
    assert back.now(view, {"owner": words}) == {"owner": words, "setting": True}
    with pytest.raises(Refusal) as refused:
        back.now(view, {"owner": "Flux Kustomization flux-system/other"})
    assert str(refused.value) == f"{words} applies deployment press now: nothing was undone."


def by_hand() -> Site:
    site = from_argo_cd(TRACKED)
    made = next(one for one in site.objects.values() if one["kind"] == "Application")
    del made["spec"]["syncPolicy"]["automated"]
    return site


def not_read() -> Site:
    site = from_flux()
    site.instead = lambda request: refusal(403) if "kustomiz" in request.path else None
    return site


READS: dict[str, Any] = {
    "Flux": from_flux,
    "Flux, suspended": lambda: from_flux(suspend=True),
    "Flux, not told": lambda: from_flux(suspend=None),
    "Flux, not to be read": not_read,
    "Argo CD": lambda: from_argo_cd(TRACKED),
    "Argo CD, by hand": by_hand,
    "Helm": lambda: healthy(annotations={"meta.helm.sh/release-name": "press"}),
    "nobody": healthy,
}


@pytest.mark.parametrize("made", READS.values(), ids=READS)
async def test_what_is_read_of_an_owner(made: Any, snapshot: SnapshotAssertion) -> None:
    found = []
    ref = ObjectRef(REF.key, "", "")
    for action in ("owner-pause", "owner-resume"):
        for on_screen in (False, True):
            aim = Aim(action, Direct(made()), ref, on_screen=on_screen)
            try:
                view = await owner.SPEC.read(aim)
            except EdgetuiError as refused:
                found.append(f"{action} {on_screen}: {type(refused).__name__}: {refused}")
            else:
                told = f"now {as_text(view.now)}, wanted {as_text(view.wanted)}, {view.path}{view.reach}"
                found.append(f"{action} {on_screen}: {view.manager.words}: {told}")
    assert "\n".join(found) == snapshot


# -- an edit


def owned(there: Json, *references: Json) -> Json:
    made = copy.deepcopy(there)
    made["metadata"]["ownerReferences"] = list(references)
    return made


CONTROLLER = {"kind": "Pump", "name": "main", "uid": "u", "controller": True}
NEW_IMAGE = f.template("press:9")


def edited(kind: str, there: Json, spec: Json) -> tuple[EditView, Typed]:
    view = view_of(there)
    key = view.ref.key._replace(kind=kind, namespace="" if kind == "Node" else "line-2")
    ref = ObjectRef(key, view.ref.uid, "812")
    return EditView(ref, 4, view.resource, there, "the body"), answer_of(there, **spec)


EDITS = {
    "a number": edited("Deployment", press(), {"replicas": 5}),
    "a template": edited("Deployment", press(), {"template": NEW_IMAGE}),
    "a template of a StatefulSet": edited("StatefulSet", press(), {"template": NEW_IMAGE}),
    "a template of a DaemonSet": edited("DaemonSet", press(), {"template": NEW_IMAGE}),
    "a template of another kind": edited("Pump", press(), {"template": NEW_IMAGE}),
    "what is of the cluster": edited("Node", press(), {"replicas": 5}),
    "what has a controller": edited("Deployment", owned(press(), CONTROLLER), {"replicas": 5}),
    "what has another owner": edited(
        "Deployment", owned(press(), CONTROLLER | {"controller": False}), {"replicas": 5}
    ),
    "nothing": edited("Deployment", press(), {}),
}


@pytest.mark.parametrize(("view", "answer"), EDITS.values(), ids=EDITS)
async def test_what_an_edit_says(view: EditView, answer: Typed, snapshot: SnapshotAssertion) -> None:
    session = Direct(Site())
    change = edit.change(session, view, answer)
    found = ["# as typed", *lines_of(change), f"applied {change.applied(view.there)}"]
    assert change.rehearsed is not None and change.spot is not None and change.rejected is not None
    usual = list(lines_of(change))
    for what, stored in (("as it would be stored", answer.obj), ("where nothing of it is", view.there)):
        found += [f"# {what}", *differences(usual, list(lines_of(change.rehearsed(stored))))]
    others = (view.there, changed(view.there), changed(view.there, replicas=7))
    found.append(f"same {[change.spot.same(other) for other in others]}, moves {change.spot.moves}")
    for problem in (Invalid("It is not valid.", code=422), EdgetuiError("It is odd.", "Look at it.")):
        again: Any = change.rejected(problem)
        found.append(f"{again.body} {again.why} {again.agreed}")
    assert change.differs is not None
    assert change.differs(None) == f"Somebody changed {view.words} while you edited it."
    assert "\n".join(found) == snapshot


DATA: Json = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "conf", "namespace": "line-2", "uid": "uid-1", "resourceVersion": "7"},
}


CONFIG_MAPS = Resource("", "v1", "configmaps", "ConfigMap", True, EDIT)


def config(**data: Any) -> Json:
    return copy.deepcopy(DATA) | {"data": data}


@pytest.mark.parametrize("lines", [39, 40, 41, 60])
def test_forty_lines_of_anothers_change_are_told(lines: int) -> None:
    there, now = config(mine="1"), config(mine="1")
    now["data"]["text"] = [str(at) for at in range(lines - 3)]
    view = EditView(REF, 1, CONFIG_MAPS, there, "")
    mine = config(mine="2")
    merged = edit.merged_with(view, Typed(mine, ""), EditView(REF, 1, view.resource, now, ""))
    change = manifest_diff(edit._compared(there), edit._compared(now))
    assert merged.agreed is True
    assert merged.why[0] == (
        "Somebody changed deployment press while you edited it. That is in the text below, with your changes:"
    )
    assert merged.why[1 : 1 + min(len(change), 40)] == change[:40]
    more = len(change) - 40
    assert merged.why[41:] == ((f"… {more} more lines",) if more > 0 else ())


@pytest.mark.parametrize(
    ("patch", "kept"),
    [
        ({"data": {"a": "x" * 100}}, True),
        ({"data": {"a": "x" * (32 * 1024 - len('{"data": {"a": ""}}'))}}, True),
        ({"data": {"a": "x" * (32 * 1024 - len('{"data": {"a": ""}}') + 1)}}, False),
        ({"metadata": {"annotations": {"password": "hunter2"}}}, False),
        ({}, True),
    ],
)
def test_what_the_record_keeps_of_a_patch(patch: Json, kept: bool) -> None:
    assert edit.recorded(patch) == ({"patch": patch} if kept else {"paths": paths(patch)})
    many: Json = {"metadata": {"annotations": {f"password-{at:02}": "x" for at in range(50)}}}
    assert len(edit.recorded(many)["paths"]) == 40


BACK = {"spec": {"replicas": 3}}
FORTH = {"spec": {"replicas": 5}}


@pytest.mark.parametrize(
    ("replicas", "before", "after"),
    [(5, BACK, FORTH), (3, BACK, FORTH), (7, BACK, FORTH), (5, BACK, {})],
    ids=["as it was left", "as it was before", "changed since", "nothing was changed"],
)
def test_the_way_back_of_an_edit(
    replicas: int, before: Json, after: Json, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        there = press(replicas=replicas)
        session = Timed(Site(there))
        aim = Aim("edit", session, ObjectRef(REF.key, "", ""))
        done = cast(Done, SimpleNamespace(before={"patch": before}, after={"patch": after}))
        way = await edit.way_back(aim, there, done)
        write = way.write("9")
        found.extend([way.state.name, way.then, *way.diff, *way.warnings, as_text(write)])
        assert way.spot is not None and way.ends is not None
        for number in (3, 5, 7):
            other = press(replicas=number)
            found.append(f"{number}: applied {way.applied(other)}, same {way.spot.same(other)}")
        found.append(f"{way.spot.path} {way.spot.generation} moves {way.spot.moves} {as_text(way.needs)}")
        run = Stepping(session, {"metadata": {"generation": there["metadata"]["generation"]}})
        for wait in (None, 5.0):
            found.append(as_text(await way.ends(cast(Run, run), wait)))

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("generation", [None, 3, 4, 5])
@pytest.mark.parametrize("wait", [None, 20.0])
def test_a_rollout_is_followed_where_the_spec_has_changed(
    generation: int | None, wait: float | None, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        there = press(replicas=5)
        there["metadata"]["generation"] = 5
        session = Timed(Site(there))
        stored = copy.deepcopy(there)
        stored["metadata"].pop("generation")
        if generation is not None:
            stored["metadata"]["generation"] = generation
        run = Stepping(session, stored)
        view = view_of(press())
        ref = ObjectRef(view.ref.key, there["metadata"]["uid"], "8")
        view = EditView(ref, 4, view.resource, view.there, "")
        ending = await edit.outcome(cast(Run, run), view, answer_of(view.there, replicas=5), wait)
        found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


async def test_an_edit_is_only_typed() -> None:
    view = view_of(press())
    with pytest.raises(Refusal) as refused:
        edit.SPEC.answer(view, {})
    assert str(refused.value) == "An edit of deployment press is typed in an editor."
    assert edit.SPEC.types is edit.typed
    for kind, generation in (("Deployment", 4), ("Node", 0)):
        made = press() if kind == "Deployment" else f.node("press")
        key = ObjectKey("plant", kind, "line-2" if kind == "Deployment" else "", "press")
        read = await edit.SPEC.read(Aim("edit", Direct(Site(made)), ObjectRef(key, "", "")))
        assert (read.generation, read.why, read.agreed) == (generation, (), False)
        assert read.ref == ObjectRef(key, made["metadata"]["uid"], made["metadata"]["resourceVersion"])
        assert read.path == Site.path(made) and "managedFields" not in read.body
