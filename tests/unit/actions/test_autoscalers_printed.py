"""Over a slow link a command asks which autoscalers are printed for a workload, and reads only those."""

from __future__ import annotations

import gzip
import json
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.scaling.hpa_owner import autoscaler_of, autoscalers_printed_for
from edgetui.model.identity import ObjectKey
from tests.unit.cluster.http2_server import Asked
from tests.unit.cluster.test_streamed_list import END, event, far, status
from tests.unit.model import factories as f

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")


def cells(name: str, target: str) -> dict[str, Any]:
    return {"cells": [name, target, "cpu: 40%/50%", "2", "4", 2, "3d"], "object": None}


class Server:
    """Prints these autoscalers; each of them is of deployment press when it is read."""

    def __init__(self, *rows: dict[str, Any], code: int = 200, kind: str = "Table") -> None:
        self.table = {"kind": kind, "rows": list(rows)}
        self.code = code

    def __call__(self, asked: Asked) -> None:
        if "as=Table" in asked.headers["accept"] and self.code == 200:
            asked.ok(json.dumps(self.table).encode())
        elif "as=Table" in asked.headers["accept"]:
            status(asked, self.code)
        else:
            asked.head(200, ("content-type", "application/json"), ("content-encoding", "gzip"))
            asked.data(gzip.compress(event("ADDED", f.autoscaler("press", "line-2")) + END))


async def found(api: Any) -> tuple[tuple[str, ...] | None, str]:
    """What is printed, and the name of the one that owns the number."""
    session: Any = SimpleNamespace(api=api, store=None)
    printed = await autoscalers_printed_for(session, PRESS)
    owner, why = await autoscaler_of(session, PRESS, None, printed)
    assert not why
    return printed, owner.name if owner else ""


async def test_where_none_is_printed_for_it_none_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(cells("oven", "Deployment/oven"), cells("set", "StatefulSet/press"))
    async with far(monkeypatch, server, server) as (api, asked):
        assert await found(api) == ((), "")
        assert len(asked()) == 1


async def test_the_one_that_is_printed_is_read_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(cells("oven", "Deployment/oven"), cells("press", "Deployment/press"))
    async with far(monkeypatch, server, server) as (api, asked):
        assert await found(api) == (("press",), "press")
        assert len(asked()) == 2


@pytest.mark.parametrize(
    "server",
    [
        Server(code=403),
        Server(code=404),
        Server(kind="HorizontalPodAutoscalerList"),
        Server({"cells": ["press", "Deployment/press", "2"]}),
        Server(cells("press", "press")),
    ],
    ids=["forbidden", "missing", "objects", "other columns", "another reference"],
)
async def test_what_is_printed_in_another_way_or_not_at_all_is_read_as_objects(
    monkeypatch: pytest.MonkeyPatch, server: Server
) -> None:
    async with far(monkeypatch, server, server) as (api, _):
        assert await found(api) == (None, "press")


async def test_over_a_quick_link_nothing_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with far(monkeypatch, Server(), Server()) as (api, asked):
        monkeypatch.setattr("edgetui.cluster.api.client.SLOW_HANDSHAKE", 60.0)
        session: Any = SimpleNamespace(api=api, store=None)
        assert await autoscalers_printed_for(session, PRESS) is None
        assert asked() == []
