"""An editor on the terminal in place of the screen. The watches go on, and the screen comes back as it was left."""

from __future__ import annotations

import contextlib
import os
import select
from collections.abc import Sequence
from typing import TYPE_CHECKING

from edgetui.actions.messages import Refusal
from edgetui.actions.objects.editor import run_program
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.spans import Span, line

if TYPE_CHECKING:
    from edgetui.ui.background.action import ActionJob

LEFT_ON = (
    b"\x1b[m\x1b[?2004l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1l\x1b>\x1b[?7h\x1b[?1049l\x1b[?25h"
)
"""Turns off what an editor that was killed has left on: pasting and the mouse reported, keys of its own, its screen."""


class _Borrowed:
    """The terminal as the screen found it, which is what an editor expects. `killed` is true where one was."""

    raw = False

    def __init__(self) -> None:
        self.killed = False

    def resized(self) -> None:
        """The editor is told by the system."""

    def put_back(self) -> None:
        """What a killed editor left on is turned off; a terminal that does not read stays as it is."""
        with contextlib.suppress(OSError):
            if self.killed and select.select([], [1], [], 0)[1]:
                os.write(1, LEFT_ON)


class ScreenDesk:
    """The terminal of the screen, and the person at it.

    As a context: the screen is back at its end, and not between two editors of one text.
    """

    attended = True

    def __init__(self, job: ActionJob) -> None:
        self._job = job
        self._borrowed = _Borrowed()
        self._loan = contextlib.ExitStack()
        self._has_it = False

    def __enter__(self) -> ScreenDesk:
        return self

    def __exit__(self, *_: object) -> None:
        self._give_back()

    async def run(self, argv: Sequence[str]) -> int:
        """Run the editor in place of the screen, once the person is there. Raises Refusal without a terminal."""
        if not self._has_it:
            await self._job.in_front()
            loan = self._job.app.lend_terminal(self._borrowed)
            if loan is None:
                raise Refusal("This screen has no terminal that an editor could be given.")
            self._job.app.forget_keys()
            self._loan.enter_context(loan)
            self._has_it = True
        self._borrowed.killed = True
        code = await run_program(argv)
        self._borrowed.killed = code < 0
        return code

    async def again(self, sentence: str) -> bool:
        """Ask in a dialog."""
        self._give_back()
        text = [line(Span(sentence, "warn")), line(), line("Your text is kept until you answer.")]
        return await self._job.ask(lambda: AskScreen(text, "Discard the text", "Open it again"))

    def _give_back(self) -> None:
        self._has_it = False
        self._loan.close()
