"""`edgetui unstick KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.rollout import delete_stuck_pod


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("unstick", "Delete the pod of an older revision that holds a StatefulSet up.")
    parser.add_argument("object", metavar="KIND/NAME", help="a StatefulSet, for example sts/camera")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await delete_stuck_pod.prepare(session, ref_of(session, options))
        return await delete_stuck_pod.perform(gate, session, view, wait=patience(options))

    return carry_out(Job("unstick", options, act))
