"""`edgetui bounds hpa/NAME --min N --max N`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import bounds
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt

from .running import Job, again, carry_out, new_parser, patience, ref_of, whole


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
        view = await bounds.prepare(session, ref_of(session, options), options.low, options.high)
        while True:
            try:
                return await bounds.perform(gate, session, view, view.low, view.high, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("bounds", options, act))
