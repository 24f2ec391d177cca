"""The list of what runs behind the screen, what is said of it and what it shows: no screen is drawn."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest

from edgetui.actions.messages import Receipt
from edgetui.model.identity import ObjectKey
from edgetui.ui.background import jobs as module
from edgetui.ui.background.job import Badge
from edgetui.ui.background.jobs import BackgroundJobs, Result
from edgetui.ui.dialogs.progress import Progress

from .test_background_jobs import RESULT, RUNNING, Row, guard
from .test_dialogs import REF
from .test_text_grids import page

PRESS, OVEN = REF.key, ObjectKey("plant", "Deployment", "line-1", "oven")
ELSEWHERE = PRESS._replace(cluster="van")


class App:
    """Notes what it is asked to show and to say; questions and lists stand for themselves."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.shown: list[Any] = []
        self.answered: list[Any] = []
        self.told = 0
        self.ended: list[int] = []

    def monotonic(self) -> float:
        return 42.0

    def flash(self, text: str) -> None:
        self.said.append(text)

    def key_of(self, name: str, default: str) -> str:
        return {"running": "f9"}.get(name, default)

    def tell_screens(self) -> None:
        self.told += 1

    def push_screen(self, screen: Any, answered: Callable[[Any], None] | None = None) -> None:
        self.shown.append(screen)
        self.answered.append(answered)

    def exit(self, code: int) -> None:
        self.ended.append(code)


def made(*rows: Row) -> tuple[App, Any]:
    app: Any = App()
    found = BackgroundJobs(app)
    for row in rows:
        found.add(row)
    return app, found


def about(row: Row, *keys: ObjectKey, action: str = "scale", stands: bool = True) -> Row:
    row.about = frozenset(keys)
    row.action_id = action
    row.stands_for = lambda action_id: stands  # type: ignore[method-assign]
    return row


class Over(Row):
    """One that has nothing left to do."""

    ended = True


def test_what_has_ended_is_no_longer_counted_or_shown() -> None:
    row, over = guard("press"), Over(badge=RUNNING, waits="waits", urgent=True, at_exit="Lost.")
    _, jobs = made(over, row)
    assert list(jobs) == [row]
    assert (len(jobs), jobs.shown, jobs.badges) == (1, [row], ["GUARD press"])
    assert (jobs.waits, jobs.urgent, jobs.busy) == (False, None, False)


def test_every_change_is_told_to_the_screens() -> None:
    app, jobs = made()
    row = Row()
    jobs.add(row)
    assert app.told == 1
    jobs.changed()
    assert app.told == 2
    jobs.remove(row)
    assert (app.told, list(jobs)) == (3, [])
    jobs.remove(row)
    assert app.told == 4


def test_what_is_said_of_all_of_them() -> None:
    calm, urgent = guard("oven"), guard("press", urgent=True)
    waiting, lost = Row(badge=RESULT, waits="is ready"), Row(at_exit="Lost.")
    _, jobs = made(calm, urgent, waiting, lost)
    assert jobs.shown == [waiting, calm, urgent, lost]
    assert jobs.badges == ["GUARD press", "GUARD oven", "1 RESULT"]
    assert (jobs.waits, jobs.urgent, jobs.busy) == (True, urgent, True)
    for row in (urgent, waiting, lost):
        jobs.remove(row)
    assert (jobs.waits, jobs.urgent, jobs.busy) == (False, None, False)


def test_a_second_passes_for_each() -> None:
    rows = [Row(), Row()]
    ticked: list[Row] = []
    for row in rows:
        row.tick = partial(ticked.append, row)  # type: ignore[method-assign]
    _, jobs = made(*rows)
    jobs.tick()
    assert ticked == rows


def test_the_page_of_an_object_has_the_notes_about_it() -> None:
    noted: list[Any] = [
        about(Row(), PRESS),
        about(Row(), PRESS, OVEN),
        about(Row(), OVEN),
        about(Row(), PRESS),
    ]
    notes = ("one", "two", "three", "")
    _, jobs = made()
    for row, note in zip(noted, notes, strict=True):
        jobs.add(SimpleNamespace(about=row.about, note=note, ended=False))
    assert jobs.notes(PRESS) == ["one", "two"]
    assert jobs.notes(OVEN) == ["two", "three"]
    assert jobs.notes(ELSEWHERE) == []


