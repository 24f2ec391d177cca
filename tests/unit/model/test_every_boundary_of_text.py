"""Numbers, times and texts at each of their boundaries: the last value of one form, and the first of the next."""

from __future__ import annotations

import pytest

from edgetui.model import cells
from edgetui.model.kinds.workload import limit
from edgetui.model.text import (
    age,
    ago,
    clean,
    cpu,
    duration,
    elide_middle,
    escaped,
    memory,
    parse_cpu,
    percent,
    plural,
    quantity,
    rate,
    seconds_of,
    unix,
    verb,
    whole,
)

MINUTE, HOUR, DAY = 60, 3600, 86400


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "0s"), (0, "0s"), (0.9, "0s"), (1, "1s"), (59.9, "59s"), (60, "1m"), (119, "1m"), (120, "2m"),
        (HOUR - 1, "59m"), (HOUR, "1h"), (2 * HOUR - 1, "1h"), (DAY - 1, "23h"), (DAY, "1d"), (2 * DAY - 1, "1d"),
        (1000 * DAY - 1, "999d"), (1000 * DAY, "2y"), (1095 * DAY - 1, "2y"), (1095 * DAY, "3y"), (3650 * DAY, "10y"),
    ],
)  # fmt: skip
def test_an_age(seconds: float, text: str) -> None:
    assert age(seconds) == text
    assert ago(1000.0, 1000.0 + seconds) == text
    assert ago(0, 1000.0 + seconds) == "-"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0s"), (0, "0s"), (0.9, "0s"), (1, "1s"), (59, "59s"), (60, "1m"), (61, "1m1s"), (119, "1m59s"),
        (120, "2m"),        (600, "10m"), (HOUR - 1, "59m59s"), (HOUR, "1h"), (HOUR + 59, "1h"),
        (HOUR + 60, "1h1m"), (DAY - 1, "23h59m"),
        (DAY, "1d"), (DAY + HOUR - 1, "1d"), (DAY + HOUR, "1d1h"), (76 * HOUR, "3d4h"), (400 * DAY, "400d"),
    ],
)  # fmt: skip
def test_a_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1.5h", 5400.0), ("2m", 120.0), ("3d", 259200.0),
        ("1w", 604800.0), ("1w2d3h4m5s6ms", 788645.006),
        ("90", 90.0), ("0.5", 0.5), (" 7s ", 7.0), ("1s1s", 2.0),
        ("", None), ("s", None), ("1x", None), ("-1s", None), ("1 s", None), ("1s ago", None), ("x1s", None),
        ("1.s", None),
        ("1.1234567890s", None), ("1234567890123", None), ("123456789012", 123456789012.0), ("0", 0.0),
        ("1h30", None),
    ],
)  # fmt: skip
def test_seconds_of_a_time(text: str, seconds: float | None) -> None:
    found = seconds_of(text)
    assert found == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01T00:00:01Z", 1), ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59Z", 0),
        ("2026-09-21T14:13:20Z", 1790000000),
        ("2026-09-21T16:13:20+02:00", 1790000000), ("2026-09-21T14:13:20", 1790000000),
        ("2026-09-21T14:13:20.999999Z", 1790000000), ("", 0), (None, 0), ("soon", 0), ("2026-13-01T00:00:00Z", 0),
    ],
)  # fmt: skip
def test_a_moment(text: str | None, moment: int) -> None:
    assert unix(text) == moment


SUFFIXES = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10,    "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
    "e3": 1e3, "E3": 1e3, "e-3": 1e-3,
    "e+3": 1e3,
}  # fmt: skip


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_quantity_with_every_suffix(suffix: str) -> None:
    for number in ("0", "1", "7", "1.5", ".5", "-3", "+2", "4."):
        assert quantity(f"{number}{suffix}") == pytest.approx(float(number) * SUFFIXES[suffix])
        assert quantity(f" {number}{suffix} ") == quantity(f"{number}{suffix}")


@pytest.mark.parametrize(
    "text", ["", None, "x", "1x", "1 Gi", "Gi", "1gi", "1KI", "--1", "1.2.3", "e3", "1e", ".", "٣"]
)
def test_what_is_no_quantity(text: str | None) -> None:
    assert (quantity(text), parse_cpu(text), whole(text)) == (None, None, None)


