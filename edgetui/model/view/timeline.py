"""What turned bad, or good again, in the last minutes: kept by edgetui itself, because clusters forget their events.

MicroK8s keeps events for five minutes; after a night on call the way it went is worth more than the state it is in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import msgspec

from edgetui.model.panes.base import BAD, FINE, Pane, PaneRow
from edgetui.model.view.pane_view import SeverityChange

MOST = 300
"""Happenings kept; the oldest go first."""

TOGETHER = 10.0
"""Seconds within which the same happening to several objects is one: a dead node takes its pods along."""

LOOK_BACK = 8


class TimelineEntry(msgspec.Struct):
    """What became of one object, or of `count` objects of one namespace at about the same time.

    `time` is that of the last one (Unix s), `name` that of the first; a link has neither kind nor name.
    `severity` is that of what it became.
    """

    time: float
    cluster: str
    words: str
    severity: int
    kind: str = ""
    namespace: str = ""
    name: str = ""
    count: int = 1


class Timeline:
    """The last happenings of a fleet, since `began` (Unix s)."""

    def __init__(self, began: float) -> None:
        self.began = began
        self._ring: deque[TimelineEntry] = deque(maxlen=MOST)

    def newest_first(self) -> list[TimelineEntry]:
        """All that are kept."""
        return sorted(reversed(self._ring), key=lambda one: -one.time)

    def add(self, pane: Pane, turns: Iterable[SeverityChange], now: float) -> None:
        """Take in what turned in one pane: to broken or from it, and whatever else is news there."""
        for turn in turns:
            healed = turn.after is None or (turn.before.severity == BAD) != (turn.after.severity == BAD)
            if not healed and turn.after is not None and turn.after.severity not in pane.news:
                continue
            words = _words(pane, turn.after) if turn.after else f"gone, was {_words(pane, turn.before)}"
            severity = turn.after.severity if turn.after else FINE
            key = turn.key
            self._put(TimelineEntry(now, key.cluster, words, severity, key.kind, key.namespace, key.name))

    def link(self, cluster: str, words: str, well: bool, now: float) -> None:
        """Take in that a cluster's link is in another state."""
        self._put(TimelineEntry(now, cluster, words, FINE if well else BAD))

    def _put(self, new: TimelineEntry) -> None:
        for _, known in zip(range(LOOK_BACK), reversed(self._ring), strict=False):
            same = (known.cluster, known.kind, known.namespace, known.words, known.severity)
            alike = bool(new.kind) and same == (new.cluster, new.kind, new.namespace, new.words, new.severity)
            if alike and new.time - known.time <= TOGETHER:
                known.count += 1
                known.time = new.time
                return
        self._ring.append(new)


def _words(pane: Pane, row: PaneRow) -> str:
    """Why, where the pane says so; else the state."""
    why = pane.value(row, "why") if "why" in pane.index else ""
    state: str = pane.value(row, "state").words
    return str(why) or state
