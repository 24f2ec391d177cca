"""What a person set on the screen, remembered for the next start.

One small JSON file. Each run writes all of it, so of several at once the last to change something wins. A file that
cannot be used is told in one sentence, and one that cannot be written in another; neither stops anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from edgetui.cluster import own_file
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.model.text import clean

if TYPE_CHECKING:
    from edgetui.ui.app import EdgetuiApp
    from edgetui.ui.options import ScreenOptions

VERSION = 1
MOST_BYTES = 64 * 1024


class PaneLayout(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one pane is sorted, and whether its columns stand in full; without `sort` it is worst first."""

    sort: str | None = None
    reverse: bool = False
    wide: bool = False


class Layout(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is remembered: the pane in view, whether it is large, the theme that was chosen, and each pane.

    `namespace` is the one that was shown of `clusters`; on others it means nothing.
    """

    pane: str = "nodes"
    zoomed: bool = False
    theme: str = ""
    namespace: str = ""
    clusters: tuple[str, ...] = ()
    panes: dict[str, PaneLayout] = msgspec.field(default_factory=dict)

    @property
    def usual(self) -> bool:
        """Whether it begins with the nodes, the worst first."""
        nodes = self.panes.get("nodes", PaneLayout())
        return self.pane == "nodes" and nodes.sort is None and not nodes.reverse


class Remembered(msgspec.Struct, frozen=True):
    """What a start finds. `file` is where to write, None for nowhere; `problem` is a sentence, or empty."""

    layout: Layout = Layout()
    file: Path | None = None
    problem: str = ""


class _File(Layout, frozen=True, omit_defaults=True):
    version: int = 0


class _Version(msgspec.Struct):
    version: int


def default_file() -> Path:
    """`layout.json` in the user's state directory (XDG_STATE_HOME on Linux)."""
    import platformdirs

    return Path(platformdirs.user_state_dir("edgetui", appauthor=False)) / "layout.json"


def read(file: Path) -> Remembered:
    """What an earlier run wrote; the usual layout where there is nothing, or nothing that can be used."""
    data = own_file.read(file, MOST_BYTES)
    if not data:
        return Remembered(file=file)
    place = clean(str(file))
    try:
        if msgspec.json.decode(data, type=_Version).version > VERSION:
            problem = f"The remembered layout is of a newer edgetui and is not used: {place}"
            return Remembered(problem=problem)
        found = msgspec.json.decode(data, type=_File)
    except UNDECODABLE:
        return Remembered(file=file, problem=f"The remembered layout cannot be read and is not used: {place}")
    fields = {name: getattr(found, name) for name in Layout.__struct_fields__}
    return Remembered(Layout(**fields), file)


def applied(options: ScreenOptions, kept: Layout, clusters: Sequence[str]) -> ScreenOptions:
    """The options with what is remembered, where the command line says nothing else."""
    namespace = kept.namespace if kept.clusters == tuple(clusters) else ""
    theme = kept.theme if options.profile.colours != "mono" else ""
    return replace(options, namespace=options.namespace or namespace, theme=options.theme or theme)


class LayoutKeeper:
    """Writes the layout once it has changed and stands still; `say` takes the sentence for a failure, once."""

    def __init__(self, app: EdgetuiApp, say: Callable[[str], None]) -> None:
        self._app = app
        self._say = say
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
        app, kept = self._app, self._kept
        main = app.main
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
        fields = {name: getattr(layout, name) for name in Layout.__struct_fields__}
        content = msgspec.json.format(msgspec.json.encode(_File(**fields, version=VERSION))) + b"\n"
        try:
            await asyncio.to_thread(own_file.write, file, content)
        except OSError as error:
            why = clean(error.strerror or str(error))
            self._say(f"This layout cannot be remembered in {clean(str(file.parent))}: {why}.")
            self._file = None
