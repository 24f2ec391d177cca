"""The layout's width of a text is its width in cells, whatever the text is: nothing vanishes, nothing is pushed."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from edgetui.model.cells import visible
from edgetui.model.pod.logbuffer import LogBuffer, plain
from edgetui.terminal.cells import Grid
from edgetui.ui.spans import Span, line, to_strip, width_of, wrap
from edgetui.ui.widgets.log_view import LogView
from tests.unit.model.test_cells import ODD

TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.characters()), max_size=12).map("".join)
FAMILY = "👨\u200d👩\u200d👧\u200d👦"
MECHANICS = "👩\u200d🔧" * 3


def drawn(text: str, width: int = 120) -> tuple[str, int]:
    """What the cells hold of a text, and where a mark that is put behind it stands."""
    grid = Grid(width, 1)
    grid.put(0, 0, [Segment(text), Segment("|")])
    cells = grid._text[0]
    at = max(n for n, cell in enumerate(cells) if cell == "|")
    return "".join(cells[:at]), at


@given(TEXTS)
@example("\u200da\u200da")
@settings(max_examples=400)
def test_any_text_takes_as_many_cells_as_the_compositor_counts(text: str) -> None:
    _, at = drawn(text.replace("|", ""))
    assert at == cell_len(text.replace("|", ""))


@given(TEXTS)
@settings(max_examples=400)
def test_what_may_be_shown_is_in_the_cells_character_for_character(text: str) -> None:
    text = visible(text).replace("|", "")
    shown, _ = drawn(text)
    assert shown == text


@pytest.mark.parametrize(
    "text", [FAMILY, "👩\u200d🔧", "⚠\ufe0f", "1\ufe0f\u20e3", "🇩🇪", "👍🏽", "é", "e\u0301", "漢"]
)
def test_a_character_that_is_made_of_several_is_as_wide_in_cells_as_in_the_layout(text: str) -> None:
    assert drawn(text)[1] == cell_len(text)


@given(TEXTS, st.integers(4, 30))
def test_a_line_on_the_screen_is_exactly_as_wide_as_the_screen(text: str, width: int) -> None:
    look = {"row": Style()}
    strip = to_strip(line(visible(text)), width, look)
    assert sum(cell_len(segment.text) for segment in strip) == width
    if cell_len(visible(text)) > width:
        assert strip.text.rstrip().endswith("…")


@given(TEXTS, st.integers(6, 30))
def test_wrapped_sentences_lose_only_spaces(text: str, width: int) -> None:
    spans = line(visible(text), Span(visible(text)))
    lines = wrap(spans, width)
    assert all(width_of(one) <= width for one in lines)
    whole = "".join(span.text for one in lines for span in one)
    assert whole.replace(" ", "") == "".join(span.text for span in spans).replace(" ", "")


@pytest.mark.parametrize("width", [10, 79, 80])
@pytest.mark.parametrize(
    "what", [MECHANICS, FAMILY, "⚠\ufe0f" * 5, "\u0301", "🇩🇪" * 7, "e\u0301" * 50, "\u200d"]
)
def test_no_character_of_a_log_vanishes_where_it_is_wrapped(what: str, width: int) -> None:
    numbers = "".join(f"{at:03d}," for at in range(60))
    raw = f"{what} {numbers}".encode()
    view = LogView(lambda: None)
    view.buffer = LogBuffer()
    view.buffer.extend([raw])
    view._size = view.size.__class__(width, 24)
    grid = Grid(width, 40)
    rows = [row.text for row in view._pieces(0)]
    for y, text in enumerate(rows):
        grid.put(0, y, to_strip(line(text), width, {"row": Style()}))
    drawn_rows = [one[: len(text)] for one, text in zip(grid.lines(), rows, strict=False)]
    assert "".join(drawn_rows) == plain(raw)


@pytest.mark.parametrize("what", [MECHANICS, FAMILY, "⚠\ufe0f" * 5])
def test_a_cut_line_says_so_in_the_cells_too(what: str) -> None:
    text = plain(f"{what} {'0123456789' * 20}".encode())
    grid = Grid(80, 1)
    grid.put(0, 0, to_strip(line(text), 80, {"row": Style()}))
    assert grid.lines()[0].endswith("…")
