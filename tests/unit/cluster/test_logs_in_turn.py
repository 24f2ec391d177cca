"""A log that runs: streams and outages, when it looks at the pod, listens and pauses, and what ends it for good."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import msgspec
import pytest

from edgetui.cluster.api.logs import FIRST_LINE_WITHIN, Hearing, LogState
from edgetui.cluster.errors import Invalid, LinkError, Unauthorized
from edgetui.model.kinds.pod import WirePod
from edgetui.model.view.log_targets import End, containers

from .logsite import said
from .test_logs_in_full import AGAIN, ENDED_POD, PATH, RESTED, RUNNING_POD, Reading, container


def end_of(document: Any) -> End | None:
    """How the container of a pod ended."""
    pod = msgspec.json.decode(json.dumps(document), type=WirePod)
    return containers(pod)[0].ended


async def test_a_stream_is_asked_for_with_a_week_for_its_first_line_and_closed_with_its_end() -> None:
    on = Reading(ENDED_POD, container="app")
    on.log.containers = [container(running=True)]
    listening = asyncio.ensure_future(on.log._listen())
    await asyncio.sleep(0)
    ((path, query, made, head),) = on.source.opened
    assert (path, query["follow"], head) == (f"{PATH}/log", "true", FIRST_LINE_WITHIN)
    made.on_head(200, {})
    made.on_data(said(1, "one") + RESTED)
    made.on_end(True)
    await listening
    assert on.source.opened[-1] == "closed"
    assert on.lines == ["one", "rest"]
    assert on.log.state.hearing is Hearing.ENDED
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_what_ended_a_stream_is_raised() -> None:
    on = Reading(container="app")
    listening = asyncio.ensure_future(on.log._listen())
    await asyncio.sleep(0)
    on.source.opened[0][2].on_error(LinkError("lost"))
    with pytest.raises(LinkError, match="lost"):
        await listening
    assert on.source.opened[-1] == "closed"


async def test_a_silent_stream_is_given_up_after_an_outage_and_one_that_speaks_is_kept() -> None:
    on = Reading(container="app")
    up, down = asyncio.Event(), asyncio.Event()
    on.source.until_up = up.wait  # type: ignore[method-assign, assignment]
    on.source.until_down = down.wait  # type: ignore[method-assign, assignment]
    listening = asyncio.ensure_future(on.log._listen())
    await asyncio.sleep(0)
    down.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert on.log.state == LogState(Hearing.CUT, "The link is down.", "The log goes on when it is back.")
    down.clear()
    on.log.take([said(1, "one").rstrip()])
    up.set()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not listening.done()
    down.set()
    with pytest.raises(LinkError) as lost:
        await listening
    assert (lost.value.sentence, lost.value.next_step) == ("The link was down.", AGAIN)


async def run_to_its_end(on: Reading, monkeypatch: pytest.MonkeyPatch, *steps: Any) -> list[Any]:
    """Run it where each attempt to listen does the next of these; returns the state after each."""
    left, states = list(steps), list[Any]()

    async def listens() -> None:
        step = left.pop(0)
        if isinstance(step, Exception):
            raise step
        on.log._say(step)

    async def pauses() -> None:
        states.append(on.log.state)

    monkeypatch.setattr(on.log, "_listen", listens)
    monkeypatch.setattr(on.log, "_pause", pauses)
    await asyncio.wait_for(on.log.run(), 10)
    assert left == []
    return [one.hearing.value for one in states]


OVER = LogState(Hearing.OVER)


@pytest.mark.parametrize(
    ("pods", "steps", "states", "looks"),
    [
        ([RUNNING_POD], [OVER], [], 1),
        ([RUNNING_POD], [LinkError("lost"), LinkError("lost"), OVER], ["cut", "cut"], 1),
        ([RUNNING_POD, RUNNING_POD], [Invalid("it waits"), OVER], ["waiting"], 2),
        ([LinkError("lost"), RUNNING_POD], [OVER], ["cut"], 2),
        ([RUNNING_POD, RUNNING_POD], [LogState(Hearing.ENDED), OVER], ["ended"], 2),
        (
            [RUNNING_POD, ENDED_POD, RUNNING_POD],
            [LogState(Hearing.ENDED, end=end_of(ENDED_POD)), OVER],
            ["ended", "ended"],
            3,
        ),
        ([RUNNING_POD], [Unauthorized("who?"), OVER], ["asking"], 1),
        ([RUNNING_POD], [Unauthorized("who?"), Unauthorized("who?")], ["asking"], 1),
    ],
)
async def test_when_it_looks_listens_and_pauses(
    pods: list[Any],
    steps: list[Any],
    states: list[str],
    looks: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on = Reading(*pods)
    assert await run_to_its_end(on, monkeypatch, *steps) == states
    assert len(on.source.looked) == looks
    assert set(on.source.refreshed) <= {4}