@pytest.mark.parametrize(
    ("keys", "action", "stands", "on_cluster", "found"),
    [
        ([PRESS], "scale", True, False, True),
        ([PRESS], "scale", False, False, False),
        ([PRESS], "restart", True, False, False),
        ([OVEN], "scale", True, False, False),
        ([PRESS, OVEN], "scale", True, False, False),
        ([OVEN], "scale", True, True, True),
        ([OVEN], "scale", False, True, False),
        ([ELSEWHERE], "scale", True, True, False),
        ([PRESS, ELSEWHERE], "scale", True, True, False),
        ([], "scale", True, True, False),
    ],
)
def test_an_action_that_is_begun_once_more_on_the_same_is_the_one_that_runs(
    keys: list[ObjectKey], action: str, stands: bool, on_cluster: bool, found: bool
) -> None:
    other, row = about(Row(), OVEN, action="pause"), about(Row(), PRESS, stands=stands)
    _, jobs = made(other, row)
    same = jobs.instead_of(action, frozenset(keys), on_cluster=on_cluster)
    assert same is (row if found else None)


# -- what is shown


def test_nothing_one_and_several() -> None:
    app, jobs = made()
    jobs.show()
    assert app.said == ["Nothing runs, and nothing waits for you."]
    first, second = Row("A"), Row("B")
    jobs.add(first)
    jobs.show()
    assert (first.done, app.shown) == (["attended"], [])
    jobs.add(second)
    with patch.object(module, "RunningScreen", lambda rows, cancel: (rows(), cancel)):
        jobs.show()
    ((rows, cancel),) = app.shown
    assert rows == [first, second]
    assert cancel == jobs.ask_to_cancel
    (answered,) = app.answered
    answered(None)
    answered(second)
    assert (first.done, second.done) == (["attended"], ["attended"])
    jobs.remove(second)
    answered(second)
    assert second.done == ["attended"]


def asked(app: App) -> tuple[str, list[str]]:
    """The question in front: its text and its answers."""
    question = app.shown[-1]
    return page(question.lines()), [label for _, label in question.choice._answers]


@pytest.mark.parametrize(
    ("answer", "there", "ends"),
    [(True, True, True), (True, False, False), (False, True, False), (None, True, False)],
)
def test_a_job_is_ended_after_a_yes_while_it_is_in_the_list(
    answer: bool | None, there: bool, ends: bool
) -> None:
    row = Row("Guard of press", says="watching", stops="Cancel the guard")
    app, jobs = made(row)
    jobs.ask_to_cancel(row)
    assert asked(app) == ("<title>Guard of press</>\n\nNow: watching.", ["Keep", "Cancel the guard"])
    if not there:
        jobs.remove(row)
    app.answered[-1](answer)
    assert row.done == ["cancelled"] * ends


@pytest.mark.parametrize(("answer", "ended"), [(True, [0]), (False, []), (None, [])])
def test_leaving_names_what_would_be_lost_and_ends_after_a_yes(answer: bool | None, ended: list[int]) -> None:
    app, jobs = made(
        Row("Guard of press", says="watching", at_exit="A guard ends."),
        Row("A result", says="is ready"),
        Row("Guard of oven", says="rolls back", at_exit="A guard ends."),
        Row("Scale press", says="running", at_exit="It is not undone."),
    )
    jobs.ask_to_leave()
    assert asked(app) == (
        "<title>Still running:</>\n  Guard of press<quiet>  watching</>\n  Guard of oven<quiet>  rolls back</>\n"
        "  Scale press<quiet>  running</>\n\nA guard ends.\nIt is not undone.\n",
        ["Stay", "Leave"],
    )
    app.answered[-1](answer)
    assert app.ended == ended


def test_what_ended_meanwhile_waits_until_it_is_looked_at_once() -> None:
    app, jobs = made()
    progress = Progress("Scale press to 6", app.monotonic)
    progress.finish(Receipt("scale", "plant", REF, True, ("6 of 6 ready.", "more")))
    jobs.show_later(progress)
    (result,) = jobs
    assert isinstance(result, Result)
    assert (result.title, result.began, result.waits) == ("Scale press to 6", 42.0, "6 of 6 ready.")
    assert (result.badge, result.says, jobs.badges) == (
        Badge("RESULT", "RESULTS"),
        "6 of 6 ready.",
        ["1 RESULT"],
    )
    assert app.said == ["f9 shows: Scale press to 6: 6 of 6 ready."]
    with patch.object(module, "ProgressScreen", lambda progress: ("the end of", progress)):
        result.attend()
    assert app.shown == [("the end of", progress)]
    assert list(jobs) == []
