"""An editor that a test writes: what it does to the file, and what somebody else does to the cluster meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from edgetui.actions.change.spec import Aim, perform
from edgetui.actions.messages import Changed, Receipt
from edgetui.actions.objects.edit import SPEC
from edgetui.actions.objects.editor import run_program
from edgetui.actions.session import Session
from edgetui.model.identity import ObjectRef

from .acting import Acting

MOST_OPENINGS = 6


def editor(directory: Path, script: str, name: str = "editor") -> Path:
    """A program that does this to the file `$1`."""
    made = directory / name
    made.write_text(f"#!/bin/sh\n{script}\n")
    made.chmod(0o755)
    return made


class Desk:
    """A person at a terminal; what happens `after` each editor. `seen` are the texts that it got."""

    attended = True

    def __init__(self, *after: Callable[[], object]) -> None:
        self.seen: list[str] = []
        self.asked: list[str] = []
        self._after = list(after)

    async def run(self, argv: Sequence[str]) -> int:
        """Run the editor itself, and then what somebody else does."""
        self.seen.append(Path(argv[-1]).read_text())
        assert len(self.seen) <= MOST_OPENINGS, "the editor opens again and again"
        code = await run_program(argv)
        if self._after:
            self._after.pop(0)()
        return code

    async def again(self, sentence: str) -> bool:
        """No."""
        self.asked.append(sentence)
        return False


async def edited(
    acting: Acting, session: Session, ref: ObjectRef, desk: Desk, other: object = None
) -> Receipt:
    """The edit of an object as the screen and the command carry it out; opens again as they do."""
    aim = Aim("edit", session, ref, acting.log, other=other)
    view = await SPEC.read(aim)
    while True:
        assert SPEC.types is not None
        answer = await SPEC.types(acting.gate, aim, view, desk)
        try:
            return await perform(SPEC, acting.gate, aim, view, answer, wait=30)
        except Changed as changed:
            view = changed.view
