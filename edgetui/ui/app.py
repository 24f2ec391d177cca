"""The app: holds the stores, screens and theme, brings changes to the screens and starts actions."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec.structs import replace
from rich.style import Style
from textual import events
from textual.driver import Driver
from textual.screen import ModalScreen
from textual.widgets import Input

from edgetui.model.cache.freshness import Link
from edgetui.model.cache.store import Store
from edgetui.model.cache.wireprofile import WireState
from edgetui.model.identity import ObjectKey
from edgetui.model.panes.base import Pane
from edgetui.model.text import clean
from edgetui.model.view.fleet import Fleet
from edgetui.terminal.profile import Profile
from edgetui.terminal.textual_seam import DrawnApp

from . import themes
from .action_keys import ActionKeys
from .feed import Changes, Feed
from .keymap import LOGGED, ON_DEMAND, kind_word
from .layout import LayoutKeeper, Remembered
from .options import ScreenOptions
from .screens.main import MainScreen
from .terminal_meter import TerminalMeter
from .type_ahead import ENDING, TypeAhead

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.autoscaling.samples import Sample
    from edgetui.model.view.timeline import Timeline
    from edgetui.ui.navigation.ways import Ways
    from edgetui.ui.usage_history import Measured

    from .flows import Flows


class EdgetuiApp(DrawnApp):
    """`stores` are the clusters in screen order; `sessions` the ones among them that can be asked and written to.

    `remembered` is the layout of an earlier run, and where this one keeps its own. `now` gives Unix seconds,
    `monotonic` seconds that never go back.
    """

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
        self._themes = themes.load(themes.directories())
        super().__init__(driver_class=driver_class)
        self.stores = list(stores)
        self.sessions = sessions
        self.options = options
        self.remembered = remembered or Remembered()
        self.now = now
        self.monotonic = monotonic
        self.fleet = Fleet(stores)
        self.feed = Feed(self.fleet, self._deliver, self.call_later, options.profile.flush)
        self.main = MainScreen()
        self._ways: Ways | None = None
        self._flows: Flows | None = None
        self._measured: Measured | None = None
        self.terminal_meter = TerminalMeter(lambda: getattr(self._driver, "bytes_out", 0))
        self._metered: frozenset[str] = frozenset()
        self._wires: dict[str, WireState] = {}
        self._links: dict[str, Link] = {}
        self._timeline: Timeline | None = None
        self._began = now()
        self.action_keys = ActionKeys(self)
        self._type_ahead = TypeAhead(self, self._give_key, self._takes_keys, self._holds_keys)
        self._look, self._theme_problem = self._themes.choose(options.theme or self._fitting_theme())
        for look in self._themes.looks.values():
            self.register_theme(look.theme)
        self.theme = self._look.name
        self._own_keys: Mapping[str, str] = {}
        self.layout_keeper: LayoutKeeper | None = None

    # -- what screens read

    @property
    def look(self) -> Mapping[str, Style]:
        """The styles of the current theme, by role."""
        return self._look.styles

    @property
    def theme_name(self) -> str:
        """The theme in use."""
        return self._look.name

    @property
    def frozen(self) -> bool:
        """Whether the rows are held still."""
        return self.feed.held

    @property
    def badges(self) -> list[str]:
        """What the header warns of beside the clusters' own badges."""
        under_way = self._flows.badges if self._flows is not None else []
        return [*under_way, *(["READ-ONLY"] if self.options.read_only else []), *self.options.badges]

    @property
    def silences(self) -> dict[str, float]:
        """For how many seconds clusters have left a request of ours without an answer."""
        connected = ((name, one) for name, one in self.sessions.items() if getattr(one, "counters", None))
        return {name: one.api.silence() for name, one in connected}

    @property
    def waits(self) -> bool:
        """Whether something waits for the person to look at it."""
        return self._flows is not None and self._flows.waits

    def guard_words(self, key: ObjectKey) -> str:
        """What the guard of an object does now; empty when it has none."""
        guard = self._flows.guards.get(key) if self._flows is not None else None
        return f"guard, {self.key_of('guard', 'g')} cancels it: {guard.says}" if guard is not None else ""

    def offer_to_cancel(self) -> None:
        """While a guard counts down: ask whether to cancel it."""
        if self._flows is not None and (ref := self._flows.counting) is not None:
            self._flows.begin("guard", ref)

    @property
    def link_label(self) -> str:
        """The terminal's profile, with what it is sent a second where that is much; empty on a local one."""
        label = self.options.profile.label
        return f"{label} {self.terminal_meter.words}".rstrip() if label else ""

    @property
    def timeline(self) -> Timeline:
        """What turned bad, or good again, since the start; loaded with the first of it."""
        if self._timeline is None:
            from edgetui.model.view.timeline import Timeline

            self._timeline = Timeline(self._began)
        return self._timeline

    @property
    def ways(self) -> Ways:
        """The ways to open objects and to go back; loaded when first gone."""
        if self._ways is None:
            from edgetui.ui.navigation.ways import Ways

            self._ways = Ways(self)
        return self._ways

    @property
    def loaded_flows(self) -> Flows | None:
        """The same where they have been needed already."""
        return self._flows

    @property
    def flows(self) -> Flows:
        """The actions' way over the screens; loaded when first needed."""
        if self._flows is None:
            from .flows import Flows

            self._flows = Flows(self)
        return self._flows

    # -- life

    def link_changed(self, profile: Profile) -> None:
        """The terminal's link is slower or quicker than thought: deliver accordingly, and say so in the header."""
        self.options = replace(self.options, profile=profile)
        self.feed.interval = profile.flush
        if self.main.is_mounted:
            self.main.update_header()

    async def on_event(self, event: events.Event) -> None:
        """Let keys in one at a time, and no click on a question that nobody can have read; everything else passes."""
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
        takes: Callable[[events.Event], bool] | None = getattr(self.screen, "takes", None)
        return event.is_forwarded or takes is None or takes(event)

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

    def ring(self, sentence: str) -> None:
        """Ring the terminal's bell, and hand it a notice where it shows those."""
        self.bell()
        if self._driver is not None and not self.options.profile.bare:
            self._driver.write(f"\x1b]9;{clean(sentence)}\x1b\\")

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
        self.meter_what_is_shown()
        self.layout_keeper = LayoutKeeper(self, self.flash)
        unread = self.remembered.problem
        problems = [*self._themes.failures, self._theme_problem, self._own(), unread]
        if sentence := " ".join(problem for problem in problems if problem):
            self.main.footer.flash(sentence)

    def on_unmount(self) -> None:
        """Stop listening to the stores."""
        self.feed.stop()

    def _tick(self) -> None:
        self.terminal_meter.read(self.monotonic())
        self.meter_what_is_shown()
        if self._flows is not None:
            self._flows.tick()
        if self.layout_keeper is not None:
            self.layout_keeper.look()
        for screen in self.screen_stack:
            if (tick := getattr(screen, "tick", None)) is not None and not self.frozen:
                tick()

    def meter_what_is_shown(self) -> None:
        """Have the usage polled of the kinds on the screen in front, and of nothing else."""
        shown = next((one for one in reversed(self.screen_stack) if not isinstance(one, ModalScreen)), None)
        kinds: frozenset[str] = getattr(shown, "metered", frozenset())
        if kinds != self._metered:
            self._metered = kinds
            for session in self.sessions.values():
                session.show_metrics(kinds)

    def _deliver(self, changes: Changes) -> None:
        now = self.now()
        for cluster in changes:
            self._say_wire(self.fleet.stores[cluster])
            self._note_link(self.fleet.stores[cluster], now)
        if self._measured is not None:
            self._measured.take(changes, now)
        for screen in list(self.screen_stack):
            if (take := getattr(screen, "changes_arrived", None)) is not None:
                take(changes, now)

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
    def failure(self) -> Exception | None:
        """What the app ended of, when it was not a person."""
        return self._exception

    def _fatal_error(self) -> None:
        """End without Textual's traceback: its local variables could hold secrets, and nobody can read it."""
        self._close_messages_no_wait()

    # -- what screens ask for

    def flash(self, text: str, role: str = "note") -> None:
        """Say one sentence in the footer of the screen that is in front."""
        footer = getattr(self.screen, "footer", None) or self.main.footer
        footer.flash(text, role)

    def hush(self) -> None:
        """Take back what the footer in front says, because it is over."""
        footer = getattr(self.screen, "footer", None) or self.main.footer
        footer.clear()

    def key_of(self, name: str, default: str) -> str:
        """The key of an action or a looking key, as it is shown: the person's own, or the one it always has."""
        return self._own_keys.get(name, default)

    def _own(self) -> str:
        """Take the person's keys; a sentence when their file cannot be used."""
        file = themes.configuration() / "keys.yaml"
        if not file.exists():
            return ""
        from . import keyfile

        self._own_keys, problem = keyfile.load(file)
        self.set_keymap(self._own_keys)
        return problem

    def samples(self, key: ObjectKey | None) -> Sequence[Sample]:
        """What was measured of an object in the last minutes, kept from the first call on."""
        if self._measured is None:
            from edgetui.ui.usage_history import Measured

            self._measured = Measured(self.stores, self.now())
        return self._measured.of(key) if key is not None else ()

    def open_detail(self, key: ObjectKey) -> None:
        """Show everything about one object."""
        self.ways.open("detail", key)

    def open_manifest(self, key: ObjectKey) -> None:
        """Show one object as YAML."""
        self.ways.open("manifest", key)

    def open_logs(self, key: ObjectKey | None) -> None:
        """Show the log of a pod, or of the worst pod of a workload."""
        if key is None:
            self.flash("There is nothing under the cursor.")
        elif key.kind not in LOGGED:
            self.flash(f"{kind_word(key.kind).capitalize()} {key.name} has no log; pods and rollouts have.")
        else:
            self.ways.open("logs", key)

    def watch_on_demand(self, pane: Pane, shown: bool) -> None:
        """Services and events are watched only while a pane shows them."""
        if pane.id not in ON_DEMAND:
            return
        for session in self.sessions.values():
            for kind in pane.needs:
                (session.show if shown else session.hide)(kind)

    def set_look(self, name: str) -> None:
        """Change the theme."""
        self._look, problem = self._themes.choose(name)
        self.theme = self._look.name
        for screen in self.screen_stack:
            for widget in screen.walk_children():
                widget.refresh()
        if problem:
            self.flash(problem)

    @property
    def theme_names(self) -> list[str]:
        """The themes that can be chosen."""
        return sorted(name for name in self._themes.looks if name != themes.PLAIN.name)

    def _fitting_theme(self) -> str:
        return "mono" if self.options.profile.colours == "mono" else themes.DEFAULT

    # -- keys that work everywhere

    def action_next_theme(self) -> None:
        """The next theme, by name."""
        names = self.theme_names
        self.set_look(
            names[(names.index(self._look.name) + 1) % len(names)] if self._look.name in names else names[0]
        )
        self.flash(f"theme {self._look.name}: {self._look.about}")

    def action_freeze(self) -> None:
        """Hold the rows still, or let them go on."""
        self.feed.hold(not self.feed.held)
        self.main.update_header()
        self.main.update_footer()

    def action_help(self) -> None:
        """Show the keys."""
        from .screens.help import HelpScreen

        target = getattr(self.screen, "target", None)
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
        self.flows.show_running()

    async def action_leave(self) -> None:
        """Quit; while an action or a guard runs, ask first."""
        if self._flows is not None and self._flows.busy:
            self._flows.ask_to_leave()
        else:
            self.exit(0)
