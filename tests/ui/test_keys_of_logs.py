"""What each key of the logs leads to from every place: which pod, container and instance, and which line is found."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from textual.geometry import Size

from edgetui.cluster.api.logs import Hearing, LogState
from edgetui.cluster.errors import EdgetuiError
from edgetui.model.cache.store import ChangeSet, Store
from edgetui.model.identity import ObjectKey
from edgetui.model.kinds.pod import POD
from edgetui.model.pod.logbuffer import LogBuffer, Search
from edgetui.ui.screens import logs as log_module
from edgetui.ui.screens.logs import LogScreen
from tests.unit.model import factories as f

from .bare import BareApp, Session, bare, put

KEY = ObjectKey("plant", "Deployment", "line-1", "press")


class Log(LogScreen):
    """The screen with its parts noted instead of painted."""

    size = Size(80, 24)
    is_running = True

    def __init__(self, key: ObjectKey = KEY) -> None:
        super().__init__(key)
        told = self.told = []  # type: ignore[var-annotated]
        self.listened: list[tuple[Any, ...]] = []
        self.footer = SimpleNamespace(flash=told.append, set_hints=lambda *_: None)  # type: ignore[assignment]
        self.search_bar = SimpleNamespace(open=lambda words: told.append(f"asks {words!r}"))  # type: ignore[assignment]

        def said(name: str) -> Any:
            return lambda *_: told.append(name)

        self.view = SimpleNamespace(  # type: ignore[assignment]
            rows=[],
            buffer=LogBuffer(),
            current=None,
            notice="",
            needle="",
            wrapped=False,
            stamped=False,
            following=True,
            reveal=lambda number: told.append(f"reveals {number}"),
            repaint=said("repaints"),
            sync=said("syncs"),
            on_resize=said("resizes"),
            show=lambda buffer: told.append("shows"),
        )

    def _say(self) -> None:
        self.told.append("says")

    def _listen(self, pod: str, container: str = "", previous: bool = False) -> None:
        self.listened.append((pod, container, previous))


def log(**fields: Any) -> Any:
    app = BareApp([Store("plant")])
    screen = bare(Log, app)
    for name, value in fields.items():
        setattr(screen, name, value)
    screen.told.clear()
    return screen


@pytest.mark.parametrize(
    ("pods", "pod", "step", "listened"),
    [
        (["a", "b", "c"], "a", 1, "b"),
        (["a", "b", "c"], "c", 1, "a"),
        (["a", "b", "c"], "a", -1, "c"),
        (["a", "b", "c"], "b", -1, "a"),
        (["a", "b"], "gone", 1, "a"),
        (["a", "b"], "gone", -1, "a"),
        (["a"], "gone", 1, "a"),
        (["a"], "a", 1, None),
        ([], "a", 1, ""),
    ],
)
def test_another_pod_of_the_workload(pods: list[str], pod: str, step: int, listened: str | None) -> None:
    screen = log(_pods=pods, _pod=pod)
    screen.action_pod(step)
    assert screen.listened == ([(listened, "", False)] if listened else [])
    assert screen.told == (["There is no other pod here."] if listened is None else [])


def tail(container: str = "app", *names: str, **more: Any) -> SimpleNamespace:
    containers = [SimpleNamespace(name=name) for name in names or (container,)]
    fields = {"previous": False, "current": None, "state": None, "buffer": LogBuffer(), **more}
    return SimpleNamespace(container=container, containers=containers, **fields)


@pytest.mark.parametrize(
    ("tail_", "listened"),
    [
        (None, None),
        (tail("app"), None),
        (tail("app", "app", "side"), "side"),
        (tail("side", "app", "side"), "app"),
        (tail("", "app", "side"), "app"),
        (tail("a", "a", "b", "c"), "b"),
    ],
)
def test_the_next_container(tail_: Any, listened: str | None) -> None:
    screen = log(tail=tail_, _pod="a")
    screen.action_container()
    assert screen.listened == ([("a", listened, False)] if listened else [])
    assert screen.told == ([] if listened else ["This pod has one container."])


FIRST, LATER = SimpleNamespace(before=None), SimpleNamespace(before="ended")


@pytest.mark.parametrize(
    ("tail_", "listened", "told"),
    [
        (None, [], []),
        (tail(current=LATER), [("a", "app", True)], []),
        (tail(current=None), [("a", "app", True)], []),
        (tail(current=FIRST), [], ["This container has not run before."]),
        (tail(current=FIRST, previous=True), [("a", "app", False)], []),
        (tail(current=LATER, previous=True), [("a", "app", False)], []),
    ],
)
def test_the_instance_before_and_back(tail_: Any, listened: list[Any], told: list[str]) -> None:
    screen = log(tail=tail_, _pod="a")
    screen.action_previous()
    assert (screen.listened, screen.told) == (listened, told)


def found(*numbers: int) -> Search:
    search = Search("x")
    search.found = list(numbers)
    return search


@pytest.mark.parametrize(
    ("search", "current", "rows", "step", "told"),
    [
        (None, None, [5], 1, ["Nothing is found; / searches."]),
        (found(), None, [5], 1, ["Nothing is found; / searches."]),
        (found(3, 7), None, [5], 1, ["reveals 7", "says"]),
        (found(3, 7), None, [5], -1, ["reveals 3", "says"]),
        (found(3, 7), 7, [5], 1, ["reveals 3", "says"]),
        (found(3, 7), 3, [5], -1, ["reveals 7", "says"]),
        (found(3, 7), 0, [7], 1, ["reveals 3", "says"]),
        (found(1, 7), None, [], 1, ["reveals 1", "says"]),
        (found(0, 7), None, [], 1, ["reveals 7", "says"]),
        (found(0, 7), None, [], -1, ["reveals 7", "says"]),
        (found(3, 7), None, [1, 3], 1, ["reveals 7", "says"]),
    ],
)
def test_the_next_line_that_is_found(
    search: Search | None, current: int | None, rows: list[int], step: int, told: list[str]
) -> None:
    screen = log(_found=search)
    screen.view.current = current
    screen.view.rows = [SimpleNamespace(number=number) for number in rows]
    screen.action_found(step)
    assert screen.told == told


def test_a_search_begins_at_the_end_of_what_is_seen_and_is_given_up_before_the_log() -> None:
    screen = log()
    screen.view.buffer.extend([b"a pump", b"A Pump", b"else", b"pump"])
    screen.view.rows = [SimpleNamespace(number=at) for at in range(3)]
    screen._search("")
    assert screen.told == []
    screen._search("PUMP")
    assert screen.told == ["reveals 1", "repaints", "says"]
    assert (screen._found.found, screen.view.needle, screen.view.current) == ([0, 1, 3], "pump", None)
    screen.told.clear()
    screen._search("PUMP")
    assert screen.told == []
    screen.action_search()
    assert screen.told == ["asks 'PUMP'"]
    screen.told.clear()
    screen.action_back()
    assert (screen.told, screen._found, screen.view.needle) == (["repaints", "says"], None, "")
    screen.action_search()
    assert screen.told[-1] == "asks ''"
    screen.action_back()
    assert screen.app.told == ["left"]


def test_a_search_that_finds_nothing_reveals_nothing_and_one_before_any_line_neither() -> None:
    screen = log()
    screen._search("x")
    assert screen.told == ["repaints", "says"]
    screen.view.buffer.extend([b"a"])
    screen.view.rows = [SimpleNamespace(number=0)]
    screen.told.clear()
    screen._search("y")
    assert screen.told == ["repaints", "says"]
    screen.view.rows = []
    screen.told.clear()
    screen._search("a")
    assert screen.told == ["repaints", "says"]


def test_long_lines_and_times_are_switched_and_switched_back() -> None:
    screen = log()
    for wrapped in (True, False):
        screen.told.clear()
        screen.action_wrap()
        assert (screen.view.wrapped, screen.told) == (wrapped, ["resizes", "says"])
    for stamped in (True, False):
        screen.told.clear()
        screen.action_times()
        assert (screen.view.stamped, screen.told) == (stamped, ["resizes", "says"])


@pytest.mark.parametrize(
    ("painted", "flush", "now", "wait"),
    [(0.0, 0.1, 50.0, 0.0), (50.0, 0.5, 50.2, 0.3), (50.0, 0.5, 50.5, 0.0)],
)
def test_it_is_painted_as_often_as_the_profile_allows(
    monkeypatch: pytest.MonkeyPatch, painted: float, flush: float, now: float, wait: float
) -> None:
    waits: list[float] = []

    def later(seconds: float, *_: Any) -> Any:
        waits.append(seconds)
        return SimpleNamespace(cancel=lambda: waits.append(-1.0))

    loop = SimpleNamespace(time=lambda: now, call_later=later)
    monkeypatch.setattr(log_module, "asyncio", SimpleNamespace(get_running_loop=lambda: loop))
    screen = log(_painted=painted, _flush=flush)
    screen._changed()
    screen._changed()
    assert waits == [pytest.approx(wait)]
    screen._found = SimpleNamespace(update=lambda buffer: screen.told.append("searches"))
    screen._paint()
    assert (screen.told, screen._painted, screen._due) == (["searches", "says", "syncs"], now, None)
    screen._found = None
    screen._changed()
    assert len(waits) == 2
    screen.on_unmount()
    assert waits[-1] == -1.0


def test_a_screen_that_is_gone_is_not_painted() -> None:
    screen = log()
    type(screen).is_running = False
    screen._changed()
    assert screen._due is None
    screen.on_unmount()


async def test_what_a_log_failed_of_is_said_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = log()
    changed: list[str] = []
    screen._changed = lambda: changed.append("changed")

    async def fails() -> None:
        raise EdgetuiError("No right.")

    async def ends() -> None:
        await asyncio.sleep(0)

    failing, ending = tail(run=fails), tail(run=ends)
    await screen._run(failing)
    await screen._run(ending)
    assert (failing.state, ending.state) == (LogState(Hearing.OVER, "No right."), None)
    assert changed == ["changed"]


def listening(store: Store, session: Any = None, key: ObjectKey = KEY) -> Any:
    app = BareApp([store], {"plant": session} if session else {})
    screen = bare(type("Real", (Log,), {"_listen": LogScreen._listen}), app, key)
    screen.told.clear()
    return screen


def test_another_log_is_heard_from_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def pod_log(*given: Any, **more: Any) -> Any:
        made.append((given, more))
        return tail("app")

    monkeypatch.setattr(log_module, "PodLog", pod_log)
    session = Session()
    screen = listening(f.store_of(f.pod("a", "line-1")), session)
    screen._found, screen.view.current, screen._pod_since = Search("x"), 5, 9.0
    screen._listen("a", "side", True)
    (((*given,), more),) = made
    assert given == [session, "line-1", "a", "side", True]
    assert more == {"changed": screen._changed}
    assert screen.begun == [("log", True, False)]
    assert (screen._pod, screen.view.current, screen._pod_since) == ("a", None, 0.0)
    assert (screen._found.words, screen._found.found) == ("x", [])
    assert screen.told == ["says", "shows"]
    assert screen._seen[1:4] == ("Running", 0, 1)
    screen._listen("")
    assert (screen.tail, screen.begun, screen.copied) == (None, [("log", True, False)], "press")
    screen._pod = "a"
    assert screen.copied == "a"
    without = listening(f.store_of(f.pod("a", "line-1")))
    without._listen("a")
    assert (without.tail, without.begun) == (None, [])


def test_a_change_of_its_pod_is_looked_at_and_the_first_pod_that_comes_is_listened_to() -> None:
    store = f.store_of()
    app = BareApp([store], {})
    screen = bare(Log, app, ObjectKey("plant", POD, "line-1", "a"))
    looks: list[str] = []
    screen.tail = tail(look_again=lambda: looks.append("again"))
    screen.changes_arrived({"depot": ChangeSet()}, 0.0)
    assert screen.told == []
    put(store, f.pod("a", "line-1"))
    screen.changes_arrived({"plant": ChangeSet()}, 0.0)
    assert (screen.told, screen.listened) == ([], []), "it begins by itself"
    screen._begun = True
    screen.changes_arrived({"plant": ChangeSet()}, 0.0)
    assert screen.listened == [("a", "", False)]
    screen._pod = "a"
    screen.changes_arrived({"plant": ChangeSet()}, 0.0)
    assert (looks, screen.listened) == (["again"], [("a", "", False)])
    screen.changes_arrived({"plant": ChangeSet()}, 0.0)
    assert looks == ["again"], "nothing of the pod has changed"
    put(store, f.pod("a", "line-1", phase="Failed"))
    screen.changes_arrived({"plant": ChangeSet()}, 0.0)
    assert looks == ["again", "again"]


@pytest.mark.parametrize("connected", [True, False])
def test_what_lies_between_a_workload_and_its_pods_is_watched_while_it_is_open(connected: bool) -> None:
    session = Session()
    app = BareApp([Store("plant")], {"plant": session} if connected else {})
    screen = bare(Log, app)
    screen._need(True)
    screen._need(False)
    kinds = list(log_module.KINDS.between("Deployment"))  # type: ignore[attr-defined]
    assert kinds
    expected = [*((kind, True) for kind in kinds), *((kind, False) for kind in kinds)]
    assert session.needed == (expected if connected else [])


def test_since_when_another_pod_has_the_name() -> None:
    store = f.store_of()
    app = BareApp([store], {})
    screen = bare(Log, app, ObjectKey("plant", POD, "line-1", "a"))
    screen._pod = "a"

    def noted() -> tuple[str, float]:
        app.clock.advance(1)
        screen._note_pod()
        return screen._pod_uid, screen._pod_since

    assert noted() == ("", 0.0)
    put(store, f.pod("a", "line-1", uid="one"))
    assert noted() == noted() == ("one", 0.0)
    store.delete("Pod", "line-1", "a", "")
    assert noted() == ("one", 0.0)
    put(store, f.pod("a", "line-1", uid="two"))
    assert noted() == ("two", 1005.0)
    assert noted() == ("two", 1005.0)
