"""Whoever asks through the ports gets an answer, whatever happens to the question."""

from __future__ import annotations

import asyncio
import gc

import pytest

from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.cluster.watch.asyncio_io import _answer, steady_clock


async def ask(work: object) -> int:
    if isinstance(work, Exception):
        raise work
    return 7


async def test_a_result_and_a_typed_error_are_handed_on() -> None:
    got: list[int | EdgetuiError] = []
    lost = LinkError("gone")
    await _answer(lambda: ask(None), got.append)
    await _answer(lambda: ask(lost), got.append)
    assert got == [7, lost]


async def test_a_defect_is_handed_on_in_words_and_still_raised() -> None:
    got: list[int | EdgetuiError] = []
    with pytest.raises(ZeroDivisionError):
        await _answer(lambda: ask(ZeroDivisionError("secret")), got.append)
    (said,) = got
    assert isinstance(said, EdgetuiError)
    assert "secret" not in str(said)


async def test_a_question_that_is_given_up_is_not_answered() -> None:
    got: list[object] = []

    async def forever() -> None:
        await asyncio.get_running_loop().create_future()

    task = asyncio.create_task(_answer(forever, got.append))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert got == []


@pytest.mark.filterwarnings("error")
async def test_a_question_that_is_given_up_before_it_begins_is_never_asked() -> None:
    asked: list[int] = []

    async def note() -> int:
        asked.append(1)
        return 7

    task = asyncio.create_task(_answer(note, asked.append))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gc.collect()
    assert asked == []


def test_the_steady_clock_moves_on() -> None:
    first = steady_clock()
    assert steady_clock() >= first > 0.0
