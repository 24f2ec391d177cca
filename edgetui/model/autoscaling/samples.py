"""What was measured in the last minutes, kept by us while it is watched: the API tells the present value only."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence

import msgspec

from edgetui.model.identity import ObjectKey

KEPT = 150
"""Samples of one object: ten minutes and more, at most one every SPACING seconds."""

OBJECTS = 100
"""Objects that samples are kept of; the one that was silent longest goes first."""

SPACING = 5.0

BLOCKS = "▁▂▃▄▅▆▇█"


class Sample(msgspec.Struct, frozen=True, gc=False):
    """Values at a time (Unix s); None is one that was not known. `names` tell what each is of where that may change."""

    time: float
    values: tuple[float | None, ...]
    names: tuple[str, ...] = ()

    def value(self, of: int | str) -> float | None:
        """The value at a place, or of a name."""
        if isinstance(of, str):
            return self.values[self.names.index(of)] if of in self.names else None
        return self.values[of] if of < len(self.values) else None


class History:
    """Bounded rings of samples, by object; one made anew under an old name begins with none."""

    def __init__(self) -> None:
        self._rings: OrderedDict[ObjectKey, deque[Sample]] = OrderedDict()
        self._uids: dict[ObjectKey, str] = {}

    def add(
        self,
        key: ObjectKey,
        uid: str,
        now: float,
        values: Sequence[float | None],
        names: tuple[str, ...] = (),
    ) -> None:
        """Keep what is measured now; within SPACING of the last sample but one it takes the place of the last.

        Another object of the same name begins anew.
        """
        ring = self._rings.get(key)
        if ring is None or self._uids.get(key) != uid:
            ring = self._rings[key] = deque(maxlen=KEPT)
            self._uids[key] = uid
        self._rings.move_to_end(key)
        if len(ring) > 1 and now - ring[-2].time < SPACING:
            ring.pop()
        same = ring and ring[-1].names == names
        ring.append(Sample(now, tuple(values), ring[-1].names if same else names))
        if len(self._rings) > OBJECTS:
            gone, _ = self._rings.popitem(last=False)
            del self._uids[gone]

    def of(self, key: ObjectKey) -> Sequence[Sample]:
        """The samples of an object, oldest first."""
        return self._rings.get(key, ())


def readings(
    samples: Sequence[Sample], of: int | str, now: float, cells: int, seconds: float
) -> list[float | None]:
    """One value per cell over the last `seconds`: the last one known by the end of it; None before the first."""
    found: list[float | None] = []
    value: float | None = None
    at = 0
    for cell in range(1, cells + 1):
        end = now - seconds + cell * seconds / cells
        while at < len(samples) and samples[at].time <= end:
            value = samples[at].value(of)
            at += 1
        found.append(value)
    return found


def spark(values: Sequence[float | None], full: float) -> str:
    """One character per value, `full` and more the highest; a space where nothing is known."""
    top = len(BLOCKS) - 1
    levels = [
        " " if one is None else BLOCKS[max(0, min(top, round(one / full * top)))] if full > 0 else BLOCKS[0]
        for one in values
    ]
    return "".join(levels)
