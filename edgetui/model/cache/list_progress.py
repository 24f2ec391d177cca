"""How far a list has come that is on its way: of one kind in one cluster, or of several together."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec


class ListProgress(msgspec.Struct, frozen=True, gc=False):
    """A list that is not complete yet.

    `began` is when it was asked for and `heard` when its last rows came (Unix s), `rows` how many have come.
    `remaining` is how many the server says are still to come (`remainingItemCount` of a page); None where it does not
    say, as in a streaming list.
    """

    began: float
    heard: float
    rows: int
    remaining: int | None = None

    @property
    def rate(self) -> float:
        """Rows a second up to the last ones that came; 0.0 while that is not known."""
        passed = self.heard - self.began
        return self.rows / passed if passed > 0 else 0.0

    def seconds_left(self, now: float) -> float | None:
        """How long the rest will take at this rate, from `now` (Unix s); None where that cannot be known."""
        if self.remaining is None or not self.rate:
            return None
        return max(0.0, self.remaining / self.rate - (now - self.heard))


def together(
    lists: Sequence[ListProgress], wall: Callable[[float], float] = float, *, whole: bool = True
) -> ListProgress:
    """Several lists (at least one) as one; `wall` turns their times into Unix seconds where they are others.

    What remains is known only where every list says it, and these are the `whole` of them.
    """
    known = [one.remaining for one in lists if one.remaining is not None]
    return ListProgress(
        began=wall(min(one.began for one in lists)),
        heard=wall(max(one.heard for one in lists)),
        rows=sum(one.rows for one in lists),
        remaining=sum(known) if whole and len(known) == len(lists) else None,
    )
