"""What a start of the screen is told: the settings that hold for its whole life."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from edgetui.model.cache.wireprofile import Wire
from edgetui.terminal.profile import Profile

LOCAL = Profile("local", "truecolor", False, True, 0.1, 100)


class ScreenOptions(msgspec.Struct, frozen=True):
    """Settings of the screen.

    `theme` is a theme name, empty for the one that suits the terminal. `audit` is the file of the action record,
    None for the usual place. `badges` stand in the header beside those of the clusters. With a `namespace` the
    panes begin with its rows alone. `keep_rows` keeps rows on this machine for a start without a link. `wire` is the
    profile that every cluster keeps whatever its link does, None to choose; `budget` is in bytes per second for each
    cluster. With `remember` it begins as a person left it, and the next one does so too. `links` has profile and
    budget of the clusters that have their own, by name. `commands` are words for the command line, with the line that
    each stands for.
    """

    read_only: bool = False
    theme: str = ""
    profile: Profile = LOCAL
    audit: Path | None = None
    badges: tuple[str, ...] = ()
    namespace: str = ""
    keep_rows: bool = False
    wire: Wire | None = None
    budget: float | None = None
    remember: bool = False
    links: Mapping[str, tuple[Wire | None, float | None]] = {}
    commands: Mapping[str, str] = {}

    def link_of(self, cluster: str) -> tuple[Wire | None, float | None]:
        """The profile and budget of one cluster."""
        wire, budget = self.links.get(cluster, (None, None))
        return wire or self.wire, budget or self.budget
