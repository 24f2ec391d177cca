"""What the panes say of a filter by labels: what no row has, and whose labels are not known."""

from __future__ import annotations

import pytest

from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.kinds.pod import printed
from edgetui.ui.text.label_filter import _listed
from tests.unit.model.factories import NOW, pod, store_of

from .driving import Screen, running

CELLS = {"Name": "camera-0", "Ready": "1/1", "Status": "Running", "Restarts": "0", "Age": "5m"}


def plant() -> Store:
    return store_of(
        pod("press-1", "line-1", labels={"app": "press"}),
        pod("printer-1", "line-1", labels={"app": "printer", "tier": "edge"}),
        pod("oven-1", "line-1", labels={"app": "oven"}),
        cluster="plant",
    )


def thin() -> Store:
    store = store_of(cluster="van-17")
    store.set_wire(WireState(Wire.THIN))
    store.replace("Pod", [printed(CELLS, "default", "7", NOW)])
    return store


async def ask(screen: Screen, text: str) -> None:
    await screen.press("2")
    screen.app.main.filter(text)
    await screen.pilot.pause()


async def test_a_label_chooses_the_rows() -> None:
    async with running([plant()]) as screen:
        await ask(screen, "app=press")
        assert "press-1" in screen.text() and "oven-1" not in screen.text()
        assert "1 of 3 /app=press" in screen.text()


async def test_a_label_that_no_row_has_is_said_with_what_there_is() -> None:
    async with running([plant()]) as screen:
        await ask(screen, "app=pr")
        assert "none of 3 rows has the label app=pr; esc shows all again" in screen.text()
        assert "app here is press or printer" in screen.text()
        await ask(screen, "tier!=x app=weld")
        assert "app here is oven, press or printer" in screen.text()
        await ask(screen, "site=north")
        assert "labels here: app and tier" in screen.text()
        await ask(screen, "app=press tier=edge")
        assert "none of 3 rows matches 'app=press tier=edge'" in screen.text()


async def test_rows_of_a_thin_wire_are_left_out_and_the_pane_says_so() -> None:
    async with running([plant(), thin()]) as screen:
        await ask(screen, "app!=press")
        assert "camera-0" not in screen.text() and "oven-1" in screen.text()
        assert "? van-17: minimal traffic brings no labels; --api-traffic full does" in screen.text()
        await ask(screen, "app=weld")
        assert "minimal traffic" in screen.text() and "app here is oven, press or printer" in screen.text()
        await ask(screen, "")
        assert "minimal traffic" not in screen.text() and "camera-0" in screen.text()
    async with running([thin()]) as screen:
        await ask(screen, "app=press")
        assert "? minimal traffic brings no labels; --api-traffic full does" in screen.text()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ("b", "b"),
        ("b a", "a or b"),
        ("d c b a", "a, b, c or d"),
        ("e d c b a", "a, b, c, d and 1 more"),
        ("f e d c b a", "a, b, c, d and 2 more"),
    ],
)
def test_a_few_names_are_told_and_the_rest_is_counted(names: str, said: str) -> None:
    assert _listed(names.split(), "or") == said
    assert _listed([""], "or") == '""'
