"""`edgetui park KIND/NAME` and `edgetui unpark KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import park, scale
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Changed, Receipt

from .running import Job, again, carry_out, new_parser, patience, ref_of, whole

_EXAMPLE = "for example deploy/press or sts/camera"


def to_zero(argv: Sequence[str]) -> int:
    """Run `park`; returns the exit code."""
    parser = new_parser("park", "Take a workload to 0 replicas, and remember how many it had.")
    parser.add_argument("object", metavar="KIND/NAME", help=_EXAMPLE)
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await scale.prepare(session, ref_of(session, options), 0)
        while True:
            try:
                return await park.park(gate, session, view, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

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
        view = await scale.prepare(session, ref_of(session, options), options.replicas)
        while True:
            view = await park.recall(gate.audit, session, view)
            if view.before_said:
                console.say(f"{view.before} replicas, {view.before_said}.")
            try:
                return await park.unpark(gate, session, view, wait=patience(options))
            except Changed as changed:
                view = await again(console, changed)

    return carry_out(Job("unpark", options, act))
