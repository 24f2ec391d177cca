"""What resuming costs beside a new list: both sides of each bound."""

from __future__ import annotations

import pytest

from edgetui.cluster.watch.reflector.cost import anew_is_cheaper, thin


@pytest.mark.parametrize(
    ("rows", "seconds", "found"),
    [
        (0, 0.5, True),
        (0, 0.49, False),
        (154, 0.5, True),
        (155, 0.5, False),
        (309, 1.0, True),
        (310, 1.0, False),
        (3098, 10.0, True),
        (3099, 10.0, False),
    ],
)
def test_a_link_is_thin_where_a_compressed_list_came_slowly(rows: int, seconds: float, found: bool) -> None:
    assert thin(rows, seconds) is found


@pytest.mark.parametrize(
    ("rows", "changes", "found"),
    [
        (0, 0, False),
        (0, 1, True),
        (10, 1, True),
        (11, 1, False),
        (104, 10, True),
        (105, 10, False),
        (4435, 423, False),
    ],
)
def test_a_new_list_is_cheaper_than_so_many_plain_events(rows: int, changes: int, found: bool) -> None:
    assert anew_is_cheaper(rows, changes) is found
