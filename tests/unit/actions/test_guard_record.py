"""What a guard leaves in the audit record at every turn, and that it guards on and says so where none can be left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.change.long_running import Ended, Listener
from edgetui.actions.guard import guard as guarding
from edgetui.actions.guard.guard import Guard
from edgetui.actions.guard.plan import plan_of, read_guard
from edgetui.actions.messages import Refusal
from edgetui.cluster.watch.partition import Selector
from edgetui.cluster.watch.scoped_informer import ScopedStore
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of
from edgetui.model.rollout.guard import Terms
from tests.unit.model import factories as f

from .scripted import Connected, Watching, scripted
from .site import Site

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "", "")
TERMS = Terms(patience=30.0, after=60.0)


class Watched(Connected):
    """A session whose rows are those of a store."""

    def __init__(self, url: str, store: Store) -> None:
        super().__init__(url, store)
        self.rows = store

    def scoped_store(self, parts: Mapping[str, Selector]) -> ScopedStore:
        return ScopedStore(self.rows, asyncio.Event())


@pytest.fixture(autouse=True)
def a_second_at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = count(1000)
    monkeypatch.setattr(guarding, "EVERY", 0.001)
    monkeypatch.setattr(guarding, "steady_clock", lambda: float(next(seconds)))


def well() -> Site:
    made = f.deployment("press", "line-2", revision=1)
    old = f.replica_set(made, "old", revision=1)
    return Site(made, old, *f.pods_of(old, 3, created=f.NOW - 30))


def bad() -> Site:
    made = f.deployment(
        "press",
        "line-2",
        revision=2,
        image="press:2",
        updated=1,
        current=4,
        available=3,
        progressing=("True", "ReplicaSetUpdated"),
    )
    old = f.replica_set(made, "old", revision=1)
    new = f.replica_set(made, "new", revision=2, replicas=1, ready=0, image="press:2")
    return Site(made, old, new, *f.pods_of(old, 3), *f.pods_of(new, 1, build=f.image_pull))


@asynccontextmanager
async def guarding_on(site: Site, tmp_path: Path) -> AsyncIterator[tuple[Guard, Watching, list[str]]]:
    """An agreed guard of the press; its clock stands where the objects were made."""
    hands, told = Watching(tmp_path), list[str]()
    hands.now = float(f.NOW)
    async with scripted(site.answer) as (_, there):
        store = f.store_of(*site.objects.values())
        session = Watched(there.target.server, store)

        def heard() -> None:
            for one in site.objects.values():
                store.apply(one["kind"], row_of(one["kind"], one))

        site.changed = heard
        view = await read_guard(session, REF, hands.log)
        guard = Guard(session, hands.gate, view, TERMS, Listener(told.append), keep=False)
        await guard.agree(plan_of(session, view, TERMS, on_screen=False))
        yield guard, hands, told
        session.api.close()


def states(hands: Watching) -> list[str]:
    return [one["guard"]["state"] for one in hands.audit if one["event"] == "guard"]


async def ended(guard: Guard) -> Ended:
    return await asyncio.wait_for(guard.run(), 30)


async def test_a_good_release_is_recorded_as_started_good_and_done(tmp_path: Path) -> None:
    async with guarding_on(well(), tmp_path) as (guard, hands, told):
        ending = await ended(guard)
    assert (ending.good, ending.receipt, told) == (True, None, [])
    assert states(hands) == ["started", "good", "done"]
    assert hands.audit[0]["guard"]["agreed"] == ["old"]
    assert hands.audit[1]["guard"]["template"] == "old"


async def test_a_cancelled_guard_is_recorded_as_cancelled(tmp_path: Path) -> None:
    async with guarding_on(bad(), tmp_path) as (guard, hands, _):
        guard.cancel()
        assert (await ended(guard)).cancelled
    assert states(hands) == ["started", "cancelled"]


async def test_a_guard_that_ends_with_its_program_is_recorded_as_stopped(tmp_path: Path) -> None:
    async with guarding_on(bad(), tmp_path) as (guard, hands, _):
        running = asyncio.create_task(guard.run())
        while not guard.urgent:
            await asyncio.sleep(0.001)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    assert states(hands) == ["started", "stopped"]


async def test_a_bad_release_is_rolled_back_once_with_its_evidence(tmp_path: Path) -> None:
    site = bad()
    async with guarding_on(site, tmp_path) as (guard, hands, told):
        ending = await ended(guard)
    assert ending.receipt is not None and ending.receipt.ok, (told, ending)
    assert len(site.writes) == 1
    (intent,) = [one for one in hands.audit if one["event"] == "intent"]
    assert intent["guard"]["target"] == "old"
    assert intent["guard"]["evidence"] == ["image press:2 not found (1 pod)"]


async def test_where_nothing_can_be_recorded_it_says_so_and_guards_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with guarding_on(well(), tmp_path) as (guard, hands, told):

        def full(record: Mapping[str, Any]) -> None:
            raise Refusal("The audit record cannot be written (No space left on device).")

        monkeypatch.setattr(hands.log, "append", full)
        assert (await ended(guard)).good
    assert set(told) == {"The audit record cannot be written (No space left on device)."}


async def test_a_person_who_says_no_has_no_guard(tmp_path: Path) -> None:
    hands = Watching(tmp_path, answer=False)
    async with scripted(well().answer) as (_, session):
        view = await read_guard(session, REF, hands.log)
        watched = Watched(session.target.server, f.store_of(*well().objects.values()))
        with pytest.raises(Refusal, match="Cancelled"):
            guard = Guard(watched, hands.gate, view, TERMS, Listener(lambda text: None), keep=False)
            await guard.agree(plan_of(session, view, TERMS, on_screen=False))
        watched.api.close()
    assert [one["event"] for one in hands.audit if one["event"] == "guard"] == []
