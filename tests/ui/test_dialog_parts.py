"""What dialogs do with keys, answers and what is read meanwhile, method by method: nothing is drawn."""

from __future__ import annotations

import asyncio
from itertools import product
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest
from textual import events

from edgetui.actions.messages import Offer
from edgetui.ui.dialogs.base import Dialog, width_inside
from edgetui.ui.dialogs.progress import Progress, ProgressScreen
from edgetui.ui.dialogs.question import ANSWERING, LEAVING, READING, AskScreen, Question
from edgetui.ui.dialogs.running import RunningScreen
from edgetui.ui.widgets.choice import Choice

from .noting import Noting
from .test_action_flow import an_app as an_app
from .test_background_jobs import Row
from .test_dialogs import REF
from .test_text_grids import marked

OFFER = Offer("rollback", "Roll back", "edgetui rollback deploy/press")


# -- progress


def progress_screen(**there: Any) -> Any:
    noted: list[Any] = []
    progress = Progress("Scale", lambda: 50.0)
    usual: dict[str, Any] = {
        "progress": progress, "closed": asyncio.Event(), "_job": None, "is_active": True, "is_current": True,
        "ready": True, "app": SimpleNamespace(flows=Noting(noted)), "choice": Noting(noted, set_answers=lambda _: True),
        "_answers": lambda: "answers",
    }  # fmt: skip
    return Noting(noted, **usual | there)


@pytest.mark.parametrize(
    ("ended", "offer", "stops"), product((False, True), (None, OFFER), (None, "", "Cancel"))
)
async def test_the_answers_are_those_that_there_are(
    ended: bool, offer: Offer | None, stops: str | None
) -> None:
    screen = progress_screen(_job=None if stops is None else SimpleNamespace(stops=stops))
    screen.progress.ended, screen.progress.offer = ended, offer
    if ended:
        wanted = [("close", "Close"), *([("offer", "Roll back")] if offer else [])]
    else:
        wanted = [("close", "Run in background"), *([("stop", stops)] if stops else [])]
    assert ProgressScreen._answers(screen) == wanted


async def test_it_follows_its_action_while_it_is_shown() -> None:
    screen = progress_screen()
    ProgressScreen.on_mount(screen)
    assert screen.progress.changed is not None
    assert [one[0] for one in screen.noted] == ["_changed"]
    other = screen.progress.changed
    for mine, left in ((other, None), ("another", "another")):
        screen = progress_screen(_changed=other)
        screen.progress.changed = mine
        ProgressScreen.on_unmount(screen)
        assert screen.progress.changed == left
        assert screen.noted == [("_close",)]


@pytest.mark.parametrize("behind", [False, True])
async def test_in_front_again_it_is_looked_at(behind: bool) -> None:
    screen = progress_screen()
    screen.__dict__["_job"] = Noting(screen.noted) if behind else None
    ProgressScreen.on_screen_resume(screen)
    assert screen.noted == ([("_changed",), ("looked_at",)] if behind else [])


async def test_only_an_action_that_runs_counts_its_seconds() -> None:
    for ended in (False, True):
        screen = progress_screen()
        screen.progress.ended = ended
        ProgressScreen.tick(screen)
        assert screen.noted == ([] if ended else [("show_lines",)])


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("active", [False, True])
@pytest.mark.parametrize(
    ("answer", "offer"), [("stop", None), ("close", OFFER), ("offer", OFFER), ("offer", None)]
)
async def test_an_answer_stops_closes_or_goes_on_with_what_is_offered(
    behind: bool, active: bool, answer: str, offer: Offer | None
) -> None:
    screen = progress_screen(is_active=active)
    screen.__dict__["_job"] = Noting(screen.noted) if behind else None
    screen.progress.offer, screen.progress.target = offer, REF
    ProgressScreen.on_choice_chosen(screen, SimpleNamespace(answer=answer))  # type: ignore[arg-type]
    if not active:
        assert screen.noted == []
    elif answer == "stop" and behind:
        assert screen.noted == [("cancel",)]
    else:
        begun = [("begin", "rollback", REF, OFFER.typed)] if answer == "offer" and offer else []
        assert screen.noted == [("_close",), ("dismiss", None), *begun]


