"""What a guard asks a person to agree to, and the server before it acts, for every object that it may be set on.

`pytest tests/unit/actions/test_plan.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.long_running import Listener
from edgetui.actions.change.spec import Aim
from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.guard.action import SPEC, leads
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.guard.recheck import look_again, what_became
from edgetui.actions.guard.record import Open
from edgetui.actions.messages import Refusal
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS
from edgetui.model.rollout.guard import State, Terms
from tests.unit.model import factories as f
from tests.unit.model.test_canary import canary
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY

from .at_once import AtOnce, told
from .every_action import PRESS, ROLLOUT, argo, controlled, from_flux, half_done, healthy
from .scripted import Watching
from .site import Site
from .test_argo_undo import of_deployment
from .test_guard_of_rollout import failing
from .test_guard_record import bad, well
from .test_guardcheck import released

Json = dict[str, Any]
Made = Callable[[], Site]


def ref(kind: str, name: str = "press") -> ObjectRef:
    return ObjectRef(ObjectKey("plant", kind, "line-2", name), "", "")


def changed(made: Made, path: str, change: Callable[[Json], object]) -> Made:
    def site() -> Site:
        found = made()
        change(found.objects[path])
        return found

    return site


def owned(one: Json) -> None:
    one["metadata"]["ownerReferences"] = [{"kind": "Press", "name": "line", "uid": "u", "controller": True}]


def flagger(one: Json) -> None:
    one["metadata"]["ownerReferences"] = f.meta("Deployment", "x", owner=canary())["ownerReferences"]


def silent(one: Json) -> None:
    one["status"] = {}


def third() -> Site:
    """A third revision fails; both before it are known to have worked."""
    site = half_done()
    made = site.objects[PRESS]
    first = f.replica_set(made, "one", revision=1, replicas=0, image="press:1")
    return Site(*site.objects.values(), first)


SET, DAEMON = ref("StatefulSet", "camera"), ref("DaemonSet", "camera")
DRIVEN = Site(*half_done().objects.values(), canary())
SITES: dict[str, tuple[Made, ObjectRef]] = {
    "half done": (half_done, ref("Deployment")),
    "one of three": (third, ref("Deployment")),
    "well": (well, ref("Deployment")),
    "bad": (bad, ref("Deployment")),
    "alone": (healthy, ref("Deployment")),
    "no history": (lambda: Site(healthy().objects[PRESS]), ref("Deployment")),
    "from Flux": (from_flux, ref("Deployment")),
    "of an operator": (changed(healthy, PRESS, owned), ref("Deployment")),
    "made by Flagger": (changed(healthy, PRESS, flagger), ref("Deployment")),
    "driven by Flagger": (lambda: DRIVEN, ref("Deployment")),
    "run by an Argo Rollout": (of_deployment, ref("Deployment")),
    "a StatefulSet": (lambda: controlled("StatefulSet"), SET),
    "a DaemonSet": (lambda: controlled("DaemonSet"), DAEMON),
    "a Rollout": (argo, ref("Rollout")),
    "a healthy Rollout": (lambda: argo(HEALTHY), ref("Rollout")),
    "an aborted Rollout": (lambda: argo(ABORTED), ref("Rollout")),
    "a Rollout that was never stable": (lambda: argo({"stableRS": None}), ref("Rollout")),
    "a Rollout of no controller": (changed(argo, ROLLOUT, silent), ref("Rollout")),
    "a Rollout of another template": (of_deployment, ref("Rollout")),
    "a Rollout without a history": (lambda: Site(argo().objects[ROLLOUT]), ref("Rollout")),
    "nothing": (Site, ref("Deployment")),
    "another kind": (lambda: Site(f.pod("press", "line-2")), ref("Pod")),
}


@pytest.mark.parametrize(("made", "of"), SITES.values(), ids=SITES)
async def test_what_is_agreed_to(
    made: Made, of: ObjectRef, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    session, found = AtOnce(made()), []
    log = AuditLog(tmp_path / "audit.jsonl")
    try:
        view = await read_guard(session, of, log)
    except Refusal as problem:
        assert told(problem) == snapshot
        return
    found.append(
        f"{view.words} {view.selector} agreed {view.agreed} argo {view.argo} of {view.template_of!r}"
    )
    found.append(str(SPEC.fields and SPEC.fields(view)))
    for terms, on_screen in ((Terms(), False), (Terms(30.0, 90.0), True), (Terms(5.0, undo=True), True)):
        if terms.undo and not view.argo:
            terms = replace(terms, undo=False)
        plan = plan_of(session, view, terms, on_screen=on_screen)
        told_before = {line for line in found if not line.startswith("#")}
        lines = [plan.title, *(f"{name}: {text}" for name, text in plan.facts)]
        found.extend([f"# {terms}", *(line for line in lines if line not in told_before)])
        found.extend(
            [*plan.warnings, *plan.writes, f"{plan.action} {plan.cluster} {plan.target == view.ref}"]
        )
    for given in ({}, {"undo": True}):
        try:
            terms = SPEC.answer(view, {"patience": 60.0, "after": 120.0, **given})
            found.append(f"{SPEC.title(view, terms)} {terms}")
        except Refusal as problem:
            found.append(told(problem))
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize("patience", [1.0, 9.9, 10.0, 59.9, 60.0, 120.0])
async def test_what_typed_terms_lead_to(patience: float, snapshot: SnapshotAssertion) -> None:
    session = AtOnce(well())
    view = await read_guard(session, ref("Deployment"), AuditLog(Path("none")))
    assert msgspec.to_builtins(leads(view, {"patience": patience})) == snapshot


def no_pods(site: Site) -> Site:
    return Site(*(one for one in site.objects.values() if one["kind"] != "Pod"))


def foreign(site: Site) -> Site:
    """The failing pod is another object's."""
    for one in site.objects.values():
        if one["kind"] == "Pod":
            one["metadata"]["ownerReferences"][0]["uid"] = "another"
    return site


