"""The dashboard without its widgets: its panes note what they are told, and `told` is all of that, in order."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from textual.geometry import Size

from edgetui.model.identity import ObjectKey
from edgetui.model.panes import PANES
from edgetui.ui.screens.main import MainScreen

from .bare import BareApp, bare

PRESS = ObjectKey("plant", "Deployment", "line-2", "press")
POD = ObjectKey("plant", "Pod", "line-2", "press-1")
NODE = ObjectKey("plant", "Node", "", "edge-1")


class Table:
    def __init__(self, told: list[str], cursor: ObjectKey | None) -> None:
        self.cursor = cursor
        self.cursor_row = None if cursor is None else SimpleNamespace(uid="u", resource_version="7")
        self.settled = True
        self.columns = SimpleNamespace(wide=False)
        self.show_wide = lambda wide: told.append(f"wide {wide}")
        self.marks = Marks()


class Marks:
    def __init__(self) -> None:
        self.keys: list[ObjectKey] = []

    def __bool__(self) -> bool:
        return bool(self.keys)

    def rows(self) -> list[Any]:
        return [SimpleNamespace(key=key) for key in self.keys]


class Pane:
    """A pane that notes what it is told; `change` is what it makes of changes."""

    def __init__(self, told: list[str], pane: str, cursor: ObjectKey | None) -> None:
        self.pane = PANES[pane]
        self.table = Table(told, cursor)
        self.is_attached = True
        self.filter_text = ""
        self.change = SimpleNamespace(turned=[], changed=set(), order=False)
        self.view = SimpleNamespace(
            absorb=lambda changes, now: self.change, shown=5, total=5, incomplete=False, keys=[cursor]
        )

        def said(words: str) -> Any:
            return lambda *given: told.append(" ".join([pane, words, *map(str, given)]))

        self.absorb, self.status_changed, self.tick = (
            lambda change: told.append(f"{pane} absorbs"), said("status"), said("ticks"),
        )  # fmt: skip
        self.cycle_sort, self.reverse_sort = said("sorts"), said("reverses")
        self.mark, self.clear_marks, self.set_namespace = said("marks"), said("unmarks"), said("namespace")
        self.set_filter = self._set_filter
        self._told = told

    def _set_filter(self, text: str) -> None:
        self.filter_text = text
        self._told.append(f"{self.pane.id} filter {text!r}")

    def set_class(self, on: bool, name: str, *, update: bool = True) -> None:
        """Classes are looked at on the screen itself."""


class Board:
    def __init__(self, *, single: bool = True, more: tuple[str, ...] = ()) -> None:
        app: Any = BareApp([])
        self.app, told = app, app.told
        app.update_styles = lambda node, **more: None
        app.badges, app.link_label, app.waits, app.size = [], "", False, Size(80, 24)
        app.navigation = SimpleNamespace(
            leave_for=self._leave_for, step=lambda step: told.append(f"step {step}")
        )
        app.timeline = SimpleNamespace(
            add=lambda pane, turned, now: told.append(f"timeline {pane.id} {turned}")
        )
        app.watch_on_demand = lambda pane, on, **more: told.append(
            f"{'watches' if on else 'leaves'} {pane.id}{' joining' if more else ''}"
        )
        app.offer_to_cancel = lambda: told.append("offers to cancel")
        app.open_manifest = lambda key: told.append(f"manifest {key.name}")
        app.open_logs = lambda key: told.append(f"logs {key and key.name}")
        app.open_detail = lambda key: told.append(f"opens {key.name}")
        app.command_line = SimpleNamespace(
            copy=lambda names: told.append(f"copies {' '.join(names)}"),
            act_on_marked=lambda *given: told.append(f"marked {given}"),
            jump=lambda key: told.append(f"jumps {key.name}"),
            choose_namespace=lambda: told.append("namespaces"),
        )
        app.action_keys = SimpleNamespace(
            act=lambda action, target, *more: told.append(
                f"acts {action} {target and target.key.name} {more}"
            ),
            rests=lambda key: told.append(f"rests {key and key.name}"),
            hints=lambda key, kinds, looks: [("hints", key, kinds), *looks],
            menu=lambda target, act: told.append(f"menu {target and target.key.name}"),
        )
        self.screen: Any = bare(MainScreen, app)
        cursors = {"nodes": NODE, "pods": POD, "rollouts": PRESS}
        names = ("nodes", "pods", "autoscalers", "rollouts", *more)
        self.screen.panes = {name: Pane(told, name, cursors.get(name)) for name in names}
        self.screen.set_class(single, "single")
        self.footer: list[Any] = []
        self.screen.footer = SimpleNamespace(
            clear=lambda: told.append("clears"), set_hints=lambda *given: self.footer.append(given)
        )
        self.screen.filter_bar = SimpleNamespace(open=lambda text: told.append(f"asks {text!r}"))
        self.screen.tabs = SimpleNamespace(show=self._tabs)
        self.headers: list[Any] = []
        self.screen.header = SimpleNamespace(show=lambda *given: self.headers.append(given))

    def _leave_for(self, go: Any) -> None:
        self.app.told.append("leaves for")
        go()

    def _tabs(self, shown: list[Pane], current: Pane) -> None:
        self.app.told.append(f"tabs {' '.join(one.pane.id for one in shown)} at {current.pane.id}")

    def show_instead(self) -> None:
        self.screen.show_pane = lambda pane: self.app.told.append(f"shows {pane}")


def at(pane: str, **given: Any) -> Board:
    board = Board(**given)
    board.screen._current = pane
    return board
