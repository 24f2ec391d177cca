"""The kinds of one cluster open in turn, so that the first rows have the whole link.

What is shown first opens alone, and the next one follows once the server has begun to answer: from then on what was
asked for first comes first on a link that is slow, and a link that is quick is not left idle. All others open together,
since each turn would cost a round trip.

Where other clusters start over the same link, what opens alone comes through whole before the next one opens: so the
nodes of all come first, then the pods of all.

What is only listed now and then opens last, once all others have come through whole: until its stream can be closed,
every change is sent as well, and the longer the link is full of other lists, the more of them.

After the link has failed they open one by one until a collection has come through whole: what breaks every connection
at its first long answer would else be asked as often as there are streams.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol

from edgetui.cluster.watch.reflector import states as r
from edgetui.cluster.watch.runner import Watcher

NEXT_WITHIN = 1.0
"""Seconds that a stream which opens may keep the next one waiting."""
WHOLE_WITHIN = 20.0
"""The same for what is to come through whole."""
MOST_OPENING = 8
"""Streams that open at once: each may cost a connection, where the server cannot share one."""

# A resumption carries little, so the next stream need not wait for it.
_OPENING = frozenset({r.Phase.STREAMING, r.Phase.LISTING, r.Phase.REFRESHING})
_COMING = _OPENING | {r.Phase.RESUMING}


class Opener(Protocol):
    """Whose turn it is: one kind. `asking` is whether it does not know yet what to open, `alone` if others wait."""

    alone: bool

    @property
    def asking(self) -> bool: ...


class _Waiting:
    """What one kind has to open, with the time since when the link was down."""

    def __init__(self, opener: Opener) -> None:
        self.opener = opener
        self.waiting: deque[tuple[Watcher, float]] = deque()

    @property
    def last(self) -> bool:
        """Whether what waits is a list, and none that is shown first."""
        return not self.opener.alone and bool(self.waiting) and bool(self.waiting[0][0].state.every)


class OpeningQueue:
    """Lets watchers open, kind by kind; after NEXT_WITHIN the next one does not wait any longer.

    `later` calls something after so many seconds, and returns what cancels that. `patient` is whether other clusters
    start over the same link.
    """

    def __init__(self, later: Callable[[float, Callable[[], None]], Callable[[], None]]) -> None:
        self.patient = False
        self._later = later
        self._queue: deque[_Waiting] = deque()
        self._opening: set[Watcher] = set()
        self._coming: set[Watcher] = set()
        self._cancel: Callable[[], None] | None = None
        self._busy = False
        self._carries = True

    def admit(self, opener: Opener, watchers: Iterable[Watcher], down_since: float = r.NEVER) -> None:
        """Let these of one kind open in turn, after those that wait already."""
        turn = next((each for each in self._queue if each.opener is opener), None)
        if turn is None:
            turn = _Waiting(opener)
            self._queue.append(turn)
        turn.waiting.extend((watcher, down_since) for watcher in watchers)
        self._go_on()

    def moved(self, watcher: Watcher) -> None:
        """A watcher has come further: if it was its turn, it may be over."""
        self._carries = self._carries or watcher.state.phase in (r.Phase.WATCHING, r.Phase.RESTING)
        through = watcher in self._coming and not _comes(watcher)
        if through or (watcher in self._opening and not self._holds_up(watcher)):
            self._go_on()

    def clear(self) -> None:
        """The link has failed: nobody waits any more, and nothing is known of what it will carry."""
        self._carries = False
        self._queue.clear()
        self._opening.clear()
        self._coming.clear()
        self._quiet()

    def _quiet(self) -> None:
        if self._cancel is not None:
            self._cancel()
            self._cancel = None

    def _too_late(self) -> None:
        """What comes whole has kept the lists waiting for long enough."""
        self._coming.clear()
        self._late()

    def _late(self) -> None:
        """Who has kept the others waiting for so long does so no more, unless a link that failed owes it the answer."""
        self._cancel = None
        unanswered = {each for each in self._opening if not each.state.head and self._holds_up(each)}
        self._opening = set() if self._carries else unanswered
        if self._queue and not self._queue[0].waiting:
            self._queue.popleft()
        self._go_on()

    def _go_on(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue and self._step(self._queue[0]):
                pass
        finally:
            self._busy = False
        if not self._queue:
            self._quiet()

    def _step(self, turn: _Waiting) -> bool:
        """Open the next one, or end the turn; False while neither can be done."""
        self._opening = {watcher for watcher in self._opening if self._holds_up(watcher)}
        self._coming = {watcher for watcher in self._coming if _comes(watcher)}
        last = turn.last
        if last and not all(other.last for other in self._queue):
            self._queue.rotate(-1)
            return True
        if last and self._coming:
            if self._cancel is None:
                self._cancel = self._later(WHOLE_WITHIN, self._too_late)
            return False
        if turn.waiting and len(self._opening) < (MOST_OPENING if self._carries else 1):
            watcher, down_since = turn.waiting.popleft()
            self._opening.add(watcher)
            if not last:
                self._coming.add(watcher)
            watcher.feed(r.LinkUp(down_since))
            self._wait()
            return True
        alone = turn.opener.alone and bool(self._opening)
        if turn.waiting or alone or turn.opener.asking:
            if self._cancel is None:
                self._wait()
            return False
        if self._queue and self._queue[0] is turn:
            self._queue.popleft()
        return True

    def _holds_up(self, watcher: Watcher) -> bool:
        """Whether others may have to wait for it."""
        if self._carries and not self._alone:
            return _opens(watcher)
        return watcher.state.phase in _COMING and not watcher.stopped

    @property
    def _alone(self) -> bool:
        """Whether what opens now is to come through whole before anything else."""
        return self.patient and bool(self._queue) and self._queue[0].opener.alone

    def _wait(self) -> None:
        self._quiet()
        self._cancel = self._later(WHOLE_WITHIN if self._alone else NEXT_WITHIN, self._late)


def _comes(watcher: Watcher) -> bool:
    """Whether its first rows are on their way, or asked for."""
    return watcher.state.phase in _OPENING and not watcher.stopped


def _opens(watcher: Watcher) -> bool:
    """Whether what it asked for has not begun to come."""
    return watcher.state.phase in _OPENING and not watcher.state.head and not watcher.stopped
