"""The ring of a log, its search, and going on after a cut: nothing twice, nothing lost, nothing without bounds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgetui.model.pod import logbuffer
from edgetui.model.pod.logbuffer import LONGEST_LINE, Lines, LogBuffer, Resume, Search, plain, split

START = datetime(2026, 11, 24, 15, 0, tzinfo=UTC).timestamp()


def at(seconds: float, text: str = "line") -> bytes:
    """A line as a kubelet sends it, `seconds` after the hour."""
    whole, fraction = divmod(round(seconds * 1000), 1000)
    stamp = datetime.fromtimestamp(START + whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{stamp}.{fraction:03d}000000Z {text}".encode()


@given(st.lists(st.binary(max_size=40).filter(lambda b: b"\n" not in b), max_size=12), st.data())
def test_lines_are_whole_however_the_stream_is_cut(lines: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(line + b"\n" for line in lines) + b"rest"
    reader, found = Lines(), []
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        found += reader.feed(wire[:size])
        wire = wire[size:]
    assert found == lines
    assert reader.rest() == b"rest"
    assert reader.rest() == b""


@pytest.mark.parametrize("piece", [1000, 50_000, 10**9])
def test_a_line_without_an_end_is_cut_and_says_so(piece: int) -> None:
    wire = b"a\n" + b"x" * (LONGEST_LINE + 5000) + b"\nb\n"
    reader, found = Lines(), []
    for start in range(0, len(wire), piece):
        found += reader.feed(wire[start : start + piece])
        assert len(reader._held) <= LONGEST_LINE
    assert [found[0], found[2]] == [b"a", b"b"]
    assert found[1] == b"x" * LONGEST_LINE + b" [5000 bytes cut]"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain", "plain"),
        (b"\x1b[1;31mred\x1b[0m and \x1b]0;title\x07quiet", "red and quiet"),
        (b"\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"cut colour\x1b[38;5", "cut colour"),
        (b"\x1b]unended", "unended"),
        (b"bell\x07 back\x08 nul\x00", "bell  back  nul "),
        (b"10%\r20%\r", "10% 20%"),
        (b"a\tb", "a       b"),
        (b"  indented", "  indented"),
        (b"\xff\xfe broken \xc3", "\ufffd\ufffd broken \ufffd"),
        ("grüß 漢字".encode(), "grüß 漢字"),
        ("abc\u202edcba".encode(), "abcdcba"),
        (b"\xc2\x9b31mC1", "C1"),
    ],
)
def test_what_steers_a_terminal_is_taken_out(raw: bytes, shown: str) -> None:
    assert plain(raw) == shown


def test_the_timestamp_is_told_from_the_text() -> None:
    assert split(b"2026-11-24T15:00:00.123456789Z hello") == (b"2026-11-24T15:00:00.123456789Z", b"hello")
    assert split(b"2026-11-24T16:00:00+01:00 hello")[0] == b"2026-11-24T16:00:00+01:00"
    assert split(b"2026-11-24T15:00:00Z ") == (b"2026-11-24T15:00:00Z", b"")
    assert split(b"unable to read the log") == (b"", b"unable to read the log")


def test_the_ring_keeps_the_newest_and_knows_how_many_went() -> None:
    ring = LogBuffer(most_lines=3, most_bytes=1000)
    ring.extend([at(0, "a"), at(1, "b")])
    ring.extend([at(2, "c"), at(3, "d"), at(4, "e")])
    assert (ring.first, ring.end, len(ring)) == (2, 5, 3)
    assert [ring.text(number) for number in range(ring.first, ring.end)] == ["c", "d", "e"]
    assert ring.stamp(4) == "2026-11-24T15:00:04.000000000Z"


def test_the_ring_is_bounded_in_bytes_too() -> None:
    ring = LogBuffer(most_lines=1000, most_bytes=100)
    ring.extend([b"x" * 60] * 5)
    assert (len(ring), ring.size, ring.end) == (1, 60, 5)
    ring.extend([b"y" * 500])
    assert (len(ring), ring.size) == (1, 500)


def test_a_search_follows_the_ring_and_goes_round() -> None:
    ring, search = LogBuffer(most_lines=5), Search("ERROR")
    ring.extend([at(0, "an error"), at(1, "fine"), at(2, "\x1b[31mErr\x1b[0mor again")])
    search.update(ring)
    assert search.found == [0, 2]
    assert [search.after(0), search.after(2), search.before(2), search.before(0)] == [2, 0, 0, 2]
    ring.extend([at(3, "fine")] * 3)
    search.update(ring)
    assert search.found == [2]
    ring.extend([at(4, "15:00")])
    clock = Search("15:00:0")
    clock.update(ring)
    assert (clock.found, clock.after(3)) == ([], None)


def resumed(before: list[bytes], server: list[bytes]) -> list[bytes]:
    """What is new of the answer of a server that holds `server` and is asked to go on after `before`."""
    resume = Resume()
    assert resume.new(before) == before
    since = datetime.fromisoformat(resume.since).timestamp()
    resume.begin()
    answer = [line for line in server if datetime.fromisoformat(split(line)[0].decode()).timestamp() >= since]
    return [line for at_once in answer for line in resume.new([at_once])]


def test_a_stream_that_was_cut_goes_on_with_the_next_line() -> None:
    log = [at(n * 0.4, str(n)) for n in range(40)]
    for cut in range(1, 40):
        assert resumed(log[:cut], log) == log[cut:]


def test_equal_lines_at_one_time_are_counted() -> None:
    log = [at(1, "tick")] * 5
    assert resumed(log[:2], log) == log[2:]


def test_lines_out_of_order_are_neither_lost_nor_doubled() -> None:
    log = [at(4.2, "a"), at(5.002, "out"), at(4.999, "err"), at(5.001, "late err"), at(6, "b")]
    for cut in range(1, 5):
        assert resumed(log[:cut], log) == log[cut:]


def test_what_the_server_no_longer_has_does_not_hide_what_is_new() -> None:
    before = [at(1.1, "a"), at(1.2, "b")]
    assert resumed(before, [at(1.2, "b"), at(1.3, "c")]) == [at(1.3, "c")]
    assert resumed(before, [at(1.5, "rotated")]) == [at(1.5, "rotated")]


def test_lines_before_the_first_that_was_shown_stay_away() -> None:
    log = [at(1 + n * 0.01, str(n)) for n in range(9)]
    assert resumed(log[4:7], log) == log[7:]
    resume = Resume()
    resume.new(log[4:7])
    resume.begin()
    assert resume.new([log[3], log[6], b"the log was rotated"]) == [b"the log was rotated"]


def test_a_second_cut_while_lines_come_again() -> None:
    resume, log = Resume(), [at(n * 0.1, str(n)) for n in range(9)]
    resume.new(log[:6])
    resume.begin()
    assert resume.new(log[:3]) == []
    resume.begin()
    assert resume.new(log[:8]) == log[6:8]
    resume.begin()
    assert resume.new(log) == log[8:]


def test_lines_without_a_timestamp_are_recognised_too() -> None:
    resume = Resume()
    resume.new([b"one", b"two"])
    assert resume.since == ""
    resume.begin()
    assert resume.new([b"one", b"two", b"three"]) == [b"three"]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbuffer, "MOST_REMEMBERED", 100)
    resume = Resume()
    for number in range(50):
        resume.new([at(1, f"{number}-{n}") for n in range(10)])
    assert resume._remembered == sum(len(block) for _, block in resume._blocks) <= 100
    resume.new([at(9)])
    assert resume._remembered == 1
