"""`edgetui scale KIND/NAME N`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from edgetui.actions import scale
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt

from .running import Job, again, carry_out, looked_up, new_parser, patience, whole


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("scale", "Set how many replicas a workload runs: any kind with a scale subresource.")
    parser.add_argument(
        "object", metavar="KIND/NAME", help="for example deploy/press, sts/camera or pumps.example.com/main"
    )
    parser.add_argument("replicas", metavar="N", type=whole, help="how many replicas")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await _look(session, options)
        while True:
            try:
                return await scale.perform(gate, session, view, options.replicas, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("scale", options, act))


async def _look(session: Connection, options: argparse.Namespace) -> scale.ScaleView:
    ref, other = await looked_up(session, options)
    if other is None:
        return await scale.prepare(session, ref, options.replicas)
    return await scale.prepare_other(session, ref, other, options.replicas)
