"""What `:` and the keys that lead elsewhere do: commands, namespaces, owners and children, copies and dumps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgetui.model.cache.freshness import UNHEARD, Sync
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.kinds.pod import POD
from edgetui.model.panes import PANES
from edgetui.model.panes.base import Pane
from edgetui.model.text import escaped, plural
from edgetui.model.view.related import related
from edgetui.terminal.textual_seam import screen_text
from edgetui.ui.any_kind.kind_panes import KindPanes
from edgetui.ui.background.followed_rollout import FollowedRollout, under_way
from edgetui.ui.command_line.commands import NUMBER, Command, completions, parse
from edgetui.ui.command_line.typed import KINDS_OF_K9S, expanded, wanted
from edgetui.ui.command_line.unplugging import meant, node_names
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.keymap import kind_word
from edgetui.ui.later import later
from edgetui.ui.screens.object import ObjectScreen
from edgetui.ui.shell import EdgetuiScreen, Shell
from edgetui.ui.widgets.command_bar import CommandBar

if TYPE_CHECKING:
    from edgetui.ui.navigation.navigator import Navigator
    from edgetui.ui.screens.main import MainScreen

ALL = "all namespaces"
NOT_READ_YET = UNHEARD | {Sync.HIDDEN}
APP_ACTIONS = {
    "clusters": "app.clusters",
    "timeline": "app.timeline",
    "running": "app.running",
    "help": "app.help",
    "quit": "app.leave",
}
"""Commands that do what a key does on every screen."""
MOST_DIGITS = 9
"""Of a number that is typed, as in the dialogs."""


class Commander:
    """Runs commands for the dashboard of one app, and for the object that is open over it."""

    def __init__(self, app: Shell, main: MainScreen, navigator: Navigator) -> None:
        self._app = app
        self._main = main
        self._navigator = navigator
        self._namespaces: set[str] = set()
        self._typed: list[str] = []
        self._awaited: tuple[ObjectKey, str] | None = None
        self.kinds = KindPanes(app, main)

    # -- commands

    async def open_line(self, screen: EdgetuiScreen[Any], text: str) -> None:
        """Let a command be typed on a screen; what was typed before on any of them comes back."""
        bar = next(iter(screen.query(CommandBar)), None)
        self.kinds.look_up()
        if bar is None:
            bar = CommandBar(self.run, self.complete, self._typed)
            await screen.mount(bar, before=screen.footer)
        bar.open(text)

    def complete(self, text: str) -> list[str]:
        """The lines that a line may become: commands, then kinds."""
        found = completions(text, self._choices)
        return found if " " in text.lstrip() else [*dict.fromkeys((*found, *self.kinds.words(text.strip())))]

    def run(self, text: str) -> None:
        """Do what a line says, or say what is wrong with it."""
        text = expanded(text, self._app.options.commands)
        command, argument, called = self._called(text)
        word = text.split()[0]
        if not called and word in KINDS_OF_K9S and not self.kinds.means(word):
            text = expanded(text, KINDS_OF_K9S)
            command, argument, called = self._called(text)
            word = text.split()[0]
        if command is None or (not called and self.kinds.means(word)):
            self.kinds.open(word, lambda: self._narrowed(argument))
        elif command.name in PANES:
            self._pane(PANES[command.name], argument)
        elif argument and not command.argument:
            self._app.flash(f":{command.name} takes no argument.")
        else:
            self._do(command, argument)

    def _called(self, text: str) -> tuple[Command | None, str, bool]:
        """The command of a line, its argument, and whether it stands there by one of its whole names."""
        command, argument = parse(text)
        return command, argument, command is not None and text.split()[0] in (command.name, *command.others)

    def _pane(self, pane: Pane, argument: str) -> None:
        only = self._narrowed(argument)
        self._main.action_pane(pane.id)
        if argument:
            self._main.filter(only)
        if pane.optional and not pane.on_demand:  # on a thin link nothing else asks for these
            self.kinds.optional.show(pane)

    def _narrowed(self, argument: str) -> str:
        """Show only the namespace that follows a kind, if one does; what else follows it, as a filter."""
        only = wanted(argument, self.namespaces())
        if only.namespace is not None:
            self.show_namespace(only.namespace)
        return only.filter

    def _choices(self, name: str) -> Sequence[str]:
        if name == "clusters":
            return [store.cluster for store in self._app.stores]
        if name == "theme":
            return self._app.theme_names
        if name == "control-plane":
            return [store.cluster for store in self._app.stores]
        if name == "unplug":
            return node_names(self._app.stores)
        return self.namespaces() if name == "ns" else ()

    def _do(self, command: Command, argument: str) -> None:
        own: dict[str, Callable[[str], object]] = {
            "ns": self._namespace,
            "theme": self._theme,
            "unplug": self._unplug,
            "control-plane": self._control_plane,
            "dump": self._dump,
            "notify": lambda _: self._notify(),
            "logs": lambda _: self._front.action_logs(),
            "yaml": lambda _: self._front.action_manifest(),
            "jump": lambda _: self._front.action_jump(),
            "retry": lambda _: self._retry(),
        }
        if command.name == "clusters" and argument:
            self._cluster(argument)
        elif command.name in APP_ACTIONS:
            self._app.call_later(self._app.run_action, APP_ACTIONS[command.name])
        elif command.name in own:
            own[command.name](argument)
        elif argument and command.argument == NUMBER and not _number(argument):
            self._app.flash(f":{command.shown} takes a number.")
        else:
            self._front.action_act(command.name, argument)

    @property
    def _front(self) -> MainScreen | ObjectScreen:
        """What a command is about: the object that is open, or the dashboard."""
        screen = self._app.screen
        return screen if isinstance(screen, ObjectScreen) else self._main

    def _cluster(self, name: str) -> None:
        """Show only the rows of one cluster in this pane."""
        names = [store.cluster for store in self._app.stores]
        if name in names:
            self._navigator.close_views()
            self._main.filter(f"cluster=={name}")
        else:
            self._app.flash(f"There is no cluster {visible(name)} here; edgetui --context NAME opens others.")

    def _theme(self, name: str) -> None:
        if name:
            self._app.set_look(name)
        else:
            self._app.action_next_theme()

    def _unplug(self, typed: str) -> None:
        front, table = self._front, self._main.current.table
        cursor = front.key if isinstance(front, ObjectScreen) else table.cursor
        marked = [] if isinstance(front, ObjectScreen) else [row.key for row in table.marks.rows()]
        nodes = meant(list(self._app.stores), typed, marked, cursor)
        if nodes.why_not:
            self._app.flash(nodes.why_not)
            return
        from edgetui.ui.screens.unplug import UnplugScreen  # with the actions' own code, seldom needed

        self._app.push_screen(UnplugScreen(nodes.cluster, nodes.names))

    def _control_plane(self, typed: str) -> None:
        clusters = [store.cluster for store in self._app.stores]
        front = self._front
        cursor = front.key if isinstance(front, ObjectScreen) else self._main.current.table.cursor
        if not clusters or (typed and typed not in clusters):
            self._app.flash(f"No cluster {typed}".rstrip() + " is shown; :clusters lists them.")
            return
        cluster = typed or (cursor.cluster if cursor is not None else clusters[0])
        from edgetui.ui.screens.control_plane import (
            ControlPlaneScreen,
        )  # with the code that reads it, seldom needed

        self._app.push_screen(ControlPlaneScreen(cluster))

    def _retry(self) -> None:
        for session in self._app.sessions.values():
            self._app.run_worker(later(session.reconnect, False), exit_on_error=False)
        self._app.flash("Trying again: clusters that are down, and what was refused.")

    # -- namespaces

    def namespaces(self) -> list[str]:
        """The namespaces of everything that was ever seen here."""
        for store in self._app.stores:
            self._namespaces |= store.namespaces()
        return sorted(self._namespaces)

    def choose_namespace(self) -> None:
        """Let the person choose among the known namespaces."""
        names = self.namespaces()
        view = self._main.view_of("pods")
        count: dict[str, int] = dict.fromkeys(names, 0)
        for key in view.every_key():
            count[key.namespace] = count.get(key.namespace, 0) + 1
        choices = [(ALL, ""), *((name, plural(count[name], "pod")) for name in names)]
        at = names.index(self._main.namespace) + 1 if self._main.namespace in names else 0

        def chosen(place: int | None) -> None:
            if place is not None:
                self.show_namespace(names[place - 1] if place else "")

        self._app.push_screen(PickScreen("Show only one namespace", choices, at), chosen)

    def _namespace(self, name: str) -> None:
        self.show_namespace(name)
        if name and name not in self.namespaces():
            pods = [store.freshness(POD) for store in self._app.stores]
            asked = any(one.partial or one.sync is Sync.FORBIDDEN for one in pods)
            so_far = " yet; the clusters are asked for it" if asked else ""
            self._app.flash(f"Nothing is known of a namespace '{name}'{so_far}; :ns alone shows all again.")

    def show_namespace(self, name: str) -> None:
        """Show only the rows of one namespace, and ask for no others where each costs a watch; empty for all."""
        self._navigator.close_views()
        self._main.narrow_to(name)
        for session in self._app.sessions.values():
            session.look_at([name] if name else [])

    # -- owners and children

    def jump(self, key: ObjectKey | None) -> None:
        """Go to what an object belongs to, or to what belongs to it; where there are several, ask which."""
        found = related(self._app.fleet.stores[key.cluster], key) if key is not None else []
        opened = "detail" if isinstance(self._front, ObjectScreen) else ""
        if key is None:
            self._app.flash("There is nothing under the cursor.")
        elif not found:
            self._app.flash(f"Nothing is known that {kind_word(key.kind)} {key.name} belongs to or owns.")
        elif len(found) == 1:
            self.show_object(found[0], opened)
        else:

            def chosen(place: int | None) -> None:
                if place is not None:
                    self.show_object(found[place], opened)

            choices = [(f"{kind_word(one.kind)} {one.name}", self._state(one)) for one in found]
            self._app.push_screen(PickScreen(f"Around {kind_word(key.kind)} {key.name}", choices), chosen)

    def show_object(self, key: ObjectKey, opened: str = "") -> None:
        """Put the cursor on an object, in its pane, and open it where `opened` names a view.

        A filter or a namespace that hides it goes.
        """
        self._navigator.leave_for(lambda: self._go_to(key, opened))

    def _go_to(self, key: ObjectKey, opened: str) -> None:
        main, pane = self._main, pane_of(key.kind)
        if pane is None:
            self.kinds.go_to(key)
            return
        main.show_pane(pane)
        view = main.current.view
        if view.position(key) is None:
            main.filter("")
        if view.position(key) is None and main.namespace:
            self.show_namespace("")
        self._awaited = None
        if main.current.table.go_to(key):
            if opened:
                self._navigator.show(opened, key)
        elif self._app.fleet.stores[key.cluster].freshness(key.kind).sync in NOT_READ_YET:
            self._awaited = (key, opened)
            self._app.flash(f"Reading {kind_word(key.kind)} {key.name} …")
        else:
            self._app.flash(f"{kind_word(key.kind).capitalize()} {key.name} has no row here.")

    def _arrive(self) -> None:
        """Go where a jump led whose kind had to be read first, unless the person has gone elsewhere meanwhile."""
        if self._awaited is None:
            return
        key, opened = self._awaited
        freshness = self._app.fleet.stores[key.cluster].freshness(key.kind)
        here = self._front is self._main and key.kind in self._main.current.pane.kinds
        if (
            not here
            or self._main.current.view.position(key) is not None
            or freshness.sync not in NOT_READ_YET
        ):
            self._awaited = None
            if here:
                self._go_to(key, opened)

    def _state(self, key: ObjectKey) -> str:
        pane = pane_of(key.kind)
        view = self._main.view_of(pane) if pane is not None else None
        row = view.row(key) if view is not None else None
        return str(view.pane.value(row, "state").words) if view is not None and row is not None else ""

    # -- marks

    def act_on_marked(self, action_id: str, typed: str = "") -> None:
        """Begin an action on every marked object; where the filter hides some, only take their marks away."""
        pane = self._main.current
        hidden = pane.table.marks.hidden
        rows = pane.take_marked()
        if hidden:
            marks = plural(hidden, "mark was", "marks were")
            self._app.flash(f"{marks} hidden by the filter and taken away. Look, then press the key again.")
        else:
            self._app.action_keys.act_in_turn(
                action_id, [ObjectRef(row.key, row.uid, row.resource_version) for row in rows], typed
            )

    # -- out of the screen

    def copy(self, names: Sequence[str]) -> None:
        """Put names into the clipboard of the terminal."""
        if bare := self._app.options.profile.bare:
            self._app.flash(f"{bare} has no clipboard.")
        elif odd := [name for name in names if visible(name) != name]:
            self._app.flash(f"{visible(odd[0])} holds characters that cannot be seen: it is not copied.")
        elif names:
            self._app.copy_to_clipboard("\n".join(names))
            what = names[0] if len(names) == 1 else plural(len(names), "name")
            self._app.flash(f"{what}: sent to the terminal's clipboard.")

    def _dump(self, name: str) -> None:
        from edgetui.cluster.atomic_file import create_file  # not needed for the first screen

        name = name or f"edgetui-{time.strftime('%Y%m%d-%H%M%S')}.txt"
        text = "".join(f"{escaped(line)}\n" for line in screen_text(self._app))
        try:
            # Not Path.expanduser, which raises where there is no such person.
            file = Path(os.path.expanduser(name)).absolute()  # noqa: PTH111
            create_file(file, text.encode("utf-8", "backslashreplace"))
        except FileExistsError:
            self._app.flash(f"{name} is there already; name another file.")
        except OSError as error:
            self._app.flash(f"{name} could not be written: {error.strerror}.")
        except ValueError:
            self._app.flash(f"{name} is not the name of a file.")
        else:
            self._app.flash(f"The screen is in {file}, readable by you alone.")

    # -- the end of a rollout

    def _notify(self) -> None:
        front = self._front
        key = front.key if isinstance(front, ObjectScreen) else front.current.table.cursor
        if key is None or key.kind not in PANES["rollouts"].kinds:
            self._app.flash("That is no rollout; :rollouts shows them.")
        elif (row := under_way(view := self._main.view_of("rollouts"), key)) is not None:
            jobs = self._app.flows.jobs
            if not any(isinstance(job, FollowedRollout) and job.key == key for job in jobs):
                now, show = self._app.monotonic(), self._app.open_detail
                jobs.add(FollowedRollout(view, row, now, end=jobs.remove, show=show))
            self._app.flash(f"The terminal rings when {kind_word(key.kind)} {key.name} has ended.")
        else:
            self._app.flash(f"{kind_word(key.kind).capitalize()} {key.name} is not rolling out.")

    def look_for_endings(self) -> None:
        """Ring for the rollouts that have ended; go on to what a jump waits for."""
        self._arrive()
        for job in self._app.jobs:
            if not isinstance(job, FollowedRollout) or not job.over:
                continue
            job.cancel()
            key = job.key
            sentence = f"{kind_word(key.kind)} {key.name} on {key.cluster}: {job.says}"
            self._app.ring(sentence)
            self._app.flash(sentence)


def _number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS


def pane_of(kind: str) -> str | None:
    """The pane that has the rows of a kind, None where edgetui has none of its own."""
    return next((pane.id for pane in PANES.values() if kind in pane.kinds), None)
