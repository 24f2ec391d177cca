"""An editor in place of the screen: when it gets the terminal, what is turned off after it, when the screen is back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from edgetui.actions.messages import Refusal
from edgetui.ui import screen_desk
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.screen_desk import LEFT_ON, ScreenDesk
from edgetui.ui.spans import Span, line


class Desk:
    """A desk, and in `told` everything that happens at it, in order."""

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        *,
        ends: Sequence[int] = (0,),
        reads: bool = True,
        lends: bool = True,
    ) -> None:
        self.told: list[str] = []
        self.asked: list[AskScreen] = []
        self._ends, self._reads, self._lends = list(ends), reads, lends
        app = SimpleNamespace(
            lend_terminal=self._lend, forget_keys=lambda: self.told.append("keys forgotten")
        )
        job: Any = SimpleNamespace(app=app, in_front=self._in_front, ask=self._ask)
        monkeypatch.setattr(screen_desk, "run_program", self._run)
        monkeypatch.setattr("select.select", self._select)
        monkeypatch.setattr(screen_desk, "os", SimpleNamespace(write=self._write))
        self.desk = ScreenDesk(job)

    async def _in_front(self) -> None:
        self.told.append("in front")

    def _lend(self, borrower: screen_desk._Borrowed) -> Any:
        self.told.append("asked for the terminal")
        self.borrower = borrower
        return self._loan() if self._lends else None

    @contextmanager
    def _loan(self) -> Iterator[None]:
        self.told.append("lent")
        yield
        self.borrower.put_back()
        self.told.append("given back")

    async def _run(self, argv: Sequence[str]) -> int:
        self.told.append(" ".join(argv))
        assert self.borrower.killed, "until it has ended it may be killed at any time"
        return self._ends.pop(0)

    async def _ask(self, make: Any) -> bool:
        self.told.append("asked")
        self.asked.append(make())
        return True

    def _select(self, *given: object) -> tuple[list[int], list[int], list[int]]:
        assert given == ([], [1], [], 0)
        return [], [1] if self._reads else [], []

    def _write(self, descriptor: int, data: bytes) -> int:
        assert (descriptor, data) == (1, LEFT_ON)
        self.told.append("turned off")
        return len(data)


BORROWED = ["in front", "asked for the terminal", "keys forgotten", "lent"]


async def test_two_editors_of_one_text_have_the_terminal_once_and_the_screen_is_back_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Desk(monkeypatch, ends=(3, 0))
    with at.desk as desk:
        assert desk is at.desk
        assert desk.attended
        assert await desk.run(["vi", "press"]) == 3
        assert await desk.run(["vi", "press"]) == 0
        assert at.told == [*BORROWED, "vi press", "vi press"]
        assert not at.borrower.raw, "an editor expects the terminal as the screen found it"
        at.borrower.resized()
    assert at.told == [*BORROWED, "vi press", "vi press", "given back"]


async def test_a_question_between_two_editors_is_put_on_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Desk(monkeypatch, ends=(0, 0))
    with at.desk as desk:
        await desk.run(["vi"])
        assert await desk.again("The text is no YAML.") is True
        assert at.told == [*BORROWED, "vi", "given back", "asked"]
        at.told.clear()
        await desk.run(["vi"])
        assert at.told == [*BORROWED, "vi"]
    (asked,) = at.asked
    assert asked._text == (
        line(Span("The text is no YAML.", "warn")),
        line(),
        line("Your text is kept until you answer."),
    )
    assert asked.choice._answers == (("no", "Discard the text"), ("yes", "Open it again"))


@pytest.mark.parametrize(
    ("code", "reads", "turned_off"),
    [(-9, True, True), (-9, False, False), (-1, True, True), (0, True, False), (1, True, False)],
)
async def test_what_an_editor_that_was_killed_has_left_on_is_turned_off_where_the_terminal_reads(
    monkeypatch: pytest.MonkeyPatch, code: int, reads: bool, turned_off: bool
) -> None:
    at = Desk(monkeypatch, ends=(code,), reads=reads)
    with at.desk as desk:
        assert await desk.run(["vi"]) == code
    assert at.told == [*BORROWED, "vi", *(["turned off"] if turned_off else []), "given back"]


async def test_an_editor_that_nobody_waits_for_any_more_counts_as_killed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = Desk(monkeypatch)

    async def stopped(argv: Sequence[str]) -> int:
        raise OSError("no such program")

    monkeypatch.setattr(screen_desk, "run_program", stopped)
    with pytest.raises(OSError, match="no such program"), at.desk as desk:
        await desk.run(["vi"])
    assert at.told == [*BORROWED, "turned off", "given back"]


async def test_a_terminal_that_is_gone_is_no_fault_of_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Desk(monkeypatch, ends=(-9,))

    def gone(*_: object) -> None:
        raise OSError(5, "gone")

    monkeypatch.setattr(screen_desk, "os", SimpleNamespace(write=gone))
    with at.desk as desk:
        await desk.run(["vi"])
    assert at.told == [*BORROWED, "vi", "given back"]


async def test_a_screen_without_a_terminal_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    at = Desk(monkeypatch, lends=False)
    with at.desk as desk, pytest.raises(Refusal) as refused:
        await desk.run(["vi"])
    assert refused.value.sentence == "This screen has no terminal that an editor could be given."
    assert at.told == BORROWED[:2]
