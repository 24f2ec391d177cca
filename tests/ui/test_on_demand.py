"""What is watched only while a pane shows it: Services with their endpoints, and Events."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from edgetui.cluster.session import FIRST_PAINT
from edgetui.model.panes import PANES
from edgetui.ui.keymap import ON_DEMAND
from edgetui.ui.run import WATCHED

from .driving import running
from .fleet import plant


class Kept:
    """The kinds that somebody looks at."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()

    def show(self, kind: str) -> None:
        self.kinds[kind] += 1

    def hide(self, kind: str) -> None:
        self.kinds[kind] -= 1

    counters = None
    """Nothing is connected here."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **more: None

    @property
    def now(self) -> set[str]:
        return {kind for kind, count in self.kinds.items() if count > 0}


def test_what_a_pane_on_demand_needs_is_not_watched_from_the_start() -> None:
    for pane in ON_DEMAND:
        assert not set(PANES[pane].needs) & {*WATCHED, *FIRST_PAINT}


@pytest.mark.parametrize("key", ["1", "2"])
async def test_endpoints_are_watched_while_services_are_shown_and_no_longer(key: str) -> None:
    session = Kept()
    async with running([plant()], sessions={"plant": session}) as screen:
        assert session.now == set()
        await screen.press("5")
        assert session.now == {"Service", "EndpointSlice"}
        await screen.press("enter")
        assert session.now == {"Service", "EndpointSlice"}
        await screen.press("escape", key)
        assert session.now == set()
        await screen.press("6")
        assert session.now == {"Event"}
