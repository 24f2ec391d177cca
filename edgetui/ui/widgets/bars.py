"""The one-line bars: tabs above the pane, the footer with the keys that work here and now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgetui.ui.spans import Span, Spans, width_of


class Tab(NamedTuple):
    """One tab: its key (empty for none), its name with counts, whether it is shown, whether it has a bad row."""

    key: str
    name: str
    counted: str
    active: bool
    bad: bool


_KEY, _NAME, _TOTAL, _FIRST, _ALL = range(5)
"""How much a tab says: its key, its name too, its total, what is worst in it, and the rest."""


def tab_line(tabs: Sequence[Tab], width: int) -> Spans:
    """The tab line; when it is too long, tabs that are not shown say less, those in good order first."""
    detail = [_ALL] * len(tabs)
    while width_of(spans := _tabs(tabs, detail)) > width:
        shrinkable = [n for n, tab in enumerate(tabs) if not tab.active and detail[n] > _KEY]
        if not shrinkable:
            break
        detail[min(shrinkable, key=lambda n: (-detail[n], tabs[n].bad, -n))] -= 1
    return spans


def _tabs(tabs: Sequence[Tab], detail: Sequence[int]) -> Spans:
    spans: list[Span] = []
    for tab, much in zip(tabs, detail, strict=True):
        total, _, summary = tab.counted.partition(" · ")
        first, dot, rest = summary.partition(" · ")
        words = [tab.key, tab.name] if much >= _NAME and tab.key else [tab.key or tab.name]
        name = f" {' '.join(words)} "
        spans.append(Span(name, "title-focus" if tab.active else "title"))
        if much >= _TOTAL:
            spans.append(Span(f" {total}"))
        if first and much >= _FIRST:
            spans += [Span(" · "), Span(first, "bad" if tab.bad else "warn")]
            spans.append(Span(dot + rest if much == _ALL else ""))
        elif first and tab.bad:
            spans.append(Span(" !" if much == _TOTAL else "!", "bad"))
        spans.append(Span("  "))
    return tuple(spans[:-1])


class KeyHint(NamedTuple):
    """One key of the footer; `off` says why it does not work here, empty when it does.

    `name` is that of a key which a person may have changed, as a key file calls it; `key` is then the one it has
    by default.
    """

    key: str
    label: str
    off: str = ""
    name: str = ""


def footer_line(hints: Sequence[KeyHint], last: Sequence[KeyHint], width: int) -> Spans:
    """The footer: `hints` from the left, `last` at the right end.

    A key that is off says why, or stands in brackets where that does not fit; what still does not fit is left out
    from the end.
    """
    right = _hints(last)
    room = width - width_of(right) - 1
    shown = list(hints)
    spans = _hints(shown)
    if width_of(spans) > room:
        shown = [KeyHint(hint.key, hint.label, "-" if hint.off else "") for hint in shown]
        spans = _hints(shown)
    while shown and width_of(spans) > room:
        shown.pop()
        spans = _hints(shown)
    pad = max(width - width_of(spans) - width_of(right), 0)
    return (*spans, Span(" " * pad, "bar"), *right)


def _hints(hints: Sequence[KeyHint]) -> Spans:
    spans: list[Span] = [Span(" ", "bar")] if hints else []
    for index, hint in enumerate(hints):
        if index:
            spans.append(Span("  ", "bar"))
        if hint.off:
            text = f"{hint.key} {hint.label}"
            spans.append(Span(f"({text})" if hint.off == "-" else f"{text} ({hint.off})", "key-off"))
        else:
            spans += [Span(hint.key, "key"), Span(f" {hint.label}", "bar")]
    spans.append(Span(" ", "bar"))
    return tuple(spans)
