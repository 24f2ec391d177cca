"""One run for all who wait: when it is begun, whose failure is raised again, and who is told that it was
ended.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from edgetui.cluster.auth import shared_run
from edgetui.cluster.auth.shared_run import SharedRun
from edgetui.cluster.errors import CredentialError


class Work:
    """Ends as it is told to; `begun` counts how often it was begun."""

    def __init__(self) -> None:
        self.now, self.begun, self.takes = 1000.0, 0, 0.0
        self.ends: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.run = SharedRun(self._work, lambda: self.now)

    async def _work(self) -> int:
        self.begun += 1
        try:
            return await asyncio.shield(self.ends)
        finally:
            self.now += self.takes

    def end(self, how: int | Exception) -> None:
        self.ends = asyncio.get_running_loop().create_future()
        if isinstance(how, int):
            self.ends.set_result(how)
        else:
            self.ends.set_exception(how)


async def test_all_who_wait_get_what_one_run_gives() -> None:
    work = Work()
    waiting = [asyncio.create_task(work.run.result()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not work.run.fresh
    waiting[0].cancel()
    work.ends.set_result(7)
    assert [await one for one in waiting[1:]] == [7, 7]
    with pytest.raises(asyncio.CancelledError):
        await waiting[0]
    assert work.begun == 1
    assert work.run.fresh


@pytest.mark.parametrize(("rest", "fresh"), [(0.0, True), (4.99, True), (5.0, False)])
async def test_what_was_given_a_moment_ago_is_fresh(rest: float, fresh: bool) -> None:
    assert shared_run.REST == 5.0
    work = Work()
    assert not work.run.fresh
    work.takes = 60.0
    work.end(7)
    assert await work.run.result() == 7
    work.now += rest
    assert work.run.fresh is fresh
    assert await work.run.result() == 7
    assert work.begun == 2, "who asks for a run gets one"


@pytest.mark.parametrize(("rest", "again"), [(4.99, False), (5.0, True)])
async def test_a_failure_of_a_moment_ago_is_raised_again(rest: float, again: bool) -> None:
    work = Work()
    error = CredentialError("No.")
    work.end(error)
    for _ in range(2):
        with pytest.raises(CredentialError) as caught:
            await work.run.result()
        assert caught.value is error
    assert (work.begun, work.run.fresh) == (1, False)
    work.now += rest
    work.end(8)
    if again:
        assert await work.run.result() == 8
        assert work.run.fresh
    else:
        with pytest.raises(CredentialError):
            await work.run.result()


async def test_a_defect_is_not_kept() -> None:
    work = Work()
    work.end(KeyError("defect"))
    with pytest.raises(KeyError):
        await work.run.result()
    work.end(8)
    assert await work.run.result() == 8


@pytest.mark.parametrize("steps", [1, 2, 5])
async def test_who_waits_for_a_run_that_is_ended_is_told_and_the_next_begins_anew(steps: int) -> None:
    work = Work()
    waiting = asyncio.create_task(work.run.result())
    for _ in range(steps):
        await asyncio.sleep(0)
    await work.run.close()
    assert work.begun == (steps > 1)
    with pytest.raises(CredentialError) as caught:
        await waiting
    assert str(caught.value) == (
        "The sign-in that was under way is no longer needed. edgetui tries again with the new one."
    )
    await work.run.close()
    work.end(9)
    assert await work.run.result() == 9


async def test_who_is_cancelled_while_it_is_ended_is_only_cancelled() -> None:
    work = Work()
    waiting = asyncio.create_task(work.run.result())
    await asyncio.sleep(0)
    task: Any = work.run._task
    task.cancel()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
