"""Opening the screen, step by step and in order: what is begun with which settings, and what is ended after it."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from msgspec.structs import replace

from edgetui.cluster.target import ClusterTarget
from edgetui.model.cache.wireprofile import Wire
from edgetui.terminal.driver import TerminalDriver
from edgetui.terminal.profile import choose
from edgetui.ui import run
from edgetui.ui.layout import Layout, Remembered
from edgetui.ui.options import ScreenOptions

SSH = choose({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, "ssh")
LOCAL = choose({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, "local")
THIN = choose({"TERM": "xterm-256color", "LANG": "C.UTF-8"}, "thin")
PLANT = ClusterTarget(name="plant", context="plant")
DEPOT = ClusterTarget(name="depot", context="depot")


class Terminal(io.StringIO):
    def __init__(self, told: list[str], tty: bool = True) -> None:
        super().__init__()
        self._told, self._tty = told, tty

    def isatty(self) -> bool:
        return self._tty

    def fileno(self) -> int:
        return 77

    def flush(self) -> None:
        if text := self.getvalue():
            self._told.append(f"wrote {text!r}")
            self.seek(0)
            self.truncate()


class Session:
    def __init__(self, told: list[str], target: ClusterTarget, **given: Any) -> None:
        self.told, self.target, self.name, self.given = told, target, target.name, given
        self.store = f"store of {target.name}"
        self.keeper: Any = None

    async def start(self) -> None:
        self.told.append(f"start {self.name}")

    async def close(self) -> None:
        self.told.append(f"close {self.name}")
        if self.name == "depot":
            raise OSError("what is being left cannot fail any more")

    def look_at(self, namespaces: list[str]) -> None:
        self.told.append(f"{self.name} looks at {namespaces}")


class Rows:
    def __init__(self, told: list[str], *given: Any, **named: Any) -> None:
        self.told, self.given, self.named = told, given, named
        told.append("rows")

    def start(self) -> None:
        self.told.append("rows start")

    def clear(self) -> None:
        self.told.append("rows clear")


class App:
    def __init__(self, told: list[str], *given: Any, **named: Any) -> None:
        self.told, self.given, self.named = told, given, named
        self.loaded_flows: Any = None
        self.layout_keeper: Any = None
        self.failure: Exception | None = None
        self.return_code: int | None = None

    async def run_async(self, *, mouse: bool) -> None:
        self.told.append(f"run with mouse {mouse}")
        await self.meanwhile()

    async def meanwhile(self) -> None:
        """What a test does while the screen is shown."""


class Opening:
    """Everything that opening the screen touches, in place of itself; `told` is what happened, in order."""

    SESSIONS: ClassVar[str] = "edgetui.cluster.session.ClusterSession"

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.told: list[str] = []
        self.sessions: list[Session] = []
        self.apps: list[App] = []
        self.rows: list[Rows] = []
        self.code: int | None = None
        self.later: list[tuple[float, Callable[[], None]]] = []
        self.ready: Callable[[App], None] = lambda app: None
        told = self.told
        self.errors = Terminal([])
        self.system = SimpleNamespace(stdin=Terminal(told), stdout=Terminal(told), stderr=self.errors)
        monkeypatch.setattr(run, "sys", self.system)
        for name in ("SSH_TTY", "SSH_CONNECTION"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm-256color")
        monkeypatch.setattr("os.get_terminal_size", lambda descriptor: self._size(descriptor))
        monkeypatch.setattr(self.SESSIONS, partial(self._made, self.sessions, Session))
        monkeypatch.setattr("edgetui.cluster.link.meter.LinkWatch", lambda *given: given)
        monkeypatch.setattr(
            "edgetui.cluster.snapshot.keeper.Keeper", lambda target: f"keeper of {target.name}"
        )
        monkeypatch.setattr(run, "FirstRows", partial(self._made, self.rows, Rows))
        monkeypatch.setattr("edgetui.ui.app.EdgetuiApp", self._app)
        monkeypatch.setattr("edgetui.terminal.no_palette.leave_out", lambda: told.append("no palette"))
        monkeypatch.setattr("edgetui.heap.give_back_blocks", lambda: told.append("blocks"))
        monkeypatch.setattr("edgetui.heap.give_back_pages", lambda: told.append("pages"))
        gc = SimpleNamespace(freeze=lambda: told.append("freeze"), enable=lambda: told.append("enable"))
        monkeypatch.setattr(run, "gc", gc)
        loop = SimpleNamespace(call_later=lambda *given: self.later.append(given))
        stand_in = SimpleNamespace(
            run=asyncio.run,
            gather=asyncio.gather,
            wait=self._wait,
            to_thread=self._to_thread,
            get_running_loop=lambda: loop,
        )
        monkeypatch.setattr(run, "asyncio", stand_in)

    def _made(self, kept: list[Any], kind: Any, *given: Any, **named: Any) -> Any:
        kept.append(kind(self.told, *given, **named))
        return kept[-1]

    def _app(self, *given: Any, **named: Any) -> App:
        app = App(self.told, *given, **named)
        self.apps.append(app)
        self.ready(app)
        return app

    @staticmethod
    def _size(descriptor: int) -> os.terminal_size:
        assert descriptor == 77
        return os.terminal_size((40, 20))

    async def _to_thread(self, call: Any, *given: Any) -> Any:
        self.told.append(f"in a thread: {given[0]}")
        return call(*given)

    async def _wait(self, tasks: Any, *, timeout: float) -> Any:
        self.told.append(f"wait {timeout}")
        return await asyncio.wait(tasks)


@pytest.fixture
def opening(monkeypatch: pytest.MonkeyPatch) -> Opening:
    return Opening(monkeypatch)


SPLASH = r"wrote '\r\x1b[K edgetui  connecting to plant'"


def test_a_screen_is_opened_and_closed_in_this_order(opening: Opening) -> None:
    assert run.run_screen([PLANT], ScreenOptions(profile=SSH)) == 0
    assert opening.told == [
        SPLASH,
        "start plant",
        "blocks",
        "rows",
        "rows start",
        "no palette",
        "in a thread: edgetui.ui.app",
        "rows clear",
        "run with mouse False",
        "wait 1.0",
        "close plant",
    ]
    (session,), (app,), (rows,) = opening.sessions, opening.apps, opening.rows
    assert session.given == {"in_view": [], "link_watch": (None, None), "patient": False}
    assert session.keeper is None
    assert app.given == (["store of plant"], {"plant": session}, ScreenOptions(profile=SSH))
    assert set(app.named) == {"driver_class", "remembered"}
    assert app.named["remembered"] == Remembered()
    assert issubclass(app.named["driver_class"], TerminalDriver)
    assert app.named["driver_class"].profile is SSH
    assert rows.given == (["store of plant"], Layout())
    size = rows.named.pop("size")
    assert (size.columns, size.lines) == (40, 20)
    assert rows.named.pop("write") is run._write
    assert rows.named == {"namespace": ""}


def test_the_settings_of_each_cluster_reach_its_session(opening: Opening) -> None:
    links = {"depot": (Wire.THIN, 5e3)}
    options = ScreenOptions(
        profile=LOCAL, namespace="line-1", keep_rows=True, wire=Wire.LEAN, budget=9e3, links=links
    )
    assert run.run_screen([PLANT, DEPOT], options) == 0
    shared = {"in_view": ["line-1"], "patient": True}
    assert [session.given for session in opening.sessions] == [
        {**shared, "link_watch": (Wire.LEAN, 9e3)},
        {**shared, "link_watch": (Wire.THIN, 5e3)},
    ]
    assert [session.keeper for session in opening.sessions] == ["keeper of plant", "keeper of depot"]
    assert "run with mouse True" in opening.told
    assert opening.rows[0].named["namespace"] == "line-1"
    assert [words for words in opening.told if words.startswith(("start", "close"))] == [
        "start plant",
        "start depot",
        "close plant",
        "close depot",
    ]


@pytest.mark.parametrize("profile", [THIN, replace(SSH, name="serial")])
def test_a_slow_terminal_gets_no_first_rows(opening: Opening, profile: Any) -> None:
    run.run_screen([PLANT], ScreenOptions(profile=profile))
    assert "rows" in opening.told
    assert "rows start" not in opening.told


@pytest.mark.parametrize(
    ("asked", "kept", "of", "shown"),
    [
        ("", "line-2", ("plant",), "line-2"),
        ("line-1", "line-2", ("plant",), "line-1"),
        ("", "line-2", ("depot",), ""),
        ("", "", ("plant",), ""),
    ],
)
def test_what_was_left_is_there_again_where_nothing_else_is_asked_for(
    opening: Opening, monkeypatch: pytest.MonkeyPatch, asked: str, kept: str, of: tuple[str, ...], shown: str
) -> None:
    remembered = Remembered(
        Layout(pane="pods", theme="dark", namespace=kept, clusters=of), Path("layout.json")
    )
    monkeypatch.setattr("edgetui.ui.layout.read", lambda file: remembered)
    monkeypatch.setattr("edgetui.ui.layout.default_file", lambda: Path("layout.json"))
    run.run_screen([PLANT], ScreenOptions(profile=SSH, namespace=asked, remember=True))
    looked = [words for words in opening.told if "looks at" in words]
    assert looked == ([f"plant looks at ['{shown}']"] if shown != asked else [])
    (app,), (rows,) = opening.apps, opening.rows
    assert app.given[2] == ScreenOptions(profile=SSH, namespace=shown, theme="dark", remember=True)
    assert app.named["remembered"] is remembered
    assert (rows.given[1], rows.named["namespace"]) == (remembered.layout, shown)


@pytest.mark.parametrize(("code", "returned"), [(None, 0), (0, 0), (143, 143)])
def test_the_exit_code_is_that_of_the_screen(opening: Opening, code: int | None, returned: int) -> None:
    opening.ready = lambda app: setattr(app, "return_code", code)
    assert run.run_screen([PLANT], ScreenOptions(profile=SSH)) == returned


def test_what_is_still_being_written_is_finished_before_the_links_are_closed(opening: Opening) -> None:
    async def finish(what: str) -> None:
        opening.told.append(f"{what} finished")

    def ready(app: App) -> None:
        app.loaded_flows = SimpleNamespace(finish=partial(finish, "flows"))
        app.layout_keeper = SimpleNamespace(finish=partial(finish, "layout"))

    opening.ready = ready
    run.run_screen([PLANT], ScreenOptions(profile=SSH))
    assert opening.told[-5:] == [
        "run with mouse False",
        "flows finished",
        "layout finished",
        "wait 1.0",
        "close plant",
    ]


def test_what_the_screen_failed_of_is_raised_once_everything_is_closed(opening: Opening) -> None:
    opening.ready = lambda app: setattr(app, "failure", KeyError("row"))
    with pytest.raises(KeyError, match="row"):
        run.run_screen([PLANT], ScreenOptions(profile=SSH))
    assert opening.told[-1] == "close plant"


def test_garbage_is_looked_for_once_the_start_is_over(opening: Opening) -> None:
    run.run_screen([PLANT], ScreenOptions(profile=SSH))
    ((after, call),) = opening.later
    assert after == 3.0
    opening.told.clear()
    call()
    assert opening.told == ["freeze", "enable", "pages"]


@pytest.mark.parametrize(
    ("columns", "drawn"),
    [(0, ""), (1, ""), (2, " "), (10, " edgetui "), (33, " edgetui  connecting to plant"), (200, None)],
)
def test_the_first_line_never_reaches_the_last_column(
    opening: Opening, monkeypatch: pytest.MonkeyPatch, columns: int, drawn: str | None
) -> None:
    monkeypatch.setattr("os.get_terminal_size", lambda descriptor: os.terminal_size((columns, 20)))
    text = " edgetui  connecting to plant"
    run._splash(text)
    line = "\r\x1b[K" + (text if drawn is None else drawn)
    assert opening.told == [f"wrote {line!r}"]


@pytest.mark.parametrize(
    ("stdin", "stdout", "term", "what"),
    [
        (False, True, "xterm", "The input is not a terminal."),
        (True, False, "xterm", "The output is not a terminal."),
        (True, True, "dumb", "This terminal (TERM=dumb) cannot move its cursor."),
    ],
)
def test_where_no_screen_can_be_drawn_one_sentence_says_so_and_nothing_is_begun(
    opening: Opening, monkeypatch: pytest.MonkeyPatch, stdin: bool, stdout: bool, term: str, what: str
) -> None:
    opening.system.stdin, opening.system.stdout = (Terminal(opening.told, tty) for tty in (stdin, stdout))
    monkeypatch.setenv("TERM", term)
    assert run.run_screen([PLANT], ScreenOptions(profile=SSH)) == 2
    said = opening.errors.getvalue()
    assert said.startswith(f"edgetui: {what}")
    assert said.endswith("\n")
    assert said.count("\n") == 1
    assert opening.told == []


@pytest.mark.parametrize(
    ("given", "links", "found"),
    [
        ((None, None), {}, (None, None)),
        ((Wire.LEAN, 9e3), {}, (Wire.LEAN, 9e3)),
        ((Wire.LEAN, 9e3), {"plant": (Wire.THIN, 5e3)}, (Wire.THIN, 5e3)),
        ((Wire.LEAN, 9e3), {"plant": (Wire.THIN, None)}, (Wire.THIN, 9e3)),
        ((Wire.LEAN, 9e3), {"plant": (None, 5e3)}, (Wire.LEAN, 5e3)),
        ((None, None), {"plant": (Wire.FULL, 5e3)}, (Wire.FULL, 5e3)),
        ((Wire.LEAN, 9e3), {"depot": (Wire.THIN, 5e3)}, (Wire.LEAN, 9e3)),
    ],
)
def test_a_cluster_has_its_own_link_settings_or_those_of_all(given: Any, links: Any, found: Any) -> None:
    wire, budget = given
    assert ScreenOptions(wire=wire, budget=budget, links=links).link_of("plant") == found


def test_a_screen_that_is_told_nothing_may_change_things_and_keeps_nothing() -> None:
    plain = ScreenOptions()
    told = {name: getattr(plain, name) for name in ScreenOptions.__struct_fields__}
    profile = told.pop("profile")
    assert told == {
        "read_only": False,
        "theme": "",
        "audit": None,
        "badges": (),
        "namespace": "",
        "keep_rows": False,
        "wire": None,
        "budget": None,
        "remember": False,
        "links": {},
        "commands": {},
    }
    assert (profile.name, profile.colours, profile.ascii, profile.mouse) == (
        "local",
        "truecolor",
        False,
        True,
    )
    assert (profile.flush, profile.escape_delay, profile.forced, profile.console) == (0.1, 100, False, False)
