"""Text as a terminal shows it: nothing steers, nothing vanishes, nothing is wider than it says."""

from __future__ import annotations

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from edgetui.model.cells import cells, clusters, cut, elided, head, pieces, tail, told_apart, visible

ODD = (
    "a", " ", "é", "e\u0301", "\u0301", "漢", "한", "\u1112\u1161", "👩\u200d🔧", "👨\u200d👩\u200d👧\u200d👦",
    "⚠\ufe0f", "1\ufe0f\u20e3", "🇩🇪", "👍🏽", "\u200b", "\u200d", "\ufe0f", "\u202e", "\x1b[31m", "\x1b]0;x\x07",
    "\x9b1m", "\x07", "\t", "\r\n", "\u2028", "क्षि", "\u00ad", "\ue000", "\ud800", "\U000e0101", "\u3000",
)  # fmt: skip
TEXTS = st.lists(st.one_of(st.sampled_from(ODD), st.characters()), max_size=12).map("".join)


@given(TEXTS)
def test_what_may_be_shown_holds_nothing_that_a_terminal_obeys_or_that_has_no_look(text: str) -> None:
    shown = visible(text)
    assert shown == "" or shown.isprintable()
    assert not {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} & set(map(category, shown))
    assert visible(shown) == shown


@pytest.mark.parametrize(
    ("before", "first", "last", "after"),
    [
        (0x180A, 0x180B, 0x180F, 0x1810),
        (0xFDFF, 0xFE00, 0xFE0F, 0xFE10),
        (0xE00FF, 0xE0100, 0xE01EF, 0xE01F0),
    ],
)
def test_what_only_selects_a_look_is_left_out(before: int, first: int, last: int, after: int) -> None:
    for number in (first, first + 1, last - 1, last):
        assert visible(f"a{chr(number)}b") == "ab", hex(number)
        assert visible(f"\x07{chr(number)}b") == " b", hex(number)
    for number in (before, after):
        kept = category(chr(number)) not in ("Cf", "Cn")
        assert (chr(number) in visible(f"\x07a{chr(number)}b")) is kept, hex(number)


@given(TEXTS, st.integers(0, 12))
def test_what_may_be_shown_is_as_wide_as_its_pieces_however_it_is_cut(text: str, at: int) -> None:
    shown = visible(text)
    assert cells(shown) == cell_len(shown) == sum(map(cell_len, shown))
    assert cells(shown[:at]) + cells(shown[at:]) == cells(shown)


@given(TEXTS, st.integers(2, 12))
def test_no_character_vanishes_where_a_text_is_wrapped(text: str, width: int) -> None:
    shown = visible(text)
    lines = pieces(shown, width)
    assert "".join(lines) == shown
    assert all(cells(line) <= width for line in lines)
    assert all(cells(line[0]) for line in lines if line)


@given(TEXTS, st.integers(0, 12), st.integers(0, 8), st.sampled_from(["left", "right"]))
def test_a_cut_text_has_its_width_and_ends_in_an_ellipsis_or_has_one(
    text: str, width: int, keep: int, align: str
) -> None:
    shown = visible(text)
    made = cut(shown, width, align, keep)
    assert cells(made) == width
    if cells(shown) > width > 0:
        assert "…" in made
        assert keep or made.rstrip().endswith("…")
        before, _, after = made.partition("…")
        assert shown.startswith(before)
        assert shown.rstrip().endswith(after.rstrip())


