"""A terminal screen as a picture: what a person saw, drawn from the cells a real terminal would hold."""

from __future__ import annotations

from collections import Counter
from html import escape
from itertools import groupby

import pyte
from pyte.screens import Char

CELL_WIDTH = 9.03
CELL_HEIGHT = 19
MARGIN = 14
FONT_SIZE = 15
BACKGROUND = "#11151c"
FOREGROUND = "#d5dae3"
PALETTE = {
    "black": "#1b2029",
    "red": "#ef6b73",
    "green": "#8cc265",
    "brown": "#d7a65f",
    "blue": "#6ea8fe",
    "magenta": "#c48ee0",
    "cyan": "#56b6c2",
    "white": "#d5dae3",
    "brightblack": "#7d8799",
    "brightred": "#ff8a90",
    "brightgreen": "#a9e07f",
    "brightbrown": "#f2c877",
    "brightblue": "#93c0ff",
    "brightmagenta": "#dcaaf2",
    "brightcyan": "#7fd5e0",
    "brightwhite": "#ffffff",
}


def colour(name: str, default: str) -> str:
    """A pyte colour, by name or as six hexadecimal digits, as a CSS colour."""
    if name == "default":
        return default
    return PALETTE.get(name, f"#{name}")


def ground(screen: pyte.Screen) -> str:
    """The background that most of the screen has."""
    counted = Counter(
        style(screen.buffer[y][x])[1] for y in range(screen.lines) for x in range(screen.columns)
    )
    return counted.most_common(1)[0][0]


def style(cell: Char) -> tuple[str, str, bool, bool, bool]:
    """Foreground, background, bold, italic and underline of one cell, reverse video resolved."""
    foreground, background = colour(cell.fg, FOREGROUND), colour(cell.bg, BACKGROUND)
    if cell.reverse:
        foreground, background = background, foreground
    return foreground, background, cell.bold, cell.italics, cell.underscore


def svg(screen: pyte.Screen) -> str:
    """The whole screen as one SVG without any reference to the outside."""
    width = screen.columns * CELL_WIDTH + 2 * MARGIN
    height = screen.lines * CELL_HEIGHT + 2 * MARGIN
    paper = ground(screen)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}" '
        f'font-family="DejaVu Sans Mono, Liberation Mono, Menlo, monospace" font-size="{FONT_SIZE}">',
        f'<rect width="100%" height="100%" rx="8" fill="{paper}"/>',
    ]
    for y in range(screen.lines):
        cells = [screen.buffer[y][x] for x in range(screen.columns)]
        top = MARGIN + y * CELL_HEIGHT
        x = 0
        for (foreground, background, bold, italic, underline), group in groupby(cells, style):
            run = list(group)
            text = "".join(cell.data for cell in run)
            left, length = MARGIN + x * CELL_WIDTH, len(run) * CELL_WIDTH
            x += len(run)
            if background != paper:
                parts.append(
                    f'<rect x="{left:.2f}" y="{top}" width="{length:.2f}" height="{CELL_HEIGHT}" '
                    f'fill="{background}" shape-rendering="crispEdges"/>'
                )
            if not text.strip():
                continue
            marks = (' font-weight="bold"' if bold else "") + (' font-style="italic"' if italic else "")
            marks += ' text-decoration="underline"' if underline else ""
            parts.append(
                f'<text x="{left:.2f}" y="{top + 14.5}" textLength="{length:.2f}" lengthAdjust="spacingAndGlyphs" '
                f'fill="{foreground}"{marks} xml:space="preserve">{escape(text)}</text>'
            )
    parts.append("</svg>\n")
    return "\n".join(parts)


def png(drawing: str, zoom: float = 1.5) -> bytes:
    """The SVG as PNG bytes, with the fonts of this machine."""
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=drawing, zoom=zoom))
