"""What the app does with keys, clicks, ticks and changes, each method on an app that only notes: nothing is drawn."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock, patch

import pytest
from textual import events
from textual.screen import ModalScreen
from textual.widgets import Input

from edgetui.model.cache.freshness import Link, LinkState
from edgetui.model.cache.store import ChangeSet
from edgetui.model.cache.wireprofile import Wire, WireState
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.panes import PANES
from edgetui.model.view.timeline import Timeline
from edgetui.terminal.profile import Profile
from edgetui.ui import app as module
from edgetui.ui import themes
from edgetui.ui.app import LOOK_BACK, EdgetuiApp
from edgetui.ui.options import ScreenOptions
from edgetui.ui.screens.object import ObjectScreen
from edgetui.ui.shell import LONG_EXIT, Shell
from tests.unit.model import factories as f

from .noting import Noting

PRESS = ObjectRef(ObjectKey("plant", "Deployment", "line-2", "press"), "u", "7")


def an_app(**there: Any) -> Any:
    noted: list[Any] = []
    store = f.store_of(f.deployment("press", "line-2"))
    usual: dict[str, Any] = {
        "_flows": None, "_commander": None, "layout_keeper": None, "_measured": None, "frozen": False,
        "screens_in_view": [], "_links": {}, "_wires": {}, "_in_view": (frozenset(), ""), "monotonic": lambda: 50.0,
        "now": lambda: 9.0, "fleet": SimpleNamespace(stores={"plant": store}), "stores": [store],
        "terminal_meter": Noting(noted), "sessions": {}, "timeline": Timeline(0.0),
    }  # fmt: skip
    return Noting(noted, **usual | there)


def call(method: str, app: Any, *given: Any) -> Any:
    return getattr(EdgetuiApp, method)(app, *given)


# -- ticks and changes


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("loaded", [False, True])
def test_a_second_that_passes(frozen: bool, loaded: bool) -> None:
    app = an_app(frozen=frozen)
    screens = [Noting(app.noted, tick=lambda at=at: app.noted.append(f"screen {at}")) for at in (1, 2)]
    app.__dict__["screens_in_view"] = screens
    if loaded:
        app.__dict__["_flows"] = SimpleNamespace(jobs=Noting(app.noted))
        app.__dict__["layout_keeper"] = Noting(app.noted)
    call("_tick", app)
    assert app.noted == [
        ("read", 50.0),
        ("tell_what_is_in_view",),
        *([("tick",), ("look",)] if loaded else []),
        *([] if frozen else ["screen 1", "screen 2"]),
    ]


@pytest.mark.parametrize("loaded", [False, True])
def test_changes_go_to_every_screen_and_to_what_listens(loaded: bool) -> None:
    app = an_app()
    app.__dict__["screens_in_view"] = [Noting(app.noted)]
    if loaded:
        app.__dict__["_measured"] = Noting(app.noted)
        app.__dict__["_commander"] = Noting(app.noted)
    changes = {"plant": ChangeSet(status=True)}
    call("_deliver", app, changes)
    store = app.stores[0]
    assert app.noted == [
        ("_say_wire", store),
        ("_note_link", store, 9.0),
        *([("take", changes, 9.0)] if loaded else []),
        ("changes_arrived", changes, 9.0),
        *([("look_for_endings",)] if loaded else []),
    ]


def test_another_wire_profile_is_said_once() -> None:
    app = an_app()
    store = app.stores[0]
    app._wires["plant"] = store.wire
    call("_say_wire", app, store)
    assert app.noted == []
    store.set_wire(WireState(Wire.THIN))
    call("_say_wire", app, store)
    call("_say_wire", app, store)
    assert app.noted == [("flash", f"plant {store.wire.sentence}")]


@pytest.mark.parametrize(
    ("states", "told"),
    [
        ([Link.LIVE], []),
        ([Link.CONNECTING, Link.LIVE], []),
        ([Link.LIVE, Link.LIVE], []),
        ([Link.LIVE, Link.STALE], [("stale", False)]),
        ([Link.LIVE, Link.STALE, Link.LIVE], [("stale", False), ("live", True)]),
        ([Link.STALE, Link.REFUSED], [("refused", False)]),
        ([Link.LIVE, Link.CONNECTING, Link.STALE], [("connecting", False)]),
    ],
)
def test_another_state_of_a_link_is_in_the_timeline_but_for_the_first(
    states: list[Link], told: list[tuple[str, bool]]
) -> None:
    app, found = an_app(), list[tuple[str, bool]]()
    app.__dict__["timeline"] = SimpleNamespace(
        link=lambda cluster, words, live, now: found.append((words, live))
    )
    for state in states:
        app.stores[0].set_link(LinkState(state))
        call("_note_link", app, app.stores[0], 9.0)
    assert found == told


class Modal(ModalScreen[None]):
    """A question over the screens."""

    def __init__(self) -> None:
        """Nothing of Textual's."""


