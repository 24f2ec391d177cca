"""Opens objects over the dashboard, and goes back and forward among the places where a person was."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgetui.model.identity import ObjectKey
from edgetui.model.kinds import KINDS
from edgetui.model.kinds.node import NODE
from edgetui.model.panes.rollouts import Rollouts
from edgetui.ui.navigation.history import History, Place

if TYPE_CHECKING:
    from edgetui.ui.screens.detail import DetailScreen
    from edgetui.ui.screens.main import MainScreen
    from edgetui.ui.shell import Shell


class Navigator:
    """The way to objects, each shown over the dashboard `main`, and back to every place where a person was."""

    def __init__(self, app: Shell, main: MainScreen) -> None:
        self._app = app
        self._main = main
        self._history = History()

    @property
    def pane(self) -> Place:
        """The pane in view, whatever is open over it."""
        return self._main.place

    @property
    def here(self) -> Place:
        """Where a person is: in a pane, or at an open object."""
        return self._app.front.place or self._main.place

    def open(self, view: str, key: ObjectKey) -> None:
        """Show one object in one way, and remember from where."""
        here = self.here
        self._history.go(here, here._replace(key=key, view=view))
        self.show(view, key)

    def show(self, view: str, key: ObjectKey) -> None:
        """Show one object in one way, without remembering the place that is left."""
        app = self._app
        if view == "logs":
            from edgetui.ui.screens.logs import LogScreen

            app.push_screen(LogScreen(key))
        elif view == "manifest":
            from edgetui.ui.screens.manifest import ManifestScreen

            app.push_screen(ManifestScreen(key))
        else:
            app.push_screen(_detail_screen(key))

    def close_views(self) -> None:
        """Leave the open objects; screens that ask something stay."""
        app = self._app
        while app.screen is not self._main and app.front.place is not None:
            app.pop_screen()

    def leave_for(self, go: Callable[[], None]) -> None:
        """Go to another place, from an open object too, and remember both."""
        here = self.here
        self.close_views()
        go()
        self._history.go(here, self.here)

    def step(self, step: int) -> None:
        """Back to the place before, or forward again."""
        here = self.here
        place = self._history.back(here) if step < 0 else self._history.forward(here)
        if place is None:
            return
        main = self._main
        self.close_views()
        main.show_pane(place.pane)
        main.filter(place.filter)
        if place.key is not None:
            main.current.table.go_to(place.key)
            if place.view:
                self.show(place.view, place.key)


def _detail_screen(key: ObjectKey) -> DetailScreen:
    """The screen that tells all about one object; each is loaded when the first of its kind is opened."""
    if key.kind in Rollouts.kinds and key.kind not in Rollouts.optional:
        from edgetui.ui.screens.rollout import RolloutScreen

        return RolloutScreen(key)
    if key.kind == NODE:
        from edgetui.ui.screens.node import NodeScreen

        return NodeScreen(key)
    from edgetui.model.kinds.service import SERVICE  # which the first screen has no use for

    if key.kind == SERVICE:
        from edgetui.ui.screens.service import ServiceScreen

        return ServiceScreen(key)
    from edgetui.model.kinds.update import UpdateRow

    if (kind := KINDS.get(key.kind)) is not None and issubclass(kind.row, UpdateRow):
        from edgetui.ui.screens.update import UpdateScreen

        return UpdateScreen(key)
    from edgetui.ui.screens.detail import DetailScreen

    return DetailScreen(key)
