"""What undo finds in the record of an object, what it would take back of it, and how that ends.

`pytest tests/unit/actions/test_every_undo.py --snapshot-update` takes what is said now; look at what differs first.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.gate.audit import AuditLog, stamp
from edgetui.actions.gate.done import done_to
from edgetui.actions.gate.open_runs import OpenRun
from edgetui.actions.messages import Refusal
from edgetui.actions.undo import undo
from edgetui.actions.undo.unanswered import look_up
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f

from .at_once import AtOnce, told, without_threads
from .every_action import half_done, healthy
from .scripted import DROP, Watching
from .site import APPLY_THEN_DROP, Site

Json = dict[str, Any]
Made = Callable[[], Site]
KEY = ObjectKey("plant", "Deployment", "line-2", "press")
REF = ObjectRef(KEY, "", "")
UID = f.uid_of("Deployment", "line-2", "press")


def run(number: int, action: str, before: Json, after: Json, *rest: str, words: str = "") -> list[Json]:
    """The lines of a run that did this to the press; `rest` are the results that follow."""
    about = {
        "run": f"r{number}",
        "time": stamp(1_800_000_000 + number),
        "action": action,
        "uid": UID,
        "who": {"user": "kim"},
        "cluster": "plant",
        "words": words or f"{action} press, no. {number}",
        "object": {"kind": "Deployment", "namespace": "line-2", "name": "press"},
    }
    lines = [about | {"event": "intent", "before": before, "after": after, "write": "PATCH /a"}]
    for one in rest or ("done",):
        event = "found" if one == "arrived" else "result"
        lines.append(about | {"event": event, "result": one})
    return lines


def paused(number: int, *rest: str) -> list[Json]:
    return run(number, "pause", {"paused": False}, {"paused": True}, *rest)


def resumed(number: int, *rest: str) -> list[Json]:
    return run(number, "resume", {"paused": True}, {"paused": False}, *rest)


def image(number: int, old: str, new: str, *rest: str, worked: bool = True) -> list[Json]:
    path = "containers[app].image"
    return run(number, "image", {path: old, "worked": worked}, {path: new}, *rest)


def is_paused() -> Site:
    return healthy(paused=True)


RECORDS: dict[str, tuple[Made, list[Json]]] = {
    "nothing": (healthy, []),
    "a pause": (is_paused, paused(1)),
    "a resume": (healthy, resumed(1)),
    "an image": (healthy, image(1, "press:1", "press:2")),
    "an image that did not work": (healthy, image(1, "press:1", "press:2", worked=False)),
    "a pause that was resumed by hand": (healthy, paused(1)),
    "a pause that was not answered": (is_paused, paused(1, "unknown")),
    "a pause that was not answered and is not there": (healthy, paused(1, "unknown")),
    "a pause that was found": (is_paused, paused(1, "unknown", "arrived")),
    "a pause that was refused": (is_paused, paused(1, "refused")),
    "an image that somebody changed": (healthy, image(1, "press:1", "press:9")),
    "an image that was not answered, and that somebody changed": (healthy, image(1, "press:1", "press:9", "unknown")),
    "an image that was not changed": (healthy, image(1, "press:2", "press:2")),
    "a restart": (healthy, run(1, "restart", {}, {"restarted_at": "x"})),
    "a restart after a pause": (is_paused, [*paused(1), *run(2, "restart", {}, {})]),
    "what is no action any more": (healthy, run(1, "explode", {}, {})),
    "what has no module": (healthy, run(1, "shell", {}, {})),
    "an incomplete record": (healthy, run(1, "pause", {}, {})),
    "an odd record": (healthy, run(1, "image", {"containers[app].image": "press:1"}, {"worked": 1})),
    "an incomplete record after a pause": (is_paused, [*paused(1), *run(2, "rollback", {}, {})]),
    "an image taken back by hand, after another": (
        healthy, [*image(1, "press:1", "press:2"), *image(2, "press:2", "press:3")]
    ),
    "two images taken back by hand, after another": (
        healthy,
        [
            *image(1, "press:1", "press:2"),
            *image(2, "press:2", "press:3"),
            *image(3, "press:2", "press:4", worked=False),
        ],
    ),
    "what was undone": (
        is_paused, [*paused(1), *paused(2), *run(3, "undo", {}, {"undoes": "r2"})]
    ),
    "a roll-back": (
        half_done,
        run(
            1,
            "rollback",
            {"name": "press-two", "revision": 2, "worked": True},
            {"name": "press-three", "revision": 3},
        ),
    ),
    "a roll-back to what is not kept": (half_done, run(1, "rollback", {"name": "press-one"}, {"name": "press-three"})),
    "another object": (Site, paused(1)),
}  # fmt: skip
HOW: dict[str, Callable[[Site], object]] = {
    "done": lambda site: None,
    "not there in time": lambda site: setattr(site, "idle", True),
    "refused": lambda site: setattr(site, "fault", 422),
    "lost": lambda site: setattr(site, "fault", DROP),
    "answered too late": lambda site: setattr(site, "fault", APPLY_THEN_DROP),
}


def undone(
    made: Made, records: list[Json], tmp_path: Path, meets: Callable[[Site], object], wait: float | None = 9.0
) -> str:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        without_threads(loop)
        site, hands = made(), Watching(tmp_path)
        for one in site.objects.values():
            one["metadata"]["resourceVersion"] = "7"
        for one in records:
            hands.log.append(one)
        before = len(hands.audit)
        hands.gate.sleep, session, began = asyncio.sleep, AtOnce(site), loop.time()
        try:
            view = await undo.prepare(session, REF, hands.log)
            meets(site)
            found.append(f"{view.generation} {view.done.words} kept {view.kept}, passed {view.passed!r}")
            found.append(f"{view.way.state} {view.unproven!r} {undo.SPEC.title(view, None)}")
            receipt = await undo.perform(hands.gate, session, view, hands.log, wait=wait)
            found.append(f"{receipt.ok} {receipt.pending} {receipt.lines} {receipt.data}")
        except EdgetuiError as problem:
            found.append(f"{told(problem)} {getattr(problem, 'diff', ())}")
        for plan in hands.plans:
            found.extend([plan.title, *(f"{name}: {text}" for name, text in plan.facts), *plan.diff])
            found.extend([*plan.warnings, *plan.writes, repr(plan.unproven)])
        found.extend(f"{step.state}: {step.text}" for step in hands.steps)
        found.append(f"{loop.time() - began:.2f} s {site.writes}")
        kept = ("event", "action", "result", "words", "before", "after", "message")
        found.extend(
            json.dumps({name: one[name] for name in kept if name in one}) for one in hands.audit[before:]
        )

    on_virtual_time(main)
    return "\n".join(found)


@pytest.mark.parametrize(("made", "records"), RECORDS.values(), ids=RECORDS)
def test_what_undo_takes_back(
    made: Made, records: list[Json], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    assert undone(made, records, tmp_path, HOW["done"]) == snapshot


@pytest.mark.parametrize("name", ["a pause", "a resume", "an image"])
@pytest.mark.parametrize("how", HOW)
def test_how_an_undo_ends(name: str, how: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert undone(*RECORDS[name], tmp_path, HOW[how]) == snapshot


@pytest.mark.parametrize("name", ["a pause", "a resume", "an image"])
def test_an_undo_that_is_not_waited_for(name: str, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert undone(*RECORDS[name], tmp_path, HOW["not there in time"], None) == snapshot


async def test_undo_does_not_work_on_every_kind() -> None:
    ref = ObjectRef(ObjectKey("plant", "Service", "line-2", "press"), "", "")
    site = Site(f.service("press", "line-2"))
    with pytest.raises(Refusal, match="edgetui has done nothing to service press in line-2 on plant"):
        await undo.prepare(AtOnce(site), ref, AuditLog(Path("none")))
    node = ObjectRef(ObjectKey("plant", "Node", "", "edge-1"), "", "")
    with pytest.raises(
        Refusal, match="edgetui has done nothing to node edge-1 on plant that could be undone"
    ):
        await undo.prepare(AtOnce(Site(f.node("edge-1"))), node, AuditLog(Path("none")))


UNANSWERED: dict[str, tuple[Made, list[Json]]] = {
    "it arrived": (is_paused, paused(1, "unknown")),
    "it did not": (healthy, paused(1, "unknown")),
    "it was changed since": (healthy, image(1, "press:1", "press:9", "unknown")),
    "it was as wanted before": (healthy, image(1, "press:2", "press:2", "unknown")),
    "it is gone": (Site, paused(1, "unknown")),
    "its revision is gone": (half_done, run(1, "rollback", {"name": "x"}, {"name": "y"}, "unknown")),
    "its record is not complete": (healthy, run(1, "rollback", {}, {}, "unknown")),
}


@pytest.mark.parametrize(("made", "records"), UNANSWERED.values(), ids=UNANSWERED)
async def test_what_became_of_a_write_without_an_answer(
    made: Made, records: list[Json], tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    hands, found = Watching(tmp_path), []
    (done,) = done_to(records)
    try:
        found.append(await look_up(hands.gate, AtOnce(made()), OpenRun(REF, done)))
    except (KeyError, EdgetuiError) as problem:
        found.append(told(problem))
    kept = ("event", "action", "run", "result", "words", "message")
    found.extend(json.dumps({name: one[name] for name in kept if name in one}) for one in hands.audit)
    assert "\n".join(found) == snapshot
