"""What the panes say of a filter by labels: what no row has, and whose labels are not known."""

from __future__ import annotations

from typing import Any

import pytest

from edgetui.model.cache.freshness import Freshness, Sync
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import printed
from edgetui.model.panes import PANES
from edgetui.model.view.filters import LabelTerm
from edgetui.ui.text.label_filter import _listed, nowhere, untold
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


def _kept(cluster: str, *, kept: bool, thin: bool) -> Store:
    store = Store(cluster)
    store.set_wire(WireState(Wire.THIN if thin else Wire.FULL))
    store.set_freshness("Pod", Freshness(Sync.STALE if kept else Sync.LIVE, float(NOW), kept=kept))
    store.replace("Pod", [printed(CELLS, "default", "7", NOW)])
    return store


SAID = "minimal traffic brings no labels; --api-traffic full does"


@pytest.mark.parametrize(
    ("clusters", "said"),
    [
        ((), ()),
        (((False, False),), ()),
        (((False, True),), (f"? {SAID}",)),
        (((True, False),), (f"? {SAID}",)),
        (((False, False), (False, True)), (f"? c1: {SAID}",)),
        (((False, True), (True, False)), (f"? c0 and c1: {SAID}",)),
    ],
)
def test_the_clusters_whose_rows_come_without_labels_are_named(
    clusters: tuple[tuple[bool, bool], ...], said: tuple[str, ...]
) -> None:
    stores = [_kept(f"c{at}", kept=kept, thin=thin) for at, (kept, thin) in enumerate(clusters)]
    assert untold(PANES["pods"], stores) == said
    assert untold(PANES["nodes"], stores) == ()


def test_which_label_is_nowhere_and_what_there_is() -> None:
    labels = [{"app": "press", "tier": "edge"}, {"app": "Printer"}, {}]
    rows = [row_of("Pod", pod(f"p-{at}", labels=one)) for at, one in enumerate(labels)]
    bare = [row_of("Pod", pod("bare"))]
    unknown = printed(CELLS, "default", "7", NOW)

    def said(*wanted: tuple[str, str, bool], among: list[Any] = rows) -> tuple[str, ...]:
        return nowhere([LabelTerm(*one) for one in wanted], among)

    none = "  none of 3 rows has the label {}; esc shows all again"
    assert said(("app", "press", False)) == ()
    assert said(("app", "printer", False)) == (), "whatever the case"
    assert said(("app", "weld", True)) == ()
    assert said(("app", "pr", False)) == (none.format("app=pr"), "  app here is Printer or press")
    assert said(("app", "pri", False)) == (none.format("app=pri"), "  app here is Printer")
    assert said(("app", "x", False)) == (none.format("app=x"), "  app here is Printer or press")
    assert said(("app", "press", False), ("site", "x", False)) == (
        none.format("site=x"),
        "  labels here: app and tier",
    )
    assert said(("app", "x", False), among=bare) == (
        "  none of 1 row has the label app=x; esc shows all again",
        "  no row here has any label",
    )
    assert said(("app", "x", False), among=[unknown]) == ()
    assert said(("app", "x", False), among=[unknown, *rows])[0] == none.format("app=x")
    assert said() == ()
