"""Calls that may block: their outcome, their time, and that one which hangs costs the next a tenth."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster import blocking
from edgetui.cluster.blocking import in_thread, within
from edgetui.cluster.kubeconfig import search
from edgetui.cluster.kubeconfig.search import _expand, _may_exist, _resolved


def fails() -> None:
    raise KeyError("x")


async def test_what_a_thread_gives_or_raises_comes_to_the_loop() -> None:
    seen: list[threading.Thread] = []

    def call() -> int:
        seen.append(threading.current_thread())
        return 7

    assert await in_thread(call, "a name") == 7
    assert (seen[0].name, seen[0].daemon, seen[0] is threading.main_thread()) == ("a name", True, False)
    with pytest.raises(KeyError):
        await in_thread(fails, "a name")


async def test_who_has_left_is_not_told() -> None:
    go = threading.Event()
    future = in_thread(lambda: go.wait(10), "x")
    future.cancel()
    go.set()
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert future.cancelled()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    monkeypatch.setattr(blocking, "_idle", [])
    monkeypatch.setattr(blocking, "_hanging", [])
    yield blocking._idle


def test_one_worker_does_one_call_after_another(alone: list[Any]) -> None:
    threads = {within(5, threading.current_thread) for _ in range(3)}
    assert len(threads) == len(alone) == 1
    with pytest.raises(KeyError):
        within(5, fails)
    assert within(5, threading.current_thread) in threads
    assert all(one.daemon and one.name == "files" for one in threads)


def test_while_one_hangs_the_next_has_a_tenth_of_the_time(
    alone: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float | None] = []

    class Worker:
        def __init__(self) -> None:
            self.calls: queue.SimpleQueue[Callable[[], Any]] = queue.SimpleQueue()
            self.outcomes = self
            self.late = False

        def empty(self) -> bool:
            return not self.late

        def get(self, timeout: float | None) -> Any:
            waits.append(timeout)
            raise queue.Empty

    made: list[Worker] = []

    def worker() -> Worker:
        made.append(Worker())
        return made[-1]

    monkeypatch.setattr(blocking, "_Worker", worker)
    for _ in range(3):
        with pytest.raises(TimeoutError):
            within(3.0, fails)
    assert waits == [3.0, 0.3, 0.3]
    assert list[Any](blocking._hanging) == made
    assert blocking._idle == []
    for one in made:
        one.late = True
    with pytest.raises(TimeoutError):
        within(3.0, fails)
    assert waits[3:] == [3.0], "what has answered meanwhile hangs no more"


@pytest.mark.parametrize("error", [TimeoutError(), OSError(), ValueError()])
def test_a_path_that_cannot_be_looked_at_is_taken_as_it_is(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(seconds: float, call: Callable[[], Any]) -> Any:
        assert seconds == 3.0
        raise error

    monkeypatch.setattr(search, "within", fail)
    assert [one.files for one in _expand(Path("/x"))] == [(Path("/x"),)]
    assert _may_exist(Path("/x")) is not isinstance(error, ValueError)
    if type(error) is not OSError:
        assert _resolved(Path("/x")) == Path("/x")


@pytest.mark.parametrize(
    ("error", "exists"),
    [(FileNotFoundError(), False), (NotADirectoryError(), False), (PermissionError(), True)],
)
def test_what_is_there_and_cannot_be_read_should_be_heard_of(
    error: OSError, exists: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(seconds: float, call: Callable[[], Any]) -> Any:
        raise error

    monkeypatch.setattr(search, "within", fail)
    assert _may_exist(Path("/x")) is exists
