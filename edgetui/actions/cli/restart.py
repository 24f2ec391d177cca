"""`edgetui restart KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import restart


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser(
        "restart", "Replace every pod of a Deployment, StatefulSet or DaemonSet by a new one."
    )
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or ds/agent"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await restart.prepare(session, ref_of(session, options))
        wait = patience(options)
        return await until_agreed(console, view, lambda now: restart.perform(gate, session, now, wait=wait))

    return carry_out(Job("restart", options, act))