def test_a_quantity_as_large_as_no_server_takes_is_none() -> None:
    assert quantity("15.9Ei") == pytest.approx(15.9 * 2.0**60)
    assert (quantity("16Ei"), quantity("-16Ei"), quantity("1e400")) == (None, None, None)


@pytest.mark.parametrize(
    ("text", "millicores", "count"),
    [("1", 1000, 1), ("100m", 100, 1), ("1.0001", 1001, 2), ("0.1", 100, 1), ("1n", 1, 1), ("1u", 1, 1),
     ("2.5", 2500, 3),     ("0", 0, 0), ("1Ki", 1024000, 1024), ("1.5Ki", 1536000, 1536),
     ("-1.5", -1500, -1), ("999999n", 1, 1),
     ("1000001n", 2, 1)],
)  # fmt: skip
def test_cores_and_counts_are_rounded_up(text: str, millicores: int, count: int) -> None:
    assert (parse_cpu(text), whole(text)) == (millicores, count)


@pytest.mark.parametrize(
    ("millicores", "text"),
    [(0, "0m"), (93, "93m"), (999, "999m"), (1000, "1"), (1049, "1"), (1100, "1.1"), (1500, "1.5"), (9999, "10"),
     (12000, "12"), (12340, "12.3"), (99900, "99.9"), (99999, "100"), (100000, "100"), (100500, "100"),
     (123456, "123")],
)  # fmt: skip
def test_cores(millicores: int, text: str) -> None:
    assert cpu(millicores) == text


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (1, "1"), (9, "9"), (999, "999"), (1000, "1Ki"), (1023, "1Ki"), (1024, "1Ki"), (1536, "1.5Ki"),
     (10137, "9.9Ki"), (10189, "10Ki"), (10240, "10Ki"), (1022975, "999Ki"), (1023488, "1Mi"), (512 << 20, "512Mi"),
     (1288490189, "1.2Gi"), (1 << 40, "1Ti"), (1 << 50, "1Pi"), (1 << 60, "1Ei"), (5000 << 60, "5000Ei")],
)  # fmt: skip
def test_bytes(size: int, text: str) -> None:
    assert memory(size) == text


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(0, "0"), (51.1, "0"), (51.2, "0.1 KiB/s"), (307.2, "0.3 KiB/s"), (1024, "1.0 KiB/s"), (10188, "9.9 KiB/s"),
     (10189, "10 KiB/s"), (12 * 1024, "12 KiB/s"), (999.4 * 1024, "999 KiB/s"), (999.5 * 1024, "1.0 MiB/s"),
     (1536 * 1024, "1.5 MiB/s"), (20 << 20, "20 MiB/s"), (5000 << 20, "5000 MiB/s")],
)  # fmt: skip
def test_bytes_per_second(per_second: float, text: str) -> None:
    assert rate(per_second) == text


def test_shares_and_words_that_agree() -> None:
    assert [percent(part, of) for part, of in ((0, 3), (1, 3), (2, 3), (3, 3), (9, 3), (1, 0), (0, 0))] == [
        "0%", "33%", "67%", "100%", "300%", "-", "-"
    ]  # fmt: skip
    assert [plural(count, "pod") for count in (0, 1, 2)] == ["0 pods", "1 pod", "2 pods"]
    assert [plural(count, "policy", "policies") for count in (0, 1, 2)] == [
        "0 policies",
        "1 policy",
        "2 policies",
    ]
    assert [verb(count, "waits", "wait") for count in (0, 1, 2)] == ["wait", "waits", "wait"]


@pytest.mark.parametrize("length", [1, 9, 10, 11, 39, 40, 41, 79, 80, 81, 200])
def test_what_is_cut_of_a_long_text(length: int) -> None:
    text = "".join(chr(ord("a") + at % 26) for at in range(length))
    assert clean(text, 10) == (text if length <= 10 else f"{text[:9]}…")
    assert elide_middle(text, 10) == (text if length <= 10 else f"{text[:3]}…{text[-6:]}")
    assert clean(text) == text
    spaced = "a" + " " * length + "b"
    assert clean(spaced, 10) == ("a b" if length < 39 else "a")


