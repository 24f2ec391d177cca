"""Keys that arrive in one piece, as they do over a slow link, mean what they meant to the person who typed them."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from .driving import Screen, running
from .fleet import plant

TURNS = 200


async def burst(screen: Screen, text: str, seen: Callable[[], bool]) -> None:
    """Let all of `text` arrive before the first of it is dealt with; then wait for what it must bring."""
    for character in text:
        key = {"/": "slash", "\r": "enter"}.get(character, character)
        screen.app.post_message(events.Key(key, character))
    for _ in range(TURNS):
        if seen():
            return
        await screen.pilot.pause()
    raise AssertionError(f"{text!r} did not bring it:\n{screen.text()}")


async def test_the_letters_of_a_filter_are_no_actions() -> None:
    async with running([plant()]) as screen:
        main = screen.app.main
        await screen.press("4")
        await burst(screen, "/stb", lambda: main.current.filter_text == "stb")
        assert screen.app.screen is main
        assert main.current.pane.id == "rollouts"


async def test_a_whole_search_in_one_piece() -> None:
    async with running([plant()]) as screen:
        main = screen.app.main
        await burst(
            screen, "2/weld\r", lambda: main.current.filter_text == "weld" and not main.filter_bar.display
        )
        assert main.current.pane.id == "pods"


async def test_escape_and_a_key_right_behind_it_are_two_keys() -> None:
    async with running([plant()]) as screen:
        main = screen.app.main
        await screen.press("question_mark")
        assert screen.app.screen is not main
        screen.app.post_message(events.Key("alt+2", "2"))
        for _ in range(TURNS):
            if screen.app.screen is main and main.current.pane.id == "pods":
                return
            await screen.pilot.pause()
        raise AssertionError(screen.text())


async def test_with_a_namespace_the_panes_begin_with_its_rows() -> None:
    async with running([plant()], namespace="line-2") as screen:
        await screen.press("2")
        view = screen.app.main.current.view
        assert view.keys
        assert {key.namespace for key in view.keys} == {"line-2"}
        screen.app.command_line.run("ns")
        assert len({key.namespace for key in view.keys}) > 1
