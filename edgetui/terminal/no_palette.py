"""Textual without its command palette: `:` and `.` are edgetui's own.

The palette's module brings lists of options, trees and directories: 1 MB, and a tenth of the time that Textual takes
to load.
"""

from __future__ import annotations

import sys
from types import ModuleType

MODULE = "textual.command"
_USED = (
    "CommandListItem",
    "CommandPalette",
    "DiscoveryHit",
    "Hit",
    "Hits",
    "Provider",
    "SimpleProvider",
)
"""What the rest of Textual takes from there when it is loaded: bases of classes, and names in annotations."""


def leave_out() -> None:
    """Let Textual find empty classes in place of the palette's; to be called before Textual is loaded.

    Only for apps with ENABLE_COMMAND_PALETTE off. Does nothing where the module is loaded already.
    """
    if MODULE not in sys.modules:
        stand_in = ModuleType(MODULE, "Left out by edgetui.")
        for name in _USED:
            setattr(stand_in, name, type(name, (), {"__module__": MODULE}))
        sys.modules[MODULE] = stand_in
