"""What an action leaves running once a person agreed to it: it ends by itself, by being cancelled, or with edgetui.

A Spec with `starts` makes one; the screen keeps it in its list of background jobs, the command runs it to its end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import msgspec

from edgetui.actions.messages import Receipt, Step
from edgetui.model.identity import ObjectRef


class Listener(msgspec.Struct, frozen=True):
    """Who hears of it: `say` a sentence for the person, `changed` after every change of what it says of itself, `step`
    a step of something that it carries out.
    """

    say: Callable[[str], None]
    changed: Callable[[], None] = lambda: None
    step: Callable[[Step], None] = lambda step: None


class Ended(msgspec.Struct, frozen=True):
    """How it ended: `receipt` is that of what it wrote by itself, None when it wrote nothing."""

    sentence: str
    good: bool = False
    cancelled: bool = False
    receipt: Receipt | None = None


class LongRunning(Protocol):
    """One of them, made and agreed to; `run` comes next."""

    @property
    def ref(self) -> ObjectRef:
        """The object it is about."""

    @property
    def title(self) -> str:
        """What runs, without the cluster: "Guard of deployment press"."""

    @property
    def says(self) -> str:
        """What it does now, as half a sentence."""

    @property
    def turn(self) -> tuple[str, ...]:
        """What changes where a line is worth it in a log; `says` may change every second."""

    @property
    def repeats(self) -> bool:
        """Whether a log has it once a minute while it stays the same."""

    @property
    def badge(self) -> str:
        """What the header says of it while it is the only one of its action: "press 1m30s"."""

    @property
    def urgent(self) -> bool:
        """Whether it is about to change something by itself: its badge stands alone then, and escape offers its end."""

    @property
    def at_exit(self) -> str:
        """What leaving edgetui does to it, as a sentence."""

    async def run(self) -> Ended:
        """Until it ends."""

    def cancel(self) -> None:
        """Let it end: what was not sent yet is never sent."""
