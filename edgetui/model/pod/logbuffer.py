"""A log as it is kept: the newest lines within two bounds, what a search finds in them, where to go on after a cut.

Lines are kept as they came, each with the server's timestamp in front; they become text when they are looked at.
"""

from __future__ import annotations

import re
from array import array
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice

from edgetui.model.cells import visible
from edgetui.model.text import unix

MOST_LINES = 10_000
MOST_BYTES = 4 * 1024 * 1024
LONGEST_LINE = 16 * 1024
"""Bytes that are kept of one line; what is longer ends in words that say how much is missing."""
MOST_REMEMBERED = 262_144
"""Lines of the last two seconds that are recognised after a cut."""

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) ")
_ESCAPE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # colours and cursor movements
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links and other strings for the terminal
    r"|\x1b[ -/]*[0-~]?"
)


class Lines:
    """Whole lines out of a stream of bytes, however it is cut into pieces; holds no more than one bounded line."""

    def __init__(self) -> None:
        self._held = b""
        self._lost = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that these bytes complete, without their ends."""
        first, *rest = data.split(b"\n")
        self._hold(first)
        if not rest:
            return []
        lines = [self.rest(), *rest[:-1]]
        if len(data) > LONGEST_LINE:
            lines[1:] = map(_bounded, lines[1:])
        self._hold(rest[-1])
        return lines

    def rest(self) -> bytes:
        """What is held of a line without an end; nothing is held afterwards."""
        line, lost = self._held, self._lost
        self._held, self._lost = b"", 0
        return _cut(line, lost)

    def _hold(self, data: bytes) -> None:
        room = LONGEST_LINE - len(self._held)
        self._held += data[:room]
        self._lost += max(len(data) - room, 0)


def _bounded(line: bytes) -> bytes:
    return _cut(line[:LONGEST_LINE], len(line) - LONGEST_LINE)


def _cut(line: bytes, lost: int) -> bytes:
    return b"%b [%d bytes cut]" % (line, lost) if lost > 0 else line


def split(raw: bytes) -> tuple[bytes, bytes]:
    """The timestamp of a line (empty when it has none) and what the program wrote."""
    match = _STAMP.match(raw)
    return (match[1], raw[match.end() :]) if match else (b"", raw)


def plain(data: bytes) -> str:
    """What a program wrote as text for one line of a terminal: no escape sequences, no control characters."""
    text = data.decode("utf-8", "replace").rstrip("\r")
    if text.isprintable():
        return visible(text)
    return visible(_ESCAPE.sub("", text).replace("\r", " ").expandtabs(8))


def moment(stamp: bytes) -> int:
    """Unix seconds of a timestamp; 0 for none."""
    return unix(stamp.decode("ascii")) if stamp else 0


class LogBuffer:
    """The newest lines. Each has a number that no other line gets; `first` is the oldest that is kept."""

    def __init__(self, most_lines: int = MOST_LINES, most_bytes: int = MOST_BYTES) -> None:
        self.first = 0
        self.size = 0
        self._lines: deque[bytes] = deque()
        self._most_lines = most_lines
        self._most_bytes = most_bytes

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def end(self) -> int:
        """The number that the next line will get; also how many lines came in all."""
        return self.first + len(self._lines)

    def extend(self, lines: Sequence[bytes]) -> None:
        """Add lines at the end; the oldest go where there are too many."""
        self._lines.extend(lines)
        self.size += sum(map(len, lines))
        kept = self._lines
        while len(kept) > self._most_lines or (self.size > self._most_bytes and len(kept) > 1):
            self.size -= len(kept.popleft())
            self.first += 1

    def raw(self, number: int) -> bytes:
        """A line that is kept, as it came."""
        return self._lines[number - self.first]

    def text(self, number: int) -> str:
        """What the program wrote on a line that is kept."""
        return plain(split(self.raw(number))[1])

    def stamp(self, number: int) -> str:
        """The timestamp of a line that is kept, empty when it has none."""
        return split(self.raw(number))[0].decode("ascii")

    def since(self, number: int) -> Iterable[bytes]:
        """The lines from this number on."""
        return islice(self._lines, max(number - self.first, 0), None)


class Search:
    """The lines that hold some words, whatever their case."""

    def __init__(self, words: str) -> None:
        self.words = words
        self.found: list[int] = []
        """Numbers of the lines found, in order."""
        self._needle = words.lower()
        self._looked = 0

    def update(self, buffer: LogBuffer) -> None:
        """Look at the lines that came since the last time, and forget those that are no longer kept."""
        gone = 0
        while gone < len(self.found) and self.found[gone] < buffer.first:
            gone += 1
        del self.found[:gone]
        start = max(self._looked, buffer.first)
        for number, raw in enumerate(buffer.since(start), start):
            if self._needle in plain(split(raw)[1]).lower():
                self.found.append(number)
        self._looked = buffer.end

    def before(self, number: int) -> int | None:
        """The last line found before this one; from the first it goes on to the last."""
        return next(
            (one for one in reversed(self.found) if one < number), self.found[-1] if self.found else None
        )

    def after(self, number: int) -> int | None:
        """The first line found after this one; from the last it goes on to the first."""
        return next((one for one in self.found if one > number), self.found[0] if self.found else None)


class Resume:
    """What came last, so that a stream that was cut goes on without a line twice and without one lost.

    A server goes on from a whole second (it drops the fraction of `sinceTime`), and lines of two streams of one
    container may stand in the log a little out of order. So it is asked for a second more, and what came already
    is recognised by its bytes, timestamp included. What is older than the first line was not asked for to begin with.
    """

    def __init__(self) -> None:
        self._first: bytes | None = None
        self._second = 0
        self._blocks: deque[tuple[int, array[int]]] = deque()
        self._remembered = 0
        self._again: Counter[int] = Counter()

    @property
    def since(self) -> str:
        """What to ask for as `sinceTime`; empty while nothing is known."""
        if not self._second:
            return ""
        return datetime.fromtimestamp(self._second - 1, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def begin(self) -> None:
        """A new stream begins: what is remembered will come again."""
        self._again = Counter(one for _, block in self._blocks for one in block)

    def new(self, lines: Sequence[bytes]) -> Sequence[bytes]:
        """Those of the lines that did not come before; they are remembered."""
        if self._again:
            lines = [line for line in lines if not self._came(line)]
        if lines:
            self._remember(lines)
        return lines

    def _came(self, line: bytes) -> bool:
        key = hash(line)
        if self._again[key] <= 0:
            return b"" < split(line)[0] < (self._first or b"")
        self._again[key] -= 1
        return True

    def _remember(self, lines: Sequence[bytes]) -> None:
        if self._first is None:
            self._first = split(lines[0])[0]
        second = moment(split(lines[-1])[0]) or self._second
        if second > self._second + 1:
            self._again.clear()
        self._second = second
        block = array("q", map(hash, lines[-MOST_REMEMBERED:]))
        self._blocks.append((second, block))
        self._remembered += len(block)
        while self._blocks[0][0] < second - 1 or self._remembered > MOST_REMEMBERED:
            self._remembered -= len(self._blocks.popleft()[1])
