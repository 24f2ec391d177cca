"""What `:` and the keys that lead elsewhere do: commands, namespaces, owners and children, copies and dumps."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from edgetui.model.cache.freshness import Sync
from edgetui.model.cells import visible
from edgetui.model.identity import ObjectKey, ObjectRef
from edgetui.model.panes import PANES
from edgetui.model.text import escaped, plural
from edgetui.model.view.related import related
from edgetui.terminal.textual_seam import screen_text
from edgetui.ui.command_line.commands import Command, completions, parse
from edgetui.ui.dialogs.pick import PickScreen
from edgetui.ui.keymap import PANE_ORDER, kind_word
from edgetui.ui.rollout_notify import Endings
from edgetui.ui.screens.object import ObjectScreen
from edgetui.ui.widgets.command_bar import CommandBar

if TYPE_CHECKING:
    from edgetui.ui.app import EdgetuiApp
    from edgetui.ui.screens.main import MainScreen

NAMESPACED = tuple(kind for pane in PANES.values() if "namespace" in pane.index for kind in pane.kinds)
ALL = "all namespaces"
MOST_DIGITS = 9
"""Of a number that is typed, as in the dialogs."""


class Commander:
    """Runs commands for the dashboard of one app, and for the object that is open over it."""

    def __init__(self, app: EdgetuiApp) -> None:
        self._app = app
        self._main = app.main
        self._namespaces: set[str] = set()
        self._endings = Endings(app.main.view_of("rollouts"))
        self._typed: list[str] = []

    # -- commands

    @property
    def typing(self) -> bool:
        """Whether a command is being typed on the dashboard."""
        return any(bar.display for bar in self._main.query(CommandBar))

    async def open_line(self, screen: MainScreen | ObjectScreen, text: str) -> None:
        """Let a command be typed on a screen; what was typed before on any of them comes back."""
        bar = next(iter(screen.query(CommandBar)), None)
        if bar is None:
            bar = CommandBar(self.run, self.complete, self._typed)
            await screen.mount(bar, before=screen.footer)
        bar.open(text)

    def complete(self, text: str) -> list[str]:
        """The lines that a line may become."""
        return completions(text, self._choices)

    def run(self, text: str) -> None:
        """Do what a line says, or say what is wrong with it."""
        command, argument = parse(text)
        if command is None:
            self._app.flash(f"There is no command '{text.split()[0]}'; : and then tab lists them.")
        elif argument and not command.argument:
            self._app.flash(f":{command.name} takes nothing behind it.")
        else:
            self._do(command, argument)

    def _choices(self, name: str) -> Sequence[str]:
        if name == "theme":
            return self._app.theme_names
        return self.namespaces() if name == "ns" else ()

    def _do(self, command: Command, argument: str) -> None:
        own: dict[str, Callable[[str], object]] = {
            "ns": self._namespace,
            "theme": self._theme,
            "dump": self._dump,
            "notify": lambda _: self._notify(),
            "logs": lambda _: self._front.action_logs(),
            "yaml": lambda _: self._front.action_manifest(),
            "jump": lambda _: self._front.action_jump(),
            "clusters": lambda _: self._app.action_clusters(),
            "timeline": lambda _: self._app.action_timeline(),
            "running": lambda _: self._app.action_running(),
            "retry": lambda _: self._retry(),
            "help": lambda _: self._app.action_help(),
            "quit": lambda _: self._app.call_later(self._app.action_leave),
        }
        if command.name in PANE_ORDER:
            self._main.action_pane(command.name)
        elif command.name in own:
            own[command.name](argument)
        elif argument and not (argument.isascii() and argument.isdecimal() and len(argument) <= MOST_DIGITS):
            self._app.flash(f":{command.shown} takes a number.")
        else:
            self._front.action_act(command.name, int(argument) if argument else None)

    @property
    def _front(self) -> MainScreen | ObjectScreen:
        """What a command is about: the object that is open, or the dashboard."""
        screen = self._app.screen
        return screen if isinstance(screen, ObjectScreen) else self._main

    def _theme(self, name: str) -> None:
        if name:
            self._app.set_look(name)
        else:
            self._app.action_next_theme()

    def _retry(self) -> None:
        for session in self._app.sessions.values():
            self._app.run_worker(session.reconnect(False), exit_on_error=False)
        self._app.flash("Trying again: clusters that are down, and what was refused.")

    # -- namespaces

    def namespaces(self) -> list[str]:
        """The namespaces of everything that was ever seen here."""
        for store in self._app.stores:
            for kind in NAMESPACED:
                self._namespaces.update(row.namespace for row in store.rows(kind))
        return sorted(name for name in self._namespaces if name)

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
            pods = [store.freshness("Pod") for store in self._app.stores]
            asked = any(one.partial or one.sync is Sync.FORBIDDEN for one in pods)
            so_far = " yet; the clusters are asked for it" if asked else ""
            self._app.flash(f"Nothing is known of a namespace '{name}'{so_far}; :ns alone shows all again.")

    def show_namespace(self, name: str) -> None:
        """Show only the rows of one namespace, and ask for no others where each costs a watch; empty for all."""
        self._app.ways.close_views()
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
        self._app.ways.leave_for(lambda: self._go_to(key, opened))

    def _go_to(self, key: ObjectKey, opened: str) -> None:
        main = self._main
        main.show_pane(pane_of(key.kind))
        view = main.current.view
        if view.position(key) is None:
            main.filter("")
        if view.position(key) is None and main.namespace:
            self.show_namespace("")
        if not main.current.table.go_to(key):
            self._app.flash(f"{kind_word(key.kind).capitalize()} {key.name} has no row here.")
        elif opened:
            self._app.ways.show(opened, key)

    def _state(self, key: ObjectKey) -> str:
        view = self._main.view_of(pane_of(key.kind))
        row = view.row(key)
        return str(view.pane.value(row, "state").words) if row is not None else ""

    # -- marks

    def act_on_marked(self, action_id: str, number: int | None = None) -> None:
        """Begin an action on every marked object; where the filter hides some, only take their marks away."""
        pane = self._main.current
        hidden = pane.table.marks.hidden
        rows = pane.take_marked()
        if hidden:
            marks = plural(hidden, "mark was", "marks were")
            self._app.flash(f"{marks} hidden by the filter and taken away. Look, then press the key again.")
        else:
            self._app.action_keys.act_in_turn(
                action_id, [ObjectRef(row.key, row.uid, row.resource_version) for row in rows], number
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
            self._app.flash("That is no rollout; 4 shows them.")
        elif self._endings.wait(key):
            self._app.flash(f"The terminal rings when {kind_word(key.kind)} {key.name} has ended.")
        else:
            self._app.flash(f"{kind_word(key.kind).capitalize()} {key.name} is not rolling out.")

    def look_for_endings(self) -> None:
        """Ring for the rollouts that have ended."""
        for key, how in self._endings.ended():
            sentence = f"{kind_word(key.kind)} {key.name} on {key.cluster}: {how}"
            self._app.ring(sentence)
            self._app.flash(sentence)


def pane_of(kind: str) -> str:
    """The pane that has the rows of a kind."""
    return next(pane.id for pane in PANES.values() if kind in pane.kinds)
