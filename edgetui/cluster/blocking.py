"""Calls that may block for long, or for ever, in daemon threads of their own.

A file on a hung mount and a program that waits for a person hold a thread as long as they like. In the loop's
default executor a few of them would keep everything else waiting (records, row files, imports), and the end of
the program would wait for them.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import asyncio

T = TypeVar("T")
_Outcome = tuple[bool, Any]


def in_thread(call: Callable[[], T], name: str) -> asyncio.Future[T]:
    """What `call` gives or raises, made in a daemon thread that nothing else waits for."""
    import asyncio

    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(outcome: _Outcome) -> None:
        fine, found = outcome
        if future.done():
            return
        if fine:
            future.set_result(found)
        else:
            future.set_exception(found)

    def work() -> None:
        outcome = _outcome(call)
        with contextlib.suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, daemon=True, name=name).start()
    return future


def within(seconds: float, call: Callable[[], T]) -> T:
    """What `call` gives or raises; TimeoutError when it takes longer. Then its thread is left to itself.

    While one hangs the next has a tenth of the time: fifty files of one dead mount must not take fifty times as long.
    """
    _hanging[:] = [worker for worker in _hanging if worker.outcomes.empty()]
    worker = _idle.pop() if _idle else _Worker()
    worker.calls.put(call)
    try:
        fine, found = worker.outcomes.get(timeout=seconds / 10 if _hanging else seconds)
    except queue.Empty:
        _hanging.append(worker)
        raise TimeoutError from None
    _idle.append(worker)
    if fine:
        return found  # type: ignore[no-any-return]
    raise found


class _Worker:
    """A thread that takes one call after another: starting one for each small file would cost more than reading it."""

    def __init__(self) -> None:
        self.calls: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
        self.outcomes: queue.SimpleQueue[_Outcome] = queue.SimpleQueue()
        threading.Thread(target=self._work, daemon=True, name="files").start()

    def _work(self) -> None:
        while True:
            self.outcomes.put(_outcome(self.calls.get()))


_idle: list[_Worker] = []
_hanging: list[_Worker] = []


def _outcome(call: Callable[[], Any]) -> _Outcome:
    try:
        return True, call()
    except BaseException as error:  # noqa: BLE001 - it is raised where the caller waits
        return False, error
