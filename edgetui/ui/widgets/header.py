"""The header: every cluster's link in words, and the badges."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.model.store import Store
from edgetui.ui import words
from edgetui.ui.spans import Span

from .base import LineBar


class HeaderBar(LineBar):
    """One line; says nothing new, paints nothing."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(base="bar", id=id)

    def show(self, stores: Sequence[Store], now: float, badges: Sequence[str], label: str) -> None:
        """Say each cluster's state, then the badges and the link profile at the right."""
        right: list[Span] = []
        for badge in dict.fromkeys([*badges, *(badge for store in stores for badge in store.badges)]):
            right += [Span(f" {badge} ", "badge"), Span(" ")]
        if label:
            right.append(Span(f"{label} "))
        self.say(words.header(stores, now, self.size.width, tuple(right)))
