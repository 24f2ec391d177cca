"""The app as screens, dialogs and widgets know it, and a screen as the app knows it.

Everything in `ui` may import this; this imports no screen, no dialog and nothing of an action. What is made elsewhere
(`app.py` puts it together) is known here by what may be asked of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar

from rich.style import Style
from textual import events
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.driver import Driver
from textual.message import Message

from edgetui.model.cache.store import Store
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds import KINDS, kind_word
from edgetui.model.panes.base import Pane
from edgetui.model.text import clean
from edgetui.model.view.fleet import Fleet
from edgetui.terminal.textual_seam import DrawnApp, FittedScreen

from . import themes
from .feed import Changes
from .layout import Remembered
from .options import ScreenOptions
from .terminal_meter import TerminalMeter
from .widgets.footer import FooterBar

if TYPE_CHECKING:
    from edgetui.cluster.session import ClusterSession
    from edgetui.model.autoscaling.samples import Sample
    from edgetui.model.view.timeline import Timeline
    from edgetui.ui.background.job import BackgroundJob
    from edgetui.ui.navigation.history import Place
    from edgetui.ui.usage_history import Measured

    from .app_parts import Actions, Navigation, RowActions

Result = TypeVar("Result")


LONG_EXIT = 8.0
"""Seconds; deleting the pod of a node shell is one request."""


class StatusChanged(Message):
    """What header and footer say besides the rows has changed: actions, guards, rights, the link, frozen or not."""


class CommandLine(Protocol):
    """What `:` can do, and the keys that stand for one of its commands."""

    async def open_line(self, screen: EdgetuiScreen[Any], text: str) -> None:
        """Let a command be typed on a screen."""

    def choose_namespace(self) -> None:
        """Let the person choose the namespace that is shown."""

    def jump(self, key: ObjectKey | None) -> None:
        """Go to the owner of an object, or to what it owns."""

    def copy(self, names: Sequence[str]) -> None:
        """Put names into the clipboard of the terminal."""

    def act_on_marked(self, action_id: str, typed: str = "") -> None:
        """Begin an action on every marked object."""


class Shell(DrawnApp):
    """The clusters, the time, the look and the keys of one running screen, and the ways from one screen to another.

    `stores` are the clusters in screen order; `sessions` the ones among them that can be asked and written to.
    `remembered` is the layout of an earlier run, and where this one keeps its own. `now` gives Unix seconds,
    `monotonic` seconds that never go back.
    """

    action_keys: RowActions

    def __init__(
        self,
        stores: Sequence[Store],
        sessions: Mapping[str, ClusterSession],
        options: ScreenOptions,
        *,
        driver_class: type[Driver] | None,
        remembered: Remembered | None,
        now: Callable[[], float],
        monotonic: Callable[[], float],
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
        self.terminal_meter = TerminalMeter(lambda: getattr(self._driver, "bytes_out", 0))
        self._measured: Measured | None = None
        self._timeline: Timeline | None = None
        self._began = now()
        self._own_keys: Mapping[str, str] = {}
        self._look, self._theme_problem = self._themes.choose(options.theme or self._fitting_theme())
        for look in self._themes.looks.values():
            self.register_theme(look.theme)
        self.theme = self._look.name

    # -- what is made when it is first needed

    @property
    def navigation(self) -> Navigation:
        """The way to objects, and back."""
        raise NotImplementedError

    @property
    def command_line(self) -> CommandLine:
        """What `:` can do."""
        raise NotImplementedError

    @property
    def flows(self) -> Actions:
        """The actions' way over the screens."""
        raise NotImplementedError

    @property
    def loaded_flows(self) -> Actions | None:
        """The same where they have been needed already."""
        raise NotImplementedError

    @property
    def exit_limit(self) -> float:
        """Longer where an action that runs may have to put things right."""
        tidies = self.loaded_flows is not None and self.loaded_flows.tidies
        return LONG_EXIT if tidies else super().exit_limit

    # -- screens

    @property
    def screens_in_view(self) -> list[EdgetuiScreen[Any]]:
        """The open screens, the one in front last."""
        return [screen for screen in self.screen_stack if isinstance(screen, EdgetuiScreen)]

    @property
    def front(self) -> EdgetuiScreen[Any]:
        """The screen in front."""
        return self.screens_in_view[-1]

    def tell_screens(self) -> None:
        """Let every open screen hear that what header and footer say has changed."""
        for screen in self.screens_in_view:
            screen.post_message(StatusChanged())

    # -- what they read

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
        raise NotImplementedError

    @property
    def badges(self) -> list[str]:
        """What the header warns of beside the clusters' own badges."""
        under_way = self.loaded_flows.jobs.badges if self.loaded_flows is not None else []
        return [*under_way, *(["READ-ONLY"] if self.options.read_only else []), *self.options.badges]

    @property
    def waits(self) -> bool:
        """Whether something waits for the person to look at it."""
        return self.loaded_flows is not None and self.loaded_flows.jobs.waits

    @property
    def silences(self) -> dict[str, float]:
        """For how many seconds clusters have left a request of ours without an answer."""
        connected = ((name, one) for name, one in self.sessions.items() if getattr(one, "counters", None))
        return {name: one.api.silence() for name, one in connected}

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

    def samples(self, key: ObjectKey | None) -> Sequence[Sample]:
        """What was measured of an object in the last minutes, kept from the first call on."""
        if self._measured is None:
            from edgetui.ui.usage_history import Measured

            self._measured = Measured(self.stores, self.now())
        return self._measured.of(key) if key is not None else ()

    @property
    def jobs(self) -> Iterable[BackgroundJob]:
        """What runs behind the screen."""
        return self.loaded_flows.jobs if self.loaded_flows is not None else ()

    def job_notes(self, key: ObjectKey) -> list[str]:
        """What runs on an object, for its page."""
        return self.loaded_flows.jobs.notes(key) if self.loaded_flows is not None else []

    def key_of(self, name: str, default: str) -> str:
        """The key of an action or a looking key, as it is shown: the person's own, or the one it always has."""
        return self._own_keys.get(name, default)

    # -- what they ask for

    def flash(self, text: str, role: str = "note") -> None:
        """Say one sentence in the footer in front."""
        if (footer := self._footer) is not None:
            footer.flash(text, role)

    def hush(self) -> None:
        """Take back what the footer in front says, because it is over."""
        if (footer := self._footer) is not None:
            footer.clear()

    @property
    def _footer(self) -> FooterBar | None:
        """That of the screen in front, or of the nearest one behind it that has one; none once the screens are gone,
        which what still runs then outlives for a moment.
        """
        bars = (screen.footer for screen in reversed(self.screens_in_view))
        return next((bar for bar in bars if bar is not None), None)

    def ring(self, sentence: str) -> None:
        """Ring the terminal's bell, and hand it a notice where it shows those."""
        self.bell()
        if self._driver is not None and not self.options.profile.bare:
            self._driver.write(f"\x1b]9;{clean(sentence)}\x1b\\")

    def open_detail(self, key: ObjectKey) -> None:
        """Show everything about one object."""
        self.navigation.open("detail", key)

    def open_manifest(self, key: ObjectKey) -> None:
        """Show one object as YAML."""
        self.navigation.open("manifest", key)

    def open_logs(self, key: ObjectKey | None) -> None:
        """Show the log of a pod, or of the worst pod of a workload."""
        if key is None:
            self.flash("There is nothing under the cursor.")
        elif not KINDS.has_pods(key.kind):
            self.flash(f"{kind_word(key.kind).capitalize()} {key.name} has no log; pods and rollouts have.")
        else:
            self.navigation.open("logs", key)

    def offer_to_cancel(self) -> None:
        """While something is about to change a cluster by itself: show it, and how to end it."""
        if self.loaded_flows is not None and (job := self.loaded_flows.jobs.urgent) is not None:
            job.attend()

    def watch_on_demand(self, pane: Pane, shown: bool, *, joining: bool = False) -> None:
        """What is not watched from the start is watched while a pane shows it, or (`joining`) has it beside its own."""
        if not pane.on_demand:
            return
        for name, session in self.sessions.items():
            for kind in pane.needs_in(self.fleet.stores[name]):
                session.need(kind, shown)

    def forget_keys(self) -> None:
        """What was typed for a dialog that did not open goes nowhere."""
        raise NotImplementedError

    def tell_what_is_in_view(self) -> None:
        """Tell every cluster which kinds are on the screen in front: of no others is the usage asked for."""
        raise NotImplementedError

    # -- themes

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

    def action_next_theme(self) -> None:
        """The next theme, by name."""
        names = self.theme_names
        at = names.index(self._look.name) + 1 if self._look.name in names else 0
        self.set_look(names[at % len(names)])
        self.flash(f"theme {self._look.name}: {self._look.about}")


