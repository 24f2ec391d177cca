"""What happened while nobody looked, behind one key."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from edgetui.actions.gate.audit import AuditLog, stamp
from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.kinds import row_of
from tests.unit.model.factories import NOW, image_pull

from .driving import running
from .fleet import many_pods, plant
from .test_guarding import until_shown


async def test_what_turned_bad_and_a_lost_link_are_told_with_their_age() -> None:
    store = many_pods(4)
    async with running([store]) as screen:
        await screen.press("h")
        assert "nothing: status changes and what edgetui does" in screen.text()
        await screen.press("escape")
        rows = sorted(store.rows("Pod"), key=lambda row: row.name)
        for row in rows[:3]:
            broken = image_pull(row.name, row.namespace, version=9_000_000)
            broken["metadata"]["uid"] = row.uid
            store.apply("Pod", row_of("Pod", broken))
        await screen.changed()
        screen.clock.advance(65)
        store.set_link(LinkState(Link.STALE, screen.clock.wall))
        await screen.changed()
        await screen.press("h")
        text = screen.text()
        assert "since 1m ago" in text
        assert "plant  link is stale" in text
        named = {row.namespace for row in rows[:3]}
        assert text.count("image not found") == len(named)
        assert any(f"pod {row.name}" in text for row in rows[:3])
        await screen.press("escape")
        assert screen.app.screen is screen.app.main


async def test_what_edgetui_did_stands_among_it_with_clock_time_outcome_and_the_key_of_undo(
    tmp_path: Path,
) -> None:
    audit = tmp_path / "audit.jsonl"
    log = AuditLog(audit)

    def record(run: str, cluster: str, minutes: int, result: str, **more: Any) -> None:
        about = {"kind": "Deployment", "namespace": "line-2", "name": "press"}
        same = {"run": run, "action": "scale", "cluster": cluster, "uid": "u", "object": about, **more}
        same |= {"time": stamp(NOW - 60 * minutes), "who": {"user": "kim"}}
        words = "scale deployment press from 3 to 5"
        intent = {"event": "intent", "words": words, "before": {"replicas": 3}, "after": {"replicas": 5}}
        if result != "unsent":
            log.append({**same, **intent})
            log.append({**same, "event": "result", "result": "done"})
        log.append({**same, **intent, "event": "outcome", "result": result})

    record("1", "plant", 90, "reached")
    record("2", "plant", 5, "unsent", uid="v")
    record("3", "elsewhere", 4, "reached", uid="w")
    async with running([plant()], audit=audit) as screen:
        await screen.press("h")
        await until_shown(screen, "from 3 to 5")
        text = screen.text()
        clock = [time.strftime("%H:%M", time.gmtime(NOW - 60 * minutes)) for minutes in (5, 90)]
        first, second = (line for line in text.splitlines() if "from 3 to 5" in line)
        assert first.startswith(f">{clock[0]}   5m  plant  kim: scale deployment press")
        assert second.startswith(f">{clock[1]}   1h")
        assert "not sent, nothing changed; replicas 3 -> 5" in text
        assert "reached; replicas 3 -> 5; u takes it back" in text
        assert "elsewhere" not in text
        record("4", "plant", 0, "reached")
        screen.app.front.tick()
        await until_shown(screen, ">" + time.strftime("%H:%M", time.gmtime(NOW)))
