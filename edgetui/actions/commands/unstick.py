"""`edgetui unstick KIND/NAME`."""

from __future__ import annotations

from collections.abc import Sequence

from edgetui.actions import unstick
from edgetui.actions.connect import Connection
from edgetui.actions.console import Console
from edgetui.actions.gate import Gate
from edgetui.actions.plan import Receipt

from .running import Job, carry_out, new_parser, patience, ref_of


def command(argv: Sequence[str]) -> int:
    """Run it; returns the exit code."""
    parser = new_parser("unstick", "Delete the pod of an older revision that holds a StatefulSet up.")
    parser.add_argument("object", metavar="KIND/NAME", help="a StatefulSet, for example sts/camera")
    options = parser.parse_args(argv)

    async def act(gate: Gate, session: Connection, console: Console) -> Receipt:
        view = await unstick.prepare(session, ref_of(session, options))
        return await unstick.perform(gate, session, view, wait=patience(options))

    return carry_out(Job("unstick", options, act))
