"""What an earlier start left open is looked for by itself once the link is up, said in the header, and recorded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from edgetui.actions.gate.audit import AuditLog
from edgetui.actions.gate.handover import acts
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.ui import action_keys, earlier_writes
from edgetui.ui import app as app_module
from tests.unit.actions.scripted import FakeDeployment, scripted

from .driving import running
from .fleet import plant
from .test_guarding import Site

INTENT: dict[str, Any] = {
    "event": "intent",
    "run": "1",
    "action": "scale",
    "uid": "uid-1",
    "cluster": "plant",
    "time": "2026-09-21T13:00:00.000+00:00",
    "object": {"kind": "Deployment", "namespace": "line-2", "name": "press"},
    "words": "scale deployment press from 3 to 6",
    "before": {"replicas": 3},
    "after": {"replicas": 6},
}


@pytest.fixture(autouse=True)
def by_the_test_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The screen neither looks nor loads the actions by itself, however long a test takes."""
    monkeypatch.setattr(app_module, "LOOK_BACK", 3600.0)
    monkeypatch.setattr(action_keys, "LOAD_AFTER", 3600.0)


async def test_it_is_a_result_that_waits_for_the_person_and_is_looked_for_once(
    tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr(earlier_writes, "AGAIN", 0.001)
    press, log = FakeDeployment(), AuditLog(tmp_path / "audit.jsonl")
    press.apply(6)
    log.append(INTENT)
    async with scripted(press.answer) as (server, session):
        store = plant()
        here = Site(session.target.server, store)
        store.set_link(LinkState(link=Link.STALE, sentence="The link is down."))
        async with running([store], sessions={"plant": here}, audit=log.path) as screen:
            looking = asyncio.ensure_future(
                earlier_writes.look_back(screen.app, lambda: screen.app.flows, screen.app.now())
            )
            for _ in range(5):
                await screen.pilot.pause(0.01)
            assert server.requests == []
            store.set_link(LinkState(link=Link.LIVE))
            await looking
            await screen.changed()
            assert "1 RESULT" in screen.text()
            await screen.press("R")
            assert "No answer came to" in screen.text() and "it is on the cluster" in screen.text()
            assert not any(line.startswith(("PUT", "PATCH")) for line in server.lines)
            server.requests.clear()
            await earlier_writes.look_back(screen.app, lambda: screen.app.flows, screen.app.now())
            assert server.requests == []
    (act,) = acts(log.recent())
    assert act.outcome == "done"


async def test_nothing_open_loads_nothing_and_asks_nothing(tmp_path: Path) -> None:
    async with scripted(FakeDeployment().answer) as (server, session):
        store = plant()
        here = Site(session.target.server, store)
        async with running([store], sessions={"plant": here}, audit=tmp_path / "none") as screen:
            await earlier_writes.look_back(screen.app, lambda: screen.app.flows, screen.app.now())
            assert screen.app.loaded_flows is None
            assert server.requests == []