def nobody_s(site: Site) -> Site:
    for one in site.objects.values():
        if one["kind"] == "Pod":
            del one["metadata"]["ownerReferences"]
    return site


def on_a_silent_node(site: Site) -> Site:
    silent_node = f.node("node-1", ready="Unknown")
    return Site(*site.objects.values(), silent_node)


NEW, OF_ROLLOUT = State(template="new", bad=120.0), State(template="7f", bad=120.0)
CHECKED: dict[str, tuple[Made, ObjectRef, State, Terms]] = {
    "it fails": (released, ref("Deployment"), NEW, Terms()),
    "it was seen serving": (released, ref("Deployment"), replace(NEW, good=("old",)), Terms()),
    "it was rolled back from": (released, ref("Deployment"), replace(NEW, spent=frozenset({"old"})), Terms()),
    "nothing worked": (lambda: released(old=0), ref("Deployment"), NEW, Terms()),
    "no pods": (lambda: no_pods(released()), ref("Deployment"), NEW, Terms()),
    "pods of another": (lambda: foreign(released()), ref("Deployment"), NEW, Terms()),
    "pods of nobody": (lambda: nobody_s(released()), ref("Deployment"), NEW, Terms()),
    "pods on a silent node": (lambda: on_a_silent_node(released()), ref("Deployment"), NEW, Terms()),
    "another template": (released, ref("Deployment"), State(template="other"), Terms()),
    "not observed": (lambda: released(observed=1, generation=2), ref("Deployment"), NEW, Terms()),
    "driven by Flagger": (
        lambda: Site(*released().objects.values(), canary()),
        ref("Deployment"),
        NEW,
        Terms(),
    ),
    "gone": (Site, ref("Deployment"), NEW, Terms()),
    "a set": (lambda: controlled("StatefulSet"), SET, State(template="camera-b", bad=9.0), Terms()),
    "a Rollout fails": (failing, ref("Rollout"), OF_ROLLOUT, Terms()),
    "a Rollout goes back": (failing, ref("Rollout"), OF_ROLLOUT, Terms(undo=True)),
    "a Rollout is well": (lambda: failing(build=f.pod), ref("Rollout"), OF_ROLLOUT, Terms()),
    "a Rollout is promoted": (lambda: failing(HEALTHY), ref("Rollout"), OF_ROLLOUT, Terms()),
    "a Rollout has nothing to go back to": (
        lambda: failing(HEALTHY),
        ref("Rollout"),
        OF_ROLLOUT,
        Terms(undo=True),
    ),
    "a Rollout was never stable": (lambda: failing({"stableRS": None}), ref("Rollout"), OF_ROLLOUT, Terms()),
    "a Rollout has another template": (failing, ref("Rollout"), State(template="9c"), Terms()),
}


