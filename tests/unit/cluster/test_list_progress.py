"""How far a list is that is on its way: what the store is told of it while pages and events come, on virtual time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.cache.freshness import Sync
from edgetui.model.cache.list_progress import ListProgress, together
from tests.unit.cluster.simulation import Cluster

PODS = 10


def made(watchlist: str) -> Cluster:
    """A cluster with ten pods, three to a page, whose pages take a second each."""
    c = Cluster()
    c.server.watchlist = watchlist
    c.server.latency = 1.0
    for n in range(PODS):
        c.server.put("Pod", "a", f"p{n}", n)
    c.start("Pod")
    return c


def followed(c: Cluster, seconds: float) -> list[ListProgress]:
    """The different states that the list of pods goes through in this time."""
    found: list[ListProgress] = []
    for _ in range(int(seconds * 10)):
        c.world.run(0.1)
        now = c.store.listing.get("Pod")
        if now is not None and (not found or found[-1] != now):
            found.append(now)
    return found


def test_a_list_in_pages_says_how_many_rows_have_come_and_how_many_are_left() -> None:
    c = made("422")
    states = followed(c, 20.0)
    assert [(one.rows, one.remaining) for one in states] == [(3, 7), (6, 4), (9, 1)]
    assert c.store.freshness("Pod").sync is Sync.LIVE
    assert not c.store.listing
    assert len({one.began for one in states}) == 1
    assert states[-1].heard - states[-1].began == pytest.approx(3.0, abs=0.2)
    assert states[-1].rate == pytest.approx(3.0, abs=0.2)


def test_of_a_streaming_list_nobody_knows_how_long_it_is() -> None:
    c = made("silent")
    (state,) = followed(c, 4.0)
    assert (state.rows, state.remaining) == (PODS, None)
    assert state.seconds_left(state.heard) is None


def test_what_is_on_its_way_no_longer_is_told_of_no_longer() -> None:
    c = made("silent")
    c.world.run(4.0)
    assert c.store.listing
    c.server.cut()
    assert not c.store.listing


def test_a_list_that_only_proves_current_rows_again_is_not_told_of() -> None:
    c = made("422")
    c.world.until(lambda: c.store.freshness("Pod").sync is Sync.LIVE, 30.0)
    c.world.run(10.0)
    c.supervisor.pace(False, {"Pod": 30.0})
    assert followed(c, 200.0) == []
    lists = [query for _, path, query in c.server.requests if path.endswith("pods") and "watch" not in query]
    assert len(lists) > 4


@pytest.mark.parametrize(
    ("now", "left"),
    [(110.0, 20.0), (115.0, 15.0), (140.0, 0.0)],
)
def test_the_time_left_counts_down_between_two_pages(now: float, left: float) -> None:
    assert ListProgress(100.0, 110.0, 250, 500).seconds_left(now) == left


progresses = st.builds(
    ListProgress,
    began=st.floats(1.0, 50.0),
    heard=st.floats(50.0, 90.0),
    rows=st.integers(1, 9000),
    remaining=st.none() | st.integers(0, 9000),
)


@given(st.lists(progresses, min_size=1, max_size=5), st.booleans())
def test_several_lists_promise_an_end_only_when_each_of_them_does(
    lists: list[ListProgress], whole: bool
) -> None:
    one = together(lists, lambda steady: steady + 1000.0, whole=whole)
    assert one.rows == sum(each.rows for each in lists)
    assert (one.remaining is not None) == (whole and all(each.remaining is not None for each in lists))
    assert one.began == min(each.began for each in lists) + 1000.0
    left = one.seconds_left(one.heard)
    assert left is None or left >= 0.0
