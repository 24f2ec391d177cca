"""One run for all who wait for it: a credential plugin must not be started by every request that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from edgetui.cluster.errors import CredentialError

REST = 5.0
"""Seconds between two runs at least, so that what keeps failing is not run for every request."""

T = TypeVar("T")


class SharedRun(Generic[T]):
    """Runs `work` at most once at a time. `steady` gives seconds of a clock that never jumps.

    A waiter that is cancelled does not end the run: others wait for it, and a person may be signing in.
    """

    def __init__(self, work: Callable[[], Awaitable[T]], steady: Callable[[], float]) -> None:
        self._work = work
        self._steady = steady
        self._task: asyncio.Task[T] | None = None
        self._failed: CredentialError | None = None
        self._ended_at = float("-inf")

    @property
    def fresh(self) -> bool:
        """Whether the last run succeeded a moment ago and none is under way."""
        return self._task is None and self._failed is None and self._rests()

    async def result(self) -> T:
        """What a run gives: the one under way, else a new one; a failure of a moment ago is raised again."""
        task = self._task
        if task is None:
            if self._failed is not None and self._rests():
                raise self._failed
            task = self._task = asyncio.get_running_loop().create_task(self._run())
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            waiter = asyncio.current_task()
            if task.cancelled() and waiter is not None and not waiter.cancelling():
                raise CredentialError(
                    "The sign-in that was under way is no longer needed.",
                    "edgetui tries again with the new one.",
                ) from None
            raise

    def _rests(self) -> bool:
        return self._steady() - self._ended_at < REST

    async def _run(self) -> T:
        self._failed = None
        try:
            return await self._work()
        except CredentialError as error:
            self._failed = error
            raise
        finally:
            self._ended_at = self._steady()
            self._task = None

    async def close(self) -> None:
        """End a run that is under way."""
        if (task := self._task) is not None:
            task.cancel()
            await asyncio.wait([task])
            if self._task is task:
                self._task = None  # it was ended before its first step
