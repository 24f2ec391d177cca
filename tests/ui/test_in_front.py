"""A key that comes to a screen which something else has covered meanwhile answers and closes neither of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgetui.ui.dialogs.confirm import ConfirmScreen
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.dialogs.progress import Progress, ProgressScreen
from edgetui.ui.dialogs.question import AskScreen
from edgetui.ui.screens.help import HelpScreen
from edgetui.ui.screens.logs import LogScreen
from edgetui.ui.screens.rollback import RollbackScreen
from edgetui.ui.widgets.choice import Choice

from . import test_dialogs as dialogs
from .driving import running
from .fleet import plant

Make = Callable[[], Any]


SCREENS: dict[str, tuple[Make, Callable[[Any], None]]] = {
    "a question, no": (lambda: ConfirmScreen(dialogs.PLAN), lambda one: one.action_dismiss_harmless()),
    "a question, yes": (
        lambda: ConfirmScreen(dialogs.PLAN),
        lambda one: one.on_choice_chosen(Choice.Chosen("yes")),
    ),
    "a list": (lambda: PickScreen("Which?", [("a", "")]), lambda one: one.action_pick()),
    "a list, none": (
        lambda: PickScreen("Which?", [("a", "")]),
        lambda one: one.action_dismiss_harmless(),
    ),
    "a form": (
        lambda: dialogs.form("scale", dialogs.TestScale().view()),
        lambda one: one.action_dismiss_harmless(),
    ),
    "a progress": (
        lambda: ProgressScreen(Progress("Scale", lambda: 0.0)),
        lambda one: one.action_dismiss_harmless(),
    ),
    "revisions": (lambda: RollbackScreen(dialogs.TestRollback().view()), lambda one: one.action_cancel()),
    "a text": (HelpScreen, lambda one: one.action_back()),
    "logs": (lambda: LogScreen(dialogs.REF.key), lambda one: one.action_back()),
}


@pytest.mark.parametrize(("make", "put_away"), SCREENS.values(), ids=SCREENS)
async def test_what_is_covered_is_answered_once_it_is_in_front_again_and_only_once(
    make: Make, put_away: Callable[[Any], None]
) -> None:
    async with running([plant()]) as screen:
        app, answers = screen.app, []
        below, above = make(), AskScreen([], "Stay", "Leave")
        app.push_screen(below, answers.append)
        app.push_screen(above, answers.append)
        await screen.pilot.pause()
        put_away(below)
        assert (app.screen, answers) == (above, [])
        above.action_dismiss_harmless()
        assert (app.screen, answers) == (below, [])
        await screen.until_ready()
        put_away(below)
        put_away(below)
        await screen.pilot.pause()
        assert app.screen is app.main
        assert len(answers) <= 2
