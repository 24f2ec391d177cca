"""What one field turns on or off: cordon, suspend a Job or an update, retry an update; what is said of each.

`pytest tests/unit/actions/test_every_answer_of_a_switch.py --snapshot-update` takes what is said
now; look at what differs first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.change.spec import Aim, spec_of
from edgetui.actions.gate.gate import Run
from edgetui.actions.objects import retry_update
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from tests.unit.cluster.virtual_loop import VirtualLoop, on_virtual_time
from tests.unit.model import factories as f
from tests.unit.model import updates as u
from tests.unit.model.test_cronjob import cron_job
from tests.unit.model.test_job import job

from .as_text import as_text
from .every_action import TALOS
from .site import Json, Site
from .test_every_field_of_an_action import Direct, lines_of
from .test_every_outcome_in_time import Stepping, Timed

ENDED = f.cond("Complete", "True")
OTHERS = (
    f.node("b"),
    f.node("c", cordoned=True),
    f.node("d", ready="Unknown"),
    f.node("e", ready="Unknown", cordoned=True),
)


def watched(*nodes: Json, live: bool = True) -> Store:
    store = f.store_of(f.node("line-2-a"), *nodes)
    if not live:
        store.set_freshness("Node", Freshness(Sync.FORBIDDEN))
    return store


NODES: dict[str, tuple[Callable[[], Json], Callable[[], Store | None]]] = {
    "nothing is watched": (lambda: f.node("line-2-a"), lambda: None),
    "it is alone": (lambda: f.node("line-2-a"), watched),
    "nodes may not be watched": (lambda: f.node("line-2-a"), lambda: watched(f.node("b"), live=False)),
    "one other takes pods": (lambda: f.node("line-2-a"), lambda: watched(*OTHERS)),
    "two others take pods": (lambda: f.node("line-2-a"), lambda: watched(*OTHERS, f.node("f"))),
    "no other takes pods": (lambda: f.node("line-2-a"), lambda: watched(*OTHERS[1:])),
    "it is cordoned": (lambda: f.node("line-2-a", cordoned=True), lambda: None),
    "it is not ready": (lambda: f.node("line-2-a", ready="False"), lambda: None),
}
JOBS = {
    "a job of one": lambda: job(active=1),
    "a job of two": lambda: job(active=2),
    "a job of none": lambda: job(),
    "a job that has ended": lambda: job("press", ENDED),
    "a job that is suspended": lambda: job(suspend=True),
    "a cron job": lambda: cron_job(),
    "a cron job with a deadline": lambda: cron_job(startingDeadlineSeconds=60),
    "a cron job with a deadline of 0": lambda: cron_job(startingDeadlineSeconds=0),
    "a cron job that is suspended": lambda: cron_job(suspend=True),
}
UPDATES = {
    "an update that runs": lambda: u.talos("Draining", currentNode="edge-1"),
    "an update that waits": lambda: u.talos("Pending"),
    "an update that is suspended": lambda: u.talos("Draining", suspended=True),
    "an update that is complete": lambda: u.talos("Completed"),
    "an update that has failed": lambda: u.talos("Failed"),
}


async def told(made: Json, *actions: str, store: Store | None = None) -> str:
    """What each of these actions asks of an object, and what it comes to."""
    if made["kind"] in ("Job", "CronJob"):
        made["metadata"] |= {"namespace": "line-2", "generation": 1}
    site, found = Site(made), list[str]()
    session = Direct(site)
    session.store = store
    metadata = made["metadata"]
    key = ObjectKey("plant", made["kind"], metadata.get("namespace", ""), metadata["name"])
    for action in actions:
        spec = spec_of(action)
        for on_screen in (False, True):
            found.append(f"# {action}{' on the screen' if on_screen else ''}")
            try:
                view = await spec.read(Aim(action, session, ObjectRef(key, "", ""), on_screen=on_screen))
            except EdgetuiError as refused:
                found.append(f"{type(refused).__name__}: {refused}")
                continue
            answer = spec.answer(view, {})
            if on_screen:
                found.append(spec.title(view, answer))
                continue
            assert spec.change is not None and spec.outcome is not None
            change = spec.change(session, view, answer)
            found += [spec.title(view, answer), *lines_of(change), f"applied {change.applied(made)}"]
            if action != "retry-update":
                run: Any = None
                found += [as_text(await spec.outcome(run, view, answer, wait)) for wait in (None, 5.0)]
    return "\n".join(found)


@pytest.mark.parametrize(("made", "store"), NODES.values(), ids=NODES)
async def test_what_a_cordon_says(
    made: Callable[[], Json], store: Callable[[], Store | None], snapshot: SnapshotAssertion
) -> None:
    assert await told(made(), "cordon", "uncordon", store=store()) == snapshot


@pytest.mark.parametrize("made", JOBS.values(), ids=JOBS)
async def test_what_suspending_a_job_says(made: Callable[[], Json], snapshot: SnapshotAssertion) -> None:
    assert await told(made(), "suspend", "unsuspend") == snapshot


@pytest.mark.parametrize("made", UPDATES.values(), ids=UPDATES)
async def test_what_suspending_and_retrying_an_update_says(
    made: Callable[[], Json], snapshot: SnapshotAssertion
) -> None:
    assert await told(made(), "suspend-update", "resume-update", "retry-update") == snapshot


RESET = "tuppr.home-operations.com/reset"
HAPPENS: dict[str, list[tuple[float, Json, Json]]] = {
    "nothing": [],
    "it begins": [(3, {"phase": "Pending"}, {})],
    "it begins and its annotation stays": [(3, {"phase": "Pending"}, {RESET: "true"}), (6, {}, {})],
    "its annotation is taken away alone": [(3, {}, {}), (8, {"phase": ""}, {})],
}


@pytest.mark.parametrize("wait", [None, 20.0])
@pytest.mark.parametrize("happens", HAPPENS.values(), ids=HAPPENS)
def test_how_a_retry_ends(
    happens: list[tuple[float, Json, Json]], wait: float | None, snapshot: SnapshotAssertion
) -> None:
    found: list[str] = []

    async def main(loop: VirtualLoop) -> None:
        site = Site(u.talos("Failed"))
        there = site.objects[TALOS]
        there["metadata"]["annotations"] = {RESET: "true"}
        session = Timed(site)
        key = ObjectKey("plant", "TalosUpgrade", "", "talos")
        view = await retry_update.SPEC.read(Aim("retry-update", session, ObjectRef(key, "", "")))
        run = Stepping(session, {})
        for moment, status, notes in happens:
            loop.call_later(moment, there["status"].update, status)
            loop.call_later(moment, there["metadata"].update, {"annotations": notes})
        ending = await retry_update.outcome(cast(Run, run), view, None, wait)
        found.extend([*run.told, f"{run.seconds:.2f} s: {as_text(ending)}"])

    on_virtual_time(main)
    assert "\n".join(found) == snapshot


@pytest.mark.parametrize(
    ("phase", "asked", "applied", "same", "nothing"),
    [
        ("Failed", False, False, True, ""),
        (
            "Failed",
            True,
            True,
            True,
            "talosupgrade talos is told to begin again already: nothing was written",
        ),
        ("Draining", False, True, False, "talosupgrade talos has not failed (Draining): nothing was written"),
        ("Draining", True, True, False, "talosupgrade talos has not failed (Draining): nothing was written"),
        ("", False, True, False, "talosupgrade talos has not failed (no phase yet): nothing was written"),
    ],
)
async def test_when_a_retry_has_arrived_and_when_there_is_none(
    phase: str, asked: bool, applied: bool, same: bool, nothing: str
) -> None:
    made = u.talos(phase)
    made["metadata"]["annotations"] = {RESET: "true"} if asked else None
    session = Direct(Site(made))
    key = ObjectKey("plant", "TalosUpgrade", "", "talos")
    view = await retry_update.SPEC.read(Aim("retry-update", session, ObjectRef(key, "", "")))
    change = retry_update.change(session, view, None)
    assert change.spot is not None
    assert (change.applied(made), change.spot.same(made), change.nothing) == (applied, same, nothing)


FAILURES = [{"nodeName": f"edge-{at}", "lastError": "it is dead" if at % 2 else ""} for at in range(5)]


async def test_three_nodes_that_failed_are_told_and_what_was_said(snapshot: SnapshotAssertion) -> None:
    made = u.talos("Failed", failedNodes=FAILURES, message="5 nodes failed")
    session = Direct(Site(made))
    key = ObjectKey("plant", "TalosUpgrade", "", "talos")
    view = await retry_update.SPEC.read(Aim("retry-update", session, ObjectRef(key, "", "")))
    assert list(retry_update.change(session, view, None).facts) == snapshot
