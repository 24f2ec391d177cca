"""Where a person has been: places one after the other, and the way back and forward among them."""

from __future__ import annotations

from typing import NamedTuple

from edgetui.model.identity import ObjectKey

MOST = 100
"""Places that are remembered."""


class Place(NamedTuple):
    """A pane with its filter and the object under the cursor; `opened` when that object was opened."""

    pane: str
    filter: str = ""
    key: ObjectKey | None = None
    opened: bool = False


class History:
    """The places of one screen. `here` is always the place as it is when it is left."""

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._at = -1

    @property
    def current(self) -> Place | None:
        """The place that was arrived at last."""
        return self._places[self._at] if self._places else None

    def go(self, here: Place, there: Place) -> None:
        """Leave a place for a new one; what was further forward is forgotten."""
        if here != there:
            del self._places[max(self._at, 0) :]
            self._places = [*self._places, here, there][-MOST:]
            self._at = len(self._places) - 1

    def back(self, here: Place) -> Place | None:
        """The place before this one; None at the beginning."""
        return self._step(here, -1)

    def forward(self, here: Place) -> Place | None:
        """The place that was left by going back; None at the end."""
        return self._step(here, 1)

    def _step(self, here: Place, step: int) -> Place | None:
        if not 0 <= self._at + step < len(self._places):
            return None
        self._places[self._at] = here
        self._at += step
        return self._places[self._at]
