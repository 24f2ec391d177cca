"""Actions on a rollout, in every state that they may find or leave it in: refused, asked, followed, taken back.

`pytest tests/unit/actions/test_rollouts_in_every_state.py --snapshot-update` takes what is said now; look at what
differs first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import cancel, delete_stuck_pod, pause, restart, rollback, set_image
from edgetui.actions.rollout.cancel import not_under_way
from edgetui.actions.rollout.restart import RESTARTED_AT, _stamp
from edgetui.actions.rollout.stuck_pod import StuckPod, blocking, broken
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.kinds.statefulset import StatefulSetRow
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .at_once import AtOnce, told, without_threads
from .every_action import CASES, PRESS, Case, half_done, healthy, held_up
from .scripted import Watching
from .site import Site
from .test_every_outcome_in_time import ending

Json = dict[str, Any]
REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
CAMERA = ObjectRef(ObjectKey("plant", "StatefulSet", "line-2", "camera"), "", "")


def row(kind: str, document: Json) -> Any:
    return row_of(kind, document)


NEW, LATE = ("True", "NewReplicaSetAvailable"), ("False", "ProgressDeadlineExceeded")
UPDATED = ("True", "ReplicaSetUpdated")


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (f.deployment("press", progressing=NEW), "its last one is complete"),
        (f.deployment("press", progressing=NEW, available=1), "its last one is complete"),
        (f.deployment("press", progressing=LATE), ""),
        (f.deployment("press", progressing=UPDATED), 'deployment "press" successfully rolled out'),
        (f.deployment("press", progressing=UPDATED, updated=2), ""),
        (f.stateful_set("press"), "all of it is at revision press-a"),
        (f.stateful_set("press", update_revision="press-b"), ""),
        (f.daemon_set("press", updated=2), ""),
        (f.daemon_set("press"), 'daemon set "press" successfully rolled out'),
        (f.daemon_set("press", ready=1), "every pod is of the new revision already"),
        (f.daemon_set("press", updated=2, strategy="OnDelete"), ""),
    ],
)
def test_why_there_is_no_rollout_to_cancel(made: Json, why: str) -> None:
    assert not_under_way(row(made["kind"], made)) == why


def test_a_deployment_that_never_told_of_its_progress_is_judged_by_its_numbers() -> None:
    made = f.deployment("press")
    made["status"]["conditions"] = []
    assert not_under_way(row("Deployment", made)) == 'deployment "press" successfully rolled out'
    made["status"]["updatedReplicas"] = 1
    assert not_under_way(row("Deployment", made)) == ""


def camera(**more: Any) -> Json:
    about: Json = {"ready": 2, "updated": 1, "current_revision": "camera-a", "update_revision": "camera-b"}
    return f.stateful_set("camera", "line-2", **about | more)


def pod_of(owner: Json, revision: str = "camera-a", build: Any = f.image_pull, **more: Any) -> Json:
    made: Json = build(
        "camera-2", "line-2", owner=owner, labels={"controller-revision-hash": revision}, **more
    )
    return made


def pods_of(owner: Json) -> dict[str, Json]:
    """Pods of a set by what they are."""
    foreign = camera(uid="another")
    return {
        "failing": pod_of(owner),
        "failing, of the new revision": pod_of(owner, "camera-b"),
        "serving": pod_of(owner, build=f.pod),
        "failing, of another owner": pod_of(foreign),
        "failing, being deleted": pod_of(owner, deleting=f.NOW),
        "starting": pod_of(owner, build=f.pod, statuses=[f.waiting("ContainerCreating")]),
        "pending": pod_of(owner, build=f.pod, phase="Pending", statuses=[]),
        "crashing": pod_of(owner, build=f.pod, statuses=[f.crashing()]),
        "running and not ready": pod_of(owner, build=f.pod, statuses=[f.running(ready=False)]),
    }


SETS: dict[str, Json] = {
    "held up": {},
    "all ready": {"ready": 3},
    "not observed": {"generation": 2, "observed": 1},
    "parallel": {"management": "Parallel"},
    "none ready": {"ready": 0},
}


async def test_which_pods_hold_an_ordered_set_up(snapshot: SnapshotAssertion) -> None:
    lines = []
    for state, more in SETS.items():
        made = camera(**more)
        for name, pod in pods_of(made).items():
            session, at = AtOnce(Site(made, pod)), row("StatefulSet", made)
            blocks = [one.name for one in blocking([row("Pod", pod)], at)]
            stays = [one.name for one in await broken(session, at, "app=camera")]
            lines.append(f"{state}, {name} ({row('Pod', pod).status}): blocks {blocks}, stays {stays}")
    assert "\n".join(lines) == snapshot


def store_of(*objects: Json, sync: Sync = Sync.LIVE) -> Store:
    store = f.store_of(*objects)
    store.set_freshness("Pod", Freshness(sync))
    return store


HELD: dict[str, tuple[Json, dict[float, Json], Json]] = {
    "a pod that fails": (pod_of(camera()), {}, {}),
    "one that may become ready": (pod_of(camera(), build=f.pod, statuses=[f.running(ready=False)]), {}, {}),
    "one that heals": (pod_of(camera()), {2.5: pod_of(camera(), build=f.pod)}, {}),
    "one that is another for a moment": (pod_of(camera()), {2.5: pod_of(camera(), uid="other")}, {}),
    "a set that goes on": (pod_of(camera()), {}, {"ready": 3}),
}


@pytest.mark.parametrize(("pod", "later", "more"), HELD.values(), ids=HELD)
def test_when_a_pod_is_taken_to_hold_its_set_up(
    pod: Json, later: dict[float, Json], more: Json, snapshot: SnapshotAssertion
) -> None:
    found = []

    async def main(loop: VirtualLoop) -> None:
        made = camera(**more)
        site = Site(made, pod)
        session = AtOnce(site)
        stuck = StuckPod(SimpleNamespace(session=session), "app=camera")  # type: ignore[arg-type]
        began = loop.time()
        for moment, other in later.items():
            loop.call_later(moment, site.objects.__setitem__, Site.path(pod), other)
        at = row("StatefulSet", made)
        while loop.time() < began + 70:
            if await stuck.found(at):
                break
            await asyncio.sleep(0.25)
        assert stuck.pod is None or stuck.offer is not None
        found.append(f"{loop.time() - began} s, {len(site.requests)} requests")
        found.append(f"{stuck.pod and stuck.pod.name} {stuck.sentence!r} {stuck.next_step!r} {stuck.offer}")

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


def test_a_set_that_went_on_meanwhile_is_counted_anew() -> None:
    async def main(loop: VirtualLoop) -> None:
        made = camera()
        stuck = StuckPod(SimpleNamespace(session=AtOnce(Site(made, pod_of(made)))), "")  # type: ignore[arg-type]
        held, goes_on = row("StatefulSet", made), row("StatefulSet", camera(ready=3))
        for at, moment in ((held, 2.0), (goes_on, 1.0), (held, 2.0), (held, 2.0)):
            assert not await stuck.found(at)
            await asyncio.sleep(moment)
        assert await stuck.found(held)

    on_virtual_time(main)


@pytest.mark.parametrize(
    ("sync", "asked"), [(Sync.LIVE, 0), (Sync.STALE, 1), (Sync.HIDDEN, 1)], ids=["live", "stale", "hidden"]
)
async def test_pods_that_are_watched_are_not_asked_for(sync: Sync, asked: int) -> None:
    made = camera()
    site = Site(made, pod_of(made))
    session = AtOnce(site, store_of(made, pod_of(made), sync=sync))
    at = row("StatefulSet", made)
    assert isinstance(at, StatefulSetRow)
    assert [one.name for one in await broken(session, at, "app=camera")] == ["camera-2"]
    assert len(site.requests) == asked


@pytest.mark.parametrize(
    ("now", "before", "stamp"),
    [
        (100.0, "", "1970-01-01T00:01:40Z"),
        (100.9, "", "1970-01-01T00:01:40Z"),
        (100.9, "1970-01-01T00:01:39Z", "1970-01-01T00:01:40Z"),
        (100.9, "1970-01-01T00:01:40Z", "1970-01-01T00:01:41Z"),
        (100.9, "1970-01-01T00:01:41Z", "1970-01-01T00:01:40Z"),
    ],
)
def test_two_restarts_within_a_second_differ(now: float, before: str, stamp: str) -> None:
    notes = {"metadata": {"annotations": {RESTARTED_AT: before}}} if before else {}
    assert _stamp(now, {"spec": {"template": notes}}) == stamp


def status(**values: Any) -> Callable[[Site, Case], None]:
    """The controller has seen the write and says this."""

    def happens(site: Site, case: Case) -> None:
        there = site.objects[case.path]
        there["status"] |= {"observedGeneration": there["metadata"]["generation"]} | values
        site.touch(case.path, spec=False)

    return happens


def conditions(kind: str, reason: str) -> list[Json]:
    return [f.cond("Progressing", kind, reason)]


def spec(**values: Any) -> Callable[[Site, Case], None]:
    """Somebody changes another field of its spec, and its controllers carry all of it out."""

    def happens(site: Site, case: Case) -> None:
        site.objects[case.path]["spec"] |= values
        site.touch(case.path, spec=True)
        site.idle = False
        site.carry_out()

    return happens


def fails(site: Site, case: Case) -> None:
    """A new pod cannot pull its image."""
    owner = site.objects[case.path]
    labels = {"app": "press", "controller-revision-hash": "camera-b"}
    pod = f.image_pull("press-x", "line-2", owner=owner, labels=labels)
    site.objects[Site.path(pod)] = pod
    status(readyReplicas=2, updatedReplicas=1, numberReady=2, updatedNumberScheduled=1)(site, case)


EVENTS: dict[str, Callable[[Site, Case], None]] = {
    "it is half done": status(updatedReplicas=1, updatedNumberScheduled=1),
    "its deadline passes": status(conditions=conditions("False", "ProgressDeadlineExceeded")),
    "its new pod fails": fails,
    "somebody pauses it": spec(paused=True),
    "somebody resumes it": spec(paused=False),
    "somebody deletes its pods by hand": spec(updateStrategy={"type": "OnDelete"}),
    "somebody wants more of it": spec(replicas=5),
}
FOLLOWED = [
    name
    for name in CASES
    if name.split()[0] in ("restart", "image", "images", "rollback", "cancel", "pause", "resume")
]


@pytest.mark.parametrize("name", FOLLOWED)
def test_how_a_rollout_ends_by_what_happens(name: str, snapshot: SnapshotAssertion) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        for what, event in EVENTS.items():
            _, lines = await ending(loop, CASES[name], (2, event), wait=30.0)
            found.extend([f"# {what}", *lines])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


def paused_one() -> Site:
    site = healthy(paused=True)
    site.objects[PRESS]["spec"]["template"] = f.template("press:9")
    return site


Perform = Callable[[Gate, AtOnce], Awaitable[Receipt]]


async def rolls_back(gate: Gate, session: AtOnce) -> Receipt:
    view = await rollback.prepare(session, REF, gate.audit)
    return await rollback.perform(gate, session, view, view.default(), wait=9, about={"why": "a test"})


async def cancels(gate: Gate, session: AtOnce) -> Receipt:
    view = await cancel.prepare(session, REF, gate.audit)
    return await rollback.perform(gate, session, view, view.default(), wait=9)


async def restarts(gate: Gate, session: AtOnce) -> Receipt:
    return await restart.perform(gate, session, await restart.prepare(session, REF), wait=9)


async def sets_an_image(gate: Gate, session: AtOnce) -> Receipt:
    view = await set_image.prepare(session, REF)
    return await set_image.perform(gate, session, view, {"app": "press:5"}, wait=9)


async def toggles(gate: Gate, session: AtOnce) -> Receipt:
    return await pause.perform(gate, session, await pause.prepare(session, REF), wait=9)


async def pauses_again(gate: Gate, session: AtOnce) -> Receipt:
    return await pause.perform(gate, session, await pause.prepare(session, REF, "pause"), wait=9)


async def deletes(gate: Gate, session: AtOnce) -> Receipt:
    view = await delete_stuck_pod.prepare(session, CAMERA)
    return await delete_stuck_pod.perform(gate, session, view, wait=9)


async def does_not_wait(gate: Gate, session: AtOnce) -> Receipt:
    view = await delete_stuck_pod.prepare(session, CAMERA)
    return await delete_stuck_pod.perform(gate, session, view, wait=None)


PERFORMED: dict[str, tuple[Perform, Callable[[], Site]]] = {
    "a roll-back": (rolls_back, half_done),
    "a cancelled rollout": (cancels, half_done),
    "a restart": (restarts, healthy),
    "an image": (sets_an_image, healthy),
    "a pause": (toggles, healthy),
    "a resume": (toggles, paused_one),
    "a pause of what is paused": (pauses_again, paused_one),
    "a stuck pod": (deletes, held_up),
    "a stuck pod, not waited for": (does_not_wait, held_up),
}


def performed(perform: Perform, site: Site, tmp_path: Path) -> str:
    """The plan, the steps, what came of it, and the record."""
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        hands = Watching(tmp_path)
        hands.gate.sleep = asyncio.sleep
        session = AtOnce(site)
        try:
            receipt = await perform(hands.gate, session)
            found.append(msgspec.json.encode(receipt).decode())
        except EdgetuiError as problem:
            found.append(told(problem))
        for plan in hands.plans:
            found.extend([plan.title, *(f"{name}: {text}" for name, text in plan.facts)])
            found.extend(
                [*plan.diff, *plan.warnings, *plan.writes, f"{plan.yes!r} {plan.no!r} {plan.unproven!r}"]
            )
        found.extend(f"{step.state}: {step.text}" for step in hands.steps)
        found.extend(f"asked {one}" for one in session.asked)
        found.extend(site.writes)
        kept = ("event", "action", "result", "words", "why", "before", "after", "message", "data", "object")
        found.extend(json.dumps({name: one[name] for name in kept if name in one}) for one in hands.audit)

    on_virtual_time(main)
    return "\n".join(found)


def settled(text: str) -> str:
    """Without the versions of the objects, which are counted on from test to test."""
    for one in (*half_done().objects.values(), *held_up().objects.values()):
        text = text.replace(one["metadata"]["uid"], f"uid of {one['metadata']['name']}")
    return text


@pytest.mark.parametrize(("perform", "made"), PERFORMED.values(), ids=PERFORMED)
def test_an_action_from_its_first_read_to_its_receipt(
    perform: Perform, made: Callable[[], Site], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    site = made()
    for one in site.objects.values():
        one["metadata"]["resourceVersion"] = "7"
    assert settled(performed(perform, site, tmp_path)) == snapshot


STUCK: dict[str, Callable[[Site], None]] = {
    "is gone when it is rehearsed": lambda site: setattr(site, "dry_fault", 404),
    "is gone when it is written": lambda site: setattr(
        site, "before_write", lambda: site.objects.pop(_BROKEN)
    ),
    "is another by then": lambda site: setattr(
        site, "before_write", lambda: site.objects[_BROKEN]["metadata"].update(uid="another")
    ),
    "has become ready": lambda site: setattr(site, "before_write", lambda: _heals(site)),
    "is forbidden": lambda site: setattr(site, "fault", 403),
    "has no answer": lambda site: setattr(site, "fault", -1),
    "has one too late": lambda site: setattr(site, "fault", -2),
    "fails on the server": lambda site: setattr(site, "fault", 500),
    "makes a new one that waits": lambda site: setattr(site, "idle", True),
}
_BROKEN = "/api/v1/namespaces/line-2/pods/camera-0"


def _heals(site: Site) -> None:
    there = site.objects[_BROKEN]
    made = f.pod("camera-0", "line-2", uid=there["metadata"]["uid"], labels=there["metadata"]["labels"])
    made["metadata"]["ownerReferences"] = there["metadata"]["ownerReferences"]
    site.objects[_BROKEN] = made


@pytest.mark.parametrize("meets", STUCK.values(), ids=STUCK)
def test_a_stuck_pod_that(meets: Callable[[Site], None], tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    site = held_up()
    for one in site.objects.values():
        one["metadata"]["resourceVersion"] = "7"
    meets(site)
    assert settled(performed(deletes, site, tmp_path)) == snapshot
