"""The terminal of a person: for an editor that an action's answer is typed in, and for what runs in a container."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgetui.cluster.api.remote_command import Channel, Ended


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


class Ends(Protocol):
    """The near side of a command: where its input comes from and its outputs go.

    `attended` is true where a person may leave in the middle, which `input` then says by raising Cancelled.
    """

    attended: bool

    def input(self) -> AsyncIterator[bytes]:
        """What is typed or piped in, until it is over."""

    async def write(self, channel: Channel, data: bytes) -> None:
        """Show what came out; returns when there is room for more."""

    def sizes(self) -> AsyncIterator[tuple[int, int]]:
        """Columns and rows of the terminal: now, and after every change."""

    def held(self) -> AbstractAsyncContextManager[None]:
        """While a command runs."""

    async def done(self, ended: Ended) -> None:
        """It has ended; returns when that has been seen."""


Terminal = Callable[[str], Ends]
"""Gives the terminal to a container, with a sentence that says to which."""
