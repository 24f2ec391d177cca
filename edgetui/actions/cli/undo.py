"""`edgetui undo KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, looked_up, new_parser, patience, until_agreed
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.undo import undo


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser(
        "undo", "Take back what edgetui did last to an object, while it is still as edgetui left it."
    )
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or pumps.example.com/main"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        ref, other = await looked_up(session, options)
        view = await undo.prepare(session, ref, gate.audit, other)
        wait = patience(options)
        return await until_agreed(
            console, view, lambda now: undo.perform(gate, session, now, gate.audit, wait=wait)
        )

    return carry_out(Job("undo", options, act))
