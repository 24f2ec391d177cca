"""The header: every cluster's link in words, and the badges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import Wire
from edgetui.ui.spans import Span
from edgetui.ui.text import clusters

from .base import LineBar

if TYPE_CHECKING:
    from edgetui.ui.shell import Shell


class HeaderBar(LineBar):
    """One line; says nothing new, paints nothing."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(base="bar", id=id)

    app: Shell

    def show(self, stores: Sequence[Store], now: float, badges: Sequence[str], label: str) -> None:
        """Say each cluster's state, then the badges and the link profile at the right."""
        right: list[Span] = []
        for badge in [*badges, *_of_clusters(stores)]:
            right += [Span(f" {badge} ", "badge"), Span(" ")]
        if label:
            right.append(Span(f"{label} "))
        width = self.size.width or self.app.size.width
        key = self.app.key_of("clusters", "c")
        self.say(clusters.header(stores, now, width, tuple(right), self.app.silences, key))


def _of_clusters(stores: Sequence[Store]) -> list[str]:
    """Every badge once, with the clusters' names unless all have it."""
    owners: dict[str, list[str]] = {}
    for store in stores:
        wire = store.wire.wire
        for badge in (*store.badges, *([f"{wire.words.upper()} TRAFFIC"] if wire is not Wire.FULL else [])):
            owners.setdefault(badge, []).append(store.cluster)
    return [
        badge
        if len(names) == len(stores)
        else f"{badge} {', '.join(names) if len(names) < 3 else len(names)}"
        for badge, names in owners.items()
    ]
