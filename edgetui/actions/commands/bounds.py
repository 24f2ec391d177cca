"""`edgetui bounds hpa/NAME --min N --max N`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import bounds
from edgetui.actions.bounds import BoundsView
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Receipt

from .running import Job, carry_out, new_parser, patience, ref_of, until_agreed, whole


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
            return await bounds.perform(gate, session, now, now.low, now.high, wait=patience(options))

        view = await bounds.prepare(session, ref_of(session, options), options.low, options.high)
        return await until_agreed(console, view, perform)

    return carry_out(Job("bounds", options, act))
