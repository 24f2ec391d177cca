"""`edgetui cancel KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import cancel, rollback
from edgetui.actions.rollout.rollback import RollbackView


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("cancel", "Stop a half-done rollout: back to the template that served before.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: RollbackView) -> Receipt:
            return await rollback.perform(gate, session, now, now.default(), wait=patience(options))

        return await until_agreed(
            console, await cancel.prepare(session, ref_of(session, options), gate.audit), perform
        )

    return carry_out(Job("cancel", options, act))