async def test_nothing_is_begun_on_an_object_that_is_not_known() -> None:
    screen = progress_screen()
    screen.progress.offer, screen.progress.target = OFFER, None
    ProgressScreen.on_choice_chosen(screen, SimpleNamespace(answer="offer"))  # type: ignore[arg-type]
    assert screen.noted == [("_close",), ("dismiss", None)]


@pytest.mark.parametrize(("active", "ready", "ended"), product((False, True), repeat=3))
async def test_escape_closes_what_runs_and_an_end_that_can_have_been_read(
    active: bool, ready: bool, ended: bool
) -> None:
    screen = progress_screen(is_active=active, ready=ready)
    screen.progress.ended = ended
    ProgressScreen.action_dismiss_harmless(screen)
    assert screen.noted == ([("_close",), ("dismiss", None)] if active and (ready or not ended) else [])


@pytest.mark.parametrize(("others", "current"), product((False, True), repeat=2))
async def test_other_answers_have_to_be_seen_anew(others: bool, current: bool) -> None:
    screen = progress_screen(is_current=current)
    screen.choice.__dict__["set_answers"] = lambda answers: others and answers == "answers"
    ProgressScreen._changed(screen)
    assert screen.noted == [*([("show_anew",)] if others and current else []), ("show_lines",)]


@pytest.mark.parametrize("behind", [False, True])
async def test_what_is_closed_is_told_to_its_job(behind: bool) -> None:
    screen = progress_screen()
    screen.__dict__["_job"] = Noting(screen.noted) if behind else None
    ProgressScreen._close(screen)
    assert screen.closed.is_set()
    assert screen.noted == ([("put_away", screen)] if behind else [])


# -- questions


def question(
    *, since: float | None = 10.0, sight: bool = True, armed: bool = True, armed_since: float = 10.0
) -> Any:
    return Noting(
        [], _ready_since=since, _in_sight=sight, _armed_since=armed_since, choice=SimpleNamespace(armed=armed)
    )


def at(time: float, name: str = "") -> Any:
    made: Any = events.Key(name, None) if name else MagicMock(spec=events.MouseDown)
    made.time = time
    return made


KEYS = ("escape", "ctrl+c", "enter", "left", "tab", "up", "pagedown", "space", "a", "")


@pytest.mark.parametrize("pressed", KEYS)
@pytest.mark.parametrize(("since", "sight"), [(None, True), (10.0, True), (10.0, False)])
@pytest.mark.parametrize("when", [9.9, 10.0, 11.0])
def test_what_a_question_takes(pressed: str, since: float | None, sight: bool, when: float) -> None:
    asked = question(since=since, sight=sight)
    takes = Question.takes(asked, at(when, pressed))
    settles = asked.noted == [("_settle",)]
    ready = since is not None and sight and when >= since
    if pressed in LEAVING:
        assert (takes, settles) == (True, False)
    elif not ready:
        assert (takes, settles) == (pressed in READING, True)
    elif pressed in ANSWERING | READING or not pressed:
        assert (takes, settles) == (True, False)
    else:
        assert (takes, settles) == (pressed == "space", True)


@pytest.mark.parametrize(
    ("pressed", "armed", "when"), product(("enter", "", "left", "up"), (False, True), (11.9, 12.0))
)
def test_an_answer_is_given_where_the_cursor_was_seen(pressed: str, armed: bool, when: float) -> None:
    asked = question(armed=armed, armed_since=12.0)
    gives = pressed in ("enter", "")
    assert Question.takes(asked, at(when, pressed)) == (not gives or (armed and when >= 12.0))
    assert asked.noted == []


