"""Getting around: objects are opened over the dashboard, and there is a way back to every place."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from edgetui.model.identity import ObjectKey
from edgetui.ui.navigation.places import History, Place

if TYPE_CHECKING:
    from edgetui.ui.app import EdgetuiApp


class Ways:
    """Those of one app."""

    def __init__(self, app: EdgetuiApp) -> None:
        self._app = app
        self._history = History()

    @property
    def here(self) -> Place:
        """Where a person is: in a pane, or at an open object."""
        place: Place = getattr(self._app.screen, "place", self._app.main.place)
        return place

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
            from edgetui.ui.screens.rollout import screen_of

            app.push_screen(screen_of(key))

    def close_views(self) -> None:
        """Leave the open objects; screens that ask something stay."""
        app = self._app
        while app.screen is not app.main and hasattr(app.screen, "place"):
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
        main = self._app.main
        self.close_views()
        main.show_pane(place.pane)
        main.filter(place.filter)
        if place.key is not None:
            main.current.table.go_to(place.key)
            if place.view:
                self.show(place.view, place.key)
