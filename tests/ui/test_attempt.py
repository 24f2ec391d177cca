"""The edge of a worker: what it reads, why it cannot be read, and a defect, which is told and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgetui import crash
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.ui.later import attempt, later

from .driving import running
from .fleet import plant


async def give(one: object) -> object:
    if isinstance(one, BaseException):
        raise one
    return one


async def test_what_is_read_is_given_and_a_failure_is_what_it_was() -> None:
    lost = LinkError("The link is down.")
    assert await attempt(give(7)) == 7
    assert await attempt(give(lost)) is lost


@pytest.mark.defect
async def test_a_defect_is_told_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crash, "_directory", lambda: tmp_path / "state")
    found = await attempt(give(ZeroDivisionError("x")))
    assert isinstance(found, EdgetuiError)
    assert "ZeroDivisionError" in found.sentence
    (file,) = (tmp_path / "state").iterdir()
    assert str(file) in found.sentence
    assert "in attempt" in file.read_text()


async def test_who_cancels_it_is_not_answered() -> None:
    task = asyncio.ensure_future(attempt(asyncio.sleep(60)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (LinkError("The link is down.", "Wait."), "The link is down. Wait."),
        pytest.param(ZeroDivisionError("x"), "happened (ZeroDivisionError)", marks=pytest.mark.defect),
        (asyncio.CancelledError(), ""),
        (7, ""),
    ],
)
async def test_how_a_worker_failed_is_said_where_its_work_did_not_deal_with_it(
    end: object, said: str
) -> None:
    async with running([plant()]) as screen:
        worker = screen.app.run_worker(later(give, end), exit_on_error=False)
        await screen.wait_for(lambda: worker.is_finished, "the end of the worker")
        message = screen.app.main.footer.message
        assert said in message if said else not message
