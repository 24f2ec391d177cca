"""What a person set on the screen, remembered for the next start.

One small JSON file. Each run writes all of it, so of several at once the last to change something wins. A file that
cannot be used is told in one sentence, and one that cannot be written in another; neither stops anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from edgetui.cluster import own_file
from edgetui.cluster.api.status import UNDECODABLE
from edgetui.model.text import clean

if TYPE_CHECKING:
    from edgetui.model.panes.base import Pane
    from edgetui.ui.options import ScreenOptions

VERSION = 1
MOST_BYTES = 64 * 1024


class PaneLayout(msgspec.Struct, frozen=True, omit_defaults=True):
    """How one pane is sorted, and whether its columns stand in full; without `sort` it is worst first."""

    sort: str | None = None
    reverse: bool = False
    wide: bool = False

    def column_of(self, pane: Pane) -> str | None:
        """The column it is sorted by, None for worst first; a column that the pane has no more is none."""
        return self.sort if self.sort in pane.index else None


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


def write(file: Path, layout: Layout) -> None:
    """Write all of it; raises OSError."""
    fields = {name: getattr(layout, name) for name in Layout.__struct_fields__}
    content = msgspec.json.format(msgspec.json.encode(_File(**fields, version=VERSION))) + b"\n"
    own_file.write(file, content)