@given(TEXTS, st.integers(0, 12))
def test_a_beginning_and_an_end_fit(text: str, width: int) -> None:
    shown = visible(text)
    for made in (head(shown, width), tail(shown, width), elided(shown, width, 3)):
        assert cells(made) <= width
    assert shown.startswith(head(shown, width))
    assert shown.endswith(tail(shown, width))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[31mred", "a [31mred"),
        ("a\x1b]0;title\x07b\u202ec", "a ]0;title bc"),
        ("two\nlines\tand a \x07bell", "two lines and a  bell"),
        ("\x9b31mred", " 31mred"),
        ("👩\u200d🔧 fixed it", "👩🔧 fixed it"),
        ("warning ⚠\ufe0f", "warning ⚠"),
        ("\u0301leads", "\u25cc\u0301leads"),
        ("Werk-Größe", "Werk-Größe"),
        ("漢字", "漢字"),
    ],
)
def test_foreign_text_is_shown_as(text: str, shown: str) -> None:
    assert visible(text) == shown


ARN = "arn:aws:eks:eu-central-1:000000000000:cluster/shop-floor-line-"
FLEETS = {
    "long names that differ at the end": [ARN + "1", ARN + "2", ARN + "10"],
    "that differ at the beginning": ["line-1.plant.example.com", "line-2.plant.example.com"],
    "that differ in the middle": ["production-line-1-eu-central", "production-line-2-eu-central"],
    "one that begins like the others": ["production-eu-central-1", "production-eu-central-1-canary", "production"],
    "of wide characters": ["工場の長い名前一号", "工場の長い名前二号"],
    "many": [f"production-plant-{at:03d}-eu-central-1" for at in range(200)],
    "short": ["plant", "farm"],
}  # fmt: skip


@pytest.mark.parametrize("fleet", FLEETS.values(), ids=FLEETS.keys())
@pytest.mark.parametrize("width", [6, 8, 12, 18, 48])
def test_different_names_stay_different_at_any_width(fleet: list[str], width: int) -> None:
    made = told_apart(fleet, width)
    assert len(set(made)) == len(set(fleet))
    assert all(cells(one) <= width for one in made)
    assert all(one == name for one, name in zip(made, fleet, strict=True) if cells(name) <= width)


@given(st.lists(st.text("ab-/:1", min_size=1, max_size=30), min_size=1, max_size=12), st.integers(6, 20))
def test_whatever_they_are_called(fleet: list[str], width: int) -> None:
    made = told_apart(fleet, width)
    assert len(set(made)) == len(set(fleet))
    assert all(cells(one) <= width for one in made)


def test_what_is_elided_is_what_they_share() -> None:
    assert told_apart([ARN + "1", ARN + "2"], 18) == ["…shop-floor-line-1", "…shop-floor-line-2"]
    made = told_apart(["line-1.plant.example.com", "line-2.plant.example.com"], 12)
    assert made == ["line-1…e.com", "line-2…e.com"]


@pytest.mark.parametrize(
    ("names", "width", "made"),
    [
        (["short", "names"], 5, ["short", "names"]),
        (["aaaaaaaaaa", "aaaaaaaaab"], 3, ["…aa", "…ab"]),
        (["x" * 20 + "漢" * 20 + "1", "x" * 20 + "漢" * 20 + "2"], 2, ["…1", "…2"]),
        (["same-a-same"] * 2, 4, ["s…me"] * 2),
        ([f"{'1' * 9}{middle}{'2' * 9}" for middle in "ab"], 4, ["…a2…", "…b2…"]),
        # Where no way tells all of them apart, the rest gets numbers; what has its own text keeps it.
        (["aababbbbaababb", "abbaabaaaababa", "abbabaabbabaab"], 2, ["…2", "…a", "a…"]),
        (
            [f"{'m' * 9}{one}{'m' * 9}{end}" for end in "12" for one in "ab"],
            4,
            ["…a…2", "…b…2", "…am…", "…bm…"],
        ),
    ],
)
def test_names_are_told_apart_by_what_reads_best(names: list[str], width: int, made: list[str]) -> None:
    found = told_apart(names, width)
    assert len(set(found)) == len(set(names))
    assert all(cells(one) <= width for one in found)
    assert found == made


def test_a_joiner_at_the_beginning_takes_the_next_character_with_it() -> None:
    assert clusters("\u200dab") == [("\u200da", 0), ("b", 1)]
