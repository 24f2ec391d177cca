"""The plain form: what is typed, turned and explained, and what an answer leads to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from edgetui.actions.change.form import Form, Leads
from edgetui.actions.change.spec import Argument
from edgetui.actions.messages import Refusal
from edgetui.ui.dialogs.form import FormScreen

from .driving import Screen, running
from .fleet import plant


def number(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"“{text}” is no number.")
    return int(text)


ARGUMENTS = (
    Argument("count", "how many there are to be", "N", ("-n", "--how-many"), number, default=3),
    Argument("way", "how it is done", flags=("--way",), choices=("slow", "quick", "at once")),
    Argument("force", "whether it is forced", flags=("--force",), switch=True),
    Argument("hidden", "stands in no form"),
)
STANDS = {"count": None, "way": "quick", "force": False}


def leads(view: object, values: Mapping[str, Any]) -> Leads:
    if values["count"] == 13:
        raise Refusal("Thirteen is too many.", "Take twelve.")
    return Leads(("It stops all pods.",) if values.get("force") else ())


async def opened(screen: Screen, note: str = "", arguments: Sequence[Argument] = ARGUMENTS) -> list[Any]:
    answers: list[Any] = []
    form = FormScreen("Change press", note, arguments, None, lambda _: Form(STANDS), leads)
    screen.app.push_screen(form, answers.append)
    await screen.pilot.pause()
    return answers


def field(screen: Screen, label: str) -> str:
    """The line of the field with this name."""
    lines = screen.text().splitlines()
    return next(line for line in lines if re.search(rf"\b{label} ", line) and "how many there" not in line)


async def test_values_are_typed_and_turned_and_given_by_their_names() -> None:
    async with running([plant()]) as screen:
        answers = await opened(screen, note="It was changed while you looked.")
        text = screen.text()
        for words in ("Change press", "! It was changed while you looked.", "how many there are to be"):
            assert words in text, text
        assert "quick" in field(screen, "way")
        assert "no" in field(screen, "force").split()
        assert "how many " in text, "a field has the name of its longest option"
        assert "stands in no form" not in text
        assert all(words in text for words in ("tab next field", "esc cancel", "enter continue"))
        assert "↑↓" not in text, "up and down do nothing in a field of text"
        await screen.press("7", "up", "down")
        assert "7" in field(screen, "how many"), "what is typed is not turned"
        await screen.press("tab", "x", "backspace")
        assert "↑↓ choice" in screen.text()
        assert "quick" in field(screen, "way"), "what is turned is not typed"
        await screen.press("down")
        assert "how it is done" in screen.text()
        assert "at once" in field(screen, "way")
        await screen.press("down")
        assert "slow" in field(screen, "way")
        await screen.press("up", "up", "tab", "up")
        assert "quick" in field(screen, "way")
        assert "yes" in field(screen, "force")
        assert "! It stops all pods." in screen.text()
        await screen.press("tab")
        assert "how many there are to be" in screen.text()
        await screen.press("shift+tab")
        assert "whether it is forced" in screen.text()
        await screen.press("enter")
        assert answers == [{"count": 7, "way": "quick", "force": True}]


async def test_what_is_no_value_or_is_refused_is_said_and_not_given() -> None:
    async with running([plant()]) as screen:
        answers = await opened(screen)
        await screen.press(*"x1", "enter")
        assert "! “x1” is no number." in screen.text()
        await screen.press("backspace", "backspace", *"13", "enter")
        assert "! Thirteen is too many." in screen.text()
        assert answers == []
        await screen.press("backspace", "backspace", "space")
        assert "is no number" not in screen.text()
        assert "too many" not in screen.text()
        await screen.press("enter")
        assert answers == [{"count": 3, "way": "quick", "force": False}]


async def test_escape_gives_nothing_and_one_field_needs_no_key_to_the_next() -> None:
    async with running([plant()]) as screen:
        answers = await opened(screen, arguments=ARGUMENTS[:1])
        assert "next field" not in screen.text()
        assert "choice" not in screen.text()
        await screen.press("escape")
        assert answers == [None]


async def test_what_is_below_is_counted_anew_when_the_text_grows() -> None:
    def many(view: object, values: Mapping[str, Any]) -> Leads:
        return Leads(notes=[f"line {number}" for number in range(values["count"])])

    async with running([plant()], size=(80, 24)) as screen:
        form = FormScreen("Change press", "", ARGUMENTS[:1], None, lambda _: Form({"count": 1}), many)
        screen.app.push_screen(form)
        await screen.pilot.pause()
        await screen.press("9")
        await screen.wait_for(lambda: "line 8" in screen.text(), "all nine lines")
        await screen.wait_for(lambda: "more line" not in screen.text(), "nothing below")
        await screen.press("9")
        await screen.wait_for(lambda: re.search(r"↓ \d+ more lines", screen.text()), "what is below")


async def test_a_part_that_is_read_later_leaves_what_is_typed() -> None:
    async with running([plant()]) as screen:
        made = {"small": Form({"count": 3}), "large": Form({"count": 8})}
        form = FormScreen("Change press", "", ARGUMENTS[:1], "small", made.__getitem__, leads)
        screen.app.push_screen(form)
        await screen.pilot.pause()
        form.fill("large")
        await screen.pilot.pause()
        assert "8" in field(screen, "how many").split()
        await screen.press("5")
        form.fill("small")
        await screen.pilot.pause()
        assert "5" in field(screen, "how many").split()
