"""How many helper programs work at a time: what a slot costs, when it is given up, what CPU time is
counted.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from edgetui.cluster.auth import program_slots
from edgetui.cluster.auth.program_slots import Slot, cpu_ticks


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    monkeypatch.setattr(program_slots, "_slots", threading.BoundedSemaphore(2))
    return now


def test_the_bounds_are_those_that_are_told() -> None:
    assert not Slot().held
    assert (program_slots.MOST_WORKING, program_slots.LONGEST, program_slots.EVERY) == (8, 5.0, 0.1)
    taken = [program_slots._slots.acquire(blocking=False) for _ in range(9)]
    for _ in range(sum(taken)):
        program_slots._slots.release()
    assert taken == [True] * 8 + [False]


def test_a_slot_is_taken_and_given_up_once(clock: list[float]) -> None:
    slots = [Slot() for _ in range(3)]
    assert [one.held for one in slots] == [False] * 3
    assert [one.take(0.0) for one in slots] == [True, True, False]
    assert [one.held for one in slots] == [True, True, False]
    for _ in range(2):
        slots[0].give_up()
        slots[2].give_up()
    assert slots[2].take(0.0)
    assert not Slot().take(0.0)


def looked(
    monkeypatch: pytest.MonkeyPatch, clock: list[float], steps: list[tuple[float, int | None]]
) -> list[bool]:
    """Whether a slot is held after each look, each so many seconds later, at so many ticks."""
    slot = Slot()
    assert slot.take(0.0)
    held = []
    for rest, ticks in steps:
        clock[0] += rest
        asked: list[int] = []

        def count(pid: int, ticks: int | None = ticks, asked: list[int] = asked) -> int | None:
            asked.append(pid)
            return ticks

        monkeypatch.setattr(program_slots, "cpu_ticks", count)
        before = slot.held
        slot.look(7)
        held.append(slot.held)
        assert asked in ([], [7] * before)
    return held


@pytest.mark.parametrize(
    ("steps", "held"),
    [
        ([(0.0, 5), (0.1, 5)], [True, False]),
        ([(0.0, 5), (0.0999, 5), (0.0002, 5)], [True, True, False]),
        ([(0.0, 5), (0.1, 6), (0.1, 7), (0.1, 7)], [True, True, True, False]),
        ([(0.0, None), (0.1, None), (0.1, None)], [True, True, True]),
        ([(0.0, 5), (0.1, None), (0.1, 5), (0.1, 5)], [True, True, True, False]),
        ([(0.0, 0), (0.1, 0)], [True, False]),
        ([(4.99, None), (0.01, None)], [True, True]),
        ([(4.8, None), (0.2, None)], [True, False]),
        ([(0.0, 5), (0.1, 5), (0.1, 6)], [True, False, False]),
    ],
    ids=range(9),
)
def test_it_is_given_up_by_who_only_waits_or_after_five_seconds(
    steps: list[tuple[float, int | None]],
    held: list[bool],
    clock: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert looked(monkeypatch, clock, steps) == held


def process(proc: Path, pid: int, state: str, ticks: tuple[int, int, int, int], *children: int) -> None:
    """What the kernel tells of a process; its name may hold anything."""
    place = proc / str(pid) / "task" / str(pid)
    place.mkdir(parents=True)
    fields = " ".join([state, *("9" for _ in range(10)), *map(str, ticks), "9", "9"])
    (proc / str(pid) / "stat").write_text(f"{pid} (a) S 1 (x) {fields}\n")
    (place / "children").write_text(" ".join(map(str, children)))


def test_the_time_of_a_program_is_that_of_all_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program_slots, "_PROC", tmp_path)
    assert cpu_ticks(1) is None
    process(tmp_path, 1, "S", (1, 20, 300, 4000), 2, 3)
    assert cpu_ticks(1) == 4321, "what has ended meanwhile is passed over"
    process(tmp_path, 2, "S", (1, 1, 1, 1), 4)
    process(tmp_path, 4, "Z", (5, 0, 0, 0))
    assert cpu_ticks(1) == 4321 + 4 + 5
    for number, state in ((5, "R"), (6, "D")):
        process(tmp_path, number, state, (0, 0, 0, 0))
        assert cpu_ticks(number) is None
    process(tmp_path, 3, "R", (0, 0, 0, 0))
    assert cpu_ticks(1) is None
    assert cpu_ticks(4) == 5