class EdgetuiScreen(FittedScreen[Result], Generic[Result]):
    """A screen of edgetui. What the app asks of any of them has a default here that does nothing.

    A key that is still on its way when something else comes before the screen is meant for neither. Textual would
    answer the covered screen and put the one above it away: that one is never answered, and the covered one a second
    time, which ends the program.
    """

    app: Shell
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c,ctrl+q", "app.leave", "quit", show=False),
        Binding("ctrl+z", "app.suspend_process", "suspend", show=False),
    ]
    footer: FooterBar | None = None
    """Where sentences are said while it is in front; None says them in the screen behind it."""

    def dismiss(self, result: Result | None = None) -> AwaitComplete:
        """Put it away with its answer; nothing happens where it is covered or gone."""
        return super().dismiss(result) if self.is_active else AwaitComplete()

    @property
    def target(self) -> ObjectRef | None:
        """The object that it is about, or that has the cursor, at the version on screen."""
        return None

    @property
    def place(self) -> Place | None:
        """Where a person is who sees this, None where nobody comes back to."""
        return None

    @property
    def kinds_in_view(self) -> frozenset[str]:
        """The kinds that it shows rows or facts of."""
        return frozenset()

    def takes(self, event: events.Key | events.MouseEvent) -> bool:
        """Whether this key or click may be meant for it."""
        return True

    def tick(self) -> None:
        """A second passed, and the rows are not frozen."""

    def changes_arrived(self, changes: Changes, now: float) -> None:
        """Rows or states of clusters changed; `now` in Unix seconds."""

    def on_status_changed(self) -> None:
        """Header and footer have something else to say."""
