"""A screen as cells, and the fewest bytes that turn one screen into another.

A cell is one character cell: its text (a base character with what is joined to it, empty for the right half of a
wide character) and a style number. Characters and their widths are those that the compositor counts with. Control
characters never get into a cell, so text from a cluster cannot steer the terminal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from functools import lru_cache

from rich.cells import split_graphemes
from rich.color import Color, ColorSystem
from rich.segment import Segment
from rich.style import Style

from .scrolling import FEWEST, find_shift

_DEPTHS = {"16": ColorSystem.STANDARD, "256": ColorSystem.EIGHT_BIT, "truecolor": ColorSystem.TRUECOLOR}
_ASCII = str.maketrans(
    {
        "↑": "^", "↓": "v", "→": ">", "←": "<", "·": "-", "…": "~", "–": "-", "—": "-", "×": "x", "≥": ">", "≤": "<",
        "│": "|", "─": "-", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+", "┴": "+", "┼": "+",
        "█": "#", "▓": "#", "▒": "=", "░": ".", "▁": "_", "▂": "_", "▄": "=", "▌": "|", "▐": "|", "▔": "-", "▏": "|",
        "▃": "-", "▅": "+", "▆": "*", "▇": "%",
        "▎": "|", "▊": "#", "━": "=", "╸": "-", "╺": "-", "●": "*", "•": "*", "“": '"', "”": '"', "‘": "'", "’": "'",
    }
)  # fmt: skip

_JOINER = "\u200d"
_INVISIBLE = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""The joiners and selectors that belong to emoji and Indic text."""

MOST_JOINED = 16
"""Characters that one cell may hold; more would be many bytes, and marks that cover the lines around."""

Pen = tuple[frozenset[str], str, str]
"""SGR state: attribute codes, foreground code, background code ("39" and "49" are the terminal's own)."""

PLAIN: Pen = (frozenset(), "39", "49")


@lru_cache(maxsize=4096)
def pen_of(style: Style | None, colours: str) -> Pen:
    """The SGR state that draws `style` at this colour depth ("mono" sends no colour at all)."""
    if style is None:
        return PLAIN
    wanted: list[tuple[str, bool | None]] = [
        ("1", style.bold),
        ("2", style.dim),
        ("3", style.italic),
        ("4", style.underline),
        ("7", style.reverse),
        ("9", style.strike),
    ]
    attributes = frozenset(code for code, on in wanted if on)
    return attributes, _colour(style.color, colours, True), _colour(style.bgcolor, colours, False)


def _colour(colour: Color | None, colours: str, foreground: bool) -> str:
    if colour is None or colours == "mono" or colour.is_default:
        return "39" if foreground else "49"
    return ";".join(colour.downgrade(_DEPTHS[colours]).get_ansi_codes(foreground))


def sgr(old: Pen, new: Pen) -> str:
    """The shortest escape sequence that turns pen `old` into `new`."""
    if old == new:
        return ""
    if new == PLAIN:
        return "\x1b[m"
    codes: list[str] = sorted(new[0] - old[0])
    if old[0] - new[0]:
        codes = ["", *sorted(new[0])]
        old = PLAIN
    codes += [now for before, now in zip(old[1:], new[1:], strict=True) if now != before]
    return f"\x1b[{';'.join(codes)}m"


