"""Where a person types the answer to an action in a program of their own: an editor on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Desk(Protocol):
    """The terminal, and the person at it.

    `attended` is false where nobody is there to correct what is wrong.
    """

    attended: bool

    async def run(self, argv: Sequence[str]) -> int:
        """Run a program on the terminal to its end; its exit code, negative for the signal that ended it.

        Raises OSError where it cannot be started.
        """

    async def again(self, sentence: str) -> bool:
        """Whether the program is to be run once more, after it ended as the sentence says."""
