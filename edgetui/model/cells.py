"""Text as a terminal shows it: what of foreign text may be shown, how many cells it takes, and how it is cut.

Screen, dump, clipboard, `once` and receipts all take text from here. Joiners and variation selectors are left out,
because terminals do not agree on the width of what they join: an emoji made of several is shown as its parts. What is
left is as wide as its characters together, in whatever pieces it is drawn; only marks must stay with their base.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from unicodedata import category

ELLIPSIS = "…"

_SELECTORS = frozenset([*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)])
_SELECTOR = re.compile("[\u180b-\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_SHOWN_AS = {
    "Cc": " ",
    "Zl": " ",
    "Zp": " ",
    "Zs": " ",
    "Cf": "",
    "Cs": "\ufffd",
    "Co": "\ufffd",
    "Cn": "\ufffd",
}


class _Shown(dict[int, str]):
    """What stands for each character, by its number; found when first needed."""

    def __missing__(self, number: int) -> str:
        character = chr(number)
        if number < 0x80:  # without Unicode's tables, which are memory as soon as they are looked into
            return character if character.isprintable() else " "
        return "" if number in _SELECTORS else _SHOWN_AS.get(category(character), character)


_SHOWN = _Shown()


def visible(text: str) -> str:
    """Foreign text as it may be shown: a space for each control character, nothing for what has no look of its own.

    No character of it changes the direction of others, joins them or is obeyed by a terminal.
    """
    if text.isascii():
        if text.isprintable():
            return text
    elif text.isprintable() and not _SELECTOR.search(text):
        return _on_a_base(text)
    return _on_a_base(text.translate(_SHOWN))


def _on_a_base(text: str) -> str:
    """A mark at the beginning of a text would go to whatever stands before it."""
    return f"\u25cc{text}" if text and not text[0].isascii() and not cells(text[0]) else text


def cells(text: str) -> int:
    """How many cells a text takes."""
    if _simple(text):
        return len(text)
    from rich.cells import cell_len  # only what is not ASCII pays for the tables

    return cell_len(text)


def _simple(text: str) -> bool:
    """Whether every character takes one cell, told without the tables."""
    return text.isascii() and text.isprintable()


def clusters(text: str) -> list[tuple[str, int]]:
    """The characters of a text with the marks that each carries, and the cells that each takes: `cells` in all."""
    from rich.cells import split_graphemes

    if text.startswith("\u200d"):  # takes the next character with it
        return [(text[:2], 0), *clusters(text[2:])]
    spans, _ = split_graphemes(text)
    return [(text[start:end], width) for start, end, width in spans]


def head(text: str, width: int) -> str:
    """The longest beginning that takes at most `width` cells."""
    if _simple(text):
        return text[: max(width, 0)]
    used, taken = 0, 0
    for cluster, size in clusters(text):
        used += size
        if used > width:
            break
        taken += len(cluster)
    return text[:taken]


def tail(text: str, width: int) -> str:
    """The longest end that takes at most `width` cells; it begins with a character of its own."""
    if _simple(text):
        return text[max(len(text) - width, 0) :] if width > 0 else ""
    used, taken = 0, 0
    for cluster, size in reversed(clusters(text)):
        used += size
        if used > width:
            break
        taken += len(cluster)
    return text[len(text) - taken :]


def pad(text: str, width: int, align: str = "left") -> str:
    """A text that fits, in exactly `width` cells."""
    space = " " * (width - cells(text))
    return space + text if align == "right" else text + space


def cut(text: str, width: int, align: str = "left", keep: int = 0) -> str:
    """`text` in exactly `width` cells; what is cut shows as an ellipsis, before the last `keep` cells of it."""
    if cells(text) <= width:
        return pad(text, width, align)
    return pad(elided(text, width, keep), width)


def elided(text: str, width: int, keep: int = 0) -> str:
    """`text` in at most `width` cells, an ellipsis in place of what is cut, before the last `keep` cells of it."""
    if cells(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width]
    end = tail(text, min(keep, (width - 1) * 2 // 3))
    return head(text, width - 1 - cells(end)) + ELLIPSIS + end


def pieces(text: str, width: int) -> list[str]:
    """`text` in pieces of at most `width` cells that are it again when put together; at least one."""
    if _simple(text):
        return [text[at : at + width] for at in range(0, len(text), width)] or [""]
    lines, used = [""], 0
    for cluster, size in clusters(text):
        if used and used + size > width:
            lines.append("")
            used = 0
        lines[-1] += cluster
        used += size
    return lines


def told_apart(names: Sequence[str], width: int, keep: int = 0) -> list[str]:
    """Each name in at most `width` cells, so that different names stay different; what they share is elided.

    What reads best is taken: with the last `keep` cells where that is enough, else with the beginning and as long an
    end as possible, or what follows a beginning that all have and that would fill the space; at last with a number.
    """
    distinct = list(dict.fromkeys(names))
    long = [name for name in distinct if cells(name) > width]
    if not long:
        return list(names)
    short = {name: name for name in distinct}
    short |= _shortened(long, width, keep)
    taken = Counter(short.values())
    for name in long:
        text, number = short[name], 1
        while taken[short[name]] > 1:
            number += 1
            made = head(text, width - 1 - len(str(number))) + ELLIPSIS + str(number)
            if not taken[made]:
                taken[text] -= 1
                taken[made] += 1
                short[name] = made
    return [short[name] for name in names]


def _shortened(names: Sequence[str], width: int, keep: int = 0) -> dict[str, str]:
    """Names that are all too long, shortened in the way that leaves most of them different."""
    best: dict[str, str] = {}
    for made in _ways(names, width, keep):
        if len(set(made)) > len(set(best.values())):
            best = dict(zip(names, made, strict=True))
        if len(set(made)) == len(names):
            return best
    alike: dict[str, list[str]] = {}
    for name, text in best.items():
        alike.setdefault(text, []).append(name)
    for some in alike.values():
        if 1 < len(some) < len(names):
            best |= _shortened(some, width)
    return best


def _ways(names: Sequence[str], width: int, keep: int) -> list[list[str]]:
    """The ways to shorten names, in the order in which they read well."""
    start = _shared(names) if len(names) > 1 else 0
    ends = [ELLIPSIS + tail(name, width - 1) for name in names]
    middles = [[elided(name, width, end) for name in names] for end in range((width - 1) * 2 // 3, -1, -1)]
    ways = [ends, *middles] if start >= width else [*middles, ends]
    if keep:
        ways.insert(0, [elided(name, width, keep) for name in names])
    return [*ways, [ELLIPSIS + elided(name[start:], width - 1) for name in names]]


def _shared(names: Sequence[str]) -> int:
    """Characters that all names begin with."""
    low, high = min(names), max(names)
    return next((at for at, one in enumerate(low) if at >= len(high) or one != high[at]), len(low))
