"""`edgetui bounds hpa/NAME --min N --max N`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed, whole
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.scaling import hpa_bounds
from edgetui.actions.scaling.hpa_bounds import BoundsView


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("bounds", "Set the minimum and the maximum of a HorizontalPodAutoscaler.")
    parser.add_argument("object", metavar="hpa/NAME", help="for example hpa/press")
    parser.add_argument("--min", metavar="N", type=whole, dest="low", help="default: as it is")
    parser.add_argument("--max", metavar="N", type=whole, dest="high", help="default: as it is")
    options = parser.parse_args(argv)
    if options.low is None and options.high is None:
        parser.error("give --min, --max or both")

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: BoundsView) -> Receipt:
            return await hpa_bounds.perform(gate, session, now, now.low, now.high, wait=patience(options))

        view = await hpa_bounds.prepare(session, ref_of(session, options), options.low, options.high)
        return await until_agreed(console, view, perform)

    return carry_out(Job("bounds", options, act))
