"""The way back and forward among the places where a person has been."""

from __future__ import annotations

from itertools import pairwise

import pytest

from edgetui.model.identity import ObjectKey
from edgetui.ui.navigation.history import MOST, History, Place

A, B, C, D = (Place(name) for name in ("nodes", "pods", "rollouts", "services"))
PRESS, OVEN, WELD = (ObjectKey("plant", "Pod", "default", name) for name in ("press", "oven", "weld"))


def gone(*places: Place) -> History:
    history = History()
    for here, there in pairwise(places):
        history.go(here, there)
    return history


def test_back_and_forward_lead_along_the_places_and_end_at_both_ends() -> None:
    history = gone(A, B, C)
    assert [history.back(C), history.back(B), history.back(A)] == [B, A, None]
    assert [history.forward(A), history.forward(B), history.forward(C)] == [B, C, None]
    assert history.back(C) == B
    history.go(B, D)
    assert history.forward(D) is None, "what was further forward is forgotten"
    assert [history.back(D), history.back(B)] == [B, A]


def test_where_nobody_has_gone_there_is_no_way() -> None:
    history = History()
    assert (history.back(A), history.forward(A)) == (None, None)
    history.go(A, A)
    assert (history.back(A), history.forward(A)) == (None, None)


@pytest.mark.parametrize("left", [B._replace(filter="oven"), B._replace(key=OVEN)])
def test_a_place_is_found_again_as_it_was_left(left: Place) -> None:
    history = gone(A, B)
    assert history.back(left) == A
    assert history.back(A._replace(filter="x")) is None, "the first place is one, however it looks"
    assert history.forward(A) == left


def test_from_an_open_object_the_way_leads_to_the_one_that_was_opened_before() -> None:
    first, second, third = (B._replace(key=key, view="page") for key in (PRESS, OVEN, WELD))
    history = gone(B, first, B, second, C, third)
    assert history.back(third) == second
    assert history.back(second) == first
    assert history.forward(first) == second
    assert history.back(B._replace(key=OVEN)) is not None


def test_the_oldest_places_are_forgotten() -> None:
    places = [
        Place("pods", key=PRESS._replace(name=f"pod-{number}"), view="page") for number in range(MOST + 9)
    ]
    history, here = gone(*places), places[-1]
    steps = 0
    while (before := history.back(here)) is not None:
        here, steps = before, steps + 1
    assert steps == MOST - 1
    assert here == places[-MOST]


def test_who_leaves_an_open_object_with_escape_is_where_it_was_opened() -> None:
    opened = A._replace(key=PRESS, view="detail")
    history = gone(A, opened)
    history.go(A, B)
    assert [history.back(B), history.back(A), history.back(opened), history.back(A)] == [A, opened, A, None]
    assert [history.forward(A), history.forward(opened), history.forward(A), history.forward(B)] == [
        opened, A, B, None,
    ]  # fmt: skip
    again = gone(A, opened)
    moved = A._replace(filter="x", key=OVEN)
    again.go(moved, B)
    assert [again.back(B), again.back(moved)] == [moved, opened]
