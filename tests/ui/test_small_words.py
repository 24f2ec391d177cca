"""Sentences of empty panes and of the line under a log, and the mark of a field."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from textual.widgets import Input

from edgetui.cluster.api.logs import Hearing
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Column
from edgetui.ui.spans import Span, line
from edgetui.ui.text.clusters import empty
from edgetui.ui.text.logs import state_line
from edgetui.ui.widgets.columns import furthest
from edgetui.ui.widgets.labelled_field import LabelledField

from .driving import running
from .fleet import plant

NONE_THERE = "  no pods here"


@pytest.mark.parametrize(
    ("total", "filter_text", "namespace", "said"),
    [
        (0, "", "", NONE_THERE),
        (0, "press", "", NONE_THERE),
        (0, "", "line-2", NONE_THERE),
        (5, "", "", NONE_THERE),
        (5, "", "line-2", "  none of 5 rows is in namespace line-2; :ns NAME shows another"),
        (1, "press", "", "  none of 1 row matches 'press'; esc shows all again"),
        (5, "press", "line-2", "  none of 5 rows matches 'press'; esc shows all again"),
    ],
)
def test_what_an_empty_pane_says(total: int, filter_text: str, namespace: str, said: str) -> None:
    assert empty(PANES["pods"], total, filter_text, namespace) == said


class Kept(list[str]):
    """The lines of a log, none of which were dropped."""

    first = 0


def plain(spans: Any) -> str:
    return "".join(one if isinstance(one, str) else one.text for one in spans)


@pytest.mark.parametrize(
    ("following", "new", "live", "kept", "said", "shown"),
    [
        (True, 0, True, 3, "", "following"),
        (True, 0, True, 3, "the link is down", "following · the link is down"),
        (False, 0, True, 3, "", "paused"),
        (False, 2, True, 3, "the link is down", "paused, 2 new lines below · the link is down"),
        (True, 0, False, 3, "the link is down", "the link is down"),
        (True, 0, True, 0, "the link is down", ""),
    ],
)
def test_the_line_under_a_log_says_what_follows_and_what_is_the_matter(
    following: bool, new: int, live: bool, kept: int, said: str, shown: str
) -> None:
    buffer: Any = Kept(["x"] * kept)
    view: Any = SimpleNamespace(following=following, new_below=new, buffer=buffer)
    tail: Any = SimpleNamespace(
        state=SimpleNamespace(
            hearing=Hearing.LIVE if live else next(one for one in Hearing if one is not Hearing.LIVE)
        )
    )
    made = state_line([line(Span(said, "warn"))] if said else [], view, tail, None, 200)
    assert plain(made).strip() == shown


async def test_a_field_has_its_name_before_anybody_types() -> None:
    async with running([plant()]):
        field = LabelledField("replicas", Input("3"), 20)
        assert plain(field._label.spans).rstrip() == "replicas"


def test_what_just_fits_need_not_scroll_and_a_cell_less_does() -> None:
    columns = [Column("name", "NAME", 10, 6), *(Column(one, one.upper(), 4, 4) for one in ("a", "b", "c"))]
    widest = {"name": 10, "a": 6, "b": 4, "c": 5}
    whole = 10 + sum(1 + widest[one] for one in "abc")
    assert furthest(columns, whole, 1, widest, frozenset()) == 0
    assert furthest(columns, whole - 1, 1, widest, frozenset()) == 1
    assert furthest(columns, whole - 1 - 6 - 1, 1, widest, frozenset()) == 2
    assert furthest(columns, whole - 1, 1, widest, frozenset({"b"})) == 0
    assert furthest(columns, 12, 1, widest, frozenset()) == 2, "the last one stays"
