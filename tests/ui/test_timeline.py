"""What happened while nobody looked, behind one key."""

from __future__ import annotations

from edgetui.model.freshness import Link, LinkState
from edgetui.model.kinds import row_of
from tests.unit.model.factories import image_pull

from .driving import running
from .fleet import many_pods


async def test_what_turned_bad_and_a_lost_link_are_told_with_their_age() -> None:
    store = many_pods(4)
    async with running([store]) as screen:
        await screen.press("h")
        assert "nothing: what turns bad" in screen.text()
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
