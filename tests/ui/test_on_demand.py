"""What is watched only while a pane shows it: Services with their endpoints, and Events."""

from __future__ import annotations

import pytest

from edgetui.cluster.session import FIRST_PAINT
from edgetui.model.panes import DASHBOARD, PANES

from .driving import Needs, running
from .fleet import plant


def test_the_rows_of_the_dashboard_are_watched_from_the_start_and_others_on_demand() -> None:
    assert {id for id, pane in PANES.items() if not pane.on_demand} == set(DASHBOARD)
    for id in DASHBOARD:
        assert set(PANES[id].needs) - set(PANES[id].optional) <= set(FIRST_PAINT)


@pytest.mark.parametrize("key", ["1", "2"])
async def test_endpoints_are_watched_while_services_are_shown_and_no_longer(key: str) -> None:
    session = Needs()
    async with running([plant()], sessions={"plant": session}) as screen:
        assert session.now == set()
        await screen.press("5")
        assert session.now == set(PANES["services"].needs)
        assert {"Service", "EndpointSlice", "ServiceL2Status", "ServiceBGPStatus"} <= session.now
        await screen.press("enter")
        assert session.now == set(PANES["services"].needs)
        await screen.press("escape", key)
        assert session.now == set()
        await screen.press("6")
        assert session.now == {"Event"}
