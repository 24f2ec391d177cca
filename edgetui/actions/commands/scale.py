"""`edgetui scale KIND/NAME N`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import scale
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt

from .running import Job, again, carry_out, new_parser, patience, ref_of, whole


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("scale", "Set how many replicas a Deployment, StatefulSet or ReplicaSet runs.")
    parser.add_argument("object", metavar="KIND/NAME", help="for example deploy/press or sts/camera")
    parser.add_argument("replicas", metavar="N", type=whole, help="how many replicas")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await scale.prepare(session, ref_of(session, options), options.replicas)
        while True:
            try:
                return await scale.perform(gate, session, view, options.replicas, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("scale", options, act))
