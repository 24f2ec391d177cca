"""A guard from its first look to its end, on virtual time: what it says, when it acts, and what it leaves.

`pytest tests/unit/actions/test_guard.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.guard import guard as guarding
from edgetui.actions.guard.guard import Guard
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.messages import Step
from edgetui.cluster.errors import EdgetuiError
from edgetui.cluster.watch.partition import Selector
from edgetui.cluster.watch.scoped_informer import ScopedStore
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS, row_of
from edgetui.model.rollout.guard import Terms
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model.test_rollout_kind import ABORTED, HEALTHY

from .at_once import AtOnce, told, without_threads
from .every_action import PRESS, ROLLOUT, argo
from .scripted import DROP, Watching
from .site import APPLY_THEN_DROP, Site
from .test_guard_of_rollout import failing
from .test_guard_record import bad, well
from .test_word_for_word import RECORDED

Json = dict[str, Any]
TERMS = Terms(patience=7.0, after=12.0)
RECORD = (*RECORDED, "guard", "code")
POD = "/api/v1/namespaces/line-2/pods/press-new-00000"
SETS = "/apis/apps/v1/namespaces/line-2/replicasets/press-"


class Watched(AtOnce):
    """A session with rows of what the site holds; `beside` are those that a guard has of its own."""

    store: Store

    def __init__(self, site: Site) -> None:
        super().__init__(site, f.store_of(*site.objects.values()))
        self.beside = f.store_of(*site.objects.values())
        self.changed = asyncio.Event()
        self.parts: list[str] = []
        self.ended = 0
        self._there = copy.deepcopy(site.objects)
        site.changed = self.heard

    def scoped_store(self, parts: Mapping[str, Selector]) -> ScopedStore:
        self.parts = [f"{kind} {one}" for kind, one in parts.items()]
        return ScopedStore(self.beside, self.changed, (self._end,))

    def heard(self) -> None:
        """The watches tell what is there by now."""
        for path in self._there.keys() - self.site.objects.keys():
            one = self._there[path]
            metadata = one["metadata"]
            for store in (self.store, self.beside):
                store.delete(one["kind"], metadata["namespace"], metadata["name"], metadata["uid"])
        for path, one in self.site.objects.items():
            before = self._there.get(path, one)
            if before != one and before["metadata"]["resourceVersion"] == one["metadata"]["resourceVersion"]:
                self.site.touch(path, spec=False)
            for store in (self.store, self.beside):
                store.apply(one["kind"], row_of(one["kind"], one))
        self._there = copy.deepcopy(self.site.objects)
        self.changed.set()

    def _end(self) -> None:
        self.ended += 1


@dataclass
class Guarded:
    """A guard at work, and what it tells with its seconds."""

    site: Site
    session: Watched
    hands: Watching
    lines: list[str] = field(default_factory=list)
    guard: Guard | None = None
    running: asyncio.Task[Ended] | None = None

    def __post_init__(self) -> None:
        self.began = asyncio.get_running_loop().time()

    def note(self, text: str) -> None:
        self.lines.append(f"{asyncio.get_running_loop().time() - self.began:6.2f} s  {text}")

    def step(self, step: Step) -> None:
        self.note(f"{step.state}: {step.text}")

    def looked(self) -> None:
        """What stands in the header, in the list of jobs and in a log."""
        guard = self.guard
        assert guard is not None
        signs = (
            ("!" if guard.urgent else "") + ("w" if guard.writing else "") + ("r" if guard.repeats else "")
        )
        text = f"{guard.badge} {signs}| {guard.says} | {' / '.join(guard.turn)}"
        if not any(line.endswith(text) for line in self.lines[-1:]):
            self.note(text)


PRESS_REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
Event = Callable[[Guarded], None]


def heals(work: Guarded) -> None:
    """The bad pod runs after all."""
    owner = work.site.objects[f"{SETS}new"]
    (pod,) = f.pods_of(owner, 1, created=f.NOW - 5)
    work.site.objects[POD] = pod
    work.session.heard()


def heals_unheard(work: Guarded) -> None:
    """The same, while no watch tells of it."""
    work.site.objects[POD] = f.pods_of(work.site.objects[f"{SETS}new"], 1)[0]


def fails(work: Guarded) -> None:
    """It cannot pull its image (any more)."""
    (pod,) = f.pods_of(work.site.objects[f"{SETS}new"], 1, build=f.image_pull)
    work.site.objects[POD] = pod
    work.session.heard()


def released(work: Guarded) -> None:
    """Somebody releases a third image, whose pod serves."""
    there = work.site.objects
    made = there[PRESS] = copy.deepcopy(there[PRESS])
    made["metadata"] |= {"generation": made["metadata"]["generation"] + 1}
    made["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "3"
    made["spec"]["template"] = f.template("press:3")
    made["status"] |= dict.fromkeys(("replicas", "readyReplicas", "updatedReplicas", "availableReplicas"), 3)
    made["status"]["observedGeneration"] = made["metadata"]["generation"]
    owner = f.replica_set(made, "third", revision=3, image="press:3")
    there[f"{SETS}third"] = owner
    for one in f.pods_of(owner, 3):
        there[Site.path(one)] = one
    work.session.heard()


def released_badly(work: Guarded) -> None:
    """Somebody releases a third image, which cannot be pulled."""
    released(work)
    there = work.site.objects
    there[PRESS]["status"] |= {"updatedReplicas": 1, "replicas": 4, "availableReplicas": 3}
    for path in [path for path in there if "press-third-" in path]:
        del there[path]
    for one in f.pods_of(there[f"{SETS}third"], 1, build=f.image_pull, image="press:3"):
        there[Site.path(one)] = one
    work.session.heard()


def removed(work: Guarded) -> None:
    work.site.objects.clear()
    work.session.heard()


def another(work: Guarded) -> None:
    work.site.objects[PRESS]["metadata"]["uid"] = "another"
    work.session.heard()


def paused(work: Guarded) -> None:
    work.site.objects[PRESS]["spec"]["paused"] = True
    work.session.heard()


def link(state: Link, sentence: str = "") -> Event:
    def happens(work: Guarded) -> None:
        work.session.store.set_link(LinkState(state, sentence=sentence))

    return happens


def forbidden(work: Guarded) -> None:
    work.session.beside.set_freshness("Pod", Freshness(Sync.FORBIDDEN))


def cancelled(work: Guarded) -> None:
    assert work.guard is not None
    work.guard.cancel()


def program_ends(work: Guarded) -> None:
    assert work.running is not None
    work.running.cancel()


def faulty(fault: int) -> Event:
    def happens(work: Guarded) -> None:
        work.site.fault = fault

    return happens


def dry_faulty(fault: int) -> Event:
    def happens(work: Guarded) -> None:
        work.site.dry_fault = fault

    return happens


def idle(work: Guarded) -> None:
    work.site.idle = True


def carries_out(work: Guarded) -> None:
    work.site.idle = False
    work.site.carry_out()


def during_the_dry_run(event: Event) -> Event:
    """Something happens when the server has rehearsed, before the guard is asked whether it is due still."""

    def happens(work: Guarded) -> None:
        work.site.before_write = lambda: event(work)

    return happens


def aborted(work: Guarded) -> None:
    work.site.objects[ROLLOUT]["status"] |= {**ABORTED, "phase": "Degraded"}
    work.session.heard()


def unheard(work: Guarded) -> None:
    for kind in KINDS:
        work.session.beside.set_freshness(kind, Freshness(Sync.SYNCING))


def first_rows(work: Guarded) -> None:
    for kind in KINDS:
        work.session.beside.set_freshness(kind, Freshness(Sync.LIVE, heard=f.NOW))
    work.session.changed.set()


@dataclass(frozen=True)
class Story:
    """What a guard is set on, and what happens at which second; `ends` is when its program ends where it has not.

    `left` are records of an earlier guard.
    """

    site: Callable[[], Site] = bad
    events: tuple[tuple[float, Event], ...] = ()
    keep: bool = False
    patient: bool = False
    undo: bool = False
    ends: float = 60.0
    left: tuple[Json, ...] = ()
    ref: ObjectRef = PRESS_REF


def without_the_old() -> Site:
    """A bad release, and nothing to go back to."""
    return Site(*(one for one in bad().objects.values() if "old" not in one["metadata"]["name"]))


def left_by(template: str, target: str) -> tuple[Json, ...]:
    """The record of a guard that ended between the intent of its roll-back and the answer."""
    about = {"template": template, "target": target}
    return ({"event": "intent", "guard": about}, {"event": "result", "result": "unknown", "guard": about})


ARGO = ObjectRef(ObjectKey("plant", "Rollout", "line-2", "press"), "", "")
STORIES = {
    "a good release": Story(well),
    "a good release, kept": Story(well, keep=True, ends=30),
    "good when it came, kept for the next": Story(well, patient=True, events=((3, cancelled),)),
    "a release that is complete for long enough": Story(events=((2, released),), ends=40),
    "a good release that fails": Story(events=((0, heals), (4, fails))),
    "a bad release": Story(),
    "a bad release, kept": Story(keep=True, events=((12, released),), ends=28),
    "it serves again": Story(events=((3, heals), (6, fails), (8, heals)), ends=20),
    "the server says that it serves": Story(events=((4, heals_unheard), (50, fails)), ends=100),
    "it is replaced meanwhile": Story(events=((4, released), (6, cancelled))),
    "it is removed": Story(events=((3, removed),)),
    "another has its name": Story(events=((3, another),)),
    "it is paused": Story(events=((3, paused),), ends=8),
    "the link is down for a while": Story(
        events=(
            (2, link(Link.STALE)),
            (4, link(Link.LIVE)),
            (6, link(Link.LIVE, "It is slow.")),
            (7, link(Link.LIVE)),
        )
    ),
    "its pods may not be read any more": Story(events=((2, forbidden),), ends=5),
    "cancelled": Story(events=((2.5, cancelled),)),
    "cancelled while it rolls back": Story(events=((0, idle), (8, cancelled), (10, carries_out))),
    "cancelled between the dry run and the write": Story(events=((0, during_the_dry_run(cancelled)),)),
    "it serves again between the dry run and the write": Story(
        events=((0, during_the_dry_run(heals)),), ends=30
    ),
    "its program ends": Story(events=((2.5, program_ends),)),
    "its program ends while it rolls back": Story(events=((0, idle), (8.5, program_ends))),
    "the roll-back does not get there in time": Story(events=((0, idle),), ends=650),
    "the server refuses": Story(events=((0, faulty(422)),), ends=1100),
    "the server refuses, then does not": Story(events=((0, faulty(422)), (10, faulty(0)))),
    "the server refuses, and another release is as bad": Story(
        events=((0, faulty(422)), (20, released_badly)), ends=50
    ),
    "an earlier guard left a roll-back that did not arrive": Story(left=left_by("new", "old"), ends=4),
    "an earlier guard left one that arrived": Story(well, left=left_by("new", "old"), ends=4),
    "an earlier guard left one that was replaced": Story(left=left_by("other", "old"), ends=10),
    "an earlier guard saw one serve": Story(
        left=({"event": "guard", "guard": {"state": "good", "template": "old"}},), ends=4
    ),
    "the dry run is refused": Story(events=((0, dry_faulty(422)), (10, dry_faulty(0)))),
    "the answer is lost": Story(events=((0, faulty(APPLY_THEN_DROP)),)),
    "the write is lost": Story(events=((0, faulty(DROP)),), ends=100),
    "the write is lost, kept": Story(events=((0, faulty(DROP)),), keep=True, ends=80),
    "the first rows come late": Story(events=((0, unheard), (3.3, first_rows), (3.6, cancelled))),
    "the first rows never come": Story(events=((0, unheard),), ends=7),
    "nothing is known to have worked": Story(without_the_old, ends=20),
    "a rollout is aborted": Story(failing, ref=ARGO),
    "a rollout gets its template back": Story(failing, ref=ARGO, undo=True),
    "a rollout that its controller aborts": Story(failing, ref=ARGO, events=((3, aborted),)),
    "a rollout that its controller aborts, kept": Story(
        failing, ref=ARGO, events=((3, aborted),), keep=True, ends=6
    ),
    "a rollout that its controller aborts, with the template back": Story(
        failing, ref=ARGO, events=((3, aborted),), undo=True
    ),
    "a rollout that is promoted before": Story(lambda: failing(HEALTHY), ref=ARGO, ends=20),
    "a rollout that is well": Story(lambda: argo(HEALTHY), ref=ARGO, ends=20),
}


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarding, "steady_clock", lambda: asyncio.get_running_loop().time())


def record(hands: Watching) -> Iterator[str]:
    """What stands in the audit record, without what is another at every run."""
    for one in hands.audit:
        kept = {name: one[name] for name in RECORD if name in one}
        yield re.sub(
            r'"resourceVersion": "\d+"', '"resourceVersion": "VERSION"', json.dumps(kept, sort_keys=True)
        )


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
def test_a_guard_from_its_first_look_to_its_end(
    story: Story, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        site = story.site()
        work = Guarded(site, Watched(site), Watching(tmp_path))
        hands = work.hands
        hands.gate.clock = lambda: f.NOW + loop.time() - work.began
        hands.gate.sleep = asyncio.sleep
        uid = next(
            one["metadata"]["uid"] for one in site.objects.values() if one["kind"] == story.ref.key.kind
        )
        for one in story.left:
            hands.log.append({"uid": uid, "run": "r0", "action": "rollback"} | one)
        view = await read_guard(work.session, story.ref, hands.log)
        terms = Terms(TERMS.patience, TERMS.after, story.undo)
        work.guard = Guard(
            work.session,
            hands.gate,
            view,
            terms,
            Listener(lambda text: work.note(f"says: {text}"), work.looked, work.step),
            keep=story.keep,
            patient=story.patient,
        )
        await work.guard.agree(plan_of(work.session, view, terms, on_screen=False))
        for moment, event in story.events:
            if moment:
                loop.call_later(moment, event, work)
            else:
                event(work)
        work.running = loop.create_task(work.guard.run())
        work.note(f"{work.guard.title}. {work.guard.at_exit}")
        try:
            async with asyncio.timeout(story.ends):
                ended = await work.running
            lines = ended.receipt.lines if ended.receipt is not None else None
            work.note(f"{ended.sentence} good {ended.good}, cancelled {ended.cancelled}, {lines}")
        except TimeoutError:
            work.note("its program ended")
        except (asyncio.CancelledError, EdgetuiError) as problem:
            work.note(told(problem))
        found.extend(work.lines)
        found.extend([f"{work.session.ended} ended: {', '.join(work.session.parts)}", *site.writes])
        found.extend(record(hands))
        work.session.api.close()

    on_virtual_time(main)
    assert "\n".join(found) == snapshot
