"""The edge of a worker: what it reads, why it cannot be read, and a defect, which is told and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from edgetui import crash
from edgetui.cluster.errors import EdgetuiError, LinkError
from edgetui.ui.later import attempt


async def give(one: object) -> object:
    if isinstance(one, BaseException):
        raise one
    return one


async def test_what_is_read_is_given_and_a_failure_is_what_it_was() -> None:
    lost = LinkError("The link is down.")
    assert await attempt(give(7)) == 7
    assert await attempt(give(lost)) is lost


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
