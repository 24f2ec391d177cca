"""How long a rollout may take: a range, honest words, and nothing where it cannot be told."""

from __future__ import annotations

import pytest

from edgetui.model.kinds import row_of
from edgetui.model.kinds.pod import PodRow
from edgetui.model.rollout.eta import Pace, pace
from tests.unit.model import factories as f

BEGAN = f.NOW - 600


def available(*after: float, restarts: int = 0) -> list[PodRow]:
    """New pods of a rollout that began ten minutes ago, by the second at which each was ready."""
    rows = [
        row_of(
            "Pod",
            f.pod(
                f"press-{number}",
                created=BEGAN,
                ready_at=BEGAN + at,
                statuses=[f.running(restarts=restarts)],
            ),
        )
        for number, at in enumerate(after)
    ]
    return [row for row in rows if isinstance(row, PodRow)]


def test_a_steady_pace_gives_a_narrow_range() -> None:
    found = pace(available(60, 120, 180, 240), 4, 0, BEGAN + 240)
    assert found == Pace(60, 180, 300)
    assert found is not None
    assert found.words == "about 3-5 min left at the present pace"


def test_a_pace_that_changes_gives_a_wide_one() -> None:
    slower = pace(available(10, 20, 30, 90, 150, 210), 4, 0, BEGAN + 210)
    assert slower is not None
    assert slower.low == pytest.approx(35 * 4 * 0.75)
    assert slower.high == pytest.approx(60 * 4 * 1.25)


def test_what_has_been_waited_already_counts() -> None:
    found = pace(available(60, 120), 2, 0, BEGAN + 160)
    assert found == Pace(60, 50, 110)


def test_pods_that_must_stay_ready_become_available_later() -> None:
    assert pace(available(60, 120, 180), 4, 30, BEGAN + 200) == Pace(75, 175, 325)
    assert pace(available(60, 120), 4, 90, BEGAN + 180) is None


@pytest.mark.parametrize(
    ("pods", "left", "now"),
    [
        (available(60), 5, 61),
        (available(60, 120), 0, 121),
        (available(60, 120, restarts=2), 5, 121),
        (available(10, 20), 5, 20 + 31),
        (available(60, 120), 5, 120 + 181),
        ([], 5, 10),
    ],
    ids=["one pod", "nothing left", "restarted", "stalled", "stalled for long", "none"],
)
def test_nothing_is_said_where_it_cannot_be_told(pods: list[PodRow], left: int, now: float) -> None:
    assert pace(pods, left, 0, BEGAN + now) is None


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0, 8, "at most 10 s left at the present pace"),
        (22, 71, "about 20-80 s left at the present pace"),
        (100, 200, "about 1-4 min left at the present pace"),
        (30, 200, "at most 4 min left at the present pace"),
        (7300, 10000, "about 2-3 h left at the present pace"),
    ],
)
def test_words_without_false_exactness(low: float, high: float, words: str) -> None:
    assert Pace(1, low, high).words == words