@pytest.mark.parametrize(("since", "armed"), product((None, 5.0), (False, True)))
def test_a_question_is_ready_once_it_was_seen_and_its_cursor_too(since: float | None, armed: bool) -> None:
    asked: Any = SimpleNamespace(_ready_since=since, choice=SimpleNamespace(armed=armed))
    assert Question.ready.fget(asked) == (since is not None and armed)  # type: ignore[attr-defined]


@pytest.mark.parametrize(("mine", "active"), product((False, True), repeat=2))
def test_only_the_newest_drawing_of_a_question_in_front_counts(mine: bool, active: bool) -> None:
    asked: Any = Noting([], _showing=3, is_active=active, _seen=False)
    Question._drawn(asked, 3 if mine else 2)
    assert (asked._seen, asked.noted) == ((True, [("_settle",)]) if mine and active else (False, []))


@pytest.mark.parametrize(("mine", "held"), product((False, True), repeat=2))
def test_only_the_newest_move_of_a_cursor_that_is_there_arms_it(mine: bool, held: bool) -> None:
    noted: list[Any] = []
    asked: Any = SimpleNamespace(_moves=3, choice=Noting(noted, held=held), _armed_since=0.0)
    Question._arm(asked, 3 if mine else 2)
    assert noted == ([("arm",)] if mine and not held else [])
    assert bool(asked._armed_since) == (mine and not held)


@pytest.mark.parametrize("seen", [False, True])
def test_a_question_settles_once_it_was_seen(seen: bool) -> None:
    noted: list[Any] = []
    asked: Any = Noting(noted, _seen=seen, settle=0.7, set_timer=lambda seconds, work: seconds, _timer=None)
    Question._settle(asked)
    assert (noted, asked._timer) == ([("_wait",)], 0.7 if seen else None)
    running = Noting(noted)
    asked = SimpleNamespace(_ready_since=5.0, _timer=running, choice=Noting(noted))
    noted.clear()
    Question._wait(asked)
    assert (asked._ready_since, asked._timer, noted) == (None, None, [("stop",), ("hold", True)])
    asked = SimpleNamespace(_timer=running, choice=Noting(noted), _ready_since=None, _armed_since=0.0)
    noted.clear()
    Question._ready(asked)
    assert (asked._timer, asked._ready_since == asked._armed_since, noted) == (None, True, [("hold", False)])


@pytest.mark.parametrize(("answer", "given"), [("yes", True), ("no", False)])
def test_a_yes_is_only_that(answer: str, given: bool) -> None:
    asked: Any = Noting([])
    AskScreen.on_choice_chosen(asked, Choice.Chosen(answer))
    AskScreen.action_dismiss_harmless(asked)
    assert asked.noted == [("dismiss", given), ("dismiss", False)]


# -- boxes


@pytest.mark.parametrize(("screen", "inside"), [(20, 18), (103, 101), (104, 102), (105, 102), (300, 102)])
def test_a_line_in_a_box_is_as_wide_as_the_box_but_for_its_sides(screen: int, inside: int) -> None:
    assert width_inside(screen) == inside


@pytest.mark.parametrize(("height", "most"), [(3, 3), (8, 3), (9, 3), (10, 4), (40, 34)])
def test_the_text_of_a_box_leaves_room_for_what_stands_around_it(height: int, most: int) -> None:
    box: Any = Noting([], app=SimpleNamespace(size=SimpleNamespace(height=height)), OVERHEAD=Dialog.OVERHEAD)
    box.__dict__["body"] = SimpleNamespace(styles=SimpleNamespace(max_height=0))
    Dialog._fit(box)
    assert box.body.styles.max_height == most
    assert [one[0] for one in box.noted] == ["call_after_refresh"]


