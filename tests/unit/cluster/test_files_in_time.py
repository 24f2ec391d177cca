"""Credential files that are looked at again: nobody waits twice for a mount that hangs, and a change counts once."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from edgetui.cluster.auth import credentials as module
from edgetui.cluster.auth.credentials import Credentials
from edgetui.cluster.auth.token_file import PERIOD
from edgetui.cluster.blocking import in_thread, within
from tests.unit.cluster.kubeconfigs import config, one, put

from .test_credentials import Clock, credentials


class Mount:
    """Looks at files that hang from when they are told to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.looks = 0
        self.hangs: asyncio.Future[Any] | None = None
        monkeypatch.setattr(module, "in_thread", self._look)

    def _look(self, call: Any, name: str) -> asyncio.Future[Any]:
        self.looks += 1
        if self.hangs is not None:
            return self.hangs
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        done.set_result(call())
        return done


async def test_a_token_that_is_known_does_not_wait_for_a_look_that_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, mount = Clock(), Mount(monkeypatch)
    found = credentials(clock, token_file=put(tmp_path / "token", "one"))
    assert await found.headers() == [("Authorization", "Bearer one")]
    mount.hangs = asyncio.get_running_loop().create_future()
    clock.now += PERIOD
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    assert await found.headers() == [("Authorization", "Bearer one")]
    monkeypatch.setattr(module, "PATIENCE", 3600.0)
    assert await asyncio.wait_for(found.headers(), 30) == [("Authorization", "Bearer one")]
    assert mount.looks == 2
    mount.hangs.set_result(None)


async def test_nothing_is_looked_at_before_it_is_due(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, mount = Clock(), Mount(monkeypatch)
    found = credentials(clock, token_file=put(tmp_path / "token", "one"))
    for rest, looks in ((0.0, 1), (PERIOD - 0.1, 1), (0.1, 2), (0.0, 2)):
        clock.now += rest
        await found.headers()
        assert mount.looks == looks


async def test_a_changed_user_is_one_new_generation(tmp_path: Path) -> None:
    file = put(tmp_path / "config", config(user={"token": "old"}))
    found = Credentials(one(file))
    await found.headers()
    put(file, config(user={"token": "new"}))
    assert await found.refresh(found.generation)
    assert found.generation == 1
    assert await found.headers() == [("Authorization", "Bearer new")]
    assert not await found.refresh(found.generation)
    assert found.generation == 1


async def test_a_changed_token_file_is_one_new_generation(tmp_path: Path) -> None:
    token = put(tmp_path / "token", "one")
    found = Credentials(one(put(tmp_path / "config", config(user={"tokenFile": str(token)}))))
    await found.headers()
    put(token, "two")
    assert await found.refresh(found.generation)
    assert (found.generation, await found.headers()) == (1, [("Authorization", "Bearer two")])


async def test_threads_that_hang_keep_nobody_from_leaving() -> None:
    go = threading.Event()
    try:
        with pytest.raises(TimeoutError):
            within(0.01, go.wait)
        looking = in_thread(go.wait, "a mount")
        named = {one.name: one for one in threading.enumerate()}
        assert named["a mount"].daemon and named["files"].daemon
    finally:
        go.set()
    await looking
