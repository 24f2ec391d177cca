"""Keeps what a person sets on the screen in its file, without ever holding up the screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from edgetui.model.text import clean

from . import layout as layout_file
from .layout import Layout, PaneLayout

if TYPE_CHECKING:
    from .screens.main import MainScreen
    from .shell import Shell


class LayoutKeeper:
    """Writes the layout once it has changed and stands still; a failure is said once."""

    def __init__(self, app: Shell, main: MainScreen) -> None:
        self._app = app
        self._main = main
        self._kept = app.remembered.layout
        self._file = app.remembered.file
        self._theme, self._namespace = app.theme_name, app.options.namespace
        self._written = self._seen = self._now()
        self._writing: asyncio.Task[None] | None = None

    def look(self) -> None:
        """Compare; called every second."""
        before, self._seen = self._seen, self._now()
        idle = self._writing is None or self._writing.done()
        if self._file is not None and self._seen == before != self._written and idle:
            self._writing = asyncio.create_task(self._write(self._file, before))

    async def finish(self) -> None:
        """Write what is not written yet, because the screen ends."""
        if self._writing is not None:
            await self._writing
        if self._file is not None and (now := self._now()) != self._written:
            await self._write(self._file, now)

    def _now(self) -> Layout:
        """What stands on the screen; what came with the command line was not set on it."""
        app, main, kept = self._app, self._main, self._kept
        panes = kept.panes | {name: pane.arrangement for name, pane in main.panes.items()}
        same = main.namespace == self._namespace
        return Layout(
            pane=main.current.pane.id,
            zoomed=main.zoomed,
            theme=kept.theme if app.theme_name == self._theme else app.theme_name,
            namespace=kept.namespace if same else main.namespace,
            clusters=kept.clusters if same else tuple(store.cluster for store in app.stores),
            panes={name: pane for name, pane in panes.items() if pane != PaneLayout()},
        )

    async def _write(self, file: Path, layout: Layout) -> None:
        self._written = layout
        try:
            await asyncio.to_thread(layout_file.write, file, layout)
        except OSError as error:
            why = clean(error.strerror or str(error))
            self._app.flash(f"This layout cannot be remembered in {clean(str(file.parent))}: {why}.")
            self._file = None