@pytest.mark.parametrize(
    ("hidden", "said"), [(0, ""), (1, "<note>↓ 1 more line</>"), (7, "<note>↓ 7 more lines</>")]
)
def test_a_box_says_how_much_text_is_below(hidden: int, said: str) -> None:
    told: list[Any] = []
    box: Any = SimpleNamespace(
        body=SimpleNamespace(hidden_below=hidden), _more=SimpleNamespace(say=told.append)
    )
    Dialog._say_more(box)
    assert marked(told[0]) == said


@pytest.mark.parametrize("current", [False, True])
@pytest.mark.parametrize(("there", "stops"), [(False, ""), (True, ""), (True, "Cancel")])
def test_a_job_in_the_list_is_shown_or_ended(current: bool, there: bool, stops: str) -> None:
    noted: list[Any] = []
    job = Row("Rotate", stops=stops) if there else None
    box: Any = Noting(noted, is_current=current, here=job, app=Noting(noted))
    RunningScreen.action_choose(box)
    assert noted == ([("dismiss", job)] if current else [])
    noted.clear()
    box.__dict__["_cancel"] = lambda one: noted.append(("ends", one))
    RunningScreen.action_cancel_job(box)
    refused = ("flash", "Rotate: nothing ends it before its end.")
    assert noted == ([] if not there else [("ends", job)] if stops else [refused])


def test_a_box_shows_other_text_and_says_anew_what_is_below() -> None:
    noted: list[Any] = []
    box: Any = Noting(noted, lines=lambda: "lines")
    box.__dict__["body"] = Noting(noted)
    Dialog.show_lines(box)
    assert [one[:2] if one[0] == "show" else one[0] for one in noted] == [
        ("show", "lines"),
        "call_after_refresh",
    ]
    for method, given, asked in (
        ("action_text", 1, ("action_scroll_by", 1)),
        ("action_page", -1, ("action_scroll_page", -1)),
    ):
        noted.clear()
        getattr(Dialog, method)(box, given)
        assert noted == [asked, ("_say_more",)]
    for method in ("on_mount", "on_resize", "on_text_view_resized"):
        noted.clear()
        getattr(Dialog, method)(box)
        assert noted == [("_say_more",) if method == "on_text_view_resized" else ("_fit",)]
    noted.clear()
    Dialog.fill(box, "view")
    assert noted == [("show_lines",)]


def test_a_question_comes_and_goes() -> None:
    asked: Any = Noting([], _showing=3, _seen=True, _moves=4)
    Question.on_screen_resume(asked)
    Question.on_screen_suspend(asked)
    assert asked.noted == [("show_anew",), ("_hold",)]
    asked.noted.clear()
    Question._hold(asked)
    assert (asked._showing, asked._seen, asked.noted) == (4, False, [("_wait",)])
    asked.noted.clear()
    Question.show_anew(asked)
    (held, drawn) = asked.noted
    assert (held, drawn[0], drawn[-1]) == (("_hold",), "call_after_refresh", 4)
    asked.noted.clear()
    Question._moved(asked)
    ((name, _, moves),) = asked.noted
    assert (name, moves, asked._moves) == ("call_after_refresh", 5, 5)
    for method, later in (("_await_drawing", "_drawn"), ("_await_cursor", "_arm")):
        asked = Noting([], app=SimpleNamespace(when_drawn=lambda tell: tell()), _drawn="_drawn", _arm="_arm")
        getattr(Question, method)(asked, 7)
        assert asked.noted == [("call_later", later, 7)]


@pytest.mark.parametrize(("all_shown", "inside"), product((False, True), repeat=2))
def test_answers_are_in_sight_where_all_of_them_are_on_the_screen(all_shown: bool, inside: bool) -> None:
    region = SimpleNamespace(contains_region=lambda one: inside and one == "a region")
    asked: Any = SimpleNamespace(
        choice=SimpleNamespace(region="a region", shows_all=all_shown),
        app=SimpleNamespace(size=SimpleNamespace(region=region)),
    )
    assert Question._in_sight.fget(asked) == (all_shown and inside)  # type: ignore[attr-defined]
