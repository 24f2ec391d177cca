"""The keys as commands for scripts, through the same gate: a file for each."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from edgetui.actions.cli import (
    audit,
    bounds,
    cancel,
    guard,
    image,
    keda,
    park,
    pause,
    resize,
    restart,
    rollback,
    rotate,
    scale,
    undo,
    unstick,
)
from edgetui.actions.cli.running import USAGE

COMMANDS = {
    "scale": scale.command,
    "rollback": rollback.command,
    "guard": guard.command,
    "rotate": rotate.command,
    "pause": pause.command,
    "resume": pause.resume_command,
    "restart": restart.command,
    "image": image.command,
    "cancel": cancel.command,
    "unstick": unstick.command,
    "undo": undo.command,
    "bounds": bounds.command,
    "resize": resize.command,
    "park": park.to_zero,
    "unpark": park.back,
    "keda-pause": keda.pause,
    "keda-unpause": keda.unpause,
    "audit": audit.command,
}


def main(argv: Sequence[str]) -> int:
    """Run a command with its arguments; returns the exit code."""
    if not argv or argv[0] not in COMMANDS:
        sys.stderr.write(f"Name one of {', '.join(COMMANDS)}.\n")
        return USAGE
    return COMMANDS[argv[0]](argv[1:])
