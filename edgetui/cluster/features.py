"""What a server may lack, learned from how it answers, and tried again now and then."""

from __future__ import annotations

from collections.abc import Callable

FIRST_WHILE, LONGEST_WHILE = 3600.0, 8 * 3600.0


class Feature:
    """Something that is used unless the server turned out to lack it, and then not for a while, longer each time.

    What looked like lacking may have been one bad answer, and a server may be replaced. `now` gives steady seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._until = 0.0
        self._while = FIRST_WHILE

    @property
    def there(self) -> bool:
        """Whether it is to be used."""
        return self._now() >= self._until

    def lacking(self) -> None:
        """The server turned out to lack it."""
        if self.there:
            self._until = self._now() + self._while
            self._while = min(2 * self._while, LONGEST_WHILE)
