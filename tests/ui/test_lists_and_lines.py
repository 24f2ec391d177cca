"""Lists with a cursor at every height, the lines of a lost node, and what is found in a log, one after the other."""

from __future__ import annotations

import random
from itertools import product

import pytest
from syrupy.assertion import SnapshotAssertion

from edgetui.actions.catalogue import ACTIONS
from edgetui.model.autoscaling.samples import Sample
from edgetui.model.identity import ObjectKey
from edgetui.model.node.demand import Demand
from edgetui.model.node.failure import Step
from edgetui.model.node.loss import After, Prospect
from edgetui.ui.background.job import Badge
from edgetui.ui.details.node import CELLS, MOST_PODS, SECONDS, _curve, _step_line, prospect_lines
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.dialogs.running import RunningScreen
from edgetui.ui.spans import plain
from tests.unit.cluster.logsite import HEAD, Site, said
from tests.unit.cluster.wire import chunk

from .driving import running
from .fleet import plant
from .test_background_jobs import Row, added
from .test_logs import looking
from .test_text_grids import marked, page

NOW = 1_000_000.0
CHOICES = [(f"choice {at:02}", f"more {at}") for at in range(30)]


@pytest.mark.parametrize("height", [8, 12, 30])
async def test_the_line_with_the_cursor_is_always_in_sight_and_no_further_away_than_it_was(
    height: int,
) -> None:
    rng, at = random.Random(height), 3
    async with running([plant()], size=(60, height)) as screen:
        given: list[int | None] = []
        pick = PickScreen("Which", CHOICES, at)
        screen.app.push_screen(pick, given.append)
        await screen.pilot.pause()
        await screen.pilot.pause()
        for step in [*[1] * 6, *rng.choices([-1, 1], k=12), 40, -40, *rng.choices([-2, 2], k=8)]:
            top, page_ = pick.body.top, max(pick.body.size.height - 1, 1)
            if abs(step) == 2:
                pick.action_page(step // 2)
                at += page_ * (step // 2)
            else:
                pick.action_text(step)
                at += step
            at = max(0, min(at, len(CHOICES) - 1))
            shown = pick.body.size.height
            wanted = top if top <= at < top + shown else at if at < top else at - shown + 1
            assert pick.body.top == wanted
            lines = [plain(one) for one in pick.lines()]
            assert [one[:11] for one in lines if one[0] == ">"] == [f"> choice {at:02}"]
        await screen.press("enter")
        assert given == [at]


@pytest.mark.parametrize("size", [(60, 24), (100, 24)])
async def test_what_runs_says_since_when_and_what_in_the_cells_that_there_are(
    size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    rows = [
        Row("Guard of press", Badge("GUARD", "GUARDS"), says="watching"),
        Row("A job " * 20, says="says " * 30),
    ]
    async with running([plant()], size=size) as screen:
        rows[1].began = screen.app.monotonic() - 3_700
        rows[0].began = screen.app.monotonic() - 9
        added(screen, *rows)
        await screen.press("R")
        shown = screen.app.screen
        assert isinstance(shown, RunningScreen)
        assert page([*shown.head(), *shown.lines()]) == snapshot(name="at first")
        screen.clock.advance(60)
        shown.action_text(1)
        assert page([*shown.head(), *shown.lines()]) == snapshot(name="later")


async def test_a_key_is_called_by_what_it_takes_back_only_on_the_object_that_this_is_about() -> None:
    press, oven = (ObjectKey("plant", "Deployment", "line-2", name) for name in ("press", "oven"))
    async with running([plant()]) as screen:
        job = Row("Guard of press", Badge("GUARD", "GUARDS"))
        job.about = frozenset({press})
        added(screen, job)
        keys = screen.app.action_keys
        for toggles, key, label in (
            ("guard", press, "cancel guard"),
            ("guard", oven, "guard"),
            ("scale", press, "guard"),
            ("guard", None, "guard"),
        ):
            job.toggled_by = lambda action, toggles=toggles: action == toggles  # type: ignore[method-assign]
            assert keys.label(ACTIONS["guard"], key) == label


def test_what_becomes_of_each_pod_of_a_lost_node(snapshot: SnapshotAssertion) -> None:
    found = []
    for after, at, done, fits, why in product(
        After,
        (None, NOW - 60, NOW, NOW + 60),
        (False, True),
        ((), ("a",), ("a", "b"), ("a", "b", "c", "d")),
        ("", "why"),
    ):
        if after is not After.MOVES and (fits or not why):
            continue
        pod = Demand("line-2", "press", "uid")
        (spans,) = prospect_lines([Prospect(pod, after, at, done, fits, why)], NOW)
        found.append(f"{after.name} {at and at - NOW} {done:d} {len(fits)} {why!r}: {marked(spans)}")
    assert "\n".join(found) == snapshot


def test_pods_that_do_not_come_again_are_told_first_and_no_more_than_there_is_room_for() -> None:
    many = [
        Prospect(Demand("d", f"p-{at:02}", str(at)), after, NOW - at)
        for at, after in enumerate(list(After) * 6)
    ]
    for count in (MOST_PODS - 1, MOST_PODS, MOST_PODS + 1, len(many)):
        told = prospect_lines(many[:count], NOW)
        assert len(told) == min(count, MOST_PODS) + (count > MOST_PODS)
        assert (f"and {count - MOST_PODS} more" in page(told)) == (count > MOST_PODS)
    order = [After.NEVER, After.NOWHERE, After.LOST, After.RETURNS, After.MOVES, After.STAYS]
    ranked = sorted(many, key=lambda one: (order.index(one.after), one.at))
    names = [plain(one).split()[-1 if plain(one)[0] == " " else 1] for one in prospect_lines(many, NOW)]
    assert [one.pod.words for one in ranked[:6]] == [f"d/{name.partition('/')[2]}" for name in names[:6]]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (Step("last lease"), "  last lease                            "),
        (Step("last lease", NOW - 90, bad=True), "<bad>! </>last lease      13:45:10   1m30s ago  "),
        (Step("last lease", NOW), "  last lease      13:46:40      0s ago  "),
        (Step("eviction", NOW + 5, True), "  eviction        13:46:45       in 5s  "),
        (Step("eviction", NOW, True), "  eviction        13:46:40         due  "),
        (Step("eviction", NOW - 5, True), "  eviction        13:46:35         due  "),
    ],
)
def test_each_step_says_when_and_how_far_away(step: Step, said: str) -> None:
    assert marked(_step_line(step, NOW)).removesuffix("<bad></>") == said


def test_a_curve_is_as_wide_as_said_and_begins_where_it_was_looked_at_first() -> None:
    for seconds, told in ((30.0, "30s"), (SECONDS, "10m"), (2 * SECONDS, "10m")):
        samples = [Sample(NOW - seconds + at * seconds / 400, (0.5, 0.25)) for at in range(401)]
        for index in (0, 1):
            (spans,) = _curve(samples, index, NOW)
            curve = "".join(one for one in plain(spans) if one in "▁▂▃▄▅▆▇█")
            assert len(curve) <= CELLS
            assert len(set(curve)) == 1
            assert f"last {told}" in plain(spans)
    assert len(curve) == CELLS


async def test_what_is_found_is_gone_through_in_order_both_ways() -> None:
    site = Site(
        [HEAD, chunk(b"".join(said(at, f"line {at}{' hit' * (at in (3, 20, 41, 58))}") for at in range(60)))]
    )
    async with looking(site) as on:
        await on.says("line 59")
        await on.press("slash", *"hit", "enter")
        assert on.logs.view.current == 58
        seen = []
        for key in "nnnNNNN":
            await on.press(key)
            seen.append(on.logs.view.current)
        assert seen == [3, 20, 41, 20, 3, 58, 41]
