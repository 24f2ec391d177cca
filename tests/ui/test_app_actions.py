"""The keys that work everywhere, themes, and what the shell tells of what runs: on an app that only notes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

import pytest

from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.panes import PANES
from edgetui.ui import themes
from edgetui.ui.app import EdgetuiApp
from edgetui.ui.screens import clusters, help, timeline
from edgetui.ui.shell import EdgetuiScreen, Shell

from .noting import Noting

KEY = ObjectKey("plant", "Deployment", "line-2", "press")


def of(name: str, app: Any) -> Any:
    return getattr(Shell, name).fget(app)


@pytest.mark.parametrize("target", [None, ObjectRef(KEY, "u", "7")])
def test_help_is_about_what_is_in_front(target: ObjectRef | None) -> None:
    app: Any = Noting([], front=SimpleNamespace(target=target))
    with patch.object(help, "HelpScreen", lambda key: ("help", key)):
        EdgetuiApp.action_help(app)
    assert app.noted == [("push_screen", ("help", KEY if target else None))]


def test_screens_that_have_a_key_everywhere() -> None:
    app: Any = Noting([])
    app.__dict__["flows"] = SimpleNamespace(jobs=Noting(app.noted))
    with (
        patch.object(timeline, "TimelineScreen", lambda: "timeline"),
        patch.object(clusters, "ClustersScreen", lambda: "clusters"),
    ):
        EdgetuiApp.action_timeline(app)
        EdgetuiApp.action_clusters(app)
    EdgetuiApp.action_running(app)
    assert app.noted == [("push_screen", "timeline"), ("push_screen", "clusters"), ("show",)]


@pytest.mark.parametrize("held", [False, True])
def test_rows_are_held_still_or_go_on(held: bool) -> None:
    app: Any = Noting([])
    app.__dict__["feed"] = Noting(app.noted, held=held)
    EdgetuiApp.action_freeze(app)
    assert app.noted == [("hold", not held), ("tell_screens",)]
    assert EdgetuiApp.frozen.fget(app) is held  # type: ignore[attr-defined]


def test_a_pane_that_joins_nothing_is_watched_where_a_person_asked() -> None:
    plain: list[str] = []
    for pane in PANES.values():
        app: Any = MagicMock(spec=EdgetuiApp)
        app.__class__ = EdgetuiApp
        with patch.object(Shell, "watch_on_demand", lambda self, pane, shown: plain.append(pane.id)):
            EdgetuiApp.watch_on_demand(app, pane, True)
        optional = app.command_line.kinds.optional
        if pane.optional and pane.on_demand:
            optional.show.assert_called_once_with(pane, asked=True)
        else:
            assert plain[-1] == pane.id
            assert not optional.mock_calls


@pytest.mark.parametrize("shown", [False, True])
def test_what_is_not_watched_from_the_start_is_watched_while_it_is_shown(shown: bool) -> None:
    for pane in PANES.values():
        app: Any = Noting([], fleet=SimpleNamespace(stores={"plant": "a store"}))
        app.__dict__["sessions"] = {"plant": Noting(app.noted)}
        needs: Any = SimpleNamespace(on_demand=pane.on_demand, needs_in=lambda store: ["A", "B"])
        Shell.watch_on_demand(app, needs, shown)
        assert app.noted == ([("need", "A", shown), ("need", "B", shown)] if pane.on_demand else [])


# -- what runs


@pytest.mark.parametrize("loaded", [False, True])
@pytest.mark.parametrize("read_only", [False, True])
def test_what_runs_is_told_where_actions_are_loaded(loaded: bool, read_only: bool) -> None:
    jobs: Any = SimpleNamespace(badges=["1 RUNNING"], waits=True, notes=lambda key: [f"note of {key.name}"])
    app: Any = SimpleNamespace(
        loaded_flows=SimpleNamespace(jobs=jobs) if loaded else None,
        options=SimpleNamespace(read_only=read_only, badges=("DEMO",)),
    )
    running, frozen = ["1 RUNNING"] if loaded else [], ["READ-ONLY"] if read_only else []
    assert of("badges", app) == [*running, *frozen, "DEMO"]
    assert of("waits", app) is loaded
    assert of("jobs", app) == (jobs if loaded else ())
    assert Shell.job_notes(app, KEY) == (["note of press"] if loaded else [])


def test_screens_of_edgetui_hear_of_changes_and_the_nearest_footer_says_them() -> None:
    def screen(footer: Any) -> Any:
        made: Any = MagicMock(spec=EdgetuiScreen)
        made.__class__ = EdgetuiScreen
        made.footer = footer
        return made

    noted: list[Any] = []
    dashboard, page, question = screen("first"), screen(Noting(noted)), screen(None)
    app: Any = SimpleNamespace(screen_stack=["of Textual", dashboard, page, question])
    app.screens_in_view = of("screens_in_view", app)
    assert app.screens_in_view == [dashboard, page, question]
    assert of("front", app) is question
    app._footer = of("_footer", app)
    assert app._footer is page.footer
    Shell.tell_screens(app)
    assert [len(one.post_message.mock_calls) for one in app.screens_in_view] == [1, 1, 1]
    Shell.flash(app, "Said.", "bar")
    Shell.flash(app, "Said.")
    Shell.hush(app)
    assert noted == [("flash", "Said.", "bar"), ("flash", "Said.", "note"), ("clear",)]


def test_samples_are_kept_from_the_first_look_on() -> None:
    app: Any = SimpleNamespace(_measured=None, stores=["a store"], now=lambda: 9.0)
    made: list[Any] = []

    def measured(stores: Any, now: float) -> Any:
        made.append((stores, now))
        return SimpleNamespace(of=lambda key: [f"a sample of {key.name}"])

    with patch("edgetui.ui.usage_history.Measured", measured):
        assert Shell.samples(app, None) == ()
        assert [*map(str, Shell.samples(app, KEY))] == ["a sample of press"]
    assert made == [(["a store"], 9.0)]


def test_keys_of_a_persons_own_are_what_is_shown() -> None:
    app: Any = SimpleNamespace(_own_keys={"scale": "f5"})
    assert [Shell.key_of(app, name, "s") for name in ("scale", "sort")] == ["f5", "s"]


# -- themes


def looks(*names: str) -> Any:
    return themes.Themes({name: SimpleNamespace(name=name, about=f"about {name}") for name in names}, ())  # type: ignore[misc]


def test_another_theme_paints_everything_anew_and_an_unknown_one_is_said() -> None:
    noted: list[Any] = []
    widget = Noting(noted)
    app: Any = Noting(
        noted, _themes=looks("ansi", "dark", "plain"), _look=SimpleNamespace(name="dark", about=""),
        screen_stack=[SimpleNamespace(walk_children=lambda: [widget, widget])],
    )  # fmt: skip
    Shell.set_look(app, "ansi")
    assert (app.theme, noted) == ("ansi", [("refresh",)] * 2)
    noted.clear()
    Shell.set_look(app, "x")
    assert app.theme == "ansi"
    assert noted[-1] == ("flash", "There is no theme 'x'. Themes here: ansi, dark, plain.")
    assert of("theme_names", app) == ["ansi", "dark"]


@pytest.mark.parametrize(
    ("now", "following"), [("ansi", "dark"), ("dark", "mono"), ("mono", "ansi"), ("plain", "ansi")]
)
def test_the_next_theme_is_the_one_behind_it_by_name(now: str, following: str) -> None:
    app: Any = Noting(
        [], theme_names=["ansi", "dark", "mono"], _look=SimpleNamespace(name=now, about="about it")
    )
    Shell.action_next_theme(app)
    assert app.noted == [("set_look", following), ("flash", f"theme {now}: about it")]


@pytest.mark.parametrize(("colours", "theme"), [("mono", "mono"), ("16", "ansi"), ("truecolor", "ansi")])
def test_a_terminal_without_colours_begins_without_them(colours: str, theme: str) -> None:
    app: Any = SimpleNamespace(options=SimpleNamespace(profile=SimpleNamespace(colours=colours)))
    assert Shell._fitting_theme(app) == theme