def test_texts_without_words() -> None:
    assert (clean(None), clean(""), clean(" \n\t "), elide_middle(None), elide_middle("")) == (
        "",
        "",
        "",
        "",
        "",
    )
    assert clean("a" * 200) == "a" * 200
    assert clean("a" * 201) == "a" * 199 + "…"
    assert elide_middle("a" * 200 + "b") == "a" * 66 + "…" + "a" * 132 + "b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("", ""), ("a\nb", "a\\u000ab"), ("a\u202eb", "a\\u202eb"), ("a\u200db", "a\u200db"),
     ("a\u200cb\n", "a\u200cb\\u000a"), ("\U000e0001", "\\udb40\\udc01"), ("\ud800", "\\ud800"), ("ü", "ü")],
)  # fmt: skip
def test_what_is_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


# -- cells

WIDE = "日本語"
MARKED = "e\u0301"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("plain", "plain"), ("a\tb", "a b"), ("ü", "ü"), ("a\u00a0b", "a b"), ("a\u200bb", "ab"), ("a\ufe0fb", "ab"),
     ("\u0301a", "\u25cc\u0301a"), ("\u0301\n", "\u25cc\u0301 "), ("\ue000", "\ufffd"), ("\ud800", "\ufffd"),
     ("\u0378", "\ufffd"), ("\u2028", " "), ("a\x7fb", "a b"), ("\u180ba", "a"), ("\U000e0100a", "a"), ("", "")],
)  # fmt: skip
def test_what_may_be_shown(text: str, shown: str) -> None:
    assert cells.visible(text) == shown


@pytest.mark.parametrize(
    ("text", "width", "head", "tail"),
    [
        ("abc", -1, "", ""), ("abc", 0, "", ""), ("abc", 1, "a", "c"), ("abc", 2, "ab", "bc"), ("abc", 3,
        "abc", "abc"),
        ("abc", 4, "abc", "abc"), (WIDE, 0, "", ""), (WIDE, 1, "", ""), (WIDE, 2, "日", "語"), (WIDE, 3, "日", "語"),
        (WIDE, 4, "日本", "本語"), (WIDE, 5, "日本", "本語"), (WIDE, 6, WIDE, WIDE), (WIDE, 9, WIDE, WIDE),
        (MARKED * 3, 1, MARKED, MARKED), (MARKED * 3, 2, MARKED * 2, MARKED * 2), ("aé", 1, "a", "é"),
    ],
)  # fmt: skip
def test_beginnings_and_ends(text: str, width: int, head: str, tail: str) -> None:
    assert (cells.head(text, width), cells.tail(text, width)) == (head, tail)


@pytest.mark.parametrize(
    ("text", "width", "keep", "shown"),
    [
        ("abcdef", 6, 0, "abcdef"), ("abcdef", 5, 0, "abcd…"), ("abcdef", 5, 1, "abc…f"), ("abcdef", 5, 2, "ab…ef"),
        ("abcdef", 5, 9, "ab…ef"), ("abcdef", 4, 3, "a…ef"), ("abcdef", 3, 2, "a…f"), ("abcdef", 2, 2, "a…"),
        ("abcdef", 1, 2, "…"), ("abcdef", 0, 2, ""), (WIDE, 6, 0, WIDE), (WIDE, 5, 0, "日本…"), (WIDE, 4, 0, "日…"),
        (WIDE, 3, 0, "日…"), (WIDE, 5, 2, "日…語"), (WIDE, 4, 2, "…語"), (WIDE, 2, 0, "…"),
    ],
)  # fmt: skip
def test_what_is_elided(text: str, width: int, keep: int, shown: str) -> None:
    assert cells.elided(text, width, keep) == shown
    if width > 0:
        assert cells.cut(text, width, keep=keep) == shown + " " * (width - cells.cells(shown))