class Grid:
    """What the terminal shows and what it should show.

    `put` changes what it should show; `emit` returns the bytes that get it there and takes them as sent. The pen
    stays as the last cell left it, because the next change is often of the same style.
    """

    def __init__(
        self, width: int, height: int, *, colours: str = "truecolor", ascii_only: bool = False
    ) -> None:
        self._colours = colours
        self._ascii = ascii_only
        self._pens: list[Pen] = [PLAIN]
        self._pen_ids: dict[Pen, int] = {PLAIN: 0}
        self.resize(width, height)

    def resize(self, width: int, height: int) -> None:
        """A new size: everything is unknown until it is put and emitted again."""
        self.width, self.height = width, height
        self._text = [[" "] * width for _ in range(height)]
        self._style = [[0] * width for _ in range(height)]
        self.invalidate()

    def invalidate(self) -> None:
        """Forget what the terminal shows: the next emit clears it and draws everything."""
        self._shown_text = [[" "] * self.width for _ in range(self.height)]
        self._shown_style = [[0] * self.width for _ in range(self.height)]
        self._dirty = set(range(self.height))
        self._clear = True
        self._pen = PLAIN

    def put(self, x: int, y: int, segments: Iterable[Segment], end: int | None = None) -> None:
        """Set the cells of line `y` from column `x`, up to column `end` (exclusive, default the width)."""
        if not 0 <= y < self.height:
            return
        end = self.width if end is None else min(end, self.width)
        text, style = self._text[y], self._style[y]
        for content, rich_style, control in segments:
            if control or x >= end:
                continue
            number = self._pen_id(pen_of(rich_style, self._colours))
            x = self._put_text(text, style, x, end, content, number)
        self._dirty.add(y)

    @property
    def changed(self) -> bool:
        """Whether there may be something to emit."""
        return self._clear or bool(self._dirty)

    def emit(self, limit: int = sys.maxsize) -> str:
        """What turns the shown screen into the wanted one, empty when they are equal.

        After `limit` characters the rest of the lines is left to the next call.
        """
        out: list[str] = []
        if self._clear:
            out.append("\x1b[m\x1b[2J")
            self._clear = False
        self._dirty = {y for y in self._dirty if self._differs(y)}
        if len(self._dirty) > FEWEST:
            self._scroll(out)
        length = sum(map(len, out))
        for y in sorted(self._dirty):
            if length >= limit:
                break
            line: list[str] = []
            self._pen = self._emit_line(y, self._pen, line)
            self._shown_text[y] = self._text[y].copy()
            self._shown_style[y] = self._style[y].copy()
            self._dirty.discard(y)
            out += line
            length += sum(map(len, line))
        return "".join(out)

    def _differs(self, y: int) -> bool:
        return self._text[y] != self._shown_text[y] or self._style[y] != self._shown_style[y]

    def _scroll(self, out: list[str]) -> None:
        """Where lines only moved, move them on the terminal, if that is less to send than drawing them."""
        shown, wanted = (["".join(line) for line in lines] for lines in (self._shown_text, self._text))
        shift = find_shift(shown, wanted, self._dirty)
        if shift is None:
            return
        before = self._shown_text, self._shown_style, self._pen
        block = range(shift.top, shift.bottom + 1)
        drawing = self._cost(block)
        move = sgr(self._pen, PLAIN) + shift.sequence
        self._shown_text = shift.applied(self._shown_text, [" "] * self.width)
        self._shown_style = shift.applied(self._shown_style, [0] * self.width)
        self._pen = PLAIN
        if len(move) + self._cost(block) < drawing:
            out.append(move)
            self._dirty.update(block)
            self._dirty = {y for y in self._dirty if self._differs(y)}
        else:
            self._shown_text, self._shown_style, self._pen = before

    def _cost(self, lines: Iterable[int]) -> int:
        out: list[str] = []
        pen = self._pen
        for y in lines:
            pen = self._emit_line(y, pen, out)
        return sum(map(len, out))

    def lines(self) -> list[str]:
        """The wanted screen as text, one string per line."""
        return ["".join(line) for line in self._text]

    def _pen_id(self, pen: Pen) -> int:
        number = self._pen_ids.get(pen)
        if number is None:
            number = self._pen_ids[pen] = len(self._pens)
            self._pens.append(pen)
        return number

    def _put_text(
        self, text: list[str], style: list[int], x: int, end: int, content: str, number: int
    ) -> int:
        if self._ascii and not content.isascii():
            content = content.translate(_ASCII)
        if content.isascii() and content.isprintable():
            stop = min(x + len(content), end)
            if 0 <= x < stop:
                self._split_wide(text, x, stop)
                text[x:stop] = content[: stop - x]
                style[x:stop] = [number] * (stop - x)
            return x + len(content)
        while content.startswith(_JOINER):
            content = content[
                2:
            ]  # a joiner at the beginning takes the next character with it: it has no cells
        for start, stop, width in split_graphemes(content)[0]:
            cluster = self._drawable(content[start:stop], width)
            if width == 0:
                if 0 < x <= end:
                    lead = x - 1 if text[x - 1] else x - 2
                    text[lead] = (text[lead] + cluster)[:MOST_JOINED]
                continue
            if x + width > end:
                self._blank(text, style, x, end, number)
                return end
            self._split_wide(text, x, x + width)
            cells = list(cluster) if cluster.isascii() else [cluster, *[""] * (width - 1)]
            text[x : x + width] = cells
            style[x : x + width] = [number] * width
            x += width
        return x

    def _drawable(self, cluster: str, width: int) -> str:
        """A character with its marks as a terminal of this alphabet can be sent it."""
        if len(cluster) == 1 and not self._ascii and cluster.isprintable():
            return cluster
        base = cluster[0]
        if self._ascii and not cluster.isascii():
            return base + "?" * (width - 1) if width and " " <= base <= "~" else "?" * width
        if not base.isprintable() and base not in _INVISIBLE:
            return "?" * width
        return "".join(one for one in cluster if one.isprintable() or one in _INVISIBLE)[:MOST_JOINED]

    def _blank(self, text: list[str], style: list[int], x: int, end: int, number: int) -> None:
        """What has no room for its second half leaves spaces."""
        if 0 <= x < end:
            self._split_wide(text, x, end)
            text[x:end] = [" "] * (end - x)
            style[x:end] = [number] * (end - x)

    def _split_wide(self, text: list[str], start: int, stop: int) -> None:
        """Writing over half of a wide character leaves a space in the other half."""
        if not text[start]:
            text[start - 1] = " "
        if stop < self.width and not text[stop]:
            text[stop] = " "

    def _emit_line(self, y: int, pen: Pen, out: list[str]) -> Pen:
        text, style = self._text[y], self._style[y]
        old_text, old_style = self._shown_text[y], self._shown_style[y]
        blank_from = self._blank_tail(text, style)
        x, at = 0, -1
        while x < self.width:
            if text[x] == old_text[x] and style[x] == old_style[x]:
                x += 1
                continue
            if x >= blank_from and self.width - x > 3:
                out.append(_move(at, x, y) + sgr(pen, PLAIN) + "\x1b[K")
                return PLAIN
            between = range(at, x)
            if (
                0 <= at < x
                and x - at <= 4
                and all(self._pens[style[i]] == pen and _sure(text[i]) for i in between)
            ):
                out.append("".join(text[at:x]))
            else:
                out.append(_move(at, x, y))
            wanted = self._pens[style[x]]
            out.append(sgr(pen, wanted) + text[x])
            pen = wanted
            x += 1
            while x < self.width and not text[x]:
                x += 1
            at = x if x < self.width and _sure(text[x - 1] or text[x - 2]) else -1
        return pen

    def _blank_tail(self, text: list[str], style: list[int]) -> int:
        x = self.width
        while x and text[x - 1] == " " and style[x - 1] == 0:
            x -= 1
        return x


def _sure(cell: str) -> bool:
    """Whether every terminal takes a cell's text for as wide as it is here; behind others the cursor is placed anew."""
    return len(cell) < 2 and cell < "\U0001f000"


def _move(at: int, x: int, y: int) -> str:
    """Move to column `x` of line `y`; `at` is the column where the cursor is on that line, -1 for elsewhere."""
    if at == x:
        return ""
    if 0 <= at < x:
        return "\x1b[C" if x - at == 1 else f"\x1b[{x - at}C"
    return f"\x1b[{y + 1}H" if x == 0 else f"\x1b[{y + 1};{x + 1}H"
