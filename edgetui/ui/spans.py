"""Text with roles: what screens are written in before a theme gives the roles their styles."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from .widgets.columns import cut


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
    return sum(cell_len(span.text) for span in spans)


def to_strip(spans: Sequence[Span], width: int, look: Mapping[str, Style], base: str = "row") -> Strip:
    """Exactly `width` cells; what does not fit is cut with an ellipsis. The rest is drawn in role `base`."""
    segments: list[Segment] = []
    left = width
    for span in spans:
        length = cell_len(span.text)
        if length > left:
            segments.append(Segment(cut(span.text, left), look[span.role]))
            left = 0
            break
        segments.append(Segment(span.text, look[span.role]))
        left -= length
    segments.append(Segment(" " * left, look[base]))
    return Strip(segments, width)


def wrap(spans: Sequence[Span], width: int, indent: int = 0) -> list[Spans]:
    """Break a line at spaces so that it fits `width`; following lines are indented by `indent` cells."""
    if width_of(spans) <= width:
        return [tuple(spans)]
    lines: list[list[Span]] = [[]]
    used = 0
    for span in spans:
        for word in _words(span.text):
            room = width - used
            if cell_len(word.rstrip(" ")) > room and used > (indent if len(lines) > 1 else 0):
                lines.append([Span(" " * indent)] if indent else [])
                used = indent
                word = word.lstrip(" ")
            for piece in (
                chop_cells(word, max(width - indent, 1)) if cell_len(word) > width - used else [word]
            ):
                if used + cell_len(piece.rstrip(" ")) > width:
                    lines.append([Span(" " * indent)] if indent else [])
                    used = indent
                lines[-1].append(Span(piece, span.role))
                used += cell_len(piece)
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