def test_what_fits_is_padded() -> None:
    assert [cells.cut(text, 4) for text in ("", "ab", "abcd", "日")] == ["    ", "ab  ", "abcd", "日  "]
    assert [cells.cut(text, 4, "right") for text in ("", "ab", "abcd", "日")] == [
        "    ",
        "  ab",
        "abcd",
        "  日",
    ]
    assert cells.cut("abcdef", 4, "right") == "abc…"
    assert cells.cut(WIDE, 4, "right") == "日… "


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 3, [""]), ("abc", 3, ["abc"]), ("abcd", 3, ["abc", "d"]), ("abcdef", 3, ["abc", "def"]),
        (WIDE, 6, [WIDE]), (WIDE, 5, ["日本", "語"]), (WIDE, 4, ["日本", "語"]), (WIDE, 3, ["日", "本", "語"]),
        (WIDE, 1, ["日", "本", "語"]), ("a日b", 2, ["a", "日", "b"]), ("a日b", 3, ["a日", "b"]),
        (MARKED * 3, 2, [MARKED * 2, MARKED]), (MARKED * 3, 1, [MARKED] * 3),
    ],
)  # fmt: skip
def test_pieces(text: str, width: int, lines: list[str]) -> None:
    assert cells.pieces(text, width) == lines


def crossed(firsts: str, seconds: str) -> list[str]:
    """Names that differ in two places far from both of their ends."""
    return [f"{'x' * 9}{a}{'y' * 9}{b}{'z' * 9}" for a in firsts for b in seconds]


IN_THE_MIDDLE = [f"{'a' * 20}{at:03d}{'b' * 20}" for at in range(12)]
LINES = ["cluster-north-1", "cluster-north-2", "cluster-south-1"]


@pytest.mark.parametrize(
    ("names", "width", "keep", "shown"),
    [
        ([], 8, 0, []),
        (["press", "weld"], 8, 0, ["press", "weld"]),
        (["press-7f9c66-abcde"], 10, 0, ["pre…-abcde"]),
        (["press-7f9c66-abcde"], 10, 5, ["pres…abcde"]),
        (["press-one-line", "weld", "press-two-line"], 9, 0, ["press-o…e", "weld", "press-t…e"]),
        (["a" * 10, "a" * 9 + "b", "a" * 9 + "c"], 4, 0, ["…aaa", "…aab", "…aac"]),
        (["a" * 10, "a" * 10], 4, 0, ["a…aa", "a…aa"]),
        (LINES, 8, 0, ["…north-1", "…north-2", "…south-1"]),
        (LINES, 8, 3, ["…north-1", "…north-2", "…south-1"]),
        (["日本語日本語", "日本語日本人"], 7, 0, ["日…本語", "日…本人"]),
        (["a…b", "aXXXXXXXb", "aYYYYYYYb"], 3, 0, ["a…b", "aX…", "aY…"]),
        (IN_THE_MIDDLE, 4, 0, [f"…{at:02d}…" for at in range(12)]),
        ([*IN_THE_MIDDLE[:3], "a…", "aa…"], 3, 0, ["…0…", "…1…", "…2…", "a…", "aa…"]),
        (crossed("12", "12"), 4, 0, ["…1…2", "…2…2", "…1z…", "…2z…"]),
        (crossed("12", "123"), 3, 0, ["……2", "……3", "……4", "…1…", "…2…", "…3…"]),
        (crossed("12", "123"), 2, 0, ["…2", "…3", "…4", "…5", "…6", "…z"]),
        ([*crossed("12", "12"), "x…2"], 4, 0, ["…1…2", "…2…2", "…1z…", "…2z…", "x…2"]),
        (crossed("12", "12"), 8, 2, ["…1zzzz…2", "…2zzzz…2", "…1zzzzz…", "…2zzzzz…"]),
    ],
)
def test_names_that_are_told_apart(names: list[str], width: int, keep: int, shown: list[str]) -> None:
    assert cells.told_apart(names, width, keep) == shown
    assert len(set(shown)) == len(set(names))
    assert all(cells.cells(one) <= width for one in shown)
    assert cells.told_apart([*names, *names], width, keep) == [*shown, *shown]


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, ""), (0, "0"), ("25%", "25%"), ("9" * 20, "9" * 20), ("9" * 21, clean("9" * 21, 20))],
)
def test_a_limit_of_a_rollout_has_at_most_twenty_letters(value: int | str | None, text: str) -> None:
    assert limit(value) == text
    assert len(limit(value)) <= 20
