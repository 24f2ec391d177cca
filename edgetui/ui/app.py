"""The app: puts screens, actions and clusters together, lets keys in and brings changes to the screens."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from textual import events
from textual.driver import Driver
from textual.screen import ModalScreen
from textual.widgets import Input

from edgetui.model.cache.freshness import Link
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import WireState
from edgetui.terminal.profile import Profile

from . import themes
from .action_keys import ActionKeys
from .feed import Changes, Feed
from .layout import Remembered
from .layout_keeper import LayoutKeeper
from .options import ScreenOptions
from .screens.main import MainScreen
from .shell import Shell
from .type_ahead import ENDING, TypeAhead

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.panes.base import Pane
    from edgetui.ui.command_line.commander import Commander
    from edgetui.ui.navigation.navigator import Navigator

    from .flows import Flows

LOOK_BACK = 10.0
"""Seconds after the start that it is looked for what an earlier one left open."""


class EdgetuiApp(Shell):
    """One running screen."""

    ENABLE_COMMAND_PALETTE = False
    TITLE = "edgetui"
    CSS = """
    Screen { overflow: hidden; }
    Input { height: 1; border: none; padding: 0; }
    Input:focus { border: none; }
    """
    BINDINGS: ClassVar[list[Any]] = []

    def __init__(
        self,
        stores: Sequence[Store],
        sessions: Mapping[str, ClusterSession],
        options: ScreenOptions,
        *,
        driver_class: type[Driver] | None = None,
        remembered: Remembered | None = None,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(
            stores,
            sessions,
            options,
            driver_class=driver_class,
            remembered=remembered,
            now=now,
            monotonic=monotonic,
        )
        self.feed = Feed(self.fleet, self._deliver, self.call_later, options.profile.flush)
        self.main = MainScreen()
        self.action_keys = ActionKeys(self)
        self.layout_keeper: LayoutKeeper | None = None
        self._navigator: Navigator | None = None
        self._commander: Commander | None = None
        self._flows: Flows | None = None
        self._in_view: tuple[frozenset[str], str] = frozenset(), ""
        self._wires: dict[str, WireState] = {}
        self._links: dict[str, Link] = {}
        self._type_ahead = TypeAhead(self, self._give_key, self._takes_keys, self._holds_keys)

    # -- what is made when it is first needed

    @property
    def navigation(self) -> Navigator:
        """The way to objects, and back."""
        if self._navigator is None:
            from edgetui.ui.navigation.navigator import Navigator

            self._navigator = Navigator(self, self.main)
        return self._navigator

    @property
    def command_line(self) -> Commander:
        """What `:` can do."""
        if self._commander is None:
            from edgetui.ui.command_line.commander import Commander

            self._commander = Commander(self, self.main, self.navigation)
        return self._commander

    def watch_on_demand(self, pane: Pane, shown: bool, *, joining: bool = False) -> None:
        """As the shell does; what few clusters serve is watched where discovery finds it."""
        if not pane.optional or not (pane.on_demand or joining):
            super().watch_on_demand(pane, shown)
        elif shown:
            self.command_line.kinds.optional.show(pane, asked=not joining)
        else:
            self.command_line.kinds.optional.hide(pane)

    @property
    def loaded_flows(self) -> Flows | None:
        """The actions that were begun, where the first has been."""
        return self._flows

    @property
    def flows(self) -> Flows:
        """The actions' way over the screens."""
        if self._flows is None:
            from .flows import Flows

            self._flows = Flows(self)
        return self._flows

    # -- life

    def link_changed(self, profile: Profile) -> None:
        """The terminal's link is slower or quicker than thought: deliver accordingly, and say so in the header."""
        self.options = replace(self.options, profile=profile)
        self.feed.interval = profile.flush
        self.tell_screens()

    async def on_event(self, event: events.Event) -> None:
        """Let keys in one at a time, and no click on a question that nobody can have read; everything else passes.

        What is typed, clicked or pasted while there is no screen, before the first and after the last, is for nobody.
        """
        if isinstance(event, events.InputEvent | events.Paste) and not self.screens_in_view:
            return
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._type_ahead.add(event)
        elif not isinstance(event, events.MouseDown | events.MouseUp) or self._is_taken(event):
            await super().on_event(event)

    async def _give_key(self, key: events.Event) -> None:
        """Give one key to what has the focus now."""
        assert isinstance(key, events.Key)
        if self._ends_a_read(key.key) or not self._is_taken(key):
            return
        if self._flows is not None:
            self._flows.key_typed()
        await super().on_event(key)

    def _is_taken(self, event: events.Key | events.MouseEvent) -> bool:
        """Whether the screen in front takes this; a question takes only what was meant for it."""
        return event.is_forwarded or self.front.takes(event)

    def _ends_a_read(self, key: str) -> bool:
        """Escape and ctrl+c end what an action reads; escape only where it has nothing to close."""
        if self._flows is None or key not in ENDING or (key == "escape" and isinstance(self.focused, Input)):
            return False
        return self._flows.cancel_read(self.screen if key == "escape" else None)

    def _takes_keys(self) -> bool:
        """Whether what the last key opened is there."""
        return self.main.complete and self.screen.is_mounted

    def _holds_keys(self) -> bool:
        """Whether the last key is about to open a dialog, which the next one is meant for."""
        return self._flows is not None and self._flows.holds_keys

    def forget_keys(self) -> None:
        """What was typed for a dialog that did not open goes nowhere."""
        self._type_ahead.clear()

    def get_default_screen(self) -> MainScreen:
        """The dashboard stands at the bottom; an empty screen below it would be laid out and drawn for nothing."""
        return self.main

    def on_mount(self) -> None:
        """Let changes in."""
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._wires = {store.cluster: store.wire for store in self.stores}
        self.feed.start()
        self.tell_what_is_in_view()
        self.layout_keeper = LayoutKeeper(self, self.main)
        unread = self.remembered.problem
        problems = [*self._themes.failures, self._theme_problem, self._own(), unread]
        if sentence := " ".join(problem for problem in problems if problem):
            self.flash(sentence)
        if self.sessions:
            self.set_timer(LOOK_BACK, partial(self._look_back, self.now()))

    def _look_back(self, started: float) -> None:
        from .earlier_writes import look_back  # seldom needed, and never for the first rows
        from .later import later

        self.run_worker(
            later(look_back, self, lambda: self.flows, started), group="earlier", exit_on_error=False
        )

    def on_unmount(self) -> None:
        """Stop listening to the stores."""
        self.feed.stop()

    def _tick(self) -> None:
        self.terminal_meter.read(self.monotonic())
        self.tell_what_is_in_view()
        if self._flows is not None:
            self._flows.jobs.tick()
        if self.layout_keeper is not None:
            self.layout_keeper.look()
        for screen in [] if self.frozen else self.screens_in_view:
            if screen.is_mounted:  # one that is about to be begins by itself
                screen.tick()

    def tell_what_is_in_view(self) -> None:
        """Tell every cluster which kinds are on the screen in front: of no others is the usage asked for."""
        full = [screen for screen in self.screens_in_view if not isinstance(screen, ModalScreen)]
        kinds = full[-1].kinds_in_view if full else frozenset()
        target = full[-1].target if len(full) > 1 else None
        beside = target.key.namespace if target is not None else ""
        if (kinds, beside) != self._in_view:
            self._in_view = kinds, beside
            for session in self.sessions.values():
                session.look_at_kinds(kinds, beside)

    def _deliver(self, changes: Changes) -> None:
        now = self.now()
        for cluster in changes:
            self._say_wire(self.fleet.stores[cluster])
            self._note_link(self.fleet.stores[cluster], now)
        if self._measured is not None:
            self._measured.take(changes, now)
        for screen in self.screens_in_view:
            screen.changes_arrived(changes, now)
        if self._commander is not None:
            self._commander.look_for_endings()

    def _say_wire(self, store: Store) -> None:
        """Another wire profile is in force: say once what is no longer, or again, asked for."""
        if self._wires[store.cluster] != store.wire:
            self.flash(f"{store.cluster} {store.wire.sentence}")
        self._wires[store.cluster] = store.wire

    def _note_link(self, store: Store, now: float) -> None:
        """Another state of a link belongs in the timeline; that the first connection came to be does not."""
        link = store.link.link
        if self._links.get(store.cluster, Link.CONNECTING) not in (link, Link.CONNECTING):
            self.timeline.link(store.cluster, link.value, link is Link.LIVE, now)
        self._links[store.cluster] = link

    @property
    def frozen(self) -> bool:
        """Whether the rows are held still."""
        return self.feed.held

    @property
    def failure(self) -> Exception | None:
        """What the app ended of, when it was not a person."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without Textual's traceback: its local variables could hold secrets, and nobody can read it."""
        self._close_messages_no_wait()

    def _own(self) -> str:
        """Take the person's keys; a sentence when their file cannot be used."""
        file = themes.configuration() / "keys.yaml"
        if not file.exists():
            return ""
        from . import keyfile

        keys, problem = keyfile.load(file)
        self._own_keys = {name: key for name, key in keys.items() if not name.startswith(":")}
        self.set_keymap(self._own_keys)
        for line in keys.keys() - self._own_keys.keys():
            self.bind(keys[line], f"line({line[1:]!r})", show=False)
        return problem

    def action_line(self, text: str) -> None:
        """Do what a line says that has a key, where a line could be typed."""
        from .screens.object import ObjectScreen

        if self.screen is self.main or isinstance(self.screen, ObjectScreen):
            self.command_line.run(text)

    # -- keys that work everywhere

    def action_freeze(self) -> None:
        """Hold the rows still, or let them go on."""
        self.feed.hold(not self.feed.held)
        self.tell_screens()

    def action_help(self) -> None:
        """Show the keys."""
        from .screens.help import HelpScreen

        target = self.front.target
        self.push_screen(HelpScreen(target.key if target is not None else None))

    def action_timeline(self) -> None:
        """Show status changes since the start, and what edgetui itself did."""
        from .screens.timeline import TimelineScreen

        self.push_screen(TimelineScreen())

    def action_clusters(self) -> None:
        """Show every cluster's state in full."""
        from .screens.clusters import ClustersScreen

        self.push_screen(ClustersScreen())

    def action_running(self) -> None:
        """Show what waits for the person, what runs and what has ended."""
        self.flows.jobs.show()

    async def action_leave(self) -> None:
        """Quit; while an action or a guard runs, ask first."""
        if self._flows is not None and self._flows.jobs.busy:
            self._flows.jobs.ask_to_leave()
        else:
            self.exit(0)
