"""`edgetui rotate`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser
from edgetui.actions.credentials import rotate
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("rotate", "Replace the service-account token of the kubeconfig user by a new one.")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        return await rotate.perform(gate, session, await rotate.prepare(session, gate.audit))

    return carry_out(Job("rotate", options, act))
