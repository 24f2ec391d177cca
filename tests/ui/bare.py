"""A screen without a terminal: what it begins, says and shows is noted, and time moves only when a test says so."""

from __future__ import annotations

from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, TypeVar

from edgetui.model.cache.store import Store
from edgetui.model.kinds import row_of
from edgetui.model.view.fleet import Fleet
from edgetui.ui.options import ScreenOptions
from edgetui.ui.shell import EdgetuiScreen

from .driving import Clock

S = TypeVar("S", bound=EdgetuiScreen[Any])


class BareApp:
    """What such a screen has of its app. `told` is all that it did, in order."""

    frozen = False

    def __init__(self, stores: Iterable[Store], sessions: dict[str, Any] | None = None) -> None:
        self.told: list[str] = []
        self.clock = Clock()
        self.now, self.monotonic = self.clock, self.clock.monotonic
        self.stores = list(stores)
        self.fleet = Fleet(self.stores)
        self.sessions = sessions or {}
        self.options = ScreenOptions()
        self.front: Any = None
        self.pushed: list[Any] = []
        self.action_keys = SimpleNamespace(rests=lambda key: self.told.append(f"rests on {key.name}"))
        self.flows = SimpleNamespace(audit="audit")

    def flash(self, text: str) -> None:
        self.told.append(f"says {text}")

    def push_screen(self, screen: Any) -> None:
        self.pushed.append(screen)

    def samples(self, key: Any) -> tuple[()]:
        return ()


def bare(kind: type[S], app: BareApp, *given: Any) -> Any:
    """A screen of that kind which is on nothing; `works` is what it began and nobody has carried out yet."""

    def run_worker(self: Any, work: Any, *, group: str, **more: Any) -> None:
        app.told.append(group)
        self.begun.append((group, more.get("exclusive", False), more.get("exit_on_error", True)))
        self.works.append(work)

    def noted(words: str) -> Any:
        return lambda self, *_: app.told.append(words)

    made = type(
        f"Bare{kind.__name__}",
        (kind,),
        {
            "app": app,
            "run_worker": run_worker,
            "show_again": noted("shown"),
            "call_later": lambda self, call, *given: call(*given),
            "dismiss": noted("left"),
        },
    )
    screen: Any = made(*given)
    screen.begun, screen.works = [], []
    app.front = screen
    return screen


async def work(screen: Any) -> None:
    """Carry out what was begun."""
    while screen.works:
        await screen.works.pop(0)()


def seconds_of(app: BareApp, screen: Any, group: str, seconds: int) -> list[int]:
    """Tick once a second: the seconds in which work of this group began."""
    found = []
    for second in range(1, seconds + 1):
        app.clock.advance(1)
        app.told.clear()
        screen.tick()
        assert app.told.count(group) <= 1
        assert "shown" in app.told
        if group in app.told:
            found.append(second)
    return found


class Session:
    """One cluster; sessions can be referred to weakly."""

    name = "plant"

    def __init__(self) -> None:
        self.api = SimpleNamespace(cluster="plant")
        self.needed: list[tuple[str, bool]] = []

    def need(self, kind: str, needed: bool) -> None:
        self.needed.append((kind, needed))


def put(store: Store, made: dict[str, Any]) -> None:
    store.apply(made["kind"], row_of(made["kind"], made))
