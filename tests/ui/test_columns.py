"""Which columns stay at which width, and how texts are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edgetui.model.cells import cut
from edgetui.model.panes import PANES
from edgetui.ui.widgets.columns import fit, fit_in_order, furthest

NONE: frozenset[str] = frozenset()
TYPICAL = {
    "name": 22,
    "state": 17,
    "why": 15,
    "namespace": 9,
    "cluster": 7,
    "node": 13,
    "images": 20,
    "metrics": 11,
}


@pytest.mark.parametrize("pane", PANES.values(), ids=lambda pane: pane.id)
@pytest.mark.parametrize("width", [18, 40, 58, 78, 98, 118, 198])
def test_columns_fit_the_width_and_the_name_stays(pane, width) -> None:  # type: ignore[no-untyped-def]
    fitted = fit(pane.columns, width, 1, TYPICAL, NONE)
    ids = [one.column.id for one in fitted]
    assert sum(one.width for one in fitted) + len(fitted) - 1 <= width
    assert all(one.width >= 1 for one in fitted)
    assert {column.id for column in pane.columns if column.identity} <= set(ids)
    assert ids == [column.id for column in pane.columns if column.id in ids]


@pytest.mark.parametrize("pane", PANES.values(), ids=lambda pane: pane.id)
def test_a_wider_screen_never_shows_fewer_columns(pane) -> None:  # type: ignore[no-untyped-def]
    counts = [len(fit(pane.columns, width, 1, TYPICAL, NONE)) for width in range(30, 240)]
    assert counts == sorted(counts)


def test_at_eighty_columns_pods_keep_what_a_person_needs() -> None:
    ids = {one.column.id for one in fit(PANES["pods"].columns, 78, 1, TYPICAL, NONE)}
    assert {"cluster", "namespace", "name", "state", "ready", "restarts", "age"} <= ids


def test_a_long_state_narrows_the_images_before_it_pushes_them_out() -> None:
    seen = {**TYPICAL, "state": 31, "images": 21, "namespace": 11, "name": 15}
    widths = {one.column.id: one.width for one in fit(PANES["rollouts"].columns, 117, 2, seen, NONE)}
    assert widths["state"] == 31
    assert 12 <= widths["images"] < 21


def test_one_cluster_needs_no_cluster_column() -> None:
    ids = {one.column.id for one in fit(PANES["pods"].columns, 200, 1, TYPICAL, frozenset({"cluster"}))}
    assert "cluster" not in ids


def test_a_cut_name_keeps_the_end_that_tells_two_pods_apart() -> None:
    assert cut("press-line-two-7f9c66-x2k4q", 16, keep=6) == "press-lin…-x2k4q"
    assert cut("abc", 5, "right") == "  abc"
    assert cut("abcdef", 4) == "abc…"


@given(st.text(max_size=40), st.integers(1, 30), st.booleans())
def test_a_cut_text_is_exactly_as_wide_as_its_column(text: str, width: int, tail: bool) -> None:
    assert cell_len(cut(text, width, keep=6 if tail else 0)) == width


@given(st.text(alphabet="ae\u0301漢字👩", max_size=40), st.integers(1, 30), st.booleans())
def test_wide_and_combining_characters_are_cut_to_their_cells(text: str, width: int, tail: bool) -> None:
    assert cell_len(cut(text, width, keep=6 if tail else 0)) == width


def test_a_tail_begins_with_a_character_of_its_own() -> None:
    assert cut("abcdefghijklmnop" + "e\u0301" * 6, 14, keep=6) == "abcdefg…" + "e\u0301" * 6
    assert cut("x" * 20 + "字\u0301abcde", 14, keep=6).endswith("…abcde")


@pytest.mark.parametrize("pane", PANES.values(), ids=lambda pane: pane.id)
@pytest.mark.parametrize("full", [False, True])
def test_columns_in_order_fit_the_width_up_to_the_last_one(pane, full) -> None:  # type: ignore[no-untyped-def]
    widest = {**TYPICAL, "reason": 90}
    for width in (12, 18, 40, 78, 198):
        end = furthest(pane.columns, width, 1, widest, NONE)
        for shift in range(end + 1):
            fitted = fit_in_order(pane.columns, width, 1, widest, NONE, shift, full)
            ids = [one.column.id for one in fitted]
            assert sum(one.width for one in fitted) + len(fitted) - 1 <= width
            assert {"name", "object"} & set(ids)
        assert width < 40 or pane.columns[-1].id in ids
