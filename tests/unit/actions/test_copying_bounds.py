"""The numbers of a copy: how much is kept, sent and waited for, each at its bound, and what is said when it is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from edgetui.actions.files.copying import CutOff, Receiving, Result, Sending, Task, copy
from edgetui.actions.files.meter import Pace
from edgetui.actions.files.place import copy_of
from edgetui.actions.messages import Refusal
from edgetui.cluster.api.remote_command import Channel, Command, Ended
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.cluster.target import ClusterTarget

from .test_unpack import member

LOST = LinkError("The connection to plant was lost.")
NOT_FOUND = b"executable file not found"


async def at_once(seconds: float) -> None:
    """A sleep that takes no time."""


def task(source: str, target: str, limit: float | None = None) -> Task:
    pace = Pace(limit, lambda: 0.0, at_once)
    target_of = ClusterTarget(name="plant", context="plant")
    return Task(copy_of(source, target), target_of, "line-2", "app", True, pace, lambda done, total: None)


@pytest.mark.parametrize(
    ("limit", "window"), [(None, 0), (1.0, 4096), (4096.0, 4096), (4097.0, 4097), (100_000.0, 100_000)]
)
def test_a_second_of_what_the_limit_allows_may_lie_here_unread(limit: float | None, window: int) -> None:
    assert task("p:a", "b", limit).command(("tar",), stdin=True).window == window


@pytest.mark.parametrize(
    ("limit", "piece"), [(None, 32_768), (100.0, 512), (2052.0, 513), (10_000.0, 2500), (1e9, 32_768)]
)
async def test_a_quarter_of_a_second_is_sent_at_a_time(
    tmp_path: Path, limit: float | None, piece: int
) -> None:
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    sending = Sending(task(f"{tmp_path}/large", "p:large", limit))
    assert max([len(one) async for one in sending.input()]) == piece
    assert sending.left() == "It may have arrived: look at the pod."


async def test_of_what_is_no_archive_64_kib_are_waited_for(tmp_path: Path) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"))
    for _ in range(16):
        await receiving.write(Channel.STDOUT, b"x" * 4096)
    with pytest.raises(Refusal, match="archive"):
        await receiving.write(Channel.STDOUT, b"x")


@pytest.mark.parametrize(("length", "found"), [(4096, True), (4097, False)])
async def test_what_a_runtime_says_is_looked_for_in_4_kib(tmp_path: Path, length: int, found: bool) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"), shell=False)
    await receiving.write(Channel.STDOUT, b"x" * (length - len(NOT_FOUND) - 1) + b" ")
    await receiving.write(Channel.STDOUT, NOT_FOUND)
    with pytest.raises(Refusal) as refused:
        receiving.result(Ended(126))
    assert ("has no tar" in refused.value.sentence) == found


async def test_4_kib_of_what_is_said_beside_the_archive_are_kept(tmp_path: Path) -> None:
    receiving = Receiving(task("p:a", f"{tmp_path}/a"))
    for data in (b"1" * 4000, b"2" * 95, b"345"):
        await receiving.write(Channel.STDERR, data)
    assert receiving.lines == ["1" * 4000 + "2" * 95 + "3"]


Step = tuple[int, EdgetuiError | Ended]
"""How many pieces of a run go through, and how it ends."""


class Runs:
    """A container that takes what it is sent, and cuts it off as it is told."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = list(steps)
        self.waits: list[int] = []
        self.said: list[str] = []

    async def run(self, command: Command, ends: Receiving | Sending) -> Ended:
        pieces, end = self.steps.pop(0)
        async for _ in ends.input():
            pieces -= 1
            if pieces <= 0:
                break
        if isinstance(end, EdgetuiError):
            raise end
        return end

    async def wait(self, vain: int) -> None:
        self.waits.append(vain)

    async def copy(self, made: Task, retries: int) -> Result:
        return await copy(made, self.run, retries, self.said.append, self.wait)


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[], Task]:
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    return lambda: task(f"{tmp_path}/large", "p:large")


async def test_only_tries_in_vain_make_the_wait_longer(sent: Callable[[], Task]) -> None:
    runs = Runs([(1, LOST), (2, LOST), (1, LOST), (1, LOST), (3, LOST), (99, Ended(0))])
    result = await runs.copy(sent(), -1)
    assert (result.tally.files, result.well) == (1, True)
    assert runs.waits == [1, 1, 2, 3, 1]
    assert [one.rpartition(", ")[2] for one in runs.said] == [f"retry {n}." for n in range(1, 6)]


@pytest.mark.parametrize(
    ("retries", "said", "left"), [(0, 0, " With --retries 5 it goes on by itself."), (2, 2, "")]
)
async def test_the_last_try_says_what_is_left_and_what_would_help(
    sent: Callable[[], Task], retries: int, said: int, left: str
) -> None:
    runs = Runs([(1, LOST)] * (retries + 1))
    with pytest.raises(CutOff) as cut:
        await runs.copy(sent(), retries)
    assert cut.value.sentence == LOST.sentence
    assert cut.value.next_step.startswith("Under its name nothing has changed there; .edgetui.")
    assert cut.value.next_step.endswith(f" may be left beside it. Run it again.{left}")
    assert [one.rpartition(", ")[2] for one in runs.said] == [f"retry {n + 1} of 2." for n in range(said)]


async def test_where_nothing_went_nothing_is_said_to_be_left(tmp_path: Path) -> None:
    async def run(command: Command, ends: Receiving | Sending) -> Ended:
        raise LOST

    runs = Runs([])
    with pytest.raises(LinkError) as lost:
        await copy(task("p:a", f"{tmp_path}/a"), run, 0, runs.said.append, runs.wait)
    assert lost.value is LOST


async def test_a_tar_that_ended_in_the_middle_says_what_is_left_and_nothing_of_a_link(tmp_path: Path) -> None:
    async def run(command: Command, ends: Receiving | Sending) -> Ended:
        await ends.write(Channel.STDOUT, member("a", b"x" * 1000)[:900])
        return Ended(2)

    runs = Runs([])
    with pytest.raises(CutOff) as cut:
        await copy(task("p:a", f"{tmp_path}/a"), run, 0, runs.said.append, runs.wait)
    assert cut.value.sentence == "The tar in container app of pod p ended in the middle: exit code 2."
    assert cut.value.next_step == "0 files are complete, and the one that is not was removed."
    assert list(tmp_path.iterdir()) == []
