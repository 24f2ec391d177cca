"""Where a person has been: places one after the other, and the way back and forward among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from edgetui.model.identity import ObjectKey

MOST = 100
"""Places that are remembered."""


class Place(NamedTuple):
    """A pane with its filter and the object under the cursor; `view` is how that object was opened, empty if not."""

    pane: str
    filter: str = ""
    key: ObjectKey | None = None
    view: str = ""

    @property
    def spot(self) -> tuple[object, ...]:
        """What it is whatever the cursor and the filter do: the pane, or the object that is open."""
        return (self.view, self.key) if self.view else ("", self.pane)


class History:
    """The places in the order in which a person came to them. `here` is always the place as it is when it is left."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at = -1

    def go(self, here: Place, there: Place) -> None:
        """Leave a place for a new one; what was further forward is forgotten."""
        if here != there:
            self._stand_at(here)
            self._places = [*self._places[: self._at + 1], there][-MOST:]
            self._at = len(self._places) - 1

    def back(self, here: Place) -> Place | None:
        """The place before this one, from an open object the one that was opened before; None at the beginning."""
        return self._step(here, self._places[: self._stand_at(here)][::-1], -1)

    def forward(self, here: Place) -> Place | None:
        """The place that was left by going back; None at the end."""
        return self._step(here, self._places[self._stand_at(here) + 1 :], 1)

    def _stand_at(self, here: Place) -> int:
        """Note where a person is. Escape leads from an open object to where it was opened, which is a place too."""
        if self._at >= 0 and self._places[self._at].spot == here.spot:
            self._places[self._at] = here
        else:
            self._at += 1
            self._places.insert(self._at, here)
        return self._at

    def _step(self, here: Place, ahead: Sequence[Place], step: int) -> Place | None:
        if not ahead:
            return None
        others = [n for n, place in enumerate(ahead) if here.view and place.view and place.spot != here.spot]
        self._at += step * ((others[0] if others else 0) + 1)
        return self._places[self._at]
