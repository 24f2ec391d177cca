"""Text with roles: what screens are written in before a theme gives the roles their styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from edgetui.model.cells import cells, cut, head, pieces


class Span(NamedTuple):
    """A piece of text and the theme role it is drawn in (see themes.ROLES)."""

    text: str
    role: str = "row"


Spans = tuple[Span, ...]


def line(*parts: str | Span) -> Spans:
    """One line of plain strings and spans."""
    return tuple(part if isinstance(part, Span) else Span(part) for part in parts)


def plain(spans: Iterable[Span]) -> str:
    """The text of a line without roles."""
    return "".join(span.text for span in spans)


def width_of(spans: Iterable[Span]) -> int:
    """Cells a line takes."""
    return sum(cells(span.text) for span in spans)


_OWN_GROUND = frozenset({"badge", "title-focus", "cursor", "field"})


def to_strip(spans: Sequence[Span], width: int, look: Mapping[str, Style], base: str = "row") -> Strip:
    """Exactly `width` cells on the ground of role `base`; what does not fit is cut with an ellipsis."""
    segments: list[Segment] = []
    left = width
    ground = Style(bgcolor=look[base].bgcolor) if base != "row" else None
    for span in spans:
        length = cells(span.text)
        style = look[span.role]
        if ground is not None and span.role not in _OWN_GROUND:
            style = style + ground
        if length > left:
            segments.append(Segment(cut(span.text, left), style))
            left = 0
            break
        segments.append(Segment(span.text, style))
        left -= length
    segments.append(Segment(" " * left, look[base]))
    return Strip(segments, width)


def hanging(spans: Sequence[Span], width: int) -> int:
    """How far the second line of a wrapped line is indented: to the value behind a label, else to its first word."""
    used = 0
    for span in spans[:2]:
        used += cells(span.text)
        if span.text.endswith("  ") and span.text.strip() and used * 3 < width:
            return used
    text = plain(spans)
    return min(len(text) - len(text.lstrip(" !~?")), width // 3)


def wrap(spans: Sequence[Span], width: int) -> list[Spans]:
    """Break a line at spaces so that each part fits `width`; the parts after the first hang."""
    if width_of(spans) <= width:
        return [tuple(spans)]
    indent = hanging(spans, width)
    lines: list[list[Span]] = [[]]
    used = start = 0

    def begin_line() -> None:
        nonlocal used, start
        if lines[-1]:
            lines[-1][-1] = lines[-1][-1]._replace(text=lines[-1][-1].text.rstrip(" "))
        lines.append([Span(" " * indent)])
        used = start = indent

    for span in spans:
        for word in _words(span.text):
            bare = word.rstrip(" ")
            if used + cells(bare) > width and used > start:
                begin_line()
            parts = [word]
            if used + cells(bare) > width:
                *parts, last = pieces(bare, width - indent)
                parts.append(last + word.removeprefix(bare))
            for number, piece in enumerate(parts):
                if number:
                    begin_line()
                piece = head(piece, width - used)  # only spaces are left out
                lines[-1].append(Span(piece, span.role))
                used += cells(piece)
    return [tuple(one) for one in lines]


def _words(text: str) -> list[str]:
    """Words with the spaces that follow them; leading spaces are a word of their own."""
    words: list[str] = []
    start = 0
    while start < len(text):
        end = start
        while end < len(text) and text[end] != " ":
            end += 1
        while end < len(text) and text[end] == " ":
            end += 1
        words.append(text[start:end])
        start = end
    return words
