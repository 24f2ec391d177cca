"""Wrapping lines of spans."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgetui.ui.spans import Span, line, plain, width_of, wrap

WORDS = st.text(st.characters(codec="ascii", categories=["Ll", "Nd"]), min_size=1, max_size=30)


@given(st.lists(WORDS, max_size=20), st.integers(12, 60))
def test_every_wrapped_line_fits_and_no_word_is_lost(words: list[str], width: int) -> None:
    wrapped = wrap(line(" ".join(words)), width)
    assert all(width_of(one) <= width for one in wrapped)
    assert "".join(plain(one).replace(" ", "") for one in wrapped) == "".join(words)


def test_what_follows_a_label_hangs_under_the_value() -> None:
    wrapped = wrap(
        line("  ", Span("image       ", "quiet"), "registry.local/press:2.1 and some more words"), 44
    )
    assert [plain(one) for one in wrapped] == [
        "  image       registry.local/press:2.1 and",
        "              some more words",
    ]


def test_spans_keep_their_roles_when_broken() -> None:
    wrapped = wrap(line(Span("! image not found for two pods", "bad")), 20)
    assert {span.role for one in wrapped for span in one if span.text.strip()} == {"bad"}