@pytest.mark.parametrize("stored", [False, True], ids=["asked", "watched"])
@pytest.mark.parametrize(("made", "of", "state", "terms"), CHECKED.values(), ids=CHECKED)
async def test_what_the_server_says_before_it_acts(
    made: Made,
    of: ObjectRef,
    state: State,
    terms: Terms,
    stored: bool,
    tmp_path: Path,
    snapshot: SnapshotAssertion,
) -> None:
    site = made()
    rows = [one for one in site.objects.values() if one["kind"] in KINDS]
    session = AtOnce(site, f.store_of(*rows) if stored else None)
    log = AuditLog(tmp_path / "audit.jsonl")
    try:
        check = await look_again(session, of, state, terms, ("old",), f.NOW, log)
    except EdgetuiError as problem:
        assert told(problem) == snapshot
        return
    change = check.spec.change
    assert change is not None
    write = change(session, check.view, check.answer).write("7")
    found = [f"{check.aim.action} to {check.target.number} {check.target.name} for {check.evidence}"]
    assert "\n".join([*found, f"{write.method} {write.path} {write.body} {write.after}"]) == snapshot


def with_image(made: Made, image: str) -> Made:
    def site() -> Site:
        found = copy.deepcopy(made())
        found.objects[PRESS]["spec"]["template"] = f.template(image)
        return found

    return site


@pytest.mark.parametrize(
    ("made", "of", "template", "target"),
    [
        (released, ref("Deployment"), "bad", "new"),
        (released, ref("Deployment"), "new", "old"),
        (released, ref("Deployment"), "bad", "old"),
        (with_image(released, "press:9"), ref("Deployment"), "new", "old"),
        (lambda: argo(ABORTED), ref("Rollout"), "7f", "6d"),
        (lambda: argo(ABORTED), ref("Rollout"), "9c", "6d"),
        (argo, ref("Rollout"), "7f", "6d"),
        (argo, ref("Rollout"), "9c", "7f"),
        (lambda: Site(argo().objects[ROLLOUT]), ref("Rollout"), "7f", "6d"),
    ],
    ids=[str(number) for number in range(9)],
)
async def test_what_became_of_a_roll_back_of_an_earlier_guard(
    made: Made, of: ObjectRef, template: str, target: str, snapshot: SnapshotAssertion
) -> None:
    found = await what_became(AtOnce(made()), of, Open("r1", template, target))
    assert f"{found.result}: {found.sentence}" == snapshot


async def test_a_guard_on_the_screen_ends_with_it_and_one_of_a_command_goes_on(tmp_path: Path) -> None:
    aim = Aim("guard", AtOnce(well()), ref("Deployment"), AuditLog(tmp_path / "audit.jsonl"))
    view = await SPEC.read(aim)
    assert view.words == "deployment press"
    assert {one.name: (one.default, one.flags, one.switch) for one in SPEC.arguments} == {
        "patience": (120.0, ("--for",), False),
        "after": (600.0, ("--after",), False),
        "undo": (False, ("--undo",), True),
        "once": (False, ("--once",), True),
    }


@pytest.mark.parametrize(
    ("on_screen", "once", "keep", "patient"),
    [
        (False, False, True, False),
        (False, True, False, False),
        (True, False, False, True),
        (True, True, False, True),
    ],
)
async def test_whether_a_guard_goes_on_with_the_next_release(
    on_screen: bool, once: bool, keep: bool, patient: bool, tmp_path: Path
) -> None:
    hands, session = Watching(tmp_path), AtOnce(well(), f.store_of(*well().objects.values()))
    aim = Aim("guard", session, ref("Deployment"), hands.log, {"once": once}, on_screen=on_screen)
    view = await SPEC.read(aim)
    terms = Terms(30.0, 90.0)
    assert SPEC.starts is not None
    guard: Any = await SPEC.starts(hands.gate, aim, view, terms, Listener(print))
    assert (guard._keep, guard._patient, guard.terms) == (keep, patient, terms)
    (plan,) = hands.plans
    assert any("It ends with this screen" in one for one in plan.warnings) is on_screen
    (started,) = hands.audit
    assert started["guard"] == {"state": "started", "agreed": ["old"], "for": 30.0, "after": 90.0}
