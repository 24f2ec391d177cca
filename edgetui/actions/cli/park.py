"""`edgetui park KIND/NAME` and `edgetui unpark KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions.cli.connect import Connection
from edgetui.actions.cli.console import Console
from edgetui.actions.cli.running import Job, carry_out, new_parser, patience, ref_of, until_agreed, whole
from edgetui.actions.gate.gate import Gate
from edgetui.actions.messages import Receipt
from edgetui.actions.scaling import scale, scale_to_zero
from edgetui.actions.scaling.scale import ScaleView

_EXAMPLE = "for example deploy/press or sts/camera"


def to_zero(argv: Sequence[str]) -> int:
    """Run `park`; returns the exit code."""
    parser = new_parser("park", "Take a workload to 0 replicas, and remember how many it had.")
    parser.add_argument("object", metavar="KIND/NAME", help=_EXAMPLE)
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: ScaleView) -> Receipt:
            return await scale_to_zero.park(gate, session, now, wait=patience(options))

        view = await scale.prepare(session, ref_of(session, options), 0)
        return await until_agreed(console, view, perform)

    return carry_out(Job("park", options, act))


def back(argv: Sequence[str]) -> int:
    """Run `unpark`; returns the exit code."""
    parser = new_parser("unpark", "Bring a parked workload back to the number of replicas it had.")
    parser.add_argument("object", metavar="KIND/NAME", help=_EXAMPLE)
    parser.add_argument(
        "--replicas", metavar="N", type=whole, help="how many; default: as edgetui remembers it"
    )
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        async def perform(now: ScaleView) -> Receipt:
            known = await scale_to_zero.recall(gate.audit, session, now)
            if known.before_said:
                console.say(f"{known.before} replicas, {known.before_said}.")
            return await scale_to_zero.unpark(gate, session, known, wait=patience(options))

        view = await scale.prepare(session, ref_of(session, options), options.replicas)
        return await until_agreed(console, view, perform)

    return carry_out(Job("unpark", options, act))
