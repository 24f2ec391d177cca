"""What the server prints of an object is followed over a slow link, in place of a look now and then."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest

from edgetui.cluster.api import client, followed, streamed_list

from .http2_server import Asked
from .test_streamed_list import SETS, STREAMS, event, far

COLUMNS = [{"name": "Name"}, {"name": "Ready"}, {"name": "Age"}]
MARKS = {"rows": [{"cells": ["", "0/0", ""]}]}


def table(ready: str, *, first: bool = False) -> dict[str, Any]:
    """A Table of one row; only the first event of a watch names its columns."""
    columns = COLUMNS if first else None
    return {"kind": "Table", "columnDefinitions": columns, "rows": [{"cells": ["press", ready, "3d"]}]}


class Server:
    """A deployment whose Table is watched, and whose scale is asked for."""

    def __init__(self, ready: str = "1/3", *, named: bool = True) -> None:
        self.ready = ready
        self.named = named
        self.scale = {"spec": {"replicas": 3}, "status": {"replicas": 3}}
        self.watches: list[Asked] = []
        self.looks = 0

    def __call__(self, asked: Asked) -> None:
        if "watch=1" in asked.line:
            self.watches.append(asked)
            asked.head(200, ("content-type", "application/json"))
            self.send(
                event("ADDED", table(self.ready, first=self.named)),
                event("BOOKMARK", {"kind": "Table", **MARKS}),
            )
            return
        self.looks += 1
        asked.ok(json.dumps(self.scale).encode())

    def send(self, *lines: bytes) -> None:
        self.watches[-1].data(b"".join(lines))


async def until(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not fact():
            await asyncio.sleep(0.01)


async def test_a_change_comes_without_a_request_and_wakes_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server()
    async with far(monkeypatch, server) as (api, asked):
        async with api.following(SETS, "press") as kept:
            assert kept is not None
            assert kept.cells == {"Name": "press", "Ready": "1/3", "Age": "3d"}
            await kept.change(0.01)
            waiting = asyncio.ensure_future(kept.change(60.0))
            server.send(event("MODIFIED", table("2/3")))
            await asyncio.wait_for(waiting, 60)
            assert kept.cells["Ready"] == "2/3"
            server.send(event("DELETED", table("2/3")))
            await until(lambda: not kept.cells)
        await until(lambda: server.watches[0].reset)
        assert asked() == [f"{SETS}?watch"]


async def test_columns_that_are_known_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    known = tuple(column["name"] for column in COLUMNS)
    server = Server(named=False)
    async with far(monkeypatch, server) as (api, _), api.following(SETS, "press", known) as kept:
        assert kept is not None and kept.cells == {"Name": "press", "Ready": "1/3", "Age": "3d"}
        assert "-=true" in server.watches[0].line
    few = ("Name", "Ready")
    async with far(monkeypatch, Server()) as (api, _), api.following(SETS, "press", few) as kept:
        assert kept is not None and kept.cells["Ready"] == "1/3", "columns that are told count"


async def test_cells_of_another_number_than_the_columns_are_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, server = ("Name", "Ready"), Server(named=False)
    async with far(monkeypatch, server) as (api, _), api.following(SETS, "press", few) as kept:
        assert kept is None
    server = Server()
    async with far(monkeypatch, server) as (api, _), api.following(SETS, "press") as kept:
        assert kept is not None and kept.alive
        server.send(event("MODIFIED", {"kind": "Table", "rows": [{"cells": ["press", "3/3"]}]}))
        await until(lambda: not kept.alive)


@pytest.mark.parametrize("how", ["ended", "expired", "nonsense", "silent"])
async def test_a_watch_that_tells_no_more_is_not_believed(monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    server = Server()
    async with far(monkeypatch, server) as (api, _), api.following(SETS, "press") as kept:
        assert kept is not None and kept.alive
        if how == "ended":
            server.watches[0].data(b"", last=True)
        elif how == "silent":
            monkeypatch.setattr(followed, "SILENCE", 0.0)
        else:
            server.send(event("ERROR", {"code": 410}) if how == "expired" else b"<html>\n")
        await until(lambda: not kept.alive)


@pytest.mark.parametrize("name", STREAMS)
async def test_where_the_server_prints_no_table_nothing_is_followed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(streamed_list, "END_WITHIN", 0.05)
    async with far(monkeypatch, STREAMS[name]) as (api, _), api.following(SETS, "press-1") as kept:
        assert kept is None


async def test_over_a_quick_link_nothing_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with far(monkeypatch, Server()) as (api, asked):
        monkeypatch.setattr(client, "SLOW_HANDSHAKE", 60.0)
        async with api.following(SETS, "press") as kept:
            assert kept is None
        assert asked() == []