def screen(kinds: set[str], target: ObjectRef | None = None) -> Any:
    return SimpleNamespace(kinds_in_view=frozenset(kinds), target=target)


@pytest.mark.parametrize(
    ("screens", "told"),
    [
        ([], []),
        ([screen({"Pod"})], [({"Pod"}, "")]),
        ([screen({"Pod"}, PRESS)], [({"Pod"}, "")]),
        ([screen({"Pod"}), screen({"Node"}, PRESS)], [({"Node"}, "line-2")]),
        ([screen({"Pod"}), screen({"Node"})], [({"Node"}, "")]),
        ([screen({"Pod"}), Modal()], [({"Pod"}, "")]),
        ([screen(set()), screen(set(), PRESS)], [(set(), "line-2")]),
    ],
)
def test_clusters_are_told_once_what_is_in_view(screens: list[Any], told: list[Any]) -> None:
    app = an_app(screens_in_view=screens)
    app.sessions["plant"] = Noting(app.noted)
    for _ in range(2):
        call("tell_what_is_in_view", app)
    assert app.noted == [("look_at_kinds", kinds, beside) for kinds, beside in told]


# -- keys and clicks


def key(name: str, *, forwarded: bool = False) -> events.Key:
    made = events.Key(name, None)
    if forwarded:
        made._set_forwarded()
    return made


async def test_keys_wait_their_turn_and_nothing_is_taken_where_there_is_no_screen() -> None:
    passed: list[Any] = []

    async def on_event(self: Any, event: Any) -> None:
        passed.append(event)

    added: list[Any] = []

    async def add(event: Any) -> None:
        added.append(event)

    with patch.object(Shell, "on_event", on_event):
        app: Any = MagicMock(spec=EdgetuiApp)
        app.__class__ = EdgetuiApp
        app._type_ahead = SimpleNamespace(add=add)
        app._is_taken = lambda event: False
        typed, forwarded, resized = key("a"), key("b", forwarded=True), events.Blur()
        click, pasted = MagicMock(spec=events.MouseDown), events.Paste("x")
        for there in ([], ["a screen"]):
            app.screens_in_view = there
            for event in (typed, forwarded, resized, click, pasted):
                await EdgetuiApp.on_event(app, event)
        assert added == [typed]
        assert passed == [resized, forwarded, resized, pasted], "the click is on a question that is not ready"
        app._is_taken = lambda event: True
        await EdgetuiApp.on_event(app, click)
        assert passed[-1] is click


@pytest.mark.parametrize(
    ("flows", "pressed", "focused", "asks"),
    [
        (False, "escape", None, None),
        (True, "a", None, None),
        (True, "escape", None, ["the screen"]),
        (True, "ctrl+c", None, [None]),
        (True, "escape", "field", None),
        (True, "ctrl+c", "field", [None]),
    ],
)
@pytest.mark.parametrize("ends", [True, False])
def test_escape_and_ctrl_c_end_what_is_read(
    flows: bool, pressed: str, focused: str | None, asks: list[Any] | None, ends: bool
) -> None:
    asked: list[Any] = []
    cancels = SimpleNamespace(cancel_read=lambda where: asked.append(where) or ends)  # type: ignore[func-returns-value]
    field = Input.__new__(Input) if focused else None
    app = an_app(_flows=cancels if flows else None, focused=field, screen="the screen")
    assert call("_ends_a_read", app, pressed) == (asks is not None and ends)
    assert asked == (asks or [])


@pytest.mark.parametrize("held", [None, False, True])
@pytest.mark.parametrize("complete", [False, True])
@pytest.mark.parametrize("mounted", [False, True])
def test_keys_are_taken_by_a_screen_that_is_there_and_held_for_a_dialog(
    held: bool | None, complete: bool, mounted: bool
) -> None:
    flows = None if held is None else SimpleNamespace(holds_keys=held)
    app = an_app(
        _flows=flows, main=SimpleNamespace(complete=complete), screen=SimpleNamespace(is_mounted=mounted)
    )
    assert bool(call("_takes_keys", app)) == (complete and mounted)
    assert bool(call("_holds_keys", app)) == bool(held)


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("forwarded", [True, False])
def test_the_screen_in_front_says_what_it_takes(taken: bool, forwarded: bool) -> None:
    app = an_app(front=SimpleNamespace(takes=lambda event: taken))
    assert call("_is_taken", app, key("a", forwarded=forwarded)) == (taken or forwarded)


