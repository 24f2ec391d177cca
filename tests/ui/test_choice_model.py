"""The answers of a question against naive ones: keys and clicks in random order, and what is seen of them."""

from __future__ import annotations

import random

import pytest
from rich.cells import cell_len
from textual import events
from textual.message import Message

from edgetui.ui.widgets.choice import LEAST, Choice

from .alone import alone, painted, resize

STEPS = 300
SETS = (
    (("no", "Cancel"), ("yes", "Roll back on plant")),
    (("close", "Close"),),
    (("a", "閉じる"), ("b", "Löschen"), ("c", "x")),
)


class Watched(Choice):
    """Keeps the answers that it gives."""

    given: list[str]

    def post_message(self, message: Message) -> bool:
        if isinstance(message, Choice.Chosen):
            self.given.append(message.answer)
            return True
        return super().post_message(message)


class Walk:
    """Random steps on the answers, and where the cursor has to be."""

    def __init__(self, seed: int, choice: Watched) -> None:
        self.random = random.Random(seed)
        self.choice = choice
        self.answers: tuple[tuple[str, str], ...] = SETS[0]
        self.at, self.armed, self.held = 0, True, False
        self.moves = 0
        choice.moved = self._moved
        self.steps = [
            *[self.move] * 3,
            *[self.enter] * 2,
            *[self.click] * 4,
            *[self.arm] * 3,
            self.hold,
            self.others,
        ]

    def _moved(self) -> None:
        self.moves += 1

    def step(self) -> None:
        self.choice.given = []
        self.moves = 0
        expected = self.random.choice(self.steps)()
        choice = self.choice
        assert choice.given == ([] if expected is None else [expected])
        assert (choice.selected, choice.armed, choice.held) == (
            self.answers[self.at][0],
            self.armed,
            self.held,
        )
        (line,) = painted(choice)
        assert line.text.rstrip() == self.drawn.rstrip()
        under = [
            segment.text for segment in line if segment.style and segment.style.meta["role"] == "title-focus"
        ]
        assert under == ([] if self.held else [self._words(self.at)])

    @property
    def drawn(self) -> str:
        return "  ".join(self._words(at) for at in range(len(self.answers)))

    def _words(self, at: int) -> str:
        sign = ">" if at == self.at and self.armed and not self.held else " "
        return f"{sign} {self.answers[at][1]} "

    def _go(self, at: int) -> None:
        moved = at != self.at
        self.at, self.armed = at, self.armed and not moved
        assert self.moves == moved

    def move(self) -> None:
        step = self.random.choice((-1, 1))
        self.choice.action_move(step)
        self._go(self.at if self.held else (self.at + step) % len(self.answers))

    def enter(self) -> str | None:
        self.choice.action_choose()
        return self.answers[self.at][0] if self.armed and not self.held else None

    def click(self) -> str | None:
        places = [at for at in range(len(self.answers)) for _ in range(cell_len(self._words(at)) + 2)]
        x = self.random.randrange(len(places) + 5)
        on = places[x] if x < len(places) else None
        if on is not None and x >= len(places[: places.index(on)]) + cell_len(self._words(on)):
            on = None
        self.choice.on_click(events.Click(self.choice, x, 0, 0, 0, 1, False, False, False))
        if on is None or self.held:
            return None
        if on == self.at:
            return self.answers[self.at][0] if self.armed else None
        self._go(on)
        return None

    def arm(self) -> None:
        self.choice.arm()
        self.armed = True

    def hold(self) -> None:
        self.held = self.random.random() < 0.4
        self.choice.hold(self.held)
        self.at, self.armed = 0, True

    def others(self) -> None:
        wanted = self.random.choice(SETS)
        assert self.choice.set_answers(list(wanted)) == (wanted != self.answers)
        if wanted != self.answers:
            self.answers, self.at, self.armed = wanted, 0, True


@pytest.mark.parametrize("seed", range(2))
async def test_the_answers_are_what_naive_ones_are(seed: int) -> None:
    choice = Watched(SETS[0])
    async with alone(choice, (60, 2)):
        walk = Walk(seed, choice)
        for _ in range(STEPS):
            walk.step()


@pytest.mark.parametrize("answers", SETS, ids=len)
async def test_all_answers_are_seen_where_the_beginning_of_the_last_one_is(
    answers: tuple[tuple[str, str], ...],
) -> None:
    choice = Watched(answers)
    before = sum(cell_len(label) + 5 for _, label in answers[:-1])
    least = before + min(cell_len(answers[-1][1]) + 3, LEAST)
    async with alone(choice, (80, 3)) as pilot:
        assert choice.shows_all
        for width in (1, least - 1, least, least + 1):
            await resize(pilot, choice, width, 3)
            assert choice.shows_all is (width >= least), width
        choice.styles.height = 0
        await pilot.pause()
        assert not choice.shows_all
