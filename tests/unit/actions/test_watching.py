"""Looking at the cluster after a write: until it is true, has failed, or the time is up."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgetui.actions.catalogue import needs
from edgetui.actions.change import watch as watching
from edgetui.actions.change.watch import Observation, Watched, Workload, watch
from edgetui.actions.gate.gate import Run
from edgetui.model.cache.freshness import Freshness, Link, LinkState, Sync
from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import row_of

from .scripted import DROP, Answer, FakeDeployment, Request, Server, Watching, scripted

REF = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "uid-1", "812")


class Looks:
    """A Deployment whose answers follow a script; the last one stays."""

    def __init__(self, *answers: Answer | int) -> None:
        self.press = FakeDeployment()
        self._script = list(answers)

    def __call__(self, request: Request) -> Answer:
        said = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(said, int):
            self.press.replicas = said
            return 200, self.press.document()
        return said


@asynccontextmanager
async def running(tmp_path: Path, looks: Looks) -> AsyncIterator[tuple[Run, Server, Watching]]:
    hands = Watching(tmp_path)
    rights = needs("scale", "Deployment")
    async with (
        scripted(looks) as (server, session),
        hands.gate.run(session, "scale", REF, rights, "line-2", "press") as run,
    ):
        yield run, server, hands


async def at_six(row: Workload) -> Observation:
    replicas = getattr(row, "replicas", 0)
    return Observation(replicas == 6, replicas == 99, f"at {replicas}")


async def seen(run: Run, **options: float) -> Watched:
    return await watch(run, REF, 5, at_six, **{"wait": 5.0, **options})


async def test_it_looks_until_it_is_true_and_says_each_change_once(tmp_path: Path) -> None:
    async with running(tmp_path, Looks(3, 3, 4, 6)) as (run, server, hands):
        found = await seen(run)
        assert len(server.requests) == 4
    assert (found.reached, found.failed, found.text) == (True, False, "at 6")
    assert [step.text for step in hands.steps] == ["at 3", "at 4"]


async def test_an_answer_that_does_not_come_does_not_end_it(tmp_path: Path) -> None:
    async with running(tmp_path, Looks((DROP, {}), (503, {}), (429, {}), 6)) as (run, _, _hands):
        assert (await seen(run)).reached


async def test_a_deleted_object_ends_it(tmp_path: Path) -> None:
    async with running(tmp_path, Looks(3, (404, {}))) as (run, _, _hands):
        found = await seen(run)
    assert (found.reached, found.failed) == (False, True)
    assert "no deployment press" in found.text


async def test_the_time_is_up(tmp_path: Path) -> None:
    async with running(tmp_path, Looks(3)) as (run, _, _hands):
        found = await seen(run, wait=0.05)
    assert (found.reached, found.failed, found.text) == (False, False, "at 3")


async def test_what_is_true_must_stay_true_for_the_hold(tmp_path: Path) -> None:
    async with running(tmp_path, Looks(6, 6, 99)) as (run, _, hands):
        hands.steps.clear()
        found = await seen(run, hold=4.0, wait=0.1)
    assert not found.reached


async def test_a_failure_that_is_taken_back_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FAILED_FOR", 3600.0)
    async with running(tmp_path, Looks(99, 99, 3, 6)) as (run, _, _hands):
        assert (await seen(run)).reached
    monkeypatch.setattr(watching, "FAILED_FOR", 0.02)
    async with running(tmp_path, Looks(99)) as (run, _, _hands):
        found = await seen(run)
    assert (found.reached, found.failed) == (False, True)


async def test_a_state_older_than_the_write_is_not_judged(tmp_path: Path) -> None:
    async with running(tmp_path, Looks(6)) as (run, _, _hands):
        found = await watch(run, REF, 6, at_six, 0.05)
    assert not found.reached


async def test_a_live_watch_costs_no_request(tmp_path: Path) -> None:
    looks = Looks((500, {}))
    looks.press.replicas = 6
    async with running(tmp_path, looks) as (run, server, _hands):
        store = Store("plant")
        store.set_link(LinkState(link=Link.LIVE))
        store.set_freshness("Deployment", Freshness(sync=Sync.LIVE, heard=1.0))
        store.replace("Deployment", [row_of("Deployment", looks.press.document())])
        run.session.store = store  # type: ignore[misc]
        assert (await seen(run)).reached
        assert server.requests == []