@pytest.mark.parametrize("busy", [None, False, True])
async def test_leaving_asks_where_something_runs(busy: bool | None) -> None:
    app = an_app()
    if busy is not None:
        app.__dict__["_flows"] = SimpleNamespace(jobs=Noting(app.noted, busy=busy))
    await call("action_leave", app)
    assert app.noted == ([("ask_to_leave",)] if busy else [("exit", 0)])


def test_a_line_that_has_a_key_is_done_where_a_line_could_be_typed() -> None:
    main, opened = object(), ObjectScreen.__new__(ObjectScreen)
    for front, done in ((main, True), (opened, True), (object(), False)):
        app = an_app(main=main, screen=front)
        app.__dict__["command_line"] = Noting(app.noted)
        call("action_line", app, "pods")
        assert app.noted == ([("run", "pods")] if done else [])


# -- the beginning and the end


@pytest.mark.parametrize("problems", [("", ""), ("Two.", "Three.")])
@pytest.mark.parametrize("connected", [False, True])
def test_the_beginning_says_what_could_not_be_read_and_looks_back_later(
    problems: tuple[str, str], connected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LayoutKeeper", lambda app, main: "a keeper")
    theme, own = problems
    app = an_app(
        remembered=SimpleNamespace(problem="Four." if theme else ""), _theme_problem=theme, _own=lambda: own,
        _themes=SimpleNamespace(failures=("One.",) if theme else ()), main="the dashboard",
    )  # fmt: skip
    app.__dict__["feed"] = Noting(app.noted, start=lambda: app.noted.append("feed"))
    app.__dict__["_look_back"] = lambda started: app.noted.append(("looks back", started))
    if connected:
        app.sessions["plant"] = "a session"
    call("_begin", app)
    timers = [one for one in app.noted if one[0] == "set_timer"]
    assert [one for one in app.noted if one not in timers] == [
        "feed",
        ("tell_what_is_in_view",),
        *([("flash", "One. Two. Three. Four.")] if theme else []),
    ]
    assert (app.layout_keeper, app._wires) == ("a keeper", {"plant": app.stores[0].wire})
    assert [one[1] for one in timers] == [LOOK_BACK] * connected
    for _, _, later in timers:
        later()
        assert app.noted[-1] == ("looks back", 9.0)


def test_what_an_earlier_start_left_is_looked_for_beside_the_screen() -> None:
    begun: list[Any] = []
    app = an_app(flows="the flows", run_worker=lambda work, **more: begun.append((work, more)))
    call("_look_back", app, 7.0)
    ((work, more),) = begun
    _, looked, flows, started = work.args
    assert (looked, flows(), started) == (app, "the flows", 7.0)
    assert more == {"group": "earlier", "exit_on_error": False}


def test_the_end_is_no_traceback() -> None:
    app = an_app()
    call("_fatal_error", app)
    call("on_unmount", an_app(feed=app))
    assert app.noted == [("_close_messages_no_wait",), ("stop",)]


def test_a_slower_link_of_the_terminal_is_delivered_on_less_often() -> None:
    app = an_app(options=ScreenOptions(), feed=SimpleNamespace(interval=0.1))
    slow = Profile("serial", "mono", True, False, 0.5, 500)
    call("link_changed", app, slow)
    assert (app.options.profile, app.feed.interval, app.noted) == (slow, 0.5, [("tell_screens",)])


def test_keys_of_a_persons_own_are_keys_by_name_and_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(themes, "configuration", lambda: tmp_path)
    app = an_app()
    assert call("_own", app) == ""
    assert app.noted == []
    (tmp_path / "keys.yaml").write_text("zoom: f6\n':po line-2': f7\n")
    assert call("_own", app) == ""
    assert app._own_keys == {"zoom": "f6"}
    assert app.noted == [("set_keymap", {"zoom": "f6"}), ("bind", "f7", "line('po line-2')", False)]
    (tmp_path / "keys.yaml").write_text("zoom: [")
    assert call("_own", app) == "keys.yaml cannot be read as YAML. The usual keys hold."


@pytest.mark.parametrize("joining", [False, True])
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("pane", ["pods", "services", "updates", "rollouts"])
def test_what_few_clusters_serve_is_watched_where_discovery_finds_it(
    pane: str, shown: bool, joining: bool
) -> None:
    plain: list[Any] = []
    app: Any = MagicMock(spec=EdgetuiApp)
    app.__class__ = EdgetuiApp
    optional = app.command_line.kinds.optional
    with patch.object(Shell, "watch_on_demand", lambda self, pane, shown: plain.append((pane.id, shown))):
        EdgetuiApp.watch_on_demand(app, PANES[pane], shown, joining=joining)
    there = PANES[pane]
    if there.optional and (there.on_demand or joining):
        assert plain == []
        if shown:
            optional.show.assert_called_once_with(there, asked=not joining)
        else:
            optional.hide.assert_called_once_with(there)
    else:
        assert plain == [(pane, shown)]
        assert not optional.mock_calls


# -- the shell


@pytest.mark.parametrize(("tidies", "long"), [(None, False), (False, False), (True, True)])
def test_an_end_takes_longer_where_an_action_may_have_to_put_things_right(
    tidies: bool | None, long: bool
) -> None:
    app: Any = MagicMock(spec=Shell)
    app.__class__ = Shell
    app.loaded_flows = None if tidies is None else SimpleNamespace(tidies=tidies)
    limit = Shell.exit_limit.fget(app)  # type: ignore[attr-defined]
    assert (limit == LONG_EXIT) == long
    assert limit <= LONG_EXIT


@pytest.mark.parametrize("bare", ["", "The console"])
@pytest.mark.parametrize("driven", [True, False])
def test_the_bell_comes_with_a_notice_where_the_terminal_shows_those(bare: str, driven: bool) -> None:
    app = an_app(options=SimpleNamespace(profile=SimpleNamespace(bare=bare)))
    app.__dict__["_driver"] = Noting(app.noted) if driven else None
    Shell.ring(app, "It is\x1b complete.")
    notice = [("write", "\x1b]9;It is complete.\x1b\\")] if driven and not bare else []
    assert [one[0] for one in app.noted] == ["bell", *(["write"] if notice else [])]
    if notice:
        assert app.noted[1][1].startswith("\x1b]9;It is")
        assert app.noted[1][1].endswith("complete.\x1b\\")


@pytest.mark.parametrize(
    ("about", "asked"),
    [
        (None, ("flash", "There is nothing under the cursor.")),
        (PRESS.key, ("open", "logs", PRESS.key)),
        (PRESS.key._replace(kind="Node"), ("flash", "Node press has no log; pods and rollouts have.")),
    ],
)
def test_logs_are_those_of_pods_and_of_what_has_pods(about: ObjectKey | None, asked: tuple[Any, ...]) -> None:
    app = an_app()
    app.__dict__["navigation"] = Noting(app.noted)
    Shell.open_logs(app, about)
    assert app.noted == [asked]
    app.noted.clear()
    Shell.open_detail(app, PRESS.key)
    Shell.open_manifest(app, PRESS.key)
    assert app.noted == [("open", "detail", PRESS.key), ("open", "manifest", PRESS.key)]


@pytest.mark.parametrize("flows", [False, True])
@pytest.mark.parametrize("urgent", [False, True])
def test_what_is_about_to_change_a_cluster_is_shown(flows: bool, urgent: bool) -> None:
    app = an_app()
    job = Noting(app.noted) if urgent else None
    app.__dict__["loaded_flows"] = SimpleNamespace(jobs=SimpleNamespace(urgent=job)) if flows else None
    Shell.offer_to_cancel(app)
    assert app.noted == ([("attend",)] if flows and urgent else [])


def test_silence_is_that_of_the_clusters_that_are_connected() -> None:
    app = an_app()
    app.__dict__["sessions"] = {
        "plant": SimpleNamespace(counters=1, api=SimpleNamespace(silence=lambda: 8.0)),
        "van": SimpleNamespace(counters=None),
        "farm": SimpleNamespace(),
    }
    assert Shell.silences.fget(app) == {"plant": 8.0}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("label", "words", "said"),
    [("", "3 KiB/s", ""), ("thin", "", "thin"), ("thin", "3 KiB/s", "thin 3 KiB/s")],
)
def test_the_profile_of_the_terminal_is_said_with_what_it_is_sent(label: str, words: str, said: str) -> None:
    app = an_app(
        options=SimpleNamespace(profile=SimpleNamespace(label=label)),
        terminal_meter=SimpleNamespace(words=words),
    )
    assert Shell.link_label.fget(app) == said  # type: ignore[attr-defined]
